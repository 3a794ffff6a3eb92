"""LaSOT: ``CLASS/CLASS-N/groundtruth.txt`` with ``img/`` and two label files.

Rows are x, y, w, h, taken as they are. Frames are absent where ``full_occlusion.txt``
or ``out_of_view.txt`` is 1 (one line of comma-separated labels; Fan et al., CVPR 2019).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.evaluate.layouts.attributes import listed, written
from core.evaluate.layouts.ground_truth import (
    list_pictures,
    read_flags,
    read_rows,
    rectangles,
    without_flagged,
)
from core.evaluate.sequences import BenchmarkSequence, of_pictures

_LABELS = ("full_occlusion.txt", "out_of_view.txt")


def read(folder: Path) -> list[BenchmarkSequence]:
    """The sequence of a LaSOT folder; none when it is not one."""
    truth = folder / "groundtruth.txt"
    labels = [folder / name for name in _LABELS if (folder / name).is_file()]
    pictures = list_pictures(folder / "img")
    if not truth.is_file() or not (labels or pictures):
        return []
    boxes = rectangles(read_rows(truth, [4]))
    for label in labels:
        boxes = without_flagged(boxes, read_flags(label), label)
    places = [folder, folder.parent, folder.parent.parent]
    attributes = written(folder) or listed("LaSOT", folder.name, places)
    sequence = of_pictures("LaSOT", folder.name, pictures, boxes, truth)
    return [replace(sequence, attributes=attributes)]
