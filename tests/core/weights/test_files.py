from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from fakes.listed_weights import CONTENT
from safetensors.torch import save_file

from core import paths, weights
from core.errors import WeightsError
from core.weights import Trust, files, manifest
from core.weights.manifest import Entry

Listed = Callable[..., Entry]


def _put(folder: Path, name: str, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def test_that_every_entry_of_the_list_is_complete() -> None:
    entries = weights.entries()
    assert {"efficientnet-lite0", "resnet18", "resnet50", "vgg-m", "alexnet"} <= set(entries)
    for key, entry in entries.items():
        assert entry.key == key
        assert entry.title
        assert entry.licence
        assert entry.made
        assert entry.data
        assert all(c in "0123456789abcdef" for c in entry.sha256)
        assert len(entry.sha256) in (0, 64) or len(entry.sha256) >= 8
        assert len(entry.mean) == len(entry.std) == 3
        assert min(entry.std) > 0
        assert not entry.base or entry.base in entries


def test_that_what_is_carried_by_a_dependency_is_found_and_whole() -> None:
    path = weights.find("efficientnet-lite0")
    files.require_whole(path, weights.entry("efficientnet-lite0"))
    assert weights.missing(["efficientnet-lite0"]) == []


def test_that_the_folders_are_searched_in_order(
    listed: Listed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed()
    assert weights.installed("plain") is None
    in_user_folder = _put(folder, "plain-1.safetensors")
    assert weights.installed("plain") == in_user_folder
    extra = tmp_path / "extra"
    monkeypatch.setenv("BOXTRAIL_WEIGHTS", str(extra))
    assert weights.installed("plain") == in_user_folder
    named = _put(extra, "plain-1.safetensors")
    assert weights.installed("plain") == named
    own = _put(extra, "plain.safetensors")
    assert weights.installed("plain") == own


def test_that_shipped_files_are_found_last(
    listed: Listed, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed()
    monkeypatch.setattr(paths, "resource", lambda *parts: tmp_path.joinpath("res", *parts))
    shipped = _put(tmp_path / "res" / "weights", "plain-1.safetensors")
    assert weights.installed("plain") == shipped
    own = _put(folder, "plain-1.safetensors")
    assert weights.installed("plain") == own


def test_that_a_missing_file_is_said_with_the_way_to_it(listed: Listed) -> None:
    listed(sha256="", address="https://example.org/plain-1.safetensors")
    with pytest.raises(WeightsError, match=r"not installed.*boxtrail weights get plain"):
        weights.load("plain")
    listed(sha256="")
    with pytest.raises(WeightsError, match="get plain --file FILE"):
        weights.load("plain")
    listed()
    with pytest.raises(WeightsError, match="come with Boxtrail"):
        weights.load("plain")


def test_that_a_damaged_file_is_refused_with_both_checksums(listed: Listed, folder: Path) -> None:
    entry = listed()
    path = _put(folder, "plain-1.safetensors")
    assert torch.equal(weights.load("plain")["a"], torch.arange(6.0).view(2, 3))
    changed = bytearray(CONTENT)
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(WeightsError, match=entry.sha256) as caught:
        weights.load("plain")
    assert hashlib.sha256(changed).hexdigest() in caught.value.message
    path.write_bytes(CONTENT[:-4])
    with pytest.raises(WeightsError, match=f"{len(CONTENT) - 4} bytes instead of {len(CONTENT)}"):
        weights.load("plain")


def test_that_the_first_digits_of_a_checksum_are_compared(listed: Listed, folder: Path) -> None:
    entry = listed()
    path = _put(folder, "plain-1.safetensors")
    short = listed(sha256=entry.sha256[:8], bytes=0)
    assert weights.trust(path, short) is Trust.SHORT
    assert set(weights.load("plain")) == {"a"}
    listed(sha256="01234567", bytes=0)
    with pytest.raises(WeightsError, match="instead of 01234567"):
        weights.load("plain")


def test_that_ones_own_file_is_taken_but_called_unverified(listed: Listed, folder: Path) -> None:
    entry = listed()
    folder.mkdir(parents=True)
    save_file({"a": torch.ones(1)}, folder / "plain.safetensors")
    path = weights.find("plain")
    assert weights.trust(path, entry) is Trust.UNVERIFIED
    assert weights.load("plain")["a"].tolist() == [1.0]


def test_that_given_tensors_and_files_come_before_installed_ones(
    listed: Listed, folder: Path, tmp_path: Path
) -> None:
    listed()
    _put(folder, "plain-1.safetensors")
    given = {"b": torch.ones(2, dtype=torch.float16)}
    assert weights.load("plain", given)["b"].dtype == torch.float32
    save_file({"c": torch.ones(1)}, tmp_path / "own.safetensors")
    assert set(weights.load("plain", tmp_path / "own.safetensors")) == {"c"}


def test_that_what_builds_on_something_missing_is_missing_too(listed: Listed, folder: Path) -> None:
    listed()
    _put(folder, "plain-1.safetensors")
    assert weights.missing(["plain"]) == []
    listed(base="resnet18")
    assert [entry.key for entry in weights.missing(["plain"])] == ["resnet18"]
    assert weights.missing(["plain"], given=["resnet18"]) == []


def test_that_a_checksum_follows_a_changed_file(tmp_path: Path) -> None:
    path = _put(tmp_path, "x.safetensors")
    assert files.digest(path) == hashlib.sha256(CONTENT).hexdigest()
    path.write_bytes(b"something else")
    assert files.digest(path) == hashlib.sha256(b"something else").hexdigest()


def test_that_an_unknown_key_is_answered_with_the_nearest() -> None:
    with pytest.raises(WeightsError, match="Did you mean “resnet50”"):
        weights.entry("resnet5")


@pytest.mark.parametrize("text", ["[x\n", '[x]\ntitle = "only"\n'])
def test_that_a_damaged_list_says_to_install_again(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path, "manifest.toml", text.encode())
    monkeypatch.setattr(paths, "resource", lambda *parts: tmp_path / parts[-1])
    manifest.entries.cache_clear()
    try:
        with pytest.raises(WeightsError, match="Install Boxtrail again"):
            manifest.entries()
    finally:
        manifest.entries.cache_clear()
