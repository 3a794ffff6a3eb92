"""Folder layouts of tracking benchmarks, recognised by what lies in the folders.

A layout is a function from one folder to the sequences it holds in that layout
(none when it is something else). :func:`find_sequences` asks them for the given folder
and, where nobody answers, for the folders below it; so a single sequence, a
benchmark and a folder of benchmarks all work.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import DatasetError
from core.evaluate.layouts import got10k, lasot, manifest, otb, tld, uav123, vot
from core.evaluate.sequences import BenchmarkSequence

Layout = Callable[[Path], list[BenchmarkSequence]]

# Special before general: VOT takes any groundtruth.txt, so it is asked last.
LAYOUTS: tuple[Layout, ...] = (
    manifest.read,
    otb.read,
    tld.read,
    got10k.read,
    lasot.read,
    vot.read,
    uav123.read,
)
_DEPTH = 4


def find_sequences(folder: Path) -> list[BenchmarkSequence]:
    """All sequences at or below `folder`, in order of folder.

    Raises
    ------
    DatasetError
        If the folder does not exist, holds no sequence, or a ground-truth file
        cannot be understood.
    """
    if folder.is_file() and folder.name == manifest.FILE:
        folder = folder.parent
    if not folder.is_dir():
        raise DatasetError(f"There is no folder “{folder}”.", "Check the path.")
    found = _search(folder, _DEPTH)
    if not found:
        raise DatasetError(
            f"No benchmark sequences were found in “{folder}”.",
            "Known layouts: manifest.json, OTB, VOT, GOT-10k, LaSOT, UAV123, TLD "
            "(see docs/evaluation.md).",
        )
    seen: dict[str, BenchmarkSequence] = {}
    for sequence in found:
        if sequence.key in seen:
            raise DatasetError(
                f"The sequence “{sequence.key}” was found twice.",
                "Evaluate one copy of the benchmark at a time.",
                f"{seen[sequence.key].truth_file} and {sequence.truth_file}",
            )
        seen[sequence.key] = sequence
    return found


def _search(folder: Path, depth: int) -> list[BenchmarkSequence]:
    for layout in LAYOUTS:
        found = layout(folder)
        if found:
            return found
    if depth == 0:
        return []
    below = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    return [sequence for child in below for sequence in _search(child, depth - 1)]
