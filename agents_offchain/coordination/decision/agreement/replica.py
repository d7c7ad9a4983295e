"""The protocol: one member's side of one agreement as a pure function of what it hears.

    step(replica, event) -> Step(replica, messages to send, evidence of lies)

An event is a verified message, the end of a round's time, or the wish to say everything again. After each event the
rules below fire, each a guard and an action, until none of them can. A rule that vows something puts it into
`replica.vows`; who runs this keeps the vows, then signs the messages that carry no signature yet, then sends them to
everybody, itself included. Nothing is counted before it comes in signed, not even one's own vote.

Of each member only the newest message of a kind is held, so memory is bounded whatever a faulty one sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agents_offchain.coordination.decision.agreement.certificate import Certificate, make_certificate
from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.messages import (
    Certified,
    Commit,
    Kind,
    Message,
    Prepare,
    Proposal,
    QuorumCertificate,
    Seal,
    Timeout,
    TimeoutCertificate,
    Vote,
    round_of,
    subject_of,
)
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.coordination.errors import DecisionConflict


@dataclass(frozen=True)
class RoundOver:
    """The time of a round is over on this member's clock."""

    round: int


@dataclass(frozen=True)
class SayAgain:
    """Some time has passed, or the process has just started: others may have missed what was said."""


Event = Message | RoundOver | SayAgain


def accept_all(_value: bytes) -> bool:
    """Any value is valid."""
    return True


@dataclass(frozen=True)
class Replica:
    """One member of one agreement.

    Attributes:
        wish: What it would propose; none to wait for others.
        accepts: Whether a value may be decided at all; the same on every honest member.
        heard: By kind and member, the newest verified message.
    """

    question: Question
    me: bytes
    wish: bytes | None = None
    accepts: Callable[[bytes], bool] = accept_all
    vows: Vows = field(default_factory=Vows)
    heard: Mapping[Kind, Mapping[bytes, Vote]] = field(default_factory=dict)
    certificate: Certificate | None = None

    @property
    def is_voting(self) -> bool:
        """May vote in its round: it has neither given it up nor decided."""
        timeout = self.vows.timeout
        return self.vows.decided is None and (timeout is None or timeout.round < self.vows.round)

    def votes_of(self, kind: Kind, round_number: int) -> dict[bytes, Vote]:
        """By member, what was heard of a kind in a round."""
        return {member: vote for member, vote in self.heard_of(kind).items() if vote.round == round_number}

    def heard_of(self, kind: Kind) -> Mapping[bytes, Vote]:
        """By member, the newest message of a kind."""
        return self.heard.get(kind, {})


@dataclass(frozen=True)
class Step:
    """What an event led to.

    Attributes:
        send: To everybody; those without a signature are the member's own, to be signed once `replica.vows` are kept.
        evidence: Pairs of signed messages of one member that contradict each other.
    """

    replica: Replica
    send: tuple[Message, ...] = ()
    evidence: tuple[tuple[Vote, Vote], ...] = ()


def step(replica: Replica, event: Event) -> Step:
    """Take one event in; see the module.

    Raises:
        DecisionConflict: a certificate contradicts what was decided; more than f members are faulty.
    """
    if isinstance(event, Certified):
        _require_same(replica, event.certificate)
    if replica.certificate is not None:
        return _after_the_end(replica, replica.certificate, event)
    if isinstance(event, Certified):
        return Step(replace(replica, certificate=event.certificate))
    if isinstance(event, SayAgain):
        return _advance(Step(replica, _say_again(replica)))
    if isinstance(event, RoundOver):
        return _advance(_give_up(replica, event.round))
    return _advance(_hear(replica, event))


def _after_the_end(replica: Replica, held: Certificate, event: Event) -> Step:
    """Whoever still talks is told the end; of two certificates everybody keeps the one with the lower bitmap."""
    if isinstance(event, Certified):
        if event.certificate.bitmap < held.bitmap:
            return Step(replace(replica, certificate=event.certificate))
        return Step(replica, (Certified(held),) if event.certificate.bitmap > held.bitmap else ())
    is_asked = isinstance(event, SayAgain) or (not isinstance(event, RoundOver) and event.sender != replica.me)
    return Step(replica, (Certified(held),) if is_asked else ())


