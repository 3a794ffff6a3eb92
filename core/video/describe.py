"""`VideoInfo` from the header facts and the sequential pass, with notes for the user."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.video.convert import shown_size
from core.video.probe import Probe
from core.video.source import VideoInfo
from core.video.table import FrameTable
from core.wording import counted

_ASSUMED_FPS = 25.0
_HIDDEN_PACKETS = frozenset({"vp8", "vp9", "av1", "libdav1d"})  # a packet is not always a picture


def describe(
    path: Path, facts: Probe, table: FrameTable, *, fingerprint: str, expected: int
) -> VideoInfo:
    """Final facts if the pass is complete, else an estimate of `expected` frames."""
    if table.complete:
        times = table.seconds(facts.time_base, facts.fps)
    else:
        times = np.arange(max(expected, table.checked, 1)) / (facts.fps or _ASSUMED_FPS)
    times.flags.writeable = False
    steps = np.diff(times)
    mean = len(steps) / float(times[-1]) if len(steps) and times[-1] > 0 else facts.fps
    width, height = shown_size(facts.width, facts.height, facts.orientation)
    return VideoInfo(
        path=path,
        width=width,
        height=height,
        frame_count=len(times),
        fps=float(mean),
        times=times,
        fingerprint=fingerprint,
        codec=facts.codec,
        variable_rate=_varies(steps, facts.time_base),
        rotation=facts.orientation[0] * 90,
        damaged=tuple(sorted(table.damaged)) if table.complete else (),
        notes=facts.notes + (tuple(_findings(facts, table, times)) if table.complete else ()),
        run_in=_run_in(table) if table.complete else 0,
    )


def _varies(steps: NDArray[np.float64], tick: float) -> bool:
    # Rounding to the container's clock (1 ms in mkv) is not a variable rate.
    return bool(len(steps)) and float(np.ptp(steps)) > max(2.5 * tick, 1e-4)


def _findings(facts: Probe, table: FrameTable, times: NDArray[np.float64]) -> list[str]:
    notes: list[str] = []
    if table.failure is not None:
        notes.append(f"Reading broke off: {table.failure}")
    short = facts.declared - table.packets
    end = float(times[-1]) if len(times) else 0.0
    if short > 0:
        notes.append(
            f"{short} of the {facts.declared} frames that the file announces are missing; "
            "the copy may be incomplete."
        )
    elif facts.declared == 0 and facts.seconds - end > max(2.0, 0.05 * facts.seconds):
        notes.append(
            f"The file announces {facts.seconds:.0f} s of video but ends after {end:.0f} s; "
            "the copy may be incomplete."
        )
    undecoded = table.packets - table.checked
    if table.repeatable_threads == 1 and undecoded > 0 and facts.codec not in _HIDDEN_PACKETS:
        what = counted(undecoded, "damaged frame")
        notes.append(f"{what} at the start or end could not be numbered.")
    if table.damaged:
        what = counted(len(table.damaged), "damaged frame without a picture",
                       "damaged frames without a picture")  # fmt: skip
        notes.append(f"Skipped: {what}.")
    if table.flawed:
        notes.append(f"Visible decoding errors: {counted(table.flawed, 'frame')}.")
    if not table.trusted:
        notes.append(
            "Seeking in this file is not reliable: frames are reached by decoding from the "
            "start, which is exact but slow."
        )
    return notes


def _run_in(table: FrameTable) -> int:
    """The longest distance between places where decoding can begin."""
    if not table.trusted:
        return table.checked
    edges = [0, *(entry.frame for entry in table.entries), table.checked]
    return int(np.max(np.diff(edges)))
