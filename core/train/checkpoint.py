"""The state of a training run on disk: whole or the one before, never half, never unpickled.

A run resumed from a checkpoint takes the same steps as one that was never stopped:
weights, their running mean, the optimiser, the gradient scaler, torch's generator and
the place in the epoch are all kept; the material is a function of seed, epoch and step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import TrainingError
from core.storage import atomic_write

_VERSION = 1
_PARTS = (
    "network",
    "average",
    "optimiser",
    "scaler",
    "generator",
    "device_generator",
    "settings",
)


@dataclass(slots=True)
class Progress:
    """Where a run stands: the next step is `step` of `epoch`.

    `best` is the best validation so far, `best_epoch` when it was, `worse` the number of
    validations since, `seconds` the time spent training and `pairs` what was seen.
    """

    epoch: int = 0
    step: int = 0
    best: float = float("-inf")
    best_epoch: int = -1
    worse: int = 0
    seconds: float = 0.0
    pairs: int = 0


@dataclass(slots=True)
class Checkpoint:
    """Everything a run needs to go on. `settings` are those it was made with."""

    progress: Progress
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, Any]
    scaler: dict[str, Any]
    generator: Tensor
    device_generator: Tensor | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint`, replacing what was there.

    Raises
    ------
    StorageError
        If the disk is full or the folder cannot be written; the old file stays.
    """
    progress = checkpoint.progress
    state = {
        "version": _VERSION,
        "progress": {name: getattr(progress, name) for name in Progress.__slots__},
        **{name: getattr(checkpoint, name) for name in _PARTS},
    }
    with atomic_write(path) as stream:
        torch.save(state, stream)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint; nothing in it is executed.

    Raises
    ------
    TrainingError
        If it is missing, damaged, or of another version.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(
            f"There is no checkpoint “{path}”.", "Start without --resume."
        ) from None
    except Exception as error:
        raise TrainingError(
            f"The checkpoint “{path.name}” cannot be read.",
            "Start without --resume, in another folder.",
            str(error),
        ) from error
    if not isinstance(state, dict) or state.get("version") != _VERSION:
        raise TrainingError(
            f"The checkpoint “{path.name}” is not one of this version.",
            "Start without --resume, in another folder.",
        )
    try:
        return Checkpoint(
            Progress(**state["progress"]),
            **{name: state[name] for name in _PARTS},
        )
    except (KeyError, TypeError) as error:
        raise TrainingError(
            f"The checkpoint “{path.name}” is incomplete.",
            "Start without --resume, in another folder.",
            str(error),
        ) from error
