"""``boxtrail evaluate`` with protocols, result files and reports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes.array_video import moving_patch

from core.cli import main

TRACKER = ["--trackers", "template-match"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    import cv2

    folder, records = tmp_path / "bench", []
    for name, count, seed in (("a", 22, 1), ("b", 16, 2)):
        clip = moving_patch(count, seed=seed)
        frames = []
        for k, image in enumerate(clip.images):
            path = folder / name / f"{k:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image[:, :, ::-1])
            frames.append(f"{name}/{k:03d}.png")
        boxes = [b.as_tuple() for b in clip.boxes]
        record = {"dataset": "Set", "name": name, "frames": frames, "boxes": boxes}
        records.append({**record, "attributes": ["fast motion"] if name == "a" else []})
    (folder / "manifest.json").write_text(json.dumps(records))
    return folder


def _value(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.mark.parametrize("protocol", ["tre", "sre", "vot", "got10k"])
def test_that_every_protocol_gives_a_report_with_tables_and_plots(dataset, tmp_path, protocol):
    out, page, plots = tmp_path / "r.json", tmp_path / "r.html", tmp_path / "plots"
    options = ["--json", str(out), "--html", str(page), "--plots", str(plots), "--quiet"]
    options += ["--latex", str(tmp_path / "r.tex"), "--markdown", str(tmp_path / "r.md")]
    assert main(["evaluate", str(dataset), *TRACKER, "--protocol", protocol, *options]) == 0
    value = _value(out)
    assert value["settings"]["protocol"] == ("ope" if protocol == "got10k" else protocol)
    assert set(value["trackers"]["template-match"]["sequences"]) == {"Set/a", "Set/b"}
    assert value["attributes"] == {"Set/a": ["fast motion"]}
    names = {path.stem for path in plots.iterdir()}
    expected = {"ar", "eao"} if protocol == "vot" else {"success", "success_fast_motion"}
    assert expected <= names
    assert "<svg" in page.read_text()
    assert "tabular" in (tmp_path / "r.tex").read_text()
    if protocol == "got10k":
        assert value["settings"]["metrics"] == "got10k"
        assert value["settings"]["repetitions"] == 3
    if protocol == "vot":
        assert value["trackers"]["template-match"]["mean"]["accuracy"] == 1.0
        assert value["settings"]["year"] == 2018


def test_that_saved_results_score_the_same_without_running(dataset, tmp_path, monkeypatch):
    out, boxes = tmp_path / "r.json", tmp_path / "boxes"
    command = ["evaluate", str(dataset), *TRACKER, "--quiet"]
    assert main([*command, "--json", str(out), "--save-boxes", str(boxes), "--layout", "otb"]) == 0
    assert (boxes / "template-match" / "times" / "a_time.txt").is_file()
    from core.evaluate import protocol

    monkeypatch.setattr(protocol, "created", None)  # nothing may be run
    again = tmp_path / "again.json"
    scoring = ["evaluate", str(dataset), "--results", str(boxes), "--json", str(again), "--quiet"]
    assert main(scoring) == 0
    ours = _value(out)["trackers"]["template-match"]["mean"]
    theirs = _value(again)["trackers"]["template-match"]["mean"]
    for key in ("auc", "p20", "np", "ao"):
        assert theirs[key] == pytest.approx(ours[key], abs=1e-3)


def test_that_result_folders_give_a_comparison(dataset, tmp_path, capsys):
    boxes = tmp_path / "boxes"
    saving = ["--save-boxes", str(boxes), "--layout", "pysot", "--quiet"]
    assert main(["evaluate", str(dataset), *TRACKER, *saving]) == 0
    (boxes / "worse").mkdir()
    for name in ("a", "b"):
        rows = np.loadtxt(boxes / "template-match" / f"{name}.txt", delimiter=",")
        rows[5:, 0] += 8
        np.savetxt(boxes / "worse" / f"{name}.txt", rows, delimiter=",", fmt="%.4f")
    (boxes / "worse" / "zebra.txt").write_text("1,2,3,4\n")
    page = tmp_path / "r.md"
    assert main(["evaluate", str(dataset), "--results", str(boxes), "--markdown", str(page)]) == 0
    assert "| template-match | **0.952** |" in page.read_text()
    assert "no sequence is called zebra" in capsys.readouterr().err


def test_that_missing_results_are_reported_and_the_others_count(dataset, tmp_path, capsys):
    boxes = tmp_path / "boxes"
    saving = ["--save-boxes", str(boxes), "--layout", "pysot", "--quiet"]
    assert main(["evaluate", str(dataset), *TRACKER, *saving]) == 0
    (boxes / "template-match" / "b.txt").unlink()
    out = tmp_path / "r.json"
    assert main(["evaluate", str(dataset), "--results", str(boxes), "--json", str(out)]) == 1
    assert "no result file for “b”" in capsys.readouterr().err
    assert set(_value(out)["trackers"]["template-match"]["sequences"]) == {"Set/a"}


def test_that_failures_are_in_the_report(dataset, tmp_path):
    boxes, out = tmp_path / "boxes", tmp_path / "r.json"
    saving = ["--save-boxes", str(boxes), "--layout", "pysot", "--quiet"]
    assert main(["evaluate", str(dataset), *TRACKER, *saving]) == 0
    path = boxes / "template-match" / "a.txt"
    rows = np.loadtxt(path, delimiter=",")
    rows[9:, 0] += 300
    np.savetxt(path, rows, delimiter=",", fmt="%.4f")
    page = tmp_path / "r.html"
    command = ["evaluate", str(dataset), "--results", str(boxes), "--quiet"]
    assert main([*command, "--json", str(out), "--html", str(page)]) == 0
    details = _value(out)["details"]["template-match"]["Set/a"]
    (failure,) = details["failures"]
    assert (failure["start"], failure["length"]) == (9, 13)
    assert "jumped" in failure["reason"]
    assert "jumped" in page.read_text()


def test_that_results_of_another_protocol_are_not_mixed(dataset, tmp_path, capsys):
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--quiet"]
    assert main([*command, "--only", "Set/a"]) == 0
    for other in (["--protocol", "sre"], ["--metrics", "pysot"], ["--repetitions", "2"]):
        assert main([*command, "--resume", *other]) == 2
        assert "was made with" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0
    assert len(_value(out)["trackers"]["template-match"]["sequences"]) == 2


def test_that_a_report_of_the_first_version_is_continued(dataset, tmp_path):
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--quiet"]
    assert main([*command, "--only", "Set/a"]) == 0
    value = _value(out)
    value["settings"]["protocol"] = "one-pass"
    for name in ("repetitions", "metrics", "results"):
        del value["settings"][name]
    out.write_text(json.dumps(value))
    assert main([*command, "--resume"]) == 0
    assert len(_value(out)["trackers"]["template-match"]["sequences"]) == 2


def test_that_reset_based_runs_are_resumed(dataset, tmp_path):
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--quiet"]
    command += ["--protocol", "vot", "--year", "2019"]
    assert main([*command, "--only", "Set/a"]) == 0
    assert main([*command, "--resume"]) == 0
    mean = _value(out)["trackers"]["template-match"]["mean"]
    assert mean["frames"] == 38
    assert main([*command[:-1], "2016", "--resume"]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metrics", "pysod"], "no metrics “pysod”"),
        (["--results", "nowhere"], "There is no folder"),
        (["--save-boxes", "x", "--layout", "vot"], "layout vot"),
        (["--protocol", "vot", "--save-boxes", "x", "--layout", "otb"], "cannot be written"),
        (["--save-boxes", "x", "--layout", "yolo"], "no layout “yolo”"),
    ],
)
def test_that_wrong_options_are_explained(dataset, capsys, options, message):
    assert main(["evaluate", str(dataset), *TRACKER, *options]) == 2
    assert message in capsys.readouterr().err
