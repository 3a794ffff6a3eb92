"""``boxtrail batch``: many clips from their first boxes, in several processes, resumable."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from core import params as parameters
from core.batch.exports import OVERLAY
from core.batch.job_file import read_job
from core.batch.log import SUFFIX as LOG
from core.batch.log import BatchLog
from core.batch.run import Listener, Pace, run_batch
from core.batch.tasks import Options, Outcome, RecordingChoice, Result, Task, tasks_of, total_of
from core.cli import EXIT_INTERRUPTED, EXIT_PARTIAL
from core.cli.options import (
    UsageError,
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
from core.cli.output import writable
from core.cli.progress import ProgressLine, duration
from core.cli.track_command import stop_rule
from core.collection import file as collection_file
from core.document import media, project_file
from core.formats import load_all as load_formats
from core.recording.coding import Precision
from core.trackers.registry import TrackerSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument(
        "input",
        nargs="+",
        type=Path,
        metavar="INPUT",
        help="a list of clips (.boxtrails), projects with first boxes (.boxtrail), or a job "
        "file (.csv, .json: video and box)",
    )
    parser.add_argument("--tracker", default="ccr", metavar="KEY", help="default ccr")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="a parameter of the tracker, may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--two-way", action="store_true", help="between two boxes of yours, track from both sides"
    )
    parser.add_argument(
        "--backward", action="store_true", help="also from the first box to the beginning"
    )
    parser.add_argument(
        "--until-unsure", action="store_true", help="end each run where it becomes doubtful"
    )
    parser.add_argument("--stop-after", type=positive, metavar="N", help="doubtful frames for that")
    parser.add_argument("--keep-tail", action="store_true", help="keep the doubtful frames, too")
    _add_outputs(parser)
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="clips at the same time (default 1)"
    )
    parser.add_argument("--again", action="store_true", help="also what is finished already")
    parser.add_argument("--all", action="store_true", help="also clips that are marked as done")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help=f"what is finished (default: INPUT{LOG})"
    )
    parser.add_argument("--dry-run", action="store_true", help="list the clips, and end")
    parser.add_argument("--quiet", action="store_true", help="only errors")
    add_weights(parser)
    add_device(parser, default="cpu")


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="where projects of job files, exports and recordings go",
    )  # fmt: skip
    parser.add_argument(
        "--export", action="append", default=[], metavar="KEY",
        help=f"annotation format, or “{OVERLAY}” for a video; may be repeated",
    )  # fmt: skip
    parser.add_argument("--record", action="store_true", help="record what the tracker reports")
    parser.add_argument(
        "--maps", metavar="KEYS", help="maps to record: keys, “all”, “none” (default: the first)"
    )
    parser.add_argument(
        "--precision", choices=[str(p) for p in Precision], default=str(Precision.COMPACT),
        help="of recorded maps (default compact)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Track all clips, and say how it went."""
    spec = find_tracker(args.tracker)
    options = _options(args, spec)
    tasks = _tasks(args)
    if args.dry_run:
        for task in tasks:
            print(f"{task.name}  {task.project}")
        return 0
    log = BatchLog(args.log or _default_log(args))
    require_writable(log.path)
    show = _Show(tasks, quiet=args.quiet)
    with _stopping() as stop:
        jobs = args.jobs if args.jobs > 1 else 0
        outcomes = run_batch(
            tasks, options, log, jobs=jobs, listener=show.listener(), stop=stop.is_set
        )
    show.clear()
    if not args.quiet:
        print("\n".join(table(tasks, outcomes)))
    return _code(outcomes, stopped=stop.is_set())


