"""Several maps over one frame: which, in which order, and what of them is asked for.

Plain values without Qt. A stack is never empty, its last layer is on top, and one layer
is the one whose look is edited. Hidden layers ask the tracker for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.views.view_types import OverlaySettings
from core.trackers.base import ResponseMap


@dataclass(frozen=True, slots=True)
class LayerStack:
    """Layers from bottom to top; `active` is edited; nothing is painted unless `shown`."""

    layers: tuple[OverlaySettings, ...] = (OverlaySettings(),)
    active: int = 0
    shown: bool = True

    @property
    def current(self) -> OverlaySettings:
        """The edited layer, visible only if the stack is shown, too."""
        layer = self.layers[self.active]
        return replace(layer, visible=layer.visible and self.shown)

    @property
    def keys(self) -> tuple[str, ...]:
        """The maps of the layers, bottom first."""
        return tuple(layer.map_key for layer in self.layers)

    def wanted(self) -> frozenset[str]:
        """Maps that have to be made for what is seen."""
        return frozenset(key for layer in self.seen() for key in sources(layer))

    def seen(self) -> tuple[OverlaySettings, ...]:
        """The layers that are painted, bottom first."""
        if not self.shown:
            return ()
        return tuple(layer for layer in self.layers if is_seen(layer))

    def with_current(self, settings: OverlaySettings) -> LayerStack:
        """With another look of the edited layer; made visible, it shows the stack, too.

        Hiding the only layer hides the stack.
        """
        if settings.visible:
            return replace(self._with(self.active, settings), shown=True)
        if len(self.layers) == 1:
            return replace(self._with(0, replace(settings, visible=True)), shown=False)
        return self._with(self.active, settings)

    def with_map(self, key: str, like: OverlaySettings) -> LayerStack:
        """With map `key` on top, which is then edited; an existing layer of it is chosen."""
        if key in self.keys:
            return replace(self, active=self.keys.index(key))
        added = replace(like, map_key=key, visible=True)
        return LayerStack((*self.layers, added), len(self.layers), shown=True)

    def without(self, position: int) -> LayerStack:
        """Without the layer at `position`; the last one only hides the stack."""
        if len(self.layers) == 1:
            return replace(self, shown=False)
        left = self.layers[:position] + self.layers[position + 1 :]
        active = self.active - (self.active > position)
        return replace(self, layers=left, active=min(active, len(left) - 1))

    def moved(self, position: int, to: int) -> LayerStack:
        """With the layer at `position` moved to `to`, which is then edited."""
        to = min(max(to, 0), len(self.layers) - 1)
        rest = list(self.layers)
        rest.insert(to, rest.pop(position))
        return replace(self, layers=tuple(rest), active=to)

    def toggled(self, position: int) -> LayerStack:
        """With the layer at `position` shown or hidden."""
        layer = self.layers[position]
        return self._with(position, replace(layer, visible=not layer.visible))

    def _with(self, position: int, settings: OverlaySettings) -> LayerStack:
        layers = (*self.layers[:position], settings, *self.layers[position + 1 :])
        return replace(self, layers=layers)


@dataclass(frozen=True, slots=True, eq=False)
class ShownLayer:
    """A layer as it is painted: its look, its map (None: there is none), and since when.

    `frame` is the frame on which the map was made, `age` how many frames ago that was.
    """

    settings: OverlaySettings
    title: str
    response: ResponseMap | None
    frame: int
    age: int = 0


def is_seen(layer: OverlaySettings) -> bool:
    """Whether a layer shows anything by its own settings."""
    return layer.visible and bool(layer.map_key) and (layer.opacity > 0 or layer.contours > 0)


def sources(layer: OverlaySettings) -> tuple[str, ...]:
    """The maps of which a layer is made."""
    return (layer.map_key, layer.other) if layer.derive == "minus" and layer.other else (
        layer.map_key,
    )  # fmt: skip


def cell_at(response: ResponseMap, x: float, y: float) -> tuple[int, int, float] | None:
    """Row, column and value of the cell under a frame point; None beside the map."""
    col, row = response.placement.to_cells(np.array([[x, y]]))[0]
    rows, cols = response.values.shape
    if not (0 <= col < cols and 0 <= row < rows):
        return None
    return int(row), int(col), float(response.values[int(row), int(col)])
