"""``boxtrail evaluate``: benchmark folders in, JSON and tables out."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import params as parameters
from core.cli import EXIT_INTERRUPTED, EXIT_PARTIAL
from core.cli.options import (
    add_device,
    add_weights,
    find_tracker,
    parse_settings,
    parse_weights,
    positive,
    require_weights,
    require_writable,
    use_device,
)
from core.cli.progress import ProgressLine
from core.errors import DatasetError
from core.evaluate.layouts import find_sequences
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import Settings, save_boxes
from core.evaluate.report import Report, versions
from core.evaluate.sequences import BenchmarkSequence, select
from core.storage import atomic_write
from core.weights.files import digest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument(
        "dataset",
        type=Path,
        metavar="FOLDER",
        help="a benchmark (manifest.json, OTB, VOT, GOT-10k, LaSOT, UAV123, TLD), or one sequence",
    )
    parser.add_argument(
        "--trackers", default="ccr", metavar="A,B", help="which trackers (default ccr)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table with commas")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a Markdown table")
    parser.add_argument(
        "--only", default="", metavar="A,B/C", help="data sets or sequences: OTB,VOT/vot_bag"
    )
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes at a time (default 1)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="TRACKER.NAME=VALUE",
        help="a tracker's parameter, may be repeated (see “boxtrail params”)",
    )
    parser.add_argument("--seed", type=int, default=0, help="for trackers that draw numbers")
    parser.add_argument("--resume", action="store_true", help="keep what --json FILE holds already")
    parser.add_argument(
        "--save-boxes", type=Path, metavar="FOLDER", help="write each run's boxes and times"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")
    add_weights(parser)
    add_device(parser, default="cpu")


def run(args: argparse.Namespace) -> int:
    """Evaluate, report, and say by the exit code whether everything worked."""
    trackers = [name.strip() for name in args.trackers.split(",") if name.strip()]
    settings = _settings(args, trackers)
    for path in (args.json, args.csv, args.markdown, args.save_boxes):
        require_writable(path)
    sequences = select(find_sequences(args.dataset), args.only.split(","))
    report = _report(args, settings)
    work = [
        Work(sequence, tracker)
        for tracker in trackers
        for sequence in sequences
        if not report.has(tracker, sequence.key)
    ]
    _say_notes(sequences, quiet=args.quiet)
    interrupted = _evaluate(args, settings, report, work)
    _write(args, report)
    for failure in report.failures:
        _say_failure(failure)
    if not args.quiet and report.scores:
        print(report.table(), end="")
    if interrupted:
        kept = sum(len(rows) for rows in report.scores.values())
        where = f" in {args.json}; --resume goes on from there" if args.json else ""
        print(f"boxtrail: stopped; {kept} results are kept{where}.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_PARTIAL if report.failures else 0


def _settings(args: argparse.Namespace, trackers: Sequence[str]) -> Settings:
    given = parse_settings(args.set, prefix=trackers)
    full, files = {}, parse_weights(args.weights)
    for name in trackers:  # checks names and values before any work is done
        spec = find_tracker(name)
        require_weights(spec, files)
        checked = parameters.from_dict(spec.params, given[name], where=name)
        full[name] = parameters.to_dict(checked)
    args.threads = args.threads or 1
    return Settings(full, use_device(args), args.threads, args.seed, files)


def _report(args: argparse.Namespace, settings: Settings) -> Report:
    facts = {
        "protocol": "one-pass",
        "params": {name: dict(values) for name, values in settings.params.items()},
        "device": settings.device,
        "threads": settings.threads,
        "seed": settings.seed,
        "weights": {key: digest(path) for key, path in settings.weights.items()},
        "np": "mean of the normalised-precision curve over 0..0.5; details has np_at_020",
    }
    if not (args.resume and args.json and args.json.exists()):
        return Report({**facts, "jobs": args.jobs}, versions())
    report = Report.read_json(args.json)
    _require_same(args.json, report, facts)
    params = {**report.settings.get("params", {}), **facts["params"]}
    report.settings = {**facts, "params": params, "jobs": args.jobs}
    report.versions = versions()
    return report


def _require_same(path: Path, report: Report, facts: dict[str, Any]) -> None:
    """Results that depend on other settings must not stand in one table."""
    then = report.settings
    for name in ("device", "threads", "seed"):
        if report.scores and then.get(name) != facts[name]:
            raise DatasetError(
                f"“{path.name}” was made with {name} {then.get(name)}, not {facts[name]}.",
                f"Use --{name} {then.get(name)}, another file, or leave out --resume.",
            )
    if report.scores and then.get("weights", {}) != facts["weights"]:
        raise DatasetError(
            f"“{path.name}” was made with other weights files.",
            "Use the same --weights as then, another file, or leave out --resume.",
        )
    for tracker in report.scores:
        now = facts["params"].get(tracker)
        if now is not None and then.get("params", {}).get(tracker) != now:
            raise DatasetError(
                f"“{path.name}” was made with other parameters of {tracker}.",
                "Use the same --set as then, another file, or leave out --resume.",
            )


def _evaluate(
    args: argparse.Namespace, settings: Settings, report: Report, work: list[Work]
) -> bool:
    """Add all results to `report`; True when the person stopped it."""
    total = sum(len(item.sequence) for item in work)
    line = ProgressLine(total, shown=not args.quiet)
    done, note = 0, f"0/{len(work)} runs"

    def progress(frames: int) -> None:
        line.update(frames, note)

    results = evaluate_all(work, settings, jobs=args.jobs, progress=progress)
    try:
        with contextlib.closing(results):
            for result in results:
                done += 1
                note = f"{done}/{len(work)} runs"
                report.add(result)
                if args.save_boxes and not isinstance(result, Failure):
                    save_boxes(args.save_boxes, result)
                if args.json:
                    report.write_json(args.json)
    except KeyboardInterrupt:
        return True
    finally:
        line.clear()
    return False


def _write(args: argparse.Namespace, report: Report) -> None:
    if args.json:
        report.write_json(args.json)
    for path, text in ((args.csv, report.csv), (args.markdown, report.markdown)):
        if path:
            with atomic_write(path, text=True) as stream:
                stream.write(text())


def _say_notes(sequences: Sequence[BenchmarkSequence], *, quiet: bool) -> None:
    for sequence in sequences:
        for note in sequence.notes if not quiet else ():
            print(f"note: {sequence.key}: {note}", file=sys.stderr)


def _say_failure(failure: Failure) -> None:
    print(f"boxtrail: {failure.tracker} on {failure.key}: {failure.message}", file=sys.stderr)
    if failure.hint:
        print(f"  {failure.hint}", file=sys.stderr)
