"""Autosave and recovery: nothing lost, nothing of others touched, nothing blocks a start."""

from __future__ import annotations

import datetime
import errno
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import autosave, journal, lockfile
from core.document.autosave import Autosave, candidates, damaged_files, describe_difference, discard
from core.document.document import Document, Run, VideoRef
from core.document.lockfile import LockFile, is_held
from core.document.track import Columns, Keyframe, Track
from core.errors import StorageError
from core.geometry import Box
from core.states import Flag, Source, TargetState

ROOT = Path(__file__).resolve().parents[3]


def clock() -> Callable[[], datetime.datetime]:
    ticks = itertools.count()
    start = datetime.datetime(2026, 1, 1, 10, 42, tzinfo=datetime.UTC)
    return lambda: start + datetime.timedelta(seconds=next(ticks))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "autosave"


@pytest.fixture
def saver(folder: Path) -> Iterator[Autosave]:
    saver = Autosave(folder, now=clock())
    yield saver
    saver.close()


def abandon(saver: Autosave) -> None:
    """What the system does when the program is killed: the lock falls, files stay."""
    assert saver._lock is not None
    descriptor = saver._lock._descriptor
    assert descriptor is not None
    os.close(descriptor)
    saver._lock._descriptor = None


def tracked(run_id: int, *frames: int) -> Columns:
    return Columns.of_keyframes(
        Keyframe(n, Box(n, n, 9, 9), Source.TRACKED, 0.5, TargetState.TRACKING, Flag.NONE, run_id)
        for n in frames
    )


def test_that_the_work_of_a_killed_program_is_found(
    saver: Autosave, folder: Path, document: Document
) -> None:
    assert saver.write(document)
    edited = document.with_track(document.track(2).with_keyframes([Keyframe(77, Box(1, 1, 2, 2))]))
    assert saver.write(edited)
    assert not saver.write(edited), "nothing new"
    abandon(saver)
    (found,) = candidates(folder)
    assert found.document == edited
    assert found.complete
    assert found.saved_at > "2026-01-01T10:42"
    assert found.summary == "Straße 街.mp4: 2 objects, 24 boxes"
    discard(found)
    assert candidates(folder) == []
    assert list(folder.iterdir()) == []


def test_that_a_living_programs_journal_is_left_alone(
    saver: Autosave, folder: Path, document: Document
) -> None:
    saver.write(document)
    other = Autosave(folder)
    other.write(document)
    assert candidates(folder) == []
    assert saver.path != other.path
    saver.write(document.without_track(1))
    other.clear()
    abandon(saver)
    assert [len(found.document.tracks) for found in candidates(folder)] == [1]
    other.close()


def test_that_rows_of_a_running_tracker_add_up(
    saver: Autosave, folder: Path, document: Document
) -> None:
    run = Run(document.next_run_id, 1, "ccr", start=10, end=90)
    saver.write(document, (run, tracked(run.id, 11, 40)))
    saver.write(document, (run, tracked(run.id, 41, 42)))
    drawn = document.with_track(document.track(1).with_keyframes([Keyframe(43, Box(7, 7, 7, 7))]))
    saver.write(drawn, (run, tracked(run.id, 42, 43, 44)))
    abandon(saver)
    (found,) = candidates(folder)
    expected = drawn.with_run(run, tracked(run.id, 11, 40, 41, 42, 43, 44))
    assert found.document == expected
    at = found.document.track(1).at(43)
    assert at is not None
    assert at.source is Source.MANUAL, "a box drawn meanwhile wins over the tracker"


def test_that_a_run_that_was_given_up_leaves_no_rows(
    saver: Autosave, folder: Path, document: Document
) -> None:
    run = Run(document.next_run_id, 1, "ccr", start=10, end=90)
    saver.write(document, (run, tracked(run.id, 40)))
    saver.write(document)
    abandon(saver)
    assert candidates(folder)[0].document == document


