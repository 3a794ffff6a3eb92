from __future__ import annotations

import errno
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fakes.recorded import INFO, MAPS, a_result, an_item, record

from core.errors import StorageError
from core.recording import about, schema
from core.recording.file import RecordingFile
from core.recording.recorder import Recorder, WhenFull
from core.recording.recording import Recording


@pytest.fixture
def disk(monkeypatch):
    """A disk that writes only while the returned event is set."""
    free = threading.Event()
    append = RecordingFile.append

    def slowly(self, records):
        assert free.wait(30)
        append(self, records)

    monkeypatch.setattr(RecordingFile, "append", slowly)
    yield free
    free.set()


def _recorder(path: Path, **options) -> Recorder:
    return Recorder(path, about.started(INFO), MAPS, **options)


def _take(recorder: Recorder, count: int) -> None:
    item = an_item(0)
    for _ in range(count):
        recorder.take(item)


def test_that_nothing_recorded_leaves_no_file(tmp_path):
    assert record(tmp_path / "a.h5", []).taken == 0
    assert not list(tmp_path.iterdir())


def test_that_blocks_are_written_while_recording(tmp_path):
    with _recorder(tmp_path / "a.h5") as recorder:
        for k in range(2 * schema.BLOCK):
            recorder.take(an_item(k))
        deadline = time.monotonic() + 20
        while recorder.state.written < 2 * schema.BLOCK and time.monotonic() < deadline:
            time.sleep(0.01)
        state = recorder.state
        assert (state.taken, state.written, state.queued) == (32, 32, 0)
        assert state.bytes > 1000


def test_that_the_tracker_waits_for_a_slow_disk_and_nothing_is_lost(tmp_path, disk):
    count = 5 * schema.BLOCK
    with _recorder(tmp_path / "a.h5", capacity=schema.BLOCK) as recorder:
        done = threading.Event()

        def run() -> None:
            for k in range(count):
                recorder.take(an_item(k))
            done.set()

        thread = threading.Thread(target=run)
        thread.start()
        assert not done.wait(0.3)
        assert recorder.state.taken <= 3 * schema.BLOCK
        assert recorder.state.is_behind
        disk.set()
        thread.join()
    state = recorder.state
    assert (state.written, state.left_out) == (count, 0)
    assert state.waited > 0.1
    with Recording(tmp_path / "a.h5") as recording:
        assert all(recording.map("response", row) is not None for row in range(count))


def test_that_maps_give_way_to_the_tracker_if_so_chosen_and_results_never(tmp_path, disk):
    count = 5 * schema.BLOCK
    options = {"capacity": schema.BLOCK, "when_full": WhenFull.LEAVE_OUT}
    given = [an_item(k) for k in range(count)]
    with _recorder(tmp_path / "a.h5", **options) as recorder:
        began = time.monotonic()
        for item in given:
            recorder.take(item)
        assert time.monotonic() - began < 5
        left_out = recorder.state.left_out
        assert 0 < left_out < count
        disk.set()
    assert recorder.state.waited == 0
    with Recording(tmp_path / "a.h5") as recording:
        assert len(recording) == count
        assert recording.table["box"].tolist() == [list(i.result.box.as_tuple()) for i in given]
        assert recording.scalars("psr").tolist() == [i.result.scalars["psr"] for i in given]
        missing = [row for row in range(count) if recording.map("response", row) is None]
        assert len(missing) == left_out
        closing = recording.events[-1]
        assert closing.field("left_out").integer() == left_out


def test_that_a_full_disk_stops_recording_with_words_and_keeps_what_was_written(
    tmp_path, monkeypatch
):
    append = RecordingFile.append

    def full(self, records):
        if self.rows >= schema.BLOCK:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, records)

    monkeypatch.setattr(RecordingFile, "append", full)
    with (
        _recorder(tmp_path / "a.h5") as recorder,
        pytest.raises(StorageError, match="disk is full"),
    ):
        _take(recorder, 20 * schema.BLOCK)
    assert recorder.state.error is not None
    with Recording(tmp_path / "a.h5") as recording:
        assert len(recording) == schema.BLOCK
        assert not recording.complete


def test_that_a_file_that_cannot_be_made_is_reported_at_the_latest_at_the_end(tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(StorageError), _recorder(tmp_path / "folder" / "a.h5") as recorder:
        recorder.take(an_item(0))


def test_that_an_error_which_was_reported_is_not_reported_twice(tmp_path):
    (tmp_path / "folder").write_text("a file")
    with _recorder(tmp_path / "folder" / "a.h5") as recorder, pytest.raises(StorageError):
        _take(recorder, 100_000)


def test_that_an_error_in_the_run_is_not_hidden(tmp_path):
    recorder = _recorder(tmp_path / "a.h5").__enter__()
    recorder.take(an_item(0))
    error = KeyboardInterrupt()
    recorder.__exit__(type(error), error, None)
    with Recording(tmp_path / "a.h5") as recording:
        assert recording.complete
        assert len(recording) == 1


def test_that_a_recording_which_exists_is_replaced(tmp_path):
    record(tmp_path / "a.h5", [an_item(k) for k in range(40)])
    record(tmp_path / "a.h5", [an_item(7)])
    with Recording(tmp_path / "a.h5") as recording:
        assert recording.frames.tolist() == [7]


def test_that_pictures_of_the_video_are_not_held(tmp_path, disk):
    import gc
    import weakref

    item = an_item(0, a_result(0))
    with _recorder(tmp_path / "a.h5") as recorder:
        image = np.zeros((5, 5, 3), np.uint8)
        object.__setattr__(item.frame, "image", image)
        gone = weakref.ref(image)
        recorder.take(item)
        del item, image
        gc.collect()
        assert gone() is None
        disk.set()
