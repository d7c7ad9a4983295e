"""Who may propose a program for a question that the grammar does not understand; off unless the host turns it on.

In: a question. Out: data that is read strictly and run by our own code, or nothing. What is proposed stands in the
result, so that a reporter runs the same program without asking any model; a proposal for a question that the grammar
does understand is never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from agents_offchain.primitives.errors import AitbcError, Fatal
from agents_offchain.skills.vision.reasoning.parse import NotUnderstood, parse_question
from agents_offchain.skills.vision.reasoning.program import Program
from agents_offchain.skills.vision.reasoning.read import read_program, require_grounded
from agents_offchain.skills.vision.reasoning.vocabulary import Nouns

if TYPE_CHECKING:  # looking at a picture loads no language model
    from agents_offchain.skills.llm.chat import Provider
    from agents_offchain.skills.llm.prompts.prompt import Prompt

PROMPT = "see"
MAX_REPAIRS = 1


class Proposer(Protocol):
    """Something that may know a program."""

    def propose(self, question: str) -> Any:
        """A program as data, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """Proposals that stand in a result which is being checked, by question."""

    programs: Mapping[str, Any]

    def propose(self, question: str) -> Any:
        return self.programs.get(question)


NOBODY = Given({})


@dataclass(frozen=True, slots=True)
class ModelProposer:
    """A language model; whatever goes wrong with it, the question stays unanswered and the job goes on."""

    provider: Provider
    prompt: Prompt
    labels: Sequence[str]

    def propose(self, question: str) -> Any:
        from agents_offchain.skills.llm.structured import ask_for_json

        values = {"classes": ", ".join(self.labels), "question": question}
        try:
            return ask_for_json(self.provider, self.prompt, values, MAX_REPAIRS)["program"]
        except Fatal:
            raise
        except AitbcError:
            return None


def understand(question: str, nouns: Nouns, proposer: Proposer) -> tuple[Program, bool]:
    """The program of a question, and whether it was proposed.

    Raises:
        NotUnderstood: the grammar does not know the question, and nobody proposed a program that may be run.
    """
    try:
        return parse_question(question, nouns), False
    except NotUnderstood as refusal:
        proposal = proposer.propose(question)
        if proposal is None:
            raise
        try:
            program = read_program(proposal, nouns)
            require_grounded(program, question, nouns)
        except NotUnderstood as objection:
            raise NotUnderstood(f"{refusal} {objection}") from objection
        return program, True
