from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes.template_match import TemplateMatch

from core.cli import main
from core.document import project_file
from core.recording.coding import Precision
from core.recording.recording import Recording
from core.states import CorrectionPolicy
from core.trackers.base import ALL_MAPS

TRACKER = ["--tracker", "template-match"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "run.h5"


@pytest.fixture
def recorded(shots, box, target, capsys) -> Path:
    assert main(["record", str(shots), "--box", box, *TRACKER, "-o", str(target)]) == 0
    capsys.readouterr()
    return target


def _record(shots, box, target, *options) -> int:
    return main(["record", str(shots), "--box", box, *TRACKER, "-o", str(target), *options])


def test_that_a_run_is_recorded_with_everything_that_made_it(shots, box, clip, target, capsys):
    assert _record(shots, box, target, "--set", "radius=9", "--label", "car") == 0
    said = capsys.readouterr()
    assert "14 frames" in said.out
    assert f"{target}  (recording)" in said.out
    assert said.err == ""
    with Recording(target) as recording:
        assert recording.frames.tolist() == list(range(15))
        assert [recording.result(row).box for row in range(15)] == clip.boxes
        (run,) = recording.runs
        assert (run.tracker, run.params["radius"]) == ("template-match", 9)
        assert run.params["learning_rate"] == 0.0
        assert (run.frame, run.box, run.step) == (0, clip.boxes[0], 1)
        assert run.policy is CorrectionPolicy.NEW_TEMPLATE
        assert not run.is_correction
        assert run.object == "car 1"
        assert len(run.code) == 64
        assert recording.clip.frame_count == 15
        assert recording.clip.fingerprint
        assert recording.complete
        assert [info.key for info in recording.maps] == ["response"]


def test_that_the_boxes_are_those_of_track(tmp_path, shots, box, target):
    project = tmp_path / "a.boxtrail"
    assert _record(shots, box, target, "--out", str(project)) == 0
    (track,) = project_file.load(project).tracks
    with Recording(target) as recording:
        recorded = {int(f): recording.result(row).box for row, f in enumerate(recording.frames)}
    assert recorded == {key.frame: key.box for key in track.keyframes()}


@pytest.mark.parametrize(
    ("choice", "keys"),
    [
        ("template", {"template"}),
        ("response,template", {"response", "template"}),
        ("all", {"response", "template"}),
        ("none", set()),
    ],
)
def test_that_maps_can_be_chosen(shots, box, target, choice, keys):
    assert _record(shots, box, target, "--maps", choice) == 0
    with Recording(target) as recording:
        assert {info.key for info in recording.maps} == keys


def test_that_exact_maps_are_those_of_the_tracker(shots, box, target, clip):
    tracker = TemplateMatch(TemplateMatch.__init__.__globals__["TemplateMatchParams"](), None)
    tracker.want_maps = ALL_MAPS
    assert _record(shots, box, target, "--maps", "all", "--precision", "exact") == 0
    with Recording(target) as recording:
        assert recording.precision is Precision.EXACT
        for row, image in enumerate(clip.images):
            result = tracker.update(image) if row else tracker.init(image, clip.boxes[0])
            found = recording.result(row, ALL_MAPS)
            for key, given in result.maps.items():
                assert np.array_equal(found.maps[key].values, given.values)
                assert found.maps[key].placement == given.placement


def test_that_a_run_backwards_is_recorded(shots, clip, target):
    box = ",".join(map(str, clip.boxes[9].as_tuple()))
    assert _record(shots, box, target, "--start", "9", "--backward") == 0
    with Recording(target) as recording:
        assert recording.frames.tolist() == list(range(9, -1, -1))
        assert recording.runs[0].step == -1
        assert not recording.gaps()


def test_that_a_recording_is_replaced_only_if_asked(shots, box, recorded, capsys):
    before = recorded.read_bytes()
    assert _record(shots, box, recorded) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert recorded.read_bytes() == before
    assert _record(shots, box, recorded, "--overwrite", "--frames", "3") == 0
    with Recording(recorded) as recording:
        assert len(recording) == 4


def test_that_patches_and_candidates_are_listed_and_taken_out(shots, box, target, tmp_path, capsys):
    command = ["record", str(shots), "--box", box, "--tracker", "ccr", "--frames", "2"]
    assert main([*command, "--maps", "none", "--patches", "-o", str(target)]) == 0
    capsys.readouterr()
    assert main(["inspect", str(target), "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)[LISTED]}
    assert {"template", "search", "kernels.hog"} <= set(listed)
    with Recording(target) as recording:
        patches = recording.result(recording.row_of(2), {"patches"}).patches
    for name in ("search", "kernels.hog"):
        rows, cols = patches[name].image.shape[:2]
        assert f"{rows}×{cols}" in listed[name]["size"]
        assert listed[name]["frames"] == 3
    options = ["--frame", "2", "--patch"]
    png, npy = tmp_path / "p.png", tmp_path / "p.npy"
    assert main(["inspect", str(target), *options, "search", "-o", str(png)]) == 0
    assert "pixels over x=" in capsys.readouterr().out
    assert np.array_equal(cv2.imread(str(png))[:, :, ::-1], patches["search"].image)
    assert main(["inspect", str(target), *options, "kernels.hog", "-o", str(npy)]) == 0
    assert np.array_equal(np.load(npy, allow_pickle=False), patches["kernels.hog"].values)
    assert main(["inspect", str(target), *options, "nothing", "-o", str(npy)]) == 2
    assert "It has: template, search" in capsys.readouterr().err


LISTED = "patches and candidates"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--maps", "respose"], "no map “respose”"),
        (["--precision", "double"], "precision"),
        (["-o", "."], "is a folder"),
        (["--set", "radius=1e9"], "radius"),
    ],
)
def test_that_wrong_options_are_said_in_words_and_nothing_is_written(
    shots, box, target, options, words, capsys
):
    assert _record(shots, box, target, *options) == 2
    assert words in capsys.readouterr().err
    assert not target.exists()


def test_that_a_tracker_that_fails_leaves_what_was_recorded(shots, box, target, capsys):
    assert _record(shots, box, target, "--set", "fail_at=6") == 2
    said = capsys.readouterr()
    assert "The tracker gave up." in said.err
    with Recording(target) as recording:
        assert recording.frames.tolist() == list(range(7))
        assert recording.complete
        kinds = [event.field("event").text() for event in recording.events]
        assert kinds == ["start", "run", "end", "closed"]
        assert recording.events[2].field("error").text() == "The tracker gave up."


def test_that_a_tracker_that_fails_at_once_leaves_no_recording(shots, box, target):
    assert _record(shots, box, target, "--set", "fail_at=0") == 2
    assert not target.exists()


def test_that_ctrl_c_keeps_what_was_recorded(shots, box, target, monkeypatch, capsys):
    update = TemplateMatch.update

    def interrupted(self, image):
        if self._updates == 6:
            signal.raise_signal(signal.SIGINT)
        return update(self, image)

    monkeypatch.setattr(TemplateMatch, "update", interrupted)
    assert _record(shots, box, target) == 130
    assert "tracked so far are written" in capsys.readouterr().err
    with Recording(target) as recording:
        assert recording.frames.tolist() == list(range(8))
        assert recording.complete
        assert recording.events[2].field("reason").text() == "cancelled"


# ---- inspect --------------------------------------------------------------------------------


def test_that_inspect_says_what_is_inside(recorded, capsys):
    assert main(["inspect", str(recorded)]) == 0
    out = capsys.readouterr().out
    for words in ("template-match", "fingerprint", "response", "1×1, 25×25", "radius", "finished"):
        assert words in out, words
    assert "frames that are missing\n  none" in out


def test_that_inspect_gives_the_facts_as_json(recorded, capsys):
    assert main(["inspect", str(recorded), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["recording"]["frames"] == 15
    assert facts["recording"]["finished properly"] is True
    assert facts["maps"][0]["map"] == "response"
    assert facts["maps"][0]["frames"] == 15
    score = next(row for row in facts["curves"] if row["name"] == "score")
    assert score["frames"] == 14
    assert 0.5 < score["min"] <= score["median"] <= score["max"] <= 1


def test_that_gaps_are_listed(shots, box, target, capsys):
    (shots / "0006.png").write_bytes(b"damaged")
    assert _record(shots, box, target) == 0
    capsys.readouterr()
    assert main(["inspect", str(target)]) == 0
    assert "frames that are missing\n  5" in capsys.readouterr().out


def test_that_curves_are_written_as_a_table(recorded, tmp_path, clip):
    out = tmp_path / "curves.csv"
    assert main(["inspect", str(recorded), "--csv", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["frame"]) for row in rows] == list(range(15))
    assert [tuple(float(row[k]) for k in "xywh") for row in rows] == [
        b.as_tuple() for b in clip.boxes
    ]
    with Recording(recorded) as recording:
        assert [float(row["score"]) for row in rows] == recording.table["score"].tolist()
        for name in recording.scalar_names:
            given = [float(row[name] or "nan") for row in rows]
            np.testing.assert_array_equal(given, recording.scalars(name))
    assert {row["state"] for row in rows} == {"tracking"}


def test_that_one_map_is_taken_out_as_values_and_as_a_picture(recorded, tmp_path, capsys):
    npy, png = tmp_path / "m.npy", tmp_path / "m.png"
    options = ["--frame", "7", "--map", "response"]
    assert main(["inspect", str(recorded), *options, "-o", str(npy)]) == 0
    assert "25 × 25 cells over x=" in capsys.readouterr().out
    with Recording(recorded) as recording:
        expected = recording.map("response", recording.row_of(7)).values
    assert np.array_equal(np.load(npy, allow_pickle=False), expected)
    options += ["--colormap", "grey"]
    assert main(["inspect", str(recorded), *options, "-o", str(png)]) == 0
    picture = cv2.imread(str(png), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (25, 25, 3)
    brightest = np.unravel_index(picture[:, :, 0].argmax(), (25, 25))
    assert brightest == np.unravel_index(expected.argmax(), (25, 25))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--frame", "7"], "belong together"),
        (["--map", "response", "-o", "m.png"], "belong together"),
        (["--frame", "7", "--map", "response", "-o", "m.gif"], ".png or a .npy"),
        (["--frame", "99", "--map", "response", "-o", "m.png"], "Frame 99 was not recorded"),
        (["--frame", "7", "--map", "psr", "-o", "m.png"], "no map “psr”"),
        (["--frame", "7", "--map", "template", "-o", "m.png"], "no map “template”"),
    ],
)
def test_that_inspect_says_errors_in_words(recorded, options, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["inspect", str(recorded), *options]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.glob("m.*"))


def test_that_inspect_refuses_other_files(tmp_path, capsys):
    (tmp_path / "a.h5").write_bytes(b"nothing")
    assert main(["inspect", str(tmp_path / "a.h5")]) == 2
    assert "is not a recording" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "b.h5")]) == 2
    assert "There is no recording" in capsys.readouterr().err
