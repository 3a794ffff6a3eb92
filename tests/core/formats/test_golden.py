"""Small files checked by hand, and other people's parsers, for every format.

The document of the fixture: a car on frames 0 and 2 (there occluded, 0.75), a person on
frame 2 reaching beyond the 640 × 480 frame, stated to be absent on frame 3.
"""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from core import formats, params
from core.document.document import Document, VideoRef
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats.context import ImportContext
from core.geometry import Box
from core.states import Flag, Source

formats.load_all()


def write(document: Document, key: str, folder: Path, **options: Any) -> Path:
    fmt = formats.find(key)
    to = folder / ("out" if fmt.folder else "out" + fmt.suffixes[0])
    fmt.write(document, to, params.from_dict(fmt.options, options))
    return to


def read(path: Path, key: str, clip: VideoRef | None = None, **options: Any) -> Document:
    fmt = formats.find(key)
    video = clip or VideoRef("/v/out.mp4", width=640, height=480, frame_count=60)
    return fmt.read(path, params.from_dict(fmt.options, options), ImportContext(video))


# ---- MOTChallenge -------------------------------------------------------------------


def test_that_mot_is_one_based_in_frames_and_pixels(document: Document, tmp_path: Path) -> None:
    to = write(document, "mot", tmp_path)
    assert (to / "gt" / "gt.txt").read_text() == (
        "1,1,11,21,30,40,1,1,1\n3,1,13.5,21,30,40,1,1,0.5\n3,2,601,401,64,100,1,2,1\n"
    )
    assert (to / "gt" / "labels.txt").read_text() == "car\nperson\n"
    info = configparser.ConfigParser()
    info.read(to / "seqinfo.ini", encoding="utf-8")
    assert dict(info["Sequence"]) == {
        "name": "Straße", "imdir": "img1", "framerate": "25", "seqlength": "60",
        "imwidth": "640", "imheight": "480", "imext": ".jpg",
    }  # fmt: skip


def test_that_mot_detections_and_results_carry_scores(document: Document, tmp_path: Path) -> None:
    det = write(document, "mot", tmp_path / "d", variant="det", frame_base=0, box_base=0)
    assert (det / "det" / "det.txt").read_text().splitlines()[
        1
    ] == "2,-1,12.5,20,30,40,0.75,-1,-1,-1"
    results = write(document, "mot", tmp_path / "r", variant="results")
    assert (results / "results.txt").read_text().splitlines()[
        1
    ] == "3,1,13.5,21,30,40,0.75,-1,-1,-1"
    loaded = read(results, "mot")
    key = loaded.track(1).at(2)
    assert key is not None
    assert (key.box, key.score) == (Box(12.5, 20, 30, 40), 0.75)
    lost = formats.find("mot").losses(
        document, params.from_dict(formats.find("mot").options, {"variant": "det"})
    )
    assert "which box belongs to which object" in lost
    assert not any("score" in text for text in lost)


def test_that_foreign_mot_truth_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "gt.txt"
    file.write_text(
        "# a comment\n1, 2, 913, 484, 109, 382, 0, 7, 1\n1,3,1338,418,167,379,1,1,0.37\n\n"
        "2,3,1342,417,168,380,1,1,1.0\n2,4,10,10,5,5,1,3,1\nbroken line\n3,3,a,1,1,1,1,1,1\n"
        "9,3,1,1,1,1,1,1,1\n2,3,1,1,9,9,1,1,1\n2,5,1,1,0,9,1,1,1\n"
    )
    fmt = formats.find("mot")
    ctx = ImportContext(VideoRef("a.mp4", width=1920, height=1080, frame_count=5))
    loaded = fmt.read(file, None, ctx)
    assert [(t.id, t.label, len(t)) for t in loaded.tracks] == [(3, "pedestrian", 2), (4, "car", 1)]
    first = loaded.track(3).at(0)
    assert first is not None
    assert first.box == Box(1337, 417, 167, 379)
    assert first.source is Source.IMPORTED
    assert first.flags == Flag.OCCLUDED
    assert ctx.warnings == ["1 boxes that are marked as to be ignored were left out."]
    assert [(s.where, s.why) for s in ctx.skipped] == [
        ("gt.txt:7", "not six or more numbers with whole frame and id"),
        ("gt.txt:8", "not six or more numbers with whole frame and id"),
        ("gt.txt:9", "frame beyond the clip's 5"),
        ("gt.txt:10", "second box of a track on one frame"),
        ("gt.txt:11", "box without an area"),
    ]
    assert "5 skipped: 2 × not six" in ctx.summary()
    assert len(read(file, "mot", ctx.video, ignored=True).tracks) == 3


