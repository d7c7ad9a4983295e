"""One member of an agreement as a process of its own: `python -m ... <valkey url> <database file> <place> [liar]`.

It goes on until it is killed. The liar runs the protocol twice under its one key, with two wishes and no memory.
"""

from __future__ import annotations

import asyncio
import sys

from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.driver import Member, Pace, Ports
from agents_offchain.coordination.decision.agreement.sql_journal import SqlJournal
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.messaging.streams import StreamMailbox, connect
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.storage.database import Database
from tests.unit.coordination.council_world import NAMES, QUESTION, RING

PACE = Pace(round_seconds=1.5, growth=1.5, longest_seconds=20.0, say_again_seconds=0.5)


class NoJournal:
    """Remembers nothing and promises nothing."""

    async def load(self, question: Question, member: bytes) -> Vows:
        return Vows()

    async def keep(self, question: Question, member: bytes, vows: Vows) -> None:
        return None


async def run(url: str, file: str, place: int, *, is_liar: bool) -> None:
    database, clock = Database(f"sqlite+aiosqlite:///{file}"), SystemClock()
    members = []
    for copy in range(2 if is_liar else 1):
        name = f"{NAMES[place]}-{copy}"
        journal = NoJournal() if is_liar else SqlJournal(database)
        mailbox = StreamMailbox(connect(url), name, name)
        ports = Ports(mailbox, RING, journal, DecisionHistory(database, NAMES[place]), clock)
        wish = b"value %d of copy %d" % (place, copy)
        members.append(Member(QUESTION, ports, NAMES[place], wish, pace=PACE))
    for member in members:
        await member.setup()
    await asyncio.gather(*(_live(member) for member in members))


async def _live(member: Member) -> None:
    while True:
        await member.step(wait_seconds=0.05)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3]), is_liar="liar" in sys.argv))
