"""What the text formats share: boxes by frame, numbers as text, lines as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from core.document.checked import read_text
from core.document.document import Document
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats.context import ExportContext

UNLABELLED = "object"
"""Class name of tracks without a label in formats where every box needs one."""

SIZE_LIMIT = 1 << 30
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SEPARATORS = re.compile(r"[\s,;]+")


def by_frame(
    document: Document, ctx: ExportContext
) -> Iterator[tuple[int, list[tuple[Track, Keyframe]]]]:
    """Boxes of all tracks in order of frame, within one by track id; reports progress."""
    tracks = sorted(document.tracks, key=lambda track: track.id)
    frames = sorted({int(n) for track in tracks for n in track.columns.frames})
    places = [0] * len(tracks)
    for done, frame in enumerate(frames):
        if done % 256 == 0:
            ctx.progress(done / len(frames))
        boxes = []
        for i, track in enumerate(tracks):
            row = places[i]
            if row < len(track) and track.columns.frames[row] == frame:
                boxes.append((track, track.columns.key(row)))
                places[i] += 1
        yield frame, boxes


def class_names(document: Document) -> list[str]:
    """Names of all classes that occur, in the document's order of labels."""
    used = {track.label for track in document.tracks if len(track)}
    names = [one_line(label.name) for label in document.labels if label.name in used]
    names += [one_line(t.label) for t in document.tracks if t.label in used and t.label]
    if "" in used:
        names.append(UNLABELLED)
    return list(dict.fromkeys(names))


def class_of(track: Track) -> str:
    """The class name under which a track's boxes are written."""
    return one_line(track.label) or UNLABELLED


def label_of(name: str) -> str:
    """The label that a class name in a file means."""
    return "" if name == UNLABELLED else name


def one_line(text: str) -> str:
    """Text without line breaks and control characters, for formats made of lines."""
    return _CONTROL.sub(" ", text).strip()


def number(value: float, decimals: int) -> str:
    """Fixed-point text without needless zeros: ``12.5``, ``3``, never ``-0``."""
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def to_float(text: str) -> float | None:
    """A number (perhaps not finite), or None."""
    try:
        return float(text)
    except ValueError:
        return None


def to_int(text: str) -> int | None:
    """A whole number, also when it is written as ``3.0``; None if it is not one."""
    value = to_float(text)
    if value is None or not math.isfinite(value) or value != int(value):
        return None
    return int(value)


def file_text(path: Path, kind: str) -> str:
    """The text of an annotation file."""
    return read_text(path, SIZE_LIMIT, FormatError, kind)


def fields_of_lines(path: Path, kind: str) -> Iterator[tuple[str, list[str]]]:
    """The fields of each line that is not empty, with its place ``file:line``.

    Commas, semicolons, tabs and blanks separate; lines starting with # are comments.
    """
    for i, line in enumerate(file_text(path, kind).splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield f"{path.name}:{i}", _SEPARATORS.split(text.strip(",;"))


def first_fields(path: Path) -> list[str]:
    """Fields of the first line of a file, read without the rest; for detection."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    for line in head.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            return _SEPARATORS.split(text.strip(",;"))
    return []
