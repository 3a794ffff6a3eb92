"""CCR with a network's features: fusion, pooling, windows, maps, memory."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from core import params as parameters
from core import weights
from core.errors import WeightsError
from core.geometry import Box
from core.nets import backbones
from core.states import CorrectionPolicy
from core.trackers.base import ALL_MAPS, Services
from core.trackers.ccr import CCRDeepTracker, deep, features, fusion, model
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.kinds import COLOUR, DEEP, HOG
from core.trackers.ccr.maps import FeatureMap, averages
from core.trackers.ccr.transfer import to_host

START = Box(60, 40, 36, 28)
CPU = torch.device("cpu")
PARAMS = CCRDeepParams()


def tracker(**values: Any) -> CCRDeepTracker:
    return CCRDeepTracker(CCRDeepParams(**values), Services())


def started(image: np.ndarray, params: CCRDeepParams = PARAMS, box: Box = START) -> Any:
    """State and hierarchy of a first frame."""
    with torch.inference_mode():
        return model.start(image, box, params, CPU, deep.Network(params, Services()))


# --- fusion ---------------------------------------------------------------------------


def naive_weight(shallow: np.ndarray, deep_: np.ndarray, width: float, balance: float) -> float:
    """UPDT's weight by explicit loops over weights and places."""
    best, chosen = -math.inf, math.nan
    for number in range(1, 200):
        share = number / 200
        fused = (1 - share) * shallow.astype(float) + share * deep_.astype(float)
        row, col = (int(k) for k in np.unravel_index(int(np.argmax(fused)), fused.shape))
        margin = math.inf
        for i in range(fused.shape[0]):
            for j in range(fused.shape[1]):
                if (i, j) != (row, col):
                    squares = (i - row) ** 2 + (j - col) ** 2
                    allowance = 1 - math.exp(-squares / (2 * width**2))
                    margin = min(margin, (fused[row, col] - fused[i, j]) / allowance)
        value = margin - balance * (share**2 + (1 - share) ** 2)
        if value > best:
            best, chosen = value, share
    return chosen


def bump(row: int, col: int, height: float, width: float, n: int = 9) -> np.ndarray:
    rows, cols = np.indices((n, n))
    squares = (rows - row) ** 2 + (cols - col) ** 2
    return (height * np.exp(-squares / (2 * width**2))).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_that_the_weight_is_that_of_an_explicit_search(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.15, (2, 9, 9)).astype(np.float32)
    shallow = bump(3, 4, 0.9, 1.0) + bump(7, 1, 0.5 + 0.1 * seed, 1.0) + noise[0]
    rough = bump(4, 4, 0.8, 2.0) + noise[1]
    for balance in (0.0, 0.1, 1.0):
        got = fusion.deep_weight(shallow, rough, 2.0, balance)
        assert got == pytest.approx(naive_weight(shallow, rough, 2.0, balance), abs=0.0051)


def test_that_an_ambiguous_response_is_given_less_weight() -> None:
    clear = bump(4, 4, 1.0, 1.2)
    torn = bump(4, 4, 1.0, 1.2) + bump(0, 8, 0.98, 1.2)
    assert fusion.deep_weight(torn, clear, 2.0, 0.1) > 0.6
    assert fusion.deep_weight(clear, torn, 2.0, 0.1) < 0.4
    assert fusion.deep_weight(clear, clear, 2.0, 0.1) == pytest.approx(0.5, abs=0.01)


def test_that_the_reported_weight_is_the_one_in_force(scene: Any) -> None:
    world, subject = scene(), tracker(fusion="fixed", deep_weight=0.3)
    subject.init(world.frame(START), START)
    result = subject.update(world.frame(START.shifted(3, 1)))
    assert result.scalars["deep_weight"] == pytest.approx(0.3)
    subject.tune(dataclasses.replace(subject.params, fusion="adaptive"))
    result = subject.update(world.frame(START.shifted(4, 2)))
    assert 0 < result.scalars["deep_weight"] < 1


# --- pooling --------------------------------------------------------------------------


def test_that_a_cell_on_a_bin_weighs_it_and_its_neighbours() -> None:
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 3, 9)).astype(np.float32))
    found = FeatureMap(values, corner=(10.0, 20.0), pitch=2.0)
    # Bins 2 to 5 in x, 3 to 6 in y: their common corner is (10 + 4 * 2, 20 + 5 * 2).
    sample = found.gather(averages, 4, (18.0, 30.0), np.array([1.0]))[0]
    kernel = torch.tensor([0.25, 0.5, 0.25])
    near = values[2:8, :, 1:7].unfold(0, 3, 1).unfold(2, 3, 1)
    expected = torch.einsum("ykxij,i,j->kyx", near, kernel, kernel)
    torch.testing.assert_close(sample, expected)


def test_that_no_place_on_the_lattice_is_told_from_another() -> None:
    # A blur that differs between places would teach the filter where the bins lie.
    rows = np.concatenate([averages(40, 6, 12.0 + phase, 1.0) for phase in (0, 0.1, 0.25, 0.5)])
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.square(rows).sum(1), 0.375, rtol=1e-5)


