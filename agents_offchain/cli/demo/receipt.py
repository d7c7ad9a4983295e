"""The receipt: what happened to the job, as data and as lines; every figure was read from the chain or an artifact."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents_offchain.cli.demo.balances import Snapshot
from agents_offchain.cli.demo.ledger import LedgerLine
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.units import TOKEN_DECIMALS, format_tokens

SYMBOL = "tUSD"


@dataclass(frozen=True)
class ReporterLine:
    """One reporter: whether its signature is in the posted verdict, and whether its own report agreed."""

    name: str
    address: bytes
    is_in_verdict: bool
    has_agreed: bool


@dataclass(frozen=True)
class Receipt:
    """Everything about one settled job. Money in smallest units; hashes and CIDs as people copy them."""

    job_id: int
    chain_id: int
    escrow: bytes
    agent_id: int
    listing_id: int
    budget: int
    fee: int
    input_cid: str
    request_cid: str
    result_cid: str
    report_cid: str
    deliverable: str
    what: str
    kept: str
    kept_cid: str
    kept_path: Path | None
    findings: dict[str, Any]
    shown: list[str]
    score: int
    pass_mark: int
    checks: list[dict[str, Any]]
    reporters: list[ReporterLine]
    transactions: list[LedgerLine]
    accounts: dict[str, bytes]
    before: Snapshot
    after: Snapshot
    clock_moved_seconds: int
    timings: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The receipt for programs; amounts are decimal strings of the smallest unit."""
        return {
            "job_id": str(self.job_id),
            "chain_id": self.chain_id,
            "escrow": checksum(self.escrow),
            "agent_id": str(self.agent_id),
            "listing_id": str(self.listing_id),
            "token": {"symbol": SYMBOL, "decimals": TOKEN_DECIMALS},
            "budget": str(self.budget),
            "fee": str(self.fee),
            "cids": {
                "input": self.input_cid,
                "request": self.request_cid,
                "result": self.result_cid,
                "report": self.report_cid,
                self.kept: self.kept_cid,
            },
            "deliverable": self.deliverable,
            f"{self.kept}_path": str(self.kept_path) if self.kept_path else None,
            **self.findings,
            "verdict": {"score": self.score, "pass_mark": self.pass_mark, "checks": self.checks},
            "reporters": [{**asdict(line), "address": checksum(line.address)} for line in self.reporters],
            "transactions": [asdict(line) for line in self.transactions],
            "balances": {
                name: {
                    "address": checksum(address),
                    "before": _holding(self.before, name),
                    "after": _holding(self.after, name),
                }
                for name, address in self.accounts.items()
            },
            "blocks": {"before": self.before.block_number, "after": self.after.block_number},
            "sum": {"before": str(self.before.total()), "after": str(self.after.total())},
            "is_conserved": self.before.total() == self.after.total(),
            "clock_moved_seconds": self.clock_moved_seconds,
            "timings_seconds": self.timings,
        }

    def lines(self) -> list[str]:
        """The receipt for people."""
        return [
            "",
            f"Receipt of job {self.job_id} on chain {self.chain_id}, escrow {checksum(self.escrow)}",
            "",
            *self.shown,
            "",
            *self._documents(),
            "",
            *self._verdict(),
            "",
            "Transactions, in chain order",
            *(f"  {line.tx_hash}  block {line.block_number:<4} {line.what}" for line in self.transactions),
            "",
            *self._balances(),
        ]

    def _documents(self) -> list[str]:
        lines = [
            f"{self.what:<12}{self.input_cid}",
            f"Request     {self.request_cid}",
            f"Result      {self.result_cid}",
            f"            its SHA-256 is the deliverable on chain: {self.deliverable}",
            f"Report      {self.report_cid}",
        ]
        if self.kept_path is not None:
            lines += [f"{self.kept.capitalize():<12}{self.kept_cid}", f"            saved as {self.kept_path}"]
        return lines

    def _verdict(self) -> list[str]:
        rows = [
            f"  {line.name}  {checksum(line.address)}  "
            + ("signed the posted verdict" if line.is_in_verdict else _silent(line))
            for line in self.reporters
        ]
        differing = [str(check["name"]) for check in self.checks if not check["passed"]]
        checks = f"{len(self.checks)} checks, " + (f"differing: {', '.join(differing)}" if differing else "all equal")
        return [
            f"Verdict: score {self.score} of 100, pass mark {self.pass_mark} ({checks})",
            *rows,
            f"The local chain's clock was moved ahead by {self.clock_moved_seconds} s to end the review window.",
        ]

    def _balances(self) -> list[str]:
        head = f"{'account':<17}{'address':<44}{'before':>14}{'after':>14}{'change':>14}"
        rows = []
        for name, address in self.accounts.items():
            before, after = self.before.held(name), self.after.held(name)
            rows.append(
                f"{name:<17}{checksum(address):<44}{_money(before):>14}{_money(after):>14}{_signed(after - before):>14}"
            )
        totals = self.before.total(), self.after.total()
        verdict = "conserved" if totals[0] == totals[1] else "NOT CONSERVED"
        return [
            f"Balances in {SYMBOL}, read at blocks {self.before.block_number} and {self.after.block_number} "
            "(tokens plus credit in the escrow's ledger; the escrow's own row is what it keeps for jobs)",
            head,
            *rows,
            f"{'sum':<61}{_money(totals[0]):>14}{_money(totals[1]):>14}{_signed(totals[1] - totals[0]):>14}  {verdict}",
            "",
            f"Job {self.job_id} was hired, done, checked, posted and paid: {_money(self.budget)} {SYMBOL}, "
            f"of which {_money(self.budget - self.fee)} to the agent and {_money(self.fee)} in fees.",
        ]


def _holding(snapshot: Snapshot, name: str) -> dict[str, str]:
    holding = snapshot.holdings[name]
    return {
        "tokens": str(holding.tokens),
        "ledger_credit": str(holding.credit),
        "held": str(snapshot.held(name)),
    }


def _silent(line: ReporterLine) -> str:
    return "agreed; two signatures were enough" if line.has_agreed else "had not signed yet; two were enough"


def _money(amount: int) -> str:
    return format_tokens(amount)


def _signed(amount: int) -> str:
    return f"{'+' if amount > 0 else ''}{_money(amount)}"
