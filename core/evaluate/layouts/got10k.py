"""GOT-10k: pictures and ``groundtruth.txt`` in one folder, with ``*.label`` files.

Rows are x, y, w, h, taken as they are. Frames are absent where ``absence.label`` is 1
or ``cover.label`` is 0 (Huang, Zhao, Huang, TPAMI 2021). The test set publishes only
the first box and cannot be evaluated here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.evaluate.layouts.attributes import written
from core.evaluate.layouts.ground_truth import (
    list_pictures,
    read_flags,
    read_rows,
    rectangles,
    without_flagged,
)
from core.evaluate.sequences import BenchmarkSequence, of_pictures

_MARKS = ("absence.label", "cover.label", "cut_by_image.label", "meta_info.ini")


def read(folder: Path) -> list[BenchmarkSequence]:
    """The sequence of a GOT-10k folder; none when it is not one."""
    truth = folder / "groundtruth.txt"
    named = folder.name.startswith("GOT-10k_")
    if not truth.is_file() or not (named or any((folder / mark).is_file() for mark in _MARKS)):
        return []
    boxes = rectangles(read_rows(truth, [4]))
    absence, cover = folder / "absence.label", folder / "cover.label"
    if absence.is_file():
        boxes = without_flagged(boxes, read_flags(absence), absence)
    if cover.is_file():
        boxes = without_flagged(boxes, ~read_flags(cover), cover)
    sequence = of_pictures("GOT-10k", folder.name, list_pictures(folder), boxes, truth)
    return [replace(sequence, attributes=written(folder))]
