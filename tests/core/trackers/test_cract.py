from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from fakes import cract_weights

from core import params as parameters
from core.errors import WeightsError
from core.geometry import Box, iou
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Services
from core.trackers.cract import model, report
from core.trackers.cract.params import CractParams
from core.trackers.cract.report import Weighed
from core.trackers.cract.tracker import CractTracker

START = Box(60, 40, 36, 28)
WEIGHTS = cract_weights.stand_in()
# As little first training as still tells target from ground: these tests start often.
QUICK = {"init_positives": 60, "init_negatives": 200, "init_steps": 4}
# The paper's constants: these tests are about what they do, not about their values.
PAPER = {"penalty": 0.16, "window": 0.4, "alpha": 0.4, "beta": 0.8, "size_rate": 0.5,
         "success": 0.35, "search_growth": 1.1}  # fmt: skip
QUICK |= PAPER


def tracker(seed: int = 0, **values: Any) -> CractTracker:
    params = parameters.from_dict(CractParams, QUICK | values)
    return CractTracker(params, Services(seed=seed, weights=WEIGHTS))


def state_of(subject: CractTracker) -> model.State:
    found = subject.snapshot()
    assert isinstance(found, model.State)
    return found


def ground(scene: Any) -> np.ndarray:
    return scene(seed=77)._ground.round().clip(0, 255).astype(np.uint8)


def test_that_missing_weights_are_told_in_words() -> None:
    with pytest.raises(WeightsError) as caught:
        CractTracker(CractParams(backbone="resnet18"), Services(weights=WEIGHTS))
    assert caught.value.hint


# --- the template ---------------------------------------------------------------------


