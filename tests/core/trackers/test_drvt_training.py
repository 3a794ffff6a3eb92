"""The classifier's training: rows, steps, hard negatives, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.trackers.drvt import head as heads
from core.trackers.drvt import memory
from core.trackers.drvt.head import Descent, Head
from core.trackers.drvt.layout import NEGATIVE, POSITIVE, UNUSED
from core.trackers.drvt.memory import Course, Memory

CPU = torch.device("cpu")
CHANNELS, SIDE = 6, 9


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def fresh(seed: int = 0) -> Head:
    return heads.fresh(CHANNELS, 16, drawn(seed), CPU, gain=1.0)


def labelled(row: int = 3, col: int = 3) -> np.ndarray:
    labels = np.full((SIDE - 2, SIDE - 2), NEGATIVE, np.int8)
    labels[row - 1 : row + 2, col - 1 : col + 2] = UNUSED
    labels[row, col] = POSITIVE
    return labels


def pictured(seed: int, row: int = 3, col: int = 3) -> torch.Tensor:
    """Noise with a mark around the cell (row, col) of the head's grid."""
    deep = torch.randn(CHANNELS, SIDE, SIDE, generator=drawn(seed)) * 0.3
    deep[:3, row : row + 3, col : col + 3] += 2.0
    return deep


def filled(count: int = 3) -> Memory:
    stored = Memory()
    for seed in range(count):
        stored = stored.with_lesson(pictured(seed), labelled(), (100, 20))
    return stored


def course(iterations: int = 30, rounds: int = 5, rate: float = 0.02) -> Course:
    return Course(iterations, rounds, 8, Descent(rate))


# --- head ----------------------------------------------------------------------------


def test_that_a_row_through_the_layers_is_the_cell_of_the_map() -> None:
    top, maps = fresh(), torch.randn(2, CHANNELS, SIDE, SIDE, generator=drawn(5))
    scores = heads.logits(top, maps)
    index = torch.tensor([0, 7 * 3 + 5, 49 + 7 * 6 + 1])
    rows = heads.rows_at(maps, index)
    hidden = torch.relu(rows @ top.w4.T + top.b4)
    hidden = torch.relu(hidden @ top.w5.T + top.b5)
    expected = hidden @ top.w6.T + top.b6
    found = scores.permute(0, 2, 3, 1).reshape(-1, 2)[index]
    torch.testing.assert_close(found, expected)


def test_that_probabilities_are_the_softmax_of_the_target() -> None:
    scores = torch.randn(3, 2, 4, 4, generator=drawn())
    torch.testing.assert_close(heads.probability(scores), scores.softmax(1)[:, 1])


def test_that_a_step_is_momentum_with_decay_and_leaves_the_old_head_alone() -> None:
    top, rows = fresh(), torch.randn(8, CHANNELS * 9, generator=drawn(2))
    labels = torch.tensor([1, 1, 0, 0, 0, 0, 0, 0])
    copy = [tensor.clone() for tensor in top]
    descent = Descent(0.1, momentum=0.9, decay=0.01, clip=1e9, dropout=0.0)
    leaves = Head(*(tensor.clone().requires_grad_() for tensor in top))
    reference = torch.optim.SGD(list(leaves), lr=0.1, momentum=0.9, weight_decay=0.01)
    moved, velocity = top, heads.zero_velocity(top)
    for _ in range(3):
        moved, velocity, _ = heads.step(moved, velocity, rows, labels, descent, drawn())
        reference.zero_grad()
        heads.loss(leaves, rows, labels, None).backward()
        reference.step()
    for ours, theirs in zip(moved, leaves, strict=True):
        torch.testing.assert_close(ours, theirs.detach())
    assert all(torch.equal(one, two) for one, two in zip(top, copy, strict=True))


def test_that_a_gradient_is_clipped() -> None:
    top, rows = fresh(), torch.randn(8, CHANNELS * 9, generator=drawn(2)) * 1e4
    labels = torch.tensor([1, 0] * 4)
    descent = Descent(1.0, momentum=0.0, decay=0.0, clip=0.5, dropout=0.0)
    moved, _, _ = heads.step(top, heads.zero_velocity(top), rows, labels, descent, drawn())
    way = sum(float((a - b).square().sum()) for a, b in zip(moved, top, strict=True)) ** 0.5
    assert way == pytest.approx(0.5, rel=1e-3)


# --- hard negatives ------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 7, 40])
def test_that_the_hardest_are_the_highest_scores_among_the_allowed(count: int) -> None:
    scores = torch.rand(3, 5, 5, generator=drawn(1))
    allowed = torch.rand(3, 5, 5, generator=drawn(2)) < 0.7
    order = sorted(
        (i for i in range(75) if allowed.flatten()[i]), key=lambda i: -float(scores.flatten()[i])
    )
    assert memory.hardest(scores, allowed, count).tolist() == order[:count]


