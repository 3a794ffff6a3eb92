"""What if, and two runs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PySide6.QtCore import QTimer, Slot

from app.controller.compare import Compare
from app.controller.compare_video import frames_of, sides_of
from app.controller.what_if import Outcome, WhatIf
from app.features.feature import Feature, Parts
from app.ui_state import UiState
from app.views.ab_canvas import COLORS
from app.views.ab_view import AbView
from app.views.view_types import BoxView, DisplayFrame, ProposalView
from app.views.what_if_panel import WhatIfPanel
from core.engine.trace import Comparison, Trace
from core.render.overlay import Extras
from core.replay import is_recording
from core.states import Flag, Source
from core.trackers import registry


class WhatIfFeature(Feature):
    """A dock to try parameters, and in the picture's place the view of A and B."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        self._desk = controller.desk
        self.what_if = WhatIf(controller.desk, controller.runs, controller.overlay, self)
        self.compare = Compare(
            controller.desk, controller.runs, controller.overlay, self.what_if,
            controller.background, self,
        )  # fmt: skip
        self.panel = WhatIfPanel()
        self.dock = parts.panels.add_dock(
            "what_if", parts.window.tr("What if"), self.panel, beside="tracker"
        )
        self.view = AbView()
        parts.panels.stack.addWidget(self.view)
        self._frame: DisplayFrame | None = None
        self._difference = False
        self._base_timer = QTimer(self)
        self._base_timer.setSingleShot(True)
        self._base_timer.setInterval(0)
        self._base_timer.timeout.connect(self._show_base)
        self._connect()

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See the base class."""
        return {"what_if": self._open_panel, "compare": self.toggle}

    def state_changed(self, state: UiState) -> None:
        """See the base class."""
        actions, some = self.parts.actions, bool(self.compare.entries())
        actions["compare"].setEnabled(state.has_clip and some)
        actions["compare"].setChecked(self.is_comparing)
        if self.dock.isVisible() and not state.playing and not state.is_running:
            self._base_timer.start()

    def finish(self) -> None:
        """See the base class."""
        self.what_if.cancel()
        self.compare.finish()

    @property
    def is_comparing(self) -> bool:
        """Whether A and B are in the picture's place."""
        return self.parts.panels.stack.currentWidget() is self.view

    def toggle(self) -> None:
        """Show A and B, or the picture again."""
        panels = self.parts.panels
        if self.is_comparing or not self.compare.entries():
            panels.show_clip(is_open=self._desk.session is not None)
        else:
            panels.stack.setCurrentWidget(self.view)
            self._show_sources()
            self._show_comparison()
            self.view.canvas.fit()
        self.parts.actions["compare"].setChecked(self.is_comparing)

    def _connect(self) -> None:
        controller, panel, view = self.parts.controller, self.panel, self.view
        panel.try_wanted.connect(self.what_if.try_out)
        panel.cancel_wanted.connect(self.what_if.cancel)
        panel.discard_wanted.connect(self.what_if.discard)
        panel.compare_wanted.connect(self._compare_outcome)
        panel.apply_wanted.connect(self._apply)
        self.what_if.progress.connect(panel.show_progress)
        self.what_if.finished.connect(self._show_outcome)
        self.what_if.base_changed.connect(self._base_timer.start)
        self.dock.visibilityChanged.connect(self._base_timer.start)
        controller.playback.frame_shown.connect(self._take_frame)
        controller.playback.moved.connect(view.curves.set_playhead)
        controller.overlay.stack_changed.connect(self._show_frame)
        controller.desk.clip_changed.connect(self._on_clip)
        self.compare.sources_changed.connect(self._show_sources)
        self.compare.changed.connect(self._show_comparison)
        view.side_chosen.connect(self.compare.choose)
        view.add_wanted.connect(self._add_recording)
        view.curve_chosen.connect(self._show_comparison)
        view.difference_toggled.connect(self._set_difference)
        view.closed.connect(self.toggle)
        view.curves.seek.connect(controller.seek)
        view.canvas.files_dropped.connect(self._dropped)

    # ---- what if ---------------------------------------------------------------------------

    def _open_panel(self) -> None:
        self.dock.show()
        self.dock.raise_()
        self._show_base()

    @Slot()
    def _show_base(self) -> None:
        if not self.dock.isVisible():
            return
        if not self.panel.has_trackers():
            self.panel.set_trackers(list(registry.trackers.values()))
        known = self.what_if.known()
        if known is None:
            self.panel.show_base("", "", {})
            return
        base = known.base
        first, last = sorted((base.start.frame, base.last))
        text = self.tr("{title}, frames {first} to {last}").format(
            title=known.trace.title, first=first, last=last
        )
        self.panel.show_base(text, base.tracker, base.params)

    @Slot(object)
    def _show_outcome(self, outcome: Outcome | None) -> None:
        self.panel.show_outcome("" if outcome is None else self._told(outcome))
        if outcome is not None and not self.is_comparing:
            self.toggle()

    def _told(self, outcome: Outcome) -> str:
        frames = outcome.comparison.frames
        span = f"{int(frames[0])} to {int(frames[-1])}" if len(frames) else "none"
        head = self.tr("{title}. Frames {span}.").format(title=outcome.trace.title, span=span)
        return f"{head} {self._words(outcome.comparison)}"

    @Slot()
    def _compare_outcome(self) -> None:
        if not self.is_comparing:
            self.toggle()

    @Slot(bool)
    def _apply(self, propose: bool) -> None:
        self.what_if.apply(propose=propose)
        if self.is_comparing:
            self.toggle()

    # ---- A and B ---------------------------------------------------------------------------

    @Slot()
    def _on_clip(self) -> None:
        self._frame = None
        for view in self.view.canvas.views:
            view.show_frame(None)

    @Slot(object, float)
    def _take_frame(self, frame: DisplayFrame | None, seconds: float) -> None:
        self._frame = frame
        self._show_frame()

    @Slot()
    def _show_sources(self) -> None:
        self.view.set_sources(self.compare.entries(), self.compare.sides)
        state = self._desk.state
        self.parts.actions["compare"].setEnabled(state.has_clip and bool(self.compare.entries()))
        if self.is_comparing and not self.compare.entries():
            self.toggle()

    @Slot()
    def _show_comparison(self) -> None:
        if not self.is_comparing:
            return
        first, second = self.compare.trace(0), self.compare.trace(1)
        traces = [trace for trace in (first, second) if trace is not None]
        self.view.set_curves(list(dict.fromkeys(n for trace in traces for n in trace.names())))
        name = self.view.curve()
        frames = sorted({frame for trace in traces for frame in trace.rows})
        known = range(frames[0], frames[-1] + 1) if frames else range(0)
        nothing = np.full(len(known), np.nan)
        values = [t.column(name, known) if t is not None else nothing for t in (first, second)]
        found = self.compare.comparison
        common = found.frames.astype(np.float64) if found is not None else np.empty(0)
        overlap = found.overlap if found is not None else np.empty(0)
        self.view.curves.show_curves(
            name, np.array(known, np.float64), values[0], values[1], common, overlap
        )
        self.view.show_words(self._words(found))
        self._show_frame()

    @Slot()
    def _show_frame(self) -> None:
        if not self.is_comparing or self._frame is None:
            return
        index = self._frame.index
        traces = [self.compare.trace(0), self.compare.trace(1)]
        for side, view in enumerate(self.view.canvas.views):
            view.show_frame(self._frame)
            view.show_layers(
                self.compare.layers(side, index, difference=self._difference and side == 1)
            )
            view.show_boxes(_box(traces[side], index, side))
            view.show_proposals(_ghost(traces[1 - side], index, 1 - side))
        self.view.curves.set_playhead(index)

    def video(self) -> tuple[Extras, int, int] | None:
        """The comparison that is looked at for a video: both sides, first frame, end; else None."""
        if not self.is_comparing:
            return None
        found = sides_of(self.compare, COLORS, curve=self.view.curve(), difference=self._difference)
        return None if found is None else (found, *frames_of(self.compare))

    @Slot(bool)
    def _set_difference(self, on: bool) -> None:
        self._difference = on
        self._show_frame()

    @Slot()
    def _add_recording(self) -> None:
        path = self.parts.controller.prompts.path_to_open()
        if path is not None:
            self.compare.add_recording(path)

    @Slot(list)
    def _dropped(self, paths: list[str]) -> None:
        from pathlib import Path

        path = Path(paths[0])
        if is_recording(path):
            self.compare.add_recording(path)
        else:
            self.parts.controller.project.open(path)

    def _words(self, found: Comparison | None) -> str:
        if found is None:
            return self.tr("Choose two runs to compare.")
        if not len(found.frames):
            return self.tr("The two have no frame in common.")
        if found.identical:
            return self.tr("Boxes and scores are the same, bit for bit.")
        parts = [self.tr("Mean overlap {value:.3f}.").format(value=found.mean_overlap)]
        if found.first_difference is not None:
            text = self.tr("Boxes differ from frame {frame} on.")
            parts.append(text.format(frame=found.first_difference))
        if found.first_apart is not None:
            parts.append(self.tr("Apart at frame {frame}.").format(frame=found.first_apart))
        change = float(np.mean(found.score))
        parts.append(self.tr("The score of B is {change:+.3f} on average.").format(change=change))
        return " ".join(parts)


def _box(trace: Trace | None, frame: int, side: int) -> list[BoxView]:
    row = trace.rows.get(frame) if trace is not None else None
    if row is None:
        return []
    source = Source.MANUAL if row.is_seed else Source.TRACKED
    return [
        BoxView(
            side + 1, row.box, COLORS[side], "AB"[side], source, row.state, Flag.NONE, row.score,
            selected=False, locked=False,
        )
    ]  # fmt: skip


def _ghost(trace: Trace | None, frame: int, side: int) -> list[ProposalView]:
    row = trace.rows.get(frame) if trace is not None else None
    return [] if row is None else [ProposalView(row.box, COLORS[side], "AB"[side])]
