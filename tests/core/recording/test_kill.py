"""A program killed while it records: the file opens and lacks at most one block."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from fakes.recorded import an_item, record

from core.errors import RecordingError
from core.recording import schema
from core.recording.recording import Recording
from core.recording.unfinished import Unfinished, was_left_open
from core.trackers.base import ALL_MAPS

_PROGRAM = """
import sys
from fakes.recorded import INFO, MAPS, a_result, an_item
from core.recording import about
from core.recording.recorder import Recorder
from pathlib import Path
results = [a_result(k) for k in range(40)]
with Recorder(Path(sys.argv[1]), about.started(INFO), MAPS) as recorder:
    for k in range(1_000_000):
        recorder.take(an_item(k, results[k % 40]))
        print(recorder.state.written, flush=True)
"""


def _killed(path: Path, after: float) -> int:
    """Record in another process, kill it; how many frames it knew to be written."""
    root = Path(__file__).parents[3]
    places = os.pathsep.join([str(root), str(root / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": places},
    )
    assert process.stdout is not None
    written = 0
    while not written:
        written = int(process.stdout.readline())
    until = time.monotonic() + after
    while time.monotonic() < until:
        written = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split(b"\n")[:-1]
    process.wait()
    process.stdout.close()
    return int(rest[-1]) if rest else written


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> tuple[Path, int]:
    path = tmp_path_factory.mktemp("killed") / "killed.h5"
    return path, _killed(path, 0.4)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.11, 0.3])
def test_that_at_most_one_block_is_lost(tmp_path, after):
    path = tmp_path / "killed.h5"
    written = _killed(path, after)
    with Recording(path) as recording:
        assert not recording.complete
        assert len(recording) >= written
        assert len(recording) % schema.BLOCK == 0
        assert recording.frames.tolist() == list(range(len(recording)))
        assert recording.clip.fingerprint == "0123abcd"
        for row in range(len(recording)):
            found = recording.result(row, ALL_MAPS)
            assert found.scalars["psr"] == (row % 40) * 1.7
            assert found.maps["response"].values.shape == (33, 35)
            assert ("stage1.raw" in found.maps) == (row % 2 == 0)
            assert found.patches["search"].image.shape == (9, 7, 3)


def test_that_the_file_is_left_as_it_is_and_other_programs_can_read_it(killed):
    path, written = killed
    before = path.read_bytes()
    with Recording(path) as recording:
        count = len(recording)
    assert path.read_bytes() == before
    assert was_left_open(path)
    with h5py.File(path, "r", swmr=True) as file:
        assert len(file["frames"]) == count >= written


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_that_a_killed_file_which_was_cut_short_too_is_refused_without_delay(
    killed, tmp_path, share
):
    path = tmp_path / "cut.h5"
    shutil.copyfile(killed[0], path)
    os.truncate(path, int(path.stat().st_size * share))
    began = time.monotonic()
    with pytest.raises(RecordingError):
        _read(path)
    assert time.monotonic() - began < 20


def _read(path: Path) -> None:
    with Recording(path) as recording:
        for row in range(len(recording)):
            recording.result(row, ALL_MAPS)


_FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (450_000, 450_000))
from core.errors import StorageError
try:
    {program}
except StorageError as error:
    print("told:", error.message, recorder.state.written)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_that_a_disk_which_fills_up_leaves_a_file_with_all_that_was_written(tmp_path):
    path, root = tmp_path / "full.h5", Path(__file__).parents[3]
    head, _, loop = _PROGRAM.partition("results =")
    loop = ("results =" + loop).replace("print(recorder.state.written, flush=True)", "pass")
    program = head + _FULL.format(program=loop.replace("\n", "\n    "))
    said = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")])},
    )
    assert "could not be saved" in said.stdout
    written = int(said.stdout.split()[-1])
    assert written >= schema.BLOCK
    _read(path)
    with Recording(path) as recording:
        assert len(recording) == written
        assert not recording.complete


def test_that_a_finished_file_is_not_taken_for_an_unfinished_one(tmp_path):
    record(tmp_path / "a.h5", [an_item(0)])
    assert not was_left_open(tmp_path / "a.h5")
    (tmp_path / "b").write_bytes(b"short")
    assert not was_left_open(tmp_path / "b")


def test_that_only_the_superblock_is_seen_otherwise(killed):
    path, _ = killed
    data = path.read_bytes()
    with Unfinished(path) as file:
        seen = _part(file, 0, len(data))
        part, rest = _part(file, 5, 30), _part(file, 40, 20)
    assert seen[48:] == data[48:]
    assert seen[:11] == data[:11]
    assert seen[11] == 0
    assert np.frombuffer(seen[28:36], "<u8")[0] == len(data)
    assert (part, rest) == (seen[5:35], seen[40:60])


def _part(file: Unfinished, at: int, count: int) -> bytes:
    file.seek(at)
    buffer = bytearray(count)
    assert file.readinto(buffer) == count
    return bytes(buffer)


def test_that_a_recording_can_be_looked_at_while_it_is_made(tmp_path):
    from fakes.recorded import INFO, MAPS

    from core.recording import about
    from core.recording.recorder import Recorder

    with Recorder(tmp_path / "a.h5", about.started(INFO), MAPS) as recorder:
        for k in range(3 * schema.BLOCK):
            recorder.take(an_item(k))
        deadline = time.monotonic() + 20
        while recorder.state.written < 3 * schema.BLOCK and time.monotonic() < deadline:
            time.sleep(0.01)
        code = (
            "import sys; from pathlib import Path; from core.recording.recording import Recording"
        )
        code += "; print(len(Recording(Path(sys.argv[1]))))"
        said = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "a.h5")],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[3],
        )
        assert int(said.stdout) == 3 * schema.BLOCK
