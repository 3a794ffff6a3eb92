"""The timeline keeps a picture of what stands still: it is never out of date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import theme
from app.views.backdrop import Backdrop
from app.views.timeline import Timeline, TrackLane
from core.document.track import Columns, Interval, Keyframe
from core.geometry import Box
from core.states import IntervalMode, Source, TargetState

FRAMES = 1000


def columns(frames: range, state: TargetState = TargetState.TRACKING) -> Columns:
    box = Box(1, 2, 3, 4)
    return Columns.of_keyframes(Keyframe(f, box, Source.TRACKED, 0.7, state) for f in frames)


FIRST, SECOND = columns(range(0, 900, 3)), columns(range(200, 600))
LANES = [
    TrackLane(1, "car 1", "#56b4e9", FIRST, selected=True),
    TrackLane(2, "man 2", "#e69f00", SECOND),
    *(TrackLane(n, f"car {n}", "#009e73", FIRST) for n in range(3, 9)),
]


def with_lane(number: int, **fields: object) -> Callable[[Timeline], None]:
    def change(timeline: Timeline) -> None:
        lanes = list(timeline._lanes)
        lanes[number] = replace(lanes[number], **fields)
        timeline.set_tracks(lanes)

    return change


def dragged(timeline: Timeline) -> None:
    QTest.mouseMove(timeline.viewport(), QPoint(400, 100))
    timeline.set_playhead(333)
    timeline.set_playhead(334)


def dressed(scheme: theme.Scheme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, scheme)


def selected_other(timeline: Timeline) -> None:
    lanes = [replace(one, selected=one.track_id == 2) for one in timeline._lanes]
    timeline.set_tracks(lanes)


DISAGREEMENT = (np.arange(100, 300, dtype=np.int32), np.full(200, 0.6, np.float32))
CHANGES: dict[str, Callable[[Timeline], None]] = {
    "tracks": lambda t: t.set_tracks(LANES),
    "boxes of one": with_lane(0, columns=columns(range(500), TargetState.LOST)),
    "another selected": selected_other,
    "colour": with_lane(1, color="#cc79a7"),
    "name": with_lane(1, title="somebody else"),
    "hidden": with_lane(2, visible=False),
    "proposed": with_lane(1, proposed=((100, 400),)),
    "disagreement": with_lane(0, disagreement=DISAGREEMENT),
    "modes": with_lane(0, intervals=(Interval(300, 700, IntervalMode.LINEAR),)),
    "attributes": with_lane(0, changes=np.array([50, 450], np.int32)),
    "doubtful places": lambda t: t.set_flags([(100, 140, True), (600, 601, False)]),
    "damaged frames": lambda t: t.set_damaged([20, 500]),
    "frames in memory": lambda t: t.set_cached([(30, 200)]),
    "run": lambda t: t.set_run(10, 300, 900, 1),
    "run further": lambda t: t.set_run(10, 700, 900, 1),
    "run over": lambda t: t.clear_run(),
    "threshold": lambda t: t.set_threshold(0.8),
    "playhead": dragged,
    "zoom": lambda t: t.zoom_in(),
    "page": lambda t: t.set_playhead(990),
    "rolled": lambda t: t.verticalScrollBar().setValue(30),
    "boxes of a rolled one": with_lane(4, columns=columns(range(FRAMES))),
    "one of them gone": lambda t: t.set_tracks(LANES[:5]),
    "size": lambda t: t.resize(700, 220),
    "theme": lambda _: dressed("dark"),
    "another clip": lambda t: t.set_clip(300, 25.0),
    "no clip": lambda t: t.set_clip(0),
}


def pixels(timeline: Timeline) -> np.ndarray:
    QApplication.processEvents()
    image = timeline.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits(), np.int16).reshape(image.height(), image.width(), 4)


@pytest.fixture
def timeline(qtbot) -> Iterator[Timeline]:
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(900, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_clip(FRAMES, 25.0)
    yield made
    dressed("light")


def test_that_whatever_changes_is_seen_at_once(timeline: Timeline) -> None:
    before = pixels(timeline)
    for name, change in CHANGES.items():
        change(timeline)
        shown = pixels(timeline)
        timeline._renew()
        anew = pixels(timeline)
        # Lines cut by the border of what is painted anew may be a shade off.
        assert np.abs(shown - anew).max() <= 3, name
        assert before.shape != shown.shape or (before != shown).any(), f"{name} shows nothing"
        before = shown


def test_that_a_new_frame_draws_no_lane_anew(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline.set_tracks(LANES)
    pixels(timeline)
    drawn: list[TrackLane] = []
    monkeypatch.setattr(timeline, "_paint_lane", lambda *args: drawn.append(args[3]))
    timeline.set_playhead(400)
    pixels(timeline)
    assert drawn == []
    with_lane(1, title="other")(timeline)
    pixels(timeline)
    assert drawn


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_that_a_part_painted_anew_fits_what_is_around_it(qapp, ratio: float) -> None:
    shades = {"all": 10}

    def paint(painter: QPainter, dirty: QRect) -> None:
        painter.fillRect(QRect(0, 0, 40, 30), 0xFF000000 + shades["all"])

    backdrop, size = Backdrop(), QSize(40, 30)

    def shown(look: str = "") -> np.ndarray:
        image = backdrop.picture(size, ratio, qapp.font(), look, paint).toImage()
        image = image.convertToFormat(QImage.Format.Format_RGB32)
        width = image.width()
        return np.array(image.constBits(), np.uint8).reshape(-1, width, 4)[..., 0]

    assert (shown() == 10).all()
    shades["all"] = 200
    assert (shown() == 10).all()  # nobody said that anything is stale
    backdrop.spoil(QRect(10, 4, 6, 8))
    inside = np.zeros(shown().shape, bool)
    rows, cols = (slice(round(a * ratio), round(b * ratio)) for a, b in ((4, 12), (10, 16)))
    inside[rows, cols] = True
    assert np.array_equal(shown() == 200, inside)
    assert (shown("other look") == 200).all()
