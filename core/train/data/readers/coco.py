"""COCO: ``annotations/instances_*.json`` with ``train2017/`` (or ``images/train2017/``, or a zip).

Boxes are x, y, w, h from 0. Crowds are left out. Masks are drawn from the polygons or run
lengths when asked for, smaller objects over larger ones; nothing of pycocotools is needed.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.frames import FolderFrames, Frames, ZipFrames
from core.train.data.items import Item, Kind, Mask, Track, cleaned
from core.train.data.report import Fault, Report

_PREFIX = "instances_"
_FIXED = 4
_MOST_OBJECTS = 255


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMasks:
    """The mask of one picture, drawn from COCO segmentations.

    `segments` holds, for each object in the order of the tracks, polygons (arrays
    ``(n, 2)``) or run lengths (an int array, column by column).
    """

    width: int
    height: int
    segments: tuple[tuple[NDArray[np.float32], ...] | NDArray[np.int64], ...]

    def indexed(self, index: int) -> Mask:
        """``(height, width)`` uint8, object k (from 1) as value k."""
        del index  # a still has one picture
        drawn = [self._drawn(segment) for segment in self.segments]
        order = sorted(range(len(drawn)), key=lambda k: -int(drawn[k].sum()))
        labels = np.zeros((self.height, self.width), np.uint8)
        for number in order:
            labels[drawn[number]] = number + 1
        return labels

    def _drawn(
        self, segment: tuple[NDArray[np.float32], ...] | NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        if isinstance(segment, np.ndarray):
            return filled(segment, self.height, self.width)
        canvas = np.zeros((self.height, self.width), np.uint8)
        for polygon in segment:
            # Polygon corners are pixel edges, OpenCV's are pixel centres.
            points = np.round((polygon - 0.5) * (1 << _FIXED)).astype(np.int32)
            cv2.fillPoly(canvas, [points], 1, shift=_FIXED)
        return canvas > 0


def recognised(folder: Path) -> bool:
    """Whether there is an instances file."""
    return any((folder / "annotations").glob(f"{_PREFIX}*.json"))


def read(folder: Path, report: Report) -> list[Item]:
    """The pictures of all instances files, with their objects.

    Raises
    ------
    DatasetError
        If an instances file cannot be read.
    """
    items: list[Item] = []
    for path in sorted((folder / "annotations").glob(f"{_PREFIX}*.json")):
        split = path.stem.removeprefix(_PREFIX)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            pictures, objects = content["images"], content["annotations"]
            classes = {c["id"]: str(c["name"]) for c in content.get("categories", [])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(
                f"“{path.name}” is not a COCO instances file.",
                "Check the file.",
                f"{path}: {error}",
            ) from error
        by_picture: dict[Any, list[dict[str, Any]]] = {}
        for thing in objects:
            by_picture.setdefault(thing.get("image_id"), []).append(thing)
        place = _Pictures(folder, split)
        for picture in pictures:
            item = _still(picture, by_picture.get(picture.get("id"), ()), classes, place, report)
            if item is not None:
                items.append(item)
                report.use(f"stills of COCO {split}")
    return items


class _Pictures:
    """Where the pictures of a split lie."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder = next(
            (p for p in (folder / split, folder / "images" / split) if p.is_dir()), None
        )
        self._archive = folder / f"{split}.zip"
        self._members: dict[str, str] = {}
        if self._folder is None and self._archive.is_file():
            try:
                with zipfile.ZipFile(self._archive) as opened:
                    self._members = {Path(m).name: m for m in opened.namelist()}
            except (OSError, zipfile.BadZipFile) as error:
                raise DatasetError(
                    f"“{self._archive.name}” is not a readable archive.",
                    "Download it again, or unpack it.",
                    str(error),
                ) from error

    def find(self, name: str) -> Frames | None:
        if self._folder is not None:
            known = (self._folder / name).is_file()
            return FolderFrames(self._folder, (name,)) if known else None
        if name in self._members:
            return ZipFrames(self._archive, (self._members[name],))
        return None


def _still(
    picture: dict[str, Any],
    objects: Iterable[dict[str, Any]],
    classes: dict[Any, str],
    place: _Pictures,
    report: Report,
) -> Item | None:
    name = str(picture.get("file_name", ""))
    frames = place.find(name)
    if frames is None:
        report.skip(Fault.MISSING, name)
        return None
    size = (int(picture.get("width", 0)), int(picture.get("height", 0)))
    tracks, segments = [], []
    for thing in objects:
        boxes = _box(thing, size, name, report)
        if boxes is None or len(tracks) == _MOST_OBJECTS:
            continue
        segment = read_segment(thing.get("segmentation"))
        segments.append(segment if segment is not None else ())
        value = len(segments) if segment is not None else 0
        tracks.append(Track(classes.get(thing.get("category_id"), ""), boxes, value))
    if not tracks:
        return None
    stem = Path(name).stem
    masks = SegmentMasks(*size, tuple(segments)) if min(size) > 0 else None
    return Item(f"COCO/{stem}", f"coco/{stem}", "COCO", Kind.STILL, frames, tuple(tracks), masks)


def _box(
    thing: dict[str, Any], size: tuple[int, int], name: str, report: Report
) -> NDArray[np.float64] | None:
    if thing.get("iscrowd"):
        report.skip(Fault.CROWD, name)
        return None
    try:
        row = np.array([[float(value) for value in thing["bbox"]]])
        boxes = cleaned(row, size if min(size) > 0 else None)
    except (KeyError, TypeError, ValueError):
        report.skip(Fault.BAD_RECORD, name)
        return None
    if not np.isfinite(boxes).all():
        report.skip(Fault.NO_BOX, name)
        return None
    return boxes


def read_segment(value: Any) -> tuple[NDArray[np.float32], ...] | NDArray[np.int64] | None:
    """A COCO segmentation: polygons, run lengths, or None where it is neither."""
    if isinstance(value, list):
        polygons = [
            np.array(part, np.float32).reshape(-1, 2)
            for part in value
            if isinstance(part, list) and len(part) >= 6 and len(part) % 2 == 0
        ]
        return tuple(polygons) or None
    if isinstance(value, dict) and "counts" in value:
        counts = value["counts"]
        return run_lengths(counts) if isinstance(counts, str) else np.array(counts, np.int64)
    return None


def run_lengths(text: str) -> NDArray[np.int64]:
    """COCO's packed run lengths: 5 bits a character, from the third on as differences."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more and at < len(text):
            bits = ord(text[at]) - 48
            value |= (bits & 31) << shift
            more = bool(bits & 32)
            at, shift = at + 1, shift + 5
            if not more and bits & 16:
                value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return np.array(counts, np.int64)


def filled(counts: NDArray[np.int64], height: int, width: int) -> NDArray[np.bool_]:
    """Run lengths (ground first, column by column) as a ``(height, width)`` mask."""
    values = np.arange(len(counts)) % 2 == 1
    flat = np.repeat(values, np.maximum(counts, 0))[: height * width]
    flat = np.pad(flat, (0, height * width - len(flat)))
    return flat.reshape(width, height).T
