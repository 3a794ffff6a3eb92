"""Copies that step fast: same numbers, same pictures, same size, or no copy at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from video_matrix import number_in

from core.errors import StorageError, VideoError
from core.video import proxy, seeking
from core.video.source import Access


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "cache_dir", lambda: tmp_path / "cache")


def numbers(source, turns: int = 0) -> list[int]:
    """The numbers painted into the pictures, after `turns` quarter turns to the left."""
    frames = source.frames(0, source.info.frame_count)
    return [number_in(np.rot90(frame.image, turns)) for frame in frames]


@pytest.mark.parametrize(
    "kind",
    [
        "one key frame mp4", "odd size mp4", "odd size webm", "rotated mp4", "vfr mkv", "vfr ts",
        "10 bit mp4", "stills mp4", "grey mp4", "start offset mp4", "h264 avi",
    ],
)  # fmt: skip
def test_that_every_frame_keeps_number_size_time_and_picture(kind, clip, opened, tmp_path):
    source = opened(clip(kind))
    target = tmp_path / "copy.mp4"
    made = proxy.make_proxy(source, target)
    assert made == proxy.Proxy(target, 90, target.stat().st_size)
    copy = opened(target)
    one, other = source.info, copy.info
    assert copy.access is Access.VERIFIED
    assert other.run_in <= proxy.GROUP
    assert (other.width, other.height, other.frame_count) == (one.width, one.height, 90)
    assert other.rotation == 0
    assert other.fps == pytest.approx(one.fps, rel=0.002)
    assert np.abs(other.times - one.times).max() < 0.002
    turns = 1 if kind == "rotated mp4" else 0
    expected = [k - k % 5 for k in range(90)] if kind == "stills mp4" else list(range(90))
    assert numbers(copy, turns) == expected
    for k in (0, 41, 89):
        off = np.abs(copy.read(k).image.astype(int) - source.read(k).image).mean()
        assert off < 4.0


def test_that_a_step_back_decodes_a_dozen_pictures_instead_of_all(clip, opened, tmp_path):
    source = opened(clip("one key frame mp4"))
    assert source.info.run_in == 90
    proxy.make_proxy(source, tmp_path / "copy.mp4")
    assert opened(tmp_path / "copy.mp4").info.run_in == 12
    with av.open(str(tmp_path / "copy.mp4")) as container:
        kinds = {frame.pict_type for frame in container.decode(video=0)}
    assert kinds == {PictureType.I, PictureType.P}  # none waits for a later one


def test_that_the_copy_opens_without_being_checked_again(clip, opened, tmp_path, monkeypatch):
    proxy.make_proxy(opened(clip("cfr mp4")), tmp_path / "copy.mp4")
    monkeypatch.setattr("core.video.file.SequentialPass", None)  # would fail if it were asked
    copy = opened(tmp_path / "copy.mp4", index_dir=tmp_path / "cache" / "index")
    assert copy.access is Access.VERIFIED
    assert number_in(copy.read(77).image) == 77


def test_that_frames_without_a_picture_are_held_and_told(clip, opened, tmp_path, monkeypatch):
    source = opened(clip("cfr mp4"))
    lost = {0, 1, 40, 41, 89}
    whole = source.frames
    monkeypatch.setattr(source, "frames", lambda *a: (f for f in whole(*a) if f.index not in lost))
    made = proxy.make_proxy(source, tmp_path / "copy.mp4")
    assert made is not None
    assert made.held == (0, 1, 40, 41, 89)
    shown = numbers(opened(tmp_path / "copy.mp4"))
    assert shown == [2, 2, *range(2, 40), 39, 39, *range(42, 89), 88]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], bool]:
    """Whether the older file at the target is as it was, with nothing beside it."""
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "copy.mp4").write_bytes(b"older")

    def look() -> bool:
        files = [path.name for path in folder.iterdir()]
        return files == ["copy.mp4"] and (folder / "copy.mp4").read_bytes() == b"older"

    return look


def test_that_stopping_leaves_nothing(clip, opened, tmp_path, kept):
    told = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 30

    target = tmp_path / "place" / "copy.mp4"
    assert proxy.make_proxy(opened(clip("cfr mp4")), target, progress=progress) is None
    assert told == [(k, 90) for k in range(1, 31)]
    assert kept()


def test_that_a_full_disk_is_told_and_leaves_nothing(clip, opened, tmp_path, kept, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.storage.os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        proxy.make_proxy(opened(clip("cfr mp4")), tmp_path / "place" / "copy.mp4")
    assert kept()


def shifted(write):
    """Frames are written one number late, as a careless copy does."""
    before = []

    def late(self, image, index):
        before.append(image)
        write(self, before[max(index - 1, 0)], index)

    return late


def short(write):
    return lambda self, image, index: write(self, image, index) if index != 50 else None


@pytest.mark.parametrize("spoil", [shifted, short])
def test_that_a_copy_with_other_frames_is_not_kept(
    spoil, clip, opened, tmp_path, kept, monkeypatch
):
    monkeypatch.setattr(proxy._Encoder, "write", spoil(proxy._Encoder.write))
    with pytest.raises(VideoError, match="does not have the frames"):
        proxy.make_proxy(opened(clip("cfr mp4")), tmp_path / "place" / "copy.mp4")
    assert kept()


def test_that_the_video_itself_is_never_replaced(clip, opened):
    path = clip("cfr mp4")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="itself"):
        proxy.make_proxy(opened(path), path)
    assert path.read_bytes() == before


def test_that_the_suggested_place_is_beside_the_clip():
    assert proxy.suggested(Path("a/b.c.mkv")) == Path("a/b.c-steps-fast.mp4")
    assert proxy.suggested(Path("a/shots")) == Path("a/shots-steps-fast.mp4")


def test_that_a_copy_never_counts_as_slow(clip, opened, tmp_path):
    proxy.make_proxy(opened(clip("one key frame mp4")), tmp_path / "copy.mp4")
    assert not seeking.seeks_badly(opened(tmp_path / "copy.mp4"))
