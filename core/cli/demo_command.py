"""``boxtrail demo``: the whole job on the demo clip, without a window.

Opens the clip that comes with the program, tracks it with CCR from its first box, writes
a project, annotations in the common formats and an overlay video, and measures the result
against the clip's exact boxes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.options import add_device, find_tracker, positive, use_device
from core.cli.output import Output
from core.cli.tracking import Job, track_and_write
from core.document.store import Change
from core.document.track import Keyframe
from core.geometry import Box, iou
from core.session import RunPlan, Session
from core.video.demo import DemoTruth, demo_ground_truth, demo_path

FILES = (
    ("demo.boxtrail", "project"),
    ("demo.csv", "csv"),
    ("demo_mot", "mot"),
    ("demo_coco.json", "coco"),
    ("demo_yolo", "yolo"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("boxtrail-demo"),
        metavar="FOLDER",
        help="where to write (default boxtrail-demo)",
    )
    parser.add_argument("--tracker", default="ccr", metavar="KEY", help="default ccr")
    parser.add_argument("--frames", type=positive, metavar="N", help="only the first N frames")
    parser.add_argument("--quiet", action="store_true", help="only errors")
    add_device(parser)


def run(args: argparse.Namespace) -> int:
    """Do it all; the exit code is that of the tracking."""
    truth = demo_ground_truth()
    spec = find_tracker(args.tracker)
    outputs = [Output(args.out / name, key) for name, key in FILES]
    overlay = args.out / "demo_overlay.mp4"
    job = Job(outputs, overlay, spec.primary_map, use_device(args), args.quiet)
    session = Session.of_video(demo_path())
    try:
        session.wait_ready()
        plan = _plan(session, spec.key, truth.initial_box, args.frames)
        code = track_and_write(session, plan, job)
        if not args.quiet:
            print(_score(session, plan, truth))
    finally:
        session.close()
    return code


def _plan(session: Session, tracker: str, box: Box, frames: int | None) -> RunPlan:
    document, track = session.store.current.with_new_track("demo")
    document = document.with_track(track.with_keyframes([Keyframe(0, box)]))
    session.store.replace(document, Change("Draw a box"))
    return session.plan(track.id, 0, tracker, stop=frames + 1 if frames else None)


def _score(session: Session, plan: RunPlan, truth: DemoTruth) -> str:
    track = session.store.current.track(plan.run.track_id)
    overlaps = [
        iou(key.box, box)
        for key in track.keyframes()
        if (box := truth.boxes[key.frame]) is not None
    ]
    mean = sum(overlaps) / len(overlaps)
    return (
        f"mean overlap with the exact boxes: {mean:.3f} "
        f"(lowest {min(overlaps):.3f}, {len(overlaps)} frames)"
    )
