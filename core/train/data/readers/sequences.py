"""What the readers of single-object sequences share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import DatasetError
from core.evaluate.sequences import BenchmarkSequence
from core.train.data.frames import FolderFrames, numbered_or_list
from core.train.data.items import Item, Kind, Track, cleaned
from core.train.data.report import Fault, Report

Layout = Callable[[Path], list[BenchmarkSequence]]


def read_folder(
    folder: Path, layout: Layout, report: Report, *, category: str, group: str
) -> Item | None:
    """One sequence folder by an evaluation layout; None, counted, where it is not usable."""
    try:
        found = layout(folder)
    except DatasetError as error:
        report.skip(Fault.LAYOUT, f"{folder.name}: {error.message}")
        return None
    if not found:
        report.skip(Fault.LAYOUT, folder)
        return None
    sequence = found[0]
    names = numbered_or_list([path.name for path in sequence.pictures])
    return Item(
        key=sequence.key,
        group=group,
        source=sequence.dataset,
        kind=Kind.VIDEO,
        frames=FolderFrames(sequence.pictures[0].parent, names),
        tracks=(Track(category, cleaned(sequence.boxes)),),
    )


def subfolders(folder: Path) -> list[Path]:
    """Folders in `folder` in order of name, hidden ones left out."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
