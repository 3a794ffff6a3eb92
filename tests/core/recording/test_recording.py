from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from fakes.recorded import INFO, MAPS, a_map, a_result, an_item, record

from core.errors import RecordingError
from core.recording import about, schema
from core.recording.coding import Precision, as_recorded
from core.recording.recorder import Recorder
from core.recording.recording import Recording
from core.trackers.base import ALL_MAPS, MapInfo

COUNT = 2 * schema.BLOCK + 5


@pytest.fixture(scope="module")
def items():
    return [an_item(k, seed=k == 10) for k in range(10, 10 + COUNT)]


@pytest.fixture(params=list(Precision))
def precision(request) -> Precision:
    return request.param


@pytest.fixture
def recording(tmp_path: Path, items, precision):
    path = tmp_path / "run.h5"
    record(path, items, precision=precision)
    with Recording(path) as opened:
        yield opened


def test_that_every_result_comes_back_whole(recording, items, precision):
    assert len(recording) == COUNT
    for row, item in enumerate(items):
        given, found = item.result, recording.result(row, ALL_MAPS)
        for name in ("box", "score", "state", "reason"):
            assert getattr(found, name) == getattr(given, name), name
        assert dict(found.scalars) == dict(given.scalars)
        assert dict(found.timings) == dict(given.timings)
        assert found.maps.keys() == given.maps.keys()
        for key, response in given.maps.items():
            expected, back = as_recorded(response, precision), found.maps[key]
            assert back.values.dtype == np.float32
            assert back.values.tobytes() == expected.values.tobytes()
            assert not back.values.flags.writeable
            same = dataclasses.replace(back, values=expected.values)
            assert same == expected
        assert found.patches.keys() == given.patches.keys()
        kernels, numbers = found.patches["kernels"].values, given.patches["kernels"].values
        assert kernels is not None
        assert kernels.tobytes() == numbers.tobytes(), "numbers come back to the last bit"
        assert found.patches["search"].values is None
        patch = found.patches["search"]
        assert np.array_equal(patch.image, given.patches["search"].image)
        assert patch.image.flags.c_contiguous
        assert patch.placement == given.patches["search"].placement
        assert patch.role == "search"
        top = found.proposals["top"]
        assert np.array_equal(top.boxes, given.proposals["top"].boxes)
        assert np.array_equal(top.scores, given.proposals["top"].scores)


def test_that_rows_say_when_and_in_which_run(recording, items):
    table = recording.table
    assert table["index"].tolist() == [item.frame.index for item in items]
    assert table["time"].tolist() == [item.frame.time for item in items]
    assert table["seconds"].tolist() == [item.seconds for item in items]
    assert table["seed"].tolist() == [1] + [0] * (COUNT - 1)
    assert set(table["run"]) == {1}


def test_that_only_what_is_wanted_is_read(recording):
    assert not recording.result(0).maps
    found = recording.result(0, {"response", "proposals", "unheard of"})
    assert set(found.maps) == {"response"}
    assert not found.patches
    assert set(found.proposals) == {"top"}


def test_that_curves_are_nan_where_a_frame_has_no_value(recording, items):
    assert recording.scalar_names == ("psr", "shift")
    assert recording.timing_names == ("solve",)
    expected = [item.result.scalars.get("shift", np.nan) for item in items]
    np.testing.assert_array_equal(recording.scalars("shift"), expected)
    with pytest.raises(RecordingError, match="no “apce”"):
        recording.scalars("apce")


def test_that_the_nearest_earlier_map_is_given_with_its_age(recording):
    assert recording.latest(13, "stage1.raw")[1] == 1
    assert recording.latest(12, "stage1.raw")[1] == 0
    assert recording.latest(13, "stage1.raw", -1)[1] == 1
    assert recording.latest(14, "stage1.raw", -1)[1] == 0
    found, age = recording.latest(13, "stage1.raw")
    assert np.array_equal(found.values, recording.map("stage1.raw", 2).values)
    found, age = recording.latest(999, "response")
    assert age == 999 - (10 + COUNT - 1)
    assert recording.latest(9, "response") is None
    assert recording.latest(9, "response", -1)[1] == 1
    assert recording.latest(20, "unheard of") is None


