"""Annotated folders become clips, and all clips go out at once."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from fakes.array_video import Clip, moving_patch

from core.batch.export_clips import export_clips
from core.cli import main
from core.collection import file as collection_file
from core.collection.collection import Collection
from core.collection.importing import import_clips
from core.document import project_file
from core.errors import DatasetError
from core.states import Source


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "home"))


@pytest.fixture
def clip() -> Clip:
    return moving_patch(6)


@pytest.fixture
def data(tmp_path: Path, clip: Clip) -> Path:
    """An OTB sequence with two targets, and a MOT one."""
    for folder in ("data/otb/Jog/img", "data/mot/M1/img1"):
        (tmp_path / folder).mkdir(parents=True)
        for k, image in enumerate(clip.images, 1):
            cv2.imwrite(str(tmp_path / folder / f"{k:04d}.png"), image[:, :, ::-1])
    rows = [box.as_tuple() for box in clip.boxes]
    otb = "\n".join(f"{x + 1:g},{y + 1:g},{w:g},{h:g}" for x, y, w, h in rows)
    for target in "12":
        (tmp_path / f"data/otb/Jog/groundtruth_rect.{target}.txt").write_text(otb + "\n")
    mot = [f"{k},7,{x + 1:g},{y + 1:g},{w:g},{h:g},1,3,1" for k, (x, y, w, h) in enumerate(rows, 1)]
    (tmp_path / "data/mot/M1/gt").mkdir()
    (tmp_path / "data/mot/M1/gt/gt.txt").write_text("\n".join(mot) + "\n")
    return tmp_path / "data"


def test_that_benchmarks_and_mot_become_clips_and_go_out_again(
    data: Path, clip: Clip, tmp_path: Path, capsys
) -> None:
    listed = tmp_path / "work.boxtrails"
    made = import_clips(data, listed, Collection())
    assert made.problems == []
    assert [entry.title for entry in made.clips] == ["Jog", "M1"]
    assert made.boxes == 18
    jog, mot = (project_file.load(entry.project) for entry in made.clips)
    assert len(jog.tracks) == 2
    for document in (jog, mot):
        keys = list(document.tracks[0].keyframes())
        assert [key.box for key in keys] == clip.boxes
        assert {key.source for key in keys} == {Source.IMPORTED}
    collection = collection_file.create(listed, Collection().added(made.clips))
    again = import_clips(data, listed, collection)
    assert again.clips == []
    assert len(again.problems) == 2
    assert main(["export", str(listed), "--out", str(tmp_path / "x"), "--format", "csv"]) == 0
    assert sorted(p.name for p in (tmp_path / "x" / "csv").glob("*.csv")) == ["Jog.csv", "M1.csv"]
    capsys.readouterr()
    assert main(["info", str(listed)]) == 0
    assert "2 clips (2 new, 0 tracked, 0 in_review, 0 done): 12 frames, 18 boxes" in (
        capsys.readouterr().out
    )


def test_that_first_boxes_alone_are_a_persons_and_can_be_tracked(data: Path, tmp_path) -> None:
    made = import_clips(data, tmp_path / "l.boxtrails", Collection(), first_only=True)
    keys = list(project_file.load(made.clips[0].project).tracks[0].keyframes())
    assert [(key.frame, key.source) for key in keys] == [(0, Source.MANUAL)]


def test_that_a_clip_that_cannot_be_written_stops_no_other(data: Path, tmp_path: Path) -> None:
    made = import_clips(data, tmp_path / "l.boxtrails", Collection())
    made.clips[0].project.write_text("{")
    done = export_clips(made.clips, "csv", tmp_path / "x")
    assert [bool(item.problem) for item in done] == [True, False]
    assert done[1].boxes == 6


def test_that_a_folder_without_annotations_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No annotated sequences"):
        import_clips(tmp_path, tmp_path / "l.boxtrails", Collection())
