"""A conversation of many turns within a token budget: recent turns whole, older ones found again or summed up.

Each user has a memory of their own; nothing of one is ever shown to another, since a `Memory` holds one conversation.
What was left out of a context is known, by turn numbers. Older turns are recalled by meaning and word; the others
show their beginnings as far as there is room. Untrusted like everything that was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents_offchain.skills.embedding.embedder import Embedder
from agents_offchain.skills.knowledge.index import HybridIndex
from agents_offchain.skills.llm.chat import Message, Role
from agents_offchain.skills.llm.router import CHARACTERS_PER_TOKEN

RECENT_TURNS = 4
"""How many of the last turns are kept whole, when they fit."""
RECALLED_SHARE = 0.6
"""Of what the recent turns leave of the budget; the rest is for the first words of the other turns."""
GIST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn; `number` counts from 1."""

    number: int
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is shown to a model.

    Attributes:
        messages: One note about earlier turns, when there are any, then the recent ones.
        whole: Numbers of turns shown whole.
        shortened: Numbers of turns of which only the beginning is shown.
        dropped: Numbers of turns that are not shown at all.
    """

    messages: tuple[Message, ...]
    whole: tuple[int, ...]
    shortened: tuple[int, ...]
    dropped: tuple[int, ...]


def count_tokens(text: str) -> int:
    """An estimate that is rather too high."""
    return len(text) // CHARACTERS_PER_TOKEN + 1


@dataclass(slots=True)
class Memory:
    """One user's conversation."""

    embedder: Embedder
    turns: list[Turn] = field(default_factory=list)

    def add(self, role: Role, text: str) -> Turn:
        """Keep a turn."""
        turn = Turn(len(self.turns) + 1, role, text)
        self.turns.append(turn)
        return turn

    def forget(self) -> None:
        """Drop everything."""
        self.turns.clear()

    def context(self, question: str, most_tokens: int) -> Context:
        """What to show a model that is asked a question now.

        Args:
            most_tokens: Of all messages together, by `count_tokens`.
        """
        recent = self._recent(most_tokens)
        older = self.turns[: len(self.turns) - len(recent)]
        left = most_tokens - sum(count_tokens(turn.text) for turn in recent)
        recalled = self._recalled(question, older, int(RECALLED_SHARE * left))
        left -= sum(count_tokens(_line(turn)) for turn in recalled)
        gists = self._gists([turn for turn in older if turn not in recalled], left)
        shown = {turn.number for turn in (*recent, *recalled)}
        note = [*(_line(turn) for turn in recalled), *gists.values()]
        earlier = (Message("user", "Earlier in this conversation:\n" + "\n".join(note)),) if note else ()
        return Context(
            messages=(*earlier, *(Message(turn.role, turn.text) for turn in recent)),
            whole=tuple(sorted(shown)),
            shortened=tuple(sorted(gists)),
            dropped=tuple(turn.number for turn in older if turn.number not in shown and turn.number not in gists),
        )

    def _recent(self, most_tokens: int) -> list[Turn]:
        """The last turns, newest kept first, within three quarters of the budget."""
        kept: list[Turn] = []
        room = 3 * most_tokens // 4
        for turn in reversed(self.turns[-RECENT_TURNS:]):
            room -= count_tokens(turn.text)
            if room < 0:
                break
            kept.insert(0, turn)
        return kept

    def _recalled(self, question: str, older: Sequence[Turn], room: int) -> list[Turn]:
        """Older turns that fit the question best, in order of time."""
        if not older:
            return []
        index = HybridIndex.of([turn.text for turn in older], self.embedder)
        chosen: list[Turn] = []
        for hit in index.search(question, len(older)):
            cost = count_tokens(_line(older[hit.index]))
            if cost <= room:
                chosen.append(older[hit.index])
                room -= cost
        return sorted(chosen, key=lambda turn: turn.number)

    def _gists(self, turns: Sequence[Turn], room: int) -> dict[int, str]:
        """The beginnings of turns, newest first, as far as there is room."""
        gists: dict[int, str] = {}
        for turn in reversed(turns):
            line = _line(turn)[:GIST_CHARACTERS]
            if count_tokens(line) <= room:
                gists[turn.number] = line
                room -= count_tokens(line)
        return dict(sorted(gists.items()))


def _line(turn: Turn) -> str:
    return f"[{turn.number}] {turn.role}: {' '.join(turn.text.split())}"
