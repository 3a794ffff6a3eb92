from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from fakes import published_weights as published
from fakes.listed_weights import CONTENT, Server
from safetensors.torch import save

from core import storage, weights
from core.errors import StorageError, WeightsError
from core.nets import backbones
from core.version import VERSION
from core.weights import Trust, download, matconvnet
from core.weights.manifest import Entry

Listed = Callable[..., Entry]


def _nothing_in(folder: Path) -> bool:
    return not folder.exists() or not any(folder.rglob("*"))


def test_that_a_file_comes_whole_and_its_progress_is_told(
    listed: Listed, server: Server, folder: Path
) -> None:
    told: list[tuple[int, int]] = []
    entry = listed(address=server.address)
    path = download.get(entry, progress=lambda done, total: told.append((done, total)))
    assert path == folder / "plain-1.safetensors"
    assert path.read_bytes() == CONTENT
    assert weights.installed("plain") == path
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert server.asked == [f"boxtrail/{VERSION}"]
    assert [p.name for p in folder.iterdir()] == [path.name]


def test_that_a_short_hash_is_enough(listed: Listed, server: Server) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    entry = listed(address=server.address, sha256=digest[:8], bytes=0)
    assert weights.trust(download.get(entry), entry) is Trust.SHORT


def test_that_another_file_than_the_published_one_is_not_kept(
    listed: Listed, server: Server, folder: Path
) -> None:
    entry = listed(address=server.address)
    server.body = CONTENT[:-1] + b"x"
    with pytest.raises(WeightsError, match=f"not the file that was published.*{entry.sha256}"):
        download.get(entry)
    server.body = CONTENT * 3
    with pytest.raises(WeightsError, match=f"bytes instead of {len(CONTENT)}"):
        download.get(entry)
    assert _nothing_in(folder)


def test_that_more_than_was_published_is_not_waited_for(listed: Listed, server: Server) -> None:
    told: list[int] = []
    server.body = bytes(3_000_000)
    with pytest.raises(WeightsError, match="instead of"):
        download.get(listed(address=server.address), progress=lambda done, total: told.append(done))
    assert told == []


def test_that_a_failure_leaves_the_file_that_was_there(
    listed: Listed, server: Server, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "plain-1.safetensors").write_bytes(b"as it was")
    server.body = b"no such weights"
    with pytest.raises(WeightsError):
        download.get(listed(address=server.address))
    assert (folder / "plain-1.safetensors").read_bytes() == b"as it was"
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("announce", [True, False])
def test_that_a_broken_connection_leaves_nothing(
    listed: Listed, server: Server, folder: Path, announce: bool
) -> None:
    server.cut, server.announce = 10, announce
    said = r"127.0.0.1:\d+ stopped after \d+ of \d+ bytes" if announce else "instead of"
    with pytest.raises(WeightsError, match=said):
        download.get(listed(address=server.address))
    assert _nothing_in(folder)


def test_that_an_answer_that_is_no_file_is_said(
    listed: Listed, server: Server, folder: Path
) -> None:
    server.status = 404
    with pytest.raises(WeightsError, match=r"127.0.0.1:\d+ answers 404") as caught:
        download.get(listed(address=server.address))
    assert server.address in caught.value.hint
    assert "--file" in caught.value.hint
    assert _nothing_in(folder)


def test_that_a_missing_network_is_said_with_what_to_do(
    listed: Listed, folder: Path, no_names: None
) -> None:
    entry = listed(address="https://weights.example/x")
    with pytest.raises(WeightsError, match="cannot be reached") as caught:
        download.get(entry)
    assert "Is there a network?" in caught.value.hint
    assert _nothing_in(folder)


def test_that_a_full_disk_is_said_and_leaves_nothing(
    listed: Listed, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        download.get(listed(address=server.address))
    assert _nothing_in(folder)


def test_that_ctrl_c_leaves_nothing(listed: Listed, server: Server, folder: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.get(listed(address=server.address), progress=stop)
    assert _nothing_in(folder)


def test_that_a_named_file_is_checked_as_strictly(
    listed: Listed, folder: Path, tmp_path: Path
) -> None:
    entry = listed()
    mine = tmp_path / "whatever.bin"
    mine.write_bytes(CONTENT)
    assert download.get(entry, file=mine) == folder / "plain-1.safetensors"
    mine.write_bytes(CONTENT[::-1])
    with pytest.raises(WeightsError, match="SHA-256"):
        download.get(entry, file=mine)
    for wrong in (tmp_path / "none", tmp_path):
        with pytest.raises(WeightsError, match="cannot be read"):
            download.get(entry, file=wrong)
    assert (folder / "plain-1.safetensors").read_bytes() == CONTENT


def test_that_weights_without_an_address_ask_for_a_file(listed: Listed) -> None:
    with pytest.raises(WeightsError, match=r"no address.*get plain --file FILE"):
        download.get(listed())


def _checked(tensors):
    return backbones.checked("vgg-m", tensors)


def test_that_a_file_without_a_checksum_is_checked_against_its_network(
    listed: Listed, server: Server, folder: Path, tmp_path: Path
) -> None:
    published.write_vgg_m(tmp_path / "m.mat", published.vgg_m_arrays())
    server.body = (tmp_path / "m.mat").read_bytes()
    entry = listed(weights.entry("vgg-m"), address=server.address)
    path = download.get(entry, fit=_checked)
    assert path == folder / "vgg-m.safetensors"
    assert [p.name for p in folder.iterdir()] == [path.name]
    assert weights.trust(path, entry) is Trust.UNVERIFIED
    assert backbones.build("vgg-m").mean.flatten().tolist() == [123, 117, 104]
    server.body = b"an error page"
    path.unlink()
    with pytest.raises(WeightsError, match="cannot be read as a MatConvNet model"):
        download.get(entry, fit=_checked)
    assert _nothing_in(folder)


def test_that_a_named_checkpoint_is_converted(folder: Path, tmp_path: Path) -> None:
    torch.save({"state_dict": published.alexnet("layers")}, tmp_path / "model.pth")
    entry = weights.entry("alexnet")
    path = download.get(
        entry,
        file=tmp_path / "model.pth",
        fit=lambda tensors: backbones.checked("alexnet", tensors),
    )
    assert path == folder / "alexnet.safetensors"
    backbones.build("alexnet")


def test_that_a_safetensors_of_ones_own_is_taken_as_it_is(
    listed: Listed, folder: Path, tmp_path: Path
) -> None:
    content = save({"a": torch.ones(3)}, {"trained_on": "my clips"})
    (tmp_path / "mine.safetensors").write_bytes(content)
    path = download.get(listed(sha256="", bytes=0), file=tmp_path / "mine.safetensors")
    assert path == folder / "plain.safetensors"
    assert path.read_bytes() == content
    (tmp_path / "mine.safetensors").write_bytes(content[:-1])
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        download.get(listed(sha256="", bytes=0), file=tmp_path / "mine.safetensors")
    assert path.read_bytes() == content


def test_that_nothing_is_fetched_that_could_not_be_read(
    listed: Listed, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matconvnet.importlib.util, "find_spec", lambda name: None)
    entry = listed(weights.entry("vgg-m"), address=server.address)
    with pytest.raises(WeightsError, match=r"needs SciPy.*boxtrail\[convert\]"):
        download.get(entry)
    assert server.asked == []