def _require_same(replica: Replica, certificate: Certificate) -> None:
    held, decided = replica.certificate, replica.vows.decided
    known = held.value if held is not None else decided.value if decided is not None else certificate.value
    if known != certificate.value:
        raise DecisionConflict(
            "A valid certificate contradicts the decision; more members are faulty than the council bears.",
            decided=known.hex(),
            certified=certificate.value.hex(),
        )


def _hear(replica: Replica, message: Vote) -> Step:
    """Hold a message if it is its sender's newest of the kind; two of one round that differ are evidence."""
    of_kind = replica.heard_of(message.kind)
    held = of_kind.get(message.sender)
    if held is not None and message.round <= held.round:
        question = replica.question
        is_lie = message.round == held.round and subject_of(question, message) != subject_of(question, held)
        return Step(replica, evidence=((held, message),) if is_lie else ())
    return Step(replace(replica, heard={**replica.heard, message.kind: {**of_kind, message.sender: message}}))


def _give_up(replica: Replica, round_number: int) -> Step:
    """Vow not to vote in this round any more, and say which certificate binds the next one."""
    vows = replica.vows
    if round_number != vows.round or not replica.is_voting:
        return Step(replica)
    timeout = Timeout(replica.me, vows.round, vows.high, vows.entry)
    return Step(replace(replica, vows=replace(vows, timeout=timeout)), (timeout,))


def _say_again(replica: Replica) -> tuple[Message, ...]:
    """One's own vows, and the leader's proposal in case it told only some."""
    vows = replica.vows
    if vows.decided is not None:
        return (Seal(replica.me, vows.decided),)
    leader = replica.question.leader_of(vows.round)
    proposal = replica.votes_of(Kind.PROPOSE, vows.round).get(leader)
    passed_on = (proposal,) if proposal is not None and leader != replica.me else ()
    return (*passed_on, *vows.votes())


def _advance(first: Step) -> Step:
    """Fire rules until none can."""
    done = first
    while True:
        fired = next((found for rule in RULES if (found := rule(done.replica)) is not None), None)
        if fired is None:
            return done
        done = Step(fired.replica, done.send + fired.send, done.evidence)


# --- rules: a guard and an action each; None when the guard is false -------------------------------


def learn(replica: Replica) -> Step | None:
    """A newer certificate of prepare votes is known: made from votes of this round, or carried by a message."""
    known = [_quorum_of(replica, Kind.PREPARE, replica.vows.round)]
    known += [vote.proof for vote in replica.heard_of(Kind.COMMIT).values() if isinstance(vote, Commit)]
    known += [vote.high for vote in replica.heard_of(Kind.TIMEOUT).values() if isinstance(vote, Timeout)]
    newest = max(known, key=round_of)
    if round_of(newest) <= round_of(replica.vows.high):
        return None
    return Step(replace(replica, vows=replace(replica.vows, high=newest)))


def enter(replica: Replica) -> Step | None:
    """A quorum gave up this round or a later one: go to the round after it."""
    if replica.vows.decided is not None:
        return None
    known: list[TimeoutCertificate | None] = [_timeouts_of(replica, replica.vows.round)]
    for kind in (Kind.PROPOSE, Kind.TIMEOUT):
        known += [vote.entry for vote in replica.heard_of(kind).values() if isinstance(vote, Proposal | Timeout)]
    entry = max((found for found in known if found is not None), key=lambda found: found.round, default=None)
    if entry is None or entry.round < replica.vows.round:
        return None
    high = max(entry.high, replica.vows.high, key=round_of)
    return Step(replace(replica, vows=replace(replica.vows, round=entry.round + 1, entry=entry, high=high)))


def propose(replica: Replica) -> Step | None:
    """I lead this round: propose what binds it, or my wish when nothing does."""
    vows = replica.vows
    if replica.question.leader_of(vows.round) != replica.me or not replica.is_voting:
        return None
    if vows.proposal is not None and vows.proposal.round >= vows.round:
        return None
    value = _binding_value(vows.entry) or replica.wish
    if value is None:
        return None
    proposal = Proposal(replica.me, vows.round, value, vows.entry)
    return Step(replace(replica, vows=replace(vows, proposal=proposal)), (proposal,))