def test_that_maps_keep_what_their_declaration_says(recording):
    assert recording.maps == MAPS
    assert recording.frames_with("stage1.raw").tolist() == list(range(10, 10 + COUNT, 2))


def test_that_a_frame_which_was_not_recorded_is_named(recording):
    assert recording.row_of(12) == 2
    with pytest.raises(RecordingError, match=r"Frame 9 was not recorded.*10 to"):
        recording.row_of(9)


def test_that_the_last_row_of_a_frame_counts_and_gaps_are_known(tmp_path):
    first = [an_item(k) for k in (0, 1, 2, 3, 6, 9)]
    again = [an_item(k, run=2) for k in (2, 3)]
    record(tmp_path / "a.h5", [*first, *again])
    with Recording(tmp_path / "a.h5") as recording:
        assert recording.gaps() == [(4, 5), (7, 8)]
        assert recording.row_of(2) == 6
        assert recording.table["run"][recording.row_of(3)] == 2
        assert recording.result(6).box == again[0].result.box
        assert len(recording) == 8


def test_that_maps_may_change_their_size_and_be_larger_than_a_tile(tmp_path, precision):
    sides = [1, 40, 12, schema.MAX_TILE + 60, 7] * 6
    given = [an_item(k, a_result(k, maps={"response": a_map(s)})) for k, s in enumerate(sides)]
    record(tmp_path / "a.h5", given, precision=precision)
    with Recording(tmp_path / "a.h5") as recording:
        for row, item in enumerate(given):
            expected = as_recorded(item.result.maps["response"], precision)
            assert np.array_equal(recording.map("response", row).values, expected.values)


def test_that_a_map_which_outgrows_its_room_is_left_out_and_counted(tmp_path):
    sides = [20] * schema.BLOCK + [39] * schema.BLOCK + [20 * schema.ROOM + 1] * 3
    given = [an_item(k, a_result(k, maps={"response": a_map(s)})) for k, s in enumerate(sides)]
    assert record(tmp_path / "a.h5", given).unusable == 3
    with Recording(tmp_path / "a.h5") as recording:
        assert recording.map("response", schema.BLOCK).values.shape == (39, 41)
        assert recording.map("response", 2 * schema.BLOCK) is None
        assert len(recording) == len(given)


def test_that_a_long_recording_of_little_takes_little(tmp_path):
    item = an_item(0, a_result(0, maps={"response": a_map(5)}, patches={}, proposals={}))
    sizes = []
    for blocks in (1, 101):
        record(tmp_path / "a.h5", [item] * blocks * schema.BLOCK)
        sizes.append((tmp_path / "a.h5").stat().st_size)
    assert (sizes[1] - sizes[0]) / 100 < 6_000  # bytes of a block, with all its indexes


def test_that_a_map_may_turn_up_late_if_it_was_announced(tmp_path):
    late = a_map(17)
    given = [an_item(k, a_result(k, maps={})) for k in range(40)]
    given[35] = an_item(35, a_result(35, maps={"stage1.raw": late, "new": late}))
    state = record(tmp_path / "a.h5", given)
    assert state.unusable == 1
    with Recording(tmp_path / "a.h5") as recording:
        found = recording.map("stage1.raw", 35)
        assert np.array_equal(found.values, as_recorded(late, Precision.COMPACT).values)
        assert [info.key for info in recording.maps] == ["stage1.raw"]
        assert recording.map("stage1.raw", 34) is None


