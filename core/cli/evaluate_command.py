"""``boxtrail evaluate``: benchmark folders in, JSON and tables out."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core import params as parameters
from core.cli import EXIT_INTERRUPTED, EXIT_PARTIAL
from core.cli.evaluate_options import (
    add_outputs,
    add_protocol,
    output_paths,
    protocol_facts,
    protocol_settings,
    runs_of,
    write_outputs,
)
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
from core.evaluate.failures import gallery
from core.evaluate.layouts import find_sequences
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.pictures import Card, Key, of_failures
from core.evaluate.protocol import SequenceRun, Settings
from core.evaluate.report import Report, protocol_of, versions
from core.evaluate.results.reading import Results, find_results, score_results, unknown_files
from core.evaluate.results.writing import check as check_layout
from core.evaluate.results.writing import write as write_results
from core.evaluate.sequences import BenchmarkSequence, select
from core.weights.files import digest

_FIRST_VERSION = {
    "protocol": "ope",
    "repetitions": 1,
    "metrics": "boxtrail",
    "year": None,
    "counting": None,
    "overlap": None,
    "regions": None,
    "results": "",
}
"""What reports that do not say so were made with; equal in all results of one report."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument(
        "dataset",
        type=Path,
        metavar="FOLDER",
        help="a benchmark (manifest.json, OTB, VOT, GOT-10k, LaSOT, UAV123, TLD), or one sequence",
    )
    parser.add_argument(
        "--trackers",
        default="",
        metavar="A,B",
        help="which trackers (default ccr; with --results all that have results)",
    )
    add_protocol(parser)
    add_outputs(parser)
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
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")
    add_weights(parser)
    add_device(parser, default="cpu")


def run(args: argparse.Namespace) -> int:
    """Evaluate, report, and say by the exit code whether everything worked."""
    trackers = [name.strip() for name in args.trackers.split(",") if name.strip()]
    found = find_results(args.results, trackers) if args.results else []
    trackers = [results.tracker for results in found] or trackers or ["ccr"]
    settings = _settings(args, trackers)
    for path in output_paths(args):
        require_writable(path)
    if args.save_boxes:
        check_layout(args.layout, settings.protocol)
    sequences = select(find_sequences(args.dataset), args.only.split(","))
    report = _report(args, settings)
    _say_notes(sequences, quiet=args.quiet)
    pictures: dict[Key, Card] = {}
    work = [
        Work(sequence, tracker)
        for tracker in trackers
        for sequence in sequences
        if not report.has(tracker, sequence.key)
    ]
    if found:
        _say_unknown(found, sequences, quiet=args.quiet)
        results = _scored(found, work, settings)
        interrupted = _collect(args, report, results, sequences, None, pictures)
    else:
        interrupted = _evaluate(args, settings, report, work, pictures)
    write_outputs(args, report, pictures)
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
    full, files = {}, parse_weights(args.weights)
    for name in trackers if not args.results else ():  # checked before any work is done
        spec = find_tracker(name)
        require_weights(spec, files)
        given = parse_settings(args.set, prefix=trackers)
        checked = parameters.from_dict(spec.params, given[name], where=name)
        full[name] = parameters.to_dict(checked)
    args.threads = args.threads or 1
    return Settings(
        full,
        use_device(args),
        args.threads,
        args.seed,
        files,
        maps=bool(args.pictures and (args.html or args.pdf)),
        **protocol_settings(args),
    )


def _report(args: argparse.Namespace, settings: Settings) -> Report:
    facts = {
        "protocol": settings.protocol,
        "repetitions": settings.repetitions,
        "metrics": settings.metrics,
        **protocol_facts(settings),
        "results": str(args.results) if args.results else "",
        "params": {name: dict(values) for name, values in settings.params.items()},
        "device": settings.device,
        "threads": settings.threads,
        "seed": settings.seed,
        "weights": {key: digest(path) for key, path in settings.weights.items()},
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
    before = {**_FIRST_VERSION, **then, "protocol": protocol_of(then)}
    for name in ("device", "threads", "seed", *_FIRST_VERSION):
        if report.scores and name in facts and before.get(name) != facts[name]:
            was = "none" if before.get(name) in (None, "") else before[name]
            raise DatasetError(
                f"“{path.name}” was made with {name} {was}, not {facts[name]}.",
                f"Use --{name} {was}, another file, or leave out --resume.",
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
    args: argparse.Namespace,
    settings: Settings,
    report: Report,
    work: list[Work],
    pictures: dict[Key, Card],
) -> bool:
    """Add all results to `report`; True when the person stopped it."""
    total = sum(runs_of(item.sequence, settings) for item in work)
    line = ProgressLine(total, shown=not args.quiet)
    note = _Note(len(work))

    def progress(frames: int) -> None:
        line.update(frames, note.text)

    results = evaluate_all(work, settings, jobs=args.jobs, progress=progress)
    try:
        with contextlib.closing(results):
            sequences = [item.sequence for item in work]
            return _collect(args, report, results, sequences, note, pictures)
    finally:
        line.clear()


class _Note:
    """How many runs are done, for the progress line."""

    def __init__(self, total: int) -> None:
        self.done, self._total = 0, total

    @property
    def text(self) -> str:
        return f"{self.done}/{self._total} runs"


def _collect(
    args: argparse.Namespace,
    report: Report,
    results: Iterable[SequenceRun | Failure],
    sequences: Sequence[BenchmarkSequence],
    note: _Note | None,
    pictures: dict[Key, Card],
) -> bool:
    """Take results as they come, each at once onto the disk; True when stopped by Ctrl+C."""
    by_key = {sequence.key: sequence for sequence in sequences}
    try:
        for result in results:
            if note is not None:
                note.done += 1
            report.add(result)
            if not isinstance(result, Failure):
                sequence = by_key[result.key]
                report.note(sequence)
                found = gallery(result, sequence)
                report.details[result.tracker][result.key].update(found.details())
                if args.pictures:
                    pictures |= of_failures(result, sequence, found)
                if args.save_boxes:
                    write_results(args.save_boxes, args.layout, sequence, result)
            if args.json:
                report.write_json(args.json)
    except KeyboardInterrupt:
        return True
    return False


def _scored(
    found: Sequence[Results], work: Sequence[Work], settings: Settings
) -> Iterator[SequenceRun | Failure]:
    for results in found:
        wanted = [item.sequence for item in work if item.tracker == results.tracker]
        yield from score_results(results, wanted, settings)


def _say_unknown(
    found: Sequence[Results], sequences: Sequence[BenchmarkSequence], *, quiet: bool
) -> None:
    for results in found if not quiet else ():
        extra = unknown_files(results, sequences)
        if extra:
            names = ", ".join(extra[:8]) + (", …" if len(extra) > 8 else "")
            print(f"note: {results.tracker}: no sequence is called {names}", file=sys.stderr)


def _say_notes(sequences: Sequence[BenchmarkSequence], *, quiet: bool) -> None:
    for sequence in sequences:
        for note in sequence.notes if not quiet else ():
            print(f"note: {sequence.key}: {note}", file=sys.stderr)


def _say_failure(failure: Failure) -> None:
    print(f"boxtrail: {failure.tracker} on {failure.key}: {failure.message}", file=sys.stderr)
    if failure.hint:
        print(f"  {failure.hint}", file=sys.stderr)
