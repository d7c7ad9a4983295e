"""Sets that are short enough to stand in code: wishes, a conversation, questions in other words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from agents_offchain.skills.catalog import DESCRIPTIONS
from agents_offchain.skills.llm.enquiry.market import JobFact, MarketFacts, OfferFact

NOW = int(datetime(2026, 3, 4, 10, tzinfo=UTC).timestamp())
PARAPHRASES = (
    ("How large is the fee?", "What is the fee?"),
    ("What is the pass mark?", "Which mark is needed to pass?"),
    ("Who opens the keys?", "By whom are keys opened?"),
    ("Which folder must be backed up?", "What folder needs a backup?"),
    ("How long is the review after a posted verdict?", "For how long is a posted verdict reviewed?"),
    ("How many seconds does an agent have to deliver?", "Within how many seconds must an agent deliver?"),
    ("Is a fee taken from a refund?", "Does a refund cost a fee?"),
    ("What happens when the agent declines the job?", "What if an agent declines a job?"),
)
DRAFTS = (
    ("Have someone read the text in these photos by tomorrow for at most 2 dollars", "inspect-image", "2", True),
    ("Read what is written on this photograph, 50 cents, within 2 hours", "inspect-image", "0.5", True),
    ("Sum up this report by Friday for 1 dollar", "summarise", "1", True),
    ("I need a short summary of this document within a day, at most $0.80", "summarise", "0.80", True),
    ("Take total and due date out of this invoice for 60 cents today", "extract-fields", "0.6", True),
    ("Sort this letter under one of my labels within an hour for 0.3 usd", "classify", "0.3", True),
    ("Find the objects in this picture", "inspect-image", None, False),
    ("Paint my house for 500 dollars by Monday", None, "500", True),
)
TALK = (
    "My name is Ada and I live in Lisbon.", "Nice to meet you, Ada.", "My budget for this month is 40 dollars.",
    "I will keep that in mind.", "The report has to be ready on Friday.", "Friday it is.", "I like short answers.",
    "Short answers then.", "My dog is called Bruno.", "A good name for a dog.", "The invoice number is 7731.", "Noted.",
)  # fmt: skip
RECALL = (
    ("What is my monthly budget?", "40 dollars"), ("Where do I live?", "Lisbon"), ("When is the report due?", "Friday"),
    ("How shall answers be?", "short"), ("What is my dog called?", "Bruno"), ("Which invoice number?", "7731"),
)  # fmt: skip
OFFERED = {
    name: DESCRIPTIONS[name]
    for name in ("inspect-image", "answer-from-documents", "summarise", "extract-fields", "classify")
}


def _job(number: int, status: str, agent: int, paid: str) -> JobFact:
    return JobFact(
        number, status, agent, None, Decimal(1), Decimal(paid), Decimal(1) - Decimal(paid), None, is_own=True
    )


MARKET = MarketFacts(
    chain_id=31337,
    block_number=120,
    block_time=NOW,
    offers=(
        OfferFact(1, 7, "inspect-image", Decimal("1.5"), 900, 70, 4),
        OfferFact(2, 8, "inspect-image", Decimal("1.2"), 3_600, 60, 2),
        OfferFact(3, 9, "summarise", Decimal("0.5"), 900, None, 0),
        OfferFact(4, 7, "answer-from-documents", Decimal("0.8"), 600, 88, 1),
    ),
    jobs={
        job.job_id: job
        for job in (
            _job(1, "completed", 8, "0.95"),
            _job(2, "completed", 8, "0.95"),
            _job(3, "rejected", 8, "0"),
            _job(4, "completed", 7, "0.95"),
        )
    },
)
