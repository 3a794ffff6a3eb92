"""Result files in the toolkits' layouts: as their scripts want them, and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.layouts import find_sequences
from core.evaluate.parallel import Failure
from core.evaluate.protocol import Settings, evaluate_sequence
from core.evaluate.results.reading import (
    Results,
    find_results,
    read_run,
    score_results,
    unknown_files,
)
from core.evaluate.results.writing import WRITERS, write

TRACKER = "template-match"
OPE = Settings({TRACKER: {"learning_rate": 0.2}})
VOT = replace(OPE, protocol="vot")


@pytest.fixture
def sequences(benchmark_folder):
    found = {s.key: s for s in find_sequences(benchmark_folder)}
    return {
        "otb": replace(found["One/a"], dataset="OTB", name="Jogging.1"),
        "plain": found["One/b"],
        "late": found["Two/late"],
    }


@pytest.fixture
def runs(sequences):
    return {name: evaluate_sequence(s, TRACKER, OPE) for name, s in sequences.items()}


def _tracker(folder: Path) -> Results:
    (results,) = find_results(folder)
    return results


@pytest.mark.parametrize("layout", sorted(set(WRITERS) - {"vot"}))
@pytest.mark.parametrize("name", ["otb", "plain", "late"])
def test_that_what_is_written_is_read_back_with_the_same_scores(
    layout, name, sequences, runs, tmp_path
):
    sequence, run = sequences[name], runs[name]
    write(tmp_path, layout, sequence, run)
    results = _tracker(tmp_path)
    assert results.tracker == TRACKER
    again = read_run(results, sequence, OPE)
    np.testing.assert_allclose(again.boxes, run.boxes, atol=6e-4)
    ours, theirs = run.measured.scores.as_dict(), again.measured.scores.as_dict()
    for key in ("auc", "p20", "np", "ao"):
        assert theirs[key] == pytest.approx(ours[key], abs=2e-3)
    assert unknown_files(results, [sequence]) == []


def test_that_otb_files_are_one_based_and_named_as_their_scripts_expect(sequences, runs, tmp_path):
    sequence, run = sequences["otb"], runs["otb"]
    path = write(tmp_path, "otb", sequence, run)
    assert path == tmp_path / TRACKER / "Jogging.1.txt"
    rows = np.loadtxt(path, delimiter=",")
    np.testing.assert_allclose(rows[0], sequence.boxes[0] + np.array([1, 1, 0, 0]), atol=1e-3)
    times = np.loadtxt(tmp_path / TRACKER / "times" / "Jogging.1_time.txt")
    assert times.shape == (len(sequence),)
    assert write(tmp_path, "pysot", sequence, run).name == "Jogging-1.txt"
    lasot = write(tmp_path, "lasot", sequence, run)
    assert lasot.parent.name == f"{TRACKER}_tracking_result"


def test_that_got10k_files_are_numbered_with_a_column_of_times(sequences, runs, tmp_path):
    path = write(tmp_path, "got10k", sequences["plain"], runs["plain"])
    assert path == tmp_path / TRACKER / "b" / "b_001.txt"
    rows = np.loadtxt(path, delimiter=",")
    np.testing.assert_allclose(rows, runs["plain"].boxes, atol=1e-3)  # 0-based, as the data is
    assert np.loadtxt(tmp_path / TRACKER / "b" / "b_time.txt", delimiter=",").shape == (20,)


def test_that_vot_files_lie_in_baseline_with_codes(sequences, tmp_path):
    sequence = sequences["plain"]
    run = evaluate_sequence(sequence, TRACKER, VOT)
    path = write(tmp_path, "vot", sequence, run)
    assert path == tmp_path / TRACKER / "baseline" / "b" / "b_001.txt"
    lines = path.read_text().splitlines()
    assert lines[0] == "1"
    assert len(lines) == 20
    assert len(lines[1].split(",")) == 4
    again = read_run(_tracker(tmp_path), sequence, VOT)
    assert again.measured.scores.accuracy == pytest.approx(run.measured.scores.accuracy)
    assert again.measured.scores.frames == 20


def test_that_repetitions_are_scored_together(sequences, runs, tmp_path):
    sequence = sequences["plain"]
    first = write(tmp_path, "got10k", sequence, runs["plain"])
    away = np.loadtxt(first, delimiter=",")
    away[1:, 0] += 500
    np.savetxt(first.with_name("b_002.txt"), away, delimiter=",", fmt="%.3f")
    again = read_run(_tracker(tmp_path), sequence, OPE)
    assert len(again.parts) == 2
    half = runs["plain"].measured.scores.ao / 2
    assert again.measured.scores.ao == pytest.approx(half, abs=1e-3)


def test_that_a_layout_that_does_not_fit_is_refused(sequences, runs, tmp_path):
    with pytest.raises(DatasetError, match="layout vot"):
        write(tmp_path, "vot", sequences["plain"], runs["plain"])
    with pytest.raises(DatasetError, match="no layout “otb100”"):
        write(tmp_path, "otb100", sequences["plain"], runs["plain"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[:-2], "18 boxes for 20 frames"),
        (lambda rows: [*rows, "1,2,3,4"], "21 boxes for 20 frames"),
        (lambda rows: [*rows[:5], "nan,nan,nan,nan", *rows[6:]], "Line 6"),
        (lambda rows: [*rows[:5], "1,2,x,4", *rows[6:]], "Line 6"),
        (lambda rows: [*rows[:5], "1,2", *rows[6:]], "Line 6"),
        (lambda rows: ["1"] * len(rows), "no boxes"),
        (lambda rows: [], "0 boxes"),
    ],
)
def test_that_bad_result_files_are_explained(spoil, message, sequences, runs, tmp_path):
    sequence = sequences["plain"]
    path = write(tmp_path, "pysot", sequence, runs["plain"])
    path.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    (failure,) = score_results(_tracker(tmp_path), [sequence], OPE)
    assert isinstance(failure, Failure)
    assert message in failure.message


def test_that_missing_and_unknown_results_are_named(sequences, runs, tmp_path):
    write(tmp_path, "pysot", sequences["plain"], runs["plain"])
    results = _tracker(tmp_path)
    (failure,) = score_results(results, [sequences["late"]], OPE)
    assert "no result file for “late”" in failure.message
    assert unknown_files(results, [sequences["late"]]) == ["b"]


def test_that_folders_without_results_are_explained(tmp_path):
    with pytest.raises(DatasetError, match="no folder"):
        find_results(tmp_path / "none")
    with pytest.raises(DatasetError, match="no result files"):
        find_results(tmp_path)
    (tmp_path / "T").mkdir()
    (tmp_path / "T" / "a.txt").write_text("1,2,3,4\n")
    with pytest.raises(DatasetError, match="no results of “U”"):
        find_results(tmp_path, ["U"])
    assert [r.tracker for r in find_results(tmp_path / "T")] == ["T"]


def test_that_an_installed_got10k_reads_our_files(sequences, runs, tmp_path):
    otb = pytest.importorskip("got10k.experiments.otb", reason="got10k is not installed")
    sequence, run = sequences["otb"], runs["otb"]
    write(tmp_path / "results" / "OTB2015", "otb", sequence, run)

    class Data(list):
        seq_names = (sequence.name,)

    experiment = object.__new__(otb.ExperimentOTB)
    experiment.dataset = Data([(None, sequence.boxes + np.array([1, 1, 0, 0]))])
    experiment.result_dir = str(tmp_path / "results" / "OTB2015")
    experiment.report_dir = str(tmp_path / "reports")
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    experiment.plot_curves = lambda names: None
    overall = experiment.report([TRACKER])[TRACKER]["overall"]
    read = read_run(
        Results(TRACKER, tmp_path / "results" / "OTB2015" / TRACKER),
        sequence,
        replace(OPE, metrics="got10k-otb"),
    )
    assert read.measured.scores.auc == pytest.approx(overall["success_score"], abs=1e-6)
    assert read.measured.scores.p20 == pytest.approx(overall["precision_score"], abs=1e-6)
    assert overall["speed_fps"] > 0  # it found our times (and counts the start's)


def test_that_an_installed_vot_toolkit_reads_our_files(sequences, tmp_path):
    io = pytest.importorskip("vot.region.io", reason="vot-toolkit is not installed")
    run = evaluate_sequence(sequences["plain"], TRACKER, VOT)
    path = write(tmp_path, "vot", sequences["plain"], run)
    with path.open() as stream:
        regions = io.read_trajectory(stream)
    assert len(regions) == 20
    assert str(regions[0]) == "1"
    assert regions[1].x == pytest.approx(run.boxes[1, 0], abs=1e-3)
