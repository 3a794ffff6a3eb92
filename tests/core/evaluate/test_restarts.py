"""TRE and SRE starts against the rules of OTB's Matlab code, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluate.layouts import find_sequences
from core.evaluate.protocol import Settings, evaluate_sequence
from core.evaluate.restarts import SHIFTS, perturbed, temporal_starts
from core.geometry import Box

TRACKER = "template-match"


def _matlab_starts(length: int) -> list[int]:
    """floor(1 : e/19 : e) and e, 1-based, with e the last frame that leaves 20 frames."""
    e = length - 19
    return sorted({int(1 + k * e / 19 + 1e-9) for k in range(19)} | {e})


@pytest.mark.parametrize("length", [100, 77, 471, 1018])
def test_that_tre_starts_are_spread_as_in_the_benchmark(length):
    truth = np.tile([5.0, 5, 20, 20], (length, 1))
    starts = temporal_starts(truth)
    assert starts == [k - 1 for k in _matlab_starts(length)]
    assert len(starts) == 20
    assert length - starts[-1] == 20


def test_that_tre_does_not_start_where_there_is_no_box():
    truth = np.tile([5.0, 5, 20, 20], (60, 1))
    truth[10:30] = np.nan
    truth[31, 0] = -3
    starts = temporal_starts(truth)
    assert not set(starts) & ({31} | set(range(10, 30)))
    assert starts[0] == 0
    assert temporal_starts(truth[:15]) == [0]  # too short: one start
    assert temporal_starts(truth[10:20]) == []


# Box x=10, y=20, w=33, h=47 in 1-based pixels; every line worked out by hand.
EXPECTED = {
    "left": (6, 20, 33, 47),
    "right": (14, 20, 33, 47),
    "up": (10, 15, 33, 47),
    "down": (10, 25, 33, 47),
    "topLeft": (7, 15, 36, 52),  # round(6.7), round(15.3); bottom right (42, 66) stays
    "topRight": (10, 15, 36, 52),  # right round(45.3) = 45
    "bottomLeft": (7, 20, 36, 52),  # bottom round(70.7) = 71
    "bottomRight": (10, 20, 36, 52),
    "scale_8": (13, 25, 26, 38),  # round(13.3), round(24.7), round(26.4), round(37.6)
    "scale_9": (12, 22, 30, 42),  # round(11.65), round(22.35), round(29.7), round(42.3)
    "scale_11": (8, 18, 36, 52),  # round(8.35), round(17.65), round(36.3), round(51.7)
    "scale_12": (7, 15, 40, 56),  # round(6.7), round(15.3), round(39.6), round(56.4)
}


@pytest.mark.parametrize("kind", SHIFTS)
def test_that_sre_boxes_are_those_of_the_benchmark(kind):
    x, y, w, h = EXPECTED[kind]
    assert perturbed(Box(9, 19, 33, 47), kind, 320, 240) == Box(x - 1, y - 1, w, h)


def test_that_sre_boxes_stay_in_the_frame():
    assert perturbed(Box(0, 0, 20, 20), "topLeft", 100, 80) == Box(0, 0, 22, 22)
    assert perturbed(Box(80, 60, 20, 20), "bottomRight", 100, 80) == Box(80, 60, 20, 20)
    assert perturbed(Box(80, 0, 20, 20), "right", 100, 80) == Box(82, 0, 18, 20)


def _run(folder, **options):
    sequence = next(s for s in find_sequences(folder) if s.key == "One/b")
    return evaluate_sequence(sequence, TRACKER, Settings({TRACKER: {}}, **options))


def test_that_sre_runs_from_twelve_boxes_and_counts_them_together(benchmark_folder):
    run = _run(benchmark_folder, protocol="sre")
    assert [part.name for part in run.parts] == list(SHIFTS)
    boxes = np.stack([part.boxes[1] for part in run.parts])
    assert len({tuple(box) for box in boxes}) > 8
    assert run.measured.details["counted_frames"] == 12 * 20
    assert len(run.seconds) == 12 * 19
    assert 0.5 < run.measured.scores.auc < 20 / 21


def test_that_tre_runs_from_later_frames(benchmark_folder):
    run = _run(benchmark_folder, protocol="tre")
    assert [part.start for part in run.parts] == [0]  # 20 frames leave one start
    assert run.measured.scores.auc == pytest.approx(20 / 21)


def test_that_a_tracker_without_chance_is_not_repeated(benchmark_folder):
    run = _run(benchmark_folder, repetitions=3)
    assert len(run.parts) == 1


def test_that_a_tracker_with_chance_is_repeated_with_other_seeds(benchmark_folder, monkeypatch):
    from core.evaluate import protocol

    seeds = []
    original = protocol.created

    def nudged(tracker, settings, repetition):
        seeds.append(repetition)
        instance = original(tracker, settings, repetition)
        update = instance.update

        def moved(image):
            result = update(image)
            box = result.box.shifted(float(repetition), 0.0)
            return type(result)(box, result.score, result.state)

        instance.update = moved
        return instance

    monkeypatch.setattr(protocol, "created", nudged)
    run = _run(benchmark_folder, repetitions=3)
    assert seeds == [0, 1, 2]
    assert len(run.parts) == 3
    assert run.measured.details["ao_frames"] == 3 * 19
    assert run.measured.scores.ao < 1.0
