"""Marks over a lane: shapes by mode, and no more of them than pixels can show."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from app.views import lane_marks
from app.views.lane_marks import Area
from app.views.timeline_data import TrackLane
from app.views.timeline_scale import TimeScale
from core.document.track import Columns, Interval
from core.states import IntervalMode

AREA = Area(0, 0, 20)
WIDTH = 200


def painted(lane: TrackLane, scale: TimeScale) -> np.ndarray:
    image = QImage(WIDTH, 20, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    lane_marks.paint_marks(painter, lane, scale, AREA)
    painter.end()
    return np.array(image.constBits(), np.uint8).reshape(20, WIDTH, 4)[..., 3] > 0


def lane(**fields: object) -> TrackLane:
    return TrackLane(1, "a", "#0072b2", Columns.empty(), **fields)  # type: ignore[arg-type]


def test_that_every_mode_has_a_shape_of_its_own(qapp) -> None:
    scale = TimeScale.fitted(100, WIDTH)
    shapes = [
        painted(lane(intervals=(Interval(10, 60, mode),)), scale)
        for mode in (IntervalMode.LINEAR, IntervalMode.SMOOTH, IntervalMode.GAP)
    ]
    for number, shape in enumerate(shapes):
        assert shape[:, 21:121].any()
        assert not shape[:, :20].any()
        assert not shape[:, 125:].any()
        assert not any(np.array_equal(shape, other) for other in shapes[:number])
    straight = shapes[0]
    assert straight[15, 55:65].any()  # rises about the middle
    assert straight[4, 75:87].any()
    assert not shapes[2][8, 40:100].any()  # brackets enclose nothing


def test_that_a_wide_interval_carries_its_sign_again_and_again(qapp) -> None:
    wide = lane(intervals=(Interval(0, 100_000, IntervalMode.LINEAR),))
    for first in (0.0, 500.0, 99_000.0):
        rows = painted(wide, TimeScale(100_001, WIDTH, first, 4.0))
        columns = np.flatnonzero(rows[5:15].any(axis=0))
        assert len(columns)
        assert len(columns) < WIDTH / 2
    far = TimeScale(100_001, WIDTH, 500.0, 64.0)
    seen = list(lane_marks.sign_places(far.x(0), far.x(100_000), 0.0, WIDTH))
    assert 1 <= len(seen) <= 3


@pytest.mark.parametrize("first", [0, 50_000, 99_000])
def test_that_a_long_clip_costs_what_is_in_view(qapp, first: int) -> None:
    intervals = tuple(Interval(n, n + 10, IntervalMode.LINEAR) for n in range(0, 100_000, 10))
    whole = TimeScale.fitted(100_000, WIDTH)
    busy = lane(
        intervals=intervals,
        changes=np.arange(100_000, dtype=np.int32),
        disagreement=(np.arange(100_000, dtype=np.int32), np.full(100_000, 0.5, np.float32)),
    )
    assert list(lane_marks.shown_intervals(busy, whole)) == []
    near = TimeScale(100_000, WIDTH, float(first), 2.0)
    shown = list(lane_marks.shown_intervals(busy, near))
    assert {i.first for i, _, _ in shown} >= set(range(first, first + 100, 10))
    assert len(shown) <= 12
    counted: list[str] = []

    class Counting(QPainter):
        def drawPolygon(self, *_: object) -> None:
            counted.append("notch")

        def fillRect(self, *_: object) -> None:
            counted.append("strip")

        def drawLine(self, *_: object) -> None:
            counted.append("mode")

    image = QImage(WIDTH, 20, QImage.Format.Format_ARGB32)
    for scale in (whole, near):
        counted.clear()
        painter = Counting(image)
        lane_marks.paint_marks(painter, busy, scale, AREA)
        painter.end()
        assert counted.count("notch") <= WIDTH / 7 + 1
        assert counted.count("strip") <= WIDTH + 2
        assert counted.count("mode") <= 12
    assert counted.count("strip") >= 100
