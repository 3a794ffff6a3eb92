from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.template_match import TemplateMatch

from core import trackers
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.control import Control
from core.engine.preview import SIDE, Glimpse
from core.errors import TrackerError
from core.session import RunPlan, Session, video_ref
from core.states import CorrectionPolicy
from core.trackers.base import Services
from core.trackers.registry import find, register

trackers.load_all()
COUNT, AT, AHEAD = 24, 12, 6
CPU = Services(torch.device("cpu"))
MIXED = ("template-match", {"learning_rate": 0.1})
CCR = ("ccr", {})


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def corrected(clip: Clip, key: str, params: dict) -> Session:
    """A session that tracked the clip and in which a box was then corrected."""
    video = ArrayVideo(clip.images)
    document, track = Document(video_ref(video)).with_new_track()
    made = Session(video, document.with_track(track.with_keyframes([Keyframe(0, clip.boxes[0])])))
    made.track(1, 0, key, params=params, services=CPU, stop=AT + 4)
    box = clip.boxes[AT].shifted(2, 1)
    track = made.store.current.track(1).with_keyframes([Keyframe(AT, box)])
    made.store.replace(made.store.current.with_track(track), Change("Correct"))
    return made


def plans(made: Session, key: str, params: dict) -> list[RunPlan]:
    return [made.plan(1, AT, key, params=params, policy=policy) for policy in CorrectionPolicy]


def seen(made: Session, wanted: list[RunPlan], control: Control | None = None) -> list[Glimpse]:
    found: list[Glimpse] = []
    made.preview(wanted, AHEAD, control or Control(), found.append, CPU)
    return found


@pytest.mark.parametrize(("key", "params"), [MIXED, CCR])
def test_that_each_policy_shows_the_very_boxes_that_its_run_will_give(
    key: str, params: dict
) -> None:
    clip = moving_patch(COUNT)
    made = corrected(clip, key, params)
    glimpses = seen(made, plans(made, key, params))
    assert [g.row.frame for g in glimpses] == [f for f in range(AT, AT + AHEAD + 1) for _ in "abc"]
    for policy in CorrectionPolicy:
        other = corrected(clip, key, params)  # never previewed
        other.track(1, AT, key, params=params, policy=policy, services=CPU)
        track = other.store.current.track(1)
        for glimpse in glimpses:
            if glimpse.policy is policy and not glimpse.row.is_seed:
                row = track.at(glimpse.row.frame)
                assert row is not None
                assert (row.box, row.state) == (glimpse.row.box, glimpse.row.state)
                assert row.score == pytest.approx(glimpse.row.score)


def test_that_looking_changes_nothing_of_the_run_that_follows() -> None:
    clip, (key, params) = moving_patch(COUNT), MIXED
    looked, plain = corrected(clip, key, params), corrected(clip, key, params)
    before = looked.store.current
    seen(looked, plans(looked, key, params))
    assert looked.store.current is before
    for made in (looked, plain):
        made.track(1, AT, key, params=params, policy=CorrectionPolicy.KEEP_TEMPLATE, services=CPU)
    pair = [made.store.current.track(1).columns for made in (looked, plain)]
    assert np.array_equal(pair[0].boxes, pair[1].boxes)
    assert np.array_equal(pair[0].scores, pair[1].scores)


def test_that_frames_are_read_once_and_a_cancelled_preview_ends() -> None:
    clip, (key, params) = moving_patch(COUNT), MIXED
    made = corrected(clip, key, params)
    made.video.reads.clear()  # type: ignore[attr-defined]
    seen(made, plans(made, key, params))
    assert made.video.reads == list(range(AT, AT + AHEAD + 1))  # type: ignore[attr-defined]
    control = Control()
    found: list[Glimpse] = []

    def tell(glimpse: Glimpse) -> None:
        found.append(glimpse)
        if len(found) == 4:
            control.cancel()

    made.preview(plans(made, key, params), AHEAD, control, tell, CPU)
    assert len(found) == 4


def test_that_the_crop_shows_the_box_where_it_says() -> None:
    clip, (key, params) = moving_patch(COUNT), MIXED
    made = corrected(clip, key, params)
    glimpse = seen(made, plans(made, key, params)[:1])[3]
    assert glimpse.crop.shape == (SIDE, SIDE, 3)
    inside = glimpse.inside
    assert inside.cx == pytest.approx(SIDE / 2)
    assert inside.cy == pytest.approx(SIDE / 2)
    image, box = clip.images[glimpse.row.frame], glimpse.row.box
    x, y, w, h = (round(v) for v in box.as_tuple())
    left, top, right, bottom = (round(v) for v in (inside.x, inside.y, inside.right, inside.bottom))
    there = cv2.resize(image[y : y + h, x : x + w], (right - left, bottom - top))
    crop = glimpse.crop[top:bottom, left:right]
    assert np.corrcoef(there.ravel(), crop.ravel())[0, 1] > 0.8


def test_that_a_tracker_that_cannot_add_a_template_says_so() -> None:
    spec = find("template-match")
    if "rigid" not in trackers.registry.trackers:
        register(
            key="rigid", title="Rigid", summary="Test tracker.", params=spec.params,
            reference=spec.reference, maps=spec.maps,
            corrections=[CorrectionPolicy.KEEP_TEMPLATE],
        )(TemplateMatch)  # fmt: skip
    clip = moving_patch(COUNT)
    made = corrected(clip, "rigid", {})
    assert made.plan(1, AT, "rigid").start.policy is CorrectionPolicy.NEW_TEMPLATE
    with pytest.raises(TrackerError, match="Rigid has no way to do “add template”"):
        made.plan(1, AT, "rigid", policy=CorrectionPolicy.ADD_TEMPLATE)
