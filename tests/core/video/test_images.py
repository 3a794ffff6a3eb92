"""Image series as clips."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import FrameUnavailable, VideoError
from core.video.images import ImageSequence, natural_key, read_image
from core.video.open import open_source
from core.video.source import Access


def picture(number: int, width: int = 40, height: int = 30) -> np.ndarray:
    """RGB picture whose grey level is its number, with one red corner."""
    image = np.full((height, width, 3), number, np.uint8)
    image[:5, :5] = (255, 0, 0)
    return image


def write(file: Path, image: np.ndarray) -> Path:
    bgr = image[..., ::-1] if image.ndim == 3 and image.shape[2] == 3 else image
    ok, data = cv2.imencode(file.suffix, bgr)
    assert ok
    file.write_bytes(data.tobytes())
    return file


@pytest.fixture
def series(tmp_path) -> Path:
    folder = tmp_path / "serie ü 映像"
    folder.mkdir()
    for number in (1, 2, 9, 10, 11, 100):
        write(folder / f"shot{number}.png", picture(number))
    (folder / "notes.txt").write_text("not an image")
    write(folder / ".hidden5.png", picture(5))
    return folder


def grey_of(source) -> list[int]:
    return [int(f.image[-1, -1, 0]) for f in source.frames(0, source.info.frame_count)]


def test_that_a_folder_is_read_in_natural_order(series):
    source = open_source(series)
    assert isinstance(source, ImageSequence)
    assert source.access is Access.EXACT
    assert grey_of(source) == [1, 2, 9, 10, 11, 100]
    assert source.read(3).image.tolist() == picture(10).tolist()
    info = source.info
    assert (info.width, info.height, info.frame_count, info.fps) == (40, 30, 6, 0.0)
    source.close()


def test_that_gaps_in_the_numbers_are_noted(series):
    notes = " ".join(open_source(series).info.notes)
    assert "94 numbers are missing" in notes
    assert "2 to 9" in notes


def test_that_one_image_opens_its_series_only(series):
    write(series / "other1.png", picture(77))
    write(series / "shot3.jpg", picture(78))
    assert grey_of(open_source(series / "shot9.png")) == [1, 2, 9, 10, 11, 100]
    assert grey_of(open_source(series / "other1.png")) == [77]


def test_that_an_image_without_a_number_is_a_clip_of_one_frame(series):
    write(series / "cover.png", picture(50))
    assert grey_of(open_source(series / "cover.png")) == [50]


def test_that_a_pattern_chooses_files(series):
    assert grey_of(open_source(series / "shot1*.png")) == [1, 10, 11, 100]
    with pytest.raises(VideoError, match="No images match"):
        open_source(series / "none*.png")


def test_that_benchmark_folders_with_an_img_folder_open(series):
    outer = series.parent / "Sequence"
    outer.mkdir()
    series.rename(outer / "img")
    assert open_source(outer).info.frame_count == 6


def test_that_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(VideoError, match="has no images") as caught:
        open_source(tmp_path)
    assert caught.value.hint


def test_that_an_unreadable_image_costs_only_its_frame(series):
    (series / "shot9.png").write_bytes(b"broken")
    (series / "shot11.png").write_bytes(b"")
    source = open_source(series)
    assert grey_of(source) == [1, 2, 10, 100]
    assert [f.index for f in source.frames(5, -1, -1)] == [5, 3, 1, 0]
    with pytest.raises(FrameUnavailable, match=r"shot9\.png"):
        source.read(2)
    with pytest.raises(FrameUnavailable, match="empty"):
        source.read(4)


def test_that_the_first_image_may_be_unreadable(series):
    (series / "shot1.png").write_bytes(b"broken")
    assert grey_of(open_source(series)) == [2, 9, 10, 11, 100]


def test_that_a_series_of_broken_images_is_refused(tmp_path):
    (tmp_path / "a1.png").write_bytes(b"x")
    with pytest.raises(VideoError, match="can be read"):
        open_source(tmp_path)


def test_that_an_image_of_another_size_is_named(series):
    write(series / "shot9.png", picture(9, width=44))
    source = open_source(series)
    with pytest.raises(FrameUnavailable, match=r"shot9\.png.*44 × 30"):
        source.read(2)
    assert grey_of(source) == [1, 2, 10, 11, 100]


@pytest.mark.parametrize("index", [-1, 6])
def test_that_frames_outside_are_refused(index, series):
    with pytest.raises(FrameUnavailable, match="no frame"):
        open_source(series).read(index)


def test_that_sixteen_bits_are_scaled(tmp_path):
    deep = np.array([[0, 257, 32896, 65535]], np.uint16)
    image = read_image(write(tmp_path / "deep.png", deep))
    assert image[0, :, 1].tolist() == [0, 1, 128, 255]
    assert image.dtype == np.uint8


def test_that_grey_becomes_three_equal_channels(tmp_path):
    image = read_image(write(tmp_path / "grey.png", np.array([[0, 7, 200]], np.uint8)))
    assert image.shape == (1, 3, 3)
    assert (image == np.array([0, 7, 200])[None, :, None]).all()


def test_that_alpha_is_dropped_and_colours_kept(tmp_path):
    bgra = np.zeros((2, 2, 4), np.uint8)
    bgra[..., 2], bgra[..., 3] = 200, 10
    image = read_image(write(tmp_path / "clear.png", bgra))
    assert (image == (200, 0, 0)).all()


def test_that_palettes_are_expanded(tmp_path):
    image = read_image(_palette_bmp(tmp_path / "palette.bmp"))
    assert image[0, 0].tolist() == [10, 20, 30]
    assert image[0, 1].tolist() == [200, 100, 50]


def test_that_float_images_cover_zero_to_one(tmp_path):
    values = np.array([[0.0, 0.5, 1.0, 7.0, np.nan]], np.float32)
    image = read_image(write(tmp_path / "float.tiff", values))
    assert image[0, :, 0].tolist() == [0, 128, 255, 255, 0]


def test_that_camera_orientation_is_applied(tmp_path):
    ok, data = cv2.imencode(".jpg", picture(90)[..., ::-1])
    assert ok
    path = tmp_path / "turned.jpg"
    path.write_bytes(_with_orientation(data.tobytes(), 6))  # turn clockwise to show upright
    image = read_image(path)
    assert image.shape == (40, 30, 3)
    assert image[2, -3, 0] > 200  # the red corner moved to the upper right
    assert image[2, -3, 1] < 80


def test_that_pictures_are_read_only_and_the_cache_is_bounded(series):
    size = 40 * 30 * 3
    source = open_source(series, cache_bytes=3 * size)
    assert not source.read(0).image.flags.writeable
    list(source.frames(0, 6))
    assert source.cached_bytes <= 3 * size
    assert source.cached_ranges() == [(3, 6)]


def test_that_closing_ends_threads_and_refuses_reads(series):
    source = open_source(series)
    frames = source.frames(0, 6)
    next(frames)
    source.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("boxtrail-")]
    with pytest.raises(VideoError, match="closed"):
        source.read(0)
    with pytest.raises(VideoError, match="closed"):
        list(frames)


def test_that_the_fingerprint_follows_content_not_place(series):
    before = open_source(series).info.fingerprint
    moved = series.rename(series.parent / "elsewhere")
    assert open_source(moved).info.fingerprint == before
    write(moved / "shot1.png", picture(3, width=41))
    assert open_source(moved).info.fingerprint != before


def test_that_names_sort_by_their_numbers():
    names = ["f10", "f9", "F2", "f1b", "f1a", "g", "f", "10", "9"]
    assert sorted(names, key=natural_key) == ["9", "10", "f", "f1a", "f1b", "F2", "f9", "f10", "g"]


def _palette_bmp(path: Path) -> Path:
    colours = bytes([30, 20, 10, 0, 50, 100, 200, 0]) + bytes(254 * 4)
    rows = bytes([0, 1, 0, 0])
    header = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 8, 0, len(rows), 2835, 2835, 256, 0)
    start = 14 + len(header) + len(colours)
    path.write_bytes(
        b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + colours + rows
    )
    return path


def _with_orientation(jpeg: bytes, value: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, value, 0)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]
