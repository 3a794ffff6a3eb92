"""Files that are not what they should be are refused in words, whatever they hold."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from core.errors import WeightsError
from core.weights.convert import read_foreign
from core.weights.reading import read


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


def _saved(path: Path, value: object) -> Path:
    torch.save(value, path)
    return path


@pytest.mark.parametrize("old", [False, True])
def test_that_a_state_dict_of_torch_is_read(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "x.pth"
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=not old)
    assert read(path)["w"].tolist() == [1, 1]


def test_that_a_checkpoint_is_read_by_its_state_dict(tmp_path: Path) -> None:
    path = _saved(tmp_path / "x.pth", {"epoch": 3, "state_dict": {"w": torch.ones(2)}})
    assert set(read(path)) == {"w"}


@pytest.mark.parametrize("old", [False, True])
def test_that_code_in_a_pickle_is_not_run(tmp_path: Path, old: bool) -> None:
    path, trace = tmp_path / "evil.pth", tmp_path / "it-ran"
    torch.save({"w": Hostile(trace)}, path, _use_new_zipfile_serialization=not old)
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(path)
    assert not trace.exists()


def test_that_code_in_a_bare_pickle_is_not_run(tmp_path: Path) -> None:
    import pickle  # noqa: TID251  (to make what must be refused)

    path, trace = tmp_path / "evil.pth", tmp_path / "it-ran"
    path.write_bytes(pickle.dumps(Hostile(trace)))
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is no weights file\n" * 10,
        b"PK\x03\x04 not really",
        b"\x80\x02}q\x00.",  # an empty dictionary, pickled
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"{}x",
        struct.pack("<Q", 60)
        + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'.ljust(60)
        + b"\0" * 8,
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors", ".mat"])
def test_that_other_content_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"“x\.\w+” cannot be read as"):
        read_foreign(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_that_a_cut_file_is_refused(tmp_path: Path, suffix: str) -> None:
    from safetensors.torch import save_file

    path = tmp_path / f"x{suffix}"
    tensors = {"w": torch.rand(1000)}
    torch.save(tensors, path) if suffix == ".pth" else save_file(tensors, path)
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 10):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            read(path)


def test_that_a_file_that_unpacks_to_much_more_is_refused(tmp_path: Path) -> None:
    plain = io.BytesIO()
    torch.save({"w": torch.zeros(4_000_000)}, plain)
    path = tmp_path / "bomb.pth"
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in source.namelist():
            packed.writestr(name, source.read(name))
    assert path.stat().st_size < 100_000
    with pytest.raises(WeightsError, match="cannot be read") as caught:
        read(path)
    assert "unpack" in caught.value.details


@pytest.mark.parametrize(
    "value",
    [
        [torch.ones(1)],
        {"w": torch.ones(1), "name": "text"},
        {"w": torch.ones(2, 2).to_sparse()},
        {1: torch.ones(1)},
        torch.ones(3),
        {},
    ],
    ids=["list", "text", "sparse", "numbered", "bare", "empty"],
)
def test_that_something_else_than_tensors_by_name_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(_saved(tmp_path / "x.pth", value))


def test_that_a_script_archive_is_refused_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/constants.pkl", b"\x80\x02).")
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        archive.writestr("x/version", "3\n")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(path)


def test_that_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(WeightsError, match="There is no file"):
        read(tmp_path / "none.pth")
