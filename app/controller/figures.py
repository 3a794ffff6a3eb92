"""What a figure of the open clip is made of: pictures, boxes, truth, maps and curves of now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.runs import Runs
from app.controller.truth import GroundTruth
from core.errors import FrameUnavailable
from core.render.boxes import DrawnBox, boxes_on
from core.render.chart import Series
from core.render.figure import FigureLook, FrameView
from core.render.maps import MapLook
from core.render.overlay import Extras, Look
from core.trackers.base import Patch, ResponseMap

Values = Callable[[int], Mapping[str, float | None]]
"""The values of the shown curves on a frame."""


class Figures(QObject):
    """Collects; what is collected is a value and may be drawn on any thread."""

    def __init__(
        self, desk: Desk, truth: GroundTruth, runs: Runs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._truth, self._runs = desk, truth, runs

    def views(self, frames: Sequence[int]) -> list[FrameView]:
        """What is known of these frames; those outside the clip are left out."""
        session = self._desk.session
        if session is None:
            return []
        info = session.video.info
        found = []
        for frame in frames:
            if not 0 <= frame < info.frame_count:
                continue
            picture = None
            with contextlib.suppress(FrameUnavailable):
                picture = session.video.read(frame).image
            size = (info.width, info.height)
            found.append(
                FrameView(
                    frame,
                    size,
                    picture,
                    tuple(self.boxes(frame)),
                    self.outline(frame),
                    self.response(frame),
                    self.patches(frame),
                )
            )
        return found

    def boxes(self, frame: int) -> list[DrawnBox]:
        """The visible boxes, the selected object's first."""
        track = self._desk.state.track
        document = self._desk.document
        drawn = boxes_on(document, frame)
        if document.has_track(track):
            title = document.track(track or 0).title
            drawn.sort(key=lambda one: one.title != title)
        return drawn

    def outline(self, frame: int) -> np.ndarray | None:
        """The true region, where it is shown."""
        truth = self._truth.truth
        return truth.outline(frame) if truth is not None and self._truth.visible else None

    def response(self, frame: int) -> ResponseMap | None:
        """The chosen map made on this very frame."""
        found = self._runs.map_at(frame)
        if found is None or found[1] != 0 or not isinstance(found[0], ResponseMap):
            return None
        return found[0]

    def patches(self, frame: int) -> Mapping[str, Patch]:
        """The tracker's own pictures made on this very frame."""
        found = self._runs.source()
        attached = found[0].attached(frame, found[1]) if found is not None else None
        return attached[0].patches if attached is not None and attached[1] == 0 else {}

    def curves(self, values: Values) -> list[Series]:
        """The curves that the dock shows, over the frames that have any value."""
        rows = [dict(values(frame)) for frame in range(self._desk.state.frame_count)]
        names = list(rows[0]) if rows else []
        found = []
        for name in names:
            column = np.array([np.nan if row[name] is None else row[name] for row in rows])
            known = np.flatnonzero(np.isfinite(column))
            if len(known):
                frames = np.arange(known[0], known[-1] + 1)
                inside = column[frames]
                share = name in ("score", "overlap")
                found.append(Series(name, frames.astype(float), inside, share))
        return found

    def extras(self, look: FigureLook, *, maps: bool) -> Extras:
        """What an overlay video shows beside the boxes."""
        style = Look(MapLook(look.colormap, look.opacity, smooth=look.smooth))
        nothing: Callable[[int], ResponseMap | None] = lambda frame: None  # noqa: E731
        return Extras(self.response if maps else nothing, self.outline, look=style)
