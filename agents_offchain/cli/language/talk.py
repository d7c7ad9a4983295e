"""The conversation in which a job is drafted: kept in the home, one open for each user, whatever restarts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.cli.bootstrap.language import language_folder
from agents_offchain.cli.console import Console
from agents_offchain.cli.hire.record import InputUnusable, load_record, read_input
from agents_offchain.cli.operate.home import HomeEmpty, show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import Embedder, MiniLm
from agents_offchain.skills.llm.memory import Context, Memory
from agents_offchain.skills.llm.refine import Said
from agents_offchain.storage.talks import KeptTurn, TalkBook

FILE = "talks.db"
CONTEXT_TOKENS = 600
"""What a model is shown of a conversation at most."""
MOST_CHARACTERS = 2_000
OVER = "is_over"
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,39}")


class TalkRefused(Refused):
    """That cannot be said, or by nobody of that name."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation; `name` is also what a hire of it is known by, so that it is paid once."""

    name: str
    turns: tuple[KeptTurn, ...]

    @property
    def wish(self) -> str:
        return self.turns[0].text

    @property
    def request_id(self) -> str:
        """Under which a hire of it is paid once."""
        return f"talk-{self.name}"

    @property
    def is_over(self) -> bool:
        """Whether a hire of it has come to its end and was told."""
        return any(turn.facts.get(OVER) for turn in self.turns)

    @property
    def file(self) -> Path | None:
        """The file that was named last."""
        named = [turn.facts["file"] for turn in self.turns if turn.facts.get("file")]
        return Path(named[-1]) if named else None

    def said(self) -> list[Said]:
        """The user's turns."""
        return [
            Said(
                turn.text,
                int(turn.at),
                bool(turn.facts.get("file")),
                turn.facts.get("service"),
                turn.facts.get("settings", {}),
            )
            for turn in self.turns
            if turn.role == "user"
        ]

    def context(self, embedder: Embedder, question: str = "", most_tokens: int = CONTEXT_TOKENS) -> Context:
        """What a model is shown of it for a question, else for what was said last."""
        memory = Memory(embedder)
        for turn in self.turns:
            memory.add("user" if turn.role == "user" else "assistant", turn.text)
        return memory.context(question or self.turns[-1].text, most_tokens)


class Talks:
    """One user's conversations.

    Raises:
        TalkRefused: the user's name is none.
    """

    def __init__(self, settings: Settings, user: str) -> None:
        if not _USER.fullmatch(user):
            raise TalkRefused(f"{user[:40]!r} is no user's name.", mend="Use letters, digits, dot, dash, at most 40.")
        self._user = user
        self._settings = settings
        self.book = TalkBook(language_folder(settings) / FILE, SystemClock())

    def hear(
        self, text: str, file: Path | None, service: str | None, settings: Mapping[str, Any], *, goes_on: bool
    ) -> Talk:
        """Keep what was said, as the first turn of a new conversation or the next of the open one.

        The first words of a hire that was begun and is not over, said again, go on with it: whoever repeats a command
        that was killed does not want to pay twice.

        Raises:
            TalkRefused: nothing is open to go on with, or too much was said.
        """
        if len(text) > MOST_CHARACTERS:
            raise TalkRefused(f"At most {MOST_CHARACTERS} characters are read at once.", mend="Put them into a file.")
        facts = {
            "file": str(file.resolve()) if file is not None else None,
            "service": service,
            "settings": dict(settings),
        }
        name = self.book.current(self._user)
        if name is not None and not goes_on and self._is_begun(known := self._talk(name), text, facts):
            return known
        name = name if goes_on else self.book.start(self._user)
        if name is None:
            raise TalkRefused("There is no draft to go on with.", mend="Begin with `aitbc ask-for '...'`.")
        self.book.add(self._user, name, "user", text, facts)
        return self._talk(name)

    def _is_begun(self, talk: Talk, text: str, facts: Mapping[str, Any]) -> bool:
        """Whether these words began the talk, and its hire for the file as it is was written down and is not over."""
        record = load_record(self._settings, talk.request_id)
        if record is None or talk.is_over or not talk.turns or talk.file is None:
            return False
        if (talk.wish, dict(talk.turns[0].facts)) != (text, dict(facts)):
            return False
        try:
            return read_input(talk.file, None, self._settings.artifact_max_bytes).sha256_hex == record.input_sha256
        except InputUnusable:
            return False

    def _talk(self, name: str) -> Talk:
        return Talk(name, tuple(self.book.turns(self._user, name)))

    def end(self, talk: Talk) -> None:
        """Keep that a hire of it is over: the same words are a new wish from now on."""
        self.book.add(self._user, talk.name, "assistant", "The hire is over.", {OVER: True})

    def answer(self, talk: Talk, missing: Sequence[str]) -> None:
        """Keep what was asked back."""
        self.book.add(self._user, talk.name, "assistant", " ".join(missing) or "The draft is whole.")

    def open(self) -> Talk:
        """The conversation that goes on.

        Raises:
            HomeEmpty: none does.
        """
        name = self.book.current(self._user)
        talk = self._talk(name) if name is not None else None
        if talk is None or not talk.turns:
            raise HomeEmpty("No draft is open.", mend="Begin with `aitbc ask-for '...'`.")
        return talk


def run_talk(settings: Settings, console: Console, user: str, question: str, *, forgets: bool) -> int:
    """Exit code 0."""
    talks = Talks(settings, user)
    if forgets:
        count = talks.book.forget(user)
        console.document({"user": user, "forgotten": count})
        console.line(f"{count} turns are gone.")
        return 0
    talk = talks.open()
    context = talk.context(MiniLm.load(settings.models), question) if question else None
    shown = [turn for turn in talk.turns if context is None or turn.number in context.whole]
    told = [{"number": turn.number, "role": turn.role, "text": turn.text} for turn in shown]
    console.document(
        {"user": user, "talk": talk.name, "turns": told, "dropped": list(context.dropped) if context else []}
    )
    show_table(console, ("turn", "who", "said"), [(turn.number, turn.role, turn.text) for turn in shown], empty="")
    return 0
