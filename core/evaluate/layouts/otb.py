"""OTB: ``NAME/groundtruth_rect.txt`` (or ``.1``, ``.2`` for two targets) and ``NAME/img/``.

Rows are x, y, w, h, 1-based, separated in any way. Some sequences use only a part of
their pictures, as in the benchmark's own sequence list (Wu, Lim, Yang, TPAMI 2015).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.evaluate.layouts.attributes import listed, written
from core.evaluate.layouts.ground_truth import (
    list_pictures,
    picture_number,
    read_rows,
    rectangles,
)
from core.evaluate.sequences import BenchmarkSequence, of_pictures

_RANGES: dict[str, tuple[int, int]] = {
    "David": (300, 770),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
    "Diving": (1, 215),
    "BlurCar1": (247, 988),
    "BlurCar3": (3, 359),
    "BlurCar4": (18, 397),
}
"""First and last picture number of sequences that are not used whole."""


def read(folder: Path) -> list[BenchmarkSequence]:
    """The sequence (or the two targets) of an OTB folder; none when it is not one."""
    truths = sorted(folder.glob("groundtruth_rect*.txt"))
    if not truths:
        return []
    if folder.name == "Human4":  # the benchmark lists only its second target
        truths = [t for t in truths if t.stem.endswith(".2")] or truths
    pictures = _pictures(folder)
    sequences = []
    for truth in truths:
        target = truth.stem.partition(".")[2]
        name = f"{folder.name}.{target}" if target and len(truths) > 1 else folder.name
        boxes = rectangles(read_rows(truth, [4]), first=1)
        attributes = written(folder) or listed("OTB", name, [folder.parent, folder.parent / "anno"])
        sequence = of_pictures("OTB", name, pictures, boxes, truth)
        sequences.append(replace(sequence, attributes=attributes))
    return sequences


def _pictures(folder: Path) -> list[Path]:
    pictures = list_pictures(folder / "img") or list_pictures(folder)
    first, last = _RANGES.get(folder.name, (0, 10**9))
    return [p for p in pictures if first <= picture_number(p) <= last]
