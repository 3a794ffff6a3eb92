"""Validation with the real tracker in the loop: what would be shipped tracks clips.

The network is written as a weights file and loaded as a user's would be, so that a
mistake in exporting or loading shows here and not after the training.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from core.evaluate.metrics import success_curve
from core.geometry import Box, iou
from core.trackers import registry
from core.trackers.base import Image, Services
from core.train.recipe import Exported


@dataclass(frozen=True, slots=True)
class Clip:
    """A short clip with a true box per frame; None where the target is absent."""

    name: str
    frames: Callable[[], Iterable[Image]]
    boxes: Sequence[Box | None]


@dataclass(frozen=True, slots=True)
class Validator:
    """Measures weights on clips; callable as :data:`core.train.loop.Validate`.

    ``score`` is the mean over clips of the success AUC of a single pass, frames without
    a target left out; ``overlap`` the mean overlap, ``held`` the share of frames with an
    overlap above ½.
    """

    key: str
    tracker: str
    clips: Sequence[Clip]
    params: Mapping[str, Any] = field(default_factory=dict)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __call__(self, exported: Exported) -> dict[str, float]:
        """Track every clip once."""
        with tempfile.TemporaryDirectory(prefix="boxtrail-") as folder:
            path = Path(folder) / f"{self.key}.safetensors"
            tensors = {k: v.detach().cpu().contiguous() for k, v in exported.tensors.items()}
            save_file(tensors, path, dict(exported.facts))
            services = Services(self.device, weights={self.key: path})
            tracker = registry.find(self.tracker).create(self.params, services)
            overlaps = [_overlaps(tracker, clip) for clip in self.clips]
        aucs = [float(success_curve(values).mean()) for values in overlaps]
        every = np.concatenate(overlaps)
        return {
            "score": float(np.mean(aucs)),
            "overlap": float(every.mean()),
            "held": float((every > 0.5).mean()),
        }


def _overlaps(tracker: Any, clip: Clip) -> np.ndarray:
    """Overlap per frame after the first one with a target, ``(M,)``."""
    found: list[float] = []
    started = False
    for image, truth in zip(clip.frames(), clip.boxes, strict=True):
        if started:
            box = tracker.update(image).box
            if truth is not None:
                found.append(iou(box, truth))
        elif truth is not None:
            tracker.init(image, truth)
            started = True
    return np.array(found or [0.0])
