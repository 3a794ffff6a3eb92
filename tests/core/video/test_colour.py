"""Decoded pictures become the RGB that was meant: matrix, range, depth, grey, turn."""

from __future__ import annotations

import av
import numpy as np
import pytest
from video_matrix import BAR, KINDS, paint

from core.video.convert import Converter, signature

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 120, 60), (255, 255, 255), (0, 0, 0)]
WEIGHTS = {"709": (0.2126, 0.0722), "601": (0.299, 0.114), "2020": (0.2627, 0.0593)}
TAGS = {"709": 1, "601": 6, "2020": 9, "none": 2}


def coded(rgb, matrix: str, *, full: bool, bits: int) -> list[int]:
    """Y, Cb, Cr of a colour by the definition of the standards."""
    kr, kb = WEIGHTS[matrix]
    r, g, b = (v / 255 for v in rgb)
    y = kr * r + (1 - kr - kb) * g + kb * b
    cb, cr = (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))
    step, top = 1 << (bits - 8), (1 << bits) - 1
    if full:
        values = (y * top, cb * top + 128 * step, cr * top + 128 * step)
    else:
        values = (step * (16 + 219 * y), step * (128 + 224 * cb), step * (128 + 224 * cr))
    return [int(np.clip(v + 0.5, 0, top)) for v in values]


def flat_frame(values, pixels: str, tag: int, *, full: bool, size=(64, 48)) -> av.VideoFrame:
    frame = av.VideoFrame(*size, pixels)
    kind = np.uint16 if "10" in pixels else np.uint8
    for plane, value in zip(frame.planes, values, strict=True):
        count = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(np.full(count, value, kind).tobytes())
    frame.colorspace, frame.color_range = tag, 2 if full else 1
    return frame


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", WEIGHTS)
def test_that_tagged_colours_come_out_right(pixels, full, matrix):
    bits = 10 if "10" in pixels else 8
    for rgb in COLOURS:
        values = coded(rgb, matrix, full=full, bits=bits)
        frame = flat_frame(values, pixels, TAGS[matrix], full=full)
        image = Converter(64, 48).rgb(frame)
        assert np.abs(image.astype(int) - np.array(rgb)).max() <= 3


@pytest.mark.parametrize(("size", "matrix"), [((640, 480), "601"), ((1280, 720), "709")])
def test_that_untagged_video_follows_its_size(size, matrix):
    rgb = (200, 40, 60)
    frame = flat_frame(
        coded(rgb, matrix, full=False, bits=8), "yuv420p", TAGS["none"], full=False, size=size
    )
    image = Converter(*size).rgb(frame)
    assert np.abs(image.astype(int) - np.array(rgb)).max() <= 3


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [("10 bit mp4", 6), ("odd size mp4", 6), ("prores mov", 4), ("cfr mp4", 8)],
)
def test_that_pictures_resemble_what_was_encoded(kind, tolerance, clip, opened):
    source = opened(clip(kind))
    for index in (0, 44, 89):
        wanted = paint(index, source.info.width, source.info.height)[:-BAR]
        error = np.abs(source.read(index).image[:-BAR].astype(int) - wanted)
        assert error.mean() <= tolerance


@pytest.mark.parametrize(("kind", "limited"), [("grey mp4", True), ("grey ffv1 mkv", False)])
def test_that_grey_video_is_grey_and_keeps_its_values(kind, limited, clip, opened):
    source = opened(clip(kind))
    image = source.read(20).image.astype(int)
    assert (np.ptp(image, axis=2) == 0).all()
    painted = av.VideoFrame.from_ndarray(paint(20, *KINDS[kind].size), "rgb24")
    wanted = painted.reformat(format="gray").to_ndarray().astype(int)
    if limited:  # H.264 without a range flag means 16 to 235
        wanted = np.clip((wanted - 16) * 255 / 219, 0, 255)
    assert np.abs(image[..., 0] - wanted).mean() <= 3


@pytest.mark.parametrize("size", [(64, 48), (61, 47), (3, 1), (1, 1)])
def test_that_rgb_pictures_pass_unchanged_at_any_size(size):
    wanted = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(wanted, "rgb24")
    image = Converter(*size).rgb(frame)
    assert np.array_equal(image, wanted)
    assert image.flags.c_contiguous
    assert not image.flags.writeable


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_that_all_eight_orientations_are_applied(turns, mirrored):
    stored = np.random.default_rng(0).integers(0, 255, (6, 10, 3), np.uint8)
    image = Converter(10, 6, (turns, mirrored)).rgb(av.VideoFrame.from_ndarray(stored, "rgb24"))
    wanted = np.rot90(stored, turns)
    assert np.array_equal(image, wanted[:, ::-1] if mirrored else wanted)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_that_the_display_matrix_is_obeyed(turn, tmp_path, opened):
    upright = opened(KINDS["cfr mp4"].write(tmp_path / "plain.mp4", 4))
    kind = type(KINDS["cfr mp4"])(".mp4", turn=turn)
    turned = opened(kind.write(tmp_path / "turned.mp4", 4))
    wanted = np.rot90(upright.read(2).image, -turn)  # the header asks for clockwise turns
    assert np.array_equal(turned.read(2).image, wanted)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p10le", "gray", "nv12", "rgb24", "gbrp"])
def test_that_a_signature_sees_a_single_sample_but_no_padding(pixels):
    picture = np.random.default_rng(0).integers(0, 255, (47, 61, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)
    before = signature(frame)
    plane = frame.planes[0]
    data = np.frombuffer(bytes(plane), np.uint8).copy()
    if plane.line_size > 61 * 3 or (pixels not in ("rgb24",) and plane.line_size > 61 * 2):
        data[plane.line_size - 1] ^= 255  # last byte of the first row: padding
        plane.update(data.tobytes())
        assert signature(frame) == before
    data[10] ^= 255
    plane.update(data.tobytes())
    assert signature(frame) != before
