"""DAVIS and YouTube-VOS: ``JPEGImages[/RES]/VIDEO/`` with ``Annotations[/RES]/VIDEO/`` masks.

Masks are palette PNGs (0 ground, k object) or, in DAVIS 2016, 0 and 255. Only frames that
have a mask are used (YouTube-VOS marks every fifth). Boxes are those of the masks; classes
come from ``meta.json`` where there is one. Without a resolution given, 480p is preferred.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.frames import FolderFrames, PngMasks, numbered_or_list
from core.train.data.items import Item, Kind, Track, box_of_mask, cleaned
from core.train.data.readers.sequences import subfolders
from core.train.data.report import Fault, Report

_RESOLUTIONS = ("480p", "Full-Resolution", "1080p")
_VOID = 254


def recognised(folder: Path) -> bool:
    """Whether there are mask folders with a picture folder for each."""
    return _places(folder) is not None


def read(folder: Path, report: Report) -> list[Item]:
    """The videos with at least one object."""
    places = _places(folder)
    if places is None:
        return []
    root, pictures, masks, source = places
    classes = _classes(root)
    items = []
    for video in subfolders(masks):
        item = _video(pictures / video.name, video, source, classes, report)
        if item is not None:
            items.append(item)
            report.use(f"videos of {source}")
    return items


def _places(folder: Path) -> tuple[Path, Path, Path, str] | None:
    for root in (folder, folder / "train"):
        pictures, masks = root / "JPEGImages", root / "Annotations"
        for resolution in ("", *_RESOLUTIONS):
            found = (pictures / resolution, masks / resolution)
            if any(any(sub.glob("*.png")) for sub in subfolders(found[1])[:3]):
                source = "DAVIS" if resolution else "YouTube-VOS"
                return root, *found, source
    return None


def _classes(root: Path) -> dict[str, Any]:
    path = root / "meta.json"
    if not path.is_file():
        return {}
    try:
        videos = json.loads(path.read_text(encoding="utf-8"))["videos"]
        return videos if isinstance(videos, dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _video(
    pictures: Path, folder: Path, source: str, classes: dict[str, Any], report: Report
) -> Item | None:
    pairs = []
    for mask in sorted(folder.glob("*.png")):
        picture = pictures / f"{mask.stem}.jpg"
        if picture.is_file():
            pairs.append((picture.name, mask.name))
        else:
            report.skip(Fault.MISSING, picture)
    if not pairs:
        report.skip(Fault.LAYOUT, folder)
        return None
    masks = PngMasks(FolderFrames(folder, numbered_or_list([mask for _, mask in pairs])))
    boxes = _boxes(masks, len(pairs), report)
    tracks = tuple(
        Track(_category(classes, folder.name, value), cleaned(table), value)
        for value, table in sorted(boxes.items())
        if np.isfinite(cleaned(table)).any()
    )
    if not tracks:
        report.skip(Fault.NO_BOX, folder)
        return None
    key = f"{source}/{folder.name}"
    frames = FolderFrames(pictures, numbered_or_list([picture for picture, _ in pairs]))
    return Item(key, key, source, Kind.VIDEO, frames, tracks, masks)


def _boxes(masks: PngMasks, count: int, report: Report) -> dict[int, NDArray[np.float64]]:
    boxes: dict[int, NDArray[np.float64]] = {}
    for index in range(count):
        try:
            labels = masks.indexed(index)
        except DatasetError as error:
            report.skip(Fault.UNREADABLE, error.details)
            continue
        values = [int(value) for value in np.unique(labels) if value]
        if len(values) > 1:
            values = [value for value in values if value < _VOID]
        for value in values:
            box = box_of_mask(labels == value)
            if box is not None:
                table = boxes.setdefault(value, np.full((count, 4), np.nan))
                table[index] = box.as_tuple()
    return boxes


def _category(classes: dict[str, Any], video: str, value: int) -> str:
    try:
        return str(classes[video]["objects"][str(value)]["category"])
    except (KeyError, TypeError):
        return ""
