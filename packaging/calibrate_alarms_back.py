"""Below which overlap a tracker's own way back doubts its boxes (core/engine/way_back.py).

`record_back` lets each tracker go back along what it said in the records of
packaging/calibrate_alarms_record.py, up to where it lost its target for good. With the
run's own alarms the answers make flagged stretches, as the review shows them. No limit
catches nearly all bad frames here, as one does where a second tracker checks; so the limit
is the highest at which the other frames stay below a share, :data:`SHARE`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from calibrate_alarms_check import BELOW, Part

from core import device, trackers
from core.alarms.opinion import RoundTrip
from core.engine.way_back import EVERY, LENGTH
from core.evaluate.layouts import find_sequences
from core.evaluate.protocol import frames
from core.evaluate.sequences import BenchmarkSequence, select
from core.geometry import Box
from core.trackers import registry
from core.trackers.base import Services

SHARE = 0.2
"""Share of the frames that are right which may lie in a flagged stretch."""

FOLDER = "back"
"""Where the answers lie, below a tracker's records."""


@dataclass(frozen=True)
class Back:
    """The limit of one tracker, and how good it is: shares of bad and of other frames flagged.

    `new` are both where each sequence has the limit of the others, `bad` and `frames` say
    on how many they rest.
    """

    below: float
    caught: float
    false: float
    new: tuple[float, float]
    bad: int
    frames: int

    def line(self) -> str:
        """For the screen."""
        return (
            f"checked by the way back below {self.below}: {self.bad} bad of {self.frames}, caught "
            f"{self.caught:.1%}, others {self.false:.1%}; left out {self.new[0]:.1%}, "
            f"{self.new[1]:.1%}"
        )


def back_chosen(
    folder: Path, ringing: np.ndarray, sequence: np.ndarray, at_least: int
) -> Back | None:
    """The limit of the tracker whose records lie in `folder`; None without enough bad frames.

    Parameters
    ----------
    ringing, sequence
        Per frame, seeds left out, as ``judged`` in calibrate_alarms.py lists them: whether
        the run's own alarms ring, and the name of the sequence.
    """
    parts = []
    for path in sorted((folder / FOLDER).glob("*.npz")):
        with np.load(path) as data, np.load(folder / path.name) as record:
            answers = data["answers"][1:]
            truth = record["iou"][record["segment"] == 0][1 : len(answers) + 1]
        own = ringing[sequence == path.stem][: len(answers)]
        parts.append(Part(path.stem, truth, spoken_of(answers), own))
    bad = sum(int((part.truth < 0.5).sum()) for part in parts)
    return judged_back(parts) if parts and bad >= at_least else None


def spoken_of(answers: np.ndarray) -> np.ndarray:
    """Of each frame the answer of the next trip; 1 behind the last one: nothing is said."""
    known = np.flatnonzero(np.isfinite(answers))
    if not len(known):
        return np.ones(len(answers))
    following = np.searchsorted(known, np.arange(len(answers)))
    found = answers[known[np.minimum(following, len(known) - 1)]]
    return np.where(following < len(known), found, 1.0)


def judged_back(parts: list[Part]) -> Back:
    """The highest limit that flags few frames that are right, and how well it does."""
    counts, every = np.array([p.counts() for p in parts]), np.array([p.all() for p in parts])
    total, whole = counts.sum(axis=0), every.sum(axis=0)
    at = _limit(total, whole)
    others = [_limit(total - mine, whole - n) for mine, n in zip(counts, every, strict=True)]
    new = sum(mine[k] for mine, k in zip(counts, others, strict=True)) / whole
    caught, false = total[at] / whole
    return Back(
        float(BELOW[at]), float(caught), float(false), (float(new[0]), float(new[1])),
        int(whole[0]), int(whole.sum()),
    )  # fmt: skip


def _limit(counts: np.ndarray, whole: np.ndarray) -> int:
    """Row of the highest overlap that flags at most :data:`SHARE` of what is right."""
    few = np.flatnonzero(counts[:, 1] <= SHARE * whole[1])
    return int(few[-1]) if len(few) else 0


# ---- recording --------------------------------------------------------------------------


def answers_of(
    sequence: BenchmarkSequence, tracker: str, boxes: np.ndarray, first: int
) -> np.ndarray:
    """What the way back says of `boxes` ``(N, 4)``, the first a true one: NaN between trips."""
    spec, services = registry.find(tracker), Services(device.choose("cpu"))
    opinion = RoundTrip(lambda: spec.create({}, services), EVERY, LENGTH)
    answers = np.full(len(boxes), np.nan)
    with torch.inference_mode():
        for k, frame in enumerate(frames(sequence, first)):
            if k >= len(boxes):
                break
            box = Box(*(float(v) for v in boxes[k]))
            if k == 0:
                opinion.trust(frame.image, box)
                continue
            answer = opinion.about(frame.image, box)
            answers[k] = np.nan if answer is None else answer
    return answers


def record_back(args: argparse.Namespace) -> int:
    """The sub-command ``record-back``."""
    torch.set_num_threads(args.threads)
    trackers.load_all()
    sequences = {s.key.replace("/", "-"): s for s in select(find_sequences(args.data), [])}
    for tracker in args.tracker:
        for path in sorted((args.cache / tracker).glob("*.npz")):
            target = path.parent / FOLDER / path.name
            if target.exists() or path.stem not in sequences:
                continue
            with np.load(path) as data:
                run = np.flatnonzero(data["segment"] == 0)[: args.limit]
                boxes, first = data["boxes"][run], int(data["frame"][run[0]])
            answers = answers_of(sequences[path.stem], tracker, boxes, first)
            target.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(target, answers=answers)
            print(f"{tracker} {path.stem}: {len(boxes)} frames back", flush=True)
    return 0
