"""kill -9 of a batch at random moments: run again, it ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.array_video import Clip, moving_patch
from fakes.clip_file import write_clip

from core.batch.log import BatchLog
from core.document import project_file

CHILD = Path(__file__).with_name("batch_child.py")
SLOW = ["--tracker", "template-match", "--set", "delay=0.03"]


@pytest.fixture
def clip() -> Clip:
    return moving_patch(25)


@pytest.fixture
def job(tmp_path: Path, clip: Clip) -> Path:
    lines = ["video,frame,x,y,w,h"]
    first = write_clip(tmp_path / "0.mkv", clip.images)
    for k in range(3):
        video = tmp_path / f"{k}.mkv"
        if k:
            video.write_bytes(first.read_bytes())
        for frame in (0, 12):
            box = ",".join(f"{v:g}" for v in clip.boxes[frame].as_tuple())
            lines.append(f"{video.name},{frame},{box}")
    path = tmp_path / "job.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def start(job: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(job), "--out", str(job.parent / "out"), *SLOW, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def kill_while_it_works(job: Path, after: float, *options: str) -> bool:
    """Kill a batch some time after its first project is there; False if it was done before."""
    out = job.parent / "out"
    seen = {path: path.stat().st_mtime_ns for path in out.glob("*.boxtrail")}
    child = start(job, *options)
    while child.poll() is None:
        now = {path: path.stat().st_mtime_ns for path in out.glob("*.boxtrail")}
        if now != seen:
            break
        time.sleep(0.02)
    time.sleep(after)
    if child.poll() is not None:
        return False
    child.send_signal(signal.SIGKILL)
    child.wait()
    for path in out.glob("*.boxtrail"):
        project_file.load(path)  # raises if a single byte is wrong
    BatchLog(job.with_name(job.name + ".batch"))
    return True


def check(job: Path, clip: Clip) -> None:
    projects = sorted((job.parent / "out").glob("*.boxtrail"))
    assert len(projects) == 3
    for path in projects:
        (track,) = project_file.load(path).tracks
        assert [key.box for key in track.keyframes()] == clip.boxes
    assert len(BatchLog(job.with_name(job.name + ".batch")).done) == 6


@pytest.mark.timeout(900)  # a busy machine only takes longer
def test_that_a_killed_batch_goes_on_where_it_was(job: Path, clip: Clip) -> None:
    assert kill_while_it_works(job, 0.5)
    before = len(BatchLog(job.with_name(job.name + ".batch")).done)
    assert before < 6
    assert start(job).wait() == 0
    check(job, clip)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_that_many_kills_end_in_the_same_boxes(job: Path, clip: Clip, jobs: str) -> None:
    chance, kills = random.Random(3), 0
    for _ in range(12):
        kills += kill_while_it_works(job, chance.uniform(0.0, 0.6), "--jobs", jobs)
    assert start(job, "--jobs", jobs).wait() == 0
    check(job, clip)
    print(f"{kills} kills with {jobs} jobs, 0 unreadable, boxes as without a kill")
