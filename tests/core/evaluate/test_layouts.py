"""Benchmark folders in miniature, with the originals' quirks, and the real files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.layouts import find_sequences
from core.evaluate.sequences import select

NAN = float("nan")


def _pictures(folder: Path, numbers, *, digits: int = 4, suffix: str = ".jpg") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:0{digits}d}{suffix}").write_bytes(b"")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _one(folder: Path):
    (sequence,) = find_sequences(folder)
    return sequence


@pytest.mark.parametrize(
    "text",
    [
        "11,21,5,6\n12,22,5,6\n",
        "11\t21\t5\t6\r\n12\t22\t5\t6\r\n\r\n",
        "\ufeff 11 21  5 6\n12, 22, 5, 6",
        "11;21;5;6\n12.0;22.0;5.0;6.0\n\n",
    ],
)
def test_that_otb_rows_are_read_in_every_style_and_made_zero_based(tmp_path, text):
    _pictures(tmp_path / "Car1" / "img", [1, 2])
    _write(tmp_path / "Car1" / "groundtruth_rect.txt", text)
    sequence = _one(tmp_path)
    assert sequence.key == "OTB/Car1"
    assert sequence.boxes.tolist() == [[10, 20, 5, 6], [11, 21, 5, 6]]
    assert [p.name for p in sequence.pictures] == ["0001.jpg", "0002.jpg"]
    assert _one(tmp_path / "Car1").key == "OTB/Car1"


@pytest.mark.parametrize(
    ("name", "pictures", "rows", "first", "count"),
    [
        ("David", range(1, 771), 471, "0300.jpg", 471),
        ("David", range(300, 771), 471, "0300.jpg", 471),
        ("Football1", range(1, 363), 74, "0001.jpg", 74),
        ("Freeman4", range(1, 298), 283, "0001.jpg", 283),
        ("BlurCar1", range(247, 989), 742, "0247.jpg", 742),
        ("Board", range(1, 6), 5, "00001.jpg", 5),
    ],
)
def test_that_otb_sequences_use_the_pictures_of_the_benchmarks_list(
    tmp_path, name, pictures, rows, first, count
):
    _pictures(tmp_path / name / "img", pictures, digits=5 if name == "Board" else 4)
    _write(tmp_path / name / "groundtruth_rect.txt", "1,1,5,5\n" * rows)
    sequence = _one(tmp_path)
    assert sequence.pictures[0].name == first
    assert len(sequence) == len(sequence.pictures) == count
    assert sequence.notes == ()


def test_that_otb_folders_with_two_targets_are_two_sequences_but_human4_is_one(tmp_path):
    for name in ("Jogging", "Human4"):
        _pictures(tmp_path / name / "img", [1, 2])
        _write(tmp_path / name / "groundtruth_rect.1.txt", "1,1,5,5\n" * 2)
        _write(tmp_path / name / "groundtruth_rect.2.txt", "9,9,5,5\n" * 2)
    found = {s.key: s.boxes[0, 0] for s in find_sequences(tmp_path)}
    assert found == {"OTB/Human4": 8, "OTB/Jogging.1": 0, "OTB/Jogging.2": 8}


def test_that_pictures_are_ordered_by_number_not_by_text(tmp_path):
    _pictures(tmp_path / "A" / "img", range(1, 13), digits=1)
    _write(tmp_path / "A" / "groundtruth_rect.txt", "1,1,5,5\n" * 12)
    assert [p.stem for p in _one(tmp_path).pictures] == [str(k) for k in range(1, 13)]


def test_that_surplus_pictures_are_cut_off_and_noted(tmp_path):
    _pictures(tmp_path / "A" / "img", range(1, 9))
    _write(tmp_path / "A" / "groundtruth_rect.txt", "1,1,5,5\n" * 6)
    sequence = _one(tmp_path)
    assert len(sequence.pictures) == len(sequence.boxes) == 6
    assert "8 pictures but 6 boxes" in sequence.notes[0]


def test_that_vot_polygons_become_the_upright_rectangle_around_them(tmp_path):
    _pictures(tmp_path / "bag", [1, 2, 3], digits=8)
    _write(
        tmp_path / "bag" / "groundtruth.txt",
        "10,5,30,10,25,40,4.5,35\n1,2,3,4,5,6,7,8\nnan,nan,nan,nan,nan,nan,nan,nan\n",
    )
    sequence = _one(tmp_path)
    assert sequence.key == "VOT/bag"
    assert sequence.boxes[0].tolist() == [4.5, 5, 25.5, 35]
    assert np.isnan(sequence.boxes[2]).all()


def test_that_vot_rectangles_and_single_codes_are_understood(tmp_path):
    _pictures(tmp_path / "ant" / "color", [1, 2, 3], digits=8)
    _write(tmp_path / "list.txt", "ant\n")
    _write(tmp_path / "ant" / "groundtruth.txt", "10,20,5,6\n0\n11,21,5,6\n")
    sequence = _one(tmp_path)
    assert len(sequence.pictures) == 3
    np.testing.assert_equal(sequence.boxes, [[10, 20, 5, 6], [NAN] * 4, [11, 21, 5, 6]])


def test_that_got10k_labels_mark_absent_frames(tmp_path):
    folder = tmp_path / "val" / "GOT-10k_Val_000001"
    _pictures(folder, range(1, 6), digits=8)
    _write(folder / "groundtruth.txt", "10.5,20.0000,5,6\n" * 5)
    _write(folder / "absence.label", "0\n1\n0\n0\n0\n")
    _write(folder / "cover.label", "8\n8\n0\n3\n8\n")
    sequence = _one(tmp_path)
    assert sequence.key == "GOT-10k/GOT-10k_Val_000001"
    assert np.isnan(sequence.boxes[:, 0]).tolist() == [False, True, True, False, False]
    assert sequence.boxes[0, 0] == 10.5


def test_that_a_test_set_with_one_box_is_refused_with_the_reason(tmp_path):
    folder = tmp_path / "GOT-10k_Test_000001"
    _pictures(folder, range(1, 6), digits=8)
    _write(folder / "groundtruth.txt", "10,20,5,6\n")
    with pytest.raises(DatasetError, match="fewer than two"):
        find_sequences(tmp_path)


def test_that_lasot_labels_mark_absent_frames(tmp_path):
    folder = tmp_path / "airplane" / "airplane-1"
    _pictures(folder / "img", range(1, 5), digits=8)
    _write(folder / "groundtruth.txt", "367,101,41,16\n367,102,42,17\n0,0,0,0\n365,104,43,17\n")
    _write(folder / "full_occlusion.txt", "0,1,0,0")
    _write(folder / "out_of_view.txt", "0,0,1,0\n")
    sequence = _one(tmp_path)
    assert sequence.key == "LaSOT/airplane-1"
    assert np.isnan(sequence.boxes[:, 0]).tolist() == [False, True, True, False]
    assert sequence.boxes[0].tolist() == [367, 101, 41, 16]


def test_that_labels_for_another_number_of_frames_are_an_error(tmp_path):
    folder = tmp_path / "airplane-1"
    _pictures(folder / "img", range(1, 5), digits=8)
    _write(folder / "groundtruth.txt", "367,101,41,16\n" * 4)
    _write(folder / "out_of_view.txt", "0,0,1")
    with pytest.raises(DatasetError, match="3 labels for 4 frames"):
        find_sequences(tmp_path)


def test_that_uav123_parts_begin_where_the_benchmark_says(tmp_path):
    root = tmp_path / "UAV123"
    _pictures(root / "data_seq" / "UAV123" / "person7", range(1, 2066), digits=6)
    _pictures(root / "data_seq" / "UAV123" / "bike1", [1, 2], digits=6)
    _write(root / "anno" / "UAV123" / "person7_1.txt", "11,21,5,6\n" * 1249)
    _write(root / "anno" / "UAV123" / "person7_2.txt", "11,21,5,6\nNaN,NaN,NaN,NaN\n" * 408)
    _write(root / "anno" / "UAV123" / "bike1.txt", "11,21,5,6\n" * 2)
    _write(root / "anno" / "UAV20L" / "person7.txt", "11,21,5,6\n" * 2065)
    found = {s.key: s for s in find_sequences(tmp_path)}
    assert set(found) == {
        "UAV123/bike1",
        "UAV123/person7_1",
        "UAV123/person7_2",
        "UAV20L/person7",
    }
    second = found["UAV123/person7_2"]
    assert second.pictures[0].name == "001249.jpg"
    assert len(second.pictures) == 816
    assert np.isnan(second.boxes[1]).all()
    assert second.boxes[0].tolist() == [10, 20, 5, 6]
    assert len(found["UAV20L/person7"]) == 2065


def test_that_uav123_at_ten_frames_per_second_uses_every_third_start(tmp_path):
    root = tmp_path / "UAV123_10fps"
    _pictures(root / "data_seq" / "UAV123_10fps" / "uav1", range(1, 1158), digits=6)
    _write(root / "anno" / "UAV123_10fps" / "uav1_3.txt", "11,21,5,6\n" * 333)
    sequence = _one(tmp_path)
    assert sequence.key == "UAV123_10fps/uav1_3"
    assert (sequence.pictures[0].stem, sequence.pictures[-1].stem) == ("000825", "001157")


def test_that_an_unknown_uav123_part_is_an_error_not_a_guess(tmp_path):
    root = tmp_path / "UAV123"
    _pictures(root / "data_seq" / "UAV123" / "car99", [1, 2], digits=6)
    _write(root / "anno" / "UAV123" / "car99_2.txt", "11,21,5,6\n" * 2)
    with pytest.raises(DatasetError, match="not known where"):
        find_sequences(root)


def test_that_tld_corners_are_inclusive_and_nan_means_absent(tmp_path):
    _write(tmp_path / "06_car" / "car.mpg", "x")
    _write(
        tmp_path / "06_car" / "gt.txt", "142,125,232,164\nNaN,NaN,NaN,NaN\n138.05,124.57,228,163\n"
    )
    sequence = _one(tmp_path)
    assert sequence.key == "TLD/06_car"
    assert sequence.boxes[0].tolist() == [141, 124, 91, 40]
    assert np.isnan(sequence.boxes[1]).all()
    assert sequence.video == tmp_path / "06_car" / "car.mpg"
    assert sequence.pictures == ()


def test_that_a_motchallenge_folder_beside_is_not_taken_for_tld(tmp_path):
    _write(tmp_path / "mot" / "gt" / "gt.txt", "1,1,77.2,135.8,70.6,64.8,1,1,1\n")
    _pictures(tmp_path / "A" / "img", [1, 2])
    _write(tmp_path / "A" / "groundtruth_rect.txt", "1,1,5,5\n" * 2)
    assert _one(tmp_path).key == "OTB/A"


def test_that_a_manifest_gives_names_frames_and_exact_boxes(tmp_path):
    record = {
        "dataset": "OTB",
        "name": "Car1",
        "frames": ["a/1.png", "a/2.png", "a/3.png"],
        "video": None,
        "boxes": [[1.25, 2, 3, 4], None, [2, 2, 3, 4]],
        "anything": "else",
    }
    root = tmp_path / "dev"
    _write(root / "manifest.json", json.dumps([record]))
    for place in (root, root / "manifest.json", tmp_path):
        sequence = _one(place)
        assert sequence.key == "OTB/Car1"
        np.testing.assert_equal(sequence.boxes, [[1.25, 2, 3, 4], [NAN] * 4, [2, 2, 3, 4]])
        assert sequence.pictures[1] == root / "a" / "2.png"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "No benchmark sequences"),
        ({"manifest.json": "{"}, "cannot be read"),
        ({"manifest.json": "{}"}, "not a list"),
        ({"manifest.json": '[{"dataset": "A"}]'}, "Record 1 .* not complete"),
        ({"A/groundtruth_rect.txt": "1,2,3,4\n1,2,3\n", "A/img/1.jpg": ""}, "Line 2 of"),
        ({"A/groundtruth_rect.txt": "1,2,3,4\n1,2,x,4\n", "A/img/1.jpg": ""}, "Line 2 of"),
        ({"A/groundtruth_rect.txt": "1,2,3,4\n1,2,3,4\n"}, "no pictures"),
        ({"A/gt.txt": "1,2,3,4\n1,2,3,4\n"}, "no video"),
    ],
)
def test_that_broken_folders_are_named_with_what_is_wrong(tmp_path, files, message):
    for name, text in files.items():
        _write(tmp_path / name, text)
    with pytest.raises(DatasetError, match=message) as caught:
        find_sequences(tmp_path)
    assert caught.value.hint


def test_that_a_missing_folder_is_a_plain_error(tmp_path):
    with pytest.raises(DatasetError, match="no folder"):
        find_sequences(tmp_path / "nothing")


def test_that_selecting_works_by_data_set_and_by_sequence_and_helps_with_typos(tmp_path):
    for name in ("Car1", "Deer"):
        _pictures(tmp_path / name / "img", [1, 2])
        _write(tmp_path / name / "groundtruth_rect.txt", "1,1,5,5\n" * 2)
    found = find_sequences(tmp_path)
    assert [s.key for s in select(found, ["otb/deer"])] == ["OTB/Deer"]
    assert [s.key for s in select(found, ["deer"])] == ["OTB/Deer"]
    assert len(select(found, ["OTB"])) == len(select(found, [])) == 2
    with pytest.raises(DatasetError) as caught:
        select(found, ["OTB/Daer"])
    assert "OTB/Deer" in caught.value.hint


@pytest.mark.parametrize("folder", ["otb", "vot", "uav123", "tld"])
def test_that_original_files_of_others_give_the_manifests_boxes(real_data, folder):
    known = {s.name: s for s in find_sequences(real_data / "dev")}
    found = find_sequences(real_data / "dev" / folder)
    assert found
    for sequence in found:
        same = known[sequence.name]
        np.testing.assert_array_equal(sequence.boxes, same.boxes)
        assert sequence.pictures == same.pictures
        assert sequence.video == same.video
        assert sequence.notes == ()


def test_that_the_manifest_of_the_real_data_is_whole(real_data):
    found = find_sequences(real_data / "dev")
    assert {s.dataset for s in found} == {"OTB", "VOT", "UAV123_10fps", "TLD"}
    assert all((s.video or s.pictures[-1]).is_file() for s in found)


def test_that_vot_polygons_and_tags_are_kept(tmp_path):
    folder = tmp_path / "bag"
    _pictures(folder, [1, 2, 3])
    (folder / "groundtruth.txt").write_text("1,1,5,2,4,6,0,5\n1,1,4,4\nnan,nan,nan,nan\n")
    (folder / "occlusion.tag").write_text("0\n1\n0\n")
    (folder / "camera_motion.label").write_text("0\n0\n0\n")
    (sequence,) = find_sequences(folder)
    assert [len(region) for region in sequence.regions] == [8, 4, 4]
    np.testing.assert_array_equal(sequence.regions[0], [1, 1, 5, 2, 4, 6, 0, 5])
    np.testing.assert_array_equal(sequence.boxes[0], [0, 1, 5, 5])
    assert np.isnan(sequence.regions[2]).all()
    assert sequence.attributes == ("occlusion",)


def test_that_otb_attributes_come_from_the_benchmarks_files(tmp_path):
    folder = tmp_path / "Deer"
    _pictures(folder / "img", [1, 2])
    (folder / "groundtruth_rect.txt").write_text("1,1,4,4\n1,1,4,4\n")
    assert find_sequences(folder)[0].attributes == ()
    (tmp_path / "att").mkdir()
    (tmp_path / "att" / "Deer.txt").write_text("0,0,0,0,0,1,1,1,0,1,1")
    assert find_sequences(folder)[0].attributes == (
        *("background clutter", "fast motion", "in-plane rotation", "low resolution"),
        "motion blur",
    )
    (tmp_path / "att" / "Deer.txt").write_text("0,1")
    with pytest.raises(DatasetError, match="2 numbers for 11 attributes"):
        find_sequences(folder)
    (folder / "attrs.txt").write_text("MB, FM\n")
    assert find_sequences(folder)[0].attributes == ("FM", "MB")
