from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import torch
from fakes.array_video import moving_patch
from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.engine.checkpoints import Checkpoints, size_of
from core.trackers.base import Services


def _tracker(calls: list[int]) -> SimpleNamespace:
    return SimpleNamespace(snapshot=lambda: calls.append(1) or len(calls))


def test_that_their_number_is_bounded_and_they_stay_spread_over_the_run():
    calls: list[int] = []
    checkpoints = Checkpoints(every=2, keep=8)
    for frame in range(10_000):
        checkpoints.offer(frame, _tracker(calls))
    assert len(checkpoints) <= 8
    assert len(calls) < 100
    late = checkpoints.before(10_000, 1)
    middle = checkpoints.before(5_000, 1)
    assert late is not None
    assert middle is not None
    assert late.frame > 7_000
    assert 2_500 < middle.frame < 5_000


def test_that_their_memory_is_bounded_for_trackers_with_large_states():
    megabyte = np.zeros(1 << 20, np.uint8)
    tracker = SimpleNamespace(snapshot=lambda: {"filter": [megabyte.copy()], "age": 3})
    checkpoints = Checkpoints(every=1, keep=64, budget=10 << 20)
    for frame in range(500):
        checkpoints.offer(frame, tracker)  # type: ignore[arg-type]
    assert 4 < len(checkpoints) <= 10
    assert checkpoints.before(400, 1).frame > 250
    tight = Checkpoints(every=1, budget=10)
    for frame in range(20):
        tight.offer(frame, tracker)  # type: ignore[arg-type]
    assert len(tight) == 1


def test_that_the_size_of_a_state_counts_its_arrays_once_wherever_they_are():
    array = np.zeros(100, np.uint8)
    tensor = torch.zeros(25)

    @dataclass(slots=True)
    class State:
        filters: list
        rest: object

    assert size_of(State([array, tensor], {"again": array, "n": 3})) == 200
    assert size_of(SimpleNamespace(a=(array,), b="text")) == 100


def test_that_the_state_found_is_strictly_before_the_frame_in_the_direction_of_the_run():
    forward, backward = Checkpoints(every=5), Checkpoints(every=5)
    for frame in range(21):
        forward.offer(frame, _tracker([]))
        backward.offer(20 - frame, _tracker([]))
    assert [forward.before(f, 1).frame for f in (1, 5, 6, 20, 99)] == [0, 0, 5, 15, 20]
    assert forward.before(0, 1) is None
    assert [backward.before(f, -1).frame for f in (19, 15, 14, 0)] == [20, 20, 15, 5]
    assert backward.before(20, -1) is None


def test_that_what_lies_before_a_correction_is_kept_for_the_next_one():
    first = Checkpoints(every=10)
    for frame in range(100):
        first.offer(frame, _tracker([]))
    second = first.until(45, 1)
    for frame in range(45, 100):
        second.offer(frame, _tracker([]))
    assert second.before(30, 1).frame == 20
    assert second.before(45, 1).frame == 40
    assert second.before(50, 1).frame == 45
    assert first.before(99, 1).frame == 90


def test_that_tracking_from_a_restored_state_equals_the_uninterrupted_run():
    clip = moving_patch(30)
    tracker = TemplateMatch(TemplateMatchParams(learning_rate=0.1), Services())
    checkpoints = Checkpoints(every=7)
    boxes = [tracker.init(clip.images[0], clip.boxes[0]).box]
    checkpoints.offer(0, tracker)
    for k in range(1, 30):
        boxes.append(tracker.update(clip.images[k]).box)
        checkpoints.offer(k, tracker)
    checkpoint = checkpoints.before(20, 1)
    tracker.restore(checkpoint.state)
    again = [tracker.update(clip.images[k]).box for k in range(checkpoint.frame + 1, 30)]
    assert again == boxes[checkpoint.frame + 1 :]
