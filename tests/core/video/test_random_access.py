"""Whatever the file, frame k is the k-th picture of sequential decoding."""

from __future__ import annotations

import random
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from video_matrix import KINDS, jumpy, number_in

from core.video.decoder import Decoder
from core.video.file import VideoFile
from core.video.source import Access

NOT_SEEKABLE = {"raw h264"}
SMALL_CACHE = 1 << 20


def plain_pictures(path: Path, turn: int) -> list[np.ndarray]:
    """All pictures by PyAV alone, from first to last, upright."""
    with av.open(str(path)) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    return [np.rot90(p, -turn) for p in pictures]


def count_wrong(source: VideoFile, pictures: list[np.ndarray], reads: int, seed: int = 1) -> int:
    """Random reads whose picture differs from the sequential one."""
    rng = random.Random(seed)
    wrong = 0
    for _ in range(reads):
        index = rng.randrange(len(pictures))
        frame = source.read(index)
        assert frame.index == index
        wrong += not np.array_equal(frame.image, pictures[index])
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_that_random_reads_equal_sequential_decoding(kind, clip, opened):
    path = clip(kind)
    pictures = plain_pictures(path, KINDS[kind].turn)
    source = opened(path, cache_bytes=SMALL_CACHE)
    assert source.info.frame_count == len(pictures)
    assert source.access is (Access.SEQUENTIAL if kind in NOT_SEEKABLE else Access.VERIFIED)
    assert count_wrong(source, pictures, 60) == 0


@pytest.mark.parametrize("kind", [k for k in KINDS if KINDS[k].still == 1 and "edit" not in k])
def test_that_frame_numbers_are_those_that_were_encoded(kind, clip, opened):
    source = opened(clip(kind))
    turn = KINDS[kind].turn
    for index in (0, 89, 45, 44, 46, 12):
        assert number_in(np.rot90(source.read(index).image, turn)) == index


@pytest.mark.parametrize("kind", KINDS)
def test_that_seeking_is_really_used(kind, clip, opened, monkeypatch):
    if kind in NOT_SEEKABLE or KINDS[kind].options.get("g") == "9999" or "refresh" in kind:
        pytest.skip("this kind has a single entry point")
    source = opened(clip(kind), cache_bytes=0)
    source.read(source.info.frame_count - 1)
    restarts = []
    monkeypatch.setattr(Decoder, "restart", lambda self: restarts.append(self))
    source.read(60)
    assert not restarts


def test_that_an_edit_list_hides_the_same_frames_as_in_a_player(clip, opened):
    source = opened(clip("edit list mp4"))
    assert source.info.frame_count == 83
    assert number_in(source.read(0).image) == 7
    assert not source.info.notes


def test_that_the_picture_of_a_rotated_file_is_upright(clip, opened):
    source = opened(clip("rotated mp4"))
    info = source.info
    assert (info.width, info.height, info.rotation) == (120, 160, 270)
    image = source.read(5).image
    assert image.shape == (160, 120, 3)
    assert image.flags.c_contiguous
    # The code lies along the bottom as stored; a clockwise turn brings it to the left.
    assert number_in(np.rot90(image, 1)) == 5


@pytest.mark.parametrize("kind", ["vfr mp4", "vfr mkv", "vfr ts"])
def test_that_uneven_timestamps_are_kept(kind, clip, opened):
    info = opened(clip(kind)).info
    expected = np.array([jumpy(k) / 1000 for k in range(90)])
    assert info.variable_rate
    assert np.abs(info.times - expected).max() < 0.0012
    assert info.fps == pytest.approx(89 / expected[-1], rel=1e-3)


@pytest.mark.parametrize("kind", ["cfr mp4", "cfr mkv", "start offset mp4", "h264 avi", "mpeg1 ps"])
def test_that_an_even_rate_starts_at_zero_and_is_recognised(kind, clip, opened):
    source = opened(clip(kind))
    assert not source.info.variable_rate
    assert np.abs(source.info.times - np.arange(90) / 30).max() < 0.0012
    assert source.read(60).time == source.info.times[60]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_that_a_thousand_random_reads_of_every_kind_are_right(clip, opened, capsys):
    rows = []
    for kind in KINDS:
        path = clip(kind, 600)
        source = opened(path, cache_bytes=SMALL_CACHE)
        source.wait_ready()
        pictures = plain_pictures(path, KINDS[kind].turn)
        start = time.perf_counter()
        wrong = count_wrong(source, pictures, 1000)
        rows.append((kind, wrong, time.perf_counter() - start, source.access))
        source.close()
    with capsys.disabled():
        for kind, wrong, seconds, access in rows:
            print(f"{kind:24s} {wrong:4d} wrong of 1000  {seconds:6.2f} ms per read  {access}")
    assert not [row for row in rows if row[1]]


def test_that_real_mpeg_clips_are_exact(real_data, opened):
    for path in sorted((real_data / "dev" / "tld").glob("*/*.mpg")):
        pictures = plain_pictures(path, 0)
        source = opened(path, cache_bytes=SMALL_CACHE)
        assert source.info.frame_count == len(pictures)
        assert count_wrong(source, pictures, 60) == 0


def test_that_odd_time_bases_do_not_disturb_seeking(tmp_path, opened):
    path = tmp_path / "odd.mkv"
    kind = KINDS["cfr mkv"]
    type(kind)(".mkv", ticks=lambda k: k * 1001, tick=Fraction(1, 30000)).write(path, 90)
    source = opened(path, cache_bytes=SMALL_CACHE)
    assert count_wrong(source, plain_pictures(path, 0), 40) == 0
    assert source.info.fps == pytest.approx(30000 / 1001, rel=1e-3)


@pytest.mark.parametrize("kind", ["h264 avi", "cfr mp4"])
def test_that_a_decoder_which_drops_pictures_after_a_seek_is_caught(
    kind, clip, opened, monkeypatch
):
    """AVI's times are in coding order and reveal nothing: only the picture can tell."""
    source = opened(clip(kind), cache_bytes=0)
    plain_seek, plain_next = Decoder.seek, Decoder.next
    due: dict[Decoder, int] = {}
    dropped = 0

    def seek(self: Decoder, time: int) -> bool:
        due[self] = 6
        return plain_seek(self, time)

    def give(self: Decoder) -> av.VideoFrame | None:
        nonlocal dropped
        due[self] = due.get(self, 0) - 1
        if due[self] == 0:
            plain_next(self)
            dropped += 1
        return plain_next(self)

    monkeypatch.setattr(Decoder, "seek", seek)
    monkeypatch.setattr(Decoder, "next", give)
    for index in (89, 60, 75, 50, 70, 88, 55):
        assert number_in(source.read(index).image) == index
    assert dropped > 2
