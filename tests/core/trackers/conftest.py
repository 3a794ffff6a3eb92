"""A textured target on textured ground, moved by exact amounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from fakes.registered_trackers import OURS, START, Build
from fakes.stand_in_weights import services_for

from core.geometry import Box
from core.trackers import registry
from core.trackers.base import Tracker


def texture(height: int, width: int, seed: int, *, grain: int = 6) -> np.ndarray:
    """Smooth coloured noise ``(height, width, 3)`` uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (height // grain + 2, width // grain + 2, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255)


@dataclass
class Scene:
    """`frame(box)` shows the target exactly in `box`, on a ground that stays.

    A `plain` ground says nothing of its own place: what a map says is the target's.
    """

    height: int = 120
    width: int = 160
    grey: bool = False
    seed: int = 0
    plain: bool = False
    _ground: np.ndarray = field(init=False)
    _target: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._ground = texture(self.height, self.width, self.seed, grain=14)
        if self.plain:
            self._ground = np.full_like(self._ground, 128)
        self._target = texture(96, 96, self.seed + 1, grain=12)

    def frame(self, box: Box) -> np.ndarray:
        rows, cols = self._target.shape[:2]
        # Pixel centres of the target's picture lie at (col + ½) · w / cols of the box.
        sx, sy = box.w / cols, box.h / rows
        matrix = np.array(
            [[sx, 0, box.x + sx / 2 - 0.5], [0, sy, box.y + sy / 2 - 0.5]], np.float64
        )
        image = self._ground.copy()
        size = (self.width, self.height)
        flags = cv2.INTER_AREA if sx < 1 else cv2.INTER_LINEAR
        warped = cv2.warpAffine(self._target, matrix, size, flags=flags)
        shown = cv2.warpAffine(np.ones((rows, cols), np.float32), matrix, size)[..., None]
        image = image * (1 - shown) + warped * shown
        if self.grey:
            image = np.repeat(image.mean(2, keepdims=True), 3, axis=2)
        return np.ascontiguousarray(image.round().clip(0, 255).astype(np.uint8))


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # Maps this small only lose by being shared, and parallel test runs would fight.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def scene() -> Callable[..., Scene]:
    """Build a `Scene`."""
    return Scene


@pytest.fixture(params=OURS)
def spec(request: pytest.FixtureRequest) -> registry.TrackerSpec:
    """Each of the product's trackers in turn."""
    return registry.find(request.param)


@pytest.fixture
def build(spec: registry.TrackerSpec) -> Build:
    """Make a tracker of the kind under test."""

    def make(values: Mapping[str, Any] | None = None, *, seed: int = 0) -> Tracker:
        return spec.create(values, replace(services_for(spec), seed=seed))

    return make


@pytest.fixture
def started(
    spec: registry.TrackerSpec, build: Build, scene: Callable[..., Scene]
) -> Callable[[], Tracker]:
    """Make a tracker that was started on `START` in ``scene()``, without waiting for its start.

    Starting a deep tracker trains a network; it is done once, and its snapshot is restored.
    """

    def make() -> Tracker:
        tracker = build()
        if spec.key not in _STARTED:
            first = build()
            first.init(scene().frame(START), START)
            _STARTED[spec.key] = first.snapshot()
        tracker.restore(_STARTED[spec.key])
        return tracker

    return make


_STARTED: dict[str, object] = {}