def test_that_rows_for_a_deleted_track_do_no_harm(saver: Autosave, document: Document) -> None:
    run = Run(document.next_run_id, 1, "ccr")
    saver.write(document.without_track(1), (run, tracked(run.id, 40)))
    assert saver.path is not None
    assert journal.replay(saver.path).document == document.without_track(1)


def test_that_a_long_journal_becomes_a_snapshot_again(
    saver: Autosave, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "_COMPACT_BYTES", 3000)
    counts, sizes = [], []
    for n in range(60):
        document = document.with_track(
            document.track(2).with_keyframes([Keyframe(n, Box(n, 1, 2, 3))])
        )
        saver.write(document)
        assert saver.path is not None
        state = journal.replay(saver.path)
        assert state.document == document
        counts.append(state.records)
        sizes.append(saver.path.stat().st_size)
    assert counts[0] == 1
    assert max(counts) > 3, "changes are appended"
    assert counts.count(1) > 1, "and compacted"
    assert max(sizes) < 20_000


def test_that_clear_forgets_and_the_next_write_is_whole(
    saver: Autosave, folder: Path, document: Document
) -> None:
    saver.write(document)
    saver.clear()
    assert not any(path.suffix == ".recovery" for path in folder.iterdir())
    assert saver.write(document)
    saver.close()
    assert list(folder.iterdir()) == []


def test_that_recoveries_are_found_by_project_or_clip(folder: Path, tmp_path: Path) -> None:
    a, b = tmp_path / "a.boxtrail", tmp_path / "b.boxtrail"
    for project, video in ((a, "/v/1.mp4"), (b, "/v/1.mp4"), (None, "/v/1.mp4"), (None, "/v/2")):
        saver = Autosave(folder, project)
        saver.write(Document(VideoRef(video)))
        abandon(saver)
    assert len(candidates(folder)) == 4
    assert [r.project for r in candidates(folder, project=a)] == [a.as_posix()]
    assert [r.project for r in candidates(folder, video="/v/1.mp4")] == [""]
    assert len(candidates(folder, project=a, video="/v/1.mp4")) == 2
    assert candidates(folder, project=tmp_path / "c.boxtrail") == []


# ---- damage -------------------------------------------------------------------------


def test_that_an_unreadable_journal_is_set_aside_and_does_not_block(
    folder: Path, document: Document, caplog: pytest.LogCaptureFixture
) -> None:
    saver = Autosave(folder)
    saver.write(document)
    abandon(saver)
    for content in (b"", b"\0" * 4096, b"torn", b"x" * 100_000):
        (folder / f"{len(content)}-x.recovery").write_bytes(content)
    assert [found.document for found in candidates(folder)] == [document]
    assert len(damaged_files(folder)) == 4
    assert "set aside" in caplog.text
    assert len(candidates(folder)) == 1
    (folder / "0-x.recovery").write_bytes(b"again")
    candidates(folder)
    assert len(damaged_files(folder)) == 5, "an earlier damaged file is not replaced"


def test_that_a_journal_damaged_in_the_middle_is_offered_and_kept(
    folder: Path, document: Document
) -> None:
    saver = Autosave(folder)
    for i in range(3):
        saver.write(document)
        document = document.without_track(i + 1)
    assert saver.path is not None
    content = bytearray(saver.path.read_bytes())
    third = content.index(b"\n", content.index(b"\n") + 1) + 20
    content[third] ^= 1
    saver.path.write_bytes(content)
    abandon(saver)
    (found,) = candidates(folder)
    assert len(found.document.tracks) == 2
    assert "damaged" in found.summary
    discard(found)
    assert len(damaged_files(folder)) == 1, "set aside, not deleted"


