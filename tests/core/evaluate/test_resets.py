"""The supervised protocol: failure, five frames of pause, a new start."""

from __future__ import annotations

from dataclasses import replace

import fakes.template_match
import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Measured
from core.evaluate.parallel import Work, evaluate_all
from core.evaluate.protocol import Settings, evaluate_sequence
from core.evaluate.report import Report
from core.evaluate.trajectory import FAILED, SKIPPED, STARTED

TRACKER = "template-match"
SETTINGS = Settings({TRACKER: {}}, protocol="vot", year=2019)


@pytest.fixture
def sequence(benchmark_folder):
    return next(s for s in find_sequences(benchmark_folder) if s.key == "One/b")


@pytest.fixture
def loses_at(monkeypatch):
    """Make the tracker jump away at its k-th update after each start."""

    def install(updates: int) -> None:
        original = fakes.template_match.TemplateMatch.update

        def update(self, image):
            result = original(self, image)
            if self._updates % 1000 >= updates:
                return type(result)(result.box.shifted(500.0, 0.0), result.score, result.state)
            return result

        start = fakes.template_match.TemplateMatch.init

        def init(self, image, box):
            self._updates = 0
            return start(self, image, box)

        monkeypatch.setattr(fakes.template_match.TemplateMatch, "update", update)
        monkeypatch.setattr(fakes.template_match.TemplateMatch, "init", init)

    return install


def test_that_a_good_run_has_one_start_and_no_failure(sequence):
    run = evaluate_sequence(sequence, TRACKER, SETTINGS)
    (trajectory,) = run.trajectories
    assert trajectory.at(STARTED) == [0]
    assert trajectory.at(FAILED) == trajectory.at(SKIPPED) == []
    assert run.measured.scores.accuracy == 1.0
    assert run.measured.scores.failures == 0
    assert len(run.seconds) == 19


def test_that_a_failure_is_followed_by_a_pause_and_a_new_start(sequence, loses_at):
    loses_at(4)
    run = evaluate_sequence(sequence, TRACKER, SETTINGS)
    (trajectory,) = run.trajectories
    assert trajectory.at(STARTED) == [0, 9, 18]
    assert trajectory.at(FAILED) == [4, 13]
    assert trajectory.at(SKIPPED) == [5, 6, 7, 8, 14, 15, 16, 17]
    assert run.measured.scores.failures == 2


def test_that_the_start_is_not_on_a_frame_without_a_box(sequence, loses_at):
    loses_at(4)
    boxes = sequence.boxes.copy()
    boxes[9:11] = np.nan
    run = evaluate_sequence(replace(sequence, boxes=boxes), TRACKER, SETTINGS)
    assert run.trajectories[0].at(STARTED) == [0, 11]
    boxes = boxes.copy()
    boxes[0] = np.nan
    with pytest.raises(DatasetError, match="first frame"):
        evaluate_sequence(replace(sequence, boxes=boxes), TRACKER, SETTINGS)


def test_that_polygons_are_compared_as_they_are_or_as_boxes(sequence):
    def triangle(box):
        x, y, w, h = box
        return np.array([x, y, x + w, y, x, y + h])

    shaped = replace(sequence, regions=tuple(triangle(b) for b in sequence.boxes))
    as_they_are = evaluate_sequence(shaped, TRACKER, SETTINGS).measured.scores.accuracy
    assert as_they_are == pytest.approx(0.5, abs=0.06)
    upright = evaluate_sequence(shaped, TRACKER, replace(SETTINGS, upright=True))
    assert upright.measured.scores.accuracy == 1.0


def test_that_a_report_pools_the_sequences_and_can_be_read_back(benchmark_folder, tmp_path):
    work = [Work(s, TRACKER) for s in find_sequences(benchmark_folder) if s.dataset == "One"]
    report = Report({"protocol": "vot", "year": 2019})
    for result in evaluate_all(work, SETTINGS):
        assert isinstance(result.measured, Measured)
        report.add(result)
    path = tmp_path / "vot.json"
    report.write_json(path)
    again = Report.read_json(path)
    assert again.mean(TRACKER).as_dict()["accuracy"] == 1.0
    assert again.mean(TRACKER).as_dict()["frames"] == 32
    assert "EAO" in again.table()
