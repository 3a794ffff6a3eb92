"""What trackers say on benchmark sequences, frame by frame, for packaging/calibrate_alarms.py.

A tracker that has lost its target for good starts again from the true box, as a person
would make it, so that one loss does not hide all that follows.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from core import device, trackers
from core.alarms.appearance import cut_of
from core.evaluate.layouts import find_sequences
from core.evaluate.protocol import frames
from core.evaluate.sequences import BenchmarkSequence, select
from core.geometry import Box, iou
from core.trackers import registry
from core.trackers.base import Services, TrackResult

GIVE_UP = 30
"""Frames in a row without the target after which the tracker is started again."""

HIT = 0.1
"""Overlap below which a tracker counts as having lost its target."""


@dataclass(eq=False)
class Recording:
    """What one tracker said on one sequence, frame by frame."""

    size: tuple[int, int] = (0, 0)
    rows: list[dict[str, float]] = field(default_factory=list)
    boxes: list[tuple[float, ...]] = field(default_factory=list)
    truth: list[tuple[float, ...]] = field(default_factory=list)
    cuts: list[np.ndarray] = field(default_factory=list)

    def add(
        self,
        frame: int,
        segment: int,
        result: TrackResult,
        truth: Box | None,
        image: np.ndarray,
        *,
        is_seed: bool,
    ) -> float:
        """Take one frame; returns its overlap with the true box (0 where it is absent)."""
        overlap = iou(result.box, truth) if truth is not None else 0.0
        self.rows.append(
            {
                "frame": frame,
                "segment": segment,
                "seed": float(is_seed),
                "score": result.score,
                "state": float(result.state),
                "iou": overlap,
                **{f"scalar.{k}": float(v) for k, v in result.scalars.items()},
            }
        )
        self.boxes.append(result.box.as_tuple())
        self.truth.append(truth.as_tuple() if truth else (np.nan,) * 4)
        self.cuts.append(cut_of(image, result.box).round().astype(np.uint8))
        return overlap

    def save(self, path: Path) -> None:
        """Write everything as one ``.npz``."""
        names = sorted({name for row in self.rows for name in row})
        columns = {
            name: np.array([row.get(name, np.nan) for row in self.rows], np.float64)
            for name in names
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            size=np.array(self.size),
            boxes=np.array(self.boxes),
            truth=np.array(self.truth),
            cuts=np.array(self.cuts),
            **columns,  # pyright: ignore[reportArgumentType]
        )


def record(sequence: BenchmarkSequence, tracker: str, limit: int) -> Recording:
    """Run a tracker over a sequence, started again whenever it lost the target for good."""
    made = Recording()
    spec = registry.find(tracker)
    services = Services(device.choose("cpu"))
    running, segment, missed = None, 0, 0
    first = int(np.argmax(np.isfinite(sequence.boxes).all(axis=1)))
    with torch.inference_mode():
        for frame in frames(sequence, first):
            if frame.index - first >= limit:
                break
            row = sequence.boxes[frame.index]
            truth = Box(*(float(v) for v in row)) if np.isfinite(row).all() else None
            if running is None:
                if truth is None:
                    continue
                running = spec.create({}, services)
                result, is_seed = running.init(frame.image, truth), True
            else:
                result, is_seed = running.update(frame.image), False
            made.size = (frame.image.shape[1], frame.image.shape[0])
            overlap = made.add(frame.index, segment, result, truth, frame.image, is_seed=is_seed)
            missed = missed + 1 if overlap < HIT else 0
            if missed >= GIVE_UP:
                running, segment, missed = None, segment + 1, 0
    return made


def run_record(args: argparse.Namespace) -> int:
    """The sub-command ``record``."""
    torch.set_num_threads(args.threads)
    trackers.load_all()
    sequences = select(find_sequences(args.data), args.only)
    for tracker in args.tracker:
        for sequence in sequences:
            path = args.cache / tracker / f"{sequence.key.replace('/', '-')}.npz"
            if path.exists():
                continue
            made = record(sequence, tracker, args.limit)
            made.save(path)
            good = np.mean([row["iou"] >= 0.5 for row in made.rows])
            print(f"{tracker} {sequence.key}: {len(made.rows)} frames, {good:.0%} good", flush=True)
    return 0
