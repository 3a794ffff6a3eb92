"""What views show is worked out once per change of the part that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.array_video import moving_patch

from app import scene
from app.controller.desk import Desk
from app.settings import Preferences
from core.document import attributes
from core.document.document import Document, Proposal, Run
from core.document.schema import Attribute, AttributeKind
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.session import Session, video_ref
from core.states import RunKind, Source

CLIP = moving_patch(20)
TRACKS = 6
POSE = Attribute("pose", AttributeKind.FLAG, per_frame=True)


def rows(run: int) -> Columns:
    keys = (Keyframe(f, Box(f, f, 9, 9), Source.TRACKED, 0.5, run=run) for f in range(2, 18))
    return Columns.of_keyframes(keys)


@pytest.fixture
def desk(qapp) -> Iterator[Desk]:
    document = Document(video_ref(CLIP.video()))
    for number in range(1, TRACKS + 1):
        document, _ = document.with_new_track("car")
        run = Run(number, number, "ccr", kind=RunKind.TWO_WAY, disagreement={3: 0.5, 9: 0.25})
        document = document.with_run(run, rows(number))
    document = attributes.with_schema(document, "car", (POSE,))
    document = attributes.with_value_at(document, 2, "pose", True, 5, 8)
    desk = Desk(Preferences())
    desk.put(Session(CLIP.video(), document))
    yield desk
    desk.put(None)


def look(desk: Desk) -> dict[str, int]:
    """What had to be worked out to show lanes and rows."""
    before = dict(desk.memo.made)
    scene.lanes(desk)
    scene.rows(desk)
    return {name: n - before.get(name, 0) for name, n in desk.memo.made.items()}


def worked_out(desk: Desk) -> dict[str, int]:
    return {name: count for name, count in look(desk).items() if count}


def test_that_looking_again_and_moving_about_works_nothing_out(desk: Desk) -> None:
    assert worked_out(desk)["disagreement"] == TRACKS
    before = scene.lanes(desk)
    for frame in (3, 7, 11):
        desk.update(frame=frame)
        assert worked_out(desk) == {}
    desk.update(track=3)
    assert worked_out(desk) == {}
    after = scene.lanes(desk)
    for a, b in zip(before, after, strict=True):
        assert a.columns is b.columns
        assert a.disagreement is b.disagreement
        assert a.proposed is b.proposed
        assert a.changes is b.changes


def test_that_an_edit_of_one_track_works_out_that_track_only(desk: Desk) -> None:
    look(desk)
    track = desk.document.track(4)
    desk.edit(
        "draw", desk.document.with_track(track.with_keyframes([Keyframe(3, Box(1, 1, 5, 5))]))
    )
    assert worked_out(desk) == {"disagreement": 1, "protected": 1}
    assert scene.lanes(desk)[3].disagreement[0].tolist() == [9]
    desk.edit("say", attributes.with_value_at(desk.document, 1, "pose", True, 4))
    assert worked_out(desk) == {"changes": 1}
    assert scene.lanes(desk)[0].changes.tolist() == [4]
    assert scene.lanes(desk)[1].changes.tolist() == [5, 9]
    desk.stack.undo()
    assert worked_out(desk) == {"changes": 1}


def test_that_a_proposal_is_seen_at_once_and_another_document_starts_anew(desk: Desk) -> None:
    look(desk)
    waiting = Proposal(Run(99, 2, "ccr"), rows(99))
    desk.edit("propose", replace(desk.document, proposals=(waiting,)))
    assert scene.lanes(desk)[1].proposed == ((2, 17),)
    assert scene.lanes(desk)[0].proposed == ()
    desk.put(Session(CLIP.video(), Document(video_ref(CLIP.video()))))
    assert scene.lanes(desk) == []
