"""The parts of `observe-scene` that `inspect-image` does not have: answers, searches, the fused track."""

from __future__ import annotations

from collections.abc import Sequence

from agents_offchain.runtime.documents import ReExecution
from oracle.checks.check import Check
from oracle.checks.documents import FoundClass, RankedPicture, SceneAnswer, SceneOutput, SeenPicture, Track
from oracle.checks.findings import compare_objects, compare_text, is_near, is_near_all, is_same_image

TRACK_TOLERANCE_M = 0.001
"""A filter sums in one order; what is left is rounding of the last decimal."""
TIME_TOLERANCE_S = 1e-6
FINGERPRINT_BITS = 2


def compare_scenes(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> list[Check]:
    """Every check of the content, in a fixed order."""
    is_planned = claimed.steps == ours.steps and _is_same_picture(claimed, ours)
    is_answered = [_told(answer) for answer in claimed.answers] == [_told(answer) for answer in ours.answers]
    is_shown = is_answered and all(
        _rests_alike(one, other, criteria) for one, other in zip(claimed.answers, ours.answers, strict=True)
    )
    is_tracked = _is_same_track(claimed.track, ours.track)
    return [
        Check("steps", is_planned, "the same steps on the same picture" if is_planned else "other steps or pictures"),
        *compare_objects(claimed.objects, ours.objects, criteria),
        *compare_text(claimed.text, ours.text, criteria),
        Check("answers", is_answered, "the same answers" if is_answered else "other answers"),
        Check("shown", is_shown, "answers rest on the same" if is_shown else "answers rest on something else"),
        _classes(claimed, ours, criteria),
        _agreements(claimed, ours, criteria),
        _fingerprint(claimed, ours),
        _pictures(claimed, ours, criteria),
        _found(claimed, ours, criteria),
        _video(claimed, ours, criteria),
        Check("track", is_tracked, "the same track" if is_tracked else "another track or other sensors"),
    ]


def _classes(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> Check:
    is_same = _are_alike(claimed.scene.classes, ours.scene.classes, criteria)
    return Check("classes", is_same, "the same classes" if is_same else "other classes or scores")


def _are_alike(claimed: Sequence[FoundClass], ours: Sequence[FoundClass], criteria: ReExecution) -> bool:
    """Two within the tolerance of each other may change places, at the end of the list too."""
    found = {guess.name: guess.score for guess in ours}
    least = min(found.values(), default=0.0)
    return len(claimed) == len(ours) and all(
        is_near(guess.score, found.get(guess.name, least), criteria.score_tolerance) for guess in claimed
    )


def _agreements(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> Check:
    is_same = len(claimed.agreements) == len(ours.agreements) and all(
        (one.text, one.agrees) == (other.text, other.agrees)
        and is_near(one.similarity, other.similarity, criteria.score_tolerance)
        for one, other in zip(claimed.agreements, ours.agreements, strict=True)
    )
    return Check("agreements", is_same, "the texts agree alike" if is_same else "the texts agree otherwise")


def _fingerprint(claimed: SceneOutput, ours: SceneOutput) -> Check:
    """A bit beside the median may turn over on another machine."""
    one, other = claimed.fingerprint, ours.fingerprint
    is_same = one == other or (one is not None and other is not None and _is_near_bits(one, other))
    return Check("fingerprint", is_same, "the same fingerprint" if is_same else "another fingerprint")


def _is_near_bits(one: str, other: str) -> bool:
    return (int(one, 16) ^ int(other, 16)).bit_count() <= FINGERPRINT_BITS


def _pictures(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> Check:
    is_same = (
        claimed.left_out == ours.left_out
        and len(claimed.pictures) == len(ours.pictures)
        and all(_shows_alike(one, other, criteria) for one, other in zip(claimed.pictures, ours.pictures, strict=True))
    )
    return Check("pictures", is_same, "the pictures show the same" if is_same else "the pictures show something else")


def _shows_alike(one: SeenPicture, other: SeenPicture, criteria: ReExecution) -> bool:
    return (
        one.picture == other.picture
        and is_same_image(one.image, other.image)
        and _is_near_bits(one.fingerprint, other.fingerprint)
        and _are_alike(one.words, other.words, criteria)
        and _rests_alike(one, other, criteria)
    )


def _found(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> Check:
    is_same = len(claimed.found) == len(ours.found) and all(
        one.text == other.text and _is_same_ranking(one.ranking, other.ranking, criteria)
        for one, other in zip(claimed.found, ours.found, strict=True)
    )
    return Check("found", is_same, "the same pictures are found" if is_same else "other pictures are found")


def _is_same_ranking(claimed: Sequence[RankedPicture], ours: Sequence[RankedPicture], criteria: ReExecution) -> bool:
    """Two pictures within the tolerance of each other may change places."""
    nearest_first = [entry.similarity for entry in claimed]
    expected = {entry.picture: entry for entry in ours}
    return (
        nearest_first == sorted(nearest_first, reverse=True)
        and len(claimed) == len(ours)
        and {entry.picture for entry in claimed} == set(expected)
        and all(
            entry.matches == expected[entry.picture].matches
            and is_near(entry.similarity, expected[entry.picture].similarity, criteria.score_tolerance)
            for entry in claimed
        )
    )


def _video(claimed: SceneOutput, ours: SceneOutput, criteria: ReExecution) -> Check:
    is_same = len(claimed.video) == len(ours.video) and all(
        is_near(one.time_s, other.time_s, TIME_TOLERANCE_S)
        and all(check.passed for check in compare_objects(one.objects, other.objects, criteria))
        for one, other in zip(claimed.video, ours.video, strict=True)
    )
    return Check("video", is_same, "the same frames" if is_same else "other frames or objects in them")


def _is_same_picture(claimed: SceneOutput, ours: SceneOutput) -> bool:
    if claimed.image is None or ours.image is None:
        return claimed.image is ours.image
    return is_same_image(claimed.image, ours.image)


def _told(answer: SceneAnswer) -> tuple[str, str]:
    return answer.question, answer.answer


def _rests_alike(one: SceneAnswer | SeenPicture, other: SceneAnswer | SeenPicture, criteria: ReExecution) -> bool:
    checks = [
        *compare_objects(one.objects, other.objects, criteria),
        *compare_text(one.text, other.text, criteria),
    ]
    return all(check.passed for check in checks)


def _is_same_track(claimed: Track | None, ours: Track | None) -> bool:
    if claimed is None or ours is None:
        return claimed is ours
    if claimed.sensors != ours.sensors or len(claimed.points) != len(ours.points):
        return False
    return all(
        is_near(one.time_s, other.time_s, TIME_TOLERANCE_S)
        and len(one.position) == len(other.position) == len(one.deviation) == len(other.deviation)
        and is_near_all(one.position, other.position, TRACK_TOLERANCE_M)
        and is_near_all(one.deviation, other.deviation, TRACK_TOLERANCE_M)
        for one, other in zip(claimed.points, ours.points, strict=True)
    )
