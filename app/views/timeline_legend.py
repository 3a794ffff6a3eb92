"""What the shapes of the timeline mean, drawn by the code that draws the timeline itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app import theme
from app.views.focus_ring import FocusRing
from app.views.lane_marks import Area, paint_marks
from app.views.timeline_data import TrackLane
from app.views.timeline_lanes import LanePixmaps
from app.views.timeline_raster import LANE_HEIGHT
from app.views.timeline_scale import TimeScale
from core.document.track import Columns, Interval, Keyframe
from core.geometry import Box
from core.states import Flag, IntervalMode, Source, TargetState

_WIDTH = 72
_FRAMES = 24
_COLOR = "#0072b2"


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the legend: its words, and the lane that shows what they mean."""

    words: str
    lane: TrackLane


def samples(tr: Callable[[str], str]) -> list[tuple[str, list[Sample]]]:
    """All lines by group; `tr` translates."""
    tracked = _lane(Source.TRACKED)
    between = _lane(Source.INTERPOLATED, keys=(3, 20))
    modes = {
        IntervalMode.LINEAR: tr("on a straight line between your boxes"),
        IntervalMode.SMOOTH: tr("on a smooth curve between your boxes"),
        IntervalMode.GAP: tr("no boxes between yours"),
    }
    marked = np.array([6, 15], np.int32)
    doubted = np.arange(8, 16, dtype=np.int32)
    shown = [
        Sample(text, replace(between if mode is not IntervalMode.GAP else _lane(keys=(3, 20)),
                             intervals=(Interval(3, 20, mode),)))
        for mode, text in modes.items()
    ]  # fmt: skip
    return [
        (
            tr("Where a box comes from"),
            [
                Sample(tr("drawn or moved by you"), _lane(keys=(6, 17))),
                Sample(tr("found by a tracker, sure of it"), tracked),
                Sample(tr("uncertain"), _lane(Source.TRACKED, TargetState.UNCERTAIN)),
                Sample(tr("lost"), _lane(Source.TRACKED, TargetState.LOST)),
                Sample(tr("interpolated"), _lane(Source.INTERPOLATED)),
                Sample(tr("imported"), _lane(Source.IMPORTED)),
                Sample(tr("accepted by you"), _lane(Source.TRACKED, flags=Flag.CONFIRMED)),
            ],
        ),
        (tr("Between your boxes"), [Sample(tr("as tracked"), _lane(Source.TRACKED, keys=(3, 20))),
                                    *shown]),
        (
            tr("What is said of the target"),
            [
                Sample(tr("partly hidden"), _lane(Source.TRACKED, flags=Flag.OCCLUDED)),
                Sample(tr("cut by the border"), _lane(Source.TRACKED, flags=Flag.TRUNCATED)),
                Sample(tr("not in the picture"), _lane(Source.TRACKED, flags=Flag.ABSENT)),
                Sample(
                    tr("out of the picture"),
                    _lane(Source.TRACKED, flags=Flag.ABSENT | Flag.OUT_OF_VIEW),
                ),
                Sample(tr("attributes change"), replace(tracked, changes=marked)),
            ],
        ),
        (
            tr("Proposals"),
            [
                Sample(tr("proposed by a run"), replace(_lane(), proposed=((4, 19),))),
                Sample(
                    tr("both directions disagree"),
                    replace(tracked, disagreement=(doubted, np.full(8, 0.8, np.float32))),
                ),
            ],
        ),
    ]  # fmt: skip


class TimelineLegend(QScrollArea):
    """The lines of the legend with their groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        FocusRing(self)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Legend of the timeline"))
        inside = QWidget(self)
        inside.setProperty("surface", "panel")
        column = QVBoxLayout(inside)
        column.setSpacing(2)
        for title, group in samples(self.tr):
            heading = QLabel(title, inside)
            heading.setProperty("role", "heading")
            heading.setContentsMargins(0, theme.GRID, 0, 0)
            column.addWidget(heading)
            for sample in group:
                column.addWidget(_Line(sample, inside))
        column.addStretch(1)
        self.setWidget(inside)


class _Line(QWidget):
    """A piece of a lane, and what it means."""

    def __init__(self, sample: Sample, parent: QWidget) -> None:
        super().__init__(parent)
        self._sample = sample
        self._pixmaps = LanePixmaps()
        self._pixmaps.keep([sample.lane])
        self._words = QLabel(sample.words, self)
        self._words.setWordWrap(True)
        self.setAccessibleName(sample.words)
        self.setMinimumHeight(LANE_HEIGHT + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(_WIDTH + 14, 2, 0, 2)
        row.addWidget(self._words, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, scale = QPainter(self), TimeScale.fitted(_FRAMES, _WIDTH)
        painter.translate(0, (self.height() - LANE_HEIGHT - 4) // 2)
        painter.fillRect(2, 1, _WIDTH + 4, LANE_HEIGHT + 2, QColor(theme.colors().window))
        lane = self._sample.lane
        painter.drawPixmap(4, 2, self._pixmaps.pixmap(lane, scale, self.devicePixelRatioF()))
        painter.setClipRect(2, 1, _WIDTH + 4, LANE_HEIGHT + 2)
        paint_marks(painter, lane, scale, Area(4, 2, LANE_HEIGHT))
        painter.end()


def _lane(
    source: Source | None = None,
    state: TargetState = TargetState.TRACKING,
    flags: Flag = Flag.NONE,
    keys: tuple[int, ...] = (),
) -> TrackLane:
    """A lane of boxes of one kind, with a person's boxes on `keys`."""
    box = Box(0, 0, 9, 9)
    frames = range(1, _FRAMES - 1) if not keys else range(keys[0] + 1, keys[-1])
    rows = (
        [Keyframe(f, box, source, 1.0, state, flags) for f in frames] if source is not None else []
    )
    rows += [Keyframe(f, box) for f in keys]
    return TrackLane(1, "", _COLOR, Columns.of_keyframes(rows))
