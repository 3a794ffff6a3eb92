"""Trying other parameters, and A and B beside each other, in the real window."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from fakes.app_driver import ALT, CTRL, Driver
from fakes.array_video import Clip, moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.features.figures import FiguresFeature
from app.features.recording import RecordingFeature
from app.features.what_if import WhatIfFeature
from app.views.ab_canvas import COLORS, FLICKER, SIDE_BY_SIDE, SWIPE

Key = Qt.Key
COUNT = 40


def noisy() -> Clip:
    clip, rng = moving_patch(COUNT, velocity=(1, 1)), np.random.default_rng(5)
    images = [
        np.clip(image + rng.normal(0, 14, image.shape), 0, 255).astype(np.uint8)
        for image in clip.images
    ]
    return Clip(images, clip.boxes)


CLIP = noisy()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", CLIP.images)


@pytest.fixture
def tracked(driver: Driver, clip: Path) -> Driver:
    driver.open(clip)
    driver.choose_tracker("template-match", learning_rate=0.1)
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_E)
    driver.until_idle()
    driver.goto(30)
    feature(driver)._open_panel()
    driver.settle()
    return driver


def feature(driver: Driver, kind: type = WhatIfFeature):
    return next(f for f in driver.window.features if isinstance(f, kind))


def try_out(driver: Driver, count: int = 12, **values) -> str:
    panel, what_if = feature(driver).panel, feature(driver).what_if
    panel.set_frames(count)
    for name, value in values.items():
        panel.model().set_value(name, value)
    panel._try.click()
    assert what_if.is_running
    driver.until(lambda: not what_if.is_running)
    driver.settle()
    return panel.outcome()


def test_that_unchanged_it_is_the_run_and_nothing_happens_to_the_document(tracked: Driver) -> None:
    before = tracked.desk.document
    visible = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert visible == [tracked.window]
    said = try_out(tracked)
    assert "Boxes and scores are the same, bit for bit." in said
    outcome = feature(tracked).what_if.outcome
    assert outcome.trial.state is not None
    assert len(outcome.comparison.frames) >= 12
    assert tracked.desk.document is before
    assert feature(tracked).is_comparing
    feature(tracked).panel.discard_wanted.emit()
    assert feature(tracked).panel.outcome() == ""
    assert tracked.desk.document is before


def test_that_a_change_is_shown_and_applied_in_one_step(tracked: Driver) -> None:
    before, steps = tracked.desk.document, tracked.desk.stack.count()
    said = try_out(tracked, learning_rate=0.9)
    assert "learning_rate 0.9" in said
    assert "score of B" in said
    feature(tracked)._apply(propose=False)
    assert not feature(tracked).is_comparing
    assert tracked.desk.stack.count() == steps + 1
    run = tracked.desk.document.runs[-1]
    assert run.params["learning_rate"] == 0.9
    changed = tracked.track.columns
    assert int(changed.runs[changed.frames == 30][0]) == run.id
    assert int(changed.runs[changed.frames == 5][0]) != run.id
    tracked.window.actions_by_id["undo"].trigger()
    assert tracked.desk.document.tracks == before.tracks
    tracked.goto(30)
    try_out(tracked, radius=5)
    feature(tracked)._apply(propose=True)
    assert tracked.desk.document.tracks == before.tracks
    (proposal,) = tracked.desk.document.proposals
    assert proposal.columns.frames.tolist() == list(range(1, 31))


def test_that_a_recording_can_be_tried_without_the_run(tracked: Driver) -> None:
    tracked.goto(0)
    tracked.key(Key.Key_R, CTRL)
    tracked.key(Key.Key_E)
    tracked.until_idle()
    done: list[Path] = []
    feature(tracked, RecordingFeature).recordings.finished.connect(done.append)
    tracked.key(Key.Key_R, CTRL)
    tracked.until(lambda: done)
    tracked.desk.stack.setClean()
    tracked.open(done[0])
    tracked.goto(20)
    feature(tracked)._show_base()
    assert feature(tracked).panel.model().value("learning_rate") == 0.1
    assert "bit for bit" in try_out(tracked)
    view = feature(tracked).view
    assert feature(tracked).compare.sides == ["open", "trial"]
    first, second = (_pixels(v) for v in view.canvas.views)
    assert first.shape == second.shape
    # Other colours of boxes, the same picture and map: most pixels are the same.
    assert (first == second).all(axis=2).mean() > 0.6


def test_that_both_pictures_show_the_frame_at_the_playhead_through_one_camera(
    tracked: Driver,
) -> None:
    try_out(tracked, learning_rate=0.9)
    view = feature(tracked).view
    a, b = view.canvas.views
    tracked.window.controller.seek(25)
    tracked.settle()
    assert a._frame_item.frame.index == b._frame_item.frame.index == 25
    assert a.has_picture
    assert a.value_at(CLIP.boxes[25].cx, CLIP.boxes[25].cy) is not None
    assert [v.text for v in a._proposal_item.views] == ["B"]
    assert [v.text for v in b._proposal_item.views] == ["A"]
    a.zoom_by(2.0)
    assert b.zoom == pytest.approx(a.zoom)
    assert b._camera.center == pytest.approx(a._camera.center)
    b.zoom_by(0.8)
    assert a.zoom == pytest.approx(b.zoom)
    (frames, first), (_, second), (common, overlap) = view.curves.shown()
    assert frames[0] == 0
    at = int(np.flatnonzero(frames == 25)[0])
    assert np.isfinite([first[at], second[at]]).all()
    assert overlap.min() > 0.5
    assert 25 in common
    seen: list[int] = []
    view.curves.seek.connect(seen.append)
    view.curves.seek.emit(7)
    tracked.settle()
    assert tracked.desk.state.frame == 7


def test_that_the_difference_of_maps_is_zero_where_nothing_was_changed(tracked: Driver) -> None:
    compare = feature(tracked).compare
    try_out(tracked)
    (layer,) = compare.layers(1, 28, difference=True)
    assert not layer.response.values.any()
    try_out(tracked, learning_rate=0.9)
    (layer,) = compare.layers(1, 28, difference=True)
    assert np.abs(layer.response.values).max() > 0.01
    low, high = layer.response.value_range
    assert low == -high
    assert compare.layers(1, 3, difference=True) == []  # the trial has no map there


def test_that_swipe_and_flicker_show_both_in_one_place(tracked: Driver) -> None:
    try_out(tracked, learning_rate=0.9)
    canvas = feature(tracked).view.canvas
    canvas.set_mode(SWIPE)
    tracked.settle()
    a, b = canvas.views
    assert a.geometry() == b.geometry() == canvas.rect()
    canvas._swipe_to(canvas.width() // 4)
    mask = b.mask().boundingRect()
    assert mask.left() == canvas.width() // 4
    assert canvas.childAt(QPoint(canvas.width() // 8, canvas.height() // 2)).parent() is a
    assert canvas.childAt(QPoint(canvas.width() // 2, canvas.height() // 2)).parent() is b
    canvas.set_mode(FLICKER)
    assert not b.isVisible()
    canvas._turn()
    assert b.isVisible()
    canvas.set_mode(SIDE_BY_SIDE)
    assert b.isVisible()
    assert b.geometry().left() > a.geometry().right()


def test_that_a_recording_of_the_clip_is_compared_with_the_live_run(tracked: Driver) -> None:
    tracked.goto(0)
    tracked.key(Key.Key_R, CTRL)
    tracked.key(Key.Key_E)
    tracked.until_idle()
    done: list[Path] = []
    feature(tracked, RecordingFeature).recordings.finished.connect(done.append)
    tracked.key(Key.Key_R, CTRL)
    tracked.until(lambda: done)
    tracked.window.controller.playback.go(0)
    tracked.settle()
    tracked.choose_tracker("template-match", learning_rate=0.8)
    tracked.key(Key.Key_E)
    tracked.until_idle()
    compare = feature(tracked).compare
    compare.add_recording(done[0])
    tracked.until(lambda: len(compare.entries()) == 2)
    assert compare.sides == ["run", f"file {done[0]}"]
    assert len(compare.comparison.frames) == COUNT
    assert not compare.comparison.identical
    tracked.key(Key.Key_B, CTRL | ALT)
    assert feature(tracked).is_comparing
    compare.choose(0, f"file {done[0]}")
    assert compare.sides == [f"file {done[0]}", "run"]
    tracked.window.actions_by_id["compare"].trigger()
    assert not feature(tracked).is_comparing


def test_that_the_video_of_a_comparison_shows_both_sides(tracked: Driver, tmp_path) -> None:
    comparing, figures = feature(tracked), feature(tracked, FiguresFeature)
    assert comparing.video() is None
    try_out(tracked, learning_rate=0.8)
    assert comparing.is_comparing
    found = comparing.video()
    assert found is not None
    extras, start, stop = found
    traces = [comparing.compare.trace(0), comparing.compare.trace(1)]
    frame = max(traces[1].rows)
    for side, view in enumerate((extras, extras.beside)):
        other, own = view.boxes(frame)
        assert own.box == traces[side].rows[frame].box
        assert other.box == traces[1 - side].rows[frame].box
        assert own.color == COLORS[side]
        assert view.name[0] == "AB"[side]
        assert [layer.response.values.tolist() for layer in view.layers(frame)] == [
            layer.response.values.tolist() for layer in comparing.compare.layers(side, frame)
        ]
    assert [one.name[0] for one in extras.panes.curves] == ["A", "B"]
    comparing._set_difference(True)
    (signed,) = comparing.video()[0].beside.layers(frame)
    assert signed.look.colormap == "balance"
    target = tmp_path / "ab.mp4"
    figures.write_video(target, ["overlay"])
    tracked.until(target.exists)
    with av.open(str(target)) as container:
        pictures = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    info = tracked.desk.session.video.info
    assert len(pictures) == stop - start
    assert pictures[0].shape[1] == 2 * info.width + 4
    assert pictures[0].shape[0] > info.height


def _pixels(view) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    return pixels.reshape(image.height(), -1, 4)[:, : image.width()].copy()
