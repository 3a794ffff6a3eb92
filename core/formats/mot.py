"""MOTChallenge 1.1: a sequence folder with ``gt/gt.txt``, or ``det/det.txt``, or results.

Milan et al., *MOT16*, arXiv:1603.00831, section 4: one box per line,
``frame, id, left, top, width, height, conf, class, visibility`` in the ground truth
(`conf` 1, or 0 for boxes to be ignored), ``…, conf, -1, -1, -1`` in detections (id -1)
and results. Frames, ids and coordinates are 1-based: the left edge of the first pixel
is 1, so 1 is added to our 0. Boxes may reach beyond the frame. ``labels.txt`` (names
of the classes 1, 2, …) and the visibility of occluded boxes follow CVAT's writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.document.document import Document
from core.errors import FormatError
from core.formats import manifest
from core.formats.base import BOXES, IDS, LABELS, OCCLUSION, SCORES, Codec, File
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer, imported
from core.formats.options import HOW, READING, ExportOptions
from core.formats.registry import register
from core.formats.rows import (
    by_frame,
    class_names,
    class_of,
    fields_of_lines,
    file_text,
    first_fields,
    label_of,
    number,
    to_float,
    to_int,
)
from core.geometry import Box
from core.params import param
from core.states import Flag

_CLASSES = (
    "pedestrian", "person on vehicle", "car", "bicycle", "motorbike", "non motorized vehicle",
    "static person", "distractor", "occluder", "occluder on the ground", "occluder full",
    "reflection",
)  # fmt: skip
"""Classes 1..12 of MOT16 (table 4), where a file comes without ``labels.txt``."""

_PLACES = {"gt": "gt/gt.txt", "det": "det/det.txt", "results": "results.txt"}
_OCCLUDED_VISIBILITY = 0.5


@dataclass(frozen=True, slots=True)
class MotOptions(ExportOptions):
    """Options of MOTChallenge files."""

    variant: str = param(
        "gt", "Ground truth, detections without ids, or a tracker's results.",
        choices=("gt", "det", "results"), group=HOW,
        choice_labels=("Ground truth", "Detections", "Results"),
        label="Kind of file",
    )  # fmt: skip
    frame_base: int = param(
        1,
        "Number of the first frame in the files.",
        bounds=(0, 1),
        group=HOW,
        label="First frame is number",
    )
    box_base: int = param(
        1,
        "Coordinate of the first pixel's edge.",
        bounds=(0, 1),
        group=HOW,
        label="First pixel is at",
    )
    decimals: int = param(
        3, "Digits after the point.", bounds=(0, 9), group=HOW, label="Decimal places"
    )
    ignored: bool = param(
        False,
        "Read boxes that are marked as to be ignored.",
        group=READING,
        label="Boxes marked as ignored",
    )


@register(
    key="mot",
    title="MOTChallenge 1.1",
    suffixes=(".txt",),
    options=MotOptions,
    keeps=frozenset({BOXES, IDS, LABELS, OCCLUSION}),
    precision=0.001,
    folder=True,
)
class Mot(Codec):
    """See the module docstring."""

    def kept(self, options: MotOptions, keeps: frozenset[str]) -> frozenset[str]:
        """Detections have no ids; classes and visibility are in the ground truth only."""
        return {
            "gt": keeps,
            "det": frozenset({BOXES, SCORES}),
            "results": frozenset({BOXES, IDS, SCORES}),
        }[options.variant]

    def render(self, document: Document, options: MotOptions, ctx: ExportContext) -> Iterator[File]:
        """``gt/gt.txt`` (or its variant), ``gt/labels.txt`` and ``seqinfo.ini``."""
        names = class_names(document)
        place = _PLACES[options.variant]
        yield place, ""
        for frame, boxes in by_frame(document, ctx):
            for track, key in boxes:
                if key.is_absent:
                    continue
                x, y, w, h = key.box.as_tuple()
                shift = options.box_base
                rect = [number(v, options.decimals) for v in (x + shift, y + shift, w, h)]
                identity = "-1" if options.variant == "det" else str(track.id)
                if options.variant == "gt":
                    occluded = bool(key.flags & Flag.OCCLUDED)
                    visible = number(_OCCLUDED_VISIBILITY if occluded else 1, 2)
                    rest = ["1", str(names.index(class_of(track)) + 1), visible]
                else:
                    rest = [number(key.score, 6), "-1", "-1", "-1"]
                yield (
                    place,
                    ",".join([str(frame + options.frame_base), identity, *rect, *rest]) + "\n",
                )
        if options.variant == "gt":
            yield "gt/labels.txt", "".join(f"{name}\n" for name in names)
        yield "seqinfo.ini", _seqinfo(document, ctx)

    def main_file(self, document: Document, options: MotOptions) -> str:
        """The list of boxes; the names of the classes are in the manifest then."""
        return _PLACES[options.variant]

    def parse(self, path: Path, options: MotOptions, ctx: ImportContext) -> Document:
        """Boxes of a sequence folder or of one text file."""
        file = _truth(path)
        names, told = _names(file), manifest.labels(file, "mot")
        gathered = Gatherer(ctx)
        ignored = 0
        for where, fields in fields_of_lines(file, "MOT file"):
            row = [to_float(text) for text in fields[:9]]
            frame, identity = to_int(fields[0]), to_int(fields[1]) if len(fields) > 1 else None
            if len(row) < 6 or None in row or frame is None or identity is None:
                ctx.skip(where, "not six or more numbers with whole frame and id")
                continue
            numbers = [v for v in row if v is not None]
            truth = _is_truth(numbers)
            if truth and numbers[6] == 0 and not options.ignored:
                ignored += 1
                continue
            shift = options.box_base
            box = Box(numbers[2] - shift, numbers[3] - shift, numbers[4], numbers[5])
            score = numbers[6] if len(numbers) > 6 and not truth else 1.0
            hidden = truth and len(numbers) > 8 and numbers[8] <= _OCCLUDED_VISIBILITY
            flags = Flag.OCCLUDED if hidden else Flag.NONE
            key = imported(frame - options.frame_base, box, score=score, flags=flags)
            label = _label(names, numbers[7]) if truth and len(numbers) > 7 else ""
            if not names:
                label = told.get(identity, label)
            if identity > 0:
                gathered.add(where, identity, key, label)
            else:
                gathered.add_loose(where, key, label)
        if ignored:
            ctx.warn(f"{ignored:,} boxes that are marked as to be ignored were left out.")
        return gathered.document()

    def detect(self, path: Path) -> float:
        """A folder with the usual files, or lines of seven to ten numbers."""
        if path.is_dir():
            return 0.9 if any((path / place).is_file() for place in _PLACES.values()) else 0.0
        fields = first_fields(path)
        numeric = 6 <= len(fields) <= 10 and all(to_float(text) is not None for text in fields)
        return (0.7 if len(fields) >= 7 else 0.3) if numeric else 0.0


def _is_truth(numbers: list[float]) -> bool:
    # Detections and results carry −1 where the ground truth has the class.
    return len(numbers) > 7 and numbers[7] > 0


def _label(names: list[str], number_: float) -> str:
    index = int(min(number_, 1e6)) - 1
    known = names or _CLASSES
    return label_of(known[index]) if 0 <= index < len(known) else f"class {index + 1}"


def _truth(path: Path) -> Path:
    if path.is_file():
        return path
    for place in _PLACES.values():
        if (path / place).is_file():
            return path / place
    raise FormatError(
        f"“{path.name}” holds no gt/gt.txt, det/det.txt or results.txt.",
        "Choose the sequence's folder or the text file itself.",
        str(path),
    )


def _names(file: Path) -> list[str]:
    labels = file.with_name("labels.txt")
    if not labels.is_file():
        return []
    return [line.strip() for line in file_text(labels, "list of labels").splitlines()]


def _seqinfo(document: Document, ctx: ExportContext) -> str:
    video = document.video
    name = PurePosixPath(video.path.replace("\\", "/")).stem or "sequence"
    suffix = PurePosixPath(ctx.frame_names.name(0)).suffix
    return (
        f"[Sequence]\nname={name}\nimDir=img1\nframeRate={number(video.fps, 3)}\n"
        f"seqLength={video.frame_count}\nimWidth={video.width}\nimHeight={video.height}\n"
        f"imExt={suffix}\n"
    )
