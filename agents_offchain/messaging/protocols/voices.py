"""What many agents of one host say to one question, as the body of one message.

    [agents, answers, failures]      agents: MessagePack list of ids; answers: JSON array in their order, null for those
                                     who failed; failures: by place, each the JSON of a failure

A broadcast is read once by a host, and its plain answers go back as one message of the verb `many`: one header, one
digest, one MAC. A voice is believed only if the session that authenticates the message speaks for its wallet. The list
of ids is the same for every broadcast to the same agents, so it is checked once and then known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.message import encode_body, wallet_of

MOST_BYTES = 192 << 10
"""Of the answers in one message; more make another message."""
_AGENT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}@0x[0-9a-f]{40}")


@dataclass(frozen=True)
class Voices:
    """Answers by agent: `answers[n]` is the data that `agents[n]` answered; `failures[n]` the JSON of why not."""

    agents: Sequence[str]
    answers: Sequence[Any]
    failures: Mapping[int, bytes] = field(default_factory=dict)

    def believed(self, wallets: frozenset[bytes]) -> Voices:
        """Those whose wallets are among these."""
        places = [place for place, agent in enumerate(self.agents) if wallet_of(agent) in wallets]
        return Voices(
            [self.agents[place] for place in places],
            [self.answers[place] for place in places],
            {new: self.failures[old] for new, old in enumerate(places) if old in self.failures},
        )

    def parts(self) -> Iterator[bytes]:
        """Bodies of messages, each small enough.

        Raises:
            EnvelopeInvalid: an answer that JSON cannot carry.
        """
        answers = encode_body(self.answers)
        size = len(answers) + sum(len(failure) for failure in self.failures.values())
        if size <= MOST_BYTES or len(self.agents) == 1:
            yield _encoder.encode(_Wire(_write_agents(tuple(self.agents)), answers, dict(self.failures)))
            return
        middle = len(self.agents) // 2
        for first, last in ((0, middle), (middle, len(self.agents))):
            failures = {place - first: words for place, words in self.failures.items() if first <= place < last}
            yield from Voices(self.agents[first:last], self.answers[first:last], failures).parts()


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    agents: bytes
    answers: bytes
    failures: dict[int, bytes]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Wire)
_agents_decoder = msgspec.msgpack.Decoder(list[str])
_answers_decoder = msgspec.json.Decoder(list[Any])


def read_voices(body: bytes, wallets: frozenset[bytes]) -> Voices:
    """The voices of a host whose session speaks for `wallets`; those of others are left out.

    Raises:
        EnvelopeInvalid: not voices, or not of agents.
    """
    try:
        wire = _decoder.decode(body)
        agents, needed = _read_agents(wire.agents)
        answers = _answers_decoder.decode(wire.answers)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnvelopeInvalid("The body does not hold the voices of many.") from error
    if len(answers) != len(agents) or any(not 0 <= place < len(agents) for place in wire.failures):
        raise EnvelopeInvalid("The body does not hold a voice for each agent.")
    voices = Voices(agents, answers, wire.failures)
    return voices if needed <= wallets else voices.believed(wallets)


@lru_cache(maxsize=64)
def _write_agents(agents: tuple[str, ...]) -> bytes:
    return _encoder.encode(agents)


@lru_cache(maxsize=64)
def _read_agents(data: bytes) -> tuple[tuple[str, ...], frozenset[bytes]]:
    """Ids, and the wallets behind them."""
    agents = tuple(_agents_decoder.decode(data))
    if len(set(agents)) != len(agents) or not all(_AGENT_ID.fullmatch(agent) for agent in agents):
        raise ValueError("not a list of different agents")
    return agents, frozenset(map(wallet_of, agents))
