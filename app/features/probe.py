"""Probe: what the maps say under the pointer, their peaks, and going to another peak."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QPointF, Slot
from PySide6.QtWidgets import QMenu

from app.controller.redirect import Redirect
from app.features.feature import Feature, Parts
from app.ui_state import UiState
from app.views.layer_types import ShownLayer, cell_at
from app.views.probe_item import Line
from core.render.peaks import Peak, find_peaks

_REACH = 28.0  # view points from a peak at which the menu offers it


class ProbeFeature(Feature):
    """Two switches, and an entry in the menu on the picture."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._canvas = parts.panels.canvas
        self._overlay = parts.controller.overlay
        part = parts.controller
        self._redirect = Redirect(part.desk, part.edits, part.runs, part.playback, self)
        self._layers: tuple[ShownLayer, ...] = ()
        self._pointer: tuple[float, float] | None = None
        self._canvas.cursor_at.connect(self._move)
        self._canvas.cursor_left.connect(self._leave)
        self._overlay.layers_shown.connect(self._take)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """Switches are read where they matter; toggling only repaints."""
        return {
            "probe": self._show_readout,
            "peaks": self._show_peaks,
            "go_to_rival": self._go_to_rival,
        }

    def state_changed(self, state: UiState) -> None:
        """Without a clip there is nothing to tell."""
        if not state.has_clip:
            self._take((), 0)

    def extend_menu(self, menu: QMenu, where: QPoint) -> None:
        """Offer to go to the peak under the pointer."""
        at = QPointF(self._canvas.viewport().mapFromGlobal(where))
        peak = self._peak_near(at)
        if peak is None or self.parts.controller.desk.state.track is None:
            return
        text = self.tr("Go there instead (peak of %.0f %%)") % (100 * peak.share)
        first = menu.actions()[0] if menu.actions() else None
        entry = menu.addAction(text)
        entry.setToolTip(self.tr("Put the box on this peak and track on from it"))
        entry.triggered.connect(partial(self._go, peak))
        if first is not None:
            menu.insertAction(first, entry)
            menu.insertSeparator(first)

    # ---- showing -----------------------------------------------------------------------

    @Slot(object, int)
    def _take(self, layers: Sequence[ShownLayer], _: int) -> None:
        self._layers = tuple(layers)
        self._show_peaks()
        self._show_readout()

    @Slot(float, float)
    def _move(self, x: float, y: float) -> None:
        self._pointer = (x, y)
        self._show_readout()

    @Slot()
    def _leave(self) -> None:
        self._pointer = None
        self._show_readout()

    def _show_peaks(self) -> None:
        shown = self.parts.actions["peaks"].isChecked()
        self._canvas.show_peaks(self._peaks() if shown else ())

    def _show_readout(self) -> None:
        if not self.parts.actions["probe"].isChecked() or self._pointer is None:
            self._canvas.show_probe((), 0.0, 0.0)
            return
        x, y = self._pointer
        lines: list[Line] = [(self.tr("frame"), f"x {x:.1f}  y {y:.1f}", "")]
        for layer in reversed(self._layers):
            cell = None if layer.response is None else cell_at(layer.response, x, y)
            if cell is None:
                lines.append((layer.title, "–", ""))
            else:
                row, col, value = cell
                lines.append((layer.title, f"{value:.4g}", self.tr("cell %d, %d") % (row, col)))
        self._canvas.show_probe(lines, x, y)

    # ---- peaks -------------------------------------------------------------------------

    def _edited(self) -> ShownLayer | None:
        found = (one for one in self._layers if one.settings == self._overlay.settings)
        return next(found, self._layers[-1] if self._layers else None)

    def _peaks(self) -> tuple[Peak, ...]:
        layer = self._edited()
        return find_peaks(layer.response) if layer is not None and layer.response else ()

    def _peak_near(self, at: QPointF) -> Peak | None:
        def away(peak: Peak) -> float:
            return (self._canvas.frame_to_view(peak.x, peak.y) - at).manhattanLength()

        nearest = min(self._peaks(), key=away, default=None)
        return nearest if nearest is not None and away(nearest) <= _REACH else None

    def _go_to_rival(self) -> None:
        peaks = self._peaks()
        if len(peaks) < 2:
            self.parts.controller.desk.say(
                self.tr("The shown map has no second peak here."),
                self.tr("Show another map, or click where the target is with the right button."),
            )
            return
        self._go(peaks[1])

    def _go(self, peak: Peak, *_: object) -> None:
        layer = self._edited()
        if layer is not None:
            self._redirect.go(peak.x, peak.y, layer.frame)
