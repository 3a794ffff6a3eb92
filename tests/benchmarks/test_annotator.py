"""The scripted annotator counts honestly, acts only where it may look, and drives the window."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from fakes.array_video import moving_patch
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)
from PySide6.QtWidgets import QApplication

from core.geometry import Box

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _bent(count: int = 101, corner: int = 60) -> np.ndarray:
    """A target that runs straight to a corner and straight on in another direction."""
    frames = np.arange(count, dtype=float)
    x = np.where(frames < corner, 5 * frames, 5 * corner - 5 * (frames - corner))
    return np.stack([100 + x, 50 + 0 * frames, 0 * frames + 30, 0 * frames + 20], axis=1)


def test_that_lines_need_a_key_at_every_bend_and_at_both_ends() -> None:
    costs = _module("annotator_costs")
    truth = _bent()
    keys = costs.linear_keys(truth)
    assert len(keys) == 3
    assert keys[0] == 0
    assert keys[-1] == 100
    assert np.nanmean(costs.overlaps(costs.lines(truth, keys), truth)) >= costs.GOAL


def test_that_each_visible_stretch_has_keys_of_its_own_and_absent_frames_do_not_count() -> None:
    costs = _module("annotator_costs")
    truth = _bent(corner=100)
    truth[40:50] = np.nan
    assert costs.linear_keys(truth) == [0, 39, 50, 100]
    found = costs.overlaps(truth, truth)
    assert np.isnan(found[40:50]).all()
    assert np.nanmin(found) == 1.0
    boxes = truth.copy()
    boxes[7] = np.nan
    assert costs.overlaps(boxes, truth)[7] == 0.0


def test_that_effort_adds_up_and_the_first_box_is_no_correction() -> None:
    effort = _module("annotator_costs").Effort()
    for kind in ("draw", "fix", "fix", "key", "look"):
        effort.add(kind)
    effort.add("watch", 100)
    assert effort.corrections == 2
    assert effort.seconds == pytest.approx(4 + 3 + 3 + 0.5 + 1 + 4)
    with pytest.raises(KeyError):
        effort.add("nap")


class Puppet:
    """Hands on a list of boxes: the tracker drifts from frame 20 on, some of it flagged."""

    def __init__(self, truth: np.ndarray, flagged: list[tuple[int, int]]) -> None:
        self.truth, self.flagged, self.log = truth, flagged, []
        self.shown = np.full_like(truth, np.nan)
        self.frame, self.mine = 0, set()
        self.carried = np.zeros(4)

    def boxes(self) -> np.ndarray:
        return self.shown.copy()

    def places(self) -> list[tuple[int, int]]:
        return self.flagged if "check" in self.log and "dismiss" not in self.log else []

    def go(self, frame: int) -> None:
        self.frame = frame

    def next_place(self) -> tuple[int, int] | None:
        place = next((p for p in self.places() if p[0] > self.frame), None)
        self.frame = place[0] if place else self.frame
        return place

    def put(self, frame: int, box: Box) -> str:
        self.log.append(f"put {frame}")
        self.mine.add(frame)
        self.shown[frame] = box.as_tuple()
        return "fix" if len(self.mine) > 1 else "draw"

    def track(self, key: str) -> tuple[int, int] | None:
        self.log.append(key)
        drift = np.clip(np.arange(len(self.truth)) - 20, 0, 20)[:, None] * [0.6, 0, 0, 0]
        made = np.arange(len(self.truth)) > self.frame
        self.shown[made] = (self.truth + drift)[made]
        return None

    def carry(self) -> None:
        self.log.append("carry")
        self.before = self.shown.copy()
        self.shown = self.truth + self.carried

    def undo(self) -> None:
        self.log.append("undo")
        self.shown = self.before

    def check(self) -> None:
        self.log.append("check")

    def dismiss(self) -> None:
        self.log.append("dismiss")

    def absent(self, frame: int) -> None:
        raise AssertionError("nothing is absent")

    def stop(self) -> None:
        raise AssertionError("nothing runs")


def _labelled(flagged: list[tuple[int, int]]) -> tuple[Puppet, object]:
    truth = _bent()
    puppet = Puppet(truth, flagged)
    return puppet, _module("annotator_loop").Annotator(puppet, truth).label()


def test_that_a_flagged_drift_takes_one_correction_that_is_carried() -> None:
    puppet, outcome = _labelled([(30, 100)])
    assert outcome.effort.corrections == 1  # type: ignore[attr-defined]
    assert puppet.log.count("carry") == 1
    assert puppet.log.index("check") < puppet.log.index("carry") < puppet.log.index("dismiss")
    assert outcome.bad_seen  # type: ignore[attr-defined]
    assert not outcome.missed  # type: ignore[attr-defined]


def test_that_a_correction_whose_carrying_makes_boxes_worse_is_taken_back() -> None:
    truth = _bent()
    puppet = Puppet(truth, [(30, 100)])
    puppet.carried = np.array([25.0, 0, 0, 0])
    outcome = _module("annotator_loop").Annotator(puppet, truth).label()
    assert puppet.log.count("carry") == puppet.log.count("undo") > 1
    assert outcome.effort.corrections > 1


def test_that_what_nothing_pointed_at_counts_as_missed_though_a_spot_check_finds_it() -> None:
    puppet, outcome = _labelled([])
    assert outcome.missed == sorted(outcome.bad_seen)  # type: ignore[attr-defined]
    assert len(outcome.missed) > 50  # type: ignore[attr-defined]
    assert "put 50" in puppet.log, "found at the first spot check"
    assert outcome.effort.done["fix"] == 1  # type: ignore[attr-defined]


def test_that_it_corrects_nothing_where_the_boxes_are_right() -> None:
    truth = _bent()
    puppet = Puppet(truth, [(30, 40)])
    puppet.track = lambda key: setattr(puppet, "shown", truth.copy())  # type: ignore[assignment,method-assign]
    outcome = _module("annotator_loop").Annotator(puppet, truth).label()
    assert outcome.effort.corrections == 0
    assert [step for step in puppet.log if step != "check"] == ["put 0", "dismiss"]
    assert puppet.log[1] == "check"


def test_that_it_labels_a_clip_in_the_window_with_keys_and_mouse(
    qapp: QApplication, tmp_path: Path
) -> None:
    clip = moving_patch(24, velocity=(2, 1))
    for number, image in enumerate(clip.images):
        name = str(tmp_path / f"{number:04d}.png")
        cv2.imwrite(name, cv2.cvtColor(np.array(image), cv2.COLOR_RGB2BGR))
    truth = np.array([box.as_tuple() for box in clip.boxes])
    hands = _module("annotator_hands").WindowHands(tmp_path, "template-match", len(truth))
    try:
        annotator = _module("annotator_loop").Annotator(hands, truth)
        annotator._draw(0)
        annotator._track_on("track")
        assert annotator.mean() > 0.8
        wrong = Box(truth[10, 0] + 9, truth[10, 1], truth[10, 2], truth[10, 3])
        hands.go(10)
        assert hands.put(10, wrong) == "fix"
        hands.carry()
        assert annotator.overlaps()[12] < annotator.overlaps()[2]
        hands.undo()
        assert annotator.overlaps()[12] > 0.8
        hands.carry()
        hands.go(10)
        assert hands.put(10, clip.boxes[10]) == "fix"
        assert annotator.overlaps()[10] > 0.9
        assert hands.next_place() is None
        height = clip.images[0].shape[0]
        hands.go(12)
        beyond = Box(60, height - 15, 20, 22)
        assert hands.put(12, beyond) == "beyond"
        assert tuple(hands.boxes()[12]) == pytest.approx(beyond.as_tuple(), abs=1)
    finally:
        hands.close()
