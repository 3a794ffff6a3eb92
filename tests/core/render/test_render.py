from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from fakes.array_video import moving_patch

from core.document.document import Document
from core.document.track import Keyframe
from core.errors import StorageError
from core.geometry import Box, Placement
from core.render.boxes import DrawnBox, boxes_on, draw_boxes, track_color
from core.render.maps import COLORMAPS, MapLook, color_table, draw_map, normalized
from core.render.overlay import compose, render_video
from core.render.video_file import VideoWriter
from core.session import video_ref
from core.states import Flag, Source, TargetState
from core.trackers.base import ResponseMap

GREY = np.full((80, 100, 3), 128, np.uint8)


def _changed(picture):
    return np.argwhere((picture != GREY).any(axis=2))


def _map(values, placement, value_range=(0.0, 1.0)):
    return ResponseMap(np.array(values, np.float32), placement, value_range=value_range)


def test_that_a_box_is_drawn_on_its_edges_and_the_input_stays_as_it_was():
    before = GREY.copy()
    drawn = draw_boxes(GREY, [DrawnBox(Box(30, 40, 20, 16), "#ff0000")])
    assert np.array_equal(GREY, before)
    rows, cols = _changed(drawn).T
    # Edges at 30, 50 and 40, 56 lie between pixels; line, rim and smoothing reach 4 px.
    assert (cols.min() >= 26) & (cols.max() < 54) & (rows.min() >= 36) & (rows.max() < 60)
    assert (drawn[44:52, 34:46] == 128).all()
    red = drawn[..., 0].astype(float) - drawn[..., 1]
    for line, edge in ((red[48, 20:40], 30), (red[48, 40:60], 50)):
        first = 20 if edge == 30 else 40
        centre = (line * (np.arange(20) + first + 0.5)).sum() / line.sum()
        assert centre == pytest.approx(edge, abs=0.1)
    for line, edge in ((red[30:50, 40], 40), (red[46:66, 40], 56)):
        first = 30 if edge == 40 else 46
        centre = (line * (np.arange(20) + first + 0.5)).sum() / line.sum()
        assert centre == pytest.approx(edge, abs=0.1)


def test_that_fractions_of_a_pixel_show():
    a = draw_boxes(GREY, [DrawnBox(Box(30, 40, 20, 16))])
    b = draw_boxes(GREY, [DrawnBox(Box(30.5, 40, 20, 16))])
    assert not np.array_equal(a, b)


def test_that_provenance_and_state_can_be_told_apart_without_colour():
    looks = [
        DrawnBox(Box(20, 30, 50, 40), source=Source.MANUAL),
        DrawnBox(Box(20, 30, 50, 40), source=Source.TRACKED),
        DrawnBox(Box(20, 30, 50, 40), source=Source.INTERPOLATED),
        DrawnBox(Box(20, 30, 50, 40), source=Source.IMPORTED),
        DrawnBox(Box(20, 30, 50, 40), state=TargetState.UNCERTAIN),
        DrawnBox(Box(20, 30, 50, 40), state=TargetState.LOST),
    ]
    pictures = [draw_boxes(GREY, [look]).tobytes() for look in looks]
    assert len(set(pictures)) == len(looks)


@pytest.mark.parametrize("box", [Box(0, 0, 10, 10), Box(95, 75, 30, 30), Box(-40, -40, 60, 60)])
def test_that_names_stay_in_the_picture_wherever_the_box_is(box):
    plain = draw_boxes(GREY, [DrawnBox(box)])
    named = draw_boxes(GREY, [DrawnBox(box, title="Größe 1 — 車")])
    ink = np.argwhere((plain != named).any(axis=2))
    height, width = ink.max(axis=0) - ink.min(axis=0) + 1
    assert height >= 10
    assert width >= 45


def test_that_a_box_far_outside_draws_nothing_and_does_not_fail():
    assert len(_changed(draw_boxes(GREY, [DrawnBox(Box(1e7, 1e7, 5, 5))]))) == 0


def test_that_hidden_and_absent_boxes_are_not_drawn_and_colours_follow_the_track():
    document = Document(video_ref(moving_patch(2).video()))
    for visible, flags in ((True, Flag.NONE), (False, Flag.NONE), (True, Flag.ABSENT)):
        document, track = document.with_new_track("car", visible=visible)
        document = document.with_track(
            track.with_keyframes([Keyframe(3, Box(0, 0, 5, 5), flags=flags)])
        )
    (drawn,) = boxes_on(document, 3)
    assert drawn.title == "car 1"
    assert drawn.color == track_color(1)
    assert boxes_on(document, 4) == []


def test_that_a_map_covers_exactly_its_extent():
    placement = Placement.covering(Box(20, 30, 40, 24), (6, 10))
    drawn = draw_map(GREY, _map(np.ones((6, 10)), placement), MapLook(fade=0))
    rows, cols = _changed(drawn).T
    assert (cols.min(), cols.max() + 1, rows.min(), rows.max() + 1) == (20, 60, 30, 54)
    assert len(rows) == 40 * 24


