"""Readers of training sets in their official layouts, and what they make of bad data."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fakes.training_material import PALETTE, noise, write, write_palette

from core.errors import DatasetError
from core.train.data.frames import PngMasks, read_picture, read_rgba
from core.train.data.items import Item, Kind
from core.train.data.readers import coco, read_all, read_one
from core.train.data.report import Fault, Report
from core.train.data.split import divide, held_out


def read(folder: Path) -> tuple[list[Item], Report]:
    report = Report()
    return read_one(folder, report), report


def clip(
    folder: Path, count: int = 4, *, start: int = 1, digits: int = 8, suffix: str = ".jpg"
) -> None:
    for k in range(count):
        write(folder / f"{start + k:0{digits}d}{suffix}", noise(30, 40, seed=k))


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def xml(
    objects: str,
    *,
    filename: str = "",
    size: str = "<size><width>40</width><height>30</height></size>",
) -> str:
    return f"<annotation><filename>{filename}</filename>{size}{objects}</annotation>"


def thing(name: str, corners: tuple[float, ...], more: str = "") -> str:
    tags = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    return f"<object><name>{name}</name>{more}<bndbox>{box}</bndbox></object>"


def test_got10k_reads_training_sequences_and_refuses_the_others(tmp_path):
    for split, name in (("train", "GOT-10k_Train_000001"), ("val", "GOT-10k_Val_000001")):
        folder = tmp_path / split / name
        clip(folder)
        text(folder / "groundtruth.txt", "1,2,10,12\n2,2,10,12\n3,2,10,12\n4,2,10,12\n")
        text(folder / "absence.label", "0\n0\n1\n0\n")
        text(folder / "meta_info.ini", "[METAINFO]\nobject_class: jet ski\n")
    items, report = read(tmp_path)
    (item,) = items
    assert (item.key, item.kind, item.tracks[0].category) == (
        "GOT-10k/GOT-10k_Train_000001", Kind.VIDEO, "jet ski",
    )  # fmt: skip
    assert item.tracks[0].present().tolist() == [0, 1, 3]
    assert read_picture(item.frames, 3).shape == (30, 40, 3)
    assert report.skipped[Fault.EVALUATION] == 1
    shutil.rmtree(tmp_path / "train")
    with pytest.raises(DatasetError, match="evaluation set"):
        read(tmp_path)


def lasot(root: Path) -> None:
    for number in (1, 2, 3):
        folder = root / "dog" / f"dog-{number}"
        clip(folder / "img", 3)
        text(folder / "groundtruth.txt", "1,2,10,12\n2,2,10,12\n0,0,0,0\n")
        text(folder / "full_occlusion.txt", "0,0,0")
        text(folder / "out_of_view.txt", "0,0,1")


def test_lasot_leaves_out_its_test_set(tmp_path):
    lasot(tmp_path)
    with pytest.raises(DatasetError, match="test set"):
        read(tmp_path)
    text(tmp_path / "testing_set.txt", "dog-1\ncat-7\n")
    items, report = read(tmp_path)
    assert [item.key for item in items] == ["LaSOT/dog-2", "LaSOT/dog-3"]
    assert items[0].tracks[0].category == "dog"
    assert items[0].tracks[0].present().tolist() == [0, 1]
    assert report.skipped[Fault.EVALUATION] == 1
    text(tmp_path / "training_set.txt", "dog-3\n")
    assert [item.key for item in read(tmp_path)[0]] == ["LaSOT/dog-3"]


def test_a_sequence_that_is_not_complete_is_counted_with_its_reason(tmp_path):
    lasot(tmp_path)
    text(tmp_path / "training_set.txt", "dog-1 dog-2 dog-3")
    shutil.rmtree(tmp_path / "dog" / "dog-2" / "img")
    text(tmp_path / "dog" / "dog-3" / "groundtruth.txt", "a,b,c,d\n")
    items, report = read(tmp_path)
    assert len(items) == 1
    assert report.skipped[Fault.LAYOUT] == 2
    assert "dog-2" in report.examples[Fault.LAYOUT]


@pytest.mark.parametrize("packed", [False, True])
def test_trackingnet_reads_folders_and_archives(tmp_path, packed):
    chunk = tmp_path / "TRAIN_0"
    for k in range(12):
        write(tmp_path / "loose" / f"{k}.jpg", noise(30, 40, seed=k))
    if packed:
        (chunk / "zips").mkdir(parents=True)
        with zipfile.ZipFile(chunk / "zips" / "abc_def_0.zip", "w") as archive:
            for k in (3, 11, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10):
                archive.write(tmp_path / "loose" / f"{k}.jpg", f"{k}.jpg")
    else:
        shutil.copytree(tmp_path / "loose", chunk / "frames" / "abc_def_0")
    rows = "".join(f"{k},5,10,12\n" for k in range(12))
    text(chunk / "anno" / "abc_def_0.txt", rows)
    text(chunk / "anno" / "gone_1.txt", rows)
    text(tmp_path / "TEST" / "anno" / "t.txt", "1,2,3,4\n")
    items, report = read(tmp_path)
    (item,) = items
    assert item.group == "TrackingNet/abc_def"
    assert len(item) == 12
    assert np.abs(read_picture(item.frames, 11).astype(int) - noise(30, 40, seed=11)).mean() < 20
    assert item.tracks[0].boxes[11, 0] == 11
    assert report.skipped[Fault.MISSING] == 1
    assert report.skipped[Fault.EVALUATION] == 1


def test_a_broken_archive_is_counted(tmp_path):
    chunk = tmp_path / "TRAIN_0"
    text(chunk / "anno" / "a_0.txt", "1,2,10,12\n")
    text(chunk / "zips" / "a_0.zip", "no archive")
    with pytest.raises(DatasetError, match="cannot be read"):
        read(tmp_path)


def test_vid_keeps_tracks_apart_and_leaves_its_validation_set_alone(tmp_path):
    notes, pictures = (
        tmp_path / kind / "VID" / "train" / "part" / "v1" for kind in ("Annotations", "Data")
    )
    clip(pictures, 3, start=0, digits=6, suffix=".jpeg")
    for path in pictures.iterdir():
        path.rename(path.with_suffix(".JPEG"))
    a = thing("n01", (1, 2, 21, 22), "<trackid>0</trackid>")
    b = thing("n02", (5, 5, 15, 15), "<trackid>1</trackid>")
    for k, objects in enumerate((a + b, a, b + thing("n03", (5, 5, 5, 9), "<trackid>2</trackid>"))):
        text(notes / f"{k:06d}.xml", xml(objects))
    text(tmp_path / "Annotations" / "VID" / "val" / "v9" / "000000.xml", xml(a))
    items, report = read(tmp_path)
    (item,) = items
    assert [t.category for t in item.tracks] == ["n01", "n02"]
    assert item.tracks[0].present().tolist() == [0, 1]
    assert item.tracks[1].present().tolist() == [0, 2]
    assert item.tracks[0].boxes[0].tolist() == [1, 2, 20, 20]
    assert report.skipped[Fault.EVALUATION] == 1


def test_voc_counts_pixels_from_one(tmp_path):
    root = tmp_path / "VOC2012"
    write(root / "JPEGImages" / "a.jpg", noise(30, 40))
    objects = thing("dog", (1, 1, 10, 20)) + thing("cat", (5, 5, 9, 9), "<difficult>1</difficult>")
    text(root / "Annotations" / "a.xml", xml(objects + thing("x", (9, 9, 3, 3)), filename="a.jpg"))
    text(root / "Annotations" / "b.xml", xml(objects, filename="b.jpg"))
    text(root / "Annotations" / "c.xml", "<annotation><object>")
    text(root / "Annotations" / "d.xml", '<!DOCTYPE a [<!ENTITY x "y">]><annotation/>')
    items, report = read(tmp_path)
    (item,) = items
    assert item.key == "VOC2012/a"
    assert [t.boxes[0].tolist() for t in item.tracks] == [[0, 0, 10, 20]]
    assert report.skipped[Fault.CROWD] == 1
    assert report.skipped[Fault.NO_BOX] == 1
    assert report.skipped[Fault.MISSING] == 1
    assert report.skipped[Fault.BAD_RECORD] == 2


def coco_set(root: Path, annotations: list[dict], *, images: list[dict] | None = None) -> None:
    write(root / "train2017" / "1.jpg", noise(30, 40))
    content = {
        "images": images or [{"id": 1, "file_name": "1.jpg", "width": 40, "height": 30}],
        "annotations": annotations,
        "categories": [{"id": 3, "name": "car"}],
    }
    text(root / "annotations" / "instances_train2017.json", json.dumps(content))


def test_coco_reads_boxes_and_draws_polygons_and_run_lengths(tmp_path):
    square = {"image_id": 1, "category_id": 3, "bbox": [5, 6, 20, 10],
              "segmentation": [[5, 6, 25, 6, 25, 16, 5, 16]]}  # fmt: skip
    runs = {"image_id": 1, "category_id": 3, "bbox": [10, 8, 5, 4],
            "segmentation": {"size": [30, 40], "counts": _runs()}}  # fmt: skip
    crowd = {**square, "iscrowd": 1}
    broken = {"image_id": 1, "category_id": 3, "bbox": ["a", 0, 1, 1]}
    empty = {"image_id": 1, "category_id": 3, "bbox": [5, 5, 0, 4]}
    coco_set(tmp_path, [square, runs, crowd, broken, empty])
    items, report = read(tmp_path)
    (item,) = items
    assert [t.category for t in item.tracks] == ["car", "car"]
    assert item.masks is not None
    labels = item.masks.indexed(0)
    # Runs cover 5 × 4 pixels of the square, which is drawn first because it is larger.
    assert (labels == 2).sum() == 20
    assert (labels == 1).sum() == pytest.approx(200 - 20, abs=32)
    rows, cols = np.nonzero(labels == 2)
    assert (cols.min(), rows.min(), cols.max(), rows.max()) == (10, 8, 14, 11)
    assert report.skipped[Fault.CROWD] == 1
    assert report.skipped[Fault.BAD_RECORD] == 1
    assert report.skipped[Fault.NO_BOX] == 1


def _runs() -> list[int]:
    """A 5 × 4 rectangle at (10, 8) of a 40 × 30 picture, column by column."""
    counts = [10 * 30 + 8]
    for column in range(5):
        counts += [4, 26 if column < 4 else 30 * 40 - (10 * 30 + 8) - 5 * 4 - 4 * 26]
    return counts


def test_packed_run_lengths_are_unpacked():
    # What pycocotools writes for these counts, by its published rule.
    counts = [308, 4, 26, 4, 26, 4, 26, 4, 26, 4, 768]
    assert coco.run_lengths(_packed(counts)).tolist() == counts


def _packed(counts: list[int]) -> str:
    out = ""
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        more = True
        while more:
            bits, value = value & 31, value >> 5
            more = value != -1 if bits & 16 else value != 0
            out += chr((bits | 32 if more else bits) + 48)
    return out


def test_coco_reads_from_an_archive_and_counts_missing_pictures(tmp_path):
    square = {"image_id": 1, "category_id": 3, "bbox": [5, 6, 20, 10]}
    images = [
        {"id": 1, "file_name": "1.jpg", "width": 40, "height": 30},
        {"id": 2, "file_name": "2.jpg", "width": 40, "height": 30},
    ]
    coco_set(tmp_path, [square], images=images)
    with zipfile.ZipFile(tmp_path / "train2017.zip", "w") as archive:
        archive.write(tmp_path / "train2017" / "1.jpg", "train2017/1.jpg")
    shutil.rmtree(tmp_path / "train2017")
    items, report = read(tmp_path)
    assert read_picture(items[0].frames, 0).shape == (30, 40, 3)
    assert report.skipped[Fault.MISSING] == 1


@pytest.mark.parametrize("content", ["{", "[]", '{"images": []}'])
def test_a_file_that_is_no_instances_file_is_refused(tmp_path, content):
    text(tmp_path / "annotations" / "instances_train2017.json", content)
    with pytest.raises(DatasetError):
        read(tmp_path)


@pytest.mark.parametrize("resolution", ["480p", ""])
def test_mask_folders_give_boxes_of_all_objects(tmp_path, resolution):
    for k in range(3):
        labels = np.zeros((30, 40), np.uint8)
        labels[5:15, 5 + k : 25 + k] = 1
        if k == 1:
            labels[20:28, 30:38] = 2
        write(tmp_path / "JPEGImages" / resolution / "v" / f"{k:05d}.jpg", noise(30, 40, seed=k))
        write_palette(tmp_path / "Annotations" / resolution / "v" / f"{k:05d}.png", labels, PALETTE)
    write_palette(tmp_path / "Annotations" / resolution / "v" / "00009.png", labels, PALETTE)
    meta = {"videos": {"v": {"objects": {"1": {"category": "fox"}}}}}
    text(tmp_path / "meta.json", json.dumps(meta))
    items, report = read(tmp_path)
    (item,) = items
    assert item.source == ("DAVIS" if resolution else "YouTube-VOS")
    assert item.tracks[0].boxes.tolist() == [[5, 5, 20, 10], [6, 5, 20, 10], [7, 5, 20, 10]]
    assert item.tracks[0].category == "fox"
    assert item.tracks[1].present().tolist() == [1]
    assert report.skipped[Fault.MISSING] == 1


def test_davis_2016_masks_of_0_and_255_are_one_object(tmp_path):
    labels = np.zeros((30, 40), np.uint8)
    labels[5:15, 5:25] = 255
    write(tmp_path / "JPEGImages" / "480p" / "v" / "00000.jpg", noise(30, 40))
    write(tmp_path / "Annotations" / "480p" / "v" / "00000.png", labels)
    items, _ = read(tmp_path)
    assert items[0].tracks[0].boxes.tolist() == [[5, 5, 20, 10]]
    assert items[0].tracks[0].mask_value == 255


def test_the_list_of_mixed_material_is_read(pack):
    items, report = read(pack)
    kinds = [item.kind for item in items]
    assert (kinds.count(Kind.VIDEO), kinds.count(Kind.STILL)) == (1, 4)
    assert (kinds.count(Kind.BACKGROUND), kinds.count(Kind.SPRITE)) == (1, 1)
    clip_ = items[0]
    assert clip_.tracks[0].present().tolist() == [0, 1, 3, 4, 5]
    assert clip_.licence == "mine"
    assert isinstance(clip_.masks, PngMasks)
    assert (clip_.masks.indexed(3) == 1).sum() == 30 * 40
    sprite = next(item for item in items if item.kind is Kind.SPRITE)
    assert read_rgba(sprite.frames, 0).shape == (44, 54, 4)
    assert report.used["stills of s"] == 4


def test_the_lists_faults_are_counted_once_per_kind(pack):
    (pack / "images/s/1.jpg").unlink()
    (pack / "images/s/2.jpg").unlink()
    with (pack / "manifest.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('\nnot json\n{"kind": "other", "set": "x", "boxes": []}\n[1, 2]\n')
    items, report = read(pack)
    assert sum(item.kind is Kind.STILL for item in items) == 2
    assert report.skipped[Fault.MISSING] == 2
    assert report.skipped[Fault.BAD_RECORD] == 3
    assert sum("skipped 2 files that are listed" in line for line in report.lines()) == 1


def test_known_near_duplicates_share_a_group(pack):
    boxes = [[1, 1, 20, 20, "a"]]
    rows = [
        {"kind": "image", "set": name, "file": f"images/s/{k}.jpg", "boxes": boxes}
        for name, k in (("coco_lightly", 0), ("coco_tiny", 0), ("playing_cards", 1),
                        ("playing_cards", 2), ("own", 3))
    ]  # fmt: skip
    rows[-1]["group"] = "room"
    (pack / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    groups = [item.group for item in read(pack)[0]]
    assert groups == ["coco/0", "coco/0", "playing_cards", "playing_cards", "room"]


def test_unknown_and_missing_folders_are_refused_in_words(tmp_path):
    with pytest.raises(DatasetError, match="no folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no layout"):
        read(tmp_path)


def test_evaluation_benchmarks_have_no_reader(tmp_path):
    clip(tmp_path / "Car1" / "img")
    text(tmp_path / "Car1" / "groundtruth_rect.txt", "1,2,10,12\n" * 4)
    with pytest.raises(DatasetError, match="no layout"):
        read(tmp_path)


def test_what_is_on_the_exclusion_list_is_left_out(pack):
    text(pack / "exclude.txt", "# overlap with a benchmark\ns/1\n")
    report = Report()
    items = read_all([pack], report, ["p/*"])
    keys = {item.key for item in items}
    assert "s/1" not in keys
    assert "p/0" not in keys
    assert report.skipped[Fault.EXCLUDED] == 2
    with pytest.raises(DatasetError, match="twice"):
        read_all([pack, pack], Report())


def test_palette_masks_give_numbers_not_colours(tmp_path):
    from core.train.data.frames import FolderFrames

    labels = np.arange(5, dtype=np.uint8).repeat(12).reshape(6, 10)
    write_palette(tmp_path / "m.png", labels, PALETTE)
    masks = PngMasks(FolderFrames(tmp_path, ("m.png",)))
    assert np.array_equal(masks.indexed(0), labels)


def test_the_split_is_fixed_and_keeps_groups_together(pack):
    assert held_out("davis2016_val/soapbox")  # a fixed function of the name
    assert not held_out("davis2016_val/bear")
    share = np.mean([held_out(f"group {k}") for k in range(4000)])
    assert share == pytest.approx(0.08, abs=0.015)
    items, _ = read(pack)
    training, kept = divide(items, 0.5)
    assert not {item.group for item in training} & {item.group for item in kept}
    assert len(training) + len(kept) == len(items)
    again = divide(items[::-1], 0.5)[1]
    assert {item.key for item in again} == {item.key for item in kept}
