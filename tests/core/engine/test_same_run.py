"""One run in pieces, or mirrored in time, is the same run: bit for bit, on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)

from core import trackers
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.extent import Extent
from core.session import Session, video_ref
from core.states import CorrectionPolicy
from core.trackers.base import Services

trackers.load_all()
CPU = Services(torch.device("cpu"))
PLAIN = ("template-match", {"learning_rate": 0.1})
# HOG and colours alone: the deep branch needs weights.
CCR = ("ccr", {})
COUNT = 26
KEEP = CorrectionPolicy.KEEP_TEMPLATE


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


def boxes(done: Session) -> list[tuple[float, ...]]:
    return [key.box.as_tuple() for key in done.store.current.track(1).keyframes()]


@pytest.mark.parametrize(("key", "params"), [PLAIN, CCR])
def test_that_a_backward_run_is_a_forward_run_on_the_reversed_clip(key: str, params: dict) -> None:
    clip = moving_patch(10)
    back, ahead = session(clip, 9), session(clip.reversed(), 0)
    back.track(1, 9, key, params=params, step=-1, services=CPU)
    ahead.track(1, 0, key, params=params, services=CPU)
    mirrored = [(9 - frame, *rest) for frame, *rest in rows(back)][::-1]
    assert mirrored == rows(ahead)
    assert len(mirrored) == 10


@pytest.mark.parametrize(("key", "params"), [PLAIN, CCR])
def test_that_a_run_in_pieces_is_the_uninterrupted_run(key: str, params: dict) -> None:
    clip = moving_patch(COUNT)
    whole, parts = session(clip), session(clip)
    whole.track(1, 0, key, params=params, services=CPU)
    parts.track(1, 0, key, params=params, extent=Extent(until=6), services=CPU)
    for frame, until in ((6, 7), (7, 18), (18, COUNT - 1)):
        parts.track(
            1, frame, key, params=params, extent=Extent(until=until), policy=KEEP, resume=True,
            services=CPU,
        )  # fmt: skip
    assert rows(parts) == rows(whole)


@pytest.mark.parametrize("frame", [3, 10, 17, 20])
def test_that_going_on_from_any_earlier_frame_is_the_uninterrupted_run(frame: int) -> None:
    clip, (key, params) = moving_patch(COUNT), PLAIN
    done = session(clip)
    done.track(1, 0, key, params=params, services=CPU)
    before = rows(done)
    document = done.store.current
    cut = document.track(1).without(frame + 1, COUNT)
    done.store.replace(document.with_track(cut), Change("Delete"))
    done.track(1, frame, key, params=params, policy=KEEP, resume=True, services=CPU)
    assert rows(done) == before


def test_that_a_box_that_is_not_the_trackers_own_is_taken_as_a_correction() -> None:
    clip, (key, params) = moving_patch(COUNT), PLAIN
    done = session(clip)
    done.track(1, 0, key, params=params, services=CPU)
    moved = clip.boxes[10].shifted(3, 0)
    track = done.store.current.track(1).with_keyframes([Keyframe(10, moved)])
    done.store.replace(done.store.current.with_track(track), Change("Move"))
    seen: list[tuple[int, bool]] = []
    done.track(
        1, 10, key, params=params, policy=KEEP, resume=True, services=CPU,
        sinks=(lambda item: seen.append((item.frame.index, item.is_seed)),),
    )  # fmt: skip
    assert seen[0] == (10, True)
    assert boxes(done)[10] == moved.as_tuple()
    assert boxes(done)[11] == clip.boxes[11].as_tuple()  # found again from the correction
