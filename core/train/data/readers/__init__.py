"""Readers of training sets: one module for each official layout, all giving `Item` records.

A reader has ``recognised(folder)`` and ``read(folder, report)``. :func:`read_all` asks them in
turn for each given folder and leaves out what is on an exclusion list.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.errors import DatasetError
from core.train.data.items import Item
from core.train.data.readers import (
    coco,
    got10k,
    imagenet_vid,
    lasot,
    mask_folders,
    pack,
    trackingnet,
    voc,
)
from core.train.data.report import Fault, Report

Recognised = Callable[[Path], bool]
Read = Callable[[Path, Report], list[Item]]

READERS: tuple[tuple[str, Recognised, Read], ...] = (
    ("manifest.jsonl", pack.recognised, pack.read),
    ("GOT-10k", got10k.recognised, got10k.read),
    ("TrackingNet", trackingnet.recognised, trackingnet.read),
    ("ImageNet VID", imagenet_vid.recognised, imagenet_vid.read),
    ("COCO", coco.recognised, coco.read),
    ("DAVIS or YouTube-VOS", mask_folders.recognised, mask_folders.read),
    ("Pascal VOC", voc.recognised, voc.read),
    ("LaSOT", lasot.recognised, lasot.read),
)
EXCLUSIONS = "exclude.txt"


def read_all(folders: Iterable[Path], report: Report, exclude: Iterable[str] = ()) -> list[Item]:
    """All usable items of some data sets.

    Parameters
    ----------
    folders
        The data sets' root folders.
    report
        Takes the counts of what is used and skipped.
    exclude
        Keys or patterns (``GOT-10k/GOT-10k_Train_00*``) of items to leave out; each folder's
        ``exclude.txt``, one pattern a line, is added.

    Raises
    ------
    DatasetError
        If a folder is missing, is no known data set, has nothing usable, or if two folders
        give the same item.
    """
    items: dict[str, Item] = {}
    for folder in folders:
        found = read_one(folder, report)
        patterns = [*exclude, *_exclusions(folder)]
        kept = [item for item in found if not _matches(item.key, patterns)]
        report.skip(Fault.EXCLUDED, folder, len(found) - len(kept))
        report.require_any(folder, len(kept))
        for item in kept:
            if item.key in items:
                raise DatasetError(
                    f"“{item.key}” was found twice.", "Give each data set once.", str(folder)
                )
            items[item.key] = item
    return list(items.values())


def read_one(folder: Path, report: Report) -> list[Item]:
    """The items of one data set.

    Raises
    ------
    DatasetError
        If the folder is missing, is no known data set, or has nothing usable.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder “{folder}”.", "Check the path.")
    for _, recognised, read in READERS:
        if recognised(folder):
            found = read(folder, report)
            report.require_any(folder, len(found))
            return found
    known = ", ".join(name for name, _, _ in READERS)
    raise DatasetError(
        f"“{folder}” is in no layout of a training set that is known.",
        f"Known: {known} (see docs/training-data.md).",
    )


def _exclusions(folder: Path) -> list[str]:
    path = folder / EXCLUSIONS
    if not path.is_file():
        return []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"“{path}” cannot be read.", "Check the file.", str(error)) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _matches(key: str, patterns: Sequence[str]) -> bool:
    name = key.partition("/")[2]
    return any(
        fnmatch.fnmatchcase(key, pattern) or fnmatch.fnmatchcase(name, pattern)
        for pattern in patterns
    )
