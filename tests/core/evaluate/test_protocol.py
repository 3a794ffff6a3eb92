from __future__ import annotations

import json
import multiprocessing
import time

import fakes.template_match
import numpy as np
import pytest

from core.errors import BoxError, DatasetError, TrackerError
from core.evaluate import protocol
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import SequenceRun, Settings, evaluate_sequence
from core.evaluate.report import Report
from core.evaluate.sequences import BenchmarkSequence

TRACKER = "template-match"


def _settings(**params: object) -> Settings:
    return Settings({TRACKER: params})


def _sequences(folder) -> dict[str, BenchmarkSequence]:
    return {s.key: s for s in find_sequences(folder)}


def test_that_a_run_starts_on_the_exact_first_box_and_follows(benchmark_folder):
    sequence = _sequences(benchmark_folder)["One/a"]
    result = evaluate_sequence(sequence, TRACKER, _settings())
    np.testing.assert_array_equal(result.boxes, sequence.boxes)
    assert result.measured.scores.auc == pytest.approx(20 / 21)
    assert result.measured.scores.ao == 1.0
    assert len(result.seconds) == 11
    assert 0 < result.seconds.sum() < result.wall_seconds


def test_that_a_target_that_comes_late_is_started_when_it_comes(benchmark_folder):
    sequence = _sequences(benchmark_folder)["Two/late"]
    result = evaluate_sequence(sequence, TRACKER, _settings())
    assert np.isnan(result.boxes[:2]).all()
    assert np.isfinite(result.boxes[2:]).all()
    assert len(result.seconds) == 9
    assert result.measured.details["counted_frames"] == 9  # 12 − 2 before − 1 absent
    assert result.measured.scores.auc == pytest.approx(20 / 21)


def test_that_the_speed_leaves_out_the_start_and_decoding(benchmark_folder, monkeypatch):
    sequence = _sequences(benchmark_folder)["One/a"]

    def slow(path, original=protocol.read_image):
        time.sleep(0.02)
        return original(path)

    monkeypatch.setattr(protocol, "read_image", slow)
    result = evaluate_sequence(sequence, TRACKER, _settings(delay=0.005))
    assert 60 < result.measured.scores.fps < 200
    assert result.wall_seconds > 12 * 0.02


def test_that_an_unreadable_picture_is_a_gap_filled_with_the_last_box(benchmark_folder):
    sequence = _sequences(benchmark_folder)["One/a"]
    sequence.pictures[5].write_bytes(b"not a picture")
    result = evaluate_sequence(sequence, TRACKER, _settings())
    np.testing.assert_array_equal(result.boxes[5], result.boxes[4])
    np.testing.assert_array_equal(result.boxes[6], sequence.boxes[6])
    assert len(result.seconds) == 10


def test_that_a_missing_picture_is_an_error(benchmark_folder):
    sequence = _sequences(benchmark_folder)["One/a"]
    sequence.pictures[5].unlink()
    with pytest.raises(DatasetError, match="missing"):
        evaluate_sequence(sequence, TRACKER, _settings())


def test_that_a_failing_tracker_is_an_error_not_a_score(benchmark_folder):
    sequence = _sequences(benchmark_folder)["One/a"]
    with pytest.raises(TrackerError):
        evaluate_sequence(sequence, TRACKER, _settings(fail_at=4))


def test_that_a_box_that_cannot_be_tracked_is_an_error(benchmark_folder):
    sequence = _sequences(benchmark_folder)["One/a"]
    boxes = sequence.boxes.copy()
    boxes[0] = (5, 5, 0.5, 0.5)
    tiny = BenchmarkSequence("One", "tiny", sequence.pictures, None, boxes, sequence.truth_file)
    with pytest.raises(BoxError):
        evaluate_sequence(tiny, TRACKER, _settings())


def _all(folder, jobs, **params):
    work = [Work(s, TRACKER) for s in find_sequences(folder)]
    return list(evaluate_all(work, _settings(**params), jobs=jobs))