def test_that_a_map_with_values_that_are_not_numbers_is_left_out_and_counted(tmp_path):
    broken = a_map(9)
    broken.values[3, 3] = np.nan
    given = [an_item(0), an_item(1, a_result(1, maps={"response": broken}))]
    assert record(tmp_path / "a.h5", given).unusable == 1
    with Recording(tmp_path / "a.h5") as recording:
        assert recording.map("response", 1) is None
        assert recording.map("response", 0) is not None
    assert record(tmp_path / "a.h5", given, precision=Precision.EXACT).unusable == 0
    with Recording(tmp_path / "a.h5") as recording:
        assert np.isnan(recording.map("response", 1).values[3, 3])


@pytest.mark.parametrize("key", ["a/b", "..", "%2F", "größe.1", "."])
def test_that_any_key_of_a_map_is_kept(tmp_path, key):
    given = [an_item(0, a_result(0, maps={key: a_map(9)}))]
    record(tmp_path / "a.h5", given, [MapInfo(key, "T", "")])
    with Recording(tmp_path / "a.h5") as recording:
        assert [info.key for info in recording.maps] == [key]
        assert recording.map(key, 0) is not None


def test_that_more_curves_than_fit_one_chunk_come_back(tmp_path):
    names = [f"scalar {k}" for k in range(40)]
    given = [
        an_item(k, a_result(k, scalars={n: float(i + k) for i, n in enumerate(names[: k + 1])}))
        for k in range(40)
    ]
    record(tmp_path / "a.h5", given)
    with Recording(tmp_path / "a.h5") as recording:
        for row, item in enumerate(given):
            assert dict(recording.result(row).scalars) == dict(item.result.scalars)


def test_that_the_log_says_what_was_done_and_when(tmp_path):
    with Recorder(tmp_path / "a.h5", about.started(INFO), MAPS) as recorder:
        for k in range(20):
            if k == 18:
                recorder.note({"event": about.NOTE, "text": "a box was corrected"})
            recorder.take(an_item(k))
    with Recording(tmp_path / "a.h5") as recording:
        kinds = [about.kind(event) for event in recording.events]
        assert kinds == ["start", "note", "closed"]
        assert recording.events[1].field("row").integer() == 18
        assert recording.events[2].field("frames").integer() == 20
        assert recording.clip.fingerprint == INFO.fingerprint
        assert (recording.clip.width, recording.clip.frame_count) == (64, 200)
        assert recording.complete


def test_that_the_lines_shown_in_the_docs_read_a_recording(tmp_path):
    given = [an_item(k, a_result(k)) for k in range(20)]
    record(tmp_path / "run.h5", given)
    text = (Path(__file__).parents[3] / "docs" / "recording-file.md").read_text("utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    shown: dict = {}
    exec(code.replace('"run.h5"', repr(str(tmp_path / "run.h5"))), shown)
    expected = as_recorded(given[shown["row"]].result.maps["response"], Precision.COMPACT)
    np.testing.assert_allclose(shown["values"], expected.values, atol=1e-6)
    assert shown["boxes"].tolist() == [list(i.result.box.as_tuple()) for i in given]


def test_that_other_programs_read_an_exact_recording_as_plain_arrays(tmp_path):
    given = [an_item(k) for k in range(20)]
    record(tmp_path / "a.h5", given, precision=Precision.EXACT)
    with h5py.File(tmp_path / "a.h5") as file:
        values = file["maps/response/values"]
        for row, item in enumerate(given):
            assert np.array_equal(values[row], item.result.maps["response"].values)
        assert file["frames"]["score"].tolist() == [item.result.score for item in given]
        first = json.loads(file["log"][:].tobytes().decode().splitlines()[0])
        assert first["video"]["fingerprint"] == INFO.fingerprint


def test_that_many_threads_may_read_at_once(recording, items, precision):
    wrong = []

    def read(seed: int) -> None:
        for row in np.random.default_rng(seed).integers(0, COUNT, 40):
            expected = as_recorded(items[row].result.maps["response"], precision)
            if not np.array_equal(recording.map("response", int(row)).values, expected.values):
                wrong.append(row)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
