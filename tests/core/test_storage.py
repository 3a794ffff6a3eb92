"""Atomic writing: the new file or the old one, and words for every failure."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StorageError
from core.storage import atomic_path, atomic_write, storage_error, sweep


def test_that_a_file_appears_whole_with_unix_lines(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ü.txt"
    with atomic_write(path, text=True) as stream:
        stream.write("ä\nb\n")
        assert not path.exists()
    assert path.read_bytes() == "ä\nb\n".encode()
    with atomic_write(path) as stream:
        stream.write(b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert list(path.parent.iterdir()) == [path]


def test_that_an_exception_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path) as stream:
            stream.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_writer_with_its_own_file_replaces_the_old_one_only_at_the_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "a.mp4"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert path.read_text() == "whole"

    def write_half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("call", "number", "words"),
    [
        ("mkstemp", errno.EACCES, "not allowed"),
        ("mkstemp", errno.EROFS, "read-only"),
        ("mkstemp", errno.ENAMETOOLONG, "too long"),
        ("fsync", errno.ENOSPC, "disk is full"),
        ("fsync", errno.EDQUOT, "quota"),
        ("replace", errno.EPERM, "not allowed"),
        ("replace", errno.EBUSY, "busy"),
    ],
)
def test_that_failures_are_told_and_leave_no_litter(
    call: str, number: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr({"mkstemp": tempfile, "fsync": os, "replace": Path}[call], call, fail)
    with pytest.raises(StorageError) as caught, atomic_write(path) as stream:
        stream.write(b"new")
    assert words in caught.value.message.lower()
    assert "“a”" in caught.value.message
    assert caught.value.hint
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(StorageError), atomic_write(tmp_path / "a") as stream:
        stream.write(b"x")
    (tmp_path / "file").touch()
    with pytest.raises(StorageError), atomic_write(tmp_path / "file" / "b") as stream:
        stream.write(b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="no rights bits there")
def test_that_rights_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a"
    before = os.umask(0o027)
    try:
        with atomic_write(path):
            pass
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        with atomic_write(path):
            pass
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


def test_that_a_link_to_a_project_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    with atomic_write(link) as stream:
        stream.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_that_unknown_errors_keep_their_facts(tmp_path: Path) -> None:
    error = storage_error(tmp_path / "a", OSError("odd"))
    assert "odd" in error.message
    assert str(tmp_path) in error.details


def test_that_only_old_litter_of_this_file_is_swept(tmp_path: Path) -> None:
    names = [".a[1].x.tmp", ".a[1].y.tmp", ".a1.x.tmp", "a[1]"]
    for i, name in enumerate(names):
        (tmp_path / name).touch()
        if i != 1:
            os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path / "a[1]")
    assert {p.name for p in tmp_path.iterdir()} == set(names[1:])
    sweep(tmp_path / "missing" / "a")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_that_a_really_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "a"
    with atomic_write(path) as stream:
        stream.write(b"old")
    with pytest.raises(StorageError, match="disk is full"), atomic_write(path) as stream:
        stream.write(b"x" * 200_000)
    assert path.read_bytes() == b"old"
    assert list(small_disk.iterdir()) == [path]