def test_that_rounds_take_the_hardest_left_and_none_twice() -> None:
    stored, top = filled(2), fresh()
    settings = Course(4, 4, 8, Descent(0.01), negatives=30)
    mine = memory._Mine(stored, settings, drawn())
    maps = torch.stack([ground.map for ground in stored.grounds])
    scores = heads.probability(heads.logits(top, maps)).flatten()
    allowed = torch.stack([ground.negatives for ground in stored.grounds]).flatten()
    ranking = [i for i in scores.argsort(descending=True).tolist() if allowed[i]]
    total = len(ranking)
    for start in range(0, 90, 30):
        expected = heads.rows_at(maps, torch.tensor(ranking[start : min(start + 30, total)]))
        torch.testing.assert_close(mine.rows(top), expected)
    assert len(mine.rows(top)) == 0  # 2 × 40 negatives are used up


def test_that_no_round_takes_a_target_or_an_unused_cell() -> None:
    deep = pictured(0)
    stored = Memory().with_lesson(deep, labelled(), (5, 5))
    mine = memory._Mine(stored, Course(1, 1, 8, Descent(0.01), negatives=500), drawn())
    rows = mine.rows(fresh())
    assert len(rows) == (labelled() == NEGATIVE).sum()
    forbidden = heads.rows_at(deep[None], torch.from_numpy(np.flatnonzero(labelled() != NEGATIVE)))
    distances = torch.cdist(rows, forbidden)
    assert distances.min() > 1e-3


def test_that_without_rounds_negatives_are_drawn_at_random() -> None:
    stored, top = filled(1), fresh()
    settings = Course(1, 0, 8, Descent(0.01), negatives=10)
    one, two = (memory._Mine(stored, settings, drawn(seed)).rows(top) for seed in (1, 2))
    assert len(one) == len(two) == 10
    assert not torch.equal(one, two)


# --- sessions ------------------------------------------------------------------------


def test_that_training_tells_the_target_from_the_ground() -> None:
    stored, top = filled(), fresh()
    unseen = pictured(99, row=2, col=5)
    before = heads.probability(heads.logits(top, unseen[None]))[0]
    done = memory.train(top, stored, course(60), drawn())
    after = heads.probability(heads.logits(done.head, unseen[None]))[0]
    assert float(after[2, 5]) > 0.8
    away = torch.from_numpy(labelled(2, 5) == NEGATIVE)
    assert float(after[away].max()) < 0.5
    assert float(before[2, 5]) < 0.8
    start = memory.train(top, stored, course(1), drawn()).loss
    assert float(done.loss) < 0.5 * float(start)


def test_that_a_session_is_decided_by_its_seed_and_changes_no_memory() -> None:
    stored, top = filled(), fresh()
    maps = [ground.map.clone() for ground in stored.grounds]
    masks = [ground.negatives.clone() for ground in stored.grounds]
    one, again, other = (memory.train(top, stored, course(6), drawn(s)).head for s in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one.w4, other.w4)
    for ground, deep, mask in zip(stored.grounds, maps, masks, strict=True):
        assert torch.equal(ground.map, deep)
        assert torch.equal(ground.negatives, mask)


def test_that_every_iteration_is_run_whatever_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    real = heads.step

    def counting(*args: object) -> object:
        taken.append(1)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(heads, "step", counting)
    for iterations, rounds in [(30, 5), (5, 5), (3, 5), (7, 4), (4, 0)]:
        taken.clear()
        memory.train(fresh(), filled(1), course(iterations, rounds), drawn())
        assert len(taken) == iterations


def test_that_a_memory_without_lessons_teaches_nothing() -> None:
    top = fresh()
    assert memory.train(top, Memory(), course(), drawn()).head is top
    only_ground = np.full((SIDE - 2, SIDE - 2), NEGATIVE, np.int8)
    blind = Memory().with_lesson(pictured(0), only_ground, (5, 5))
    assert memory.train(top, blind, course(), drawn()).head is top


# --- memory --------------------------------------------------------------------------


def test_that_the_memory_stays_flat_and_keeps_the_first_frame() -> None:
    stored = filled(2).anchored()
    first = stored.positives[0], stored.grounds[0]
    deep, labels = pictured(7), labelled()
    for _ in range(5000):
        stored = stored.with_lesson(deep, labels, (100, 20))
    assert (len(stored.positives), len(stored.grounds)) == (102, 22)
    assert stored.positives[0] is first[0]
    assert stored.grounds[0] is first[1]


def test_that_the_oldest_lesson_goes_first_and_the_old_memory_stays() -> None:
    before = Memory()
    after = before
    marks = []
    for seed in range(4):
        deep = pictured(seed)
        marks.append(deep)
        after = after.with_lesson(deep, labelled(), (3, 2))
    assert [ground.map is marks[i] for i, ground in zip((2, 3), after.grounds, strict=True)] == [
        True,
        True,
    ]
    assert len(after.positives) == 3
    assert before == Memory()
