"""A scripted annotator: how many corrections and seconds the annotation loop takes.

    python benchmarks/annotator.py run DATA --out results.jsonl [--only OTB/Deer ...]
        [--tracker ccr] [--check two] [--frames 300] [--plain] [--core]
    python benchmarks/annotator.py report results.jsonl

`run` labels benchmark sequences to a mean overlap of 0.75 in the real window, offscreen,
with key and mouse events; results are added to the file sequence by sequence. It draws
the first box, tracks to the end, corrects where the program holds, lets a second tracker
check, goes through what is flagged, and makes spot checks every 50 frames; what a box
shows is compared with the truth only there. With `--plain` it has no alarms: only
tracking and spot checks. `--core` makes the same decisions without a window. What each
action costs is in annotator_costs.py; the decisions are in annotator_loop.py. Linear
interpolation is reckoned with the fewest true boxes that reach the same goal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from annotator_costs import BAD, GOAL, Boxes, linear_keys  # noqa: E402
from annotator_loop import Annotator  # noqa: E402

from core import trackers  # noqa: E402
from core.evaluate.layouts import find_sequences  # noqa: E402
from core.evaluate.protocol import frames  # noqa: E402
from core.evaluate.sequences import BenchmarkSequence, select  # noqa: E402


@dataclass(frozen=True)
class Way:
    """How to work: with which tracker, how many that check (empty: no alarms), and where."""

    tracker: str
    check: str
    window: bool


def clip_of(sequence: BenchmarkSequence, limit: int, folder: Path) -> int:
    """The first frames of a sequence as a folder of pictures; returns how many."""
    count = min(len(sequence), limit)
    if sequence.video is None:
        for number, path in enumerate(sequence.pictures[:count]):
            (folder / f"{number:06d}{path.suffix}").symlink_to(path.resolve())
        return count
    for frame in frames(sequence, 0):
        if frame.index >= count:
            break
        name = str(folder / f"{frame.index:06d}.png")
        cv2.imwrite(name, cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    return count


def labelled(sequence: BenchmarkSequence, way: Way, limit: int) -> dict[str, object]:
    """Label one sequence and say how it went."""
    with tempfile.TemporaryDirectory(prefix="annotator-") as home:
        # Fresh settings: what one sequence taught the alarms must not help the next.
        os.environ["BOXTRAIL_HOME"] = str(Path(home) / "settings")
        folder = Path(home) / "clip"
        folder.mkdir()
        count = clip_of(sequence, limit, folder)
        truth = np.array(sequence.boxes[:count])
        return {"sequence": sequence.key, **_worked(folder, truth, way)}


def _worked(folder: Path, truth: Boxes, way: Way) -> dict[str, object]:
    from annotator_hands import CoreHands, WindowHands

    made = WindowHands if way.window else CoreHands
    alarms = bool(way.check)
    hands = made(folder, way.tracker, len(truth), holds=alarms, checkers=way.check or "one")
    began = time.perf_counter()
    try:
        annotator = Annotator(hands, truth, alarms=alarms)
        outcome = annotator.label()
        found, boxes = annotator.overlaps(), hands.boxes()
    finally:
        hands.close()
    keys = linear_keys(truth)
    visible = np.isfinite(truth).all(axis=1)
    wrong = np.where(visible, np.nan_to_num(found) < BAD, np.isfinite(boxes).all(axis=1))
    return {
        "tracker": way.tracker,
        "check": way.check,
        "window": way.window,
        "frames": len(truth),
        "corrections": outcome.effort.corrections,
        "seconds": round(outcome.effort.seconds, 1),
        "actions": dict(outcome.effort.done),
        "stops": outcome.stops,
        "places": outcome.places,
        "bad": len(outcome.bad_seen),
        "missed": len(outcome.missed),
        "missed_frames": outcome.missed,
        "left": int(wrong.sum()),
        "mean_iou": round(float(np.nanmean(found)), 3),
        "linear": len(keys) - 1,
        "machine_seconds": round(time.perf_counter() - began, 1),
    }


def run(args: argparse.Namespace) -> int:
    """The sub-command ``run``."""
    torch.set_num_threads(args.threads)
    trackers.load_all()
    if not args.core:
        from app.application import make_application

        application = make_application([])
        application.setQuitOnLastWindowClosed(False)
    done = _known(args.out)
    for sequence in select(find_sequences(args.data), args.only):
        way = Way(args.tracker, "" if args.plain else args.check, not args.core)
        if (sequence.key, way.tracker, way.check, way.window) in done:
            continue
        result = labelled(sequence, way, args.frames)
        with args.out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(result) + "\n")
        print(_line(result), flush=True)
    return 0


def _known(path: Path) -> set[tuple[object, ...]]:
    if not path.exists():
        return set()
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(r["sequence"], r["tracker"], r["check"], r["window"]) for r in rows}


_HEAD = (
    "| sequence | frames | corrections | per 1,000 | person s | stops | places | bad | "
    "never flagged | left | mean IoU | linear |\n" + "|---|" + "---:|" * 11
)


def _line(r: dict[str, Any]) -> str:
    per = 1000 * r["corrections"] / r["frames"]
    missed = f"{r['missed']}"
    if r["bad"]:
        missed += f" ({r['missed'] / r['bad']:.1%})"
    return (
        f"| {r['sequence']} | {r['frames']} | {r['corrections']} | {per:.0f} | "
        f"{r['seconds']:.0f} | "
        f"{r['stops']} | {r['places']} | {r['bad']} | {missed} | {r['left']} | {r['mean_iou']} | "
        f"{r['linear']} |"
    )


def report(args: argparse.Namespace) -> int:
    """The sub-command ``report``: one table per way of working."""
    rows = [
        json.loads(line) for path in args.results
        for line in path.read_text(encoding="utf-8").splitlines()
    ]  # fmt: skip
    for way in sorted({(r["tracker"], r["check"], r["window"]) for r in rows}):
        mine = [r for r in rows if (r["tracker"], r["check"], r["window"]) == way]
        mine = list({r["sequence"]: r for r in mine}.values())
        total = {
            key: sum(r[key] for r in mine)
            for key in ("frames", "corrections", "seconds", "stops", "places", "bad", "missed",
                        "left", "linear")
        }  # fmt: skip
        reached = sum(r["mean_iou"] >= GOAL for r in mine)
        mean = round(float(np.mean([r["mean_iou"] for r in mine])), 3)
        name, where = (
            (f"checked by {way[1]}" if way[1] else "plain"),
            ("window" if way[2] else "core"),
        )
        print(f"\n{way[0]}, {name}, {where}: {reached} of {len(mine)} reach {GOAL}\n\n{_HEAD}")
        for row in mine:
            print(_line(row))
        print(_line({"sequence": "**all**", **total, "mean_iou": mean}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help="label sequences")
    running.add_argument("data", type=Path)
    running.add_argument("--out", type=Path, required=True, help="results, one line a sequence")
    running.add_argument("--only", nargs="*", default=[])
    running.add_argument("--tracker", default="ccr")
    running.add_argument("--frames", type=int, default=100_000, help="at most, per sequence")
    running.add_argument("--check", choices=("one", "two"), default="one", help="checking trackers")
    running.add_argument("--plain", action="store_true", help="no alarms: spot checks only")
    running.add_argument("--core", action="store_true", help="without the window")
    running.add_argument("--threads", type=int, default=1)
    running.set_defaults(run=run)
    telling = commands.add_parser("report", help="tables of results")
    telling.add_argument("results", type=Path, nargs="+")
    telling.set_defaults(run=report)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    raise SystemExit(main())
