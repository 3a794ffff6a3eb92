"""``boxtrail proxy``: a copy of a clip that steps fast, with the same frame numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import EXIT_INTERRUPTED
from core.cli.options import UsageError, require_writable
from core.cli.progress import ProgressLine
from core.video.open import open_source
from core.video.proxy import SUFFIX, make_proxy, suggested
from core.wording import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("video", type=Path, help="a video file or picture folder")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar=f"FILE{SUFFIX}",
        help="the copy (default: beside the clip, NAME-steps-fast.mp4)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    parser.add_argument("--quiet", action="store_true", help="no progress line")


def run(args: argparse.Namespace) -> int:
    """Write the copy and say what it holds."""
    if not args.video.exists():
        raise UsageError(f"There is no file “{args.video}”.", "Check the path.")
    target = _place(args)
    video = open_source(args.video)
    line = ProgressLine(1, shown=not args.quiet)
    try:
        video.wait_ready()
        line.expect(video.info.frame_count)
        try:
            made = make_proxy(video, target, progress=lambda done, total: line.update(done))
        finally:
            line.clear()
    finally:
        video.close()
    if made is None:
        return EXIT_INTERRUPTED
    print(f"{target}: {counted(made.frames, 'frame')}, {made.size / 1e6:.1f} MB, numbers checked")
    if made.held:
        shown = ", ".join(map(str, made.held[:12])) + (" …" if len(made.held) > 12 else "")
        what = counted(len(made.held), "frame has", "frames have")
        print(f"{what} no picture in the original; the copy repeats the one before: {shown}")
    return 0


def _place(args: argparse.Namespace) -> Path:
    target = args.output or suggested(args.video)
    if target.suffix.lower() != SUFFIX:
        raise UsageError(
            f"The copy is an mp4 file, but “{target.name}” does not end in {SUFFIX}.",
            f"Write -o {target.with_suffix(SUFFIX)}.",
        )
    if target.exists() and not args.overwrite:
        raise UsageError(
            f"“{target}” exists already.", "Choose another name, or add --overwrite to replace it."
        )
    require_writable(target)
    return target
