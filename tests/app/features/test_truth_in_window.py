"""Ground truth in the window: found, drawn, compared live, and from a curve back to a frame."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch

from app.features.truth import TruthFeature
from core.cli import main
from core.geometry import Box

FRAMES = 30


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """An OTB folder whose target is where the boxes say, but jumps away on the last frames."""
    made = moving_patch(FRAMES, seed=4)
    folder = tmp_path / "bench" / "Walk"
    (folder / "img").mkdir(parents=True)
    rows = []
    for k, (image, box) in enumerate(zip(made.images, made.boxes, strict=True)):
        cv2.imwrite(str(folder / "img" / f"{k + 1:04d}.png"), image[:, :, ::-1])
        x = box.x + (60 if k >= 24 else 0)
        rows.append(f"{x + 1:g},{box.y + 1:g},{box.w:g},{box.h:g}")
    (folder / "groundtruth_rect.txt").write_text("\n".join(rows))
    return folder


def feature(driver: Driver) -> TruthFeature:
    return next(f for f in driver.window.features if isinstance(f, TruthFeature))


def opened(driver: Driver, clip: Path) -> TruthFeature:
    truth = feature(driver)
    driver.open(clip)
    driver.until(lambda: truth.truth.truths)
    return truth


def tracked(driver: Driver, clip: Path) -> TruthFeature:
    made = opened(driver, clip)
    made.dock.show()
    box = made.truth.truth.box(0)
    assert box is not None
    driver.window.controller.edits.drawn(box)
    driver.choose_tracker("template-match")
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until_idle()
    driver.until(lambda: made.truth.numbers is not None and len(made.comparison.numbers()) == 2)
    return made


def test_that_a_benchmark_clip_brings_its_truth_and_draws_it_on_every_frame(driver, clip):
    made = opened(driver, clip)
    assert made.truth.truth.name == "OTB/Walk"
    for frame in (0, 12):
        driver.goto(frame)
        box = made.truth.truth.box(frame)
        assert made._item.corners[0] == (box.x, box.y)
        assert made._item.isVisible()
    driver.window.actions_by_id["truth_show"].trigger()
    assert not made._item.isVisible()
    assert not driver.desk.document.tracks  # a reference: nothing of it is in the document
    assert not driver.desk.state.dirty


def test_that_each_run_is_kept_and_measured(driver, clip):
    made = tracked(driver, clip)
    box = made.truth.truth.box(0)
    driver.goto(0)
    driver.window.controller.edits.moved(driver.track.id, Box(box.x, box.y, 10, 10), 5)
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until_idle()
    driver.until(lambda: len(made.comparison.numbers()) == 3)
    names = [row.name for row in made.comparison.numbers()]
    assert names == ["object 1", "template-match", "template-match (2)"]
    assert len(made.kept.runs) == 2
    driver.until(lambda: made.panel.table.rowCount() == 3)
    driver.window.controller.project.close()
    assert made.kept.runs == []
    assert made.truth.truths == ()


def test_that_a_clicked_point_lists_its_frames_and_a_click_on_one_goes_there(driver, clip):
    made = tracked(driver, clip)
    made.panel.frames._missed.click()
    made.panel.plot.point_chosen.emit("success", "template-match", 0.0)
    [stretch] = made.panel.frames.stretches
    assert (stretch.first, stretch.last) == (24, 29)
    item = made.panel.frames._list.item(0)
    made.panel.frames._list.itemClicked.emit(item)
    driver.until(lambda: driver.desk.state.frame == 24)


def test_that_a_run_under_way_is_measured(driver, clip):
    made = opened(driver, clip)
    box = made.truth.truth.box(0)
    driver.window.controller.edits.drawn(box)
    driver.choose_tracker("template-match", delay=0.05)
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until_tracked(8)
    driver.until(lambda: made.truth.numbers is not None)
    assert driver.desk.state.is_running
    known = np.isfinite(made.truth.errors.overlaps).sum()
    assert 2 <= known < FRAMES
    driver.window.actions_by_id["stop"].trigger()
    driver.until_idle()


def test_that_a_report_leads_to_the_frame_of_its_sequence(driver, clip, tmp_path, capsys):
    report = tmp_path / "out" / "report.json"
    command = ["evaluate", str(clip.parent), "--trackers", "template-match", "--quiet"]
    assert main([*command, "--json", str(report)]) == 0
    made = feature(driver)
    made.open_report(report.parent)
    driver.until(lambda: made.comparison.shows_report)
    [row] = made.comparison.numbers()
    assert row.name == "template-match"
    assert row.values[0] == json.loads(report.read_text())["trackers"][row.name]["mean"]["auc"]
    made.panel.frames._missed.click()
    made.panel.plot.point_chosen.emit("success", "template-match", 0.0)
    [stretch] = made.panel.frames.stretches
    assert (stretch.key, stretch.first) == ("OTB/Walk", 24)
    made.comparison.go(stretch.key, stretch.first)
    driver.until(lambda: driver.desk.session is not None and driver.desk.state.frame == 24)
    driver.settle()


def test_that_a_wrong_truth_file_is_refused_in_words(driver, clip, tmp_path):
    made = opened(driver, clip)
    path = tmp_path / "groundtruth.txt"
    path.write_text("1,2,3\n" * 4)
    made.truth.load(path)
    driver.until(lambda: driver.notice_texts("error"))
    assert "cannot be understood" in driver.notice_texts("error")[0]
    assert made.truth.truth.name == "OTB/Walk"
