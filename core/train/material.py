"""Pairs for the loop, from the sampler of :mod:`core.train.data`."""

from __future__ import annotations

from collections.abc import Iterator

from core.train.data.loader import BatchLoader
from core.train.data.sampler import PairSampler
from core.train.recipe import Batch
from core.train.settings import TrainSettings


class PairMaterial:
    """Batches drawn by worker processes; see :class:`core.train.recipe.Material`."""

    def __init__(self, sampler: PairSampler, settings: TrainSettings, *, workers: int) -> None:
        self._loader = BatchLoader(
            sampler, batch_size=settings.batch, batches=settings.steps, workers=workers
        )

    def batches(self, epoch: int, first: int, steps: int) -> Iterator[Batch]:
        """Batches `first` to ``steps - 1`` of `epoch`."""
        del steps  # the loader was made for as many
        return self._loader.epoch(epoch, first)
