"""What a duty is, as data: its role in the signing policy, its daemon, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.cli.development import REPORTERS

PUBLISHER = "publisher"


@dataclass(frozen=True)
class Duty:
    """One kind of work for the market.

    Attributes:
        role: In the signing policy.
        is_sender: It pays for transactions, so its key needs gas.
        promise: What it does, in a sentence.
    """

    name: str
    role: str
    is_sender: bool
    promise: str

    def daemon_name(self, key: str) -> str:
        """The process of a key; there is one keeper and one cashier in a home, whatever its key."""
        if self.name == "juror":
            return f"juror.{key}"
        return reporter_name(key) if self.name == "reporter" else self.process

    @property
    def process(self) -> str:
        """What `cli.serve` calls it."""
        return PUBLISHER if self.name == "keeper" else self.name

    def argv(self, key: str) -> tuple[str, ...]:
        return (self.process, "--key", key)


REPORTER = Duty("reporter", "reporter", is_sender=False, promise="does submitted work again and signs what it found")
KEEPER = Duty("keeper", "keeper", is_sender=True, promise="posts verdicts and settles jobs")

CASHIER = Duty(
    "cashier", "cashier", is_sender=True, promise="claims vouchers and orders in time, and carries signed hires"
)
JUROR = Duty("juror", "juror", is_sender=True, promise="votes on disputes that it is drawn for, with a stake at risk")


def reporter_name(key: str) -> str:
    """Name of a reporter's process and rows; those of a home's own reporters are as they always were."""
    return key if key in REPORTERS else f"reporter.{key}"