@pytest.mark.parametrize("smooth", [True, False])
def test_that_the_peak_of_a_map_lies_on_its_cell_in_the_frame(smooth):
    values = np.zeros((7, 9))
    values[2, 6] = 1
    response = _map(values, Placement((5, 0, 31, 0, 5, 12)))
    drawn = draw_map(GREY, response, MapLook("grey", 1.0, 1.0, smooth))
    weight = drawn[..., 0].astype(float) - 128
    rows, cols = np.mgrid[0:80, 0:100]
    x = ((cols + 0.5) * weight).sum() / weight.sum()
    y = ((rows + 0.5) * weight).sum() / weight.sum()
    assert (x, y) == pytest.approx(response.peak(), abs=0.05)
    assert response.peak() == (31 + 5 * 6.5, 12 + 5 * 2.5)


def test_that_a_turned_map_lies_where_its_placement_says():
    values = np.zeros((4, 8))
    values[0, 7] = 1
    response = _map(values, Placement((0, -6, 60, 6, 0, 10)))  # columns run down the frame
    drawn = draw_map(GREY, response, MapLook("grey", 1.0, 1.0, smooth=False))
    rows, cols = _changed(drawn).T
    assert (cols.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(response.peak())


def test_that_values_are_spread_over_the_stated_range_or_their_own():
    placement = Placement.covering(Box(0, 0, 4, 4), (1, 2))
    assert normalized(_map([[0.0, 2.0]], placement, (-2, 2))).tolist() == [[0.5, 1.0]]
    assert normalized(_map([[3.0, 5.0]], placement, None)).tolist() == [[0.0, 1.0]]
    assert np.isfinite(normalized(_map([[3.0, 3.0]], placement, None))).all()


@pytest.mark.parametrize("name", COLORMAPS)
def test_that_colour_tables_are_rgb_with_256_entries(name):
    table = color_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    if name in ("viridis", "cividis"):
        assert table[0, 2] > table[0, 0]  # begins blue, ends yellow
        assert table[255, 0] > table[255, 2]


def _decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(stream)]
        return frames, stream.average_rate, (stream.width, stream.height)


@pytest.mark.parametrize("size", [(80, 100), (81, 101), (721, 1281)])
def test_that_videos_keep_colours_rate_and_number_of_frames_whatever_the_size(tmp_path, size):
    path = tmp_path / "new" / "out.mp4"
    color = (200, 60, 90)
    with VideoWriter(path, 30000 / 1001) as writer:
        for _ in range(7):
            writer.write(np.full((*size, 3), color, np.uint8))
    frames, rate, (width, height) = _decode(path)
    assert len(frames) == 7
    assert rate == Fraction(30000, 1001)
    with av.open(str(path)) as container:  # the colour matrix is named, not left to guessing
        named = container.streams.video[0].codec_context.colorspace
        assert named in ((1,) if size[0] >= 720 else (5, 6))  # BT.709; the two names of BT.601
    assert (height, width) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    from core.video.open import open_source

    source = open_source(path)
    got = source.read(3).image
    source.close()
    assert np.abs(got.astype(int) - color).max() <= 4
    assert np.abs(got[-1].astype(int) - color).max() <= 4
    assert [p.name for p in path.parent.iterdir()] == ["out.mp4"]


def test_that_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")

    def fail() -> None:
        with VideoWriter(path, 25) as writer:
            writer.write(GREY)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_that_another_size_in_between_is_refused(tmp_path):
    def mix() -> None:
        with VideoWriter(tmp_path / "o.mp4", 25) as writer:
            writer.write(GREY)
            writer.write(GREY[:40])

    with pytest.raises(StorageError, match="does not fit"):
        mix()
    assert list(tmp_path.iterdir()) == []


def test_that_a_place_that_cannot_be_written_is_a_plain_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError) as caught, VideoWriter(tmp_path / "file" / "o.mp4", 25):
        pass
    assert caught.value.hint


def test_that_a_document_is_rendered_over_its_clip(tmp_path):
    clip = moving_patch(6)
    video = clip.video()
    document, track = Document(video_ref(video)).with_new_track("car")
    keys = [Keyframe(k, clip.boxes[k]) for k in range(6)]
    document = document.with_track(track.with_keyframes(keys))
    told: list[int] = []
    count = render_video(video, document, tmp_path / "o.mp4", start=2, progress=told.append)
    assert count == 4
    assert told == [1, 2, 3, 4]
    frames, _, _ = _decode(tmp_path / "o.mp4")
    expected = compose(clip.images[2], boxes_on(document, 2))
    assert np.abs(frames[0].astype(int) - expected).mean() < 25
    assert render_video(video, document, tmp_path / "p.mp4", progress=lambda n: n < 3) == 0
    assert not (tmp_path / "p.mp4").exists()
