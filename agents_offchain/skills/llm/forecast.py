"""What a job will ask of the models, before it is taken: whether one fits, what it may cost, how long it may take.

In: a service and the size of its document. Out: a `Forecast`. Nothing is asked, nothing is read but the catalogue and
what was learned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agents_offchain.primitives.clock import Clock
from agents_offchain.skills.llm.catalogue import Catalogue, ModelEntry, Task
from agents_offchain.skills.llm.chat import PICOS_PER_USD, Ask, Listener, Message, Provider, Reply
from agents_offchain.skills.llm.errors import ProviderRefused
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.metered import forecast
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH
from agents_offchain.skills.llm.prompts.prompt import load_prompt
from agents_offchain.skills.llm.router import Considered, Need, Router, build_posts
from agents_offchain.skills.llm.structured import MAX_REPAIRS
from agents_offchain.skills.llm.translate import PIECE_CHARACTERS

SHOWN_CHARACTERS = 3_500
"""What `answer-from-documents` shows a model at most: three passages, the question, the instructions."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a service uses models: the kind of task, and whether it can do without any."""

    task: Task
    is_needed: bool


PLANS: Mapping[str, Plan] = {
    "answer-from-documents": Plan("answer", is_needed=False),
    "translate": Plan("translate", is_needed=True),
    "judge": Plan("judge", is_needed=True),
}
"""Services that may ask a model; the others ask none."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected.

    Attributes:
        model: Which one would be asked; empty for none.
        most_usd_picos: With every repair and the longest answers.
        against: Why the job cannot be done with these models; empty when it can.
        considered: Every model with what was expected of it.
    """

    service: str
    model: str
    calls: int
    most_usd_picos: int
    seconds: float
    against: str
    considered: tuple[Considered, ...]

    @property
    def most_usd(self) -> str:
        return f"{self.most_usd_picos / PICOS_PER_USD:.6f} USD"


def forecast_job(
    service: str, document_bytes: int, catalogue: Catalogue, experience: Experience, clock: Clock
) -> Forecast:
    """Foresee one job.

    Args:
        document_bytes: Size of its input; text has at most that many characters.
    """
    plan = PLANS.get(service)
    if plan is None:
        return Forecast(service, "", 0, 0, 0.0, "", ())
    prompt = load_prompt(plan.task)
    at_once = {"answer": SHOWN_CHARACTERS, "translate": PIECE_CHARACTERS}.get(plan.task, document_bytes)
    characters = min(document_bytes, at_once)
    pieces = math.ceil(document_bytes / (PIECE_CHARACTERS / 2)) if plan.task == "translate" else 1
    ask = Ask([Message("system", prompt.system), Message("user", "x" * characters)], max_tokens=prompt.max_tokens)
    router = Router(build_posts(catalogue.models, Nobody, clock), experience)
    considered = tuple(router.consider(Need(plan.task, least_quality=GOOD_ENOUGH), ask))
    best = considered[0]
    if best.against:
        reasons = "; ".join(f"{one.model}: {one.against}" for one in considered)
        against = f"No model of this agent fits {service} ({reasons})." if plan.is_needed else ""
        return Forecast(service, "", 0, 0, 0.0, against, considered)
    entry = next(entry for entry in catalogue.models if entry.name == best.model)
    calls = pieces * (MAX_REPAIRS + 1)
    return Forecast(service, best.model, calls, calls * forecast(entry, ask), calls * best.seconds, "", considered)


@dataclass(frozen=True, slots=True)
class Nobody(Provider):
    """Stands where a model would, when it is only weighed and never asked."""

    entry: ModelEntry

    @property
    def name(self) -> str:
        return self.entry.name

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        raise ProviderRefused("A forecast asks nobody.")
