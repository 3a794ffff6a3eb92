"""Every tracker of the product: runs in pieces, mirrored and rewound are the same runs.

Bit for bit on the processor, through the session as window and command line use it. The
trackers with networks take minutes; those without a network are tested in every run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.registered_trackers import OURS

from core import weights
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.extent import Extent
from core.session import Session, video_ref
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services

CPU = Services(torch.device("cpu"))
KEEP = CorrectionPolicy.KEEP_TEMPLATE
COUNT = 14

EACH = [
    pytest.param(
        key,
        marks=[pytest.mark.slow, pytest.mark.timeout(900)] if registry.find(key).weights else [],
    )
    for key in OURS
]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tracker(request: pytest.FixtureRequest) -> str:
    key = str(request.param)
    missing = weights.missing(registry.find(key).weights, {})
    if missing:
        pytest.skip(f"{key} needs {missing[0].title}, which is not installed")
    return key


def session(clip: Clip, seed: int = 0) -> Session:
    video = ArrayVideo(clip.images)
    document, track = Document(video_ref(video)).with_new_track()
    return Session(
        video, document.with_track(track.with_keyframes([Keyframe(seed, clip.boxes[seed])]))
    )


def rows(done: Session) -> list[tuple[int, tuple[float, ...], float, int]]:
    return [
        (k.frame, k.box.as_tuple(), k.score, int(k.state))
        for k in done.store.current.track(1).keyframes()
    ]


def correct(done: Session, clip: Clip, frame: int, key: str) -> None:
    """Move the box on `frame` and track on from it with the template kept."""
    box = clip.boxes[frame].shifted(1.5, -1.0)
    track = done.store.current.track(1).with_keyframes([Keyframe(frame, box)])
    done.store.replace(done.store.current.with_track(track), Change("Correct"))
    done.track(1, frame, key, policy=KEEP, services=CPU)


@pytest.mark.parametrize("tracker", EACH, indirect=True)
def test_that_a_run_in_pieces_and_one_that_was_rewound_are_the_uninterrupted_run(
    tracker: str,
) -> None:
    clip = moving_patch(COUNT)
    whole, parts = session(clip), session(clip)
    whole.track(1, 0, tracker, services=CPU)
    parts.track(1, 0, tracker, extent=Extent(until=5), services=CPU)
    parts.track(1, 5, tracker, extent=Extent(until=11), policy=KEEP, resume=True, services=CPU)
    # Back to a frame between two stored states, and on from there.
    document = parts.store.current
    parts.store.replace(document.with_track(document.track(1).without(8, COUNT)), Change("Delete"))
    parts.track(1, 7, tracker, policy=KEEP, resume=True, services=CPU)
    assert len(rows(whole)) == COUNT
    assert rows(parts) == rows(whole)


@pytest.mark.parametrize("tracker", EACH, indirect=True)
def test_that_backwards_is_forwards_on_the_reversed_clip(tracker: str) -> None:
    clip = moving_patch(8)
    back, ahead = session(clip, 7), session(clip.reversed(), 0)
    back.track(1, 7, tracker, step=-1, services=CPU)
    ahead.track(1, 0, tracker, services=CPU)
    assert [(7 - frame, *rest) for frame, *rest in rows(back)][::-1] == rows(ahead)


@pytest.mark.parametrize("tracker", EACH, indirect=True)
def test_that_an_earlier_correction_after_a_later_one_goes_on_as_if_it_had_been_the_first(
    tracker: str,
) -> None:
    clip = moving_patch(COUNT)
    twice, once = session(clip), session(clip)
    for done in (twice, once):
        done.track(1, 0, tracker, services=CPU)
    correct(twice, clip, 11, tracker)
    correct(twice, clip, 6, tracker)
    correct(once, clip, 6, tracker)
    before_the_later_one = [[row for row in rows(done) if row[0] < 11] for done in (twice, once)]
    assert before_the_later_one[0] == before_the_later_one[1]
    after = [[row for row in rows(done) if row[0] > 11] for done in (twice, once)]
    assert after[0] == after[1]  # the run went through the frame that had been corrected
