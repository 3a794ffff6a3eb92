from __future__ import annotations

import dataclasses
import math
import threading
import time

import numpy as np
import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.engine.control import Control
from core.engine.run_buffer import RunBuffer
from core.engine.runner import EndReason, FrameResult, Start, into, run
from core.errors import DeviceError, FrameUnavailable, ParamError, TrackerError
from core.geometry import Box
from core.states import CorrectionPolicy
from core.trackers.base import Services


def _tracker(**params: float) -> TemplateMatch:
    return TemplateMatch(TemplateMatchParams(**params), Services())  # type: ignore[arg-type]


def _run(clip: Clip, *, control=None, tracker=None, sinks=(), video=None, start=0, stop=None):
    video = video or clip.video()
    buffer = RunBuffer(1)
    end = run(
        1,
        video.frames(start, len(clip.images) if stop is None else stop),
        tracker or _tracker(),
        Start(start, clip.boxes[start]),
        control or Control(),
        (into(buffer), *sinks),
    )
    return end, buffer


def test_that_a_run_follows_the_target_and_counts_frames_without_the_seed():
    clip = moving_patch(25)
    end, buffer = _run(clip)
    assert end.reason is EndReason.FINISHED
    assert end.frames == 24
    assert end.error is None
    rows = buffer.since(0)
    assert [r.box for r in rows] == clip.boxes
    assert [r.is_seed for r in rows] == [True] + [False] * 24
    assert all(r.seconds > 0 for r in rows)


def test_that_cancel_answers_within_the_frame_in_work_and_keeps_the_results():
    clip = moving_patch(60)
    control, ended = Control(), []
    seen = threading.Event()
    buffer_of = []

    def work() -> None:
        end, buffer = _run(
            clip,
            control=control,
            tracker=_tracker(delay=0.02),
            sinks=(lambda item: seen.set() if item.frame.index == 5 else None,),
        )
        ended.append((end, time.perf_counter()))
        buffer_of.append(buffer)

    thread = threading.Thread(target=work)
    thread.start()
    assert seen.wait(10)
    tick = time.perf_counter()
    control.cancel()
    thread.join(5)
    end, at = ended[0]
    assert at - tick < 0.1
    assert end.reason is EndReason.CANCELLED
    assert len(buffer_of[0]) == end.frames + 1
    assert 5 <= end.frames < 59
    assert [r.box for r in buffer_of[0].since(0)] == clip.boxes[: end.frames + 1]


def test_that_a_cancelled_run_tracks_nothing_at_all():
    control = Control()
    control.cancel()
    end, buffer = _run(moving_patch(5), control=control)
    assert end.reason is EndReason.CANCELLED
    assert end.frames == 0
    assert len(buffer) == 0


def test_that_a_cancel_during_the_last_frame_is_reported_as_one():
    control = Control()
    clip = moving_patch(5)
    end, _ = _run(
        clip, control=control, sinks=(lambda i: control.cancel() if i.frame.index == 4 else None,)
    )
    assert end.reason is EndReason.CANCELLED
    assert end.frames == 4


def test_that_an_error_of_the_tracker_ends_the_run_and_keeps_what_was_tracked():
    end, buffer = _run(moving_patch(20), tracker=_tracker(fail_at=7))
    assert end.reason is EndReason.FAILED
    assert isinstance(end.error, TrackerError)
    assert end.frames == 7
    assert len(buffer.columns()) == 7


def test_that_a_defect_in_a_tracker_is_not_mistaken_for_an_expected_error():
    tracker = _tracker()
    tracker.update = lambda image: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        _run(moving_patch(5), tracker=tracker)


def test_that_a_full_graphics_memory_is_explained():
    tracker = _tracker()

    def update(image):
        raise torch.OutOfMemoryError("CUDA out of memory")

    tracker.update = update  # type: ignore[method-assign]
    end, buffer = _run(moving_patch(5), tracker=tracker)
    assert end.reason is EndReason.FAILED
    assert isinstance(end.error, DeviceError)
    assert len(buffer) == 1


@pytest.mark.parametrize("damaged", [{3}, {3, 4, 5, 6, 7, 8, 9}])
def test_that_an_unreadable_seed_frame_is_a_clear_error_and_nothing_is_written(damaged):
    clip = moving_patch(10)
    end, buffer = _run(clip, video=clip.video(damaged=damaged), start=3)
    assert end.reason is EndReason.FAILED
    assert isinstance(end.error, FrameUnavailable)
    assert "3" in end.error.message
    assert end.error.hint
    assert end.frames == 0
    assert len(buffer) == 0


def test_that_unreadable_frames_leave_a_gap_and_tracking_goes_on():
    clip = moving_patch(20)
    end, buffer = _run(clip, video=clip.video(damaged={7, 8}))
    assert end.reason is EndReason.FINISHED
    assert end.frames == 17
    assert buffer.columns().frames.tolist() == [k for k in range(1, 20) if k not in (7, 8)]
    assert buffer.since(0)[-1].box == clip.boxes[-1]


def test_that_tuning_arrives_before_the_next_frame():
    control, rates = Control(), []
    tracker = _tracker()

    def sink(item: FrameResult) -> None:
        rates.append(tracker.params.learning_rate)
        if item.frame.index == 3:
            control.tune({"learning_rate": 0.25})

    _run(moving_patch(8), control=control, tracker=tracker, sinks=(sink,))
    assert rates == [0.0] * 4 + [0.25] * 4


