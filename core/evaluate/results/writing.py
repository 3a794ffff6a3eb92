"""Writing a run's results as a toolkit expects them.

========== ============================================== =================================
layout     files                                          read by
========== ============================================== =================================
boxtrail   ``TRACKER/DATASET/SEQ.txt``, ``_time.txt``     Boxtrail (0-based, nothing lost)
otb        ``TRACKER/SEQ.txt``, ``times/SEQ_time.txt``    got10k's OTB, UAV123, LaSOT, …
got10k     ``TRACKER/SEQ/SEQ_001.txt``, ``SEQ_time.txt``  got10k's GOT-10k
lasot      ``TRACKER_tracking_result/SEQ.txt``            LaSOT's evaluation toolkit
pysot      ``TRACKER/SEQ.txt``                            pysot, pysot-toolkit
vot        ``TRACKER/baseline/SEQ/SEQ_001.txt``, times    vot-toolkit, pysot
========== ============================================== =================================

Boxes of OTB and UAV123 are 1-based in all layouts but the first, as in those benchmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluate.protocol import SequenceRun
from core.evaluate.sequences import BenchmarkSequence
from core.storage import atomic_write

Array = NDArray[np.float64]
Writer = Callable[[Path, BenchmarkSequence, SequenceRun], Path]

ONE_BASED = ("OTB", "UAV")
"""Data sets (by the beginning of their names) whose files call the first pixel 1."""


def first_pixel(sequence: BenchmarkSequence) -> int:
    """The number of the first pixel in files of the sequence's benchmark."""
    return int(sequence.dataset.upper().startswith(ONE_BASED))


def write(folder: Path, layout: str, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    """Write the results of `run` into `folder`; return the (first) file of boxes.

    Raises
    ------
    DatasetError
        If the layout does not exist or does not fit the protocol of the run.
    StorageError
        If the files cannot be written.
    """
    check(layout, "vot" if run.trajectories else "ope")
    return WRITERS[layout](folder, sequence, run)


def check(layout: str, protocol: str) -> None:
    """Make sure before long work that results of `protocol` can be written in `layout`.

    Raises
    ------
    DatasetError
        If they cannot.
    """
    if layout not in WRITERS:
        raise DatasetError(
            f"There is no layout “{layout}”.", "Choose one of " + ", ".join(WRITERS) + "."
        )
    if (layout == "vot") != (protocol == "vot"):
        raise DatasetError(
            f"Results of the protocol {protocol} cannot be written in the layout {layout}.",
            "The layout vot is for --protocol vot, and for that alone.",
        )


def _boxtrail(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    path = folder / run.tracker / f"{run.key}.txt"
    for part in run.parts[1:]:
        name = part.name.replace(" ", "_") or "repetition"
        number = sum(p.name == part.name for p in run.parts[: run.parts.index(part)])
        extra = f"_{number + 1:03d}" if not part.name or number else ""
        _table(path.with_name(f"{path.stem}_{name}{extra}.txt"), part.boxes, "%.4f")
    _table(path, run.boxes, "%.4f")
    _table(path.with_name(path.stem + "_time.txt"), run.seconds, "%.6f")
    return path


def _otb(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    path = folder / run.tracker / f"{sequence.name}.txt"
    _table(path, _shifted(run.boxes, sequence), "%.3f")
    _table(path.parent / "times" / f"{sequence.name}_time.txt", frame_times(run), "%.8f")
    return path


def _got10k(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    target = folder / run.tracker / sequence.name
    for k, boxes in enumerate(_repetitions(run)):
        _table(target / f"{sequence.name}_{k + 1:03d}.txt", _shifted(boxes, sequence), "%.3f")
    _table(target / f"{sequence.name}_time.txt", frame_times(run)[:, None], "%.8f")
    return target / f"{sequence.name}_001.txt"


def _lasot(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    path = folder / f"{run.tracker}_tracking_result" / f"{sequence.name}.txt"
    return _table(path, _shifted(run.boxes, sequence), "%.3f")


def _pysot(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    path = folder / run.tracker / f"{sequence.name.replace('.', '-')}.txt"
    return _table(path, _shifted(run.boxes, sequence), "%.4f")


def _vot(folder: Path, sequence: BenchmarkSequence, run: SequenceRun) -> Path:
    target = folder / run.tracker / "baseline" / sequence.name
    seconds = iter(run.seconds)
    columns = []
    for k, trajectory in enumerate(run.trajectories):
        path = target / f"{sequence.name}_{k + 1:03d}.txt"
        with atomic_write(path, text=True) as stream:
            stream.write(trajectory.text())
        started, skipped = set(trajectory.at(1)), set(trajectory.at(0))
        times = [
            np.nan if f in skipped else run.init_seconds if f in started else next(seconds, np.nan)
            for f in range(len(trajectory))
        ]
        columns.append(times)
        values = np.nan_to_num(np.array(times))
        _table(target / f"{sequence.name}_{k + 1:03d}_time.value", values, "%.6f")
    _table(target / f"{sequence.name}_time.txt", np.array(columns).T, "%.6f")
    return target / f"{sequence.name}_001.txt"


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "boxtrail": _boxtrail,
        "otb": _otb,
        "got10k": _got10k,
        "lasot": _lasot,
        "pysot": _pysot,
        "vot": _vot,
    }
)


def frame_times(run: SequenceRun) -> Array:
    """Seconds for each frame of the first run, ``(N,)``: the start's first, NaN where unknown."""
    times = np.full(len(run.boxes), np.nan)
    start = int(np.argmax(np.isfinite(run.boxes).all(axis=1)))
    times[start] = run.init_seconds
    known = run.seconds[: len(times) - start - 1]
    times[start + 1 : start + 1 + len(known)] = known
    return times


def _repetitions(run: SequenceRun) -> Sequence[Array]:
    return [part.boxes for part in run.parts] or [run.boxes]


def _shifted(boxes: Array, sequence: BenchmarkSequence) -> Array:
    shift = first_pixel(sequence)
    return boxes + np.array([shift, shift, 0, 0])


def _table(path: Path, values: Array, form: str) -> Path:
    with atomic_write(path, text=True) as stream:
        np.savetxt(stream, values, fmt=form, delimiter=",")
    return path
