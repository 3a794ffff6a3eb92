"""Job files are read whole or refused with the place of the mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.batch.job_file import read_job
from core.batch.tasks import Seed
from core.errors import FormatError
from core.geometry import Box


def test_that_lines_of_one_video_are_one_clip(tmp_path: Path) -> None:
    path = tmp_path / "job.csv"
    path.write_text(
        "Video; frame; x; y; w; h; object\n"
        "sub/a.mp4; 0; 1; 2; 3.5; 4; one\n"
        "sub/a.mp4; 0; 5; 6; 7; 8; two\n\n"
        "b.mp4; 7; 1; 2; 3; 4;\n"
    )
    a, b = read_job(path, tmp_path / "out")
    assert a.video == tmp_path / "sub" / "a.mp4"
    assert a.project == tmp_path / "out" / "a.boxtrail"
    assert a.seeds == (
        Seed(0, Box(1, 2, 3.5, 4), "", "one"),
        Seed(0, Box(5, 6, 7, 8), "", "two"),
    )
    assert b.seeds == (Seed(7, Box(1, 2, 3, 4)),)


def test_that_videos_of_one_name_get_the_same_projects_each_time(tmp_path: Path) -> None:
    path = tmp_path / "job.csv"
    path.write_text("video,frame,x,y,w,h\none/a.mp4,0,1,1,9,9\ntwo/a.mp4,0,1,1,9,9\n")
    first = [task.project.name for task in read_job(path, tmp_path)]
    for name in first:
        (tmp_path / name).write_text("x")
    assert first == ["a.boxtrail", "a-2.boxtrail"]
    assert [task.project.name for task in read_job(path, tmp_path)] == first


def test_that_json_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    boxes = [{"frame": 3, "box": [1, 2, 3, 4], "label": "car"}]
    clips = [{"video": "a.mp4", "boxes": boxes}, {"project": "own.boxtrail"}, "other.boxtrail"]
    path.write_text(json.dumps({"clips": clips}))
    a, b, c = read_job(path, tmp_path)
    assert a.seeds == (Seed(3, Box(1, 2, 3, 4), "car"),)
    assert (b.video, b.project) == (None, tmp_path / "own.boxtrail")
    assert c.project == tmp_path / "other.boxtrail"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("video,frame,x,y,w\n", "no column “h”"),
        ("video,frame,x,y,w,h\n", "names no clips"),
        ("video,frame,x,y,w,h\na.mp4,0,1,2,3,x\n", r"must be numbers \(line 2\)"),
        ("video,frame,x,y,w,h\na.mp4,0,1,2,3,0\n", r"has no size \(line 2\)"),
        ("video,frame,x,y,w,h\na.mp4,0,1,2,nan,3\n", r"has no size \(line 2\)"),
        ("video,frame,x,y,w,h\na.mp4,-1,1,2,3,4\n", "counted from 0"),
        ("video,frame,x,y,w,h\na.mp4,,,,,\n", "there is no box"),
        ("video,frame,x,y,w,h\n,0,1,2,3,4\n", "there is no video"),
        ("video,frame,x,y,w,h\na,0,1,2,3,4\na,0,5,6,7,8\n", "two boxes of one object on frame 0"),
        ('{"clips": [{"video": "a"}]}', r"clips\[0\]: it has no boxes"),
        ('{"clips": [{"video": "a", "boxes": [{"box": [1, 2, 3]}]}]}', r"box: 4 elements"),
        ('{"clips": [{"video": "a", "boxes": [{"box": [1, 2, 3, -4]}]}]}', "has no size"),
        ('{"clips": [{}]}', "neither video nor project"),
        ("[1", "ends too early"),
    ],
)
def test_that_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "job.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_job(path, tmp_path)
