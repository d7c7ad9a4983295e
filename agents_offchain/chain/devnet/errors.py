"""What can be wrong with the local chain."""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal


class ChainToolMissing(Fatal):
    """The local chain's program is not installed."""


class ForeignNode(Fatal):
    """Another process answers on the port of our local chain."""


class NotALocalChain(Fatal):
    """A node that was named as the local chain takes none of its commands."""
