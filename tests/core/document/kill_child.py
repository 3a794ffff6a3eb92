"""A program at work, to be killed: edits and tracks steadily, autosaves in a thread.

Every piece of work is reported on standard output *before* it is done, with the
system-wide monotonic clock, and every autosave *after* it is done, so that the parent
can tell what was lost. So is the time that a busy machine gave none of its threads: the
program cannot save what it is not allowed to. Arguments:
folder, seconds between autosaves, bytes at which a journal is compacted, frames a second.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

import numpy as np

from core.document import autosave, project_file
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.geometry import Box
from core.states import Flag, Source, TargetState

TRACKED, EDITED, BACKDROP = 1, 2, 3


def tracked_row(n: int) -> Keyframe:
    return Keyframe(
        n, Box(n, n / 3, 10, 20), Source.TRACKED, 0.5, TargetState.TRACKING, Flag.NONE, 1
    )


def edited_row(n: int) -> Keyframe:
    return Keyframe(n, Box(n, 1, 2, 3))


def start_document() -> Document:
    rows = 20_000
    backdrop = Columns.of(
        {
            "frames": np.arange(rows),
            "boxes": np.random.default_rng(0).uniform(0, 1000, (rows, 4)),
            "scores": np.ones(rows),
            **{name: np.zeros(rows) for name in ("sources", "states", "flags", "runs")},
        }
    )
    tracks = (Track(TRACKED), Track(EDITED), Track(BACKDROP, columns=backdrop))
    return Document(VideoRef("/videos/a.mp4"), tracks, next_track_id=4, next_run_id=2)


def listen_for_stalls() -> None:
    before = time.monotonic()
    while True:
        time.sleep(0.05)
        now = time.monotonic()
        if now - before > 0.3:
            os.write(1, b"stall %.3f\n" % (now - before))
        before = now


def main(folder: Path, interval: float, compact: int, rate: float) -> None:
    autosave._COMPACT_BYTES = compact
    project = folder / "a.boxtrail"
    document = start_document()
    project_file.save(document, project)
    saver = autosave.Autosave(folder / "autosave", project)
    saving = threading.Lock()
    run = Run(1, TRACKED, "fake", start=0, end=10**6)
    rows: list[Keyframe] = []

    def autosave_forever() -> None:
        while True:
            time.sleep(interval)
            with saving:
                current, count = document, len(rows)
                known = Columns.of_keyframes(rows[:count])
                saver.write(current, (run, known))
                os.write(1, b"saved %d\n" % min(count, len(current.track(EDITED))))

    threading.Thread(target=autosave_forever, daemon=True).start()
    os.write(1, b"ready\n")
    threading.Thread(target=listen_for_stalls, daemon=True).start()
    for n in range(10**6):
        os.write(1, b"%d %.6f\n" % (n, time.monotonic()))
        rows.append(tracked_row(n))
        document = document.with_track(document.track(EDITED).with_keyframes([edited_row(n)]))
        if random.random() < 0.004:  # a person saves about every ten seconds
            with saving:
                document = document.with_run(run, Columns.of_keyframes(rows))
                project_file.save(document, project)
                saver.clear()
        time.sleep(1 / rate)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
