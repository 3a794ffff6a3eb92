"""UAV123 (30 and 10 fps) and UAV20L: text files of boxes, folders of pictures elsewhere.

``anno/UAV123/NAME.txt`` belongs to ``data_seq/UAV123/FOLDER/``; a plain folder with
``NAME.txt`` beside ``NAME/`` is read, too. Rows are x, y, w, h, 1-based, NaN where the
target is out of view. Long clips are shared by several sequences (``person7_2`` is a
part of ``person7``): the first frames are those of the benchmark's ``configSeqs`` list
(Mueller, Smith, Ghanem, ECCV 2016), the lengths follow from the text files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from core.errors import DatasetError
from core.evaluate.layouts.attributes import listed
from core.evaluate.layouts.ground_truth import Array, list_pictures, read_rows, rectangles
from core.evaluate.sequences import BenchmarkSequence, of_pictures

_FIRST_AT_30_FPS: dict[str, tuple[int, ...]] = {
    "bird1": (1, 775, 1573),
    "car1": (1, 751, 1627),
    "car6": (1, 487, 1807, 2953, 3925),
    "car8": (1, 1357),
    "car16": (1, 415),
    "group1": (1, 1333, 2515, 3925),
    "group2": (1, 907, 1771),
    "group3": (1, 1567, 2827, 4369),
    "person2": (1, 1189),
    "person4": (1, 1501),
    "person5": (1, 877),
    "person7": (1, 1249),
    "person8": (1, 1075),
    "person12": (1, 601),
    "person14": (1, 847, 1813),
    "person17": (1, 1501),
    "person19": (1, 1243, 2791),
    "truck4": (1, 577),
    "uav1": (1, 1555, 2473),
}
"""First picture number of each part ``FOLDER_1, FOLDER_2, …`` at 30 fps."""

_PART = re.compile(r"(?P<folder>[a-z]+\d+)_(?P<part>\d)")
_SUBSETS = ("UAV123", "UAV123_10fps", "UAV123@10fps", "UAV20L")


def read(folder: Path) -> list[BenchmarkSequence]:
    """All sequences of a UAV123 folder (the root, or annotations beside pictures)."""
    found = []
    for subset in _SUBSETS:
        annotations = folder / "anno" / subset
        pictures = folder / "data_seq" / ("UAV123" if subset == "UAV20L" else subset)
        if annotations.is_dir() and pictures.is_dir():
            found += _sequences(subset.replace("@", "_"), annotations, pictures)
    if found or (folder / "anno").is_dir():
        return found
    ten = "10fps" in folder.resolve().as_posix().lower()
    return _sequences("UAV123_10fps" if ten else "UAV123", folder, folder)


def _sequences(dataset: str, annotations: Path, pictures: Path) -> list[BenchmarkSequence]:
    found = []
    for truth in sorted(annotations.glob("*.txt")):
        folder, part = _place(truth.stem, pictures, whole=dataset == "UAV20L")
        if folder is not None:
            found.append(_sequence(dataset, truth, folder, part))
    return found


def _place(name: str, pictures: Path, *, whole: bool) -> tuple[Path | None, int]:
    if (pictures / name).is_dir():
        return pictures / name, 1
    match = _PART.fullmatch(name)
    if match and not whole and (pictures / match["folder"]).is_dir():
        return pictures / match["folder"], int(match["part"])
    return None, 1


def _sequence(dataset: str, truth: Path, folder: Path, part: int) -> BenchmarkSequence:
    boxes = rectangles(read_rows(truth, [4]), first=1)
    files = list_pictures(folder)
    if folder.name != truth.stem:
        first = _first_picture(dataset, truth, folder, part, boxes, len(files))
        files = files[first - 1 : first - 1 + len(boxes)]
    attributes = listed(dataset, truth.stem, [truth.parent])
    return replace(of_pictures(dataset, truth.stem, files, boxes, truth), attributes=attributes)


def _first_picture(
    dataset: str, truth: Path, folder: Path, part: int, boxes: Array, count: int
) -> int:
    firsts = _FIRST_AT_30_FPS.get(folder.name, ())
    if not 0 < part <= len(firsts):
        raise DatasetError(
            f"It is not known where “{truth.stem}” begins in the folder “{folder.name}”.",
            f"Put its pictures into a folder “{truth.stem}”.",
            str(truth),
        )
    first = firsts[part - 1]
    # Every third picture was kept: 1, 4, 7, … became 1, 2, 3, ….
    slow = dataset == "UAV123_10fps" or first - 1 + len(boxes) > count
    return (first - 1) // 3 + 1 if slow else first