def test_that_the_template_is_computed_once(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    seen: list[torch.Size] = []
    backbone = subject._network.backbone
    plain = backbone.forward
    monkeypatch.setattr(
        backbone, "forward", lambda x, names: seen.append(x.shape) or plain(x, names)
    )
    for step in range(1, 4):
        subject.update(world.frame(START.shifted(2 * step, -step)))
    assert seen == [(1, 3, 241, 241)] * 3


def test_that_crops_and_boxes_go_there_and_back(scene: Any) -> None:
    subject = tracker()
    box = Box(61.5, 33.25, 40, 22)
    crop = model.cut(scene().frame(START), box, 241, subject._network, (0.0, 0.0, 0.0), 1.2)
    other = Box(70, 30, 20, 30)
    row = crop.to_frame(crop.to_crop(other)[None])[0]
    assert row.tolist() == pytest.approx([other.cx, other.cy, other.w, other.h])
    # The target with its context is 127 crop pixels wide, less when more is shown.
    p = (40 + 22) / 2
    assert np.sqrt((40 + p) * (22 + p)) * crop.zoom * 1.2 == pytest.approx(127)
    assert (crop.region.cx, crop.region.cy) == (box.cx, box.cy)
    assert crop.region.w * crop.zoom == pytest.approx(241)


# --- scores ---------------------------------------------------------------------------


def test_that_the_chosen_box_has_the_largest_final_score(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    subject.want_maps = frozenset({"proposals"})
    result = subject.update(world.frame(START.shifted(5, -3)))
    best = result.proposals["refined"]
    assert best.scores[0] == pytest.approx(result.scalars["final"])
    assert result.score == pytest.approx(min(result.scalars["final"], 1.0))
    x, y, w, h = best.boxes[0]
    assert result.box.cx == pytest.approx(x + w / 2)
    assert result.box.cy == pytest.approx(y + h / 2)
    said = result.scalars
    fused = 0.4 * said["identifier"] + 0.6 * said["discriminator"]
    assert said["refined"] == pytest.approx(fused, abs=1e-6)
    assert said["final"] == pytest.approx(0.8 * fused + 0.2 * said["coarse"], abs=1e-6)
    assert set(result.proposals) == {
        "coarse",
        "refined",
        "refined.classified",
        "refined.identifier",
        "refined.discriminator",
    }


def moving_regressor(dx: float) -> dict[str, torch.Tensor]:
    """Weights whose R always answers the same shift, and whose I believes every box."""
    tensors = dict(WEIGHTS["cract"])
    bias = torch.zeros(4)
    bias[0] = dx * 5  # R answers in fifths
    tensors["regressor.layers.5.bias"] = bias
    return tensors


@pytest.mark.parametrize("align", [True, False])
def test_that_boxes_are_judged_after_the_shift_only_with_alignment(scene: Any, align: bool) -> None:
    world = scene()
    params = parameters.from_dict(CractParams, QUICK | {"align": align})
    subject = CractTracker(params, Services(weights={"cract": moving_regressor(0.9)}))
    subject.init(world.frame(START), START)
    subject.want_maps = frozenset({"proposals"})
    result = subject.update(world.frame(START))
    moved = result.proposals["refined.discriminator"]
    near = np.abs(result.proposals["coarse"].boxes[:, 0] + 16 - START.cx).argmin()
    x = result.proposals["coarse"].boxes[near]
    shifted = np.abs(moved.boxes[:, 0] - (x[0] + 0.9 * x[2])).argmin()
    # The proposal on the target is moved off it: seen there, it no longer looks like it.
    assert bool(moved.scores[shifted] < 0.4) is align


def test_that_sizes_follow_as_far_as_the_identifier_believes(scene: Any) -> None:
    world = scene()
    tensors = moving_regressor(0.0)
    tensors["regressor.layers.5.bias"] = torch.tensor([0.0, 0.0, 1.0, 0.0])  # w grows by e^0.1
    tensors["identifier.layers.5.bias"] = torch.tensor([-20.0, 20.0])
    params = parameters.from_dict(CractParams, QUICK | {"calibrate": False})
    subject = CractTracker(params, Services(weights={"cract": tensors}))
    subject.init(world.frame(START), START)
    subject.want_maps = frozenset({"proposals"})
    result = subject.update(world.frame(START))
    w = result.proposals["refined"].boxes[0, 2]
    want = START.w + 0.5 * result.scalars["penalty"] * (w - START.w)
    assert result.box.w == pytest.approx(want)
    subject.init(world.frame(START), START)
    subject.tune(replace(params, size_rate=0.0))
    assert subject.update(world.frame(START)).box.w == START.w


def test_that_a_network_that_draws_wider_than_the_person_is_calibrated(scene: Any) -> None:
    world = scene()
    tensors = moving_regressor(0.0)
    tensors["regressor.layers.5.bias"] = torch.tensor([0.0, 0.0, 2.5, 0.0])  # w grows by e^0.25
    tensors["identifier.layers.5.bias"] = torch.tensor([-20.0, 20.0])
    widths = []
    for calibrate in (True, False):
        params = parameters.from_dict(CractParams, QUICK | {"calibrate": calibrate})
        subject = CractTracker(params, Services(weights={"cract": tensors}))
        subject.init(world.frame(START), START)
        for _ in range(4):
            result = subject.update(world.frame(START))
        widths.append(result.box.w / START.w)
    assert abs(np.log(widths[0])) < 0.06 < 0.12 < np.log(widths[1])


def weighed(refined: list[float], boxes: list[list[float]], valid: list[float]) -> Weighed:
    rows, score = np.array(boxes), np.array(refined)
    ones = np.ones(len(score))
    return Weighed(rows, rows, ones, ones, ones, score, score, score, np.array(valid), np.zeros(2))


PLACES = [[0.0, 0.0, 20.0, 20.0], [2.0, 0.0, 20.0, 20.0], [50.0, 0.0, 20.0, 20.0]]


@pytest.mark.parametrize(
    ("scores", "failures", "state"),
    [
        ([0.8, 0.79, 0.3], 0, TargetState.TRACKING),
        ([0.8, 0.2, 0.79], 0, TargetState.UNCERTAIN),  # a look-alike elsewhere
        ([0.3, 0.1, 0.1], 1, TargetState.UNCERTAIN),
        ([0.3, 0.1, 0.1], 5, TargetState.LOST),
        ([0.1, 0.1, 0.1], 1, TargetState.LOST),
    ],
)
def test_that_the_verdict_says_what_the_scores_say(
    scores: list[float], failures: int, state: TargetState
) -> None:
    found = weighed(scores, PLACES, [1.0, 1.0, 1.0])
    got, score, reason = report.verdict(found, failures, CractParams(**PAPER))
    assert got is state
    assert score == pytest.approx(scores[0])
    assert (reason == "") == (state is TargetState.TRACKING)


def test_that_what_is_no_proposal_is_not_chosen() -> None:
    found = weighed([0.4, 0.9, 0.95], PLACES, [1.0, 0.0, 0.0])
    assert found.best == 0
    assert report.rival(found) == 0


# --- failure --------------------------------------------------------------------------


def test_that_a_failure_widens_the_search_and_adds_no_samples(scene: Any) -> None:
    world, subject = scene(), tracker(update_every=1)
    subject.init(world.frame(START), START)
    subject.update(world.frame(START))
    before = state_of(subject)
    assert len(before.memory.recent) == 1
    blank = ground(scene)
    growths, updates = [], []
    for _ in range(6):
        result = subject.update(blank)
        growths.append(result.scalars["search_growth"])
        updates.append(state_of(subject).updates)
        assert state_of(subject).memory.recent == before.memory.recent
    assert growths == pytest.approx([1.0, 1.1, 1.21, 1.331, 1.4641, 1.5])
    # One short-term update when the target is lost, none while it stays so.
    assert updates == [before.updates + 1] * 6
    assert result.state is TargetState.LOST
    back = subject.update(world.frame(result.box.shifted(0, 0)))
    assert back.scalars["search_growth"] == 1.5


def test_that_a_lost_box_stays(scene: Any) -> None:
    world, subject = scene(), tracker(lost_below=1.0, success=1.0)
    subject.init(world.frame(START), START)
    result = subject.update(world.frame(START.shifted(9, 4)))
    assert result.state is TargetState.LOST
    assert result.box == START
    assert state_of(subject).box == START


# --- learning -------------------------------------------------------------------------


def test_that_the_discriminator_is_updated_every_k_believed_frames(scene: Any) -> None:
    world, subject = scene(), tracker(update_every=3)
    subject.init(world.frame(START), START)
    counts = []
    for step in range(1, 8):
        result = subject.update(world.frame(START.shifted(step, 0)))
        assert result.state is TargetState.TRACKING
        counts.append(result.scalars["updates"])
    assert counts == [0, 0, 1, 1, 1, 2, 2]
    state = state_of(subject)
    assert [c.age for c in state.memory.recent] == [3, 6]
    assert len(state.memory.recent[0].positives) == 50
    assert len(state.memory.recent[0].negatives) >= 200


def test_that_rejected_proposals_join_the_samples_of_the_ground(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    state, net = state_of(subject), subject._network
    with torch.inference_mode():
        crop = model.cut(world.frame(START), START, 241, net, state.setting.fill)
        found = model.features(crop, net)
        rivals = net.pool(found.fused, torch.tensor([[[80.0, 60.0, 50.0, 50.0]]]))
        new, rng = model.collected(state, found, crop, rivals, subject.params, net)
        assert (len(new.positives), len(new.negatives)) == (50, 201)
        assert torch.equal(new.negatives[-1:], state.judge.convolved(rivals))
    assert not torch.equal(rng, state.rng)


def test_that_an_update_lowers_the_loss_and_keeps_the_convolution(scene: Any) -> None:
    world, subject = scene(), tracker(update_every=2)
    subject.init(world.frame(START), START)
    first = state_of(subject).judge.weights
    for step in range(1, 4):
        result = subject.update(world.frame(START.shifted(3 * step, 2 * step)))
    now = state_of(subject).judge.weights
    assert torch.equal(first.conv, now.conv)
    assert not torch.equal(first.hidden, now.hidden)
    assert 0 < result.scalars["loss_last"] < result.scalars["loss_first"]


def test_that_an_update_rate_of_zero_learns_nothing(scene: Any) -> None:
    world, subject = scene(), tracker(update_every=1, update_rate=0.0)
    subject.init(world.frame(START), START)
    first = state_of(subject).judge.weights
    subject.update(world.frame(START))
    now = state_of(subject)
    assert now.updates == 1
    for one, two in zip(first, now.judge.weights, strict=True):
        torch.testing.assert_close(one, two)


def test_that_the_discriminator_tells_the_target_from_the_ground(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    state = state_of(subject)
    first = state.memory.pinned[0]
    assert state.judge.scores(first.positives).mean() > 0.7
    assert state.judge.scores(first.negatives).mean() < 0.2


def test_that_seeds_decide_what_is_drawn(scene: Any) -> None:
    world = scene()
    frame = world.frame(START.shifted(4, 2))

    def answer(seed: int) -> float:
        subject = tracker(seed)
        subject.init(world.frame(START), START)
        return subject.update(frame).scalars["discriminator"]

    assert answer(1) == answer(1)
    assert answer(1) != answer(2)


def test_that_an_added_template_is_learned_and_kept(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    before = state_of(subject)
    far = Box(90, 70, 40, 30)
    subject.correct(world.frame(far), far, CorrectionPolicy.KEEP_TEMPLATE)
    kept = state_of(subject)
    assert kept.box == far
    assert kept.judge is before.judge
    assert kept.memory is before.memory
    subject.correct(world.frame(far), far, CorrectionPolicy.ADD_TEMPLATE)
    added = state_of(subject)
    assert len(added.memory.pinned) == 2
    assert added.memory.pinned[0] is before.memory.pinned[0]
    assert added.setting.template is before.setting.template
    assert not torch.equal(added.judge.weights.hidden, before.judge.weights.hidden)


def test_that_a_small_corrected_box_keeps_its_size(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    small = Box(70, 50, 7, 6)
    subject.correct(world.frame(small), small, CorrectionPolicy.KEEP_TEMPLATE)
    found = subject.update(world.frame(small)).box
    assert (found.w, found.h) == (7, 6)


# --- maps -----------------------------------------------------------------------------


def test_that_maps_lie_about_the_middle_of_the_search(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    subject.want_maps = ALL_MAPS
    result = subject.update(world.frame(START.shifted(5, -3)))
    crop_pixel = result.patches["search"].placement.matrix[0]
    for key, cells, step in [("rpn_score", 25, 8.0), ("D_dense", 9, 24.0)]:
        found = result.maps[key]
        assert found.values.shape == (cells, cells)
        assert found.placement.cell_center(cells // 2, cells // 2) == pytest.approx(
            (START.cx, START.cy)
        )
        assert found.placement.matrix[0] == pytest.approx(step * crop_pixel)
    shapes = result.maps["anchor_argmax"].values
    assert set(np.unique(shapes)) <= {0.0, 1.0, 2.0, 3.0, 4.0}


def test_that_the_dense_map_is_what_the_discriminator_says_of_shifted_boxes(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    before = state_of(subject)
    subject.want_maps = frozenset({"D_dense"})
    image = world.frame(START)
    values = subject.update(image).maps["D_dense"].values
    net = subject._network
    with torch.inference_mode():
        crop = model.cut(image, START, 241, net, before.setting.fill)
        box = torch.tensor([[[24.0, -48.0, *crop.size]]])
        pooled = net.pool(model.features(crop, net).fused, box)
        want = float(before.judge.scores(before.judge.convolved(pooled)))
    assert values[4 - 2, 4 + 1] == pytest.approx(want, abs=1e-4)
    assert values[4, 4] == values.max()


def test_that_tuning_takes_live_parameters_only(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    subject.tune(replace(subject.params, alpha=1.0, d_hidden=5, init_cg=1))
    assert subject.params.alpha == 1.0
    assert (subject.params.d_hidden, subject.params.init_cg) == (32, 10)
    # The identifier alone decides now; the stand-in's never believes.
    assert subject.update(world.frame(START)).scalars["refined"] == pytest.approx(0, abs=1e-6)


def test_that_a_dozen_frames_are_followed_through_updates(scene: Any) -> None:
    world, subject = scene(), tracker(update_every=4)
    subject.init(world.frame(START), START)
    for step in range(1, 13):
        truth = START.shifted(3 * step, 1.5 * step)
        result = subject.update(world.frame(truth))
    assert iou(result.box, truth) > 0.7
    assert result.scalars["updates"] == 3
