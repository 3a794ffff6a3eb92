"""C-RPN's choice: penalties, window, filter, evidence, on numbers worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.states import TargetState
from core.trackers.crpn import evidence, geometry, selection
from core.trackers.crpn.evidence import Find
from core.trackers.crpn.network import StageOutput
from core.trackers.crpn.params import CRPNParams

GRID = geometry.MapGrid(3, 8, 0.0)
SIZE = (64.0, 64.0)
DEFAULTS = CRPNParams(penalty_k=0.16, window_influence=0.4)


def anchors() -> Tensor:
    line = torch.tensor([-8.0, 0.0, 8.0])
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack(
        [x.flatten(), y.flatten(), torch.full((9,), 64.0), torch.full((9,), 64.0)], 1
    )


def stage(probabilities: list[float], loc: Tensor | None = None) -> StageOutput:
    logits = [[0.0, math.log(p / (1 - p))] for p in probabilities]
    offsets = torch.zeros(1, 9, 4) if loc is None else loc
    return StageOutput(torch.tensor([logits]), offsets)


def decided(*stages: StageOutput, params: CRPNParams = DEFAULTS) -> Find:
    found = selection.cascade(stages, anchors(), params.theta)
    ranking = selection.rank(found, GRID, SIZE, params)
    return Find.read(selection.packed(found, ranking, 1.0).tolist())


# --- crop and window ------------------------------------------------------------------


def test_that_a_square_target_with_context_spans_half_the_exemplar() -> None:
    assert geometry.context_side(40, 40) == 80
    assert 40 / geometry.pixel_size(40, 40) == pytest.approx(63.5)
    # (w + p)(h + p) with p = 25: 65 · 45.
    assert geometry.context_side(40, 20) == pytest.approx(math.sqrt(70 * 50))


def test_that_a_crop_lies_about_the_box_whatever_its_shape() -> None:
    box = geometry.region(100, 50, 0.5, 257)
    assert (box.cx, box.cy, box.w, box.h) == (100, 50, 128.5, 128.5)


def test_that_the_window_is_that_of_hanning_at_the_cells() -> None:
    for cells in (3, 17, 20):
        grid = geometry.MapGrid(cells, 8, 0.0)
        line = (torch.arange(cells) - (cells - 1) / 2) * 8
        y, x = torch.meshgrid(line, line, indexing="ij")
        values = geometry.hann_at(torch.stack([x, y], -1).view(-1, 2), grid)
        wanted = np.outer(np.hanning(cells), np.hanning(cells))
        np.testing.assert_allclose(values.view(cells, cells), wanted, atol=1e-6)
    assert geometry.hann_at(torch.tensor([[500.0, 0.0]]), GRID).tolist() == [0.0]


# --- penalty --------------------------------------------------------------------------


def test_that_the_penalty_is_that_of_the_formula() -> None:
    sizes = torch.tensor([[64.0, 64.0], [128.0, 128.0], [32.0, 32.0], [32.0, 128.0]])
    got = selection.change_penalty(sizes, SIZE, 0.16).tolist()
    # Four to one: p = 80, side = √(112 · 208) against 128, ratio changed fourfold.
    scale = math.sqrt(112 * 208) / 128
    wanted = [1.0, math.exp(-0.16), math.exp(-0.16), math.exp(-0.16 * (4 * scale - 1))]
    assert got == pytest.approx(wanted, rel=1e-5)
    # Width and height are not told apart by squares: take a flat target.
    flat = selection.change_penalty(torch.tensor([[80.0, 40.0], [40.0, 80.0]]), (80, 40), 0.2)
    assert flat.tolist() == pytest.approx([1.0, math.exp(-0.2 * 3)], rel=1e-5)


def test_that_score_penalty_and_window_make_the_final_score() -> None:
    loc = torch.zeros(1, 9, 4)
    loc[0, 5, 2:] = math.log(2)
    find = decided(stage([0.1, 0.2, 0.1, 0.2, 0.06, 0.9, 0.1, 0.2, 0.1], loc))
    assert find.index == 5
    assert find.box == pytest.approx((8, 0, 128, 128), rel=1e-5)
    assert find.penalty == pytest.approx(math.exp(-0.16), rel=1e-5)
    assert find.probability == pytest.approx(0.9, rel=1e-5)
    # Cell 5 is at the rim of a three-cell window, where it is 0.
    assert find.windowed == pytest.approx(0.6 * 0.9 * math.exp(-0.16), rel=1e-5)
    everywhere = replace(DEFAULTS, window_influence=0.8)
    assert decided(stage([0.5] * 9), params=everywhere).index == 4


def test_that_the_window_can_follow_the_refined_box() -> None:
    loc = torch.zeros(1, 9, 4)
    loc[0, 5, 0] = -8 / 64  # the right cell points to the middle
    probabilities = [0.1, 0.1, 0.1, 0.1, 0.5, 0.7, 0.1, 0.1, 0.1]
    assert decided(stage(probabilities, loc)).index == 4
    refined = replace(DEFAULTS, window_place="refined")
    find = decided(stage(probabilities, loc), params=refined)
    assert find.index == 5
    assert find.windowed == pytest.approx(0.6 * 0.7 + 0.4, rel=1e-5)


# --- cascade --------------------------------------------------------------------------


def test_that_boxes_are_refined_by_every_stage() -> None:
    loc = torch.zeros(1, 9, 4)
    loc[..., 0], loc[..., 3] = 0.25, math.log(0.5)
    found = selection.cascade([stage([0.5] * 9, loc)] * 2, anchors(), 1.0)
    assert found.boxes[0, 4].tolist() == pytest.approx([16, 0, 64, 32])
    assert found.boxes[1, 4].tolist() == pytest.approx([32, 0, 64, 16])


def test_that_what_an_early_stage_rules_out_stays_out() -> None:
    early = stage([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.01])
    late = stage([0.3, 0.3, 0.3, 0.3, 0.4, 0.3, 0.3, 0.3, 0.99])
    plain = replace(DEFAULTS, window_influence=0.0)
    assert decided(early, late, params=plain).index == 4
    assert decided(early, late, params=replace(plain, theta=1.0)).index == 8
    assert decided(early, late).kept == pytest.approx((8 / 9, 8 / 9))


def test_that_the_mean_of_the_stages_can_choose() -> None:
    first = stage([0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    last = stage([0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5])
    plain = replace(DEFAULTS, window_influence=0.0)
    assert decided(first, last, params=plain).index == 8
    mean = decided(first, last, params=replace(plain, final_score="mean"))
    assert (mean.index, mean.probability) == (0, pytest.approx(0.65, rel=1e-5))


def test_that_with_every_anchor_ruled_out_the_best_is_named_but_not_believed() -> None:
    find = decided(stage([0.01, 0.01, 0.01, 0.01, 0.02, 0.01, 0.01, 0.01, 0.01]))
    assert not find.any_kept
    assert find.index == 4
    assert find.scalars()["all_filtered"] == 1
    assert evidence.verdict(1, find, DEFAULTS)[0] is TargetState.UNCERTAIN


def test_that_numbers_which_are_none_are_reported() -> None:
    broken = stage([0.5] * 9)
    broken.cls[0, 3, 1] = float("nan")
    assert not decided(broken).finite
    broken = stage([0.5] * 9)
    broken.loc[0, 3, 2] = float("inf")
    assert decided(broken).finite  # clamped to a very large box, never chosen for its size
    broken.loc[0, 3, 0] = float("inf")
    assert not decided(broken).finite


# --- evidence -------------------------------------------------------------------------


def test_that_a_look_alike_elsewhere_halves_the_score() -> None:
    loc = torch.zeros(1, 9, 4)
    loc[0, 0, :2] = -2.0  # two boxes away
    alone = decided(stage([0.1, 0.1, 0.1, 0.1, 0.8, 0.7, 0.1, 0.1, 0.1], loc))
    # What lies on the same place is no rival.
    assert alone.rival == pytest.approx(0.1, rel=1e-4)
    other = decided(stage([0.76, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.1], loc))
    assert other.rivalry == pytest.approx(0.95, rel=1e-4)
    assert other.score == pytest.approx(0.8 * (1 - 0.475), rel=1e-4)
    assert alone.score == pytest.approx(0.8 * (1 - 0.0625), rel=1e-4)
    state, reason = evidence.verdict(0, other, DEFAULTS)
    assert state is TargetState.UNCERTAIN
    assert "place" in reason
    assert evidence.verdict(0, alone, DEFAULTS) == (TargetState.TRACKING, "")


def test_that_the_temperature_calibrates_the_score_only() -> None:
    found = selection.cascade([stage([0.1] * 4 + [0.9] + [0.1] * 4)], anchors(), 1.0)
    ranking = selection.rank(found, GRID, SIZE, DEFAULTS)
    find = Find.read(selection.packed(found, ranking, 2.0).tolist())
    assert find.probability == pytest.approx(0.9, rel=1e-4)
    assert find.calibrated == pytest.approx(0.75, rel=1e-4)  # √9 : 1


def _find(probability: float) -> Find:
    return Find(
        finite=True, any_kept=True, box=(0, 0, 1, 1), probability=probability,
        calibrated=probability, penalty=1, windowed=1, rival=0, index=0, kept=(1.0,),
    )  # fmt: skip


def test_that_a_target_is_lost_after_misses_and_found_with_confidence() -> None:
    missed, states = 0, []
    for probability in (0.9, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.4, 0.6, 0.4):
        find = _find(probability)
        missed = evidence.missed_frames(missed, find, DEFAULTS)
        states.append(evidence.verdict(missed, find, DEFAULTS)[0].name[0])
    # 0.3 is unsure but no miss; 0.4 does not end a loss, 0.6 does.
    assert "".join(states) == "TUUUUULLTU"
