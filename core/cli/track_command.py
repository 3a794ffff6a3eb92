"""``boxtrail track``: a box in, annotations (and an overlay video) out."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.alarms.stop import StopRule
from core.cli import checking, overlay_view
from core.cli.options import (
    UsageError,
    add_device,
    add_weights,
    find_tracker,
    not_negative,
    parse_box,
    parse_settings,
    parse_weights,
    positive,
    require_weights,
    require_writable,
    settings_help,
    use_device,
)
from core.cli.output import add_outputs, check_outputs
from core.cli.tracking import Job, track_and_write
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.extent import Extent
from core.geometry import Box
from core.session import RunPlan, Session
from core.trackers.registry import TrackerSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    add_target(parser)
    add_outputs(parser, "where to write")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a project that exists already"
    )
    parser.add_argument(
        "--overlay", type=Path, metavar="FILE.mp4", help="write a picture of it all"
    )
    checking.add_arguments(parser)
    parser.add_argument(
        "--map",
        metavar="KEY",
        help="response map in the overlay: a key, or “none” (default: the tracker's first)",
    )
    overlay_view.add_arguments(parser)


def add_target(parser: argparse.ArgumentParser) -> None:
    """What to track, with what, how far: the options that every tracking command has."""
    parser.add_argument("video", type=Path, metavar="VIDEO", help="video, picture folder or glob")
    parser.add_argument(
        "--box",
        required=True,
        metavar="X,Y,W,H",
        help="the target on the start frame, in pixels from the top left corner",
    )
    parser.add_argument("--tracker", default="ccr", metavar="KEY", help="default ccr")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the tracker, may be repeated (see --list-settings)",
    )
    parser.add_argument(
        "--list-settings", action=_ListSettings, help="show what --set takes, and end"
    )
    parser.add_argument(
        "--start", type=not_negative, default=0, metavar="N", help="frame of the box (default 0)"
    )
    parser.add_argument(
        "--consensus",
        metavar="KEY,KEY",
        help="track with two to five trackers and write the fused boxes; a project also holds "
        "what each of them says, as proposals",
    )
    span = parser.add_mutually_exclusive_group()
    span.add_argument(
        "--stop", type=int, metavar="N", help="first frame not to track (default: to the end)"
    )
    span.add_argument("--frames", type=positive, metavar="N", help="how many frames to track")
    span.add_argument("--to", type=not_negative, metavar="N", help="last frame to track")
    span.add_argument(
        "--two-way",
        metavar="N:X,Y,W,H",
        help="a second box, on a later frame: track from both and fuse the boxes between",
    )
    parser.add_argument(
        "--until-unsure",
        action="store_true",
        help="stop where the tracker's box becomes doubtful, and keep the frames before",
    )
    parser.add_argument(
        "--stop-after",
        type=positive,
        metavar="N",
        help="doubtful frames in a row for that (default 5)",
    )
    parser.add_argument(
        "--keep-tail",
        action="store_true",
        help="with --until-unsure: keep the doubtful frames, too",
    )
    parser.add_argument("--backward", action="store_true", help="track towards the beginning")
    parser.add_argument("--label", default="", metavar="NAME", help="class of the target")
    parser.add_argument("--quiet", action="store_true", help="only errors")
    add_weights(parser)
    add_device(parser)


class _ListSettings(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, **options: str) -> None:
        super().__init__(option_strings, dest, nargs="?", metavar="KEY", **options)  # type: ignore[arg-type]

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        spec = find_tracker(str(values or getattr(namespace, "tracker", None) or "ccr"))
        print(f"settings of {spec.key}:\n{settings_help(spec)}")
        parser.exit()


def run(args: argparse.Namespace) -> int:
    """Track, write, and say how it went."""
    box = parse_box(args.box)
    spec = find_tracker(args.tracker)
    given = parse_weights(args.weights)
    for each in _together(args) or (spec,):
        require_weights(each, given)
    outputs = check_outputs(args.out, args.format, overwrite=args.overwrite)
    require_writable(args.overlay)
    if not outputs and not args.overlay:
        raise UsageError("There is nowhere to write to.", "Give --out FILE or --overlay FILE.mp4.")
    rule = stop_rule(args)
    device, map_key = use_device(args), _map_key(args, spec)
    view = overlay_view.view_of(args, spec)
    job = Job(
        outputs,
        args.overlay,
        map_key,
        device,
        args.quiet,
        rule,
        given,
        check=checking.checkers(args.check, args.tracker, given),
        second=checking.second_keys(args.second, args.tracker, given),
        view=view,
    )
    session = Session.of_video(args.video)
    try:
        session.wait_ready()
        return track_and_write(session, plan_of(session, args, box), job)
    finally:
        session.close()


def plan_of(session: Session, args: argparse.Namespace, box: Box) -> RunPlan:
    """The run that the options of :func:`add_target` describe, in a new track.

    Raises
    ------
    BoxtrailError
        If the clip has no such frame or the tracker does not take the settings.
    """
    count = session.video.info.frame_count
    if args.start >= count:
        raise UsageError(
            f"There is no frame {args.start}: the clip has frames 0 to {count - 1}.",
            "Choose another --start.",
        )
    document, track = session.store.current.with_new_track(args.label)
    document = document.with_track(track.with_keyframes([Keyframe(args.start, box)]))
    session.store.replace(document, Change("Draw a box"))
    together = _together(args)
    if together:
        return _plan_together(session, args, track.id, [spec.key for spec in together])
    params = parse_settings(args.set)
    if args.two_way:
        _put_second(session, args)
        return session.plan_two_way(track.id, args.start, args.tracker, params=params)
    step = -1 if args.backward else 1
    return session.plan(
        track.id,
        args.start,
        args.tracker,
        stop=args.stop,
        extent=Extent(args.frames, args.to),
        step=step,
        params=params,
    )


def _together(args: argparse.Namespace) -> list[TrackerSpec]:
    """The trackers of ``--consensus``; none without it."""
    text = getattr(args, "consensus", None) or ""
    return [find_tracker(key.strip()) for key in text.split(",") if key.strip()]


def _plan_together(
    session: Session, args: argparse.Namespace, track_id: int, trackers: list[str]
) -> RunPlan:
    """The run of ``--consensus``; its settings are ``TRACKER.name=value``."""
    if args.two_way or hasattr(args, "when_busy"):
        raise UsageError(
            "--consensus goes one way and is not recorded.", "Leave --two-way and --record out."
        )
    return session.plan_consensus(
        track_id,
        args.start,
        trackers,
        params=parse_settings(args.set, prefix=trackers),
        stop=args.stop,
        extent=Extent(args.frames, args.to),
        step=-1 if args.backward else 1,
    )


def _put_second(session: Session, args: argparse.Namespace) -> None:
    """The second box of ``--two-way`` into the document."""
    if args.backward or args.overlay or args.until_unsure or hasattr(args, "when_busy"):
        raise UsageError(
            "--two-way goes through the frames twice.",
            "Leave --backward, --until-unsure, --overlay and --record out.",
        )
    number, colon, text = args.two_way.partition(":")
    frame, count = number.strip(), session.video.info.frame_count
    if not colon or not frame.isdecimal() or not args.start + 1 < int(frame) < count:
        raise UsageError(
            f"“{args.two_way}” is not a box on a later frame of the clip.",
            f"Write --two-way N:X,Y,W,H with N from {args.start + 2} to {count - 1}.",
        )
    (track,) = session.store.current.tracks
    second = track.with_keyframes([Keyframe(int(frame), parse_box(text))])
    session.store.replace(session.store.current.with_track(second), Change("Draw a box"))


def stop_rule(args: argparse.Namespace) -> StopRule | None:
    """Where to stop by itself, from the options; None for nowhere."""
    if args.until_unsure:
        after = args.stop_after or StopRule().stop_after
        return StopRule(after, cut_tail=not args.keep_tail)
    if args.stop_after or args.keep_tail:
        raise UsageError(
            "--stop-after and --keep-tail belong to --until-unsure.", "Add --until-unsure."
        )
    return None


def _map_key(args: argparse.Namespace, spec: TrackerSpec) -> str:
    known = [info.key for info in spec.maps]
    if args.map not in (None, "none", *known):
        raise UsageError(
            f"{spec.key} has no map “{args.map}”.", "Known: none, " + ", ".join(known) + "."
        )
    if not args.overlay or args.map == "none":
        return ""
    return args.map or spec.primary_map
