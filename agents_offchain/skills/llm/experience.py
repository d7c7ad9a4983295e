"""What was seen of each model at each kind of task: success, quality, seconds, cost. Learned with every outcome.

Success and quality are means with a prior worth `PRIOR_WEIGHT` outcomes; seconds and the ratio of real to expected cost
are exponential averages. What was seen is kept as lessons, of which all of it can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agents_offchain.storage.lessons import Lesson

PRIOR_WEIGHT = 4.0
PRIOR_SUCCESS = 0.95
NEWEST_SHARE = 0.2
"""How much one new outcome counts in an exponential average."""
SLOW_FACTOR = 2.0
"""An answer is late when it takes this many times the usual time; then a second model is asked."""


@dataclass(slots=True)
class Record:
    """One model at one task; counts may be fractions."""

    asked: float = 0.0
    succeeded: float = 0.0
    rated: float = 0.0
    quality_sum: float = 0.0
    seconds: float = 0.0
    cost_ratio: float = 1.0

    def success(self) -> float:
        """Expected share of questions that are answered at all."""
        return (self.succeeded + PRIOR_WEIGHT * PRIOR_SUCCESS) / (self.asked + PRIOR_WEIGHT)

    def quality(self, prior: float) -> float:
        """Expected share of answers that are good, in [0, 1]."""
        return (self.quality_sum + PRIOR_WEIGHT * prior) / (self.rated + PRIOR_WEIGHT)

    def expected_seconds(self, prior: float) -> float:
        return self.seconds or prior


class Experience:
    """All records, by model and task.

    Attributes:
        fresh: What was seen since this was made, for a store to keep.
    """

    def __init__(self, state: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._records = {key: Record(**entry) for key, entry in (state or {}).items()}
        self._prompts: dict[str, tuple[float, float]] = {}
        self.fresh: list[Lesson] = []

    @classmethod
    def of_lessons(cls, lessons: Iterable[Lesson]) -> Experience:
        """What follows from lessons, oldest first."""
        found = cls()
        for lesson in lessons:
            found._learn(lesson)
        return found

    def of(self, model: str, task: str) -> Record:
        return self._records.setdefault(f"{model}:{task}", Record())

    def answered(self, model: str, task: str, *, seconds: float, cost_ratio: float, prompt: str = "") -> None:
        """An answer came.

        Args:
            cost_ratio: What it cost over what was expected; 1 when nothing was.
            prompt: Name and version of the prompt that was asked.
        """
        self._see(Lesson(model, task, prompt, seconds=seconds, cost_ratio=cost_ratio))

    def failed(self, model: str, task: str, prompt: str = "") -> None:
        """No answer came."""
        self._see(Lesson(model, task, prompt, is_answered=False))

    def prompts(self) -> dict[str, tuple[float, float]]:
        """Sum of qualities and number of ratings by prompt id."""
        return dict(self._prompts)

    def rated(self, model: str, task: str, quality: float) -> None:
        """Somebody, or a check, says how good an answer was, in [0, 1]."""
        record = self.of(model, task)
        record.rated += 1
        record.quality_sum += min(max(quality, 0.0), 1.0)

    def state(self) -> dict[str, dict[str, float]]:
        """Everything as data."""
        return {key: asdict(record) for key, record in sorted(self._records.items())}

    def _see(self, lesson: Lesson) -> None:
        self.fresh.append(lesson)
        self._learn(lesson)

    def _learn(self, lesson: Lesson) -> None:
        record = self.of(lesson.model, lesson.task)
        record.asked += 1
        if not lesson.is_answered:
            return
        record.succeeded += 1
        record.seconds = _mixed(record.seconds, lesson.seconds) if record.seconds else lesson.seconds
        record.cost_ratio = _mixed(record.cost_ratio, lesson.cost_ratio)
        if lesson.quality is not None:
            self.rated(lesson.model, lesson.task, lesson.quality)
            total, count = self._prompts.get(lesson.prompt, (0.0, 0.0))
            self._prompts[lesson.prompt] = (total + lesson.quality, count + 1)


def _mixed(old: float, new: float) -> float:
    return (1 - NEWEST_SHARE) * old + NEWEST_SHARE * new
