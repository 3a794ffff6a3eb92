"""OTB text: ``groundtruth_rect.txt``, one line ``x,y,w,h`` per frame, one file per target.

Wu, Lim, Yang, *Object Tracking Benchmark*, TPAMI 2015, and the benchmark's MATLAB
code: line k is frame k of the sequence, x and y are 1-based (the first pixel is 1),
so 1 is added to our 0. Two targets are ``groundtruth_rect.1.txt`` and ``.2.txt``; our
numbers are the tracks' ids. A frame without the target, or without a box, is a line
of NaN (as in UAV123) or of zeros: the format cannot tell the one from the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from core.document.document import Document
from core.document.track import Track
from core.errors import FormatError
from core.formats import manifest
from core.formats.base import BOXES, IDS, Codec, File
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer, absent, imported
from core.formats.options import HOW, READING, ExportOptions, frame_range
from core.formats.registry import register
from core.formats.rows import fields_of_lines, first_fields, number, to_float
from core.geometry import Box
from core.params import param

_NAME = re.compile(r"groundtruth_rect(?:\.(\d{1,9}))?\.txt")
_FILE = "groundtruth_rect.txt"
_SEPARATORS = {"comma": ",", "tab": "\t", "blank": " "}


@dataclass(frozen=True, slots=True)
class OtbOptions(ExportOptions):
    """Options of OTB text files."""

    box_base: int = param(
        1,
        "Coordinate of the first pixel's edge.",
        bounds=(0, 1),
        group=HOW,
        label="First pixel is at",
    )
    missing: str = param(
        "nan",
        "What stands for a frame without a box.",
        choices=("nan", "zeros"),
        choice_labels=("NaN", "Zeros"),
        group=HOW,
        label="No box is written as",
    )
    separator: str = param("comma", "Between numbers.", choices=tuple(_SEPARATORS), group=HOW)
    decimals: int = param(
        3, "Digits after the point.", bounds=(0, 9), group=HOW, label="Decimal places"
    )
    missing_is_absent: bool = param(
        True,
        "A frame without a box says that the target is not in the picture.",
        group=READING,
        label="No box: target absent",
    )


@register(
    key="otb",
    title="OTB text",
    suffixes=(".txt",),
    options=OtbOptions,
    keeps=frozenset({BOXES, IDS}),
    precision=0.001,
    folder=True,
)
class Otb(Codec):
    """See the module docstring."""

    def render(self, document: Document, options: OtbOptions, ctx: ExportContext) -> Iterator[File]:
        """One file per track that has boxes."""
        tracks = sorted((t for t in document.tracks if len(t)), key=lambda t: t.id)
        frames = frame_range(options, document)
        if not tracks:
            yield _FILE, ""
        for done, track in enumerate(tracks):
            ctx.progress(done / len(tracks))
            name = "groundtruth_rect" + (f".{track.id}" if len(tracks) > 1 else "") + ".txt"
            yield name, "".join(_lines(track, frames, options))

    def main_file(self, document: Document, options: OtbOptions) -> str:
        """The one target's file.

        Raises
        ------
        FormatError
            If there are several targets: each has a file of its own.
        """
        several = sum(bool(len(track)) for track in document.tracks)
        if several > 1:
            raise FormatError(
                f"OTB text has one file per target, and there are {several}.",
                "Name a folder instead of a file.",
            )
        return _FILE

    def parse(self, path: Path, options: OtbOptions, ctx: ImportContext) -> Document:
        """All ``groundtruth_rect*.txt`` of a folder, or one file of any name."""
        files = _truths(path) if path.is_dir() else [path]
        if not files:
            raise FormatError(
                f"“{path.name}” holds no groundtruth_rect.txt.",
                "Choose the text file itself.",
                str(path),
            )
        gathered = Gatherer(ctx)
        used: set[int] = set()
        for file in files:
            match = _NAME.fullmatch(file.name)
            given = int(match[1]) if match and match[1] else manifest.only_track(file, "otb") or 1
            identity = given if given > 0 and given not in used else max(used, default=0) + 1
            used.add(identity)
            self._parse_file(file, identity, options, gathered, ctx)
        return gathered.document()

    def _parse_file(
        self,
        file: Path,
        identity: int,
        options: OtbOptions,
        gathered: Gatherer,
        ctx: ImportContext,
    ) -> None:
        covered = manifest.frame_range(file, "otb")
        frames = iter(covered) if covered else count(options.first, options.step)
        # One line per frame: an unusable line must still count as its frame.
        for (where, fields), frame in zip(fields_of_lines(file, "OTB file"), frames, strict=False):
            values = [to_float(text) for text in fields]
            numbers = [v for v in values if v is not None]
            if len(numbers) != 4 or len(values) != 4:
                ctx.skip(where, "not four numbers")
                continue
            if all(map(math.isnan, numbers)) or not any(numbers):
                if options.missing_is_absent:
                    gathered.add(where, identity, absent(frame))
                continue
            x, y, w, h = numbers
            box = Box(x - options.box_base, y - options.box_base, w, h)
            gathered.add(where, identity, imported(frame, box))

    def detect(self, path: Path) -> float:
        """A file or folder of the usual name, or a text of four numbers a line."""
        if path.is_dir():
            return 0.9 if _truths(path) else 0.0
        fields = first_fields(path)
        if len(fields) != 4 or any(to_float(text) is None for text in fields):
            return 0.0
        return 0.9 if _NAME.fullmatch(path.name) else 0.6


def _truths(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("groundtruth_rect*.txt") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _lines(track: Track, frames: range, options: OtbOptions) -> Iterator[str]:
    separator = _SEPARATORS[options.separator]
    nothing = separator.join(["NaN" if options.missing == "nan" else "0"] * 4) + "\n"
    for frame in frames:
        key = track.at(frame)
        if key is None or key.is_absent:
            yield nothing
            continue
        x, y, w, h = key.box.as_tuple()
        shift = options.box_base
        values = (x + shift, y + shift, w, h)
        yield separator.join(number(v, options.decimals) for v in values) + "\n"
