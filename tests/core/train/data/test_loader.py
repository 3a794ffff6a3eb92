"""Batches: the same whatever the number of workers, and after a restart."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler

import cv2
import numpy as np
import pytest
import torch
from fakes.training_material import library, still, video

from core.train.data.composite.params import CompositeParams
from core.train.data.composite.scene import Compositor
from core.train.data.loader import ORIGINS, Batch, BatchLoader
from core.train.data.params import PairParams
from core.train.data.sampler import PairSampler


@pytest.fixture
def sampler(tmp_path, backdrops) -> PairSampler:
    items = [video(tmp_path, "a"), *(still(tmp_path, f"s{k}", seed=k) for k in range(3))]
    compositor = Compositor(library(), backdrops, CompositeParams(width=160, height=120))
    return PairSampler(items, PairParams(template_size=63, search_size=127), compositor, seed=2)


def equal(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) and all(
        torch.equal(x[name], y[name]) for x, y in zip(a, b, strict=True) for name in x
    )


def test_that_a_batch_holds_tensors_as_documented(sampler):
    (batch,) = BatchLoader(sampler, batch_size=3, batches=1).epoch(0)
    assert batch["template"].shape == (3, 3, 63, 63)
    assert batch["search"].shape == (3, 3, 127, 127)
    assert batch["search"].dtype == torch.uint8
    assert batch["search_box"].shape == (3, 4)
    assert batch["search_box"].dtype == torch.float32
    assert batch["negative"].dtype == torch.bool
    pair = sampler.pair(0, 1)
    assert np.array_equal(batch["search"][1].permute(1, 2, 0).numpy(), pair.search)
    assert ORIGINS[int(batch["origin"][1])] is pair.origin


def test_that_the_number_of_workers_changes_nothing(sampler):
    # OpenCV's threads are at work before the workers are forked, as in a long run.
    cv2.resize(np.zeros((2000, 2000, 3), np.uint8), (900, 900), interpolation=cv2.INTER_AREA)
    alone = list(BatchLoader(sampler, batch_size=2, batches=4).epoch(1))
    two = BatchLoader(sampler, batch_size=2, batches=4, workers=2)
    assert equal(alone, list(two.epoch(1)))
    assert not equal(alone, list(two.epoch(2)))  # the same workers, another epoch


def test_that_an_epoch_goes_on_where_it_stopped(sampler):
    loader = BatchLoader(sampler, batch_size=2, batches=4)
    whole = list(loader.epoch(3))
    assert equal(list(loader.epoch(3, start=2)), whole[2:])


def test_that_a_sampler_can_be_sent_to_a_worker_that_was_not_forked(sampler):
    sent = ForkingPickler.loads(ForkingPickler.dumps(sampler))
    assert np.array_equal(sent.pair(0, 3).search, sampler.pair(0, 3).search)


def test_that_breaking_off_an_epoch_leaves_nothing_behind(sampler):
    loader = BatchLoader(sampler, batch_size=2, batches=6, workers=1)
    broken = loader.epoch(0)
    next(broken)
    alone = list(BatchLoader(sampler, batch_size=2, batches=6).epoch(1, start=4))
    assert equal(list(loader.epoch(1, start=4)), alone)