def prepare(replica: Replica) -> Step | None:
    """The leader's value is allowed in this round: vote for it, once."""
    vows = replica.vows
    proposal = replica.votes_of(Kind.PROPOSE, vows.round).get(replica.question.leader_of(vows.round))
    if not isinstance(proposal, Proposal) or not replica.is_voting:
        return None
    if vows.prepare is not None and vows.prepare.round >= vows.round:
        return None
    if proposal.value != (_binding_value(proposal.entry) or proposal.value) or not replica.accepts(proposal.value):
        return None
    vote = Prepare(replica.me, vows.round, proposal.value)
    wish = proposal.value if replica.wish is None else replica.wish
    return Step(replace(replica, wish=wish, vows=replace(vows, prepare=vote)), (vote,))


def commit(replica: Replica) -> Step | None:
    """A quorum voted for a value in this round: vote a second time, once."""
    vows = replica.vows
    if vows.high is None or vows.high.round != vows.round or not replica.is_voting:
        return None
    if vows.commit is not None and vows.commit.round >= vows.round:
        return None
    vote = Commit(replica.me, vows.round, vows.high)
    return Step(replace(replica, vows=replace(vows, commit=vote)), (vote,))


def decide(replica: Replica) -> Step | None:
    """A quorum voted a second time, in whatever round: that is the decision."""
    if replica.vows.decided is not None:
        return None
    rounds = {vote.round for vote in replica.heard_of(Kind.COMMIT).values()}
    proofs = [_quorum_of(replica, Kind.COMMIT, number) for number in sorted(rounds)]
    proofs += [vote.proof for vote in replica.heard_of(Kind.SEAL).values() if isinstance(vote, Seal)]
    proof = next((found for found in proofs if found is not None), None)
    if proof is None:
        return None
    return Step(replace(replica, vows=replace(replica.vows, decided=proof)), (Seal(replica.me, proof),))


def certify(replica: Replica) -> Step | None:
    """A quorum sealed the decision: the certificate is whole."""
    decided = replica.vows.decided
    if replica.certificate is not None or decided is None:
        return None
    seals = {
        member: vote.signature
        for member, vote in replica.votes_of(Kind.SEAL, 0).items()
        if isinstance(vote, Seal) and vote.value == decided.value
    }
    if len(seals) < replica.question.council.quorum:
        return None
    certificate = make_certificate(replica.question, decided.value, seals)
    return Step(replace(replica, certificate=certificate), (Certified(certificate),))


RULES: tuple[Callable[[Replica], Step | None], ...] = (certify, decide, learn, enter, propose, prepare, commit)


# --- quorums out of what was heard -----------------------------------------------------------------


def _quorum_of(replica: Replica, kind: Kind, round_number: int) -> QuorumCertificate | None:
    """The certificate of a round's prepare or commit votes, if enough are for one value."""
    places = replica.question.council.places
    by_value: dict[bytes, list[tuple[int, bytes]]] = {}
    for member, vote in replica.votes_of(kind, round_number).items():
        if isinstance(vote, Prepare | Commit):
            by_value.setdefault(vote.value, []).append((places[member], vote.signature))
    for value, signatures in by_value.items():
        if len(signatures) >= replica.question.council.quorum:
            return QuorumCertificate(kind, round_number, value, tuple(sorted(signatures)))
    return None


def _timeouts_of(replica: Replica, round_number: int) -> TimeoutCertificate | None:
    """The certificate that a quorum gave a round up."""
    places = replica.question.council.places
    found = [
        (places[member], vote)
        for member, vote in replica.votes_of(Kind.TIMEOUT, round_number).items()
        if isinstance(vote, Timeout)
    ]
    if len(found) < replica.question.council.quorum:
        return None
    high = max((vote.high for _, vote in found), key=round_of)
    signatures = sorted((place, round_of(vote.high), vote.signature) for place, vote in found)
    return TimeoutCertificate(round_number, high, tuple(signatures))


def _binding_value(entry: TimeoutCertificate | None) -> bytes | None:
    """The only value that a round entered this way may decide; none when it is free."""
    return entry.high.value if entry is not None and entry.high is not None else None