def test_that_the_results_do_not_depend_on_the_number_of_processes(benchmark_folder):
    alone = {r.key: r for r in _all(benchmark_folder, 1, learning_rate=0.1)}
    shared = {r.key: r for r in _all(benchmark_folder, 2, learning_rate=0.1)}
    assert set(alone) == set(shared) == {"One/a", "One/b", "Two/late"}
    for key, result in alone.items():
        assert isinstance(result, SequenceRun)
        np.testing.assert_array_equal(result.boxes, shared[key].boxes)


def test_that_a_failing_sequence_does_not_end_the_others(benchmark_folder):
    _sequences(benchmark_folder)["One/b"].pictures[3].unlink()
    results = {r.key: r for r in _all(benchmark_folder, 1)}
    assert isinstance(results["One/b"], Failure)
    assert "missing" in results["One/b"].message
    assert isinstance(results["One/a"], SequenceRun)


def test_that_a_defect_in_a_tracker_is_reported_with_its_traceback(benchmark_folder, monkeypatch):
    def broken(self, image):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(fakes.template_match.TemplateMatch, "update", broken)
    results = _all(benchmark_folder, 1)
    assert all(isinstance(r, Failure) for r in results)
    assert "ZeroDivisionError: oops" in results[0].message
    assert "Traceback" in results[0].details


def test_that_the_longest_sequence_goes_first_and_progress_counts_frames(benchmark_folder):
    seen: list[int] = []
    work = [Work(s, TRACKER) for s in find_sequences(benchmark_folder)]
    keys = [r.key for r in evaluate_all(work, _settings(), progress=seen.append)]
    assert keys[0] == "One/b"
    assert seen == list(range(1, 12 + 20 + 10 + 1))


def test_that_closing_early_ends_the_processes(benchmark_folder):
    work = [Work(s, TRACKER) for s in find_sequences(benchmark_folder)]
    results = evaluate_all(work, _settings(delay=0.1), jobs=2)
    next(results)
    assert multiprocessing.active_children()
    results.close()
    assert multiprocessing.active_children() == []


def _report() -> Report:
    report = Report({"params": {}}, {"boxtrail": "1"})
    nan = float("nan")
    report.scores = {
        "t": {
            "B/x": Scores(0.5, 0.6, 0.7, 0.8, 0.9, 0.1, 100, 12),
            "A/y": Scores(0.7, 0.8, 0.9, nan, 0.1, 0.3, 50, 20),
            "A/z": Scores(0.9, 0.8, 0.9, 0.4, 0.1, 0.3, 50, 20),
        }
    }
    report.details = {"t": {"B/x": {"curve": [nan]}}}
    return report


def test_that_the_json_has_the_promised_shape_and_no_nan(tmp_path):
    report = _report()
    path = tmp_path / "out.json"
    report.write_json(path)
    text = path.read_text()
    value = json.loads(text)
    assert "NaN" not in text
    tracker = value["trackers"]["t"]
    assert set(tracker) == {"mean", "sequences"}
    keys = {"auc", "p20", "np", "ao", "sr50", "sr75", "fps", "p95_ms"}
    assert set(tracker["mean"]) == keys
    assert all(set(row) == keys for row in tracker["sequences"].values())
    assert tracker["mean"]["auc"] == pytest.approx(0.7)
    assert tracker["sequences"]["A/y"]["ao"] is None
    assert tracker["mean"]["ao"] == pytest.approx(0.6)
    assert value["datasets"]["t"]["A"]["auc"] == pytest.approx(0.8)
    assert "errors" not in value


def test_that_a_report_read_back_can_be_continued(tmp_path):
    report = _report()
    path = tmp_path / "out.json"
    report.write_json(path)
    again = Report.read_json(path)
    assert again.has("t", "B/x")
    assert not again.has("t", "B/q")
    again.write_json(tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads(path.read_text())
    path.write_text("[]")
    with pytest.raises(DatasetError, match="not an evaluation report"):
        Report.read_json(path)


def test_that_tables_show_sequences_data_set_means_and_the_mean():
    report = _report()
    for text in (report.table(), report.markdown(), report.csv()):
        order = [text.index(word) for word in ("A/y", "A/z", "B/x", "mean A", "mean B")]
        assert order == sorted(order)
        assert "0.7" in text
    assert len({len(line) for line in report.table().splitlines()}) <= 2
    assert report.csv().splitlines()[0] == "tracker,sequence,auc,p20,np,ao,sr50,sr75,fps,p95_ms"
