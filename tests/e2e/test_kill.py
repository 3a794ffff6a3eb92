"""kill -9 at random moments: the project stays readable, little work is lost."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip

from app.autosave import folder as recovery_folder
from core.document import autosave, project_file

CHILD = Path(__file__).with_name("app_child.py")
AUTOSAVE = 1.0  # what the child sets; the default is five times as long


class Child:
    """The application at work in another process."""

    def __init__(self, clip: Path, seed: int, *extra: str) -> None:
        self.log = clip.parent / f"child-{seed}.log"
        self._stream = self.log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), str(clip), str(seed), *extra],
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def reports(self) -> list[tuple[float, int, bool]]:
        """Clock, number of boxes and unsaved changes after each edit."""
        found = []
        for line in self.log.read_text().splitlines():
            parts = line.split()
            if len(parts) == 3 and parts[0].replace(".", "").isdigit():
                found.append((float(parts[0]), int(parts[1]), parts[2] == "1"))
        return found

    def wait_ready(self) -> None:
        end = time.monotonic() + 60
        while not self.reports():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._stream.close()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", moving_patch(120, velocity=(1, 1)).images)


def test_that_killed_work_is_restored_and_exported(clip: Path, driver: Driver) -> None:
    child = Child(clip, 1)
    child.wait_ready()
    time.sleep(4)
    child.kill()
    driver.answers.on_recover = "restore"
    project = clip.with_suffix(".boxtrail")
    driver.open(project if project.exists() else clip)
    boxes = sum(map(len, driver.desk.document.tracks))
    assert boxes > 0
    target = clip.with_name("out.csv")
    driver.desk.session.export("csv", target)
    with target.open(newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    assert len(rows) == boxes


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_that_fifty_kills_never_cost_the_project_or_ten_seconds_of_work(
    clip: Path, tmp_path: Path
) -> None:
    chance, worst = random.Random(7), 0.0
    project = clip.with_suffix(".boxtrail")
    for number in range(50):
        child = Child(clip, number)
        child.wait_ready()
        time.sleep(chance.uniform(0.2, 5.0))
        child.kill()
        killed = time.time()
        reports = child.reports()
        if project.exists():
            project_file.load(project)  # raises if a single byte is wrong
        found = autosave.candidates(recovery_folder())
        assert not autosave.damaged_files(recovery_folder())
        lost_since = last_safe(reports, found, project)
        worst = max(worst, killed - lost_since)
        assert worst <= 10.0, (number, reports[-5:])
        for recovery in found:
            autosave.discard(recovery)
    print(f"at most {worst:.1f} s of work lost in 50 kills")


def last_safe(reports, found, project: Path) -> float:
    """The clock of the newest state that can be had back; now if nothing was unsaved."""
    if not reports[-1][2]:
        return time.time()
    counts = [sum(map(len, r.document.tracks)) for r in found]
    if project.exists():
        counts.append(sum(map(len, project_file.load(project).tracks)))
    # A run under way makes the recovered document larger than the last report: safe.
    if any(count > reports[-1][1] for count in counts):
        return time.time()
    safe = [at for at, boxes, _ in reports if boxes in counts]
    changed_after = [at for at, boxes, _ in reports if not safe or at > safe[-1]]
    return changed_after[0] if changed_after else time.time()
