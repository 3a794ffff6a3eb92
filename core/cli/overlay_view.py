"""Overlay videos with a stack of layers, the tracker's pictures and curves beside the frame.

``boxtrail figure`` makes them of a recording; ``boxtrail track`` records the run into a
temporary file and makes them of that, so both show the same, backwards and after Ctrl+C too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.cli.figure_source import FigureSource
from core.cli.layer_option import NAMES, parse_layers
from core.cli.options import UsageError
from core.cli.progress import ProgressLine
from core.document.document import Document
from core.recording.coding import Precision
from core.recording.run_recorder import RecordTo
from core.recording.schema import SUFFIX
from core.render.chart import Series
from core.render.layers import LayerLook
from core.render.maps import MapLook
from core.render.overlay import Extras, render_video
from core.render.panes import Panes
from core.session import Session, video_ref
from core.trackers.registry import TrackerSpec

PICTURES = ("search", "template")
"""The tracker's pictures that may stand beside the frame."""

_BESIDE = (*PICTURES, "curves")
_SCORE = "score"


@dataclass(frozen=True, slots=True)
class OverlayView:
    """What an overlay video shows besides boxes.

    `layers` from the bottom; `pictures` are of :data:`PICTURES`; `curves` by name, see
    :meth:`FigureSource.series`; `truth` as that class takes it.
    """

    layers: tuple[LayerLook, ...] = ()
    pictures: tuple[str, ...] = ()
    curves: tuple[str, ...] = ()
    truth: str = "none"

    @property
    def wanted(self) -> frozenset[str]:
        """What a tracker has to report for it, see `Tracker.want_maps`."""
        keys = {look.map_key for look in self.layers} | {look.other for look in self.layers}
        return frozenset(keys - {""}) | frozenset({"patches"} if self.pictures else ())


def add_layer_option(parser: argparse.ArgumentParser, text: str) -> None:
    """``--layer``, with the help `text`."""
    parser.add_argument(
        "--layer",
        action="append",
        default=[],
        metavar="KEY,NAME=VALUE",
        help=f"{text}: a layer of maps, bottom first, may be repeated; NAME is of "
        + ", ".join(NAMES),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of a command that tracks and draws."""
    add_layer_option(parser, "overlay")
    parser.add_argument(
        "--panels",
        default="",
        metavar="LIST",
        help="overlay: what stands beside the frame, of " + ", ".join(_BESIDE),
    )
    parser.add_argument(
        "--curves",
        default="",
        metavar="LIST",
        help="overlay: curves below the frame: score, overlap, error, or diagnostics of the "
        "tracker (default with --panels curves: score)",
    )
    parser.add_argument(
        "--truth",
        default="none",
        metavar="FILE",
        help="overlay: ground truth; “auto” takes what lies beside the clip (default none)",
    )


def view_of(args: argparse.Namespace, spec: TrackerSpec) -> OverlayView | None:
    """What the options of :func:`add_arguments` ask for; None for the usual overlay.

    Raises
    ------
    UsageError
        If they cannot be understood, or there is no overlay to draw.
    """
    panels, curves = names_in(args.panels), names_in(args.curves)
    unknown = [name for name in panels if name not in _BESIDE]
    if unknown:
        raise UsageError(
            f"There is no panel “{unknown[0]}” beside the frame.",
            "Known: " + ", ".join(_BESIDE) + ".",
        )
    if not (args.layer or panels or curves or args.truth != "none"):
        return None
    if not args.overlay:
        raise UsageError(
            "--layer, --panels, --curves and --truth are of the overlay.",
            "Add --overlay FILE.mp4.",
        )
    if args.consensus or (args.layer and args.map):
        other = "--consensus" if args.consensus else "--map"
        raise UsageError(f"{other} does not go with --layer and --panels.", f"Leave {other} out.")
    if args.truth not in ("auto", "none") and not Path(args.truth).exists():
        raise UsageError(f"There is no “{args.truth}”.", "Name the file of the ground truth.")
    keys = [info.key for info in spec.maps]
    layers = parse_layers(args.layer, keys, usual_look(""))
    if not args.layer and args.map != "none":
        layers = [usual_look(args.map or spec.primary_map)]
    return OverlayView(
        tuple(layers),
        tuple(name for name in PICTURES if name in panels),
        tuple(curves or ([_SCORE] if "curves" in panels else [])),
        args.truth,
    )


def names_in(text: str) -> list[str]:
    """The names of a list with commas between."""
    return [name.strip() for name in text.split(",") if name.strip()]


def usual_look(key: str) -> LayerLook:
    """How a map of an overlay looks where nothing else is said."""
    look = MapLook()
    return LayerLook(key, look.opacity, look.colormap, smooth=look.smooth, fade=look.fade)


@contextmanager
def recorded_for(view: OverlayView | None) -> Iterator[RecordTo | None]:
    """Where a run is recorded while this is open, for a video of it; None for no `view`."""
    if view is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="boxtrail-") as folder:
        path = Path(folder) / f"run{SUFFIX}"
        yield RecordTo(path, view.wanted, Precision.FINE)


def write_run(
    view: OverlayView, recording: Path, session: Session, output: Path, *, quiet: bool
) -> None:
    """The video of a run that was recorded, with the boxes that `session` now has.

    A curve that the run does not have is told, and left out.

    Raises
    ------
    BoxtrailError
        If the truth cannot be read or the video not be written.
    """
    with FigureSource(recording, session.video, view.truth, "") as source:
        known = source.known()
        for name in sorted(set(view.curves) - set(known)):
            print(
                f"boxtrail: there is no curve “{name}”; there are {', '.join(known)}.",
                file=sys.stderr,
            )
        there = replace(view, curves=tuple(name for name in view.curves if name in known))
        write_video(source, there, output, source.frames, session.store.current, quiet=quiet)


def write_video(
    source: FigureSource,
    view: OverlayView,
    output: Path,
    frames: Sequence[int],
    document: Document | None = None,
    beside: FigureSource | None = None,
    *,
    quiet: bool,
) -> int:
    """Write the video from the first to the last of `frames`; returns how many it has.

    The boxes are those of `document`, else those of the source. With `beside` that source is
    seen to the right in the same way, and has curves of its own.

    Raises
    ------
    UsageError
        If there is nothing to show, or no curve of that name.
    StorageError
        If it cannot be written.
    """
    if not frames:
        raise UsageError("There is no frame with a box.", "Name frames with --frames.")
    boxes = document or source.document
    extras = Extras(
        source.reader(view.layers),
        source.outline,
        source.drawn if boxes is None else lambda frame: (),
    )
    curves = source.series(view.curves)
    if beside is not None:
        other = Extras(
            beside.reader(view.layers), beside.outline, beside.drawn, name=f"B  {beside.title}"
        )
        extras = replace(extras, beside=other, name=f"A  {source.title}")
        pairs = zip(curves, beside.series(view.curves), strict=True)
        curves = [one for pair in pairs for one in _named(pair)]
    if view.pictures or curves:
        extras = replace(extras, panes=Panes(source.patches, view.pictures, curves))
    line = ProgressLine(max(frames) - min(frames) + 1, shown=not quiet)
    try:
        return render_video(
            source.video,
            boxes or Document(video_ref(source.video)),
            output,
            start=min(frames),
            stop=max(frames) + 1,
            progress=line.update,
            extras=extras,
        )
    finally:
        line.clear()


def _named(pair: tuple[Series, Series]) -> list[Series]:
    return [replace(one, name=f"{side} {one.name}") for side, one in zip("AB", pair, strict=True)]
