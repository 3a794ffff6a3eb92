"""Broken, cut and foreign files: a plain message, or the frames that are left."""

from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from video_matrix import KINDS, Kind, number_in

from core.errors import FrameUnavailable, VideoError
from core.video.file import VideoFile
from core.video.open import open_source

GOP = {"g": "24", "bf": "2"}


def complaint(path: Path) -> VideoError:
    with pytest.raises(VideoError) as caught:
        open_source(path)
    assert type(caught.value) is VideoError
    assert caught.value.hint
    assert path.name in caught.value.message
    return caught.value


def spoil(source: Path, target: Path, packets: list[int], *, noise: bool = False) -> Path:
    """Overwrite coded pictures with zeros, or their second half with noise."""
    with av.open(str(source)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(source.read_bytes())
    random = np.random.default_rng(1)
    for number in packets:
        start, size = places[number]
        assert start is not None
        if noise:
            half = size // 2
            data[start + half : start + size] = random.integers(
                0, 255, size - half, np.uint8
            ).tobytes()
        else:
            data[start : start + size] = bytes(size)
    target.write_bytes(data)
    return target


def assert_reads_equal_iteration(source: VideoFile) -> dict[int, np.ndarray]:
    pictures = {f.index: f.image for f in source.frames(0, source.info.frame_count)}
    for index in np.random.default_rng(0).integers(0, source.info.frame_count, 80).tolist():
        if index in source.info.damaged:
            with pytest.raises(FrameUnavailable, match=f"Frame {index} "):
                source.read(index)
        else:
            assert np.array_equal(source.read(index).image, pictures[index])
    return pictures


@pytest.fixture(scope="module")
def fast_start(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("fast") / "fast.mp4"
    return Kind(".mp4", muxer={"movflags": "faststart"}, options=GOP).write(path, 150)


def test_that_a_missing_file_is_named(tmp_path):
    assert "not found" in complaint(tmp_path / "nothing here.mp4").message


def test_that_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty" in complaint(path).message


@pytest.mark.parametrize(
    "text",
    [
        "just words\n" * 50,
        "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
        "ffconcat version 1.0\nfile other.mp4\n",
        "\x1b[1;31mcolours" * 99,
        "é" * 5000,
    ],
)
def test_that_text_is_not_opened_as_video(text, tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text(text, encoding="utf-8")
    assert "text file" in complaint(path).message


def test_that_noise_is_not_a_video(tmp_path):
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(0).integers(0, 255, 50_000, np.uint8).tobytes())
    assert "not a video" in complaint(path).message


def test_that_an_unfinished_recording_is_recognised(clip, tmp_path):
    path = tmp_path / "unfinished.mp4"
    data = clip("cfr mp4").read_bytes()
    path.write_bytes(data[: len(data) // 2])
    error = complaint(path)
    assert "recording was not finished" in error.message


def test_that_an_audio_file_has_no_pictures(tmp_path):
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for _ in range(10):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    error = complaint(path)
    assert "no pictures" in error.message
    assert "audio" in error.message


def test_that_an_unknown_codec_is_named_as_the_reason(clip, tmp_path):
    path = tmp_path / "codec.mp4"
    path.write_bytes(clip("cfr mp4").read_bytes().replace(b"avc1", b"zzz1"))
    assert "cannot be decoded here" in complaint(path).message


def test_that_a_file_of_undecodable_frames_says_so(fast_start, tmp_path):
    path = spoil(fast_start, tmp_path / "zeros.mp4", list(range(150)))
    assert "Not one frame" in complaint(path).message


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind this user")
def test_that_a_forbidden_file_is_called_so(clip, tmp_path):
    path = tmp_path / "secret.mp4"
    path.write_bytes(clip("cfr mp4").read_bytes())
    path.chmod(0)
    assert "may not be read" in complaint(path).message


def test_that_a_refusal_of_the_system_is_explained(clip, monkeypatch):
    def refuse(*_args: object, **_options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(av, "open", refuse)
    assert "may not be read" in complaint(clip("cfr mp4")).message


def test_that_a_cut_file_opens_with_what_is_left(fast_start, tmp_path, opened):
    data = fast_start.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    source = opened(path)
    count = source.info.frame_count
    assert 60 < count < 120
    assert any("missing" in note and "150" in note for note in source.info.notes)
    assert [number_in(f.image) for f in source.frames(0, count)] == list(range(count))
    assert_reads_equal_iteration(source)


def test_that_lost_frames_keep_their_numbers(fast_start, tmp_path, opened):
    source = opened(spoil(fast_start, tmp_path / "lost.mp4", [50, 51, 52]))
    info = source.info
    assert info.frame_count == 150
    assert len(info.damaged) == 3
    assert set(info.damaged) <= set(range(48, 56))
    assert any("3 damaged frames" in note for note in info.notes)
    pictures = assert_reads_equal_iteration(source)
    assert sorted(pictures) == [k for k in range(150) if k not in info.damaged]
    after = range(72, 150)  # from the next key frame on
    assert [number_in(pictures[k]) for k in after] == list(after)
    assert np.diff(info.times) == pytest.approx(1 / 30)


def test_that_lost_frames_are_skipped_backwards_too(fast_start, tmp_path, opened):
    source = opened(spoil(fast_start, tmp_path / "lost.mp4", [50, 51]))
    expected = [k for k in range(149, -1, -1) if k not in source.info.damaged]
    assert [f.index for f in source.frames(149, -1, -1)] == expected


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_that_noise_in_pictures_does_not_move_others(suffix, fast_start, tmp_path, opened):
    clean = fast_start
    if suffix != ".mp4":
        clean = Kind(suffix, options=GOP).write(tmp_path / f"clean{suffix}", 150)
    source = opened(spoil(clean, tmp_path / f"noise{suffix}", [50, 60, 100], noise=True))
    assert source.info.frame_count == 150
    pictures = assert_reads_equal_iteration(source)
    for index in (0, 20, 47, 72, 90, 125, 149):
        if index in pictures:
            assert number_in(pictures[index]) == index


def test_that_damage_is_remembered_in_the_stored_index(fast_start, tmp_path, opened):
    path = spoil(fast_start, tmp_path / "lost.mp4", [50, 51, 52])
    first = opened(path)
    second = opened(path)
    assert second.info == first.info
    assert second.info.damaged
    assert_reads_equal_iteration(second)


def test_that_a_picture_missing_in_motion_jpeg_is_damaged(clip, tmp_path, opened):
    path = spoil(clip("mjpeg avi"), tmp_path / "lost.avi", [30, 40])
    source = opened(path)
    assert source.info.damaged == (30, 40)
    assert number_in(source.read(41).image) == 41


def test_that_frames_that_change_size_are_scaled_to_the_first(tmp_path, opened):
    path = tmp_path / "sizes.ts"
    parts = [
        Kind(".ts", size=size, options=GOP).write(tmp_path / f"{size[0]}.ts", 30)
        for size in ((160, 120), (320, 240))
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    source = opened(path)
    shapes = {f.image.shape for f in source.frames(0, source.info.frame_count)}
    assert shapes == {(120, 160, 3)}
    assert_reads_equal_iteration(source)


def test_that_nothing_is_written_to_the_terminal(fast_start, tmp_path, opened, capfd):
    opened(spoil(fast_start, tmp_path / "noisy.mp4", [50, 60], noise=True)).read(55)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"\0\1\2" * 999)
    complaint(bad)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "kind", ["cfr mp4", "cfr mkv", "cfr ts", "h264 avi", "mpeg1 ps", "vp9 webm"]
)
def test_that_no_damage_leads_to_a_foreign_exception(kind, clip, tmp_path, opened):
    """Flip bytes anywhere: the file opens or the complaint is ours."""
    clean = clip(kind).read_bytes()
    random = np.random.default_rng(7)
    for trial in range(12):
        data = np.frombuffer(clean, np.uint8).copy()
        hits = random.integers(0, len(data), 40 if trial else 4000)
        data[hits] = random.integers(0, 255, len(hits), np.uint8)
        path = tmp_path / f"flip{trial}{KINDS[kind].suffix}"
        path.write_bytes(data.tobytes())
        try:
            source = opened(path, cache_bytes=1 << 20)
            source.wait_ready(20)
        except VideoError:
            continue
        pictures = {f.index: f.image for f in source.frames(0, source.info.frame_count)}
        for index in random.integers(0, source.info.frame_count, 10).tolist():
            try:
                image = source.read(index).image
            except FrameUnavailable:
                continue
            assert index in pictures
            assert np.array_equal(image, pictures[index])
        source.close()