def test_that_a_newer_programs_journal_is_left_for_it(
    folder: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(journal, "VERSION", 99)
        saver = Autosave(folder)
        saver.write(document)
    abandon(saver)
    assert candidates(folder) == []
    assert damaged_files(folder) == []
    assert saver.path is not None
    assert saver.path.exists()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_that_any_damage_to_a_journal_leaves_a_good_state_or_a_file_set_aside(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saver = Autosave(folder)
        states = [Document(VideoRef("a"), tuple(Track(i) for i in range(1, n))) for n in range(5)]
        for state in states:
            saver.write(state)
        abandon(saver)
        assert saver.path is not None
        raw = bytearray(saver.path.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=8))
        saver.path.write_bytes(raw)
        found = candidates(folder)
        assert len(found) + len(damaged_files(folder)) == 1
        assert all(recovery.document in states for recovery in found)


def test_that_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    assert candidates(tmp_path / "none") == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_that_a_failed_write_is_told_and_made_good_later(
    saver: Autosave, document: Document, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver.write(document)
    smaller = document.without_track(1)
    real = os.fsync

    def fail(descriptor: int) -> None:
        os.write(descriptor, b"half a li")
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError):
        saver.write(smaller)
    with pytest.raises(StorageError):
        saver.write(smaller)
    assert saver.path is not None
    assert journal.replay(saver.path).complete
    monkeypatch.setattr(os, "fsync", real)
    assert saver.write(smaller)
    assert journal.replay(saver.path).document == smaller


def test_that_a_journal_somebody_deleted_is_written_again(
    saver: Autosave, document: Document
) -> None:
    saver.write(document)
    assert saver.path is not None
    saver.path.unlink()
    assert saver.write(document)
    assert journal.replay(saver.path).document == document


# ---- locks --------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from core.document.lockfile import LockFile
lock = LockFile(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_that_a_killed_process_leaves_no_stale_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, env=environment
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(path)
        assert not LockFile(path).acquire()
        holder.kill()
        holder.wait()
        assert path.exists()
        assert not is_held(path)


def test_that_a_lock_is_exclusive_and_can_be_taken_again(tmp_path: Path) -> None:
    first, second = LockFile(tmp_path / "a.lock"), LockFile(tmp_path / "a.lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert not (tmp_path / "a.lock").exists()
    assert second.acquire()
    second.release()
    second.release()


def test_that_process_ids_decide_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(lockfile, "_try_lock", unsupported)
    path = tmp_path / "a.lock"
    mine = LockFile(path)
    assert mine.acquire()
    assert is_held(path), "this process lives"
    path.write_text('{"pid": 999999999, "started": "1"}')
    assert not is_held(path)
    path.write_text("junk")
    assert not is_held(path)
    mine.release()


# ---- words --------------------------------------------------------------------------


def test_that_the_difference_is_told_in_words(document: Document) -> None:
    more = document.with_run(
        Run(document.next_run_id, 2, "ccr"), tracked(document.next_run_id, *range(60, 72))
    )
    more = more.with_track(more.track(1).with_keyframes([Keyframe(12, Box(0, 0, 5, 5))]))
    more = more.with_track(more.track(1).without(20, 23))
    text = describe_difference(document, more, since="10:42")
    assert text == "1 box entered or edited, 12 tracked frames, 3 boxes removed since 10:42"
    assert describe_difference(document, document) == ""
    assert describe_difference(document, document.without_track(2)) == "1 object removed"
    assert describe_difference(Document(VideoRef("a")), Document(VideoRef("b"))) != ""
    added, _ = document.with_new_track("bird")
    assert describe_difference(document, added) == "1 new object, changed labels"


def test_that_a_long_document_is_autosaved_in_little_time_and_space(saver: Autosave) -> None:
    n = 100_000
    values = {"frames": np.arange(n), "boxes": np.ones((n, 4)), "scores": np.ones(n)}
    zeros = {name: np.zeros(n) for name in ("sources", "states", "flags", "runs")}
    document = Document(VideoRef("a")).with_track(Track(1, columns=Columns.of(values | zeros)))
    saver.write(document)
    assert saver.path is not None
    before = saver.path.stat().st_size
    for frame in range(3):
        track = document.track(1).with_keyframes([Keyframe(frame, Box(0, 0, 5, 5))])
        document = document.with_track(track)
        saver.write(document)
    assert saver.path.stat().st_size - before < 3000
