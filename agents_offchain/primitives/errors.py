"""Every error of the product, ordered by what the reader should do.

    AitbcError
    ├── Retryable    wait and try again; `retry_after_seconds` says how long
    ├── Refused      the input or a policy says no; the same thing will be refused again
    ├── Contested    facts disagree; stop this job, keep the evidence, tell a person
    └── Fatal        the process must not go on

To add one: subclass the family in the room that raises it, write one sentence as `message`, put the
numbers that matter into keyword fields, and say the mend when a person can do something. A secret is
never a field. Drivers' exceptions are translated at the edge of the room that owns the driver.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AitbcError(Exception):
    """Base of all our errors.

    Args:
        message: One sentence, in words of the user's world.
        mend: What to do about it, when somebody can do something.
        **fields: The values the sentence was built from; JSON-compatible, never secret.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, mend: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.fields = fields

    @property
    def name(self) -> str:
        return type(self).__name__

    def as_dict(self) -> dict[str, Any]:
        """The error as JSON-compatible data, for logs, `--json` and problem documents."""
        return {"error": self.name, "message": self.message, "mend": self.mend, **self.fields}

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class Retryable(AitbcError):
    """Wait and try again."""

    exit_code = 75  # EX_TEMPFAIL

    def __init__(self, message: str, *, retry_after_seconds: float = 1.0, mend: str = "", **fields: Any) -> None:
        super().__init__(message, mend=mend, **fields)
        self.retry_after_seconds = retry_after_seconds


class Refused(AitbcError):
    """The input or a policy says no."""

    exit_code = 2


class Contested(AitbcError):
    """Facts disagree; freeze the job and keep the evidence."""

    exit_code = 3


class Fatal(AitbcError):
    """The process must not go on."""

    exit_code = 4


class SettingsInvalid(Fatal):
    """A settings file or an environment variable cannot be used."""
