from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from fakes.drifting import Drifting  # noqa: F401  (registers the test trackers)
from fakes.template_match import TemplateMatch

from core.cli import main
from core.document import project_file
from core.geometry import iou
from core.states import RunKind, Source

ARGS = ["--tracker", "template-match"]


def _boxes(path):
    (track,) = project_file.load(path).tracks
    return {k.frame: k for k in track.keyframes()}


def test_that_a_clip_is_tracked_into_a_project(tmp_path, shots, box, clip, capsys):
    out = tmp_path / "a.boxtrail"
    code = main(["track", str(shots), "--box", box, *ARGS, "--label", "car", "--out", str(out)])
    assert code == 0
    boxes = _boxes(out)
    assert [k.box for k in boxes.values()] == clip.boxes
    assert boxes[0].source is Source.MANUAL
    document = project_file.load(out)
    assert document.tracks[0].label == "car"
    assert document.runs[0].tracker == "template-match"
    captured = capsys.readouterr()
    assert "14 frames" in captured.out
    assert str(out) in captured.out
    assert captured.err == ""


def test_that_settings_reach_the_tracker_in_both_spellings(tmp_path, shots, box):
    out = tmp_path / "a.boxtrail"
    settings = ["--set", "learning-rate=0.25", "--set", "radius=7"]
    assert main(["track", str(shots), "--box", box, *ARGS, *settings, "--out", str(out)]) == 0
    params = project_file.load(out).runs[0].params
    assert params["learning_rate"] == 0.25
    assert params["radius"] == 7


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        (["--start", "3", "--frames", "4"], range(3, 8)),
        (["--start", "3", "--stop", "6"], range(3, 6)),
        (["--start", "3", "--to", "6"], range(3, 7)),
        (["--start", "9", "--backward", "--to", "5"], range(5, 10)),
        (["--start", "9", "--backward"], range(10)),
        (["--start", "9", "--backward", "--frames", "2"], range(7, 10)),
        (["--start", "9", "--backward", "--stop", "5"], range(6, 10)),
    ],
)
def test_that_the_span_can_be_chosen(tmp_path, shots, clip, options, frames):
    out = tmp_path / "a.boxtrail"
    start = int(options[1])
    box = ",".join(map(str, clip.boxes[start].as_tuple()))
    command = ["track", str(shots), "--box", box, *ARGS, *options, "--out", str(out)]
    assert main(command) == 0
    boxes = _boxes(out)
    assert sorted(boxes) == list(frames)
    assert all(iou(boxes[k].box, clip.boxes[k]) == 1 for k in frames)


def test_that_two_boxes_are_tracked_towards_each_other(tmp_path, shots, clip):
    out = tmp_path / "a.boxtrail"
    first, last = (",".join(map(str, clip.boxes[k].as_tuple())) for k in (2, 11))
    command = ["track", str(shots), "--box", first, *ARGS, "--start", "2", "--out", str(out)]
    assert main([*command, "--two-way", f"11:{last}"]) == 0
    assert sorted(_boxes(out)) == list(range(2, 12))
    (run,) = project_file.load(out).runs
    assert run.kind is RunKind.TWO_WAY
    assert sorted(run.disagreement) == list(range(3, 11))


def test_that_several_trackers_give_fused_boxes_and_their_own_as_proposals(
    tmp_path, shots, box, clip, capsys
):
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, "--consensus", "steady,drifting,template-match"]
    options = ["--set", "drifting.astray_at=4", "--device", "cpu", "--out", str(out)]
    assert main([*command, *options]) == 0
    boxes = _boxes(out)
    assert all(iou(boxes[k].box, clip.boxes[k]) > 0.999 for k in range(15))
    loaded = project_file.load(out)
    assert [run.kind for run in loaded.runs] == [RunKind.CONSENSUS]
    assert [p.run.tracker for p in loaded.proposals] == ["steady", "drifting", "template-match"]
    said = capsys.readouterr().out
    assert "drifting: agreed 0." in said
    assert "9 uncertain" in said or "10 uncertain" in said


@pytest.mark.parametrize("backward", [False, True])
def test_that_the_overlay_shows_the_clip_in_order_with_box_and_map(tmp_path, shots, clip, backward):
    out = tmp_path / "o.mp4"
    start = 14 if backward else 0
    box = ",".join(map(str, clip.boxes[start].as_tuple()))
    options = ["--start", str(start), *(["--backward"] if backward else [])]
    assert main(["track", str(shots), "--box", box, *ARGS, *options, "--overlay", str(out)]) == 0
    with av.open(str(out)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(frames) == 15
    for k in (1, 7, 13):  # the patch is where it was, bright texture amid dim ground
        b = clip.boxes[k]
        x, y = int(b.x), int(b.y)
        inside = frames[k][y + 4 : y + 16, x + 4 : x + 20].astype(float)
        assert inside.std() > 25
    plain = tmp_path / "plain.mp4"
    command = ["track", str(shots), "--box", box, *ARGS, *options, "--map", "none"]
    assert main([*command, "--overlay", str(plain)]) == 0
    with av.open(str(plain)) as container:
        other = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert abs(frames[7].astype(int) - other[7]).max() > 40


def test_that_a_tracker_error_writes_what_was_tracked_and_exits_with_two(
    tmp_path, shots, box, capsys
):
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, *ARGS, "--set", "fail_at=5", "--out", str(out)]
    assert main(command) == 2
    assert sorted(_boxes(out)) == list(range(6))
    error = capsys.readouterr().err
    assert "gave up" in error
    assert "5 frames" in error


