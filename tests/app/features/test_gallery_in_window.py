"""Failures and figures in the window: cards that lead there, reports and files that hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch

from app.features.figures import FiguresFeature
from app.features.gallery import GalleryFeature
from app.features.truth import TruthFeature
from app.views.layer_types import LayerStack
from core.evaluate.truth import Truth

FRAMES, LOST = 20, 12


def feature(driver: Driver, kind):
    return next(f for f in driver.window.features if isinstance(f, kind))


@pytest.fixture
def lost(driver, tmp_path) -> Driver:
    """A clip that was tracked; the truth says that the target was elsewhere from a frame on."""
    made = moving_patch(FRAMES, seed=4)
    folder = tmp_path / "clip"
    folder.mkdir()
    for k, image in enumerate(made.images):
        cv2.imwrite(str(folder / f"{k:03d}.png"), image[:, :, ::-1])
    driver.open(folder)
    driver.until(lambda: not driver.window.controller.background.is_busy)  # it looked for truth
    boxes = np.array([box.as_tuple() for box in made.boxes])
    boxes[LOST:, 0] += 50
    truth = feature(driver, TruthFeature).truth
    truth._set((Truth("Walk", boxes, folder),))
    driver.window.controller.edits.drawn(made.boxes[0])
    driver.choose_tracker("template-match")
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until_idle()
    feature(driver, GalleryFeature).dock.show()
    feature(driver, GalleryFeature).dock.raise_()
    driver.until(lambda: feature(driver, GalleryFeature).gallery.entries)
    return driver


def test_that_a_failure_is_a_card_with_pictures_that_leads_to_its_frame(lost):
    made = feature(lost, GalleryFeature)
    [entry] = [e for e in made.gallery.entries if not e.is_alarm]
    assert (entry.first, entry.last) == (LOST, FRAMES - 1)
    assert "moved" in entry.reason or "px" in entry.reason
    lost.until(lambda: made.view.pictures_of(0)[0] is not None)
    frame, response = made.view.pictures_of(0)
    assert frame.width() == frame.height() > 50
    assert response is not None  # the map of the run that just ended
    made.view._list.itemClicked.emit(made.view._list.item(0))
    lost.until(lambda: lost.desk.state.frame == LOST)


def test_that_reports_of_the_clip_hold_its_failure_and_its_picture(lost, tmp_path):
    made = feature(lost, GalleryFeature)
    lost.until(lambda: made.view.pictures_of(0)[0] is not None)
    for name in ("r.html", "r.pdf"):
        made.save_report(tmp_path / name)
        lost.until(lambda name=name: (tmp_path / name).exists())
    page = (tmp_path / "r.html").read_text()
    assert f"frames {LOST} to {FRAMES - 1}" in page
    assert page.count("data:image/jpeg") == 2  # the frame and the map
    assert "1 failure<" in page
    assert (tmp_path / "r.pdf").read_bytes().count(b"/DCTDecode") == 2


def test_that_a_figure_of_chosen_frames_is_previewed_and_written(lost, tmp_path):
    made = feature(lost, FiguresFeature)
    dialog = made.dialog()
    dialog.frames.setText("2, 10-14:2, x")
    assert dialog.chosen_frames() == [2, 10, 12, 14]
    dialog.form.set_values({"width": 200.0})
    dialog.refresh()
    assert not dialog.preview.pixmap().isNull()
    assert dialog.size_note.text().startswith("200 ×")
    file = tmp_path / "f.svg"

    def written() -> str:
        dialog.save_to(file)
        return file.read_text()

    # The curve of the overlap is worked out beside the window.
    lost.until(lambda: ">overlap</text>" in written())
    text = file.read_text()
    assert "Frame 12 with map" in text
    assert 'width="200mm"' in text
    dialog.frames.setText("999")
    dialog.refresh()
    assert not dialog.save.isEnabled()
    dialog.deleteLater()


def test_that_the_overlay_video_has_every_frame_with_all_layers(lost, tmp_path):
    made = feature(lost, FiguresFeature)
    dialog = made.dialog()
    first, second = Path(tmp_path / "one.mp4"), Path(tmp_path / "two.mp4")

    def written(path: Path, panels: list[str]) -> list[np.ndarray]:
        dialog.video_wanted.emit(path, panels)
        lost.until(lambda: any(f"20 frames written to {path.name}" in t
                               for t in lost.notice_texts()))  # fmt: skip
        with av.open(str(path)) as container:
            return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]

    one = written(first, ["overlay"])
    assert len(one) == FRAMES
    overlay = lost.window.controller.overlay
    [layer] = overlay.stack.layers
    change = replace(layer, derive="change", blend="difference", colormap="balance", contours=4)
    overlay.apply_stack(LayerStack((layer, change), 0))
    two = written(second, ["overlay", "search", "curves"])
    height, width = one[10].shape[:2]
    assert two[10].shape[0] > height
    assert two[10].shape[1] >= width
    inside = np.abs(two[10][:height, :width].astype(int) - one[10]).max(axis=2)
    assert (inside > 20).mean() > 0.002
    dialog.deleteLater()
