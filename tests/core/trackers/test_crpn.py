"""The C-RPN tracker around its network: crops, corrections, search size, weights, reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fakes.crpn_weights import CONFIG, stand_in

from core.errors import WeightsError
from core.geometry import Box, iou
from core.nets import backbones
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Services
from core.trackers.crpn import loading, model
from core.trackers.crpn.config import ENTRY, NetworkConfig
from core.trackers.crpn.network import SiameseCRPN
from core.trackers.crpn.params import CRPNParams
from core.trackers.crpn.tracker import CRPNTracker

START = Box(60, 40, 36, 28)


def tracker(weights: Any = None, **values: Any) -> CRPNTracker:
    return CRPNTracker(CRPNParams(**values), Services(weights=weights or stand_in()))


def untrained(**changes: Any) -> dict[str, dict[str, torch.Tensor]]:
    """A network as training starts with it: an anchor set and random heads."""
    torch.manual_seed(0)
    config = NetworkConfig(channels=8, **changes)
    backbone = backbones.pretrained(config.backbone, **config.backbone_options)
    return {"crpn": SiameseCRPN(backbone, config).tensors(with_backbone=False)}


# --- weights --------------------------------------------------------------------------


def test_that_without_weights_the_reason_is_said_in_words() -> None:
    with pytest.raises(WeightsError, match="not installed") as caught:
        CRPNTracker(CRPNParams(backbone="alexnet"), Services())
    assert "crpn-alexnet" in caught.value.hint


def test_that_weights_of_another_network_are_refused() -> None:
    good = stand_in()["crpn"]
    wider = NetworkConfig(anchors="own", channels=64).to_tensor()
    with pytest.raises(WeightsError, match="shape"):
        tracker({"crpn": {**good, ENTRY: wider}})
    with pytest.raises(WeightsError, match="unknown"):
        tracker({"crpn": {**good, "neck.weight": torch.zeros(1)}})
    with pytest.raises(WeightsError, match="does not have"):
        tracker({"crpn": {**good, "backbone.blocks.99.weight": torch.zeros(1)}})
    missing = {name: part for name, part in good.items() if "heads.2.cls" not in name}
    with pytest.raises(WeightsError, match="missing"):
        tracker({"crpn": missing})


@pytest.mark.parametrize(
    "changes",
    [{}, {"xcorr": "up"}, {"stages": 1}, {"stages": 2, "anchors": "own"}, {"ratios": (0.5, 2.0)}],
    ids=str,
)
def test_that_the_weights_decide_the_architecture(changes: dict[str, Any], scene: Any) -> None:
    used, world = tracker(untrained(**changes)), scene()
    used.want_maps = ALL_MAPS
    used.init(world.frame(START), START)
    result = used.update(world.frame(START.shifted(3, 2)))
    stages = changes.get("stages", 3)
    assert {f"stage{n}.score" in result.maps for n in range(1, stages + 1)} == {True}
    assert f"stage{stages + 1}.score" not in result.maps
    assert result.box.is_finite()


def test_that_building_a_network_draws_no_global_random_numbers() -> None:
    stand_in()  # made once, and not what is tested
    torch.manual_seed(4)
    before = torch.get_rng_state()
    tracker()
    assert torch.equal(torch.get_rng_state(), before)


def test_that_part_of_the_backbone_may_come_with_the_weights() -> None:
    name = "blocks.10.project.1.weight"
    plain = loading.load("efficientnet-lite0", Services(weights=stand_in()))
    base = backbones.pretrained(CONFIG.backbone, **CONFIG.backbone_options)
    changed = {**stand_in()["crpn"], f"backbone.{name}": base.state_dict()[name] * 2}
    tuned = loading.load("efficientnet-lite0", Services(weights={"crpn": changed}))
    picture = torch.randint(0, 256, (129, 129, 3), dtype=torch.uint8)
    one, two = plain.features(picture, 3), tuned.features(picture, 3)
    assert torch.equal(one["block7"], two["block7"])
    assert not torch.equal(one["block10"], two["block10"])


def test_that_a_whole_alexnet_network_tracks(scene: Any) -> None:
    torch.manual_seed(0)
    config = NetworkConfig.of("alexnet", channels=8)
    network = SiameseCRPN(backbones.make("alexnet"), config)
    weights = {"crpn-alexnet": network.tensors(with_backbone=True)}
    used, world = tracker(weights, backbone="alexnet"), scene()
    used.want_maps = ALL_MAPS
    used.init(world.frame(START), START)
    result = used.update(world.frame(START))
    assert result.maps["final"].values.shape == (17, 17)
    assert result.box.is_finite()


# --- crops ----------------------------------------------------------------------------


def test_that_the_border_is_filled_with_the_first_frames_mean_colour(scene: Any) -> None:
    used = tracker()
    used.want_maps = ALL_MAPS
    corner = Box(0, 0, 36, 28)
    first = np.full((120, 160, 3), (200, 100, 50), np.uint8)
    first[60:] = (100, 200, 150)
    used.init(first, corner)
    later = np.full((120, 160, 3), 7, np.uint8)
    result = used.update(later)
    for patch in (result.patches["search"], result.patches["template"]):
        assert patch.image[0, 0].tolist() == [150, 150, 100]
    # The frame itself is later's.
    assert result.patches["search"].image[-1, -1].tolist() == [7, 7, 7]


def test_that_crops_are_square_in_the_frame_and_keep_the_shape(scene: Any) -> None:
    used = tracker()
    used.want_maps = ALL_MAPS
    tall = Box(70, 20, 14, 84)
    result = used.init(scene().frame(tall), tall)
    for role, side in (("template", 129), ("search", 257)):
        patch = result.patches[role]
        extent = patch.placement.extent(patch.image.shape[:2])
        assert patch.image.shape == (side, side, 3)
        assert extent.w == pytest.approx(extent.h)
        assert (extent.cx, extent.cy) == pytest.approx((tall.cx, tall.cy))
    context = np.sqrt((14 + 49) * (84 + 49))
    assert extent.w == pytest.approx(257 / 127 * context)


def test_that_the_search_grows_while_the_target_is_lost(scene: Any) -> None:
    used, world, other = tracker(lost_after=2, lost_extra=8), scene(), scene(seed=77)
    used.init(world.frame(START), START)
    used.want_maps = frozenset({"patches", "final"})
    blank = other._ground.round().clip(0, 255).astype(np.uint8)
    seen = used.update(world.frame(START))
    results = [used.update(blank) for _ in range(6)]
    assert results[-1].state is TargetState.LOST
    sides = [result.patches["search"].image.shape[0] for result in (seen, *results)]
    assert sides[0] == 257
    assert sides[-1] == 257 + 8 * 8
    assert results[-1].maps["final"].values.shape == (35, 35)
    # It stays where the target was last believed, and finds it again from there.
    lost = [result.box for result in results if result.state is TargetState.LOST]
    assert len(set(lost)) == 1
    back = [used.update(world.frame(START.shifted(4, 4))) for _ in range(3)][-1]
    assert back.state is TargetState.TRACKING
    assert iou(back.box, START.shifted(4, 4)) > 0.6


# --- template -------------------------------------------------------------------------


def test_that_an_added_template_is_the_mean_of_the_kernels(scene: Any) -> None:
    world, box = scene(), START.shifted(9, 5)
    used, fresh = tracker(correction_rate=0.25), tracker()
    used.init(world.frame(START), START)
    old: Any = used.snapshot()
    used.correct(world.frame(box), box, CorrectionPolicy.ADD_TEMPLATE)
    now: Any = used.snapshot()
    fresh.init(world.frame(box), box)
    new: Any = fresh.snapshot()
    for mixed, before, after in zip(now.kernels, old.kernels, new.kernels, strict=True):
        assert not torch.equal(mixed, before)
        torch.testing.assert_close(mixed, before * 0.75 + after * 0.25, rtol=1e-3, atol=1e-4)


def test_that_a_kept_template_only_moves(scene: Any) -> None:
    world, box = scene(), START.shifted(9, 5).scaled(1.3)
    used = tracker()
    used.init(world.frame(START), START)
    old: Any = used.snapshot()
    assert used.correct(world.frame(box), box, CorrectionPolicy.KEEP_TEMPLATE).box == box
    now: Any = used.snapshot()
    assert now.kernels is old.kernels
    assert now.box.as_tuple() == pytest.approx(box.as_tuple())


def test_that_mixing_is_linear() -> None:
    old, new = (torch.zeros(1, 2, 1, 1),), (torch.ones(1, 2, 1, 1),)
    assert model.mixed(old, new, 0.3)[0].flatten().tolist() == pytest.approx([0.3, 0.3])


# --- reports --------------------------------------------------------------------------


def test_that_every_stage_shows_its_scores_and_its_best_box(scene: Any) -> None:
    used, world = tracker(theta=0.7), scene()
    used.init(world.frame(START), START)
    used.want_maps = ALL_MAPS
    truth = START.shifted(8, -6)
    result = used.update(world.frame(truth))
    kept = [result.scalars[f"stage{n}.kept_ratio"] for n in (1, 2, 3)]
    assert 1 > kept[0] >= kept[1] >= kept[2] > 0
    for number in (1, 2, 3):
        mask, score = result.maps[f"stage{number}.kept"], result.maps[f"stage{number}.score"]
        assert float(mask.values.mean()) == pytest.approx(kept[number - 1], rel=1e-5)
        assert (score.values[mask.values == 0] == 0).all()
        assert (score.values[mask.values == 1] > 0).all()
    best = result.proposals["stage3"]
    assert len(best) == 10
    assert iou(Box(*best.boxes[0]), truth) > 0.6
    top = result.proposals["top"]
    assert len(top) == 10
    # The best of them is the box, whose size was smoothed afterwards.
    assert Box(*top.boxes[0]).cx == pytest.approx(result.box.cx, abs=1e-3)
    assert Box(*top.boxes[0]).cy == pytest.approx(result.box.cy, abs=1e-3)
    assert float(result.maps["final"].values.max()) == pytest.approx(top.scores[0], rel=1e-5)


def test_that_size_follows_in_part_and_place_at_once(scene: Any) -> None:
    # Heads that always say: 1.5 times as wide, half a box to the right, surely the target.
    weights = {name: part.clone() for name, part in stand_in()["crpn"].items()}
    for stage in range(3):
        weights[f"cascade.heads.{stage}.loc.bias"] = torch.tensor(
            [0.5, 0.0, np.log(1.5), 0.0] if stage == 2 else [0.0] * 4
        )
    used = tracker({"crpn": weights}, size_rate=0.5, calibrate=False)
    image = scene().frame(START)
    used.init(image, START)
    result = used.update(image)
    rate = result.scalars["penalty"] * result.scalars["probability"] * 0.5
    assert result.scalars["penalty"] < 1
    assert result.box.w == pytest.approx(36 + rate * 18, rel=1e-4)
    assert result.box.h == pytest.approx(28, rel=1e-4)
    assert result.box.cx == pytest.approx(START.cx + 18, abs=0.1)
    assert result.box.cy == pytest.approx(START.cy, abs=0.1)


@pytest.mark.parametrize("calibrate", [False, True])
def test_that_a_network_that_draws_wider_than_the_person_is_calibrated(
    scene: Any, calibrate: bool
) -> None:
    weights = {name: part.clone() for name, part in stand_in()["crpn"].items()}
    for stage in range(3):
        wider = [0.0, 0.0, float(np.log(1.3)), float(np.log(0.9))]
        weights[f"cascade.heads.{stage}.loc.bias"] = torch.tensor(
            wider if stage == 2 else [0.0] * 4
        )
    used = tracker({"crpn": weights}, size_rate=0.5, calibrate=calibrate)
    image = scene().frame(START)
    used.init(image, START)
    sides = [used.update(image).box for _ in range(6)][-1]
    if calibrate:
        assert (sides.w, sides.h) == pytest.approx((36, 28), rel=0.01)
    else:
        assert sides.w > 36 * 1.2
        assert sides.h < 28 * 0.95