def test_that_a_defect_in_a_tracker_still_leaves_what_was_tracked(
    tmp_path, shots, box, monkeypatch
):
    out = tmp_path / "a.boxtrail"
    original = TemplateMatch.update

    def update(self, image):
        if self._updates == 4:
            raise ZeroDivisionError("defect")
        return original(self, image)

    monkeypatch.setattr(TemplateMatch, "update", update)
    with pytest.raises(ZeroDivisionError):
        main(["track", str(shots), "--box", box, *ARGS, "--out", str(out)])
    assert sorted(_boxes(out)) == [0, 1, 2, 3, 4]


def test_that_an_unreadable_start_frame_writes_nothing(tmp_path, shots, box, capsys):
    (shots / "0001.png").write_bytes(b"broken")
    out = tmp_path / "a.boxtrail"
    assert main(["track", str(shots), "--box", box, *ARGS, "--out", str(out)]) == 2
    assert not out.exists()
    assert "Frame 0" in capsys.readouterr().err


def test_that_a_persons_project_is_not_replaced_unasked(tmp_path, shots, box, capsys):
    out = tmp_path / "a.boxtrail"
    out.write_text("precious")
    command = ["track", str(shots), "--box", box, *ARGS, "--out", str(out)]
    assert main(command) == 2
    assert out.read_text() == "precious"
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert len(_boxes(out)) == 15


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--box", "1,2,3"], "is not a box"),
        (["--box", "a,b,c,d"], "is not a box"),
        (["--box", "10,10,0.5,9"], "smaller than one pixel"),
        (["--box", "nan,1,9,9"], "not a number"),
        (["--box", "900,900,9,9"], "outside"),
        (["--start", "15"], "frames 0 to 14"),
        (["--start", "14"], "no frame to track after"),
        (["--backward"], "no frame to track before"),
        (["--start", "3", "--to", "2"], "Frame 2 is not after frame 3"),
        (["--two-way", "1:1,2,3,4"], "with N from 2 to 14"),
        (["--two-way", "15:1,2,3,4"], "with N from 2 to 14"),
        (["--two-way", "1,2,3,4"], "not a box on a later frame"),
        (["--two-way", "9:1,2,3"], "is not a box"),
        (["--two-way", "9:1,2,9,9", "--backward"], "twice"),
        (["--tracker", "template-mach"], "Did you mean"),
        (["--consensus", "steady"], "2 to 5 different trackers"),
        (["--consensus", "steady,stedy"], "Did you mean"),
        (["--consensus", "steady,drifting", "--set", "radius=3"], "names none of the trackers"),
        (["--consensus", "steady,drifting", "--two-way", "9:1,2,9,9"], "goes one way"),
        (["--set", "radius"], "is not a setting"),
        (["--set", "radis=3"], "Did you mean"),
        (["--set", "radius=-3"], "within 1 to 200"),
        (["--set", "radius=x"], "not of type int"),
        (["--overlay", "o.mp4", "--map", "bogus"], "Known: none, response"),
        (["--device", "tpu"], "is not a device"),
        (["--out", "a.xyz"], "format"),
        (["--out", f"{__file__}/a.csv"], "is a file, not a folder"),
        (["--overlay", f"{__file__}/o.mp4"], "is a file, not a folder"),
    ],
)
def test_that_bad_input_is_explained_before_anything_is_written(
    tmp_path, shots, box, capsys, options, message, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", box, *ARGS, "--out", str(out), *options]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not out.exists()
    assert not (tmp_path / "o.mp4").exists()


def test_that_a_box_may_begin_with_a_minus(tmp_path, shots):
    out = tmp_path / "a.boxtrail"
    command = ["track", str(shots), "--box", "-3,-2.5,30,30", *ARGS, "--out", str(out)]
    assert main([*command, "--frames", "2"]) == 0
    assert _boxes(out)[0].box.as_tuple() == (-3, -2.5, 30, 30)


def test_that_writing_nowhere_is_refused(shots, box, capsys):
    assert main(["track", str(shots), "--box", box, *ARGS]) == 2
    assert "nowhere to write" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_that_ctrl_c_keeps_and_writes_what_was_tracked(tmp_path, shots, box):
    out, overlay = tmp_path / "a.boxtrail", tmp_path / "o.mp4"
    code = (
        "import sys, fakes.template_match; from core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = ["track", str(shots), "--box", box, *ARGS, "--set", "delay=0.3"]
    tests = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command, "--out", str(out), "--overlay", str(overlay)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".o.*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.05)  # the overlay's temporary file shows that the run began
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    assert "stopped" in error
    assert 1 < len(_boxes(out)) < 15
    with av.open(str(overlay)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(_boxes(out))
