from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes.array_video import moving_patch

from core.document import proposals
from core.document.document import Document, Run, VideoRef
from core.document.store import Change
from core.document.track import Keyframe
from core.errors import FormatError, ParamError
from core.exchange import frame_names, merged, proposed
from core.geometry import Box
from core.session import Session
from core.states import Source


def _document(label: str, frames, *, run: int = 0) -> Document:
    document, track = Document(VideoRef("a.mp4", frame_count=20)).with_new_track(label)
    source = Source.TRACKED if run else Source.MANUAL
    keys = [Keyframe(k, Box(k, 1, 5, 6), source, run=run) for k in frames]
    document = document.with_track(track.with_keyframes(keys))
    if run:
        columns = document.track(1).columns
        document = document.with_run(Run(run, 1, "ccr", start=frames[0], end=frames[-1]), columns)
    return document


def test_that_merging_adds_tracks_and_touches_nothing_that_is_there():
    here, other = _document("car", range(5), run=1), _document("bus", range(3, 9), run=1)
    result = merged(here, other)
    assert result.track(1) is here.track(1)
    assert [t.id for t in result.tracks] == [1, 2]
    assert [label.name for label in result.labels] == ["car", "bus"]
    assert [(run.id, run.track_id) for run in result.runs] == [(1, 1), (2, 2)]
    assert set(result.track(2).columns.runs.tolist()) == {2}
    assert set(result.track(1).columns.runs.tolist()) == {1}
    assert result.next_track_id == 3
    assert result.next_run_id == 3


def test_that_imported_boxes_can_wait_as_proposals_and_are_the_same_once_accepted():
    here, other = _document("car", range(5), run=1), _document("bus", range(3, 9), run=1)
    result = proposed(here, other, "theirs.json")
    assert result.track(1) is here.track(1)
    assert len(result.track(2)) == 0
    (waiting,) = result.proposals
    assert (waiting.run.track_id, waiting.run.tracker) == (2, "theirs.json")
    assert (waiting.run.start, waiting.run.end) == (3, 8)
    part = proposals.accepted(result, waiting.run.id, 4, 6)
    assert part.track(2).columns.frames.tolist() == [4, 5, 6]
    whole = proposals.accepted(part, waiting.run.id)
    assert whole.track(2).columns == merged(here, other).track(2).columns
    assert whole.proposals == ()


def test_that_a_known_labels_colour_stays():
    from core.document.document import Label

    here = _document("car", range(3)).with_label(Label("car", "#112233"))
    other = _document("car", range(3)).with_label(Label("car", "#ffffff"))
    assert [(x.name, x.color) for x in merged(here, other).labels] == [("car", "#112233")]


@pytest.fixture
def session(tmp_path: Path):
    folder = tmp_path / "shots"
    folder.mkdir()
    clip = moving_patch(8)
    for k, image in enumerate(clip.images):
        cv2.imwrite(str(folder / f"img_{k + 11:04d}.png"), image[:, :, ::-1])
    session = Session.of_video(folder)
    document, track = session.store.current.with_new_track("car")
    keys = [Keyframe(k, clip.boxes[k]) for k in range(8)]
    session.store.replace(document.with_track(track.with_keyframes(keys)), Change("Draw"))
    yield session
    session.close()


@pytest.mark.parametrize(("key", "name"), [("csv", "a.csv"), ("coco", "a.json"), ("mot", "mot")])
def test_that_what_is_exported_comes_back_as_a_new_track(session, tmp_path, key, name):
    report = session.export(key, tmp_path / name)
    assert report.boxes_written == 8
    imported = session.import_annotations(tmp_path / name)
    assert imported.format == key
    assert imported.tracks == (2,)
    assert len(session.store.current.tracks) == 1  # the caller decides to store it
    again = imported.document.track(2).columns
    np.testing.assert_allclose(again.boxes, session.store.current.track(1).columns.boxes, atol=0.01)
    assert again.frames.tolist() == list(range(8))


def test_that_pictures_are_called_by_their_files_names(session, tmp_path):
    assert frame_names(session.video).name(0) == "img_0011.png"
    session.export("yolo", tmp_path / "yolo")
    assert list((tmp_path / "yolo").rglob("img_0011.txt"))


def test_that_wrong_formats_and_options_are_plain_errors(session, tmp_path):
    with pytest.raises(FormatError):
        session.export("cocco", tmp_path / "a.json")
    with pytest.raises(ParamError):
        session.export("csv", tmp_path / "a.csv", {"frist": 3})
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(FormatError):
        session.import_annotations(tmp_path / "x.txt")