def test_that_mot_detections_without_ids_are_linked(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text(
        "".join(
            f"{n},-1,{10 * n},50,100,100,0.9,-1,-1,-1\n{n},-1,{400 + n},50,80,90,0.8,-1,-1,-1\n"
            for n in range(1, 6)
        )
    )
    loaded = read(tmp_path / "det.txt", "mot")
    assert [len(track) for track in loaded.tracks] == [5, 5]


# ---- COCO ---------------------------------------------------------------------------


def test_that_coco_has_the_keys_of_the_standard(document: Document, tmp_path: Path) -> None:
    raw = json.loads(write(document, "coco", tmp_path).read_text("utf-8"))
    assert raw["categories"] == [{"id": 1, "name": "car"}, {"id": 2, "name": "person"}]
    assert raw["videos"][0]["name"] == "Straße"
    images = {image["id"]: image for image in raw["images"]}
    assert [i["frame_id"] for i in images.values()] == [0, 2, 3]
    assert images[2] == {"id": 2, "file_name": "frame_000002.jpg", "width": 640, "height": 480,
                         "video_id": 1, "frame_id": 2}  # fmt: skip
    assert len({a["id"] for a in raw["annotations"]}) == len(raw["annotations"]) == 3
    for entry in raw["annotations"]:
        assert entry["image_id"] in images
        assert entry["category_id"] in {1, 2}
        assert entry["area"] == pytest.approx(entry["bbox"][2] * entry["bbox"][3])
        assert entry["iscrowd"] == 0
    assert raw["annotations"][1] == {
        "id": 2, "image_id": 2, "video_id": 1, "category_id": 1, "track_id": 1, "instance_id": 1,
        "bbox": [12.5, 20.0, 30.0, 40.0], "area": 1200.0, "iscrowd": 0, "score": 0.75,
        "attributes": {"occluded": True, "truncated": False, "confirmed": False,
                       "source": "tracked"},
    }  # fmt: skip


def coco(**changes: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 7, "file_name": "x/img_0004.png"}, {"id": "b", "file_name": "cover.png"}],
        "annotations": [
            {"image_id": 7, "bbox": [1, 2, 3, 4], "category_id": 5},
            {"image_id": "b", "bbox": [1, 2, 3, 4], "category_id": 5},
            {"image_id": 99, "bbox": [1, 2, 3, 4]},
            {"image_id": 7, "bbox": [1, 2, 3]},
            {"image_id": 7, "bbox": [9, 9, 9, 9], "iscrowd": 1},
            {"image_id": 7, "segmentation": []},
        ],
        "categories": [{"id": 5, "name": "dog"}],
        **changes,
    }


def test_that_foreign_coco_without_videos_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(coco()))
    ctx = ImportContext(VideoRef("a.mp4"))
    loaded = formats.find("coco").read(file, None, ctx)
    assert [(t.label, list(t.keyframes())) for t in loaded.tracks] == [
        ("dog", [Keyframe(4, Box(1, 2, 3, 4), Source.IMPORTED)])
    ]
    assert [s.where for s in ctx.skipped] == [f"annotations[{i}]" for i in (1, 2, 3, 4, 5)]
    assert ctx.skipped[2].why.startswith("3 elements") or "4 elements" in ctx.skipped[2].why


