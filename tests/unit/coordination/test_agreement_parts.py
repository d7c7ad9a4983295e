"""Each promise of the agreement's files alone: what a replica may not vote for, what a verifier refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from agents_offchain.coordination.decision.agreement.certificate import (
    Certificate,
    make_certificate,
    require_certificate,
)
from agents_offchain.coordination.decision.agreement.council import Council
from agents_offchain.coordination.decision.agreement.messages import (
    MAX_VALUE_BYTES,
    Certified,
    Commit,
    Kind,
    Message,
    Prepare,
    Proposal,
    Seal,
    Timeout,
    signing_digest,
    subject_of,
    typed,
)
from agents_offchain.coordination.decision.agreement.replica import Replica, RoundOver, SayAgain, Step, step
from agents_offchain.coordination.decision.agreement.verifier import Verifier
from agents_offchain.coordination.decision.agreement.vows import Vows, require_kept
from agents_offchain.coordination.decision.agreement.wire import (
    decode_message,
    encode_message,
    vows_as_dict,
    vows_from_dict,
)
from agents_offchain.coordination.errors import (
    CertificateInvalid,
    DecisionConflict,
    ElectorateInvalid,
    StatementInvalid,
    VowBroken,
)
from agents_offchain.primitives.eip712 import typed_data_digest
from tests.unit.coordination.council_world import MEMBERS, QUESTION, STRANGER, quorum, sign, timeouts

pytestmark = pytest.mark.unit

A, B = b"a", b"b"
SEALS = {member: sign(Seal(member, quorum(A, kind=Kind.COMMIT))).signature for member in MEMBERS}
CERTIFICATE = make_certificate(QUESTION, A, SEALS)
MESSAGES: list[Message] = [
    sign(Proposal(MEMBERS[0], 0, A, None)),
    sign(Proposal(MEMBERS[1], 1, A, timeouts(0, quorum(A), None, None))),
    sign(Prepare(MEMBERS[2], 0, A)),
    sign(Commit(MEMBERS[2], 0, quorum(A))),
    sign(Timeout(MEMBERS[2], 0, None, None)),
    sign(Timeout(MEMBERS[2], 1, quorum(A), timeouts(0, None, None, None))),
    sign(Seal(MEMBERS[3], quorum(A, kind=Kind.COMMIT))),
    Certified(CERTIFICATE),
]
each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)


def told(place: int, *events: Message | RoundOver | SayAgain, wish: bytes = b"w") -> Step:
    """A member that takes events in one after another."""
    done = Step(Replica(QUESTION, MEMBERS[place], wish))
    for event in events:
        done = step(done.replica, event)
    return done


# --- council and certificate


@pytest.mark.parametrize(
    ("count", "faulty", "needed"), [(1, 0, 1), (3, 0, 2), (4, 1, 3), (6, 1, 4), (7, 2, 5), (13, 4, 9)]
)
def test_council__of_n__bears_a_third_and_needs_overlapping_quorums(count: int, faulty: int, needed: int) -> None:
    council = Council(tuple(bytes([n]) * 20 for n in range(1, count + 1)))
    assert (council.faulty, council.quorum) == (faulty, needed)
    assert 2 * needed - count > faulty
    assert needed <= count - faulty


def test_council_id__is_the_ledgers() -> None:
    assert QUESTION.council.council_id == keccak(encode(("uint256", "address[]"), (3, MEMBERS)))


@pytest.mark.parametrize(
    "members", [(), MEMBERS[::-1], (MEMBERS[0], MEMBERS[0]), (b"x",), tuple(bytes([n]) * 20 for n in range(65))]
)
def test_council__given_no_ascending_addresses__is_refused(members: tuple[bytes, ...]) -> None:
    with pytest.raises(ElectorateInvalid):
        Council(members)


def test_certificate__as_the_ledger_takes_it__has_compact_signatures_in_order() -> None:
    digest, members, needed, bitmap, signatures = CERTIFICATE.for_ledger()
    assert (digest, members, needed, bitmap) == (QUESTION.digest_of(A), list(MEMBERS), 3, 0b0111)
    assert [r for r, _ in signatures] == [SEALS[member][:32] for member in MEMBERS[:3]]
    assert [s[0] >> 7 for _, s in signatures] == [SEALS[member][64] - 27 for member in MEMBERS[:3]]


@pytest.mark.parametrize(
    "bad",
    [
        replace(CERTIFICATE, value=B),
        replace(CERTIFICATE, bitmap=0b1011),
        replace(CERTIFICATE, bitmap=0b11),
        replace(CERTIFICATE, bitmap=0b11, signatures=CERTIFICATE.signatures[:2]),
        replace(CERTIFICATE, bitmap=0b10111),
        replace(CERTIFICATE, signatures=CERTIFICATE.signatures[::-1]),
        replace(CERTIFICATE, signatures=(*CERTIFICATE.signatures[:2], b"\x00" * 65)),
        replace(CERTIFICATE, question=replace(QUESTION, proposal=b"\x01" * 32)),
    ],
    ids=["value", "other member", "fewer bits", "no quorum", "no such member", "order", "no signature", "question"],
)
def test_require_certificate__given_anything_changed__refuses(bad: Certificate) -> None:
    require_certificate(CERTIFICATE)
    with pytest.raises(CertificateInvalid):
        require_certificate(bad)


# --- messages, wire, verifier


@each_message
def test_signing_digest__is_that_of_the_typed_data(message: Message) -> None:
    if not isinstance(message, Certified):
        fast = signing_digest(QUESTION, message.kind, message.round, subject_of(QUESTION, message))
        assert fast == typed_data_digest(QUESTION.domain, *typed(QUESTION, message))


@each_message
def test_wire__given_a_true_message__brings_the_same_and_the_verifier_takes_it(message: Message) -> None:
    assert decode_message(encode_message(message), QUESTION) == message
    Verifier(QUESTION).require(message)


@each_message
def test_decode_message__given_any_damage__refuses_or_reads_a_message(message: Message) -> None:
    data = encode_message(message)
    for cut in range(0, len(data), 7):
        for bad in (data[:cut], data[:cut] + b"7" + data[cut + 1 :], data[:cut] + b"{" + data[cut:]):
            try:
                decode_message(bad, QUESTION)
            except StatementInvalid:
                continue


COMMITTED = Commit(MEMBERS[2], 0, quorum(A))
ENTERED = Proposal(MEMBERS[1], 1, A, timeouts(0, quorum(A), None, None))
FALSE: dict[str, Message] = {
    "not a member": replace(sign(Prepare(MEMBERS[0], 0, A)), sender=STRANGER),
    "another member": replace(sign(Prepare(MEMBERS[0], 0, A)), sender=MEMBERS[1]),
    "another value": replace(sign(Prepare(MEMBERS[0], 0, A)), value=B),
    "another round": replace(sign(Prepare(MEMBERS[0], 0, A)), round=1),
    "no signature": Prepare(MEMBERS[0], 0, A),
    "empty value": sign(Prepare(MEMBERS[0], 0, b"")),
    "large value": sign(Prepare(MEMBERS[0], 0, b"x" * (MAX_VALUE_BYTES + 1))),
    "negative round": replace(sign(Prepare(MEMBERS[0], 0, A)), round=-1),
    "not the leader": sign(Proposal(MEMBERS[1], 0, A, None)),
    "no entry": sign(Proposal(MEMBERS[1], 1, A, None)),
    "entry at first": sign(replace(ENTERED, sender=MEMBERS[0], round=0)),
    "entry of another round": sign(replace(ENTERED, sender=MEMBERS[2], round=2)),
    "hidden certificate": sign(Proposal(MEMBERS[1], 1, B, replace(timeouts(0, quorum(A), None, None), high=None))),
    "claimed certificate": sign(Proposal(MEMBERS[1], 1, A, replace(timeouts(0, None, None, None), high=quorum(A)))),
    "few timeouts": sign(Proposal(MEMBERS[1], 1, B, timeouts(0, None, None))),
    "few votes": sign(Commit(MEMBERS[2], 0, quorum(A, places=(0, 1)))),
    "one vote twice": sign(Commit(MEMBERS[2], 0, quorum(A, places=(0, 1, 1)))),
    "votes of another kind": sign(Commit(MEMBERS[2], 0, quorum(A, kind=Kind.COMMIT))),
    "votes of another round": sign(replace(COMMITTED, round=1)),
    "votes for another value": sign(Commit(MEMBERS[2], 0, replace(quorum(A), value=B))),
    "sealed without commit": sign(Seal(MEMBERS[2], quorum(A))),
    "place out of range": sign(Commit(MEMBERS[2], 0, replace(quorum(A), signatures=((0, b""), (1, b""), (9, b""))))),
    "certificate without quorum": Certified(replace(CERTIFICATE, bitmap=0b11)),
    "certificate of another question": Certified(replace(CERTIFICATE, question=replace(QUESTION, proposal=b"1" * 32))),
}


@pytest.mark.parametrize("message", FALSE.values(), ids=FALSE.keys())
def test_verifier__given_a_false_message__refuses_it(message: Message) -> None:
    with pytest.raises(StatementInvalid):
        Verifier(QUESTION).require(message)


# --- replica


def sent(done: Step, kind: type[Message]) -> list[Message]:
    return [message for message in done.send if isinstance(message, kind)]


def test_step__as_leader_of_the_first_round__proposes_its_wish_once() -> None:
    assert sent(told(0, SayAgain()), Proposal) == [Proposal(MEMBERS[0], 0, b"w", None)]
    again = sent(told(0, SayAgain(), SayAgain()), Proposal)
    assert again == [Proposal(MEMBERS[0], 0, b"w", None)]
    assert sent(told(1, SayAgain()), Proposal) == []


def test_step__given_two_proposals_of_one_round__votes_for_the_first_and_keeps_both_as_evidence() -> None:
    first, second = sign(Proposal(MEMBERS[0], 0, A, None)), sign(Proposal(MEMBERS[0], 0, B, None))
    done = told(1, first, second)
    assert done.evidence == ((first, second),)
    assert done.replica.vows.prepare == Prepare(MEMBERS[1], 0, A)


def test_step__given_an_unacceptable_value__does_not_vote() -> None:
    replica = Replica(QUESTION, MEMBERS[1], accepts=lambda value: value != A)
    assert step(replica, sign(Proposal(MEMBERS[0], 0, A, None))).replica.vows.prepare is None


@pytest.mark.parametrize(("value", "is_voted"), [(A, True), (B, False)])
def test_step__when_timeouts_bind_a_value__votes_for_no_other(value: bytes, is_voted: bool) -> None:
    proposal = sign(Proposal(MEMBERS[1], 1, value, timeouts(0, quorum(A), None, None)))
    done = told(2, proposal)
    assert done.replica.vows.round == 1
    assert (done.replica.vows.prepare is not None) == is_voted


def test_step__as_leader_of_a_bound_round__proposes_the_bound_value() -> None:
    votes = [sign(Timeout(MEMBERS[place], 0, high, None)) for place, high in ((1, None), (2, quorum(A)), (3, None))]
    proposal = sent(told(1, *votes), Proposal)[0]
    assert isinstance(proposal, Proposal)
    assert (proposal.round, proposal.value) == (1, A)
    Verifier(QUESTION).require(sign(proposal))


@pytest.mark.parametrize("late", [sign(Proposal(MEMBERS[0], 0, A, None)), sign(Commit(MEMBERS[0], 0, quorum(A)))])
def test_step__after_its_timeout__votes_no_more_in_the_round(late: Message) -> None:
    done = told(1, RoundOver(0), late)
    assert (done.replica.vows.prepare, done.replica.vows.commit) == (None, None)


def test_step__when_the_round_is_over__times_out_once_and_names_what_it_saw() -> None:
    done = told(1, sign(Commit(MEMBERS[0], 0, quorum(A))), RoundOver(0))
    assert sent(done, Timeout) == [Timeout(MEMBERS[1], 0, quorum(A), None)]
    assert step(done.replica, RoundOver(0)).send == ()
    assert step(done.replica, RoundOver(7)).send == ()


@pytest.mark.parametrize("votes", [2, 3])
def test_step__given_votes__commits_at_a_quorum_and_not_before(votes: int) -> None:
    done = told(3, *(sign(Prepare(MEMBERS[place], 0, A)) for place in range(votes)))
    assert (done.replica.vows.commit is not None) == (votes == 3)


@pytest.mark.parametrize("votes", [2, 3])
def test_step__given_commit_votes__decides_at_a_quorum_and_not_before(votes: int) -> None:
    done = told(3, *(sign(Commit(MEMBERS[place], 0, quorum(A))) for place in range(votes)))
    assert (done.replica.vows.decided is not None) == (votes == 3)


def test_step__given_commit_votes_of_different_rounds__does_not_decide() -> None:
    votes = [sign(Commit(MEMBERS[place], place, quorum(A, place))) for place in range(3)]
    assert told(3, *votes).replica.vows.decided is None


def test_step__given_one_seal__decides_and_given_a_quorum__certifies() -> None:
    seals = [sign(Seal(member, quorum(A, kind=Kind.COMMIT))) for member in MEMBERS[:3]]
    one = told(3, seals[0])
    assert one.replica.vows.decided == seals[0].proof
    assert one.replica.certificate is None
    assert told(3, *seals).replica.certificate == CERTIFICATE


def test_step__after_the_end__answers_whoever_still_talks_and_keeps_the_lower_certificate() -> None:
    lower, higher = Certified(CERTIFICATE), Certified(make_certificate(QUESTION, A, dict(list(SEALS.items())[1:])))
    done = told(0, higher)
    assert step(done.replica, sign(Prepare(MEMBERS[2], 0, B))).send == (higher,)
    assert step(done.replica, sign(Prepare(MEMBERS[0], 0, B))).send == ()
    assert step(done.replica, lower).replica.certificate == CERTIFICATE
    assert told(0, lower, higher).send == (lower,)


def test_step__given_certificates_of_two_values__stops() -> None:
    seals = {member: sign(Seal(member, quorum(B, kind=Kind.COMMIT))).signature for member in MEMBERS}
    with pytest.raises(DecisionConflict):
        told(0, Certified(CERTIFICATE), Certified(make_certificate(QUESTION, B, seals)))


def test_heard__given_a_flood_of_rounds__holds_one_message_of_a_kind() -> None:
    done = told(1, *(sign(Prepare(MEMBERS[2], number, A)) for number in range(50)))
    assert sum(len(of_kind) for of_kind in done.replica.heard.values()) == 1


# --- vows

OLD = Vows(
    1,
    timeouts(0, quorum(A), None, None),
    quorum(A),
    Proposal(MEMBERS[1], 1, A, timeouts(0, quorum(A), None, None)),
    Prepare(MEMBERS[1], 1, A),
    Commit(MEMBERS[1], 0, quorum(A)),
    Timeout(MEMBERS[1], 0, quorum(A), None),
    quorum(A, kind=Kind.COMMIT),
)


def test_vows__through_json__are_the_same() -> None:
    for vows in (OLD, Vows()):
        assert vows_from_dict(vows_as_dict(vows), QUESTION) == vows
    require_kept(QUESTION, Vows(), OLD)
    require_kept(QUESTION, OLD, OLD)


@pytest.mark.parametrize(
    "change",
    [
        {"round": 0},
        {"high": None},
        {"prepare": None},
        {"prepare": Prepare(MEMBERS[1], 1, B)},
        {"prepare": Prepare(MEMBERS[1], 0, A)},
        {"commit": Commit(MEMBERS[1], 0, quorum(B))},
        {"timeout": Timeout(MEMBERS[1], 0, None, None)},
        {"decided": None},
        {"decided": quorum(B, kind=Kind.COMMIT)},
    ],
    ids=str,
)
def test_require_kept__given_a_broken_vow__stops(change: dict[str, object]) -> None:
    with pytest.raises(VowBroken):
        require_kept(QUESTION, OLD, replace(OLD, **change))  # type: ignore[arg-type]
