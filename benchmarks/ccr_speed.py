"""How fast CCR is on real sequences, where the time goes, and CSRT beside it.

    python benchmarks/ccr_speed.py DATA/dev [--threads 1] [--only Crossing Deer] [--set stages=1]

Decoding is left out. CSRT is measured when this Python's OpenCV has it (the contrib
build: use a separate environment, contrib and headless do not live together).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import device
from core.geometry import Box, iou_rows
from core.trackers import load_all, registry

Frames = list[np.ndarray]


def load(root: Path, record: dict[str, Any]) -> Frames:
    """All frames of one sequence, RGB."""
    if record.get("frames"):
        paths = record["frames"][: record["n_frames"]]
        return [cv2.imread(str(root / p))[:, :, ::-1].copy() for p in paths]
    capture, frames = cv2.VideoCapture(str(root / record["video"])), []
    while True:
        ok, frame = capture.read()
        if not ok:
            return frames
        frames.append(frame[:, :, ::-1].copy())


def success(boxes: list[tuple[float, ...]], truth: list[list[float] | None]) -> float:
    """Area under the success curve, 21 thresholds, strict; absent frames left out."""
    seen = [i for i, box in enumerate(truth[: len(boxes)]) if box is not None]
    overlap = iou_rows(np.array([boxes[i] for i in seen]), np.array([truth[i] for i in seen]))
    return float(np.mean([(overlap > t).mean() for t in np.linspace(0, 1, 21)]))


def run_ccr(
    frames: Frames, box: Box, values: dict[str, str]
) -> tuple[list[tuple[float, ...]], list[float], dict[str, float]]:
    """Boxes, seconds per frame, seconds per step (means)."""
    tracker = registry.find("ccr").create(values)
    boxes = [tracker.init(frames[0], box).box.as_tuple()]
    seconds: list[float] = []
    steps: dict[str, float] = defaultdict(float)
    for frame in frames[1:]:
        start = time.perf_counter()
        result = tracker.update(frame)
        seconds.append(time.perf_counter() - start)
        boxes.append(result.box.as_tuple())
        for name, value in result.timings.items():
            steps[name] += value
    return boxes, seconds, {name: total / len(seconds) for name, total in steps.items()}


def run_csrt(frames: Frames, box: Box) -> list[float] | None:
    """Seconds per frame of OpenCV's CSRT, or None when this build lacks it."""
    create = getattr(cv2, "TrackerCSRT_create", None)
    if create is None:
        return None
    tracker = create()
    shown = [np.ascontiguousarray(frame[:, :, ::-1]) for frame in frames]
    tracker.init(shown[0], tuple(round(v) for v in box.as_tuple()))
    seconds = []
    for frame in shown[1:]:
        start = time.perf_counter()
        tracker.update(frame)
        seconds.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with manifest.json")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    device.set_threads(args.threads)
    load_all()
    values = dict(item.split("=", 1) for item in args.set)
    records = json.loads((args.data / "manifest.json").read_text())
    rates, ratios, totals, aucs = [], [], defaultdict(list), []
    print(f"{'sequence':<24}{'AUC':>6}{'fps':>8}{'p95 ms':>8}{'CSRT fps':>10}   ms per step")
    for record in records:
        if args.only and record["name"] not in args.only:
            continue
        first = next(i for i, box in enumerate(record["boxes"]) if box is not None)
        frames, truth = load(args.data, record)[first:], record["boxes"][first:]
        box = Box(*truth[0])
        boxes, seconds, steps = run_ccr(frames, box, values)
        csrt = run_csrt(frames, box)
        fps = len(seconds) / sum(seconds)
        rates.append(fps)
        aucs.append(success(boxes, truth))
        for name, value in steps.items():
            totals[name].append(value)
        other = f"{len(csrt) / sum(csrt):>10.1f}" if csrt else f"{'–':>10}"
        if csrt:
            ratios.append(sum(csrt) / sum(seconds))
        shown = " ".join(f"{name} {value * 1e3:.1f}" for name, value in steps.items())
        name = f"{record['dataset']}/{record['name']}"
        p95 = np.percentile(seconds, 95) * 1e3
        print(f"{name:<24}{aucs[-1]:>6.3f}{fps:>8.1f}{p95:>8.1f}{other}   {shown}", flush=True)
    print(
        f"median {np.median(rates):.1f} fps, mean AUC {np.mean(aucs):.3f}, "
        f"torch threads {torch.get_num_threads()}"
    )
    print("mean ms: " + ", ".join(f"{k} {np.mean(v) * 1e3:.2f}" for k, v in totals.items()))
    if ratios:
        print(f"speed over CSRT, median: {np.median(ratios):.2f} ×")


if __name__ == "__main__":
    main()
