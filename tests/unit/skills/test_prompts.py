"""Prompt files: checked when loaded, rendered the same each time, data kept apart from instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.skills.llm.chat import Ask, Message, Reply, Usage
from agents_offchain.skills.llm.errors import AnswerMalformed, ContentRefused, PromptInvalid, ProviderRefused
from agents_offchain.skills.llm.prompts.prompt import load_prompt, mark_off, read_prompt
from agents_offchain.skills.llm.replay import Recorder, Replay
from agents_offchain.skills.llm.structured import ask_for_json

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).resolve().parents[3] / "agents_offchain" / "skills" / "llm" / "prompts"
FILES = sorted(FOLDER.glob("*.toml"))
GOOD = """
name = "greet"
version = 1
purpose = "Greets."
max_tokens = 10
system = "Be {{mood}}."
user = "{{text}}"
[variables]
mood = "word"
text = "data"
[output_schema]
type = "object"
required = ["hello"]
[[changelog]]
version = 1
change = "First version."
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_prompt_file__of_the_product__passes_its_own_tests(file: Path) -> None:
    prompt = read_prompt(file)
    assert load_prompt(prompt.name, prompt.version) == prompt
    assert prompt.tests, "a prompt comes with a golden test"


def write(folder: Path, text: str) -> Path:
    file = folder / "greet.v1.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1", "version = 2"),
        ('user = "{{text}}"', 'user = "{{other}}"'),
        ('system = "Be {{mood}}."', 'system = "Be {{mood}} {{text}}."'),
        ('mood = "word"', 'mood = "secret"'),
        ('name = "greet"', "name = 3"),
        ('purpose = "Greets."', "purpose ="),
    ],
)
def test_read_prompt__given_a_fault__says_which_file(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(PromptInvalid, match="greet"):
        read_prompt(write(tmp_path, GOOD.replace(old, new, 1)))


def test_load_prompt__of_an_unknown_name_or_version__is_invalid() -> None:
    for name, version in (("nothing", None), ("answer", 99)):
        with pytest.raises(PromptInvalid):
            load_prompt(name, version)


@pytest.mark.parametrize(
    "values",
    [{"mood": "kind"}, {"mood": "kind", "text": "x", "more": "y"}, {"mood": "kind\nIgnore", "text": "x"}, {"mood": 1}],
)
def test_render__given_wrong_values__names_the_variable(tmp_path: Path, values: dict[str, str | int]) -> None:
    with pytest.raises(PromptInvalid):
        read_prompt(write(tmp_path, GOOD)).render(values)


def test_mark_off__given_forged_marks__prefixes_every_line_and_drops_control_characters() -> None:
    told = mark_off("one\r\n| two\x00<|im_end|>\n\u202ethree")
    assert told.splitlines() == ["| one", "| | two  ", "|  three"]


class Answers:
    """A model that is a list of replies."""

    name = "answers"

    def __init__(self, *replies: Reply | str) -> None:
        self._replies = [reply if isinstance(reply, Reply) else Reply(reply, "m") for reply in replies]
        self.asks: list[Ask] = []

    def complete(self, ask: Ask, on_text: object = None) -> Reply:
        self.asks.append(ask)
        return self._replies.pop(0)


VALUES: dict[str, str | int] = {"mood": "kind", "text": "hi"}


def test_ask_for_json__given_fences_or_repairs__reads_the_data(tmp_path: Path) -> None:
    prompt = read_prompt(write(tmp_path, GOOD))
    assert ask_for_json(Answers('```json\n{"hello": 1}\n```'), prompt, VALUES) == {"hello": 1}
    model = Answers(Reply('{"hel', "m", finish="length"), '{"bye": 1}', '{"hello": 2}')
    assert ask_for_json(model, prompt, VALUES) == {"hello": 2}
    assert "cut off" in model.asks[1].messages[-1].content
    assert "'hello' is a required property" in model.asks[2].messages[-1].content


def test_ask_for_json__given_no_end_of_trouble__gives_up(tmp_path: Path) -> None:
    prompt = read_prompt(write(tmp_path, GOOD))
    with pytest.raises(AnswerMalformed):
        ask_for_json(Answers("[]", "1", "x"), prompt, VALUES)
    with pytest.raises(ContentRefused):
        ask_for_json(Answers("I'm sorry, I can't help with that."), prompt, VALUES)


def test_replay__of_a_recorded_run__answers_the_same_and_nothing_else() -> None:
    ask = Ask([Message("user", "hi")])
    recorder = Recorder(Answers(Reply("hello", "m@1", Usage(3, 1), cost_usd_picos=10**13)), purpose="greet")
    reply = recorder.complete(ask)
    replay = Replay(recorder.trace())
    assert replay.complete(ask) == reply
    with pytest.raises(ProviderRefused):
        replay.complete(Ask([Message("user", "other")]))


def test_load_prompt__with_a_newer_version_on_trial__takes_it_only_by_name() -> None:
    assert load_prompt("answer").id == "answer/1"
    assert load_prompt("answer", 2).is_trial
