"""What a figure of the open clip is made of: pictures, boxes, truth, maps and curves of now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.overlay import Overlay
from app.controller.truth import GroundTruth
from core.errors import FrameUnavailable
from core.render.boxes import DrawnBox, boxes_on
from core.render.chart import Series
from core.render.figure import FrameView
from core.render.layers import DrawnLayer
from core.render.overlay import Extras
from core.render.panes import Panes
from core.trackers.base import Patch, ResponseMap

Values = Callable[[int], Mapping[str, float | None]]
"""The values of the shown curves on a frame."""


class Figures(QObject):
    """Collects; what is collected is a value and may be drawn on any thread."""

    def __init__(
        self, desk: Desk, truth: GroundTruth, overlay: Overlay, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._truth, self._overlay = desk, truth, overlay

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
        """The edited layer's map made on this very frame."""
        source = self._overlay.source()
        if source is None:
            return None
        found = source[0].latest(frame, self._overlay.settings.map_key, source[1])
        return found[0] if found is not None and found[1] == 0 else None

    def patches(self, frame: int) -> Mapping[str, Patch]:
        """The tracker's own pictures made on this very frame."""
        attached = self._overlay.attached_at(frame)
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

    def extras(self, panels: Sequence[str], values: Values) -> Extras:
        """What an overlay video shows beside the boxes: all layers as they are looked at."""
        layers = self._overlay.reader() if "overlay" in panels or "map" in panels else _no_layers
        names = [name for name in ("search", "template") if name in panels]
        shown = list(self.curves(values)) if "curves" in panels else []
        source = self._overlay.source()

        def patches(frame: int) -> Mapping[str, Patch]:
            attached = None if source is None else source[0].attached(frame, source[1])
            return {} if attached is None else attached[0].patches

        panes = Panes(patches, names, shown) if names or shown else None
        return Extras(layers, self.outline, panes=panes)


def _no_layers(frame: int) -> Sequence[DrawnLayer]:
    return ()
