"""`boxtrail track --overlay` with layers, pictures and curves: what `boxtrail figure` shows."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import core.cli.track_command  # noqa: F401  (before `compose` is replaced)
from core.cli import main
from core.document import project_file
from core.render import overlay
from core.render.layers import DrawnLayer
from core.render.overlay import compose

ARGS = ["--tracker", "template-match", "--quiet"]
STACK = ["--layer", "response,smooth=yes,opacity=1", "--layer", "response,smooth=no,derive=change"]


def _frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


@pytest.mark.parametrize("backward", [False, True])
def test_that_the_layers_are_those_that_a_recording_gives(
    tmp_path, shots, clip, backward, monkeypatch
):
    painted: list[list[DrawnLayer]] = []

    def noting(picture, boxes, *rest, **more):
        painted.append(list(more["layers"]))
        assert boxes
        return compose(picture, boxes, *rest, **more)

    monkeypatch.setattr(overlay, "compose", noting)
    start = 9 if backward else 0
    box = ",".join(map(str, clip.boxes[start].as_tuple()))
    target = [str(shots), "--box", box, *ARGS, "--frames", "8", "--start", str(start)]
    target += ["--backward"] if backward else []
    live, later, run = tmp_path / "live.mp4", tmp_path / "later.mp4", tmp_path / "run.h5"
    assert main(["track", *target, "--overlay", str(live), *STACK]) == 0
    record = ["record", *target, "--maps", "response", "--precision", "fine"]
    assert main([*record, "-o", str(run)]) == 0
    assert main(["figure", str(run), "--quiet", *STACK, "-o", str(later)]) == 0
    assert len(painted) == 18
    assert len(_frames(live)) == 9
    assert sum(len(layers) for layers in painted) > 24
    for ours, theirs in zip(painted[:9], painted[9:], strict=True):
        assert all(layer.look.colormap == "balance" for layer in ours if layer.look.derive)
        assert [layer.look for layer in ours] == [layer.look for layer in theirs]
        for one, other in zip(ours, theirs, strict=True):
            assert np.array_equal(one.response.values, other.response.values, equal_nan=True)
            assert one.response.placement == other.response.placement


def test_that_pictures_and_curves_stand_beside_the_frame(tmp_path, shots, box, capsys):
    out, project = tmp_path / "o.mp4", tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, *ARGS, "--overlay", str(out), "--out"]
    panels = ["--panels", "curves,search", "--curves", "score,nothing"]
    assert main([*command, str(project), *panels]) == 0
    assert "no curve “nothing”; there are score" in capsys.readouterr().err
    (track,) = project_file.load(project).tracks
    frames = _frames(out)
    assert len(frames) == len(list(track.keyframes())) == 15
    plain = tmp_path / "plain.mp4"
    assert main(["track", str(shots), "--box", box, *ARGS, "--overlay", str(plain)]) == 0
    height, width, _ = _frames(plain)[0].shape
    assert frames[0].shape[0] > height
    assert frames[0].shape[1] > width
    strip = frames[7][height + 4 :]
    assert (strip > 230).mean() > 0.5, "the curves are drawn on white"


def test_that_a_run_that_fails_leaves_a_video_of_what_was_tracked(tmp_path, shots, box):
    out = tmp_path / "o.mp4"
    command = ["track", str(shots), "--box", box, *ARGS, "--set", "fail_at=5", *STACK]
    assert main([*command, "--overlay", str(out)]) == 2
    assert len(_frames(out)) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "bogus"], "no map “bogus”"),
        (["--panels", "template,frame"], "no panel “frame”"),
        (["--layer", "response", "--map", "response"], "--map does not go"),
        (["--truth", "nowhere.txt"], "no “nowhere.txt”"),
        (["--consensus", "ccr,drvt", "--panels", "curves"], "--consensus does not go"),
    ],
)
def test_that_a_wrong_wish_is_explained_before_tracking(
    tmp_path, shots, box, capsys, options, message
):
    out = tmp_path / "o.mp4"
    assert main(["track", str(shots), "--box", box, *ARGS, "--overlay", str(out), *options]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_that_layers_without_an_overlay_are_refused(tmp_path, shots, box, capsys):
    out = tmp_path / "a.csv"
    assert main(["track", str(shots), "--box", box, *ARGS, *STACK, "--out", str(out)]) == 2
    assert "Add --overlay" in capsys.readouterr().err
    assert not out.exists()
