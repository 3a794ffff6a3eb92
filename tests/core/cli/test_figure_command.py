"""`boxtrail figure`: recordings and projects into figures and overlay videos."""

from __future__ import annotations

from pathlib import Path

import av
import fakes.template_match  # noqa: F401  (registers the tracker)
import numpy as np
import pytest

from core.cli import main
from core.cli.figure_command import frames_of
from core.cli.options import UsageError
from core.video.demo import demo_path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("figure")
    box = "76.3,134.9,70.6,64.8"
    command = ["record", str(demo_path()), "--box", box, "--tracker", "template-match"]
    command += ["--maps", "response", "--to", "12", "--quiet"]
    assert (
        main([*command, "-o", str(folder / "run.h5"), "--out", str(folder / "run.boxtrail")]) == 0
    )
    return folder


def test_that_a_recording_becomes_a_figure_in_every_format(recorded, tmp_path, capsys):
    for suffix in ("svg", "pdf", "png"):
        target = tmp_path / f"fig.{suffix}"
        command = ["figure", str(recorded / "run.h5"), "--frames", "2,8", "-o", str(target)]
        assert main([*command, "--set", "width=86", "--set", "dpi=72"]) == 0
        assert target.stat().st_size > 1000
        assert "86 ×" in capsys.readouterr().out
    text = (tmp_path / "fig.svg").read_text()
    assert "Frame 8 with map" in text
    assert ">overlap</text>" in text  # the demo clip knows its truth
    assert text.count("<image") == 5  # two frames, two maps, the colour bar


def test_that_a_recording_becomes_an_overlay_video(recorded, tmp_path, capsys):
    target = tmp_path / "view.mp4"
    command = ["figure", str(recorded / "run.h5"), "-o", str(target), "--quiet"]
    assert main([*command, "--frames", "3-7"]) == 0
    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 5


def test_that_a_video_shows_the_layers_that_are_named_and_panes(recorded, tmp_path, capsys):
    def frames(*more: str) -> list[np.ndarray]:
        target = tmp_path / "view.mp4"
        command = ["figure", str(recorded / "run.h5"), "-o", str(target), "--quiet"]
        assert main([*command, "--frames", "3-5", *more]) == 0
        with av.open(str(target)) as container:
            return [f.to_ndarray(format="rgb24").astype(int) for f in container.decode(video=0)]

    [usual, *_] = frames()
    layers = ["--layer", "response,colormap=magma,blend=screen", "--layer"]
    [two, *_] = frames(*layers, "response,derive=change,contours=5,opacity=1")
    assert two.shape == usual.shape
    # The map covers a small part of the frame.
    assert (np.abs(two - usual).max(axis=2) > 30).mean() > 0.001
    [panes, *_] = frames("--panels", "overlay,curves")
    assert panes.shape[0] > usual.shape[0]
    assert panes.shape[1] == usual.shape[1]


def test_that_two_recordings_stand_beside_each_other(recorded, tmp_path, capsys):
    other = tmp_path / "other.h5"
    box = "76.3,134.9,70.6,64.8"
    command = ["record", str(demo_path()), "--box", box, "--tracker", "template-match"]
    command += ["--set", "radius=8", "--maps", "response", "--to", "8", "--quiet"]
    assert main([*command, "-o", str(other)]) == 0
    target = tmp_path / "both.mp4"
    command = ["figure", str(recorded / "run.h5"), "--quiet", "--frames", "3-6"]
    shown = ["--beside", str(other), "--panels", "overlay,curves", "--curves", "score"]
    assert main([*command, *shown, "-o", str(target)]) == 0
    with av.open(str(target)) as container:
        frames = [f.to_ndarray(format="rgb24").astype(int) for f in container.decode(video=0)]
    assert len(frames) == 4
    height, width = frames[0].shape[:2]
    assert width == 2 * 640 + 4
    assert height > 360
    left, right = frames[2][40:360, :640], frames[2][40:360, 644:]
    apart = np.abs(left - right).max(axis=2) > 60
    assert 0.0005 < apart.mean() < 0.3  # one clip, two maps
    assert main([*command, "--beside", str(other), "-o", str(tmp_path / "both.svg")]) == 2
    assert "--beside takes a recording, for a video" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("other", "no map “other”"),
        ("response,blend=mix", "“mix” is no blend"),
        ("response,colour=red", "does not set a layer"),
        ("response,opacity=3", "opacity is from 0 to 1"),
        ("response,contours=x", "no value of contours"),
        ("response,derive=minus,other=nothing", "no map “nothing”"),
    ],
)
def test_that_a_layer_that_cannot_be_is_refused_in_words(
    recorded, tmp_path, capsys, layer, message
):
    command = ["figure", str(recorded / "run.h5"), "-o", str(tmp_path / "v.mp4"), "--layer", layer]
    assert main(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "v.mp4").exists()


def test_that_a_project_becomes_a_figure_without_maps(recorded, tmp_path, capsys):
    target = tmp_path / "fig.svg"
    command = ["figure", str(recorded / "run.boxtrail"), "--panels", "frame,curves"]
    assert main([*command, "--frames", "count:3", "-o", str(target), "--truth", "none"]) == 0
    assert target.read_text().count("<image") == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--panels", "frame,nothing"], "no panel “nothing”"),
        (["--frames", "900"], "no frame 900"),
        (["--frames", "a-b"], "does not name frames"),
        (["--map", "other"], "no map “other”"),
        (["--curves", "other"], "no curve “other”"),
        (["--set", "widht=3"], "widht"),
    ],
)
def test_that_wrong_wishes_are_refused_in_words(recorded, tmp_path, capsys, change, message):
    command = ["figure", str(recorded / "run.h5"), "-o", str(tmp_path / "f.svg"), *change]
    assert main(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "f.svg").exists()


def test_that_frames_are_named_singly_by_range_or_by_count():
    known = list(range(100))
    assert frames_of("3,10-20:5", known) == [3, 10, 15, 20]
    assert frames_of("count:3", known) == [0, 50, 99]
    assert frames_of("", known) == [50]
    with pytest.raises(UsageError):
        frames_of("", [])
