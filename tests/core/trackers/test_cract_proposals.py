from __future__ import annotations

import numpy as np
import pytest
import torch

from core.nets import anchors
from core.trackers.cract import proposals
from core.trackers.cract.params import CractParams
from core.trackers.cract.proposals import Coarse

PARAMS = CractParams(penalty=0.16, window=0.4, alpha=0.4, beta=0.8)


def boxes(count: int, seed: int = 0) -> torch.Tensor:
    drawn = torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))
    return drawn * 30 + torch.tensor([-15.0, -15.0, 5.0, 5.0])


def naive_suppression(rows: torch.Tensor, scores: torch.Tensor, overlap: float) -> list[int]:
    """Greedy suppression as a loop over sorted boxes."""
    kept: list[int] = []
    for index in scores.argsort(descending=True).tolist():
        shared = [float(anchors.iou(rows[index][None], rows[k][None])) for k in kept]
        if all(s <= overlap for s in shared):
            kept.append(index)
    return kept


@pytest.mark.parametrize("overlap", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_that_suppression_keeps_what_the_naive_loop_keeps(overlap: float, seed: int) -> None:
    rows = boxes(60, seed)
    scores = torch.rand(60, generator=torch.Generator().manual_seed(seed + 10))
    want = naive_suppression(rows, scores, overlap)
    kept, real = proposals.suppress(rows, scores, 60, overlap)
    assert kept[real].tolist() == want
    assert real.sum() == len(want)
    few, _ = proposals.suppress(rows, scores, 3, overlap)
    assert few.tolist() == want[:3]


def test_that_pictures_are_suppressed_independently() -> None:
    rows = torch.stack([boxes(40, 3), boxes(40, 4)])
    scores = torch.rand(2, 40, generator=torch.Generator().manual_seed(5))
    kept, real = proposals.suppress(rows, scores, 40, 0.3)
    for n in range(2):
        assert kept[n][real[n]].tolist() == naive_suppression(rows[n], scores[n], 0.3)


def test_that_overlaps_are_those_of_each_rows_own_target() -> None:
    rows, targets = boxes(7), boxes(3, 1)
    got = anchors.overlaps(rows, targets[:, None])
    torch.testing.assert_close(got, anchors.iou(rows, targets).T)
    each = boxes(15, 2).view(3, 5, 4)
    got = anchors.overlaps(each, targets[:, None])
    torch.testing.assert_close(got[1], anchors.iou(each[1], targets[1:2])[:, 0])


def test_that_a_box_without_area_is_kept_once() -> None:
    rows = torch.tensor([[0.0, 0.0, 0.0, 0.0], [5.0, 5.0, 2.0, 2.0]])
    kept, real = proposals.suppress(rows, torch.tensor([1.0, 0.5]), 4, 0.5)
    assert kept[real].tolist() == [0, 1]


def test_that_the_score_is_siamrpns_formula() -> None:
    grid = torch.tensor([[0.0, 0.0, 40.0, 20.0], [8.0, 0.0, 40.0, 20.0]])
    logits = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    offsets = torch.tensor([[0.1, 0.0, 0.2, -0.1], [0.0, 0.0, 0.0, 0.0]])
    hann = torch.tensor([1.0, 0.25])
    found = proposals.coarse(logits, offsets, grid, hann, (30.0, 25.0), PARAMS)
    w, h = 40 * np.exp(0.2), 20 * np.exp(-0.1)

    def padded(w: float, h: float) -> float:
        return np.sqrt((w + (w + h) / 2) * (h + (w + h) / 2))

    def change(r: float) -> float:
        return max(r, 1 / r)

    s = change(padded(w, h) / padded(30, 25))
    r = change((30 / 25) / (w / h))
    penalty = np.exp(-(s * r - 1) * PARAMS.penalty)
    chance = np.exp(1) / (1 + np.exp(1))
    assert found.boxes[0].tolist() == pytest.approx([4.0, 0.0, w, h])
    assert float(found.penalty[0]) == pytest.approx(penalty)
    want = penalty * chance * (1 - PARAMS.window) + PARAMS.window * 1.0
    assert float(found.score[0]) == pytest.approx(want)


def test_that_an_unchanged_box_is_not_penalised() -> None:
    grid = torch.tensor([[0.0, 0.0, 30.0, 25.0]])
    found = proposals.coarse(
        torch.zeros(2, 1), torch.zeros(1, 4), grid, torch.zeros(1), (30.0, 25.0), PARAMS
    )
    assert float(found.penalty[0]) == pytest.approx(1.0)


def test_that_the_window_is_highest_in_the_middle_and_never_zero() -> None:
    hann = proposals.window(25, 5).view(5, 25, 25)
    assert float(hann[3, 12, 12]) == pytest.approx(1.0)
    assert float(hann.min()) > 0
    torch.testing.assert_close(hann, hann.transpose(1, 2))
    torch.testing.assert_close(hann[0], hann[4])


def coarse_of(rows: torch.Tensor, scores: torch.Tensor) -> Coarse:
    return Coarse(rows, scores, torch.ones_like(scores), scores)


def test_that_the_box_near_the_last_one_is_always_proposed() -> None:
    # A stronger neighbour suppresses it, and three others are stronger still.
    rows = torch.tensor(
        [
            [8.0, 0.0, 20.0, 20.0],
            [0.5, 0.0, 20.0, 20.0],
            [0.0, 1.0, 20.0, 20.0],
            [-60.0, 0.0, 20.0, 20.0],
            [0.0, 60.0, 20.0, 20.0],
        ]
    )
    scores = torch.tensor([0.9, 0.5, 0.4, 0.8, 0.7])
    params = CractParams(proposals=3, nms_overlap=0.3)
    picked = proposals.pick(coarse_of(rows, scores), (20.0, 20.0), params)
    assert picked.boxes.tolist() == [rows[0].tolist(), rows[3].tolist(), rows[1].tolist()]
    assert picked.coarse.tolist() == pytest.approx([0.9, 0.8, 0.5])
    assert picked.valid.tolist() == [1.0, 1.0, 1.0]


def test_that_without_a_near_box_the_nearest_is_proposed() -> None:
    rows = torch.tensor([[30.0, 0.0, 20.0, 20.0], [14.0, 0.0, 20.0, 20.0]])
    params = CractParams(proposals=2)
    picked = proposals.pick(coarse_of(rows, torch.tensor([0.9, 0.2])), (20.0, 20.0), params)
    assert picked.boxes[-1].tolist() == rows[1].tolist()


def test_that_weak_proposals_are_marked_as_none() -> None:
    rows = torch.tensor([[0.0, 0.0, 9.0, 9.0], [30.0, 0.0, 9.0, 9.0], [60.0, 0.0, 9.0, 9.0]])
    scores = torch.tensor([1.0, 0.5, 0.05])
    picked = proposals.pick(coarse_of(rows, scores), (9.0, 9.0), CractParams(proposals=4))
    assert picked.valid.tolist() == [1.0, 1.0, 0.0, 1.0]


def test_that_scores_are_fused_as_in_equations_9_and_10() -> None:
    # v⁺ = ¾ (logits 0 and ln 3), τ = ½: s̃ = .4·.75 + .6·.5 = .6; with c̃ = .9: .8·.6 + .2·.9.
    logits = torch.tensor([[0.0, float(np.log(3.0))]])
    judged = proposals.judge(logits, torch.tensor([0.5]), torch.tensor([0.9]), PARAMS)
    assert float(judged.identity) == pytest.approx(0.75)
    assert float(judged.refined) == pytest.approx(0.6)
    assert float(judged.final) == pytest.approx(0.66)


def test_that_one_exploding_answer_of_the_discriminator_is_bounded() -> None:
    logits = torch.tensor([[0.0, 0.0]] * 2)
    judged = proposals.judge(logits, torch.tensor([50.0, -50.0]), torch.zeros(2), PARAMS)
    assert judged.refined.tolist() == pytest.approx([0.4 * 0.5 + 0.6 * 1.25, 0.2 - 0.6 * 0.25])