def test_that_a_wrong_tuning_value_ends_the_run_with_its_reason():
    control = Control()
    control.tune({"learning_rate": 7})
    end, _ = _run(moving_patch(5), control=control)
    assert end.reason is EndReason.FAILED
    assert isinstance(end.error, ParamError)


def test_that_maps_come_exactly_while_they_are_wanted_and_change_no_box():
    clip, control, counts = moving_patch(9), Control(), []

    def sink(item: FrameResult) -> None:
        counts.append(sorted(item.result.maps))
        if item.frame.index == 2:
            control.want_maps(frozenset({"response"}))
        if item.frame.index == 5:
            control.want_maps(frozenset())

    _, buffer = _run(clip, control=control, sinks=(sink,))
    assert counts == [[]] * 3 + [["response"]] * 3 + [[]] * 3
    assert [r.box for r in buffer.since(0)] == clip.boxes


def test_that_the_map_peaks_on_the_target_in_frame_coordinates():
    clip, control, peaks = moving_patch(6), Control(), []
    control.want_maps(frozenset({"response"}))
    _run(clip, control=control, sinks=(lambda i: peaks.append(i.result.maps["response"].peak()),))
    for (x, y), box in list(zip(peaks, clip.boxes, strict=True))[1:]:
        assert (x, y) == pytest.approx((box.cx, box.cy))


def test_that_a_backward_run_equals_a_forward_run_on_the_reversed_clip():
    clip = moving_patch(20)
    flipped = clip.reversed()
    backward, forward = RunBuffer(1), RunBuffer(1)
    run(1, clip.video().frames(19, -1, -1), _tracker(learning_rate=0.1),
        Start(19, clip.boxes[19]), Control(), (into(backward),))  # fmt: skip
    run(1, flipped.video().frames(0, 20), _tracker(learning_rate=0.1),
        Start(0, flipped.boxes[0]), Control(), (into(forward),))  # fmt: skip
    assert [r.box for r in backward.since(0)] == [r.box for r in forward.since(0)]
    assert [r.frame for r in backward.since(0)] == list(range(19, -1, -1))


def test_that_a_correction_keeps_or_replaces_the_template_as_asked():
    clip = moving_patch(6)
    other = moving_patch(6, seed=9)
    for policy, kept in (
        (CorrectionPolicy.KEEP_TEMPLATE, True),
        (CorrectionPolicy.NEW_TEMPLATE, False),
    ):
        tracker = _tracker()
        tracker.init(clip.images[0], clip.boxes[0])
        before = tracker.snapshot()[0]
        start = Start(0, other.boxes[0], policy)
        run(1, other.video().frames(0, 1), tracker, start, Control(), ())
        assert np.array_equal(tracker.snapshot()[0], before) is kept


def test_that_reading_ends_with_the_run_even_when_it_is_cancelled():
    clip, closed = moving_patch(10), []

    class Watched(ArrayVideo):
        def frames(self, start, stop, step=1):
            try:
                yield from super().frames(start, stop, step)
            finally:
                closed.append(True)

    control = Control()
    kept = []  # a reference that outlives the call, as a traceback or a debugger would hold

    class Video(Watched):
        def frames(self, start, stop, step=1):
            kept.append(super().frames(start, stop, step))
            return kept[-1]

    _run(
        clip,
        video=Video(clip.images),
        control=control,
        sinks=(lambda i: control.cancel() if i.frame.index == 3 else None,),
    )
    assert closed == [True]


def test_that_memory_stays_bounded_because_results_hold_no_pixels():
    clip, alive = moving_patch(40), []
    control = Control()
    control.want_maps(frozenset({"response"}))
    _, buffer = _run(clip, control=control)
    for row in buffer.since(0):
        alive += [v for v in (row.scalars, row.box, row.reason) if isinstance(v, np.ndarray)]
        assert not hasattr(row, "maps")
        assert not any(isinstance(v, np.ndarray) for v in row.scalars.values())
    assert alive == []


def test_that_a_paused_run_steps_frame_by_frame_and_then_goes_on():
    clip, control, buffer = moving_patch(30), Control(), RunBuffer(1)
    control.pause()
    ends = []
    start = Start(0, clip.boxes[0])
    thread = threading.Thread(
        target=lambda: ends.append(
            run(1, clip.video().frames(0, 30), _tracker(), start, control, (into(buffer),))
        )
    )
    thread.start()
    time.sleep(0.1)
    assert len(buffer) == 0
    for expected in (1, 2, 5):
        control.step(expected - len(buffer))
        deadline = time.monotonic() + 5
        while not (control.holding and len(buffer) == expected) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(buffer) == expected
    control.resume()
    thread.join(10)
    assert ends[0].reason is EndReason.FINISHED
    assert len(buffer) == 30


def test_that_a_box_that_is_not_a_number_ends_the_run_before_it_is_kept():
    class Broken(TemplateMatch):
        def update(self, image):
            result = super().update(image)
            frames.append(result)
            if len(frames) < 4:
                return result
            return dataclasses.replace(result, box=Box(math.nan, 0, 5, 5))

    frames = []
    end, buffer = _run(moving_patch(10), tracker=Broken(TemplateMatchParams(), Services()))
    assert end.reason is EndReason.FAILED
    assert isinstance(end.error, TrackerError)
    assert [r.frame for r in buffer.since(0)] == [0, 1, 2, 3]
