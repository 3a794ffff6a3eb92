"""A benchmark sequence: its pictures and its true boxes, whatever folder layout it came from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class BenchmarkSequence:
    """One target in one clip.

    Attributes
    ----------
    dataset, name
        Together the `key` under which results are reported: ``OTB/Car1``.
    pictures
        Files of the frames in order; empty when the clip is the file `video`.
    boxes
        ``(N, 4)`` float64 x, y, w, h in frame pixels (0-based edges); a NaN row
        means that the target is absent. Read-only.
    truth_file
        Where the boxes were read from.
    notes
        What was unusual about the folder, for the report.
    regions
        The true regions where they are more than upright boxes (VOT's polygons): an array
        of 4 or 2N numbers per frame, NaN where the target is not annotated.
    attributes
        What is difficult in the sequence, in the benchmark's words.
    """

    dataset: str
    name: str
    pictures: tuple[Path, ...]
    video: Path | None
    boxes: NDArray[np.float64]
    truth_file: Path
    notes: tuple[str, ...] = ()
    regions: tuple[NDArray[np.float64], ...] = ()
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.boxes.setflags(write=False)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def key(self) -> str:
        """``DATASET/SEQUENCE``."""
        return f"{self.dataset}/{self.name}"


def of_pictures(
    dataset: str,
    name: str,
    pictures: Sequence[Path],
    boxes: NDArray[np.float64],
    truth_file: Path,
) -> BenchmarkSequence:
    """A sequence of picture files; surplus pictures or boxes at the end are cut off and noted.

    Raises
    ------
    DatasetError
        If there are no pictures or no usable box.
    """
    if not pictures:
        raise DatasetError(f"“{name}” has no pictures.", "Is the download complete?")
    count = min(len(pictures), len(boxes))
    notes = ()
    if len(pictures) != len(boxes):
        notes = (f"{len(pictures)} pictures but {len(boxes)} boxes: the first {count} are used",)
    require_box(name, boxes[:count], truth_file)
    return BenchmarkSequence(
        dataset, name, tuple(pictures[:count]), None, boxes[:count].copy(), truth_file, notes
    )


def require_box(name: str, boxes: NDArray[np.float64], truth_file: Path) -> None:
    """Make sure that there is a box to start from and another one to measure.

    Raises
    ------
    DatasetError
        If fewer than two frames have boxes (test sets publish the first one only).
    """
    if int(np.isfinite(boxes).all(axis=1).sum()) < 2:
        raise DatasetError(
            f"“{name}” has fewer than two ground-truth boxes.",
            "Test sets that publish only the first box cannot be evaluated here.",
            str(truth_file),
        )


def select(sequences: Sequence[BenchmarkSequence], only: Iterable[str]) -> list[BenchmarkSequence]:
    """The sequences named by ``DATASET``, ``DATASET/SEQUENCE`` or ``SEQUENCE``.

    Case does not matter; a name of a data set is one, not a sequence of the same name.

    Raises
    ------
    DatasetError
        If a name matches nothing, with the nearest one.
    """
    wanted = [name.strip() for name in only if name.strip()]
    if not wanted:
        return list(sequences)
    chosen: set[str] = set()
    for name in wanted:
        found = {s.key for s in sequences if name.lower() in (s.key.lower(), s.dataset.lower())}
        found = found or {s.key for s in sequences if name.lower() == s.name.lower()}
        if not found:
            known = sorted({s.dataset for s in sequences} | {s.key for s in sequences})
            by_case = {k.lower(): k for k in known}
            near = difflib.get_close_matches(name.lower(), by_case, n=1)
            raise DatasetError(
                f"There is no data set or sequence “{name}”.",
                f"Did you mean “{by_case[near[0]]}”?" if near else "Known: " + ", ".join(known[:8]),
            )
        chosen |= found
    return [s for s in sequences if s.key in chosen]
