"""GOT-10k for training: ``GOT-10k_Train_N`` folders, in ``train/`` or directly.

Validation and test sequences are refused: they are what trackers are measured on. Frames
whose target is absent or covered have no box (Huang, Zhao, Huang, TPAMI 2021).
"""

from __future__ import annotations

from pathlib import Path

from core.evaluate.layouts import got10k
from core.train.data.items import Item
from core.train.data.readers.sequences import read_folder, subfolders
from core.train.data.report import Fault, Report

_TRAIN, _ANY = "GOT-10k_Train_", "GOT-10k_"


def recognised(folder: Path) -> bool:
    """Whether GOT-10k sequences lie in `folder` or in its split folders."""
    places = [folder, *(folder / split for split in ("train", "val", "test"))]
    return any(sub.name.startswith(_ANY) for place in places for sub in subfolders(place)[:3])


def read(folder: Path, report: Report) -> list[Item]:
    """The training sequences at `folder`."""
    places = [folder, *(folder / split for split in ("train", "val", "test"))]
    items = []
    for sub in (sub for place in places for sub in subfolders(place)):
        if not sub.name.startswith(_ANY):
            continue
        if not sub.name.startswith(_TRAIN):
            report.skip(Fault.EVALUATION, sub.name)
            continue
        key = f"GOT-10k/{sub.name}"
        item = read_folder(sub, got10k.read, report, category=_category(sub), group=key)
        if item is not None:
            items.append(item)
            report.use("videos of GOT-10k")
    return items


def _category(folder: Path) -> str:
    try:
        text = (folder / "meta_info.ini").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "object_class":
            return value.strip()
    return ""
