"""`boxtrail batch`: inputs, outputs, the table, and what the exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli import main
from core.collection import file as collection_file
from core.collection.collection import Clip, ClipStatus, Collection
from core.document import project_file
from core.recording.schema import SUFFIX as RECORDING

ARGS = ["--tracker", "template-match"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "home"))


@pytest.fixture
def job(tmp_path: Path, shots: Path, box: str) -> Path:
    path = tmp_path / "job.csv"
    path.write_text(f"video,frame,x,y,w,h\n{shots.name},0,{box}\n")
    return path


def test_that_a_job_is_tracked_exported_and_told_in_a_table(job, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    code = main(["batch", str(job), "--out", str(out), *ARGS, "--export", "csv", "--record"])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert len(project_file.load(out / "shots.boxtrail").tracks[0]) == 15
    assert (out / "csv" / "shots.csv").exists()
    assert (out / "recordings" / f"shots-1{RECORDING}").exists()
    head, row, total = said.out.splitlines()
    assert head.split() == ["clip", "frames", "frames/s", "stops", "doubtful", "result"]
    assert row.split()[:2] == ["shots", "14"]
    assert total.startswith("1 clips")
    assert "[1/1] shots: 14 frames" in said.err
    assert main(["batch", str(job), "--out", str(out), *ARGS]) == 0
    assert "finished before" in capsys.readouterr().out
    assert (tmp_path / "job.csv.batch").exists()


def test_that_a_list_leaves_out_what_is_done_and_a_failure_shows_in_the_exit_code(
    job, tmp_path, shots, capsys
) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(job), "--out", str(out), *ARGS, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    clips = [
        Clip(1, out / "shots.boxtrail", shots, ClipStatus.DONE),
        Clip(1, tmp_path / "gone.boxtrail", tmp_path / "gone.mp4"),
    ]
    listed = tmp_path / "work.boxtrails"
    collection_file.create(listed, Collection().added(clips))
    assert main(["batch", str(listed), "--dry-run"]) == 0
    assert capsys.readouterr().out.split()[0] == "gone.mp4"
    assert main(["batch", str(listed), *ARGS]) == 1
    said = capsys.readouterr()
    assert "gone.mp4" in said.err
    assert "1 failed" in said.out
    assert main(["batch", str(listed), "--all", *ARGS]) == 1
    assert "2 clips" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["x.mp4"], "neither a list of clips"),
        (["JOB", "--two-way", "--until-unsure"], "two out"),
        (["JOB", "--keep-tail"], "--until-unsure"),
        (["JOB", "--export", "nothing"], "no annotation format"),
        (["JOB", "--set", "radius=-3"], "radius"),
        (["JOB", "--record", "--maps", "x"], "no map “x”"),
        (["gone.csv"], "does not exist"),
    ],
)
def test_that_wrong_options_are_told_before_any_work(job, capsys, options, message) -> None:
    command = [str(job) if option == "JOB" else option for option in options]
    assert main(["batch", *command, *ARGS]) == 2
    assert message in capsys.readouterr().err
