"""Ground truth of an opened clip: found beside it, read from files, numbered as the clip is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core import ground_truth
from core.document.document import Document
from core.document.track import Keyframe
from core.errors import BoxtrailError, DatasetError, FormatError
from core.evaluate.truth import from_text
from core.exchange import export_document
from core.geometry import Box
from core.session import Session, video_ref
from core.states import Flag
from core.video.demo import demo_ground_truth, demo_path


def pictures(folder: Path, count: int, first: int = 1) -> Path:
    folder.mkdir(parents=True)
    for k in range(count):
        cv2.imwrite(str(folder / f"{first + k:04d}.jpg"), np.full((40, 60, 3), k * 3, np.uint8))
    return folder


@pytest.fixture
def opened():
    sessions = []

    def open_(path: Path):
        session = Session.of_video(path)
        session.wait_ready()
        sessions.append(session)
        return session.video

    yield open_
    for session in sessions:
        session.close()


def test_that_an_otb_clip_finds_its_truth_in_zero_based_pixels(tmp_path, opened):
    pictures(tmp_path / "Walk" / "img", 6)
    rows = "\n".join(f"{10 + k},20,8,9" for k in range(6))
    (tmp_path / "Walk" / "groundtruth_rect.txt").write_text(rows)
    for path in (tmp_path / "Walk", tmp_path / "Walk" / "img"):
        (truth,) = ground_truth.beside(opened(path))
        assert truth.name == "OTB/Walk"
        assert truth.box(3) == Box(12, 19, 8, 9)


def test_that_a_part_of_the_pictures_is_matched_by_name_not_by_number(tmp_path, opened):
    # OTB uses David from picture 300 on: the clip's frame 0 is picture 298.
    pictures(tmp_path / "David" / "img", 8, first=298)
    (tmp_path / "David" / "groundtruth_rect.txt").write_text("10 20 8 9\n" * 6)
    (truth,) = ground_truth.beside(opened(tmp_path / "David"))
    assert truth.known.tolist() == [False, False, *[True] * 6]


def test_that_two_targets_of_a_clip_are_two_truths_and_the_nearest_is_chosen(tmp_path, opened):
    pictures(tmp_path / "Jogging" / "img", 4)
    for k, x in ((1, 5), (2, 35)):
        rows = "\n".join(f"{x},10,8,9" for _ in range(4))
        (tmp_path / "Jogging" / f"groundtruth_rect.{k}.txt").write_text(rows)
    truths = ground_truth.beside(opened(tmp_path / "Jogging"))
    assert [t.name for t in truths] == ["OTB/Jogging.1", "OTB/Jogging.2"]
    mine = np.tile([33.0, 9, 8, 9], (4, 1))
    assert ground_truth.best_for(truths, mine, np.arange(4)) == 1


def test_that_polygons_are_kept_as_outlines(tmp_path, opened):
    pictures(tmp_path / "bag", 3)
    (tmp_path / "bag" / "groundtruth.txt").write_text("5,5,20,8,18,25,4,20\n" * 3)
    (truth,) = ground_truth.beside(opened(tmp_path / "bag"))
    outline = truth.outline(1)
    assert outline is not None
    assert outline.tolist() == [[5, 5], [20, 8], [18, 25], [4, 20]]
    assert truth.box(1) == Box(4, 5, 16, 20)


def test_that_absent_frames_of_got10k_have_no_box(tmp_path, opened):
    folder = pictures(tmp_path / "GOT-10k_Val_000001", 4)
    (folder / "groundtruth.txt").write_text("1,2,8,9\n" * 4)
    (folder / "absence.label").write_text("0\n1\n0\n0\n")
    (truth,) = ground_truth.beside(opened(folder))
    assert truth.known.tolist() == [True, False, True, True]


def test_that_our_own_annotations_beside_a_clip_are_its_truth(tmp_path, opened):
    folder = pictures(tmp_path / "mine", 5)
    video = opened(folder)
    document, track = Document(video_ref(video)).with_new_track("duck")
    keys = [Keyframe(k, Box(k, 2, 8, 9), flags=Flag.ABSENT if k == 3 else Flag.NONE)
            for k in range(5)]  # fmt: skip
    document = document.with_track(track.with_keyframes(keys))
    export_document(document, "csv", tmp_path / "mine.truth.csv", video=video)
    (truth,) = ground_truth.beside(video)
    assert truth.box(2) == Box(2, 2, 8, 9)
    assert truth.box(3) is None


def test_that_a_clip_without_benchmark_files_has_no_truth(tmp_path, opened):
    folder = pictures(tmp_path / "plain", 3)
    (tmp_path / "plain.truth.csv").write_text("not,a,table")
    assert ground_truth.beside(opened(folder)) == []


def test_that_the_demo_clip_knows_its_truth(opened):
    (truth,) = ground_truth.beside(opened(demo_path()))
    assert truth.box(0) == demo_ground_truth().boxes[0]


def test_that_a_chosen_text_file_is_read_by_the_convention_of_its_name(tmp_path):
    for name, line, expected in (
        ("groundtruth_rect.txt", "11,21,8,9", Box(10, 20, 8, 9)),
        ("groundtruth.txt", "11,21,8,9", Box(11, 21, 8, 9)),
        ("gt.txt", "11,21,18,29", Box(10, 20, 8, 9)),
    ):
        path = tmp_path / name
        path.write_text(f"{line}\n" * 3)
        truth = from_text(path, 5)
        assert truth.box(0) == expected
        assert truth.known.tolist() == [True] * 3 + [False] * 2
        assert truth.notes


def test_that_truth_of_another_clip_is_refused(tmp_path, opened):
    video = opened(pictures(tmp_path / "short", 3))
    path = tmp_path / "groundtruth.txt"
    path.write_text("1,2,8,9\n" * 9)
    with pytest.raises(DatasetError, match="another clip"):
        ground_truth.load(path, video)
    empty = tmp_path / "none.json"
    empty.write_text("{}")
    with pytest.raises(BoxtrailError):
        ground_truth.load(empty, video)


def test_that_a_folder_of_other_sequences_is_refused_with_a_way_out(tmp_path, opened):
    video = opened(pictures(tmp_path / "clip", 3))
    for name in ("A", "B"):
        pictures(tmp_path / "bench" / name / "img", 3)
        (tmp_path / "bench" / name / "groundtruth_rect.txt").write_text("1,2,8,9\n" * 3)
    with pytest.raises(DatasetError, match="None of the 2 sequences"):
        ground_truth.load(tmp_path / "bench", video)
    (truth,) = ground_truth.load(tmp_path / "bench" / "A", video)
    assert truth.known.all()


def test_that_annotations_without_a_box_for_the_clip_are_refused(tmp_path, opened):
    video = opened(pictures(tmp_path / "clip2", 3))
    document, track = Document(video_ref(video)).with_new_track("duck")
    document = document.with_track(
        track.with_keyframes([Keyframe(1, Box(1, 2, 8, 9), flags=Flag.ABSENT)])
    )
    export_document(document, "csv", tmp_path / "absent.csv", video=video)
    with pytest.raises(FormatError, match="no boxes for the frames"):
        ground_truth.load(tmp_path / "absent.csv", video)
