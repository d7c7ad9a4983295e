"""Models behind HTTP, through LiteLLM: every failure ends in one of our errors; the router goes on with another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Message, Usage
from agents_offchain.skills.llm.errors import (
    AnswerCut,
    AskCancelled,
    ContentRefused,
    ContextTooLong,
    KeyRefused,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
)
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.prompts.prompt import load_prompt
from agents_offchain.skills.llm.remote import RemoteModel
from agents_offchain.skills.llm.router import Need, Router, build_posts
from agents_offchain.skills.llm.structured import ask_for_json
from tests.fakes.model_server import ModelServer, model_server

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]
KEY = "sk-not-to-be-seen"
ASK = Ask([Message("user", "How much is the fee?")], max_tokens=20, timeout_seconds=20)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


def entry(server: ModelServer, tmp_path: Path, name: str = "sim") -> ModelEntry:
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    return ModelEntry(
        name=name,
        model="openai/sim",
        api_base=server.url,
        key_file=key_file,
        input_usd_per_million="0.15",
        output_usd_per_million="0.60",
        default_quality=0.8,
    )


def test_complete__when_all_is_well__counts_to_the_token(server: ModelServer, tmp_path: Path) -> None:
    pieces: list[str] = []
    reply = RemoteModel(entry(server, tmp_path)).complete(ASK, lambda piece: not pieces.append(piece))
    assert reply.text == "".join(pieces) == '{"answer": "five", "source": 1}'
    assert reply.usage == Usage(40, 8)
    assert reply.cost_usd_picos == 40 * 150_000 + 8 * 600_000
    assert server.keys == [f"Bearer {KEY}"]
    assert server.seen[0]["temperature"] == 0


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("busy", RateLimited),
        ("broken", ProviderUnavailable),
        ("no-key", KeyRefused),
        ("bad", ProviderRefused),
        ("too-long", ContextTooLong),
        ("cut", AnswerCut),
        ("filtered", ContentRefused),
    ],
)
def test_complete__when_the_provider_fails__is_one_of_our_errors_without_the_key(
    server: ModelServer, tmp_path: Path, word: str, error: type[AitbcError]
) -> None:
    server.script = [word]
    with pytest.raises(error) as caught:
        RemoteModel(entry(server, tmp_path)).complete(ASK)
    assert KEY not in repr(caught.value.as_dict())
    assert len(server.seen) == 1, "it was asked once; trying again is the router's"


def test_complete__when_it_is_too_slow_or_not_there__ends_in_time(server: ModelServer, tmp_path: Path) -> None:
    server.script = ["slow"]
    hasty = Ask(ASK.messages, timeout_seconds=0.5)
    with pytest.raises(ProviderTimeout):
        RemoteModel(entry(server, tmp_path)).complete(hasty)
    gone = entry(server, tmp_path).model_copy(update={"api_base": "http://127.0.0.1:9/v1"})
    with pytest.raises(ProviderUnavailable):
        RemoteModel(gone).complete(hasty)


def test_complete__when_cancelled__stops_at_the_first_piece(server: ModelServer, tmp_path: Path) -> None:
    with pytest.raises(AskCancelled):
        RemoteModel(entry(server, tmp_path)).complete(ASK, lambda _: False)


def test_complete__without_its_key__names_the_place_and_asks_nobody(server: ModelServer, tmp_path: Path) -> None:
    lost = entry(server, tmp_path).model_copy(update={"key_file": tmp_path / "none"})
    with pytest.raises(KeyRefused):
        RemoteModel(lost).complete(ASK)
    assert server.seen == []


def test_router__when_the_first_fails__falls_back_and_explains(server: ModelServer, tmp_path: Path) -> None:
    first = entry(server, tmp_path, "first")
    second = entry(server, tmp_path, "second").model_copy(
        update={"output_usd_per_million": first.input_usd_per_million * 9}
    )
    router = Router(build_posts([second, first], RemoteModel, ManualClock()), Experience())
    server.script = ["broken"]
    reply = router.complete(Need("answer"), ASK)
    assert reply.text.startswith('{"answer"')
    told = router.explanations[0]
    assert [one["model"] for one in told["considered"]] == ["first", "second"]
    assert told["tried"] == [{"model": "first", "error": "ProviderUnavailable"}, {"model": "second", "error": ""}]


def test_router__when_a_provider_counts_too_much__finds_it_dear_next_time(server: ModelServer, tmp_path: Path) -> None:
    cheap = entry(server, tmp_path, "cheap")
    fair = entry(server, tmp_path, "fair").model_copy(update={"input_usd_per_million": cheap.output_usd_per_million})
    router = Router(build_posts([cheap, fair], RemoteModel, ManualClock()), Experience())
    server.script = ["wrong-price"]
    router.complete(Need("answer"), ASK)
    assert router.explanations[0]["chosen"] == "cheap"
    assert router.consider(Need("answer"), ASK)[0].model == "fair"


def test_ask_for_json__given_wrong_json__is_repaired_by_a_second_question(server: ModelServer, tmp_path: Path) -> None:
    server.script = ["wrong-json"]
    values: dict[str, str | int] = {"passages": "[1] The fee is five.", "question": "Fee?"}
    data = ask_for_json(RemoteModel(entry(server, tmp_path)), load_prompt("answer"), values)
    assert data == {"answer": "five", "source": 1}
    assert server.seen[1]["messages"][-1]["content"].startswith("The answer is not JSON")
