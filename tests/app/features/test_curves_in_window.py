"""The curves dock in the window: errors against the truth, remembered per tracker."""

from __future__ import annotations

import numpy as np
from fakes.array_video import moving_patch

from app.features.curves import ERROR, OVERLAP, CurvesFeature
from app.features.truth import TruthFeature
from core.evaluate.truth import Truth


def feature(driver, kind):
    return next(f for f in driver.window.features if isinstance(f, kind))


def choose(driver, key: str) -> None:
    driver.choose_tracker(key)
    driver.window.panels.tracker.tracker_changed.emit(key)


def test_that_overlap_and_error_stand_in_the_dock_at_the_playhead(driver, tmp_path):
    import cv2

    made = moving_patch(6, seed=1)
    for k, image in enumerate(made.images):
        cv2.imwrite(str(tmp_path / f"{k:03d}.png"), image)
    driver.open(tmp_path)
    truth = feature(driver, TruthFeature).truth
    driver.until(lambda: not driver.window.controller.background.is_busy)  # it looked for truth
    boxes = np.array([box.as_tuple() for box in made.boxes])
    truth._set((Truth("t", boxes, tmp_path),))
    x, y, w, h = boxes[0]
    driver.window.controller.edits.drawn(type(made.boxes[0])(x + 3, y + 4, w, h))
    plot = driver.window.panels.plot
    driver.until(lambda: plot.values_at(0).get(OVERLAP) is not None)
    plot.set_curves([OVERLAP, ERROR])
    values = plot.values_at(0)
    assert values[ERROR] == 5
    assert 0 < values[OVERLAP] < 1
    truth.forget()
    driver.until(lambda: plot.values_at(0)[OVERLAP] is None)


def test_that_curves_panes_and_thresholds_are_remembered_for_each_tracker(driver, make_driver):
    plot = driver.window.panels.plot
    assert plot.curves() == [OVERLAP]
    choose(driver, "template-match")
    plot.set_curves(["psr"])
    plot.set_panes(own=True, thresholds={"psr": 7.0})
    plot.layout_changed.emit()
    choose(driver, "ccr")
    assert plot.curves() == [OVERLAP]
    assert not plot.own_panes()
    again = make_driver()
    choose(again, "template-match")
    other = again.window.panels.plot
    assert (other.curves(), other.own_panes()) == (["psr"], True)
    assert other.thresholds() == {"psr": 7.0}
    assert feature(again, CurvesFeature) is not None
