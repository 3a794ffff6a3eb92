from __future__ import annotations

import numpy as np
import pytest
import torch

from core.geometry import Box, iou
from core.trackers.cract import samples
from core.trackers.cract.discriminator import Discriminator, Weights
from core.trackers.cract.params import CractParams
from core.trackers.cract.samples import Chosen, Collection, Memory

TARGET = np.array([3.0, -5.0, 60.0, 40.0])
PARAMS = CractParams(long_memory=100, short_memory=30)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def overlaps(rows: np.ndarray) -> list[float]:
    target = Box.from_center(*TARGET)
    return [iou(Box.from_center(*row), target) for row in rows]


def test_that_samples_of_the_target_overlap_it() -> None:
    rows = samples.around(TARGET, 200, generator())
    assert rows.shape == (200, 4)
    assert min(overlaps(rows)) >= 0.7
    assert rows[0].tolist() == TARGET.tolist()
    assert len(np.unique(rows, axis=0)) > 150
    assert rows[:, :2].mean(0) == pytest.approx(TARGET[:2], abs=1.5)


@pytest.mark.parametrize("high", [0.5, 0.3])
def test_that_samples_of_the_ground_hardly_overlap_it_and_lie_in_the_crop(high: float) -> None:
    rows = samples.apart(TARGET, 120.0, 300, generator(), high)
    assert rows.shape == (300, 4)
    shared = overlaps(rows)
    assert max(shared) <= high
    assert np.abs(rows[:, :2]).max() <= 120
    # Some are just beside it, where it is hard, others far away.
    assert np.mean(np.array(shared) > 0.05) > 0.15
    assert np.mean(np.array(shared) == 0) > 0.2


def test_that_the_same_generator_draws_the_same_boxes() -> None:
    first = samples.apart(TARGET, 120.0, 50, generator(4), 0.3)
    again = samples.apart(TARGET, 120.0, 50, generator(4), 0.3)
    other = samples.apart(TARGET, 120.0, 50, generator(5), 0.3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_that_too_few_wanted_boxes_are_repeated() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    got = samples._first(rows, np.array([False, True, True]), 5)
    assert got[:, 0].tolist() == [4.0, 8.0, 4.0, 8.0, 4.0]
    none = samples._first(rows, np.zeros(3, bool), 2)
    assert none[:, 0].tolist() == [0.0, 0.0]


def collection(age: int, positives: int = 2, negatives: int = 3) -> Collection:
    return Collection(
        age, torch.full((positives, 4), float(age)), torch.full((negatives, 4), float(-age))
    )


def filled() -> Memory:
    memory = Memory((collection(0, 5, 7),))
    for age in range(10, 251, 10):
        memory = memory.with_recent(collection(age), PARAMS)
    return memory


def test_that_the_first_frames_samples_are_never_dropped() -> None:
    memory = filled()
    assert memory.pinned[0].age == 0
    assert [c.age for c in memory.recent] == list(range(160, 251, 10))
    assert [len(c.positives) for c in memory.recent] == [2] * 10
    assert [len(c.negatives) for c in memory.recent] == [0] * 7 + [3] * 3


def test_that_an_update_takes_the_ground_of_the_short_memory_only() -> None:
    chosen = filled().chosen(250, PARAMS, short=False)
    assert chosen.positives[:, 0].unique().tolist() == [0.0, *range(160, 251, 10)]
    assert chosen.negatives[:, 0].unique().tolist() == [-250.0, -240.0, -230.0, 0.0]
    assert (chosen.pinned_positives, chosen.pinned_negatives) == (5, 7)
    assert (chosen.positives[:5] == 0).all()


def test_that_a_short_update_takes_the_target_of_the_short_memory_too() -> None:
    chosen = filled().chosen(250, PARAMS, short=True)
    assert chosen.positives[:, 0].unique().tolist() == [0.0, 230.0, 240.0, 250.0]


def test_that_corrected_frames_are_kept_beside_the_first() -> None:
    memory = Memory((collection(0),))
    for age in range(1, 20):
        memory = memory.with_pinned(collection(age))
    assert memory.pinned[0].age == 0
    assert [c.age for c in memory.pinned[1:]] == list(range(12, 20))


def test_that_both_kinds_count_the_same_and_pinned_ones_enough() -> None:
    chosen = Chosen(torch.zeros(40, 4), torch.zeros(100, 4), 4, 60)
    task = samples.problem(chosen, None, CractParams(first_share=0.25))
    assert task.targets.tolist() == [1.0] * 40 + [0.0] * 100
    positive, negative = task.importance[:40], task.importance[40:]
    assert float(positive.sum()) == pytest.approx(0.5)
    assert float(negative.sum()) == pytest.approx(0.5)
    assert float(positive[:4].sum()) == pytest.approx(0.125)  # a tenth would be their own share
    assert float(negative[:60].sum()) == pytest.approx(0.3)  # more than a quarter already


def test_that_the_hardest_negatives_count_more() -> None:
    scores = torch.tensor([0.1, 0.9, -0.2, 0.8, 0.0])
    got = samples.hardened(torch.full((5,), 0.2), scores, 2, 0.5)
    assert got.tolist() == pytest.approx([0.1, 0.35, 0.1, 0.35, 0.1])


def test_that_the_discriminator_so_far_tells_the_hard_ones() -> None:
    # A D that answers with the first number of a sample.
    made = Weights(
        torch.zeros(1, 1),
        torch.tensor([[1.0, 0.0, 0.0, 0.0]]),
        torch.zeros(1),
        torch.ones(1),
        torch.zeros(1),
    )
    negatives = torch.zeros(6, 4)
    negatives[4, 0] = 3.0
    chosen = Chosen(torch.zeros(2, 4), negatives, 2, 6)
    params = CractParams(hard_negatives=1, hard_share=0.5)
    task = samples.problem(chosen, Discriminator(made, torch.ones(())), params)
    assert int(task.importance[2:].argmax()) == 4
    assert float(task.importance[2 + 4]) == pytest.approx(0.25 + 0.25 / 6)
    assert float(task.importance.sum()) == pytest.approx(1.0)
