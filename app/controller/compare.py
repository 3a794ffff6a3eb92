"""Two runs beside each other: which two, and what they say of a frame.

To choose from are the last run, a trial, the open recording and further recordings of the
same clip. Side A and side B are traces; nothing here touches the document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.overlay import Overlay
from app.controller.run_state import LastRun
from app.controller.runs import Runs
from app.controller.what_if import Outcome, WhatIf, trace_of_run
from app.jobs.background import Background
from app.views.layer_types import ShownLayer
from app.views.view_types import OverlaySettings
from core.engine.trace import Comparison, Trace, compare
from core.errors import BoxtrailError
from core.recording import replay
from core.recording.recording import Recording
from core.render import derived
from core.render.layers import DrawnLayer
from core.replay import ReplaySession
from core.trackers.base import ResponseMap

RUN, TRIAL, OPEN = "run", "trial", "open"
_GROWTH_MS = 400


class Compare(QObject):
    """Keeps what can be compared and what is.

    Attributes
    ----------
    sources_changed
        Others can be chosen, or were.
    changed
        A side shows other rows.
    """

    sources_changed = Signal()
    changed = Signal()
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        runs: Runs,
        overlay: Overlay,
        what_if: WhatIf,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._runs, self._overlay = desk, runs, overlay
        self._background = background
        self._traces: dict[str, Trace] = {}
        self._opened: dict[str, Recording] = {}
        self.sides = ["", ""]
        self.comparison: Comparison | None = None
        self._growth = QTimer(self)
        self._growth.setSingleShot(True)
        self._growth.setInterval(_GROWTH_MS)
        self._growth.timeout.connect(self._on_growth)
        desk.clip_changed.connect(self._on_clip)
        runs.rows_added.connect(self._on_rows)
        runs.run_started.connect(self._on_run)
        runs.run_ended.connect(self._on_run)
        what_if.finished.connect(self._on_trial)

    def entries(self) -> list[tuple[str, str]]:
        """What can be chosen: keys and titles."""
        return [(key, trace.title) for key, trace in self._traces.items()]

    def trace(self, side: int) -> Trace | None:
        """What side A (0) or B (1) shows."""
        return self._traces.get(self.sides[side])

    def choose(self, side: int, key: str) -> None:
        """Show `key` on a side; the same on both sides swaps them."""
        if key not in self._traces or self.sides[side] == key:
            return
        if self.sides[1 - side] == key:
            self.sides.reverse()
        else:
            self.sides[side] = key
        self._refresh()

    def add_recording(self, path: Path) -> None:
        """Read a recording of the same clip, to be chosen; it becomes side B."""
        session = self._desk.session

        def load() -> tuple[Recording, Trace]:
            recording = Recording(path)
            try:
                return recording, replay.trace_of(recording)
            except BaseException:
                recording.close()
                raise

        def add(loaded: tuple[Recording, Trace]) -> None:
            if self._desk.session is not session:
                loaded[0].close()
                return
            self._add(path, *loaded)

        self._background.run(load, add, self._failed)

    def layers(self, side: int, frame: int, *, difference: bool = False) -> list[ShownLayer]:
        """The maps of a side on `frame`, as the layers of the window are set.

        With `difference` instead the map of side A minus that of side B.
        """
        stack = self._overlay.stack
        if difference:
            return [layer for layer in [self._difference(stack.current, frame)] if layer]
        trace = self.trace(side)
        found: list[ShownLayer] = []
        if trace is None:
            return found
        for layer in stack.seen():
            response, age = self._map(side, layer.map_key, frame)
            title = self._overlay.title_of(layer.map_key)
            found.append(ShownLayer(layer, title, response, frame - age * trace.step, age))
        return found

    def reader(self, side: int, *, difference: bool) -> Callable[[int], list[DrawnLayer]]:
        """Gives the layers of a side on any frame as they are set now; for any thread."""
        traces = (self.trace(0), self.trace(1))
        stack, note = self._overlay.stack, self.tr("Map of frame {0}")

        def read(frame: int) -> list[DrawnLayer]:
            if difference:
                first, second = (_map_of(one, stack.current.map_key, frame)[0] for one in traces)
                if first is None or second is None:
                    return []
                return [DrawnLayer(_signed(stack.current), derived.difference(first, second))]
            drawn: list[DrawnLayer] = []
            trace = traces[side]
            for layer in stack.seen() if trace is not None else ():
                response, age = _map_of(trace, layer.map_key, frame)
                if trace is not None and response is not None:
                    text = note.format(frame - age * trace.step) if age else ""
                    drawn.append(DrawnLayer(layer, response, text))
            return drawn

        return read

    def finish(self) -> None:
        """Close recordings that were added."""
        for recording in self._opened.values():
            recording.close()
        self._opened.clear()

    # ---- inside ----

    def _map(self, side: int, key: str, frame: int) -> tuple[ResponseMap | None, int]:
        return _map_of(self.trace(side), key, frame)

    def _difference(self, layer: OverlaySettings, frame: int) -> ShownLayer | None:
        first, _ = self._map(0, layer.map_key, frame)
        second, _ = self._map(1, layer.map_key, frame)
        if first is None or second is None:
            return None
        title = self.tr("A − B: %s") % self._overlay.title_of(layer.map_key)
        return ShownLayer(_signed(layer), title, derived.difference(first, second), frame)

    def _add(self, path: Path, recording: Recording, trace: Trace) -> None:
        session = self._desk.session
        known = session.store.current.video if session is not None else None
        clip = recording.clip
        if known and known.fingerprint and clip.fingerprint not in ("", known.fingerprint):
            self._desk.say(
                self.tr("“%s” is of another video.") % path.name,
                self.tr("Frames with the same number are compared all the same."),
                "warning",
            )
        key = f"file {path}"
        before = self._opened.pop(key, None)
        if before is not None:
            before.close()
        self._opened[key], self._traces[key] = recording, trace
        self._put_second(key)

    def _put_second(self, key: str) -> None:
        if self.sides[0] in ("", key):
            others = [name for name in self._traces if name != key]
            self.sides[0] = others[0] if others else key
        self.sides[1] = key
        self._refresh()

    def _refresh(self) -> None:
        self.sides = [key if key in self._traces else "" for key in self.sides]
        for side in (0, 1):
            free = [key for key in self._traces if key not in self.sides]
            if not self.sides[side] and free:
                self.sides[side] = free[0]
        self._compare()
        self.sources_changed.emit()

    def _compare(self) -> None:
        first, second = self.trace(0), self.trace(1)
        self.comparison = None
        if first is not None and second is not None:
            self.comparison = compare(first, second)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)

    @Slot()
    def _on_clip(self) -> None:
        self.finish()
        self._traces.clear()
        self.sides = ["", ""]
        session = self._desk.session
        if isinstance(session, ReplaySession):
            recording = session.recording
            self._traces[OPEN] = Trace.of_rows(
                recording.path.name, session.rows, recording, recording.maps, session.step
            )
        self._refresh()

    @Slot(list)
    def _on_rows(self, rows: list) -> None:
        if not self._growth.isActive():
            self._growth.start()

    @Slot()
    def _on_growth(self) -> None:
        last = self._last_run()
        if last is not None and RUN in self._traces and RUN in self.sides:
            self._traces[RUN] = trace_of_run(last)
            self._compare()

    @Slot(object)
    def _on_run(self, plan: object) -> None:
        self._growth.stop()  # what follows has all rows
        last = self._last_run()
        if last is not None:
            self._traces[RUN] = trace_of_run(last)
            self._refresh()

    def _last_run(self) -> LastRun | None:
        """The last run; None where several trackers made it: their maps are not one trace."""
        last = self._runs.last
        return None if last is None or last.plan.members else last

    @Slot(object)
    def _on_trial(self, outcome: Outcome | None) -> None:
        if outcome is None:
            if self._traces.pop(TRIAL, None) is not None:
                self._refresh()
            return
        self._traces[TRIAL] = outcome.trace
        session = self._desk.session
        of_recording = outcome.known.trace.source is getattr(session, "recording", None)
        self.sides = [OPEN if of_recording and OPEN in self._traces else RUN, TRIAL]
        self._refresh()


def _map_of(trace: Trace | None, key: str, frame: int) -> tuple[ResponseMap | None, int]:
    if trace is None or trace.source is None or frame not in trace.rows:
        return None, 0
    return trace.source.latest(frame, key, trace.step) or (None, 0)


def _signed(layer: OverlaySettings) -> OverlaySettings:
    """How the difference of the maps of `layer` looks."""
    return replace(
        layer, colormap="balance", low=0.0, high=1.0, auto_levels=True, gamma=1.0, fade=0.0,
        threshold=0.0, derive="", contours=0, blend="normal", visible=True,
    )  # fmt: skip
