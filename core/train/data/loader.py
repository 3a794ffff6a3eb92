"""Batches for a training loop: pairs drawn in worker processes, in a fixed order.

The loop asks for epoch `e` from batch `b` on; the keys (e, index) go to whichever worker is
free and come back in order. Since a pair depends on its key alone, neither the number of
workers nor an interruption changes what the network sees. Each worker uses one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from core.train.data.sampler import Origin, Pair, PairSampler

Batch = dict[str, Tensor]
Arrays = dict[str, np.ndarray]
Key = tuple[int, int]
ORIGINS = tuple(Origin)


class PairDataset(Dataset[Arrays]):
    """Pairs by key (epoch, index)."""

    def __init__(self, sampler: PairSampler) -> None:
        self._sampler = sampler

    def __getitem__(self, key: Key) -> Arrays:
        return as_arrays(self._sampler.pair(*key))


class _Keys(Sampler[list[Key]]):
    """The batches of one epoch, from some batch on."""

    def __init__(self, batch_size: int, batches: int) -> None:
        self.batch_size, self.batches = batch_size, batches
        self.epoch, self.start = 0, 0

    def __len__(self) -> int:
        return self.batches - self.start

    def __iter__(self) -> Iterator[list[Key]]:
        for batch in range(self.start, self.batches):
            first = batch * self.batch_size
            yield [(self.epoch, first + k) for k in range(self.batch_size)]


class BatchLoader:
    """Batches of pairs, with worker processes that live as long as the loader.

    Parameters
    ----------
    sampler
        Draws the pairs.
    batch_size
        Pairs of a batch.
    batches
        Batches of an epoch.
    workers
        Processes; 0 draws in this one.
    """

    def __init__(
        self, sampler: PairSampler, *, batch_size: int, batches: int, workers: int = 0
    ) -> None:
        self._keys = _Keys(batch_size, batches)
        self._loader = DataLoader(
            PairDataset(sampler),
            batch_sampler=self._keys,
            num_workers=workers,
            collate_fn=collated,
            worker_init_fn=_one_thread,
            persistent_workers=workers > 0,
            prefetch_factor=4 if workers else None,
        )

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from batch `start` on; one epoch at a time."""
        self._keys.epoch, self._keys.start = number, start
        # Workers send plain arrays: tensors would need shared memory, which containers lack.
        batches = self._started()
        return (as_tensors(arrays) for arrays in batches)

    def _started(self) -> Iterator[Arrays]:
        """The loader's iterator; workers are forked here, at the first epoch."""
        # OpenCV's thread pool does not survive a fork: a worker would wait for threads that are
        # not there. With one thread there is no pool.
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            return iter(self._loader)
        finally:
            cv2.setNumThreads(threads)


def as_arrays(pair: Pair) -> Arrays:
    """A pair as arrays: what :func:`as_tensors` documents, without the batch axis."""
    return {
        "template": np.moveaxis(pair.template, -1, 0),
        "search": np.moveaxis(pair.search, -1, 0),
        "template_box": pair.template_box,
        "search_box": pair.search_box,
        "negative": np.array(pair.negative),
        "origin": np.array(ORIGINS.index(pair.origin)),
        "redrawn": np.array(pair.redrawn),
    }


def collated(samples: Sequence[Arrays]) -> Arrays:
    """Samples as one batch, stacked along a new first axis."""
    return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}


def as_tensors(arrays: Arrays) -> Batch:
    """A batch of N pairs as tensors.

    Returns
    -------
    dict
        ``template``, ``search`` uint8 ``(N, 3, size, size)`` RGB; ``template_box``,
        ``search_box`` float32 ``(N, 4)`` (cx, cy, w, h) about the crop's middle; ``negative``
        bool ``(N,)``; ``origin`` int ``(N,)`` index into :data:`ORIGINS`; ``redrawn`` int
        ``(N,)`` draws that were given up.
    """
    batch = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in arrays.items()}
    if torch.cuda.is_available():
        return {name: tensor.pin_memory() for name, tensor in batch.items()}
    return batch


def _one_thread(worker: int) -> None:
    del worker
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
