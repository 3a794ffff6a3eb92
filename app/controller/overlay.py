"""Which maps lie over the frame, how, and where they come from.

The stack of layers is part of the state. A run under way is told at once what is looked
at, so that exactly those maps are made, and none while nobody looks. Maps come from a
:class:`~core.engine.map_source.MapSource`: the last run on the selected object, or
whatever :meth:`Overlay.use_source` named (a recording).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controller.desk import Desk
from app.controller.layer_memory import MAX_LAYERS, LayerMemory
from app.controller.runs import Runs
from app.views.layer_types import LayerStack, ShownLayer, is_seen, sources
from app.views.view_types import OverlaySettings
from core.engine.map_source import Attached, MapSource
from core.render import derived
from core.render.layers import DrawnLayer
from core.trackers.base import MapInfo, ResponseMap

_SAVE_MS = 1500
_Made = tuple[tuple[ResponseMap, ...], ResponseMap]


class Overlay(QObject):
    """Carries out changes of the layers, and finds what they show.

    Attributes
    ----------
    changed
        The edited layer's settings (:class:`OverlaySettings`) changed.
    stack_changed
        Any layer, their order or the choice changed (:class:`LayerStack`).
    maps_changed
        The maps to choose from (a tuple of :class:`MapInfo`).
    layers_shown
        ``(layers, frame)``: what :meth:`refresh` found for a frame.
    source_changed
        Maps come from somewhere else: show the frame anew.
    """

    changed = Signal(object)
    stack_changed = Signal(object)
    maps_changed = Signal(object)
    layers_shown = Signal(object, int)
    source_changed = Signal()

    def __init__(self, desk: Desk, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._runs = runs
        self._maps: tuple[MapInfo, ...] = ()
        self._tracker = ""
        self._memory = LayerMemory()
        self._further: dict[str, frozenset[str]] = {}
        self._source: tuple[MapSource, int] | None = None
        self._made: dict[tuple[str, ...], _Made] = {}
        self._save = QTimer(self)
        self._save.setSingleShot(True)
        self._save.setInterval(_SAVE_MS)
        self._save.timeout.connect(self._memory.save)
        runs.use_wishes(self.wanted)

    # ---- what there is -----------------------------------------------------------------

    @property
    def settings(self) -> OverlaySettings:
        """The settings of the edited layer."""
        return self._desk.state.overlay

    @property
    def stack(self) -> LayerStack:
        """All layers."""
        return self._desk.state.layers

    @property
    def maps(self) -> tuple[MapInfo, ...]:
        """The maps of the chosen tracker."""
        return self._maps

    def title_of(self, key: str) -> str:
        """What map `key` is called."""
        return next((info.title for info in self._maps if info.key == key), key)

    def set_maps(self, maps: Sequence[MapInfo], primary: str, tracker: str = "") -> None:
        """Another tracker was chosen: these are its maps; its layers come back."""
        self._tracker, self._maps = tracker, tuple(maps)
        self.maps_changed.emit(self._maps)
        keys = {info.key for info in maps}
        known = self._memory.recall(tracker, keys) if tracker else None
        if known is not None:
            self.apply_stack(replace(known, shown=self.stack.shown))
            return
        kept = tuple(layer for layer in self.stack.layers if layer.map_key in keys)
        if not kept:
            kept = (replace(self.stack.layers[0], map_key=primary, derive="", other=""),)
        self.apply_stack(LayerStack(kept, len(kept) - 1, self.stack.shown))

    # ---- changes -----------------------------------------------------------------------

    def apply(self, settings: OverlaySettings) -> None:
        """Use `settings` for the edited layer from now on."""
        if settings != self.settings:
            self.apply_stack(self.stack.with_current(settings))

    def apply_stack(self, stack: LayerStack) -> None:
        """Use these layers from now on."""
        if stack == self.stack:
            return
        asked, current = self.wanted(), self.settings
        self._desk.update(layers=stack)
        if self.wanted() != asked:
            self._runs.overlay_changed()
        if self._tracker:
            self._memory.keep(self._tracker, stack)
            self._save.start()
        self.stack_changed.emit(stack)
        if self.settings != current:
            self.changed.emit(self.settings)
        else:
            self.source_changed.emit()  # another layer than the edited one: paint anew

    def toggle(self) -> None:
        """Show or hide all maps."""
        stack = self.stack
        visible = self.settings.visible
        self.apply_stack(
            replace(stack, shown=False)
            if visible or (stack.shown and any(map(is_seen, stack.layers)))
            else stack.with_current(replace(stack.layers[stack.active], visible=True))
        )

    def next_map(self) -> None:
        """Show the tracker's next map in the edited layer."""
        keys = [m.key for m in self._maps]
        if keys:
            at = keys.index(self.settings.map_key) if self.settings.map_key in keys else -1
            free = [k for k in keys[at + 1 :] + keys[: at + 1] if k not in self.stack.keys]
            if free:
                self.apply(replace(self.settings, map_key=free[0], visible=True))

    def change_opacity(self, step: float) -> None:
        """Make the edited layer more or less opaque."""
        opacity = min(max(self.settings.opacity + step, 0.1), 1.0)
        self.apply(replace(self.settings, opacity=round(opacity, 2)))

    def set_layer(self, key: str, *, on: bool) -> None:
        """Add a layer of map `key` on top, or take it away."""
        stack = self.stack
        if on and len(stack.layers) < MAX_LAYERS:
            like = replace(stack.layers[stack.active], derive="", other="", contours=0)
            # A second opaque map would hide the first one.
            self.apply_stack(stack.with_map(key, replace(like, blend="screen")))
        elif not on and key in stack.keys:
            self.apply_stack(stack.without(stack.keys.index(key)))

    def remember(self) -> None:
        """Write down the layers now, for the next start."""
        self._save.stop()
        self._memory.save()

    # ---- what is asked of trackers -----------------------------------------------------

    def wanted(self) -> frozenset[str]:
        """What a run has to make for what is looked at; empty when nobody looks."""
        return self.stack.wanted().union(*self._further.values())

    def want(self, asker: str, keys: frozenset[str]) -> None:
        """Let `asker` (a panel) have `keys` of every frame, beside the layers' maps."""
        before = self.wanted()
        self._further[asker] = keys
        if self.wanted() != before:
            self._runs.overlay_changed()

    # ---- what is shown -----------------------------------------------------------------

    def use_source(self, source: MapSource | None, step: int = 1) -> None:
        """Show the maps of `source`, tracked in direction `step`; None: of the last run."""
        self._source = None if source is None else (source, step)
        self._made.clear()
        self.source_changed.emit()

    def source(self) -> tuple[MapSource, int] | None:
        """Where maps come from now, and the direction in which it was tracked."""
        return self._source or self._runs.source()

    def refresh(self, frame: int) -> tuple[ShownLayer, ...]:
        """The layers of `frame`, bottom first; whoever follows them is told."""
        layers = self._layers_at(frame)
        self.layers_shown.emit(layers, frame)
        return layers

    def attached_at(self, frame: int) -> tuple[Attached, int] | None:
        """Patches and proposals for `frame`, with their age."""
        found = self.source()
        return None if found is None else found[0].attached(frame, found[1])

    def _layers_at(self, frame: int) -> tuple[ShownLayer, ...]:
        found = self.source()
        made = []
        for layer in self.stack.seen():
            response, age = self._map_of(layer, found, frame) if found else (None, 0)
            step = found[1] if found else 1
            title = self.title_of(layer.map_key)
            made.append(ShownLayer(layer, title, response, frame - age * step, age))
        return tuple(made)

    def reader(self) -> Callable[[int], list[DrawnLayer]]:
        """Gives the layers of any frame as they are looked at now; for any thread."""
        found, layers = self.source(), self.stack.seen()
        note = self.tr("Map of frame {0}")

        def read(frame: int) -> list[DrawnLayer]:
            drawn: list[DrawnLayer] = []
            if found is None:
                return drawn
            for layer in layers:
                maps, age = derived.of_source(layer, found[0], frame, found[1])
                response = derived.made(layer, maps)
                if response is not None:
                    text = note.format(frame - age * found[1]) if age else ""
                    drawn.append(DrawnLayer(layer, response, text))
            return drawn

        return read

    def _map_of(
        self, layer: OverlaySettings, found: tuple[MapSource, int], frame: int
    ) -> tuple[ResponseMap | None, int]:
        maps, age = derived.of_source(layer, found[0], frame, found[1])
        if not layer.derive or not maps:
            return (maps[0] if maps else None), age
        return self._derived(layer, maps), age

    def _derived(self, layer: OverlaySettings, maps: tuple[ResponseMap, ...]) -> ResponseMap | None:
        """The derived map; the very same one as long as it is made of the same ones."""
        key = (layer.derive, *sources(layer))
        known = self._made.get(key)
        if known is not None and list(map(id, known[0])) == list(map(id, maps)):
            return known[1]
        result = derived.made(layer, maps)
        if result is not None:
            self._made[key] = maps, result
        return result