@pytest.mark.parametrize("step", [0.4, 1.0, 2.3])
def test_that_averages_reproduce_a_slope_and_add_to_one(step: float) -> None:
    rows = averages(40, 6, 12.0, step)
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-6)
    ramp = np.arange(40) + 0.5
    np.testing.assert_allclose(rows @ ramp, 12.0 + step * (np.arange(6) + 0.5), atol=0.13)


def test_that_pooled_deep_features_equal_those_computed_at_the_place(scene: Any) -> None:
    # The network is shift-equivariant by whole strides: pooling 16 of its pixels away
    # from the hierarchy's centre must give what a hierarchy built there gives.
    image = scene(240, 320).frame(Box(140, 100, 30, 30))
    params = CCRDeepParams(deep_target=40)
    state, here = started(image, params, Box(140, 100, 30, 30))
    layout, network = state.setting.layout, deep.Network(params, Services())
    grid = layout.grid(DEEP)
    away = 16 / params.deep_cell * grid.cell * layout.zoom
    center = (state.center[0] + away, state.center[1] - away)
    source = features.Source(CPU, network, state.setting.adapters)
    with torch.inference_mode():
        there = features.build(image, layout, center, 1.0, source)
    one, two = (h.pool(grid, center, np.array([1.0]))[0] for h in (here, there))
    # The rim of either region feels the network's padding.
    inner = slice(grid.cells // 3, -(grid.cells // 3))
    one, two = one[:, inner, inner], two[:, inner, inner]
    assert float((one - two).square().sum()) < 0.03 * float(two.square().sum())
    moved = here.pool(grid, state.center, np.array([1.0]))[0][:, inner, inner]
    assert float((moved - two).square().sum()) > 0.1 * float(two.square().sum())


def test_that_channels_have_mean_zero_and_the_set_power(scene: Any) -> None:
    _, hierarchy = started(scene().frame(START))
    maps = hierarchy.features[DEEP]
    total = 0.0
    for found in maps:
        variance, mean = torch.var_mean(found.values, dim=(0, 2), correction=0)
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-3, rtol=0)
        total += float(variance.sum())
    assert total == pytest.approx(PARAMS.deep_power, rel=0.05)


