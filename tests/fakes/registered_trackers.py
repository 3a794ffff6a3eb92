"""The product's trackers as tests meet them: which there are, how they start, where they go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from core.geometry import Box
from core.trackers import load_all, registry
from core.trackers.base import ResponseMap, Tracker, TrackResult

load_all()
START = Box(60, 40, 36, 28)
OURS = sorted(  # stand-ins that other tests register do not count
    key for key, spec in registry.trackers.items() if spec.build.__module__.startswith("core.")
)


def walk(count: int, dx: float = 2.3, dy: float = -1.1) -> list[Box]:
    """Boxes on a straight way from `START`."""
    return [START.shifted(dx * i, dy * i) for i in range(count)]


def boxes(tracker: Tracker, frames: list[np.ndarray]) -> list[tuple[float, ...]]:
    """Where `tracker` sees the target in `frames`."""
    return [tracker.update(frame).box.as_tuple() for frame in frames]


def cell_size(response: ResponseMap) -> tuple[float, float]:
    """Width and height of a cell in frame pixels."""
    a, _, _, _, e, _ = response.placement.matrix
    return abs(a), abs(e)


def summit(response: ResponseMap) -> tuple[float, float]:
    """Frame position of the middle of the map's upper tenth, weighed by its heights.

    Of a map whose top is flat the largest cell is chance; this is not.
    """
    values = response.values.astype(float)
    low, high = float(values.min()), float(values.max())
    rows, cols = np.nonzero(values >= low + 0.9 * (high - low))
    heights = values[rows, cols] - low + 1e-12
    return response.placement.cell_center(
        float(np.average(rows, weights=heights)), float(np.average(cols, weights=heights))
    )


def said(result: TrackResult) -> dict[str, Any]:
    """Everything a result says except how long it took, ready to be compared."""
    maps = {
        key: (found.values.tobytes(), found.values.shape, found.placement.matrix)
        for key, found in result.maps.items()
    }
    proposals = {
        key: (found.boxes.tobytes(), found.scores.tobytes())
        for key, found in result.proposals.items()
    }
    fields = (result.box.as_tuple(), result.score, result.state, result.reason)
    return {"fields": fields, "scalars": dict(result.scalars), "maps": maps, "proposals": proposals}


def tensors(state: object) -> Iterator[torch.Tensor]:
    """Every tensor inside a snapshot."""
    if isinstance(state, torch.Tensor):
        yield state
    else:
        for part in _parts(state).values():
            yield from tensors(part)


def damaged(state: Any) -> Any:
    """A copy of a snapshot in which every floating-point tensor is full of NaN."""
    if isinstance(state, torch.Tensor):
        spoilt = state.is_floating_point() or state.is_complex()
        return torch.full_like(state, float("nan")) if spoilt else state
    if isinstance(state, dict):
        return {key: damaged(part) for key, part in state.items()}
    if isinstance(state, tuple) and hasattr(state, "_fields"):
        return type(state)(*(damaged(part) for part in state))
    if isinstance(state, list | tuple):
        return type(state)(damaged(part) for part in state)
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        # Not `replace`: a check in the constructor is not what is tested.
        copy = object.__new__(type(state))
        for field in dataclasses.fields(state):
            object.__setattr__(copy, field.name, damaged(getattr(state, field.name)))
        return copy
    return state


def _parts(state: Any) -> dict[Any, Any]:
    if isinstance(state, dict):
        return state
    if isinstance(state, list | tuple):
        return dict(enumerate(state))
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        return {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    return {}


Build = Callable[..., Tracker]
"""``build()`` or ``build(values, seed=1)``: a tracker of the kind under test."""
