"""kill -9 at random moments: the project stays readable, little work is lost.

The window that dies works through everything it offers (:mod:`fakes.random_person`): drawing,
tracking in all ways, recording, several trackers, proposals, checks, carried corrections,
attributes, intervals, whole objects, history, lists of clips and their batch.
"""

from __future__ import annotations

import contextlib
import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from fakes.kill_log import Heard, Left, digest
from fakes.random_person import ACTIONS

from app.autosave import folder as recovery_folder
from core.collection import file as collection_file
from core.collection.collection import Clip, Collection
from core.document import autosave, leftovers
from core.errors import RecordingError
from core.recording.recording import Recording
from core.session import Session

CHILD = Path(__file__).with_name("app_child.py")
PATIENCE = 240.0  # without any progress
LOST_SECONDS = 10.0


@dataclass
class Work:
    """A list of two clips on which programs work and die, and what was seen of it."""

    path: Path
    left: dict[str, Left] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    worst: tuple[float, ...] = (0, 0.0, 0.0)  # edits, seconds, seconds without stalls
    recordings: int = 0
    unreadable: int = 0
    doubled: int = 0  # copies beside a newer one

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The rows of the list."""
        return collection_file.load(self.path).clips

    def kill_amid(self, seed: int, edits: int, late: float) -> Heard:
        """Let a program make some edits and kill it `late` seconds later; look."""
        log = self.path.with_name(f"child-{seed}.log")
        with log.open("w") as stream:
            child = subprocess.Popen(
                [sys.executable, str(CHILD), str(self.path), str(seed)],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        try:
            wait_for(child, log, edits)
            time.sleep(late)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
        died = time.monotonic()
        heard = Heard.of(log.read_text().split("\n")[:-1], self.left)
        assert not heard.defects, log.read_text()[-3000:]
        self._look(heard, died)
        self.done += heard.done
        return heard

    def _look(self, heard: Heard, died: float) -> None:
        assert len(self.clips) == 2
        for clip in self.clips:
            name = clip.project.stem
            if name in heard.first and heard.comes_back(name):
                assert heard.first[name] == heard.comes_back(name), "another state came back"
            self.left[name] = heard.check(name, clip.project, recovery_folder())
            self.worst = tuple(map(max, self.worst, heard.lost(name, died)))
            self._look_at_older(clip.project)
        for name, frames in heard.recorded.items():
            self._look_at_recording(self.path.with_name(name), frames)

    def _look_at_older(self, project: Path) -> None:
        """Beside the newest copy only such may lie as it holds: those it was restored from."""
        newest, *others = autosave.candidates(recovery_folder(), project=project) or [None]
        self.doubled += len(others)
        for older in others:
            assert newest is not None
            assert leftovers.holds(newest, older), "an older copy tells what the newest does not"

    def _look_at_recording(self, path: Path, frames: int) -> None:
        if not path.exists():
            return  # finished without a frame: taken away again
        self.recordings += 1
        try:
            with Recording(path) as recording:
                assert len(recording) >= frames, "frames that were written are gone"
        except RecordingError:
            self.unreadable += 1
            assert not frames, "a recording with frames cannot be read"


def wait_for(child: subprocess.Popen[bytes], log: Path, edits: int) -> None:
    """Until the program has done so much; only a program that stands still is given up."""
    seen, moved = "", time.monotonic()
    while seen.count("\nstate ") < edits or "\nsafe " not in seen:
        assert child.poll() is None, seen[-3000:]
        now = log.read_text()
        if now != seen:
            seen, moved = now, time.monotonic()
        assert time.monotonic() - moved < PATIENCE, seen[-3000:]
        time.sleep(0.02)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    images = moving_patch(120, velocity=(1, 1)).images
    made, clips = Work(tmp_path / "clips.boxtrails"), list[Clip]()
    for k, name in enumerate("ab", start=1):
        clips.append(Clip(k, tmp_path / f"{name}.boxtrail", tmp_path / f"{name}.mkv"))
        session = Session.of_video(write_clip(clips[-1].video, images))
        session.save(clips[-1].project)
        made.left[name] = Left(project=digest(session.store.current))
        session.close()
    collection_file.create(made.path, Collection().added(clips))
    return made


@pytest.mark.timeout(900)  # a busy machine only takes longer
def test_that_killed_work_is_restored_and_exported(work: Work, driver: Driver) -> None:
    heard = work.kill_amid(1, 15, 0.05)
    name = max(heard.states, key=lambda clip: len(heard.states[clip]))
    assert len(heard.states[name]) > 5
    driver.answers.on_recover = "restore"
    driver.open(next(clip.project for clip in work.clips if clip.project.stem == name))
    assert digest(driver.desk.document) == work.left[name].comes_back
    target = work.path.with_name("out.csv")
    driver.desk.session.export("csv", target)
    with target.open(newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    assert len(rows) == sum(map(len, driver.desk.document.tracks)) > 0


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_that_fifty_kills_never_cost_the_project_or_ten_seconds_of_work(work: Work) -> None:
    chance = random.Random(7)
    for number in range(50):
        work.kill_amid(number, chance.randrange(2, 45), chance.uniform(0.0, 0.2))
        assert work.worst[2] <= LOST_SECONDS, number
        for old in work.path.parent.glob("*.h5"):
            with contextlib.suppress(OSError):
                old.unlink()
    assert set(ACTIONS) - set(work.done) == set(), "some things were never done"
    print(
        f"50 kills amid {work.done.total():,} actions; {work.recordings} recordings, "
        f"{work.unreadable} of them without a frame; {work.doubled} copies beside a newer one "
        f"that held them; at most {work.worst[0]} edits "
        f"and {work.worst[1]:.1f} s of work lost, {work.worst[2]:.1f} s but for stalls"
    )


def test_that_what_is_left_is_really_held_against_what_was_said(work: Work) -> None:
    clip = work.clips[0]
    name, known = clip.project.stem, work.left[clip.project.stem].project
    said = [f"safe project {name} 1 {known}", f"state {name} 2 abc 7.0", "stall 0.4 8.0"]
    heard = Heard.of(said, work.left)
    assert heard.check(name, clip.project, recovery_folder()).comes_back == known
    assert heard.lost(name, 9.0) == (1, 2.0, 1.6)
    other = Heard.of([f"safe project {name} 1 {known[::-1]}"], work.left)
    with pytest.raises(AssertionError, match="another state"):
        other.check(name, clip.project, recovery_folder())
    begun = Heard.of([*said, f"try project {name} 2 {known[::-1]}"], {})
    assert begun.check(name, clip.project, recovery_folder()).project == known
    journal = Heard.of([f"safe journal {name} 1 {known} gone.recovery"], work.left)
    with pytest.raises(AssertionError, match="journals are gone"):
        journal.check(name, clip.project, recovery_folder())
