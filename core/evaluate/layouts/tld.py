"""TLD: ``NAME/gt.txt`` beside a video file or numbered pictures.

Rows are the corners x1, y1, x2, y2, 1-based and inclusive; NaN where the target is
absent (Kalal, Mikolajczyk, Matas, TPAMI 2012).
"""

from __future__ import annotations

from pathlib import Path

from core.errors import DatasetError
from core.evaluate.layouts.ground_truth import Array, list_pictures, read_rows, without_invalid
from core.evaluate.sequences import BenchmarkSequence, of_pictures, require_box

_VIDEOS = frozenset({".mpg", ".mpeg", ".avi", ".mp4", ".mkv", ".mov", ".m4v"})


def read(folder: Path) -> list[BenchmarkSequence]:
    """The sequence of a TLD folder; none when it is not one."""
    truth = folder / "gt.txt"
    if not truth.is_file() or folder.name == "gt":  # MOTChallenge has gt/gt.txt, too
        return []
    boxes = boxes_of(read_rows(truth, [4]))
    pictures = list_pictures(folder) or list_pictures(folder / "img")
    if pictures:
        return [of_pictures("TLD", folder.name, pictures, boxes, truth)]
    videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in _VIDEOS)
    if len(videos) != 1:
        found = "no video" if not videos else f"{len(videos)} videos"
        raise DatasetError(
            f"“{folder.name}” has {found} beside its gt.txt.", "One is expected.", str(folder)
        )
    require_box(folder.name, boxes, truth)
    return [BenchmarkSequence("TLD", folder.name, (), videos[0], boxes, truth)]


def boxes_of(rows: Array) -> Array:
    """x, y, w, h with 0-based edges from inclusive 1-based corners."""
    boxes = rows.copy()
    boxes[:, 2:] -= rows[:, :2] - 1
    boxes[:, :2] -= 1
    return without_invalid(boxes)
