"""Files that are cut, foreign or made to harm are refused in words, and quickly."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from fakes.recorded import an_item, record

from core.errors import RecordingError
from core.recording import schema
from core.recording.recording import Recording
from core.trackers.base import ALL_MAPS

COUNT = 40


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.h5"
    record(path, [an_item(k) for k in range(COUNT)])
    return path


@pytest.fixture
def copy(tmp_path: Path, good: Path) -> Path:
    path = tmp_path / "copy.h5"
    shutil.copyfile(good, path)
    return path


def _read_all(path: Path) -> None:
    with Recording(path) as recording:
        for row in range(len(recording)):
            recording.result(row, ALL_MAPS)


def _refused(path: Path) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        _read_all(path)
    assert caught.value.hint
    assert len(caught.value.message) < 300
    return caught.value


def _replaced(path: Path, name: str, **dataset) -> None:
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        del file[name]
        ndim = len(dataset["chunks"])
        file.create_dataset(name, **({"maxshape": (None,) * ndim} | dataset))


def test_that_the_good_file_is_read(copy):
    _read_all(copy)


@pytest.mark.parametrize("share", [0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_that_a_file_cut_short_is_refused_or_read_as_far_as_it_is_whole(copy, share):
    data = copy.read_bytes()
    copy.write_bytes(data[: int(len(data) * share)])
    _refused(copy)


def test_that_no_file_and_a_folder_are_named(tmp_path):
    assert "There is no recording" in _refused(tmp_path / "none.h5").message
    assert "There is no recording" in _refused(tmp_path).message


@pytest.mark.parametrize("data", [b"", b"not at all", b"PK\x03\x04" * 100, b"\x89HDF\r\n\x1a\n"])
def test_that_files_of_another_kind_are_refused(tmp_path, data):
    path = tmp_path / "a.h5"
    path.write_bytes(data)
    _refused(path)


def test_that_an_hdf5_file_of_another_program_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["frames"] = np.arange(5)
    assert "not a recording" in _refused(tmp_path / "a.h5").message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("version", schema.VERSION + 1, "newer Boxtrail"),
        ("version", 0, "no version"),
        ("version", "1", "no version"),
        ("version", np.arange(10), "no version"),
        ("format", "boxtrail-project", "not a recording"),
        ("format", np.array([b"boxtrail-recording"]), "not a recording"),
        ("precision", "double", "no precision"),
        ("precision", 8, "no precision"),
    ],
)
def test_that_what_the_file_says_of_itself_is_checked(copy, name, value, words):
    with h5py.File(copy, "r+") as file:
        file.attrs[name] = value
    assert words in _refused(copy).message


def test_that_no_text_lies_in_a_heap_in_which_a_damaged_file_runs_in_circles(copy):
    with h5py.File(copy) as file:
        nodes = [file, *file["maps"].values()]
        kinds = [n.attrs.get_id(name).dtype for n in nodes for name in n.attrs]
    assert len(kinds) > 20
    assert all(kind.kind in "iuS" for kind in kinds)
    assert b"GCOL" not in copy.read_bytes()


def test_that_an_attribute_with_a_reference_is_not_followed(copy):
    with h5py.File(copy, "r+") as file:
        file.attrs["format"] = file["frames"].ref
    assert "not a recording" in _refused(copy).message


_PLACES = ["frames", "texts", "log", "maps", "scalars/values", "scalars/columns"]
_PLACES += ["timings/values", "attachments", "attachments/table", "attachments/data"]
_PLACES += ["maps/response", "maps/response/values", "maps/response/places"]


@pytest.mark.parametrize("place", [p for p in _PLACES if p != "maps/response"])
def test_that_a_missing_part_is_named(copy, place):
    with h5py.File(copy, "r+") as file:
        del file[place]
    assert place.rsplit("/")[-1] in _refused(copy).message


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("kind", ["external", "soft", "dangling"])
def test_that_links_are_not_followed(copy, good, place, kind):
    with h5py.File(copy, "r+") as file:
        elsewhere = {
            "external": h5py.ExternalLink(str(good), "/" + place),
            "soft": h5py.SoftLink("/kept"),
            "dangling": h5py.SoftLink("/nowhere"),
        }[kind]
        file["kept"] = file[place]
        del file[place]
        file[place] = elsewhere
    assert "not followed" in _refused(copy).message


@pytest.mark.parametrize("place", [p for p in _PLACES if p not in ("maps", "attachments")])
def test_that_another_type_of_node_is_refused(copy, place):
    with h5py.File(copy, "r+") as file:
        group = isinstance(file[place], h5py.Group)
        del file[place]
        if group:
            file[place] = np.arange(3)
        else:
            file.create_group(place)
    _refused(copy)


def test_that_data_outside_the_file_is_refused(copy, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret" * 100)
    with h5py.File(copy, "r+") as file:
        del file["texts"]
        file.create_dataset("texts", (600,), "u1", external=[(str(secret), 0, 600)])
    assert "chunks of this file" in _refused(copy).message


def test_that_a_view_into_another_file_is_refused(copy, good):
    layout = h5py.VirtualLayout((COUNT,), schema.FRAME)
    layout[:] = h5py.VirtualSource(str(good), "frames", (COUNT,))
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        del file["frames"]
        file.create_virtual_dataset("frames", layout)
    assert "chunks of this file" in _refused(copy).message


_PACKED = {"compression": "gzip", "maxshape": (None,), "chunks": (schema.BLOCK,)}
_WRONG = [
    ("texts", {"shape": (9,), "dtype": h5py.string_dtype(), "chunks": (4,)}),
    ("texts", {"shape": (9,), "dtype": h5py.ref_dtype, "chunks": (4,)}),
    ("texts", {"shape": (9, 9), "dtype": "u1", "chunks": (4, 4)}),
    ("texts", {"shape": (10**15,), "dtype": "u1", "chunks": (4096,)}),
    ("texts", {"shape": (10**12,), "dtype": "u1", "chunks": (2**31,)}),
    ("texts", {"shape": (900,), "dtype": "u1", "chunks": (64,), "compression": "gzip"}),
    ("log", {"data": np.frombuffer(b"[1, 2]\n", "u1"), "chunks": (16,)}),
    ("log", {"data": np.frombuffer(b'{"event": 5}\n', "u1"), "chunks": (16,)}),
    ("log", {"data": np.frombuffer(b'{"event": "run"}\n', "u1"), "chunks": (16,)}),
    ("log", {"data": np.frombuffer(b"[" * 200_000 + b"\n", "u1"), "chunks": (4096,)}),
    ("frames", {"shape": (10**9,), "dtype": schema.FRAME, "shuffle": True, **_PACKED}),
    ("frames", {"shape": (9,), "dtype": schema.FRAME, "chunks": (16,)}),
    ("frames", {"shape": (9,), "dtype": schema.FRAME, "chunks": (9,), "compression": "gzip"}),
    ("frames", {"shape": (9,), "dtype": "f8", "shuffle": True, **_PACKED}),
    ("frames", {"shape": (9,), "dtype": schema.FRAME, "chunks": (16,), "compression": "lzf"}),
    ("maps/response/values", {"shape": (40, 9, 9), "dtype": "f8", "chunks": (16, 9, 9)}),
    ("maps/response/values",
     {"shape": (40, 9000, 9000), "dtype": "u1", "chunks": (16, 9000, 9000), "compression": 1}),
    ("maps/response/values",
     {"shape": (40, 9, 9), "dtype": "u1", "chunks": (1, 9, 9), "compression": "gzip"}),
    ("maps/response/values",
     {"shape": (40, 99, 99), "dtype": "u1", "chunks": (16, 99, 99), "compression": "gzip"}),
    ("scalars/values", {"shape": (10**9, 16), "dtype": "f8", "chunks": (10**6, 16)}),
    ("attachments/table", {"shape": (10**12,), "dtype": schema.ATTACHMENT, "chunks": (256,)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "dataset"), _WRONG)
def test_that_other_types_sizes_and_packings_are_refused(copy, name, dataset):
    _replaced(copy, name, **dataset)
    _refused(copy)


@pytest.mark.parametrize("name", ["maps/response/values", "frames", "scalars/values"])
def test_that_a_chunk_which_swells_is_refused(copy, name):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        dataset = file[name]
        bomb = zlib.compress(bytes(200 << 20), 9)
        dataset.id.write_direct_chunk((0,) * dataset.ndim, bomb)
    assert "damaged" in _refused(copy).message


@pytest.mark.parametrize("name", ["maps/response/values", "maps/response/places", "frames"])
@pytest.mark.parametrize("data", [b"", b"garbage", zlib.compress(b"too short")])
def test_that_a_chunk_of_garbage_is_refused(copy, name, data):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        dataset = file[name]
        dataset.id.write_direct_chunk((0,) * dataset.ndim, data or b"\0")
    assert "damaged" in _refused(copy).message


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", 2**40), ("offset", 2**63), ("shape", (2**31, 2**31)), ("shape", (1, 1)),
     ("size", 3), ("shape", (0, 0))],
)  # fmt: skip
def test_that_attachments_cannot_reach_beyond_their_place(copy, field, value):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        table = file["attachments/table"][:]
        table[field] = value
        file["attachments/table"][:] = table
    _refused(copy)


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", 2**40), ("shape", (2**31, 2**31)), ("shape", (6, 4)), ("shape", (4, 5)), ("size", 3)],
)
def test_that_the_numbers_of_a_patch_cannot_have_another_shape(copy, field, value):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        table = file["attachments/table"][:]
        numbers = table["kind"] == schema.NUMBERS
        assert numbers.any()
        table[field][numbers] = value
        file["attachments/table"][:] = table
    _refused(copy)


def test_that_numbers_without_their_patch_say_nothing(copy):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        table = file["attachments/table"][:]
        table["kind"][table["kind"] == schema.PATCH] = 77  # of a version to come
        file["attachments/table"][:] = table
    with Recording(copy) as recording:
        assert recording.result(2, {"patches"}).patches == {}


def test_that_a_file_of_before_opens_without_what_it_lacks(copy):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        group = file["maps/stage1.raw"]
        for name in ("branch", "feature", "scale", "channel"):
            del group.attrs[name]
        group.attrs["stage"] = "two"  # and nonsense is no number
        table = file["attachments/table"][:]
        table["kind"][table["kind"] == schema.NUMBERS] = 77
        file["attachments/table"][:] = table
    with Recording(copy) as recording:
        info = next(info for info in recording.maps if info.key == "stage1.raw")
        assert (info.branch, info.feature, info.scale, info.channel) == ("", "", None, None)
        assert info.stage is None
        assert info.kind == "filter"
        assert recording.result(2, {"patches"}).patches["kernels"].values is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("rows", 60_000), ("rows", 0), ("cols", 999), ("matrix", np.nan)],
)
def test_that_places_of_maps_are_checked(copy, field, value):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        places = file["maps/response/places"]
        rows = places[:]
        rows[field] = value
        places[:] = rows
    _refused(copy)


@pytest.mark.parametrize(
    ("field", "value"), [("box", np.inf), ("state", 7), ("attachments", 10**9)]
)
def test_that_rows_are_checked(copy, field, value):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        rows = file["frames"][:]
        rows[field] = value
        file["frames"][:] = rows
    _refused(copy)


def test_that_codes_of_texts_which_are_not_there_are_empty(copy):
    with h5py.File(copy, "r+", libver=("v110", "v110")) as file:
        rows = file["frames"][:]
        rows["reason"] = 2**32 - 1
        file["frames"][:] = rows
    with Recording(copy) as recording:
        assert recording.reason(0) == ""


def test_that_flipped_bytes_never_crash_the_program(copy):
    data = bytearray(copy.read_bytes())
    rng = np.random.default_rng(3)
    outcomes = set()
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 20):
            broken[at] ^= int(rng.integers(1, 256))
        copy.write_bytes(broken)
        try:
            _read_all(copy)
            outcomes.add("read")
        except RecordingError:
            outcomes.add("refused")
    assert "refused" in outcomes
