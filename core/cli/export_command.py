"""``boxtrail export``: a project's boxes in another format, or drawn into its video."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core import exchange
from core.batch.export_clips import export_clips
from core.cli import EXIT_PARTIAL
from core.cli.options import UsageError, parse_settings
from core.cli.output import PROJECT, USUAL, check_outputs, writable
from core.cli.progress import ProgressLine
from core.collection import file as collection_file
from core.document import project_file
from core.document.document import Document
from core.formats import load_all, registry
from core.params import describe
from core.render.overlay import render_video
from core.video.open import open_source
from core.video.source import VideoSource

OVERLAY = "overlay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("project", nargs="?", type=Path, help="a .boxtrail or .boxtrails file")
    parser.add_argument(
        "--format",
        metavar="KEY",
        help="default: by the suffix of --out; “overlay” draws the boxes into the video",
    )
    parser.add_argument("--out", type=Path, metavar="PATH", help="file or folder to write")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the format, may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="list formats and their options")
    parser.add_argument("--quiet", action="store_true", help="only errors")


def run(args: argparse.Namespace) -> int:
    """Export, or list what there is."""
    load_all()
    if args.list:
        print(_listing(), end="")
        return 0
    if args.project is None or args.out is None:
        raise UsageError(
            "A project and a place to write to are needed.",
            "Write: boxtrail export PROJECT.boxtrail --out FILE [--format KEY].",
        )
    if args.project.suffix.lower() == collection_file.SUFFIX:
        return _clips(args)
    document = project_file.load(args.project)
    if args.format == OVERLAY or (args.format is None and args.out.suffix.lower() == ".mp4"):
        return _overlay(args, document)
    (output,) = check_outputs([args.out], args.format, overwrite=False)
    if output.key == PROJECT:
        raise UsageError("A project is not exported into a project.", "Copy the file instead.")
    video = _video(args.project, document)
    try:
        report = exchange.export_document(
            document, output.key, args.out, parse_settings(args.set), video=video
        )
    finally:
        if video is not None:
            video.close()
    for warning in report.warnings:
        print(f"note: {warning}", file=sys.stderr)
    if not args.quiet:
        print(f"{report.boxes_written} boxes written to {args.out} ({output.key})")
    return 0


def _clips(args: argparse.Namespace) -> int:
    """Every clip of a list; the exit code says whether one could not be written."""
    key = args.format or USUAL.get(args.out.suffix.lower(), "")
    if not key:
        raise UsageError("Which format?", "Add --format KEY; --list shows them.")
    writable(key)
    clips = collection_file.load(args.project).clips
    line = ProgressLine(len(clips), "clips", shown=not args.quiet)
    options = parse_settings(args.set)
    done = export_clips(
        clips, key, args.out, options, progress=lambda count, total: line.update(count)
    )
    line.clear()
    for item in done:
        for text in (item.problem, *item.warnings):
            if text:
                print(f"note: {item.clip.title}: {text}", file=sys.stderr)
    failed = sum(bool(item.problem) for item in done)
    if not args.quiet:
        count, boxes = len(done) - failed, sum(item.boxes for item in done)
        print(f"{boxes} boxes of {count} clips written to {args.out} ({key})")
    return EXIT_PARTIAL if failed else 0


def _overlay(args: argparse.Namespace, document: Document) -> int:
    video = open_source(project_file.locate_video(document, args.project))
    try:
        video.wait_ready()
        line = ProgressLine(video.info.frame_count, shown=not args.quiet)
        count = render_video(video, document, args.out, progress=line.update)
        line.clear()
    finally:
        video.close()
    if not args.quiet:
        print(f"{count} frames written to {args.out} (overlay video)")
    return 0


def _video(project: Path, document: Document) -> VideoSource | None:
    # Only for names and times of frames: a project whose clip is gone can be exported, too.
    try:
        video = open_source(project_file.locate_video(document, project))
    except project_file.VideoMoved as error:
        print(f"note: {error.message} Frames go by their numbers.", file=sys.stderr)
        return None
    video.wait_ready()
    return video


def _listing() -> str:
    lines = []
    for key in sorted(registry.formats):
        form = registry.formats[key]
        ways = [way for way, able in (("write", form.can_write), ("read", form.can_read)) if able]
        place = "folder" if form.folder else " ".join(form.suffixes)
        lines.append(f"{key:<12} {form.title}  [{place}; {', '.join(ways)}]")
        for info in describe(form.options):
            lines.append(f"    {info.name} = {info.default}".ljust(34) + info.doc)  # noqa: PERF401
    lines.append(f"{OVERLAY:<12} Boxes drawn into the video  [.mp4; write]")
    return "\n".join(lines) + "\n"