def _code(outcomes: Sequence[Outcome], *, stopped: bool) -> int:
    if stopped:
        print("boxtrail: stopped. Run it again to go on.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_PARTIAL if any(o.result is Result.FAILED for o in outcomes) else 0


# ---- what to do -----------------------------------------------------------------------


def _options(args: argparse.Namespace, spec: TrackerSpec) -> Options:
    given = parse_weights(args.weights)
    require_weights(spec, given)
    if args.two_way and args.until_unsure:
        raise UsageError("Two-way runs go through, they do not stop.", "Leave one of the two out.")
    params = parse_settings(args.set)
    params = parameters.to_dict(parameters.from_dict(spec.params, params, where=spec.key))
    load_formats()
    for key in args.export:
        if key != OVERLAY:
            writable(key)
    out = media.absolute(args.out) if args.out else None
    require_writable(out / "x" if out else None)
    device = use_device(args)
    threads = args.threads or (1 if args.jobs > 1 else None)
    return Options(
        spec.key,
        params,
        args.two_way,
        args.backward,
        stop_rule(args),
        tuple(dict.fromkeys(args.export)),
        out,
        _recording(args, spec, out),
        device,
        threads,
        given,
        args.again,
    )


def _recording(
    args: argparse.Namespace, spec: TrackerSpec, out: Path | None
) -> RecordingChoice | None:
    if not args.record:
        return None
    known = [info.key for info in spec.maps]
    names = ",".join(known) if args.maps == "all" else args.maps or spec.primary_map
    keys = {key.strip() for key in names.split(",") if key.strip()} - {"none"}
    if keys - set(known):
        raise UsageError(
            f"{spec.key} has no map “{min(keys - set(known))}”.", "Known: " + ", ".join(known) + "."
        )
    folder = (out or media.absolute(args.input[0]).parent) / "recordings"
    return RecordingChoice(folder, frozenset(keys), Precision(args.precision))


def _tasks(args: argparse.Namespace) -> list[Task]:
    tasks: list[Task] = []
    for path in args.input:
        suffix = path.suffix.lower()
        if suffix == collection_file.SUFFIX:
            tasks += tasks_of(collection_file.load(path), also_done=args.all)
        elif suffix == project_file.SUFFIX:
            tasks.append(Task(media.absolute(path)))
        elif suffix in (".csv", ".json", ".txt"):
            place = media.absolute(path)
            tasks += read_job(path, _project_folder(args, place))
        else:
            raise UsageError(
                f"“{path.name}” is neither a list of clips nor a project nor a job file.",
                "A video needs a box: write a job file, see docs/projects.md.",
            )
    unique = {task.project: task for task in reversed(tasks)}
    return [task for task in tasks if unique.pop(task.project, None) is not None]


def _project_folder(args: argparse.Namespace, job: Path) -> Path:
    return media.absolute(args.out) if args.out else job.parent / f"{job.stem}_projects"


def _default_log(args: argparse.Namespace) -> Path:
    first: Path = args.input[0]
    return first.with_name(first.name + LOG)


# ---- what is shown --------------------------------------------------------------------


class _Show:
    """Progress on stderr: a bar on a terminal, a line per finished clip anywhere."""

    def __init__(self, tasks: Sequence[Task], *, quiet: bool) -> None:
        self._tasks = tasks
        self._quiet = quiet
        self._pace = Pace(len(tasks))
        self._line = ProgressLine(1, shown=not quiet)

    def listener(self) -> Listener:
        return Listener(progress=self._progress, outcome=self._outcome)

    def clear(self) -> None:
        self._line.clear()

    def _progress(self, number: int, done: int, planned: int) -> None:
        self._pace.progress(number, done, planned)
        self._line.expect(self._pace.expected)
        note = f"clip {self._pace.clips_over + 1} of {len(self._tasks)}"
        self._line.update(self._pace.frames, note)

    def _outcome(self, number: int, outcome: Outcome) -> None:
        self._pace.finished(number)
        self._line.clear()
        name = self._tasks[number].name
        count = f"[{self._pace.clips_over}/{len(self._tasks)}]"
        if outcome.result is Result.FAILED:
            print(f"boxtrail: {name}: {outcome.message}", file=sys.stderr)
            for text in (outcome.hint, outcome.details if "Traceback" in outcome.details else ""):
                if text:
                    print(f"  {text}", file=sys.stderr)
        elif not self._quiet:
            left = duration(self._pace.seconds_left)
            rest = f", {left} left" if self._pace.clips_over < len(self._tasks) else ""
            print(f"{count} {name}: {_said(outcome)}{rest}", file=sys.stderr)


def _said(outcome: Outcome) -> str:
    if not outcome.frames:
        return str(outcome.result)
    text = f"{outcome.frames} frames, {outcome.rate:.1f} frames/s"
    return text if outcome.result is Result.TRACKED else f"{text}, {outcome.result}"


def table(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> list[str]:
    """The summary as lines: one per clip, and their sum."""
    head = ("clip", "frames", "frames/s", "stops", "doubtful", "result")
    rows = [head]
    rows += [(t.name, *_cells(o), str(o.result)) for t, o in zip(tasks, outcomes, strict=True)]
    counts = {r: sum(o.result is r for o in outcomes) for r in Result}
    result = ", ".join(f"{n} {r}" for r, n in counts.items() if n)
    rows.append((f"{len(tasks)} clips", *_cells(total_of(outcomes)), result))
    widths = [min(max(len(row[k]) for row in rows), 48) for k in range(5)]
    lines = []
    for row in rows:
        name = row[0] if len(row[0]) <= widths[0] else row[0][: widths[0] - 1] + "…"
        numbers = "  ".join(row[k].rjust(widths[k]) for k in range(1, 5))
        lines.append(f"{name.ljust(widths[0])}  {numbers}  {row[5]}")
    return lines


def _cells(outcome: Outcome) -> tuple[str, str, str, str]:
    rate = f"{outcome.rate:.1f}" if outcome.frames else "–"
    return str(outcome.frames), rate, str(outcome.stops), str(outcome.doubtful)


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Ctrl+C (or SIGTERM) ends the batch after the frame in work; a second one at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def halt(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, halt) for kind in kinds]
    try:
        yield stop
    finally:
        for kind, old in zip(kinds, before, strict=True):
            signal.signal(kind, old)
