from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fakes.array_video import moving_patch

from core.cli import main

KEYS = {"auc", "p20", "np", "ao", "sr50", "sr75", "fps", "p95_ms"}
TRACKER = ["--trackers", "template-match"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    import cv2

    folder, records = tmp_path / "bench", []
    for name, count, seed in (("a", 10, 1), ("b", 16, 2)):
        clip = moving_patch(count, seed=seed)
        frames = []
        for k, image in enumerate(clip.images):
            path = folder / name / f"{k:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image[:, :, ::-1])
            frames.append(f"{name}/{k:03d}.png")
        boxes = [b.as_tuple() for b in clip.boxes]
        records.append({"dataset": "Set", "name": name, "frames": frames, "boxes": boxes})
    (folder / "manifest.json").write_text(json.dumps(records))
    return folder


def test_that_the_json_has_exactly_the_promised_shape(dataset, tmp_path, capsys):
    out = tmp_path / "r.json"
    assert main(["evaluate", str(dataset), *TRACKER, "--json", str(out)]) == 0
    value = json.loads(out.read_text())
    tracker = value["trackers"]["template-match"]
    assert set(tracker) == {"mean", "sequences"}
    assert set(tracker["sequences"]) == {"Set/a", "Set/b"}
    assert all(set(row) == KEYS for row in [tracker["mean"], *tracker["sequences"].values()])
    assert tracker["mean"]["auc"] == pytest.approx(20 / 21)
    assert value["settings"]["threads"] == 1
    assert value["versions"]["torch"]
    captured = capsys.readouterr()
    assert "Set/a" in captured.out
    assert "mean" in captured.out
    assert captured.err == ""  # no progress where nobody watches


def test_that_tables_and_boxes_are_written(dataset, tmp_path):
    options = ["--csv", str(tmp_path / "r.csv"), "--markdown", str(tmp_path / "r.md")]
    boxes = tmp_path / "boxes"
    command = ["evaluate", str(dataset), *TRACKER, *options, "--save-boxes", str(boxes)]
    assert main([*command, "--only", "Set/a", "--quiet"]) == 0
    assert (tmp_path / "r.csv").read_text().count("\n") == 3
    assert "| **mean** |" in (tmp_path / "r.md").read_text()
    rows = np.loadtxt(boxes / "template-match" / "Set" / "a.txt", delimiter=",")
    np.testing.assert_allclose(rows, [b.as_tuple() for b in moving_patch(10, seed=1).boxes])


def test_that_a_failing_sequence_is_reported_and_the_others_count(dataset, tmp_path, capsys):
    (dataset / "a" / "004.png").unlink()
    out = tmp_path / "r.json"
    assert main(["evaluate", str(dataset), *TRACKER, "--json", str(out)]) == 1
    value = json.loads(out.read_text())
    assert set(value["trackers"]["template-match"]["sequences"]) == {"Set/b"}
    (error,) = value["errors"]
    assert error["key"] == "Set/a"
    assert "missing" in error["message"]
    assert "Set/a" in capsys.readouterr().err


def test_that_resuming_keeps_what_is_there_and_does_the_rest(dataset, tmp_path, monkeypatch):
    from core.cli import evaluate_command

    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--quiet"]
    assert main([*command, "--only", "Set/a"]) == 0
    first = json.loads(out.read_text())["trackers"]["template-match"]["sequences"]["Set/a"]
    asked = []
    original = evaluate_command.evaluate_all

    def spy(work, *args, **options):
        asked.extend(item.sequence.key for item in work)
        return original(work, *args, **options)

    monkeypatch.setattr(evaluate_command, "evaluate_all", spy)
    assert main([*command, "--resume"]) == 0
    assert asked == ["Set/b"]
    value = json.loads(out.read_text())["trackers"]["template-match"]
    assert value["sequences"]["Set/a"] == first
    assert len(value["sequences"]) == 2


def test_that_results_of_other_parameters_are_not_mixed(dataset, tmp_path, capsys):
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--quiet"]
    assert main([*command, "--only", "Set/a"]) == 0
    before = out.read_text()
    assert main([*command, "--resume", "--set", "template-match.radius=5"]) == 2
    assert "other parameters" in capsys.readouterr().err
    assert main([*command, "--resume", "--seed", "7"]) == 2
    assert "seed 0" in capsys.readouterr().err
    assert out.read_text() == before


def test_that_settings_reach_the_named_tracker(dataset, tmp_path):
    out = tmp_path / "r.json"
    options = ["--set", "template-match.learning-rate=0.5", "--json", str(out), "--quiet"]
    assert main(["evaluate", str(dataset), *TRACKER, *options]) == 0
    params = json.loads(out.read_text())["settings"]["params"]["template-match"]
    assert params["learning_rate"] == 0.5
    assert params["radius"] == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trackers", "template-mach"], "Did you mean"),
        (["--only", "Set/aa"], "Did you mean “Set/a”"),
        (["--set", "radius=3"], "names none of the trackers"),
        (["--set", "template-match.radius=0"], "within 1 to 200"),
        (["--jobs", "0"], "not at least 1"),
        (["--json", f"{__file__}/r.json"], "is a file, not a folder"),
    ],
)
def test_that_bad_input_is_explained(dataset, capsys, options, message):
    assert main(["evaluate", str(dataset), *TRACKER, *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_that_ctrl_c_leaves_a_report_to_continue(dataset, tmp_path, jobs):
    manifest = dataset / "manifest.json"
    records = json.loads(manifest.read_text())
    manifest.write_text(json.dumps([*records, {**records[0], "name": "c"}]))
    out = tmp_path / "r.json"
    code = (
        "import signal, sys, fakes.template_match; from core.cli import main\n"
        # A background job of a shell is started with Ctrl+C ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "if __name__ == '__main__': sys.exit(main(sys.argv[1:]))"
    )
    script = tmp_path / "script.py"  # worker processes import the main file again
    script.write_text(code)
    tests = Path(__file__).resolve().parents[2]
    command = ["evaluate", str(dataset), *TRACKER, "--json", str(out), "--jobs", jobs]
    process = subprocess.Popen(
        [sys.executable, str(script), *command, "--set", "template-match.delay=0.15"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not out.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    assert "--resume" in error
    value = json.loads(out.read_text())["trackers"]["template-match"]
    assert 1 <= len(value["sequences"]) < 3
