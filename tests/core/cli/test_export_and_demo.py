from __future__ import annotations

import csv
import json

import av
import pytest

from core.cli import main

TRACKER = ["--tracker", "template-match"]


@pytest.fixture
def project(tmp_path, shots, box):
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, *TRACKER, "--label", "car"]
    assert main([*command, "--quiet", "--out", str(out)]) == 0
    return out


def test_that_formats_and_their_options_are_listed(capsys):
    assert main(["export", "--list"]) == 0
    text = capsys.readouterr().out
    for word in ("coco", "csv", "mot", "yolo", "voc", "overlay", "only_confirmed = False"):
        assert word in text


@pytest.mark.parametrize(
    ("name", "options", "made"),
    [
        ("a.csv", [], "a.csv"),
        ("a.json", [], "a.json"),
        ("b.json", ["--format", "boxtrail"], "b.json"),
        ("mot", ["--format", "mot"], "mot/gt/gt.txt"),
        ("yolo", ["--format", "yolo"], "yolo"),
    ],
)
def test_that_a_project_is_exported_by_suffix_or_by_name(
    tmp_path, project, capsys, name, options, made
):
    assert main(["export", str(project), "--out", str(tmp_path / name), *options]) == 0
    assert (tmp_path / made).exists()
    assert "15 boxes" in capsys.readouterr().out


def test_that_exported_boxes_are_those_of_the_project(tmp_path, project, clip):
    out = tmp_path / "a.json"
    assert main(["export", str(project), "--out", str(out), "--quiet"]) == 0
    boxes = {a["image_id"]: a["bbox"] for a in json.loads(out.read_text())["annotations"]}
    assert [list(b) for b in boxes.values()] == [list(b.as_tuple()) for b in clip.boxes]


def test_that_options_of_the_format_are_taken_and_checked(tmp_path, project, capsys):
    out = tmp_path / "a.csv"
    command = ["export", str(project), "--out", str(out), "--quiet"]
    assert main([*command, "--set", "first=3", "--set", "last=5"]) == 0
    with out.open() as stream:
        assert len(list(csv.DictReader(stream))) == 3
    assert main([*command, "--set", "frist=3"]) == 2
    assert "Did you mean “first”" in capsys.readouterr().err


def test_that_a_project_without_its_video_can_still_be_exported(tmp_path, project, shots, capsys):
    shots.rename(tmp_path / "gone")
    out = tmp_path / "a.csv"
    assert main(["export", str(project), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "not where it was" in captured.err
    assert "15 boxes" in captured.out
    assert main(["export", str(project), "--out", str(tmp_path / "a.mp4")]) == 2


def test_that_boxes_are_drawn_into_the_video(tmp_path, project):
    out = tmp_path / "a.mp4"
    assert main(["export", str(project), "--out", str(out)]) == 0
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 15


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.xyz", [], "--format"),
        ("folder", [], "--format"),
        ("a.txt", [], "--format"),
        ("a.csv", ["--format", "cocco"], "Did you mean “coco”"),
        ("b.boxtrail", [], "not exported into a project"),
    ],
)
def test_that_unclear_places_are_refused_with_a_way_out(
    tmp_path, project, capsys, name, options, message
):
    assert main(["export", str(project), "--out", str(tmp_path / name), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_that_export_needs_a_project_and_a_place(capsys):
    assert main(["export"]) == 2
    assert "needed" in capsys.readouterr().err


def test_that_track_writes_several_formats_at_once(tmp_path, shots, box):
    names = ["a.boxtrail", "a.csv", "a.json"]
    outs = [part for name in names for part in ("--out", str(tmp_path / name))]
    assert main(["track", str(shots), "--box", box, *TRACKER, *outs]) == 0
    assert all((tmp_path / name).is_file() for name in names)


def test_that_the_demo_does_the_whole_job(tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--frames", "20", "--threads", "1"]) == 0
    for name in ("demo.boxtrail", "demo.csv", "demo_coco.json", "demo_mot", "demo_overlay.mp4"):
        assert (out / name).exists(), name
    text = capsys.readouterr().out
    assert "20 frames" in text
    overlap = float(text.split("mean overlap with the exact boxes: ")[1].split()[0])
    assert overlap > 0.6
    assert main(["demo", "--out", str(out), "--frames", "5", "--quiet"]) == 0  # again, on top
    assert capsys.readouterr().out == ""
