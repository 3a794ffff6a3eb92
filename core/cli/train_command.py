"""``boxtrail train``: data folders in, weights out; stopped and killed runs go on."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from core.cli import EXIT_INTERRUPTED
from core.cli.options import add_device, use_device
from core.cli.progress import ProgressLine
from core.train import config as configs
from core.train import session
from core.train.data.report import Report as DataReport
from core.train.loop import Hooks, Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("recipe", metavar="NETWORK", help="edcf, crpn or cract")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="FOLDER",
        help="data sets: GOT-10k, LaSOT, TrackingNet, ImageNet VID, COCO, DAVIS, YouTube-VOS, VOC",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the run is kept")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.NAME=VALUE",
        help="one setting, may be repeated (see docs/training.md)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--smoke", action="store_true", help="a run of seconds, to see it works")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes that make pairs (default 0)"
    )
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where data is packed")
    parser.add_argument(
        "--clips", type=int, default=24, metavar="N", help="clips to validate on (default 24)"
    )
    parser.add_argument(
        "--features", type=Path, metavar="FOLDER",
        help="where kept features lie, if train.bank is set (default: in --out)",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="start", type=Path, metavar="FILE", help="weights to start from"
    )
    add_device(parser)


def run(args: argparse.Namespace) -> int:
    """Train, showing losses and the time left; Ctrl+C keeps what was trained."""
    tables: dict[str, Any] = configs.read(args.config) if args.config else {}
    if args.smoke:
        tables = {**tables, "train": {**tables.get("train", {}), **configs.SMOKE["train"]}}
    config = configs.build(args.recipe, configs.with_assignments(tables, args.set))
    device = torch.device(use_device(args))
    with tempfile.TemporaryDirectory(prefix="boxtrail-") as scratch:
        options = session.Options(
            args.data,
            args.out or (Path(scratch) if args.smoke else Path("out") / "training" / args.recipe),
            device,
            args.workers,
            args.cache,
            2 if args.smoke else args.clips,
            6 if args.smoke else 60,
            args.resume,
            keeps=not args.smoke or args.out is not None,
            features=args.features,
            start=args.start,
        )
        return _train(config, options)


def _train(config: configs.Config, options: session.Options) -> int:
    line: ProgressLine | None = None

    def prepared(step: str, done: int, total: int) -> None:
        nonlocal line
        if done <= 1 or line is None:
            line = ProgressLine(total, "items")
        line.update(done, step)

    def told(report: DataReport) -> None:
        if line is not None:
            line.clear()
        for text in report.lines():
            print(text, file=sys.stderr)

    with _interruptible() as stopped:
        hooks = Hooks(_say, stopped)
        run = session.train(config, options, hooks, prepared=prepared, told=told)
        if stopped():
            print(f"boxtrail: stopped. Go on with --resume --out {options.folder}", file=sys.stderr)
            return EXIT_INTERRUPTED
    progress = run.progress
    if not options.keeps:
        print("It works. Nothing was kept.")
    else:
        print(f"{progress.pairs} pairs in {progress.seconds / 60:.1f} min; best epoch "
          f"{progress.best_epoch}, validation {progress.best:.3f}: {run.best_file}")  # fmt: skip
    return 0


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl+C ends the training after the present step; a second one at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        del frame
        asked.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def _say(report: Report) -> None:
    """One line per report: a log file can be read as well as a terminal."""
    progress = report.progress
    place = f"epoch {progress.epoch}/{report.epochs} step {progress.step}/{report.steps}"
    if report.validation is not None:
        shown = "  ".join(f"{name} {value:.3f}" for name, value in report.validation.items())
        print(f"{place}  validation  {shown}", flush=True)
        return
    losses = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
    speed = f"{report.pairs_per_second:.0f} pairs/s  {_duration(report.seconds_left)} left"
    print(f"{place}  {losses}  {speed}", flush=True)


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
