"""What a supervised (reset-based) run leaves behind, frame by frame, as VOT writes it down.

Each frame is a region or a code: 1 where the tracker was started on the true region, 2 where
it had failed, 0 where it was not run. A text file has one line per frame, the code or
the numbers of the region (Kristan et al., VOT2013 ff.).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.evaluate.regions import Region

SKIPPED, STARTED, FAILED = 0, 1, 2
State = int | Region


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One state per frame: a code (:data:`SKIPPED`, …) or a region in frame pixels."""

    states: tuple[State, ...]

    def __len__(self) -> int:
        return len(self.states)

    def at(self, code: int) -> list[int]:
        """Frames that carry `code`."""
        return [
            k for k, state in enumerate(self.states) if isinstance(state, int) and state == code
        ]

    def text(self) -> str:
        """The lines of a VOT result file; regions with four digits."""
        return "".join(_line(state) + "\n" for state in self.states)


def read_trajectory(path: Path, *, frames: int) -> Trajectory:
    """A trajectory from a VOT result file.

    Raises
    ------
    DatasetError
        If it cannot be read, a line is neither a code nor a region, or there are not `frames`
        lines.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"The result file “{path.name}” cannot be read.", "Check the file.", f"{path}: {error}"
        ) from error
    if len(lines) != frames:
        raise DatasetError(
            f"The result file “{path.name}” has {len(lines)} lines for {frames} frames.",
            "It belongs to another version of the sequence, or the run was not finished.",
            str(path),
        )
    states = [_state(line, number, path) for number, line in enumerate(lines)]
    return Trajectory(_checked(states, path))


def _checked(states: Sequence[State], path: Path) -> tuple[State, ...]:
    if not isinstance(states[0], int) or states[0] != STARTED:
        raise DatasetError(
            f"The result file “{path.name}” does not begin with a start (1).",
            "Results of the supervised (“baseline”) experiment are expected.",
            str(path),
        )
    return tuple(states)


def _state(line: str, number: int, path: Path) -> State:
    try:
        values = np.array([float(part) for part in line.replace(";", ",").split(",")])
    except ValueError:
        values = np.array([])
    if len(values) == 1 and values[0] in (SKIPPED, STARTED, FAILED):
        return int(values[0])
    if not (len(values) == 4 or (len(values) >= 6 and len(values) % 2 == 0)):
        raise _bad_line(path, number, line, "a code 0, 1, 2 or a region is expected")
    if not np.isfinite(values).all():
        raise _bad_line(path, number, line, "it has a value that is not a number")
    return values


def _bad_line(path: Path, number: int, line: str, why: str) -> DatasetError:
    return DatasetError(
        f"Line {number + 1} of “{path.name}” (“{line.strip()[:40]}”) cannot be understood: {why}.",
        "Check the file.",
        str(path),
    )


def _line(state: State) -> str:
    return str(state) if isinstance(state, int) else ",".join(f"{v:.4f}" for v in state)
