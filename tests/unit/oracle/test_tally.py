from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.eip712 import VerdictMessage, oracle_domain, verdict_digest
from oracle.publish.policy import PostingPolicy
from oracle.quorum.tally import Submission, tally
from oracle.quorum.verdict import SignedVerdict, is_signed_by
from oracle.rounds import commitment_of
from tests.unit.messaging.key_ring import KeyRing

pytestmark = pytest.mark.unit
A, B, C, STRANGER = (bytes([n]) * 20 for n in (3, 1, 2, 9))
REPORTERS = (A, B, C)
ABOUT = Submission(job_id=7, submitted_at=1000, deliverable=b"\xdd" * 32, epoch=1)
GOOD = VerdictMessage(7, 1000, b"\xdd" * 32, b"\xaa" * 32, 100, 1)
BAD = replace(GOOD, report_hash=b"\xbb" * 32, score=5)


def say(signer: bytes, verdict: VerdictMessage = GOOD) -> SignedVerdict:
    return SignedVerdict(verdict, signer, b"\x01" * 65, "cid")


def test_tally__given_a_quorum__names_the_verdict_and_its_signers_in_ascending_order() -> None:
    found = tally([say(A), say(B), say(C)], ABOUT, REPORTERS, 2)
    assert found.winner == GOOD
    assert [entry.signer for entry in found.signed] == [B, C, A]
    assert not found.is_contested


def test_tally__given_too_few__has_no_winner() -> None:
    assert tally([say(A)], ABOUT, REPORTERS, 2).winner is None
    assert tally([], ABOUT, REPORTERS, 2).winner is None


def test_tally__given_one_liar__the_quorum_holds_and_is_contested() -> None:
    found = tally([say(A), say(B, BAD), say(C)], ABOUT, REPORTERS, 2)
    assert (found.winner, found.is_contested) == (GOOD, True)
    assert [entry.signer for entry in found.signed] == [C, A]


def test_tally__given_three_opinions__has_no_winner() -> None:
    other = replace(GOOD, score=99)
    found = tally([say(A), say(B, BAD), say(C, other)], ABOUT, REPORTERS, 2)
    assert found.winner is None
    assert found.is_contested


@pytest.mark.parametrize(
    "change",
    [
        {"job_id": 8},
        {"submitted_at": 999},
        {"deliverable": b"\xee" * 32},
        {"epoch": 2},
    ],
)
def test_tally__given_verdicts_on_something_else__counts_none(change: dict[str, object]) -> None:
    stray = replace(GOOD, **change)
    assert tally([say(A, stray), say(B, stray), say(C)], ABOUT, REPORTERS, 2).winner is None


@pytest.mark.parametrize("change", [{"report_hash": b"\xcc" * 32}, {"score": 99}])
def test_tally__given_the_same_but_for_one_field__does_not_add_them_up(change: dict[str, object]) -> None:
    assert tally([say(A), say(B, replace(GOOD, **change))], ABOUT, REPORTERS, 2).winner is None


def test_tally__given_strangers_and_repetitions__counts_each_reporter_once() -> None:
    assert tally([say(A), say(A), say(STRANGER)], ABOUT, REPORTERS, 2).winner is None


def test_tally__given_an_equivocator__counts_none_of_its_verdicts() -> None:
    found = tally([say(A), say(A, BAD), say(B)], ABOUT, REPORTERS, 2)
    assert found.winner is None
    assert found.equivocators == {A}
    assert tally([say(A), say(A, BAD), say(B), say(C)], ABOUT, REPORTERS, 2).winner == GOOD


def test_tally__given_somebody_distrusted__does_not_count_it() -> None:
    assert tally([say(A), say(B)], ABOUT, REPORTERS, 2, {A}).winner is None


verdicts = st.sampled_from([GOOD, BAD, replace(GOOD, score=99), replace(GOOD, epoch=2)])
votes = st.lists(st.tuples(st.sampled_from([*REPORTERS, STRANGER]), verdicts), max_size=12)


@given(cast=votes, seed=st.randoms())
def test_tally__given_any_votes_in_any_order__gives_the_same_sound_outcome(cast, seed) -> None:
    signed = [say(signer, verdict) for signer, verdict in cast]
    found = tally(signed, ABOUT, REPORTERS, 2)
    seed.shuffle(signed)
    assert tally(signed, ABOUT, REPORTERS, 2).winner == found.winner
    if found.winner is not None:
        signers = [entry.signer for entry in found.signed]
        assert signers == sorted(set(signers))
        assert len(signers) >= 2
        assert set(signers) <= set(REPORTERS) - found.equivocators
        assert found.winner.epoch == ABOUT.epoch


@pytest.mark.parametrize(
    ("post_passing", "score", "is_contested", "posts"),
    [
        (True, 100, False, True),
        (False, 100, False, False),
        (False, 60, False, False),
        (False, 59, False, True),
        (False, 100, True, True),
    ],
)
def test_policy__given_a_verdict__posts_what_silence_would_not_do(
    post_passing: bool, score: int, is_contested: bool, posts: bool
) -> None:
    policy = PostingPolicy(post_passing=post_passing)
    assert policy.is_worth_posting(score, 60, is_contested=is_contested) is posts


def test_is_signed_by__given_the_verdict_or_another__tells_them_apart() -> None:
    ring, domain = KeyRing(), oracle_domain(31337, b"\x0a" * 20)
    signature = ring.sign_digest("r", verdict_digest(domain, GOOD))
    assert is_signed_by(GOOD, signature, ring.address_of("r"), domain)
    assert not is_signed_by(BAD, signature, ring.address_of("r"), domain)
    assert not is_signed_by(GOOD, signature, ring.address_of("other"), domain)
    assert not is_signed_by(GOOD, b"\x00" * 65, ring.address_of("r"), domain)


def test_commitment__given_another_verdict_sender_or_salt__differs() -> None:
    first = commitment_of(b"\x01" * 32, A, b"\x05" * 32)
    others = {
        commitment_of(b"\x02" * 32, A, b"\x05" * 32),
        commitment_of(b"\x01" * 32, B, b"\x05" * 32),
        commitment_of(b"\x01" * 32, A, b"\x06" * 32),
    }
    assert len(others | {first}) == 4
