"""What can be wrong with a sensor log; each with the sentence a person reads."""

from __future__ import annotations

from agents_offchain.primitives.errors import Refused


class SensorLogRefused(Refused):
    """The bytes are not a sensor log that can be fused."""


class SensorLogTooLarge(SensorLogRefused):
    """More bytes, sensors or samples than are read."""


class SensorLogMalformed(SensorLogRefused):
    """Not JSON, or not the fields of a sensor log."""


class SensorValueInvalid(SensorLogRefused):
    """A time, value or variance is missing, not finite, or out of its range."""


class SensorTimeNotRising(SensorLogRefused):
    """A stream's times run backwards or repeat."""
