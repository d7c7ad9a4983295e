"""Words of `aitbc hire` for language services: what they become, and what is refused before anything is paid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents_offchain.cli.hire.record import read_details
from agents_offchain.cli.hire.told import Told, WordsUnclear, require_settings, require_wanted
from agents_offchain.cli.main import main
from agents_offchain.skills.errors import SkillSettingsInvalid

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("service", "told", "settings"),
    [
        ("answer-from-documents", Told(question="True?"), {"question": "True?"}),
        ("answer-from-documents", Told(question="1234"), {"question": "1234"}),
        ("summarise", Told(sentences=2), {"sentences": 2}),
        ("summarise", Told(), {}),
        (
            "extract-fields",
            Told(fields=("total_due (amount): what has to be paid", "sender")),
            {
                "fields": [
                    {"name": "total_due", "kind": "amount", "description": "what has to be paid"},
                    {"name": "sender", "kind": "text", "description": ""},
                ]
            },
        ),
        ("classify", Told(labels=("a: one", "b: two")), {"labels": {"a": "one", "b": "two"}}),
        ("translate", Told(into="German"), {"language": "German"}),
        ("judge", Told(points=("It is short.",)), {"rubric": ["It is short."]}),
    ],
)
def test_told__for_each_service__becomes_its_settings(service: str, told: Told, settings: dict[str, object]) -> None:
    details = read_details((), tuple(told.words()), 1 << 20)
    assert details.settings == settings
    require_settings(service, details.settings)


@pytest.mark.parametrize(
    ("service", "settings"),
    [
        ("answer-from-documents", {}),
        ("answer-from-documents", {"question": "x"}),
        ("summarise", {"sentences": 99}),
        ("extract-fields", {"fields": [{"name": "total", "kind": "colour"}]}),
        ("classify", {"labels": {"one": "only"}}),
        ("translate", {"language": "german"}),
        ("summarise", {"question": "Why?"}),
    ],
)
def test_settings__that_would_be_declined__are_refused_here(service: str, settings: dict[str, object]) -> None:
    with pytest.raises(SkillSettingsInvalid):
        require_settings(service, settings)


def test_settings__of_another_room__are_its_own_business() -> None:
    require_settings("inspect-image", {"anything": 1})


@pytest.mark.parametrize("told", [Told(fields=("Total!",)), Told(labels=("invoice",)), Told(labels=("a: ",))])
def test_words__not_as_the_help_says__are_refused(told: Told) -> None:
    with pytest.raises(WordsUnclear):
        list(told.words())


@pytest.mark.parametrize("words", [(), ("3", "--service", "summarise")])
def test_hire__of_nobody_or_of_two__is_refused_in_one_sentence(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hire", *words, "--text", "x", "--home", str(tmp_path), "--json"])
    assert ended.value.code == 2
    assert json.loads(capsys.readouterr().err)["message"] == "Say whom to hire, once."
    assert require_wanted(None, "summarise") == "summarise"
    assert require_wanted("3", None) == "3"
