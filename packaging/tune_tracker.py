"""Search a tracker's constants of use (penalties, windows, rates) on benchmark sequences.

    python packaging/tune_tracker.py DATA --tracker crpn --trials 24 --only OTB
        --vary penalty_k=0:0.3 window_influence=0.1:0.6 size_rate=0.1:0.8
        [--fix lost_extra=4] [--weights crpn=FILE] [--jobs 2] [--out out/tuning/crpn.csv]

The first trial takes the defaults (and what is fixed), the second half varies the best
trial so far within a quarter of each range, the rest is drawn evenly. Every trial is one
row of a CSV file: the values, the mean AUC, and that of every sequence; a search that is
started again goes on where it was, with the same draws. Only constants of use are chosen
so: nothing of the sequences reaches the weights.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import params as parameters
from core.cli.options import parse_settings
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import Settings
from core.evaluate.sequences import BenchmarkSequence, select
from core.trackers import load_all, registry

_NEAR = 0.25
"""Share of a range within which the best values are varied."""


@dataclass(frozen=True, slots=True)
class Range:
    """A constant and the interval it is drawn from."""

    name: str
    low: float
    high: float
    whole: bool = False

    def drawn(self, rng: np.random.Generator, about: float | None) -> float:
        """A value; near `about` where that is given."""
        low, high = self.low, self.high
        if about is not None:
            reach = _NEAR * (high - low)
            low, high = max(low, about - reach), min(high, about + reach)
        value = float(rng.uniform(low, high))
        return round(value) if self.whole else round(value, 3)

    @classmethod
    def parse(cls, text: str) -> Range:
        """``name=low:high``; whole numbers on both sides give whole numbers."""
        name, _, interval = text.partition("=")
        low, _, high = interval.partition(":")
        whole = not any(mark in low + high for mark in ".e")
        return cls(name.strip(), float(low), float(high), whole)


def main() -> int:
    """Run the search and say what was best."""
    args = arguments()
    load_all()
    spec = registry.find(args.tracker)
    sequences = select(find_sequences(args.data), args.only)
    ranges = [Range.parse(text) for text in args.vary]
    fixed = parse_settings(args.fix)
    done = read(args.out)
    for trial in range(len(done), args.trials):
        values = {**fixed, **chosen(trial, args.trials, ranges, done, args.seed)}
        parameters.from_dict(spec.params, values, where=spec.key)
        row = measured(args, values, sequences)
        done.append({"trial": trial, **values, **row})
        write(args.out, done)
        named = " ".join(f"{name} {value}" for name, value in values.items())
        print(f"{trial:3d}  AUC {row['mean']:.4f}  {named}", flush=True)
    best = max(done, key=lambda row: float(row["mean"]))
    print(f"Best: trial {best['trial']}, AUC {float(best['mean']):.4f}; all trials: {args.out}")
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--tracker", required=True)
    parser.add_argument("--vary", nargs="+", required=True, metavar="NAME=LOW:HIGH")
    parser.add_argument("--fix", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--only", nargs="*", default=[], metavar="A/B")
    parser.add_argument("--weights", nargs="*", default=[], metavar="KEY=FILE")
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    args.out = args.out or Path("out") / "tuning" / f"{args.tracker}.csv"
    return args


def chosen(
    trial: int, trials: int, ranges: list[Range], done: list[dict[str, Any]], seed: int
) -> dict[str, float]:
    """The values of a trial: a function of the seed and of the trials before it."""
    if trial == 0:
        return {}
    rng = np.random.default_rng([seed, trial])
    best = max(done, key=lambda row: float(row["mean"]))
    near = trial >= trials / 2
    about = {r.name: float(best[r.name]) if near and best.get(r.name) else None for r in ranges}
    return {r.name: r.drawn(rng, about[r.name]) for r in ranges}


def measured(
    args: argparse.Namespace, values: Mapping[str, Any], sequences: list[BenchmarkSequence]
) -> dict[str, float]:
    """The mean AUC and that of each sequence."""
    files = dict(text.split("=", 1) for text in args.weights)
    settings = Settings(
        {args.tracker: values}, weights={key: Path(file) for key, file in files.items()}
    )
    found: dict[str, float] = {}
    work = [Work(sequence, args.tracker) for sequence in sequences]
    for result in evaluate_all(work, settings, jobs=args.jobs):
        if isinstance(result, Failure):
            raise SystemExit(f"{result.key}: {result.message} {result.hint}")
        scores = result.measured.scores
        assert isinstance(scores, Scores)  # one pass, no resets
        found[result.key] = round(scores.auc, 4)
    return {"mean": round(statistics.mean(found.values()), 4), **dict(sorted(found.items()))}


def read(path: Path) -> list[dict[str, Any]]:
    """The trials so far."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """All trials as one table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, names, restval="")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    raise SystemExit(main())
