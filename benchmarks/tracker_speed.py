"""How fast each tracker is on real sequences, where the time goes, and CSRT beside it.

    python benchmarks/tracker_speed.py DATA [--trackers ccr,edcf] [--only OTB/Crossing ...]
        [--frames 150] [--threads 1] [--device cuda] [--set ccr.stages=1]

Only the tracker's own time counts; decoding is left out, starting is a column of its own.
CSRT runs right after on the same sequence (see csrt.py), so that the ratio is one of the
same machine in the same minute.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import csrt

from core import device as devices
from core.cli.options import parse_settings
from core.errors import WeightsError
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import present
from core.evaluate.protocol import frames
from core.evaluate.sequences import BenchmarkSequence, select
from core.geometry import Box
from core.trackers import load_all, registry
from core.trackers.base import Services


@dataclass
class Timed:
    """One tracker on one sequence; seconds."""

    build: float = 0.0
    init: float = 0.0
    updates: list[float] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def fps(self) -> float:
        return len(self.updates) / sum(self.updates)

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        return float(np.percentile(self.updates, share)) * 1e3


def timed(
    sequence: BenchmarkSequence, key: str, values: dict[str, Any], device: torch.device, limit: int
) -> Timed:
    """Track at most `limit` frames of `sequence` and time every call."""
    taken = Timed()
    first = int(np.argmax(present(sequence.boxes)))
    source = islice(frames(sequence, first), limit + 1)
    began = time.perf_counter()
    tracker = registry.find(key).create(values, Services(device))
    taken.build = time.perf_counter() - began
    image = next(source).image
    began = time.perf_counter()
    tracker.init(image, Box(*(float(v) for v in sequence.boxes[first])))
    taken.init = time.perf_counter() - began
    for frame in source:
        began = time.perf_counter()
        result = tracker.update(frame.image)
        taken.updates.append(time.perf_counter() - began)
        for name, seconds in result.timings.items():
            taken.steps[name] += seconds
    return taken


def csrt_fps(python: Path | None, data: Path, keys: list[str]) -> dict[str, float]:
    """Frames per second of CSRT by sequence; empty without a Python that has it."""
    if python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        report = csrt.measured(python, data, keys, Path(folder) / "csrt.json")
    return {key: scores.fps for key, scores in report.scores[csrt.KEY].items()}


def show_summary(key: str, runs: dict[str, Timed], peer: dict[str, float]) -> None:
    """One tracker's figures over all sequences."""
    pooled = np.concatenate([run.updates for run in runs.values()]) * 1e3
    rate = float(np.median([run.fps for run in runs.values()]))
    ratios = [run.fps / peer[name] for name, run in runs.items() if name in peer]
    steps: dict[str, float] = defaultdict(float)
    for run in runs.values():
        for name, seconds in run.steps.items():
            steps[name] += seconds
    told = f"{key}: median {rate:.1f} fps, p50 {np.percentile(pooled, 50):.1f} ms, "
    told += f"p95 {np.percentile(pooled, 95):.1f} ms"
    told += f", {np.median(ratios):.2f} × CSRT" if ratios else ""
    builds = np.median([run.build for run in runs.values()]) * 1e3
    starts = np.median([run.init for run in runs.values()]) * 1e3
    print(f"{told}; build {builds:.0f} ms, start {starts:.0f} ms")
    shares = [(name, seconds * 1e3 / len(pooled)) for name, seconds in steps.items()]
    shares.sort(key=lambda pair: -pair[1])
    print("   ms a frame: " + ", ".join(f"{name} {value:.2f}" for name, value in shares))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with benchmark sequences")
    parser.add_argument("--trackers", default="", help="keys with commas; all by default")
    parser.add_argument("--only", nargs="*", default=[], help="data sets or sequences")
    parser.add_argument("--frames", type=int, default=10**9, help="at most so many a sequence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", action="append", default=[], metavar="TRACKER.NAME=VALUE")
    parser.add_argument("--csrt", type=Path, help="a Python whose OpenCV has CSRT")
    parser.add_argument("--no-csrt", action="store_true")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    devices.set_threads(args.threads)
    device = devices.choose(args.device)
    load_all()
    keys = [key for key in args.trackers.split(",") if key] or sorted(registry.trackers)
    values = parse_settings(args.set, prefix=keys)
    sequences = select(find_sequences(args.data), args.only)
    python = None if args.no_csrt else csrt.interpreter(args.csrt)
    if python is None and not args.no_csrt:
        print(csrt.HOW_TO_GET, file=sys.stderr)
    print(f"{devices.describe(device)}, torch {torch.__version__}")
    print(f"{'tracker':<10}{'sequence':<26}{'fps':>8}{'p50 ms':>8}{'p95 ms':>8}{'init ms':>9}")
    taken: dict[str, dict[str, Timed]] = defaultdict(dict)
    peer: dict[str, float] = {}
    for sequence in sequences:
        for key in list(keys):
            try:
                run = timed(sequence, key, values[key], device, args.frames)
            except WeightsError as missing:
                print(f"{key:<10}left out: {missing}")
                keys.remove(key)
                continue
            taken[key][sequence.key] = run
            numbers = f"{run.fps:>8.1f}{run.percentile(50):>8.1f}{run.percentile(95):>8.1f}"
            print(f"{key:<10}{sequence.key:<26}{numbers}{run.init * 1e3:>9.0f}", flush=True)
        peer |= csrt_fps(python, args.data, [sequence.key])
        if sequence.key in peer:
            print(f"{'CSRT':<10}{sequence.key:<26}{peer[sequence.key]:>8.1f}", flush=True)
    for key in keys:
        show_summary(key, taken[key], peer)


if __name__ == "__main__":
    main()
