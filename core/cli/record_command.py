"""``boxtrail record``: a box in, a recording out that replays without the tracker."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.options import (
    UsageError,
    find_tracker,
    parse_box,
    parse_weights,
    require_weights,
    require_writable,
    use_device,
)
from core.cli.output import add_outputs, check_outputs
from core.cli.track_command import add_target, plan_of, stop_rule
from core.cli.tracking import Job, track_and_write
from core.recording.coding import Precision
from core.recording.recorder import WhenFull
from core.recording.run_recorder import RecordTo
from core.recording.schema import SUFFIX
from core.session import Session
from core.trackers.registry import TrackerSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    add_target(parser)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar=f"FILE{SUFFIX}", help="the recording"
    )
    parser.add_argument(
        "--maps",
        metavar="KEYS",
        help="maps to record: keys with commas between, “all”, or “none” "
        "(default: the tracker's first)",
    )
    parser.add_argument(
        "--patches", action="store_true", help="record the template and the search window, too"
    )
    parser.add_argument("--proposals", action="store_true", help="record candidate boxes, too")
    parser.add_argument(
        "--precision",
        choices=[str(p) for p in Precision],
        default=str(Precision.COMPACT),
        help="of maps: 8 bits of a map's span, 16 bits, or as they are (default compact)",
    )
    parser.add_argument(
        "--when-busy",
        choices=[str(p) for p in WhenFull],
        default=str(WhenFull.WAIT),
        help="when the disk is too slow: let the tracker wait, or leave out maps (default wait)",
    )
    add_outputs(parser, "write annotations, too")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a recording or project that exists"
    )


def run(args: argparse.Namespace) -> int:
    """Track, record, and say how it went."""
    box = parse_box(args.box)
    spec = find_tracker(args.tracker)
    given = parse_weights(args.weights)
    require_weights(spec, given)
    outputs = check_outputs(args.out, args.format, overwrite=args.overwrite)
    recording = RecordTo(
        _place(args), _wanted(args, spec), Precision(args.precision), WhenFull(args.when_busy)
    )
    job = Job(
        outputs,
        device=use_device(args),
        quiet=args.quiet,
        until=stop_rule(args),
        weights=given,
        recording=recording,
    )
    session = Session.of_video(args.video)
    try:
        session.wait_ready()
        return track_and_write(session, plan_of(session, args, box), job)
    finally:
        session.close()


def _place(args: argparse.Namespace) -> Path:
    path = args.output
    if path.is_dir():
        raise UsageError(f"“{path}” is a folder.", f"Name a file: {path / ('run' + SUFFIX)}.")
    if path.exists() and not args.overwrite:
        raise UsageError(
            f"“{path}” exists already.", "Choose another name, or add --overwrite to replace it."
        )
    require_writable(path)
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    return path


def _wanted(args: argparse.Namespace, spec: TrackerSpec) -> frozenset[str]:
    extras = {name for name in ("patches", "proposals") if getattr(args, name)}
    known = [info.key for info in spec.maps]
    if args.maps == "all":
        return frozenset({*known, *extras})
    names = "" if args.maps == "none" else args.maps or spec.primary_map
    keys = frozenset(key.strip() for key in names.split(",") if key.strip())
    unknown = sorted(keys - set(known))
    if unknown:
        raise UsageError(
            f"{spec.key} has no map “{unknown[0]}”.", "Known: all, none, " + ", ".join(known) + "."
        )
    return keys | extras
