"""Exports replace what exports made, nothing else, and leave no halves behind."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from core import formats
from core.document.document import Document, VideoRef
from core.document.track import Keyframe
from core.errors import FormatError, StorageError
from core.formats.context import ImportContext
from core.geometry import Box

formats.load_all()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_that_a_second_export_leaves_no_stale_files(document: Document, tmp_path: Path) -> None:
    yolo = formats.find("yolo")
    yolo.write(document, tmp_path / "out")
    (tmp_path / "out" / "images").mkdir()
    (tmp_path / "out" / "images" / "a.jpg").write_bytes(b"mine")
    less = document.with_track(document.track(2).without(0, 99))
    yolo.write(less, tmp_path / "out")
    files = contents(tmp_path / "out")
    assert "labels/frame_000000.txt" in files
    assert "labels/frame_000003.txt" not in files
    assert files["images/a.jpg"] == b"mine"


def test_that_formats_share_a_folder(document: Document, tmp_path: Path) -> None:
    for key in ("mot", "otb", "voc", "yolo"):
        formats.find(key).write(document, tmp_path)
    before = contents(tmp_path)
    formats.find("voc").write(document, tmp_path)
    assert contents(tmp_path) == before
    assert {"gt/gt.txt", "groundtruth_rect.1.txt", "classes.txt"} <= before.keys()


def test_that_foreign_files_are_never_replaced(document: Document, tmp_path: Path) -> None:
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "gt.txt").write_text("somebody's work")
    before = contents(tmp_path)
    with pytest.raises(FormatError, match="no earlier export") as caught:
        formats.find("mot").write(document, tmp_path)
    assert caught.value.hint
    assert contents(tmp_path) == before


@pytest.mark.parametrize("evil", ["../precious", "/etc/hostname", "a/../../precious", "C:/x", ""])
def test_that_a_forged_manifest_cannot_delete_elsewhere(
    evil: str, document: Document, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("x")
    home = tmp_path / "out"
    mot = formats.find("mot")
    manifest = mot.write(document, home).files[-1]
    text = manifest.read_text("utf-8").replace('"gt/labels.txt"', f'"gt/labels.txt", "{evil}"')
    manifest.write_text(text, "utf-8")
    mot.write(document, home)
    assert (tmp_path / "precious").exists()
    assert Path("/etc/hostname").exists() or evil != "/etc/hostname"


def test_that_files_and_folders_are_not_mixed_up(document: Document, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FormatError, match="is a file"):
        formats.find("mot").write(document, tmp_path / "file")
    with pytest.raises(FormatError, match="is a folder"):
        formats.find("csv").write(document, tmp_path)


@pytest.mark.parametrize("key", ["csv", "voc"])
@pytest.mark.parametrize(
    ("call", "number", "words"),
    [
        ("fsync", errno.ENOSPC, "the disk is full"),
        ("mkdtemp", errno.EACCES, "not allowed"),
        ("replace", errno.EROFS, "read-only"),
    ],
)
def test_that_a_failed_export_leaves_the_earlier_one(
    key: str,
    call: str,
    number: int,
    words: str,
    document: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fmt = formats.find(key)
    to = tmp_path / ("out" if fmt.folder else "out.csv")
    fmt.write(document, to)
    before = contents(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr({"fsync": os, "mkdtemp": tempfile, "replace": Path}[call], call, fail)
        with pytest.raises(StorageError, match=words):
            fmt.write(document.without_track(1), to)
        new = tmp_path / "new" / ("out" if fmt.folder else "out.csv")
        with pytest.raises(StorageError, match=words):
            fmt.write(document, new)
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "new" / "out").exists()


@pytest.mark.parametrize(
    ("key", "line"), [("mot", "1,1,11,21,30,40,1,1,1"), ("otb", "11,21,30,40")]
)
def test_that_a_text_target_gets_the_main_file_alone(tmp_path: Path, key: str, line: str) -> None:
    document, track = Document(VideoRef("a.mp4", frame_count=1)).with_new_track("car")
    document = document.with_track(track.with_keyframes([Keyframe(0, Box(10, 20, 30, 40))]))
    target = tmp_path / "boxes.txt"
    formats.find(key).write(document, target)
    assert target.read_text() == line + "\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["boxes.txt", "boxes.txt.manifest.json"]
    back = formats.find(key).read(target, None, ImportContext(document.video))
    assert [k.box for k in back.tracks[0].keyframes()] == [Box(10, 20, 30, 40)]
    assert back.tracks[0].label == ("car" if key == "mot" else "")


def test_that_several_targets_do_not_fit_one_otb_file(tmp_path: Path) -> None:
    document = Document(VideoRef("a.mp4", frame_count=1))
    for _ in range(2):
        document, track = document.with_new_track("car")
        document = document.with_track(track.with_keyframes([Keyframe(0, Box(1, 2, 3, 4))]))
    with pytest.raises(FormatError, match="one file per target"):
        formats.find("otb").write(document, tmp_path / "boxes.txt")
    assert list(tmp_path.iterdir()) == []
