"""``boxtrail figure``: a recording or a project in, a figure for print or an overlay video out."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import params as parameters
from core.cli.figure_source import FigureSource
from core.cli.layer_option import parse_layers
from core.cli.options import UsageError, parse_settings, require_writable
from core.cli.overlay_view import (
    PICTURES,
    OverlayView,
    add_layer_option,
    names_in,
    usual_look,
    write_video,
)
from core.document import project_file
from core.drawing import SUFFIXES, write
from core.render.figure import PANELS, FigureLook, draw_figure
from core.render.layers import LayerLook

_VIDEO = ".mp4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("source", type=Path, metavar="FILE", help="a recording or a project")
    parser.add_argument(
        "-o",
        "--output",
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=".svg, .pdf or .png for a figure, .mp4 for an overlay video",
    )
    parser.add_argument(
        "--frames",
        default="",
        metavar="LIST",
        help="10,20,30, a range 10-40:10, or count:6 evenly spaced "
        "(default: one in the middle; a video: all)",
    )
    parser.add_argument(
        "--panels",
        default="",
        metavar="LIST",
        help="of " + ", ".join(PANELS) + " (default overlay,map,curves; a video: overlay)",
    )
    parser.add_argument("--map", default="", metavar="KEY", help="which map (default the first)")
    add_layer_option(parser, "video")
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="FILE.h5",
        help="video: another recording of the same clip, to the right, with the same layers",
    )
    parser.add_argument(
        "--curves",
        default="",
        metavar="LIST",
        help="score, overlap, error, or scalars of the recording (default score and, with "
        "ground truth, overlap)",
    )
    parser.add_argument(
        "--truth",
        default="auto",
        metavar="FILE",
        help="ground truth; “auto” takes what lies beside the clip, “none” nothing",
    )
    parser.add_argument("--video", type=Path, metavar="FILE", help="the clip, if it was moved")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how it is set, may be repeated: width, dpi, font, … (see docs/figures.md)",
    )
    parser.add_argument("--title", default="", help="of the document")
    parser.add_argument("--quiet", action="store_true", help="only errors")


def run(args: argparse.Namespace) -> int:
    """Draw, and say what was written."""
    suffix = args.output.suffix.lower()
    if suffix not in (*SUFFIXES, _VIDEO):
        raise UsageError(
            f"“{args.output.name}” does not say what to write.",
            "Name a file .svg, .pdf, .png or .mp4.",
        )
    require_writable(args.output)
    look = parameters.from_dict(FigureLook, parse_settings(args.set), where="figure")
    usual = "overlay" if suffix == _VIDEO else "overlay,map,curves"
    panels = names_in(args.panels or usual)
    unknown = [name for name in panels if name not in PANELS]
    if unknown or not panels:
        raise UsageError(
            f"There is no panel “{', '.join(unknown)}”.", "Known: " + ", ".join(PANELS) + "."
        )
    if args.beside is not None and (suffix != _VIDEO or args.beside.suffix == project_file.SUFFIX):
        raise UsageError(
            "--beside takes a recording, for a video.", "Name a .h5 file, and a .mp4 with -o."
        )
    with FigureSource(args.source, args.video, args.truth, args.map) as source:
        if suffix == _VIDEO:
            return _video(args, source, look, panels)
        return _figure(args, source, look, panels)


def frames_of(text: str, known: list[int]) -> list[int]:
    """The frames that `--frames` names, of those that are `known` where it does not say.

    Raises
    ------
    UsageError
        If it cannot be understood, or there are none.
    """
    try:
        if not text:
            frames = [known[len(known) // 2]] if known else []
        elif text.startswith("count:"):
            places = np.linspace(0, len(known) - 1, max(int(text[6:]), 1))
            frames = [known[round(float(p))] for p in places] if known else []
        else:
            frames = [frame for part in text.split(",") for frame in _part(part.strip())]
    except ValueError as error:
        raise UsageError(
            f"“{text}” does not name frames.", "Write e.g. 10,20,30 or 10-40:10 or count:6."
        ) from error
    if not frames:
        raise UsageError("There is no frame with a box.", "Name frames with --frames.")
    return frames


def _part(text: str) -> list[int]:
    if "-" not in text:
        return [int(text)]
    ends, _, step = text.partition(":")
    first, last = (int(part) for part in ends.split("-"))
    return list(range(first, last + 1, int(step or 1)))


def _figure(
    args: argparse.Namespace, source: FigureSource, look: FigureLook, panels: list[str]
) -> int:
    chosen = frames_of(args.frames, source.frames)
    curves = source.series(_curve_names(args, source)) if "curves" in panels else []
    views = [source.view(frame, pictures=not look.blank) for frame in chosen]
    try:
        drawing = draw_figure(views, panels, look, curves=curves, title=args.title)
    except ValueError as error:
        raise UsageError(
            "Nothing of what the figure should show is there.",
            "Record with --maps and --patches, or choose other panels.",
        ) from error
    write(drawing, args.output, dpi=look.dpi)
    if not args.quiet:
        shown = ", ".join(map(str, chosen))
        size = f"{drawing.width / 72 * 25.4:.0f} × {drawing.height / 72 * 25.4:.0f} mm"
        print(f"{args.output}: {size}, frames {shown}")
    return 0


def _curve_names(args: argparse.Namespace, source: FigureSource) -> list[str]:
    usual = ["score", *(["overlap"] if source.truth is not None else [])]
    return names_in(args.curves) or usual


def _layers(
    args: argparse.Namespace, source: FigureSource, look: FigureLook, panels: list[str]
) -> list[LayerLook]:
    """The layers that were asked for; else the chosen map alone."""
    usual = replace(
        usual_look(source.map_key),
        opacity=look.opacity,
        colormap=look.colormap,
        smooth=look.smooth,
    )
    if args.layer:
        return parse_layers(args.layer, source.map_keys, usual)
    shows_map = bool({"overlay", "map"} & set(panels))
    return [usual] if shows_map and source.map_key else []


def _video(
    args: argparse.Namespace, source: FigureSource, look: FigureLook, panels: list[str]
) -> int:
    view = OverlayView(
        tuple(_layers(args, source, look, panels)),
        tuple(name for name in PICTURES if name in panels),
        tuple(_curve_names(args, source)) if "curves" in panels else (),
    )
    frames = frames_of(args.frames, source.frames) if args.frames else source.frames
    with contextlib.ExitStack() as stack:
        beside = None
        if args.beside is not None:
            beside = FigureSource(args.beside, source.video, args.truth, "")
            beside = _same_clip(stack.enter_context(beside), source)
        count = write_video(source, view, args.output, frames, beside=beside, quiet=args.quiet)
    if not args.quiet:
        print(f"{count} frames written to {args.output} (overlay video)")
    return 0


def _same_clip(beside: FigureSource, source: FigureSource) -> FigureSource:
    prints = [
        one.recording.clip.fingerprint for one in (source, beside) if one.recording is not None
    ]
    if len({text for text in prints if text}) > 1:
        raise UsageError(
            f"“{beside.title}” is of another clip.", "Name a recording of the same clip."
        )
    return beside
