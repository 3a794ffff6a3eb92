"""Ask whether several trackers together give better boxes, and what their agreement tells.

    python benchmarks/consensus.py DATA [--sets ccr,edcf,drvt ccr,edcf] [--only OTB] [--frames N]

Every tracker follows every sequence once from its first true box, judged by its alarms;
results are kept under ``out/consensus`` and taken from there next time, unless the
tracker's code, weights or parameters have changed. Trackers of a consensus do not
influence one another, so fusing what they said one after the other is what a consensus
run does. The first table is the area under the success curve; the second says which share
of the bad frames (overlap of the fused box below 0.5), and of the good ones, lies below a
threshold of the agreement. Frames are counted alike over all sequences in the second.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from compare_trackers import fingerprint

from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.engine.agreement import APART, agreement, fused
from core.engine.control import Control
from core.engine.run_buffer import RunBuffer
from core.engine.runner import Start, Watch, into, run
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import success_curve
from core.evaluate.protocol import frames
from core.evaluate.sequences import BenchmarkSequence, select
from core.geometry import Box, iou_rows
from core.trackers import load_all, registry
from core.trackers.base import Services

Arrays = dict[str, np.ndarray]
THRESHOLDS = (0.4, 0.5, APART, 0.6, 0.65)
BAD = 0.5


def tracked(sequence: BenchmarkSequence, key: str, args: argparse.Namespace) -> Arrays:
    """Boxes ``(N, 4)``, scores, states and alarms ``(N,)`` of one tracker, from the first true box.

    Rows without a result (before the start, or not reached) have NaN boxes.
    """
    spec = registry.find(key)
    code = f"{fingerprint(spec)}-{args.frames or len(sequence)}"
    path = args.cache / key / f"{sequence.key.replace('/', '-')}.npz"
    if path.is_file() and not args.fresh:
        with np.load(path) as stored:
            if str(stored["code"]) == code:
                return {name: stored[name] for name in stored.files}
    first = int(np.argmax(np.isfinite(sequence.boxes).all(axis=1)))
    stop = min(first + (args.frames or len(sequence)), len(sequence))
    start = Start(first, Box(*(float(v) for v in sequence.boxes[first])))
    buffer, watch = RunBuffer(1), Watch(Watcher(calibration(key)))
    source = (f for f in frames(sequence, first) if f.index < stop)
    tracker = spec.create({}, Services(torch.device("cpu")))
    end = run(1, source, tracker, start, Control(), (into(buffer),), watch)
    if end.error is not None:
        print(f"{key} {sequence.key}: {end.error}", flush=True)
    made: Arrays = {
        "code": np.array(code),
        "boxes": np.full((stop, 4), np.nan),
        "scores": np.zeros(stop),
        "states": np.zeros(stop, np.uint8),
        "alarms": np.zeros(stop, np.uint16),
    }
    for row in buffer.since(0):
        made["boxes"][row.frame] = row.box.as_tuple()
        made["scores"][row.frame], made["states"][row.frame] = row.score, row.state
        made["alarms"][row.frame] = row.alarms
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **made)  # pyright: ignore[reportArgumentType]
    print(f"{key} {sequence.key}: {end.frames} frames, {end.seconds:.0f} s", flush=True)
    return made


def measured(
    keys: list[str], sequences: list[BenchmarkSequence], args: argparse.Namespace
) -> tuple[list[str], list[str]]:
    """A row for each of the two tables."""
    areas: list[list[float]] = []
    overlap, agreed = [], []
    for sequence in sequences:
        said = [tracked(sequence, key, args) for key in keys]
        length = min(len(one["boxes"]) for one in said)
        boxes = np.stack([one["boxes"][:length] for one in said])
        scores, states = (
            np.stack([s[name][:length] for s in said]) for name in ("scores", "states")
        )
        truth = sequence.boxes[:length]
        known = np.isfinite(truth).all(axis=1) & np.isfinite(boxes).all(axis=(0, 2))
        both = fused(boxes[:, known], scores[:, known], states[:, known]).boxes
        found = [*(iou_rows(b[known], truth[known]) for b in boxes), iou_rows(both, truth[known])]
        areas.append([float(np.mean(success_curve(f))) for f in found])
        overlap.append(found[-1])
        agreed.append(agreement(boxes[:, known]).mean)
    means = np.mean(areas, axis=0)
    each = ", ".join(f"{key} {value:.3f}" for key, value in zip(keys, means, strict=False))
    first = [", ".join(keys), each, f"{max(means[:-1]):.3f}", f"**{means[-1]:.3f}**"]
    bad, values = np.concatenate(overlap) < BAD, np.concatenate(agreed)
    shares = [
        f"{(values[bad] < line).mean():.0%} / {(values[~bad] < line).mean():.1%}"
        for line in THRESHOLDS
    ]
    counted = f"{int(bad.sum())} of {len(bad)}"
    return first, [", ".join(keys), counted, f"{separation(values, bad):.2f}", *shares]


def separation(values: np.ndarray, bad: np.ndarray) -> float:
    """How often a bad frame has a lower agreement than a good one (area under the ROC curve)."""
    low, high = np.sort(values[bad]), values[~bad]
    if not len(low) or not len(high):
        return float("nan")
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / (2 * len(low)))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    """Track what is not at hand, then print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--sets", nargs="+", default=["ccr,edcf,drvt", "ccr,edcf", "ccr,drvt", "edcf,drvt"]
    )
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--frames", type=int, default=0, help="at most so many per sequence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path("out/consensus"))
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    load_all()
    sequences = select(find_sequences(args.data), args.only)
    rows = [measured(text.split(","), sequences, args) for text in args.sets]
    print(table(["trackers", "each AUC", "best one", "fused"], [row[0] for row in rows]))
    print()
    head = ["trackers", "bad frames", "ROC", *(f"< {line:g}: bad / good" for line in THRESHOLDS)]
    print(table(head, [row[1] for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