def test_that_the_network_runs_once_a_frame(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    calls = []
    original = deep.Network.maps

    def counted(self: deep.Network, *args: Any) -> Any:
        calls.append(args)
        return original(self, *args)

    monkeypatch.setattr(deep.Network, "maps", counted)
    result = subject.update(world.frame(START.shifted(6, -3)))
    assert result.scalars["stages_used"] > 1
    assert len(calls) == 1


# --- windows --------------------------------------------------------------------------


@pytest.mark.parametrize("box", [START, Box(20, 20, 12, 50), Box(80, 60, 3, 3)])
def test_that_every_type_has_a_window_of_its_own(scene: Any, box: Box) -> None:
    params = CCRDeepParams(hog_support=1.2, colour_support=1.3, deep_support=1.1)
    layout = features.layout_for(scene().frame(box), box, params)
    base = max(4 * math.sqrt(box.w * box.h), 1.6 * max(box.w, box.h))
    # Windows are whole numbers of cells, of a count that is good for a fast transform.
    for name, support, rounding in ((HOG, 1.2, 0.07), (COLOUR, 1.3, 0.07), (DEEP, 1.1, 0.03)):
        side = layout.grid(name).side * layout.zoom / base
        assert side == pytest.approx(support, rel=rounding)
    wider = dataclasses.replace(params, deep_support=1.6)
    layout = features.layout_for(scene().frame(box), box, wider)
    assert layout.grid(DEEP).side * layout.zoom / base == pytest.approx(1.6, rel=0.03)


def test_that_the_deep_mask_has_the_deep_support(scene: Any) -> None:
    state, _ = started(scene().frame(START))
    for name, support in ((HOG, 1.2), (DEEP, 1.1)):
        grid, problem = state.setting.layout.grid(name), state.setting.problems[name]
        rows, cols = (side * support / grid.cell for side in state.setting.layout.target)
        found = problem.mask.sum(0).max(), problem.mask.sum(1).max()
        assert float(found[0]) == pytest.approx(rows, abs=1.01)
        assert float(found[1]) == pytest.approx(cols, abs=1.01)


# --- maps -----------------------------------------------------------------------------


def test_that_maps_lie_where_the_features_were_taken(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    truth = START.shifted(7, -4)
    result = subject.update(world.frame(truth))
    state = subject.snapshot()
    assert isinstance(state, model.State)
    used = int(result.scalars["stages_used"])
    for name in ("hog", "cn", "cnn", "shallow", "deep", "fused"):
        found = result.maps[f"stage1.{name}"]
        x, y = found.peak()
        cell = abs(found.placement.matrix[0])
        reach = 2 * cell if name in ("cnn", "deep") else 1.5 * cell
        assert (x, y) == (pytest.approx(truth.cx, abs=reach), pytest.approx(truth.cy, abs=reach))
        last = result.maps[f"stage{used}.{name}"]
        assert last.values.shape == found.values.shape
    for name in (HOG, COLOUR, DEEP):
        found, grid = result.maps[f"filter.{name}"], state.setting.layout.grid(name)
        window = found.placement.extent(found.values.shape)
        side = grid.side * state.setting.layout.zoom * state.scale
        assert (window.w, window.h) == (pytest.approx(side), pytest.approx(side))
        assert (window.cx, window.cy) == (
            pytest.approx(result.box.cx),
            pytest.approx(result.box.cy),
        )


def test_that_shallow_and_deep_parts_add_to_the_fused_response(scene: Any) -> None:
    world, subject = scene(), tracker(fusion="fixed", deep_weight=0.4)
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    maps = subject.update(world.frame(START.shifted(4, 3))).maps
    parts = maps["stage1.shallow"].values + maps["stage1.deep"].values
    np.testing.assert_allclose(parts, maps["stage1.fused"].values, atol=1e-5)
    assert np.abs(maps["stage1.shallow"].values).max() > 0.05
    assert np.abs(maps["stage1.deep"].values).max() > 0.05


def test_that_every_scale_of_the_last_stage_has_its_map_and_size(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    result = subject.update(world.frame(START))
    cells = [abs(result.maps[f"scale{n}"].placement.matrix[0]) for n in range(1, 6)]
    ratios = np.diff(np.log(cells))
    np.testing.assert_allclose(ratios, math.log(subject.params.scale_step), rtol=1e-6)
    winner = int(result.scalars["scale_index"]) + 1
    np.testing.assert_array_equal(
        result.maps[f"scale{winner}"].values, result.maps["response"].values
    )
    subject = tracker(scales=3)
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    keys = set(subject.update(world.frame(START)).maps)
    assert {key for key in keys if key.startswith("scale")} == {"scale2", "scale3", "scale4"}


# --- state ----------------------------------------------------------------------------


def test_that_a_snapshot_does_not_grow(scene: Any) -> None:
    world, subject = scene(), tracker(deep_target=32)
    subject.init(world.frame(START), START)
    sizes = []
    for _ in range(6):
        subject.update(world.frame(START))
        sizes.append(held_bytes(subject.snapshot()))
    assert len(set(sizes)) == 1


def held_bytes(item: Any) -> int:
    """Bytes of all tensors and arrays that `item` leads to."""
    if isinstance(item, torch.Tensor):
        return item.numel() * item.element_size()
    if isinstance(item, np.ndarray):
        return item.nbytes
    if isinstance(item, dict):
        return sum(held_bytes(value) for value in item.values())
    if isinstance(item, list | tuple):
        return sum(held_bytes(value) for value in item)
    if dataclasses.is_dataclass(item):
        return sum(held_bytes(getattr(item, f.name)) for f in dataclasses.fields(item))
    return 0


def test_that_an_added_template_teaches_every_filter(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    before = subject.snapshot()
    far = Box(90, 70, 40, 30)
    subject.correct(world.frame(far), far, CorrectionPolicy.ADD_TEMPLATE)
    after = subject.snapshot()
    assert isinstance(before, model.State)
    assert isinstance(after, model.State)
    for name in (HOG, COLOUR, DEEP):
        assert not torch.equal(after.model[name], before.model[name])
        assert torch.equal(after.first[name], before.first[name])
    assert before.scale_model is not None
    assert after.scale_model is not None
    assert not torch.equal(after.scale_model.numerator, before.scale_model.numerator)


# --- network --------------------------------------------------------------------------


def test_that_every_backbones_levels_exist() -> None:
    choices = next(i.choices for i in parameters.describe(CCRDeepParams) if i.name == "backbone")
    assert choices == tuple(deep.CHOICES)
    for key, choice in deep.CHOICES.items():
        known = backbones.make(key, **choice.options).levels
        assert all(known[name].stride == 16 for name in choice.levels)


def test_that_missing_weights_are_an_error_in_words() -> None:
    if weights.installed("resnet50"):
        pytest.skip("the weights of ResNet-50 are installed")
    with pytest.raises(WeightsError) as caught:
        tracker(backbone="resnet50")
    assert caught.value.hint


def test_that_several_tensors_come_to_the_host_as_they_are() -> None:
    real = torch.arange(6, dtype=torch.float32).view(2, 3)
    spectrum = torch.fft.rfft2(torch.arange(12, dtype=torch.float32).view(3, 4))
    arrays = to_host([real, spectrum, real * 2])
    np.testing.assert_array_equal(arrays[0], real.numpy())
    np.testing.assert_array_equal(arrays[1], spectrum.numpy())
    np.testing.assert_array_equal(arrays[2], 2 * real.numpy())
