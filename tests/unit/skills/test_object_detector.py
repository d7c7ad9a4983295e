"""Boxes out of the detector's numbers: decoding and suppression on known arrays, without the model."""

import numpy as np
import pytest

from agents_offchain.skills.errors import InferenceFailed
from agents_offchain.skills.vision.detector import Detector, detect_objects, non_maximum_suppression
from agents_offchain.skills.vision.detector_form import NANODET
from agents_offchain.skills.vision.heads import nanodet
from agents_offchain.skills.vision.inputs import channels_first
from agents_offchain.skills.vision.labels import COCO_LABELS

pytestmark = pytest.mark.unit

CELLS = {8: 52 * 52, 16: 26 * 26, 32: 13 * 13}


class FixedSession:
    """A model that answers with given outputs, whatever it is shown."""

    class Input:
        name = "input"
        shape = (1, 3, 416, 416)

    def __init__(self, outputs: list[np.ndarray]) -> None:
        self.outputs = outputs
        self.shown: np.ndarray | None = None

    def get_inputs(self) -> list["FixedSession.Input"]:
        return [self.Input()]

    def run(self, names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.shown = feed["input"]
        return self.outputs


def outputs_with(*found: tuple[int, int, int, str, float, tuple[int, int, int, int]]) -> list[np.ndarray]:
    """Outputs where cells (stride, row, column) see a label with a score, at distances in whole bins."""
    scores = {stride: np.zeros((1, cells, 80), np.float32) for stride, cells in CELLS.items()}
    distances = {stride: np.zeros((1, cells, 44), np.float32) for stride, cells in CELLS.items()}
    for stride, row, column, label, score, bins in found:
        cell = row * (NANODET.input_side_px // stride) + column
        scores[stride][0, cell, COCO_LABELS.index(label)] = score
        for side, chosen in enumerate(bins):
            distances[stride][0, cell, 11 * side + chosen] = 60.0
    return [*scores.values(), *distances.values()]


def test_labels__count_and_order__are_cocos() -> None:
    assert len(set(COCO_LABELS)) == len(COCO_LABELS) == 80
    assert [COCO_LABELS[index] for index in (0, 15, 41, 79)] == ["person", "cat", "cup", "toothbrush"]


@pytest.mark.parametrize(("stride", "row", "column"), [(8, 10, 20), (16, 3, 5), (32, 12, 12)])
def test_nanodet__sure_bins__are_distances_from_the_cells_centre(stride: int, row: int, column: int) -> None:
    boxes, scores = nanodet(
        [level[0] for level in outputs_with((stride, row, column, "cat", 0.9, (1, 2, 3, 4)))], 80, 416, 0.0
    )
    index = int(scores[:, COCO_LABELS.index("cat")].argmax())
    x, y = (column + 0.5) * stride, (row + 0.5) * stride
    assert boxes.shape == (3549, 4)
    expected = [x - stride, y - 2 * stride, x + 3 * stride, y + 4 * stride]
    np.testing.assert_allclose(boxes[index], expected, atol=1e-3)


def test_nanodet__all_bins_alike__reach_five_strides() -> None:
    boxes, _ = nanodet([level[0] for level in outputs_with()], 80, 416, 0.0)
    np.testing.assert_allclose(boxes[0], [4 - 40, 4 - 40, 4 + 40, 4 + 40], atol=1e-4)


def test_nanodet__a_least_score__keeps_exactly_the_cells_that_reach_it_with_the_same_numbers() -> None:
    rng = np.random.default_rng(7)
    counts = CELLS.values()
    outputs = [rng.random((cells, 80), np.float32) ** 40 for cells in counts]
    outputs += [rng.normal(size=(cells, 44)).astype(np.float32) for cells in counts]
    all_boxes, all_scores = nanodet(outputs, 80, 416, 0.0)

    boxes, scores = nanodet(outputs, 80, 416, 0.4)

    reached = all_scores.max(axis=1) >= 0.4
    assert 0 < reached.sum() < len(reached)
    np.testing.assert_array_equal(boxes, all_boxes[reached])
    np.testing.assert_array_equal(scores, all_scores[reached])
    assert boxes.dtype == scores.dtype == np.float32


@pytest.mark.parametrize("order", [1, -1])
def test_channels_first__every_value__is_scaled_to_the_last_bit(order: int) -> None:
    ramp = np.arange(256, dtype=np.uint8)
    pixels = np.stack([ramp, ramp[::-1], np.roll(ramp, 7)], axis=-1).reshape(16, 16, 3)

    shown = channels_first(pixels, NANODET.mean, NANODET.deviation, order)

    for plane, mean, deviation, out in zip(
        pixels[..., ::order].transpose(2, 0, 1), NANODET.mean, NANODET.deviation, shown[0], strict=True
    ):
        expected = (plane.astype(np.float32) - np.float32(mean)) / np.float32(deviation)
        np.testing.assert_array_equal(out, expected)


def test_detect_objects__picture_of_another_shape__has_boxes_in_its_pixels_and_inside_it() -> None:
    session = FixedSession(outputs_with((32, 6, 6, "dog", 0.8, (2, 2, 2, 2)), (32, 0, 0, "bus", 0.7, (9, 9, 1, 1))))
    dog, bus = detect_objects(Detector(NANODET, session), np.zeros((208, 832, 3), np.uint8), 0.4)
    assert (dog.label, dog.score) == ("dog", 0.8)
    assert dog.box_px == pytest.approx((288, 72, 544, 136), abs=0.01)
    assert bus.box_px[:2] == (0.0, 0.0)


def test_detect_objects__pixels__are_shown_as_bgr_planes_normalised() -> None:
    session = FixedSession(outputs_with())
    pixels = np.full((416, 416, 3), (123, 116, 103), np.uint8)
    assert detect_objects(Detector(NANODET, session), pixels, 0.4) == []
    assert session.shown is not None
    assert session.shown.shape == (1, 3, 416, 416)
    assert session.shown.dtype == np.float32
    assert np.abs(session.shown).max() < 0.02  # about the mean of every plane, in the model's order


def test_detect_objects__overlap__is_suppressed_within_a_class_only() -> None:
    session = FixedSession(
        outputs_with(
            (32, 6, 6, "cat", 0.7, (2, 2, 2, 2)),
            (16, 12, 12, "cat", 0.6, (4, 4, 4, 4)),
            (8, 25, 25, "dog", 0.5, (8, 8, 8, 8)),
            (32, 1, 1, "cat", 0.45, (1, 1, 1, 1)),
            (32, 9, 9, "cow", 0.39, (1, 1, 1, 1)),
        )
    )
    found = detect_objects(Detector(NANODET, session), np.zeros((416, 416, 3), np.uint8), 0.4)
    assert [(item.label, item.score) for item in found] == [("cat", 0.7), ("dog", 0.5), ("cat", 0.45)]


def test_detect_objects__equal_scores__are_in_one_order() -> None:
    session = FixedSession(
        outputs_with(
            (32, 2, 9, "cat", 0.5, (1, 1, 1, 1)), (32, 2, 2, "cat", 0.5, (1, 1, 1, 1)), (32, 2, 2, "cow", 0.5, (1,) * 4)
        )
    )
    found = detect_objects(Detector(NANODET, session), np.zeros((416, 416, 3), np.uint8), 0.4)
    assert [item.label for item in found] == ["cat", "cow", "cat"]
    assert found[0].box_px < found[2].box_px


def test_detect_objects__runtime_fails__is_an_error_of_ours() -> None:
    class BrokenSession(FixedSession):
        def run(self, names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            raise RuntimeError("driver text")

    with pytest.raises(InferenceFailed) as caught:
        detect_objects(Detector(NANODET, BrokenSession([])), np.zeros((8, 8, 3), np.uint8), 0.4)
    assert "driver text" not in str(caught.value)


def test_non_maximum_suppression__half_overlap__keeps_at_the_limit_and_drops_beyond() -> None:
    boxes = np.array([[0, 0, 30, 10], [10, 0, 40, 10], [9, 0, 39, 10]], np.float32)
    assert non_maximum_suppression(boxes, np.array([0, 1])) == [0, 1]  # intersection 200 of 400
    assert non_maximum_suppression(boxes, np.array([0, 2])) == [0]  # 210 of 390
    assert non_maximum_suppression(boxes, np.array([], np.intp)) == []
