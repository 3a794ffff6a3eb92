"""A program killed at any moment: the project stays readable, little work is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.document import autosave, project_file
from core.document.document import Document, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.geometry import Box

ROOT = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("kill_child.py")
TRACKED, EDITED, BACKDROP = 1, 2, 3
LAUNCHED: list[subprocess.Popen[bytes]] = []


@dataclass
class Victim:
    process: subprocess.Popen[bytes]
    folder: Path
    die_at: float
    killed: float = 0.0


@pytest.fixture(autouse=True)
def _no_survivors() -> Iterator[None]:
    yield
    while LAUNCHED:
        process = LAUNCHED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def launch(
    folder: Path, interval: float, lifetime: float, compact: int, rate: float = 25.0
) -> Victim:
    folder.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), str(interval), str(compact), str(rate)],
        stdout=subprocess.PIPE,
        env=environment,
    )
    LAUNCHED.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return Victim(process, folder, time.monotonic() + lifetime)


def kill_and_measure(victim: Victim) -> float:
    """Kill at the appointed time; seconds of work that cannot be had back.

    Those in which the machine let the program do nothing are not counted.
    """
    time.sleep(max(victim.die_at - time.monotonic(), 0))
    victim.process.kill()
    killed = time.monotonic()
    output, _ = victim.process.communicate()
    lines = [line.split() for line in output.split(b"\n")[:-1]]
    times = [float(line[1]) for line in lines if line[0].isdigit()]
    stalled = sum(float(line[1]) for line in lines if line[0] == b"stall")
    saved = [int(line[1]) for line in lines if line[0] == b"saved"]
    recovered = recovered_count(victim.folder)
    assert max(saved, default=0) <= recovered <= len(times)
    lost = killed - times[recovered] if recovered < len(times) else 0.0
    return max(lost - stalled, 0.0)


def recovered_count(folder: Path) -> int:
    """Pieces of work in the project or its recovery, all of them checked."""
    project = folder / "a.boxtrail"
    documents = [project_file.load(project)]
    left = autosave.candidates(folder / "autosave", project=project)
    assert len(left) <= 1
    assert all(recovery.complete for recovery in left)
    assert autosave.damaged_files(folder / "autosave") == []
    documents += [recovery.document for recovery in left]
    return max(checked_count(document) for document in documents)


def checked_count(document: Document) -> int:
    assert len(document.track(BACKDROP)) == 20_000
    counts = []
    for track_id, y in ((TRACKED, 1 / 3), (EDITED, None)):
        columns = document.track(track_id).columns
        assert columns.frames.tolist() == list(range(len(columns))), "a gap in what was saved"
        assert columns.boxes[:, 0].tolist() == columns.frames.tolist()
        if y is not None:
            assert columns.boxes[:, 1] == pytest.approx(columns.frames * y)
        counts.append(len(columns))
    return min(counts)


def test_that_five_killed_programs_lose_less_than_an_autosave_interval(tmp_path: Path) -> None:
    chance = random.Random(5)
    victims = [
        launch(tmp_path / str(i), 0.4, chance.uniform(0.3, 2.0), compact=(1, 4 << 20)[i % 2])
        for i in range(5)
    ]
    lost = [kill_and_measure(v) for v in sorted(victims, key=lambda v: v.die_at)]
    assert max(lost) < 5.0, "0.4 s between autosaves, with room for a very busy machine"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_that_fifty_kills_at_the_real_cadence_cost_ten_seconds_at_most(tmp_path: Path) -> None:
    chance = random.Random()
    lost: list[float] = []
    for batch in range(10):
        victims = [
            launch(
                tmp_path / f"{batch}-{i}",
                autosave.INTERVAL,
                chance.uniform(0.1, 16.0),
                compact=(1, 4 << 20)[i % 2],
            )
            for i in range(5)
        ]
        lost += [kill_and_measure(v) for v in sorted(victims, key=lambda v: v.die_at)]
    print(f"{len(lost)} kills, 0 unreadable, at most {max(lost):.2f} s lost")
    assert len(lost) >= 50
    assert max(lost) <= 10.0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_that_kills_in_the_middle_of_writing_leave_everything_readable(tmp_path: Path) -> None:
    chance = random.Random()
    lost: list[float] = []
    for i in range(60):
        compact, lifetime = (1, 20_000)[i % 2], chance.uniform(0.05, 0.8)
        victim = launch(tmp_path / str(i), 0.0, lifetime, compact, rate=2000.0)
        lost.append(kill_and_measure(victim))
    print(f"{len(lost)} kills, 0 unreadable, at most {max(lost):.2f} s lost")


def test_that_checking_the_victims_work_can_fail() -> None:
    """The measure itself: a hole in a track is seen."""

    rows = Columns.of_keyframes(Keyframe(n, Box(n, 1, 2, 3)) for n in range(20_000))
    holed = Columns.of_keyframes(Keyframe(n, Box(n, 1, 2, 3)) for n in (0, 2))
    document = Document(VideoRef("a"), (Track(1), Track(2, columns=holed), Track(3, columns=rows)))
    with pytest.raises(AssertionError, match="a gap"):
        checked_count(document)
