"""Measure what the parts of the trained trackers bring, one variant at a time.

    python packaging/ablate_networks.py BENCHMARKS --variants docs/tuning/ablations.toml
        --data DATA [--features BANK] [--cache FOLDER] [--only OTB] [--trackers crpn]
        [--out docs/tuning/ablations.csv]

A variant either changes how shipped weights are used (``use``), or is a training of its
own with some settings changed (``train``); all trainings of one tracker have the same
length, seed, pairs and constants of use, given once as ``[TRACKER]``. Every variant is
one row: the training's pairs and hours, and the AUC of every sequence. Rows that are
there are kept, so that a stopped measurement goes on.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import Settings
from core.evaluate.sequences import select
from core.trackers import load_all
from core.train import config as configs
from core.train import session
from core.train.loop import Hooks, Report

_FACTS = ("tracker", "variant", "part", "pairs", "hours", "mean")


def main() -> int:
    """Measure what is not in the table yet."""
    args = arguments()
    load_all()
    torch.set_num_threads(1)
    plan = tomllib.loads(args.variants.read_text(encoding="utf-8"))
    rows = read(args.out)
    done = {(row["tracker"], row["variant"]) for row in rows}
    for variant in plan["variant"]:
        key = (variant["tracker"], variant["name"])
        chosen = not args.trackers or key[0] in args.trackers
        if key in done or not chosen or (args.parts and variant["part"] not in args.parts):
            continue
        print(f"{key[0]}: {key[1]}", flush=True)
        rows.append(measured(args, plan, variant))
        write(args.out, rows)
        print(f"  AUC {rows[-1]['mean']}", flush=True)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("--variants", type=Path, required=True, metavar="FILE")
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("out") / "ablations")
    parser.add_argument("--only", nargs="*", default=[], metavar="A/B")
    parser.add_argument("--trackers", nargs="*", default=[], metavar="KEY")
    parser.add_argument("--parts", nargs="*", default=[], metavar="PART", help="use, training …")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def measured(
    args: argparse.Namespace, plan: Mapping[str, Any], variant: Mapping[str, Any]
) -> dict[str, Any]:
    """One row of the table."""
    tracker = variant["tracker"]
    facts: dict[str, Any] = {"pairs": "", "hours": ""}
    weights: dict[str, Path] = {}
    if "train" in variant:
        name = "".join(c if c.isalnum() else "-" for c in f"{tracker} {variant['name']}")
        settings = {**plan[tracker], **variant["train"]}
        facts, weights = trained(args, tracker, settings, args.runs / name)
    scores = evaluated(args, tracker, variant.get("use", {}), weights)
    mean = round(statistics.mean(scores.values()), 4)
    named = {"tracker": tracker, "variant": variant["name"], "part": variant["part"]}
    return {**named, **facts, "mean": mean, **scores}


def trained(
    args: argparse.Namespace, tracker: str, settings: Mapping[str, Any], folder: Path
) -> tuple[dict[str, Any], dict[str, Path]]:
    """Train a variant to its end; its facts and its weights."""
    tables: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        section, _, key = name.partition(".")
        tables.setdefault(section, {})[key] = value
    config = configs.build(tracker, tables)
    options = session.Options(
        args.data, folder, torch.device("cpu"), cache=args.cache, clips=0,
        resume=(folder / "last.pt").exists(), features=args.features,
    )  # fmt: skip
    run = session.train(config, options, Hooks(_say))
    facts = {"pairs": run.progress.pairs, "hours": round(run.progress.seconds / 3600, 2)}
    return facts, {config.recipe.key: run.best_file}


def _say(report: Report) -> None:
    if report.progress.step % 40 == 0:
        losses = "  ".join(f"{name} {value:.3f}" for name, value in report.losses.items())
        print(f"  epoch {report.progress.epoch} step {report.progress.step}  {losses}", flush=True)


def evaluated(
    args: argparse.Namespace, tracker: str, use: Mapping[str, Any], weights: dict[str, Path]
) -> dict[str, float]:
    """The AUC of every sequence."""
    found: dict[str, float] = {}
    sequences = select(find_sequences(args.benchmarks), args.only)
    settings = Settings({tracker: dict(use)}, weights=weights)
    for result in evaluate_all([Work(s, tracker) for s in sequences], settings, jobs=args.jobs):
        if isinstance(result, Failure):
            raise SystemExit(f"{result.key}: {result.message} {result.hint}")
        scores = result.measured.scores
        assert isinstance(scores, Scores)  # one pass, no resets
        found[result.key] = round(scores.auc, 4)
    return dict(sorted(found.items()))


def read(path: Path) -> list[dict[str, Any]]:
    """The rows so far."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """All rows as one table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys([*_FACTS, *(name for row in rows for name in row)]))
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, names, restval="")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    raise SystemExit(main())
