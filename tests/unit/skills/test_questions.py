"""Questions about pictures: what is understood, what is answered, and when nothing is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.skills.vision.boxes import Box
from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.ocr import TextLine
from agents_offchain.skills.vision.reasoning.execute import CANNOT_TELL, Answer, Findings, run_program
from agents_offchain.skills.vision.reasoning.parse import MAX_QUESTION_CHARACTERS, NotUnderstood, parse_question
from agents_offchain.skills.vision.reasoning.vocabulary import NOUNS

pytestmark = pytest.mark.unit

RED, BLUE = (200, 20, 20), (20, 40, 200)


def thing(label: str, box: Box, score: float = 0.9) -> DetectedObject:
    return DetectedObject(label, score, box)


def written(text: str, x: float, y: float) -> TextLine:
    return TextLine(text, 0.99, ((x, y), (x + 80, y), (x + 80, y + 20), (x, y + 20)))


def scene(*objects: DetectedObject, lines: tuple[TextLine, ...] = (), colour: tuple[int, int, int] = RED) -> Findings:
    pixels = np.full((400, 600, 3), colour, np.uint8)
    ordered = tuple(sorted(objects, key=lambda item: -item.score))
    return Findings(pixels, ordered, lines, sure_score=0.4, possible_score=0.3)


def ask(question: str, findings: Findings) -> Answer:
    return run_program(parse_question(question), findings)


CAT_LEFT = thing("cat", (10, 100, 110, 200))
CAT_RIGHT = thing("cat", (450, 100, 550, 200))
BUS = thing("bus", (200, 50, 420, 300))
DOUBTED_CAT = thing("cat", (300, 310, 380, 390), score=0.35)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many cats are there?", "2"),
        ("How many cats stand left of the bus?", "1"),
        ("how many cats are to the left of the bus in the picture", "1"),
        ("How many animals can you see on the right side?", "1"),
        ("How many dogs are there?", "0"),
        ("Is there a bus?", "yes"),
        ("Is there more than one cat?", "yes"),
        ("Are there at least three cats?", "no"),
        ("Is there only one bus?", "yes"),
        ("Are there no dogs?", "yes"),
        ("Are there fewer than two cats?", "no"),
        ("Are there more cats than buses?", "yes"),
        ("Are there more buses than cats?", "no"),
        ("Is the leftmost cat left of the bus?", "yes"),
        ("Is the rightmost cat left of the bus?", "no"),
        ("Is the bus red?", "yes"),
        ("Is the bus blue?", "no"),
        ("What colour is the bus?", "red"),
        ("Where is the leftmost cat?", "left"),
        ("What is left of the bus?", "cat"),
        ("What's right of the bus?", "cat"),
    ],
)
def test_ask__when_everything_is_seen_clearly__answers(question: str, answer: str) -> None:
    assert ask(question, scene(CAT_LEFT, CAT_RIGHT, BUS)).text == answer


@pytest.mark.parametrize(
    "question",
    [
        "How many cats are there?",
        "Are there exactly two cats?",
        "Are there more than two cats?",
        "Are there fewer than three cats?",
    ],
)
def test_ask__when_a_doubted_object_would_change_the_answer__cannot_tell(question: str) -> None:
    answer = ask(question, scene(CAT_LEFT, CAT_RIGHT, DOUBTED_CAT))

    assert (answer.text, answer.is_given) == (CANNOT_TELL, False)
    assert "Between 2 and 3" in answer.reason
    assert DOUBTED_CAT in answer.objects


def test_ask__when_a_doubted_object_cannot_change_the_answer__answers() -> None:
    findings = scene(CAT_LEFT, CAT_RIGHT, DOUBTED_CAT)

    assert ask("Is there a cat?", findings).text == "yes"
    assert ask("How many dogs are there?", findings).text == "0"
    assert ask("How many cats are on the left side?", scene(CAT_LEFT, CAT_RIGHT, DOUBTED_CAT)).text == "1"


def test_ask__about_one_thing_when_there_are_several__says_so() -> None:
    answer = ask("What colour is the cat?", scene(CAT_LEFT, CAT_RIGHT))

    assert answer.text == CANNOT_TELL
    assert "There are 2" in answer.reason


def test_ask__about_a_relation_that_differs_between_several__cannot_tell() -> None:
    assert ask("Is the cat left of the bus?", scene(CAT_LEFT, CAT_RIGHT, BUS)).text == CANNOT_TELL


def test_ask__about_text_near_a_thing__reads_only_there() -> None:
    findings = scene(CAT_LEFT, CAT_RIGHT, lines=(written("LEFT", 20, 220), written("RIGHT", 460, 220)))

    assert ask("What is written near the leftmost cat?", findings).text == "LEFT"
    assert ask("What is written below the rightmost cat?", findings).text == "LEFT\nRIGHT"
    assert ask("What is written on the leftmost cat?", findings).text == CANNOT_TELL
    assert ask("What does the sign say?", findings).text == "LEFT\nRIGHT"


def test_ask__for_quoted_words__compares_without_case_and_spacing() -> None:
    findings = scene(lines=(written("NO PARKING", 10, 10),))

    assert ask('Does it say "no parking"?', findings).text == "yes"
    assert ask("Does the sign say “Exit”?", findings).text == "no"
    assert ask('Does it say "..."?', findings).text == CANNOT_TELL


def test_ask__where_a_single_character_stands_beside_words__reads_the_words() -> None:
    assert ask("What is written?", scene(lines=(written("8", 5, 5), written("EXIT", 50, 50)))).text == "EXIT"
    assert ask("What is written?", scene(lines=(written("8", 5, 5),))).text == "8"


def test_ask__when_no_colour_covers_half__names_the_two_commonest() -> None:
    pixels = np.full((400, 600, 3), RED, np.uint8)
    pixels[:, 200:307] = BLUE
    pixels[:, 270:330] = (240, 240, 240)
    findings = Findings(pixels, (BUS,), (), 0.4, 0.3)

    answer = ask("What color is the bus?", findings)

    assert answer.text == CANNOT_TELL
    assert "mostly" in answer.reason


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("How many dragons are there?", "dragons"),
        ("How many women are there?", "more than the detector can see"),
        ("How many cats are sleeping?", "are sleeping"),
        ("Why is there a cat?", "does not begin"),
        ("How many", "ends too early"),
        ("What is the cat?", "named by its place"),
        ("Are there more than lots of cats?", "not a number"),
        ("Is the cat happy?", "not understood what is asked"),
        ("How many cats are left of the cat left of the cat left of the cat left of the cat?", "More than 3"),
        ("Tell me if it says “x”", "does it say"),
        ("x" * (MAX_QUESTION_CHARACTERS + 1), "at most 300"),
    ],
)
def test_parse__what_the_grammar_does_not_know__names_the_part(question: str, part: str) -> None:
    with pytest.raises(NotUnderstood, match=part):
        parse_question(question)


@given(st.text(max_size=400))
def test_parse__any_text__is_a_program_or_not_understood(text: str) -> None:
    try:
        program = parse_question(text)
    except NotUnderstood:
        return
    json.dumps(program.as_dict())


@given(
    st.lists(
        st.sampled_from([*sorted(NOUNS), "how", "many", "is", "there", "left", "of", "the", "more", "than", "red"])
    )
)
def test_parse__any_order_of_known_words__runs_or_is_not_understood(words: list[str]) -> None:
    try:
        program = parse_question(" ".join(words)[:MAX_QUESTION_CHARACTERS])
    except NotUnderstood:
        return
    assert run_program(program, scene(CAT_LEFT, BUS)).text
