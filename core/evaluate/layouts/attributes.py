"""What is difficult in a sequence, where a benchmark's folders say so.

VOT has a file of 0 and 1 per frame and attribute (``occlusion.tag``, ``camera_motion.label``): a
sequence has those that any frame has. OTB, UAV123 and LaSOT have one row of 0 and 1 per
sequence in ``att/NAME.txt``, in an order of their own. A text file ``attributes.txt`` (or
``attrs.txt``) with words, by commas or lines, works everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from core.errors import DatasetError
from core.evaluate.layouts.ground_truth import read_flags

_OTB = (
    *("illumination variation", "out-of-plane rotation", "scale variation", "occlusion"),
    *("deformation", "motion blur", "fast motion", "in-plane rotation", "out of view"),
    *("background clutter", "low resolution"),
)
_UAV = (
    *("scale variation", "aspect ratio change", "low resolution", "fast motion"),
    *("full occlusion", "partial occlusion", "out of view", "background clutter"),
    *("illumination variation", "viewpoint change", "camera motion", "similar object"),
)
_LASOT = (
    *("illumination variation", "partial occlusion", "deformation", "motion blur"),
    *("camera motion", "rotation", "background clutter", "viewpoint change"),
    *("scale variation", "full occlusion", "fast motion", "out of view"),
    *("low resolution", "aspect ratio change"),
)
ORDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"OTB": _OTB, "UAV123": _UAV, "UAV123_10fps": _UAV, "UAV20L": _UAV, "LaSOT": _LASOT}
)
"""Names of the columns of ``att/NAME.txt`` by data set."""

_NO_ATTRIBUTES = ("practical", "absence", "cover", "cut_by_image")
_WORDS = ("attributes.txt", "attrs.txt")


def frame_tags(folder: Path) -> tuple[str, ...]:
    """Attributes that a VOT folder marks in any frame, sorted; and its written ones."""
    found = set(written(folder))
    for path in sorted([*folder.glob("*.tag"), *folder.glob("*.label")]):
        if path.stem not in _NO_ATTRIBUTES and read_flags(path).any():
            found.add(path.stem.replace("_", " "))
    return tuple(sorted(found))


def written(folder: Path) -> tuple[str, ...]:
    """The words of ``attributes.txt`` or ``attrs.txt``."""
    for name in _WORDS:
        path = folder / name
        if path.is_file():
            words = re.split(r"[,;\n]+", path.read_text(encoding="utf-8-sig", errors="replace"))
            return tuple(sorted({word.strip() for word in words if word.strip()}))
    return ()


def listed(dataset: str, name: str, places: list[Path]) -> tuple[str, ...]:
    """Attributes of sequence `name` from ``att/NAME.txt`` in one of the folders `places`.

    Raises
    ------
    DatasetError
        If the file has not one number per attribute.
    """
    order = ORDERS.get(dataset, ())
    for place in places:
        path = place / "att" / f"{name}.txt"
        if order and path.is_file():
            flags = read_flags(path)
            if len(flags) != len(order):
                raise DatasetError(
                    f"“att/{path.name}” has {len(flags)} numbers for {len(order)} attributes.",
                    f"The attributes of {dataset} are: " + ", ".join(order) + ".",
                    str(path),
                )
            return tuple(sorted(word for word, flag in zip(order, flags, strict=True) if flag))
    return ()
