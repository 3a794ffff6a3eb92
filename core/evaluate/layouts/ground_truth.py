"""Reading the text files of benchmarks: numbers in rows, in all the styles there are.

Values may be separated by commas, tabs, spaces or semicolons, mixed; ``NaN`` marks an
absent target; lines end in any way; blank lines at the end are nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

Array = NDArray[np.float64]
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
_SEPARATOR = re.compile(r"[,;\s]+")
_NUMBER = re.compile(r"\d+")


def read_rows(path: Path, widths: Iterable[int]) -> Array:
    """Numbers of `path`, one row per line, ``(N, max width)``; short rows are NaN-filled.

    Parameters
    ----------
    widths
        Numbers of values a line may have.

    Raises
    ------
    DatasetError
        If the file cannot be read or a line has something else, with its number.
    """
    allowed = sorted(set(widths))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"“{path.name}” cannot be read.", "Check the file.", f"{path}: {error}"
        ) from error
    lines = text.rstrip().splitlines()
    table = np.full((len(lines), allowed[-1]), np.nan)
    for number, line in enumerate(lines):
        parts = [part for part in _SEPARATOR.split(line.strip()) if part]
        if len(parts) not in allowed:
            expected = " or ".join(map(str, allowed))
            raise _bad_line(path, number, line, f"{expected} numbers are expected")
        try:
            table[number, : len(parts)] = [float(part) for part in parts]
        except ValueError as error:
            raise _bad_line(path, number, line, "it has something that is no number") from error
    return table


def read_flags(path: Path) -> NDArray[np.bool_]:
    """0/1 labels separated by anything (one line or one per line), as a mask."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return np.array([float(v) != 0 for v in _SEPARATOR.split(text.strip()) if v], dtype=bool)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"“{path.name}” cannot be read.", "It should hold 0s and 1s.", f"{path}: {error}"
        ) from error


def rectangles(rows: Array, *, first: int = 0) -> Array:
    """Rows x, y, w, h with NaN rows for invalid ones; `first` is the number of the first pixel."""
    boxes = rows[:, :4].astype(np.float64).copy()
    boxes[:, :2] -= first
    return without_invalid(boxes)


def without_invalid(boxes: Array) -> Array:
    """The boxes with a whole NaN row wherever a value is missing or a side is not positive."""
    bad = ~np.isfinite(boxes).all(axis=1)
    bad |= ~(np.nan_to_num(boxes[:, 2:]) > 0).all(axis=1)
    boxes[bad] = np.nan
    return boxes


def without_flagged(boxes: Array, flags: NDArray[np.bool_], path: Path) -> Array:
    """The boxes with NaN rows where `flags` is set.

    Raises
    ------
    DatasetError
        If there are not as many labels as boxes.
    """
    if len(flags) != len(boxes):
        raise DatasetError(
            f"“{path.name}” has {len(flags)} labels for {len(boxes)} frames.",
            "Is the download complete?",
            str(path),
        )
    boxes = boxes.copy()
    boxes[flags] = np.nan
    return boxes


def list_pictures(folder: Path) -> list[Path]:
    """Picture files of a folder by the number in their names (``10.jpg`` after ``9.jpg``)."""
    if not folder.is_dir():
        return []
    files = (p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
    return sorted(files, key=lambda p: (picture_number(p), p.name))


def picture_number(path: Path) -> int:
    """The last number in the file's name, −1 when there is none."""
    numbers = _NUMBER.findall(path.stem)
    return int(numbers[-1]) if numbers else -1


def _bad_line(path: Path, number: int, line: str, why: str) -> DatasetError:
    shown = line.strip()[:40]
    return DatasetError(
        f"Line {number + 1} of “{path.name}” (“{shown}”) cannot be understood: {why}.",
        "Check the file.",
        str(path),
    )
