"""What the classifier learns from: ω of the paper, and the search for hard negatives.

A lesson is a deep map with its label map. Of the newest lessons the whole map is kept,
to search it for negatives; of more of them only the rows of the positive cells. Both
stores are bounded, and tuples of references: a snapshot costs nothing. The first
frame's lessons are never dropped, they are the only ones a person has drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.trackers.drvt import head as heads
from core.trackers.drvt.head import Descent, Head
from core.trackers.drvt.layout import NEGATIVE, POSITIVE, LabelMap


@dataclass(frozen=True, slots=True)
class Ground:
    """A deep map ``(C, n, n)`` and which of its cells are negatives ``(n - 2, n - 2)`` bool."""

    map: Tensor
    negatives: Tensor
    count: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Positive rows ``(P, C·9)`` per frame and searchable maps, oldest first.

    `anchors` says how many of each at the front came from the first frame.
    """

    positives: tuple[Tensor, ...] = ()
    grounds: tuple[Ground, ...] = ()
    anchored_positives: int = 0
    anchored_grounds: int = 0

    def anchored(self) -> Memory:
        """The same memory with all it holds kept for good."""
        return replace(
            self, anchored_positives=len(self.positives), anchored_grounds=len(self.grounds)
        )

    def with_lesson(self, deep: Tensor, labels: LabelMap, limits: tuple[int, int]) -> Memory:
        """The memory after one more lesson.

        Parameters
        ----------
        deep
            ``(C, n, n)``.
        limits
            Most frames of positives and of searchable maps, besides the anchored ones.
        """
        cells = np.flatnonzero(labels == POSITIVE)
        positives, grounds = self.positives, self.grounds
        if len(cells):
            rows = heads.rows_at(deep[None], torch.from_numpy(cells).to(deep.device))
            positives = _bounded((*positives, rows), self.anchored_positives, limits[0])
        allowed = labels == NEGATIVE
        if allowed.any():
            mask = torch.from_numpy(allowed).to(deep.device)
            ground = Ground(deep, mask, int(allowed.sum()))
            grounds = _bounded((*grounds, ground), self.anchored_grounds, limits[1])
        return replace(self, positives=positives, grounds=grounds)


@dataclass(frozen=True, slots=True)
class Course:
    """How a training session runs: rounds of mining, iterations, samples per iteration."""

    iterations: int
    rounds: int
    frames: int
    descent: Descent
    positives: int = 32
    negatives: int = 96


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome of a session: the new head, and the loss ``()`` before the last step."""

    head: Head
    loss: Tensor


def train(
    head: Head,
    memory: Memory,
    course: Course,
    generator: torch.Generator,
    losses: list[Tensor] | None = None,
) -> Trained:
    """Rounds of mining hard negatives, each followed by its share of the iterations.

    Without rounds the negatives are drawn at random. A memory without positives or
    negatives teaches nothing: the head is returned as it is. `losses` takes the loss ``()``
    before every step.
    """
    if not memory.positives or not memory.grounds or course.iterations < 1:
        return Trained(head, torch.zeros((), device=head.w4.device))
    bank = torch.cat(memory.positives)
    velocity = heads.zero_velocity(head)
    rounds = max(1, min(course.rounds, course.iterations))
    shares = np.diff(np.linspace(0, course.iterations, rounds + 1).round().astype(int))
    mine = _Mine(memory, course, generator)
    pool: list[Tensor] = []
    loss = torch.zeros((), device=head.w4.device)
    for share in shares:
        pool.append(mine.rows(head))
        hard = torch.cat(pool)
        for _ in range(share):
            rows, labels = _batch(bank, hard, course, generator)
            head, velocity, loss = heads.step(
                head, velocity, rows, labels, course.descent, generator
            )
            if losses is not None:
                losses.append(loss)
    return Trained(head, loss)


def hardest(scores: Tensor, allowed: Tensor, count: int) -> Tensor:
    """Flat indices of the `count` highest `scores` among the `allowed`, highest first.

    Parameters
    ----------
    scores, allowed
        ``(N, n, n)`` float and bool.
    """
    masked = scores.masked_fill(~allowed, -torch.inf).flatten()
    return masked.topk(count).indices


class _Mine:
    """The negatives of one session: none is taken twice."""

    def __init__(self, memory: Memory, course: Course, generator: torch.Generator) -> None:
        self._grounds, self._course, self._generator = memory.grounds, course, generator
        self._left = [ground.negatives for ground in memory.grounds]
        self._taken = 0

    def rows(self, head: Head) -> Tensor:
        """The next rows ``(R, C·9)``; fewer, or none, where the memory is exhausted."""
        # The newest map holds the present distractors: it is always searched.
        last = len(self._grounds) - 1
        others = torch.randperm(last, generator=self._generator)[: self._course.frames - 1]
        chosen = [*sorted(int(i) for i in others.numpy()), last]
        maps = torch.stack([self._grounds[i].map for i in chosen])
        allowed = torch.stack([self._left[i] for i in chosen])
        # How many are left per map is known to the device alone; this many are for sure.
        sure = sum(self._grounds[i].count for i in chosen) - self._taken
        count = max(0, min(self._course.negatives, sure))
        if self._course.rounds > 0:
            scores = heads.probability(heads.logits(head, maps))
        else:
            scores = torch.rand(allowed.shape, generator=self._generator).to(maps.device)
        index = hardest(scores, allowed, count)
        self._taken += count
        rest = allowed.flatten().index_fill(0, index, value=False).view_as(allowed)
        for place, i in enumerate(chosen):
            self._left[i] = rest[place]
        return heads.rows_at(maps, index)


def _batch(
    bank: Tensor, hard: Tensor, course: Course, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Rows ``(positives + negatives, C·9)`` of one iteration and their labels."""
    device = bank.device
    good = torch.randint(len(bank), (course.positives,), generator=generator).to(device)
    bad = torch.randint(len(hard), (course.negatives,), generator=generator).to(device)
    labels = torch.zeros(course.positives + course.negatives, dtype=torch.long, device=device)
    labels[: course.positives] = 1
    return torch.cat([bank[good], hard[bad]]), labels


def _bounded(items: tuple, kept: int, limit: int) -> tuple:
    """`items` with the first `kept` and the newest `limit` of the others."""
    others = items[kept:]
    return items[:kept] + others[max(0, len(others) - limit) :]
