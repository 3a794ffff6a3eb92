"""Validation runs the tracker on what would be shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from core.geometry import Box
from core.states import TargetState
from core.trackers import registry
from core.trackers.base import MapInfo, Services, TrackResult
from core.train.recipe import Exported
from core.train.validation import Clip, Validator


class Still:
    """Stays on its first box, moved by what its weights say."""

    def __init__(self, params: Any, services: Services) -> None:
        path = services.weights["motionless"]
        assert isinstance(path, Path)
        with safe_open(path, "pt") as file:
            assert file.metadata() == {"made": "here"}
            self._shift = float(file.get_tensor("shift"))
        self._box = Box(0, 0, 1, 1)

    def init(self, image: np.ndarray, box: Box) -> TrackResult:
        self._box = box.shifted(self._shift, 0)
        return TrackResult(box, 1.0, TargetState.TRACKING)

    def update(self, image: np.ndarray) -> TrackResult:
        return TrackResult(self._box, 1.0, TargetState.TRACKING)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    known: Mapping[str, Any] = dict(registry._specs)
    monkeypatch.setattr(registry, "_specs", known)
    monkeypatch.setattr(registry, "trackers", known)
    registry.register(
        key="motionless",
        title="Still",
        summary="",
        params=dict,
        reference=registry.Reference("", "", "", 2020),
        maps=(MapInfo("m", "m", "m"),),
    )(Still)  # type: ignore[type-var]
    monkeypatch.setattr("core.params.from_dict", lambda cls, values, where="": values)


def clip(boxes: list[Box | None]) -> Clip:
    def frames() -> Iterator[np.ndarray]:
        return (np.zeros((40, 60, 3), np.uint8) for _ in boxes)

    return Clip("clip", frames, boxes)


def exported(shift: float) -> Exported:
    return Exported({"shift": torch.tensor(shift)}, {"made": "here"})


def test_that_the_score_is_that_of_the_tracked_boxes() -> None:
    box = Box(10, 10, 20, 20)
    validate = Validator("motionless", "motionless", [clip([box] * 4), clip([box] * 9)])
    assert validate(exported(0.0)) == pytest.approx({"score": 20 / 21, "overlap": 1, "held": 1})
    half = validate(exported(10.0))  # overlap 1/3 exceeds the thresholds 0 … 0.30
    assert half == pytest.approx({"score": 7 / 21, "overlap": 1 / 3, "held": 0})


def test_that_frames_without_a_target_do_not_count() -> None:
    box = Box(10, 10, 20, 20)
    validate = Validator(
        "motionless", "motionless", [clip([None, box, None, box.shifted(20, 0), box])]
    )
    assert validate(exported(0.0))["overlap"] == pytest.approx(0.5)
