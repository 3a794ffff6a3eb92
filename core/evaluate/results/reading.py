"""Reading published result files back and scoring them, without running anything.

The layout is found out per file: a sequence's results may lie wherever one of the toolkits puts
them (:mod:`core.evaluate.results.writing`), under its name in any of the spellings in use.
Nothing is guessed about numbers: a file with other than one box per frame is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import BoxtrailError, DatasetError
from core.evaluate.conventions import convention
from core.evaluate.layouts.ground_truth import read_rows
from core.evaluate.metrics import Part, measure_parts, present
from core.evaluate.parallel import Failure
from core.evaluate.protocol import SequenceRun, Settings, frames, peeked
from core.evaluate.resets import measure_trajectories, true_regions
from core.evaluate.results.writing import first_pixel
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.trajectory import read_trajectory

Array = NDArray[np.float64]
_LASOT = "_tracking_result"


@dataclass(frozen=True, slots=True)
class Results:
    """A tracker's folder of result files."""

    tracker: str
    folder: Path


def find_results(folder: Path, only: Sequence[str] = ()) -> list[Results]:
    """The trackers with result files in `folder` (itself one, or one folder per tracker).

    Raises
    ------
    DatasetError
        If there is no such folder, it holds no result files, or a tracker of `only` is not there.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder “{folder}”.", "Check the path of --results.")
    found = [
        Results(path.name.removesuffix(_LASOT), path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name != "times" and next(path.rglob("*.txt"), None)
    ]
    if any(p.suffix == ".txt" for p in folder.iterdir()):
        found = [Results(folder.name.removesuffix(_LASOT), folder)]
    if not found:
        raise DatasetError(
            f"There are no result files in “{folder}”.",
            "Expected are TRACKER/SEQUENCE.txt or another layout of docs/evaluation.md.",
        )
    for name in only:
        if name not in (results.tracker for results in found):
            known = ", ".join(results.tracker for results in found)
            raise DatasetError(f"There are no results of “{name}”.", f"There are: {known}.")
    return [results for results in found if not only or results.tracker in only]


def score_results(
    results: Results, sequences: Sequence[BenchmarkSequence], settings: Settings
) -> Iterator[SequenceRun | Failure]:
    """Score the result files of one tracker, sequence by sequence."""
    for sequence in sequences:
        try:
            yield read_run(results, sequence, settings)
        except BoxtrailError as error:
            yield Failure(results.tracker, sequence.key, error.message, error.hint, error.details)


def read_run(results: Results, sequence: BenchmarkSequence, settings: Settings) -> SequenceRun:
    """The run that result files describe, measured.

    Raises
    ------
    BoxtrailError
        If there is no result file for the sequence, it does not fit, or no frame can be read.
    """
    size = frame_size(sequence)
    if settings.protocol == "vot":
        return _supervised(results, sequence, settings, size)
    files, shift = _files(results.folder, sequence)
    start = int(np.argmax(present(sequence.boxes)))
    parts = [Part(_boxes(f, sequence, shift, start), sequence.boxes, start) for f in files]
    seconds = _seconds(files[0], sequence)
    measured = measure_parts(
        parts, size=size, seconds=seconds, convention=convention(settings.metrics)
    )
    return SequenceRun(
        results.tracker,
        sequence.key,
        parts[0].boxes,
        seconds,
        0.0,
        0.0,
        measured,
        tuple(parts),
        size=size,
    )


def unknown_files(results: Results, sequences: Sequence[BenchmarkSequence]) -> list[str]:
    """Names of result files that belong to none of the sequences."""
    known = {spelling for sequence in sequences for spelling in _spellings(sequence.name)}
    extra = re.compile(r"_(time|\d{3}|\d{3}_.*|start_\d+(_\d{3})?)$")
    stems = {extra.sub("", path.stem) for path in results.folder.rglob("*.txt")}
    return sorted(stem for stem in stems if stem.lower() not in known)


def frame_size(sequence: BenchmarkSequence) -> tuple[int, int]:
    """``(width, height)`` of the frames, from the first that can be read.

    Raises
    ------
    BoxtrailError
        If none can.
    """
    pictures, size = peeked(frames(sequence, 0))
    close = getattr(pictures, "close", None)
    if close is not None:
        close()
    return size


def _supervised(
    results: Results, sequence: BenchmarkSequence, settings: Settings, size: tuple[int, int]
) -> SequenceRun:
    folder = next(
        (
            path
            for name in (sequence.name, sequence.name.lower())
            for path in (results.folder / "baseline" / name, results.folder / name)
            if path.is_dir()
        ),
        results.folder,
    )
    files = sorted(folder.glob("*_[0-9][0-9][0-9].txt"))
    if not files or folder == results.folder:
        raise _missing(results.folder, sequence)
    trajectories = tuple(read_trajectory(path, frames=len(sequence)) for path in files)
    truth = true_regions(sequence, as_boxes=settings.upright)
    times = folder / f"{sequence.name}_time.txt"
    seconds = _positive(np.loadtxt(times, delimiter=",")) if times.is_file() else np.array([])
    measured = measure_trajectories(trajectories, truth, size, settings, seconds)
    boxes = np.full((len(sequence), 4), np.nan)
    return SequenceRun(
        results.tracker,
        sequence.key,
        boxes,
        seconds,
        0.0,
        0.0,
        measured,
        trajectories=trajectories,
    )


def _files(folder: Path, sequence: BenchmarkSequence) -> tuple[list[Path], int]:
    """The file (or the repetitions) with a sequence's boxes, and its first pixel's number."""
    own = folder / f"{sequence.key}.txt"
    if own.is_file():
        return [own], 0
    by_name = {path.stem.lower(): path for path in folder.glob("*.txt")}
    by_folder = {path.name.lower(): path for path in folder.iterdir() if path.is_dir()}
    for name in _spellings(sequence.name):
        if name in by_name:
            return [by_name[name]], first_pixel(sequence)
        if name in by_folder:
            repeated = sorted(by_folder[name].glob("*_[0-9][0-9][0-9].txt"))
            if repeated:
                return repeated, first_pixel(sequence)
    raise _missing(folder, sequence)


def _spellings(name: str) -> list[str]:
    """Lower-case spellings of a sequence: ``Jogging.1``, ``Jogging-1``, ``jogging_1``."""
    lower = name.lower()
    return list(dict.fromkeys([lower, lower.replace(".", "-"), lower.replace(".", "_")]))


def _boxes(path: Path, sequence: BenchmarkSequence, shift: int, start: int) -> Array:
    rows = read_rows(path, [1, 4])
    if len(rows) != len(sequence):
        raise DatasetError(
            f"The result file “{path.name}” has {len(rows)} boxes for {len(sequence)} frames.",
            "It belongs to another version of the sequence, or the run was not finished.",
            str(path),
        )
    if np.isnan(rows[:, 1:]).all():
        raise DatasetError(
            f"The result file “{path.name}” has lines that are no boxes.",
            "x, y, w, h are expected; results of VOT's baseline need --protocol vot.",
            str(path),
        )
    bad = np.flatnonzero(~np.isfinite(rows[start + 1 :]).all(axis=1))
    if len(bad):
        raise DatasetError(
            f"Line {start + 2 + int(bad[0])} of “{path.name}” has a value that is not a number.",
            "Every frame after the first needs a box.",
            str(path),
        )
    boxes = rows - np.array([shift, shift, 0, 0])
    boxes[:start] = np.nan
    boxes[start] = sequence.boxes[start]
    return boxes


def _seconds(path: Path, sequence: BenchmarkSequence) -> Array:
    """Times per tracked frame, if there is a file of them."""
    stem = re.sub(r"_\d{3}$", "", path.stem)
    for place in (path.parent / f"{stem}_time.txt", path.parent / "times" / f"{stem}_time.txt"):
        if place.is_file():
            rows = read_rows(place, range(1, 31))
            first = 1 if len(rows) == len(sequence) else 0  # toolkits count the start, too
            return _positive(rows[first:])
    return np.array([])


def _positive(values: Array) -> Array:
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    return values[np.nan_to_num(values) > 0]


def _missing(folder: Path, sequence: BenchmarkSequence) -> DatasetError:
    return DatasetError(
        f"There is no result file for “{sequence.name}” in “{folder.name}”.",
        "Results of all sequences are needed; leave sequences out with --only.",
        str(folder),
    )