def test_that_one_of_several_videos_is_chosen_by_name(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(
        json.dumps(
            coco(
                videos=[{"id": 1, "name": "first"}, {"id": 2, "name": "dir/out"}],
                images=[
                    {"id": 1, "video_id": 1, "frame_id": 0},
                    {"id": 2, "video_id": 2, "frame_id": 3},
                ],
                annotations=[
                    {"image_id": 1, "bbox": [1, 2, 3, 4], "track_id": 1},
                    {"image_id": 2, "bbox": [5, 6, 7, 8], "track_id": 2},
                ],
            )
        )
    )
    assert [t.id for t in read(file, "coco").tracks] == [2], "the video called like the clip"
    assert [t.id for t in read(file, "coco", video="first").tracks] == [1]
    with pytest.raises(FormatError, match="2 videos") as caught:
        read(file, "coco", VideoRef("/v/third.mp4"))
    assert "“first”" in caught.value.hint


# ---- YOLO ---------------------------------------------------------------------------


def test_that_yolo_is_relative_to_the_frame(document: Document, tmp_path: Path) -> None:
    to = write(document, "yolo", tmp_path)
    assert sorted(p.name for p in (to / "labels").iterdir()) == [
        "frame_000000.txt", "frame_000002.txt", "frame_000003.txt"]  # fmt: skip
    lines = (to / "labels" / "frame_000002.txt").read_text().splitlines()
    car, person = ([float(v) for v in line.split()] for line in lines)
    assert car == pytest.approx([0, (12.5 + 15) / 640, 40 / 480, 30 / 640, 40 / 480], abs=1e-7)
    assert person == pytest.approx([1, 620 / 640, 440 / 480, 40 / 640, 80 / 480], abs=1e-7), "cut"
    assert (to / "labels" / "frame_000003.txt").read_text() == "", "absent: a background picture"
    assert (to / "classes.txt").read_text() == "car\nperson\n"
    assert 'names:\n  0: "car"\n  1: "person"\n' in (to / "data.yaml").read_text()


def test_that_yolo_writes_scores_and_ids_on_demand(document: Document, tmp_path: Path) -> None:
    to = write(document, "yolo", tmp_path, scores=True, track_ids=True)
    line = (to / "labels" / "frame_000002.txt").read_text().splitlines()[1]
    assert line.endswith(" 0.500000 2")
    loaded = read(to, "yolo")
    key = loaded.track(2).at(2)
    assert key is not None
    assert key.score == 0.5


@pytest.mark.parametrize(
    "yaml",
    [
        "names: [cat, 'dog']",
        'nc: 2\nnames:\n  0: cat\n  1: "dog"\nval: x',
        "names:\n- cat\n- dog\n",
    ],
)
def test_that_foreign_yolo_folders_are_understood(yaml: str, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data.yaml").write_text(yaml)
    (tmp_path / "labels" / "clip_7.txt").write_text(
        "1 0.5 0.5 0.5 0.5\n0 .1 .1 .1 .1 .1 .1 .1 .1\n"
    )
    loaded = read(tmp_path, "yolo")
    assert [(t.label, list(t.keyframes())) for t in loaded.tracks] == [
        ("dog", [Keyframe(7, Box(160, 120, 320, 240), Source.IMPORTED)])
    ]


# ---- VOC ----------------------------------------------------------------------------


def test_that_voc_counts_pixels_from_one_and_includes_both_corners(
    document: Document, tmp_path: Path
) -> None:
    to = write(document, "voc", tmp_path)
    root = ElementTree.parse(to / "Annotations" / "frame_000000.xml").getroot()
    assert root.findtext("filename") == "frame_000000.jpg"
    assert [int(root.findtext(f"size/{n}", "")) for n in ("width", "height", "depth")] == [
        640,
        480,
        3,
    ]
    (thing,) = root.findall("object")
    assert thing.findtext("name") == "car"
    corners = [thing.findtext(f"bndbox/{n}") for n in ("xmin", "ymin", "xmax", "ymax")]
    assert corners == ["11", "21", "40", "60"], "pixels 10..39 and 20..59, counted from 1"
    second = ElementTree.parse(to / "Annotations" / "frame_000002.xml").getroot()
    assert [o.findtext("occluded") for o in second.iter("object")] == ["1", "0"]
    assert second.findtext("object[2]/bndbox/xmax") == "640", "cut at the edge"
    third = ElementTree.parse(to / "Annotations" / "frame_000003.xml").getroot()
    assert not list(third.iter("object"))


def test_that_voc_with_digits_is_exact(document: Document, tmp_path: Path) -> None:
    loaded = read(write(document, "voc", tmp_path, decimals=3, outside="keep"), "voc")
    boxes = {k.box.as_tuple() for t in loaded.tracks for k in t.keyframes()}
    assert boxes == {(10, 20, 30, 40), (12.5, 20, 30, 40), (600, 400, 64, 100)}


def test_that_xml_with_entities_is_skipped(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><annotation><filename>&b;</filename></annotation>'
    (tmp_path / "1.xml").write_text(bomb)
    (tmp_path / "2.xml").write_text(
        "<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>2.0</xmax><ymax>3</ymax></bndbox></object></annotation>"
    )
    ctx = ImportContext(VideoRef("a.mp4"))
    loaded = formats.find("voc").read(tmp_path, None, ctx)
    assert [list(t.keyframes()) for t in loaded.tracks] == [
        [Keyframe(2, Box(0, 0, 2, 3), Source.IMPORTED)]
    ]
    assert [s.where for s in ctx.skipped] == ["1.xml"]


# ---- OTB ----------------------------------------------------------------------------


def test_that_otb_has_a_line_for_every_frame(document: Document, tmp_path: Path) -> None:
    to = write(document, "otb", tmp_path)
    lines = (to / "groundtruth_rect.1.txt").read_text().splitlines()
    assert len(lines) == 60
    assert lines[:3] == ["11,21,30,40", "NaN,NaN,NaN,NaN", "13.5,21,30,40"]
    to = write(document, "otb", tmp_path / "z", missing="zeros", separator="tab", first=2, last=3)
    assert (to / "groundtruth_rect.2.txt").read_text() == "601\t401\t64\t100\n0\t0\t0\t0\n"
    loaded = read(to, "otb")
    assert loaded.track(2).columns.frames.tolist() == [2, 3], "the manifest knows the first frame"
    key = loaded.track(2).at(3)
    assert key is not None
    assert key.is_absent
    present = read(to, "otb", missing_is_absent=False)
    assert present.track(2).columns.frames.tolist() == [2]


def test_that_a_single_otb_track_has_the_benchmarks_name(tmp_path: Path) -> None:
    track = Track(7).with_keyframes([Keyframe(0, Box(0, 0, 5, 5))])
    document = Document(VideoRef("a.mp4", frame_count=2)).with_track(track)
    to = write(document, "otb", tmp_path)
    assert (to / "groundtruth_rect.txt").read_text() == "1,1,5,5\nNaN,NaN,NaN,NaN\n"
    assert [t.id for t in read(to, "otb").tracks] == [7]
    (to / "boxtrail-otb.manifest.json").unlink()
    assert [t.id for t in read(to, "otb").tracks] == [1]


def test_that_foreign_otb_text_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "groundtruth_rect.txt"
    file.write_text("198\t214\t34\t81\n197 214 34 81\nbroken\nNaN,NaN,NaN,NaN\n196,214,34,81\n")
    ctx = ImportContext(VideoRef("a.mp4", frame_count=5))
    (track,) = formats.find("otb").read(file, None, ctx).tracks
    assert track.columns.frames.tolist() == [0, 1, 3, 4], "a broken line still counts as its frame"
    key = track.at(4)
    assert key is not None
    assert key.box == Box(195, 213, 34, 81)
    assert [s.where for s in ctx.skipped] == ["groundtruth_rect.txt:3"]


# ---- CSV and own JSON ---------------------------------------------------------------


def test_that_csv_of_another_program_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        'Frame;w;h;x;y;label\n0;3;4;1;2;"a;b"\n1;3;4;1.5;2;"a;b"\n1;3;4;x;2;c\n', "utf-8-sig"
    )
    ctx = ImportContext(VideoRef("a.mp4"))
    (track,) = formats.find("csv").read(file, None, ctx).tracks
    assert (track.label, len(track)) == ("a;b", 2)
    assert [(s.where, s.why) for s in ctx.skipped] == [
        ("a.csv:4", "frame, x, y, w, h or score is not a number")
    ]
    file.write_text("frame,x\n1,2\n")
    with pytest.raises(FormatError, match="lacks the columns y, w, h"):
        read(file, "csv")


def test_that_own_json_says_everything_in_words(document: Document, tmp_path: Path) -> None:
    raw = json.loads(write(document, "boxtrail", tmp_path).read_text("utf-8"))
    assert raw["format"] == "boxtrail-annotations"
    assert raw["video"]["path"] == "Straße.mp4", "no folders of this machine"
    assert raw["tracks"][0]["boxes"] == [
        {"frame": 0, "box": [10, 20, 30, 40], "source": "manual"},
        {"frame": 2, "box": [12.5, 20, 30, 40], "source": "tracked", "score": 0.75,
         "marks": ["occluded"]},
    ]  # fmt: skip
    assert raw["tracks"][1]["boxes"][0]["state"] == "uncertain"
    assert raw["tracks"][1]["boxes"][1]["marks"] == ["absent"]


def test_that_own_json_of_a_newer_program_is_refused(document: Document, tmp_path: Path) -> None:
    path = write(document, "boxtrail", tmp_path)
    path.write_text(path.read_text("utf-8").replace('"version": 1', '"version": 2'), "utf-8")
    with pytest.raises(FormatError, match="newer Boxtrail"):
        read(path, "boxtrail")
