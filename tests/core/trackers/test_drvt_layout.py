"""Cells of both streams in the crop: geometry, labels, receptive field, mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.geometry import Box
from core.nets import backbones
from core.trackers.drvt import fusion, head, layout
from core.trackers.drvt.layout import NEGATIVE, POSITIVE, UNUSED, Crop, Grid

VGG_SIDE, VGG_COARSE, VGG_FINE = 331, 17, 81


def vgg_grids() -> tuple[Grid, Grid]:
    levels = backbones.make("vgg-m").levels
    coarse = Grid.of_head(levels["conv3"], VGG_COARSE)
    return coarse, Grid.of_level(levels["pool1"], VGG_FINE)


def centred(side: float, w: float, h: float) -> Box:
    return Box.from_center(side / 2, side / 2, w, h)


# --- geometry ------------------------------------------------------------------------


def test_that_vgg_m_gives_the_grids_of_the_paper() -> None:
    backbone = backbones.make("vgg-m").eval()
    with torch.inference_mode():
        found = backbone(torch.zeros(1, 3, VGG_SIDE, VGG_SIDE), {"pool1", "conv3"})
    assert found["conv3"].shape[-1] == VGG_COARSE
    assert found["pool1"].shape[-1] == VGG_FINE
    coarse, fine = vgg_grids()
    assert (coarse.cells, coarse.stride, coarse.center(7)) == (15, 16, VGG_SIDE / 2)
    assert (fine.cells, fine.stride, fine.center(40)) == (81, 4, VGG_SIDE / 2)


def test_that_a_cell_of_vgg_m_sees_107_pixels_16_apart() -> None:
    torch.manual_seed(0)
    backbone = backbones.make("vgg-m").eval()
    for parameter in backbone.parameters():
        parameter.data.abs_()  # so that no ReLU hides a change
    draw = torch.Generator().manual_seed(0)
    top = head.fresh(512, 8, draw, torch.device("cpu"), gain=1.0)
    top = head.Head(*(tensor.abs() for tensor in top))
    base = torch.rand(1, 3, 123, 123) * 255  # two cells a side
    columns = [None, 0, 15, 16, 106, 107, 122]
    changed = base.repeat(len(columns), 1, 1, 1)
    for index, column in enumerate(columns):
        if column is not None:
            changed[index, :, :, column] = 5000.0
    with torch.inference_mode():
        scores = head.logits(top, backbone(changed, {"conv3"})["conv3"])
    assert scores.shape[-2:] == (2, 2)
    moved = (scores[1:] != scores[:1]).any(1).any(1)  # per column: which cell noticed
    seen = {column: moved[i].tolist() for i, column in enumerate(columns[1:])}
    assert seen == {
        0: [True, False],
        15: [True, False],
        16: [True, True],
        106: [True, True],
        107: [False, True],
        122: [False, True],
    }


@pytest.mark.parametrize(("side", "dense"), [(257, False), (193, True)])
def test_that_the_default_trunk_has_a_grid_symmetric_about_the_crop(side: int, dense: bool) -> None:
    backbone = backbones.make("efficientnet-lite0", depth=11, dense=dense).eval()
    with torch.inference_mode():
        found = backbone(torch.zeros(1, 3, side, side), {"block2", "block10"})
    for name, make in (("block10", Grid.of_head), ("block2", Grid.of_level)):
        grid = make(backbone.levels[name], found[name].shape[-1])
        assert grid.cells % 2 == 1
        assert grid.center(grid.cells // 2) == side / 2
        assert fusion.displacement_grid(grid, side) == grid


def test_that_a_cell_lies_in_the_frame_where_the_stretched_crop_puts_it() -> None:
    crop = Crop(Box(10, 20, 331 * 2, 331 * 0.5), VGG_SIDE)
    grid, _ = vgg_grids()
    place = crop.placement(grid)
    for row, col in [(0, 0), (7, 7), (3, 12)]:
        expected = 10 + 2 * (53.5 + 16 * col), 20 + 0.5 * (53.5 + 16 * row)
        assert place.cell_center(row, col) == pytest.approx(expected)
    assert crop.to_frame(*(grid.center(7),) * 2) == pytest.approx((crop.region.cx, crop.region.cy))


def test_that_a_box_goes_to_the_crop_and_back() -> None:
    crop = Crop(Box(-30, 5, 90, 240), 257)
    box = Box(3, 50, 12, 80)
    inside = crop.box_in_crop(box)
    assert crop.to_frame(inside.x, inside.y) == pytest.approx((box.x, box.y))
    assert crop.to_frame(inside.right, inside.bottom) == pytest.approx((box.right, box.bottom))


@pytest.mark.parametrize(("squareness", "ratio"), [(0.0, 4.0), (0.5, 2.0), (1.0, 1.0)])
def test_that_the_search_window_keeps_its_area_between_shape_and_square(
    squareness: float, ratio: float
) -> None:
    found = layout.region((50, 60), (80, 20), 3.0, squareness)
    assert (found.cx, found.cy) == pytest.approx((50, 60))
    assert found.w / found.h == pytest.approx(ratio)
    assert found.area == pytest.approx(9 * 80 * 20)


# --- labels --------------------------------------------------------------------------


def test_that_a_centred_box_has_5_positives_8_unused_and_212_negatives() -> None:
    coarse, _ = vgg_grids()
    target = centred(VGG_SIDE, VGG_SIDE / 3, VGG_SIDE / 3)
    labels = layout.label_map(coarse, target, (target.w, target.h))
    counts = [int((labels == kind).sum()) for kind in (POSITIVE, UNUSED, NEGATIVE)]
    assert counts == [5, 8, 212]
    np.testing.assert_array_equal(np.argwhere(labels == POSITIVE) - 7,
                                  [[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]])  # fmt: skip


def test_that_labels_follow_a_target_off_the_middle() -> None:
    coarse, _ = vgg_grids()
    target = centred(VGG_SIDE, 110, 110).shifted(32, -48)
    labels = layout.label_map(coarse, target, (110, 110))
    rows, cols = np.nonzero(labels == POSITIVE)
    assert (rows.mean(), cols.mean()) == (7 - 3, 7 + 2)


def test_that_overlaps_are_those_of_the_windows() -> None:
    from core.geometry import iou

    grid, target, window = Grid(5, 16, 20.0), Box(22, 31, 40, 18), (30.0, 24.0)
    found = layout.overlaps(grid, target, window)
    for row in range(5):
        for col in range(5):
            own = Box.from_center(grid.center(col), grid.center(row), *window)
            assert found[row, col] == pytest.approx(iou(own, target))


def test_that_a_grid_too_coarse_for_a_positive_takes_the_best_cell() -> None:
    grid = Grid(5, 16, 16.0)
    target = Box.from_center(grid.center(2) + 4, grid.center(2), 16, 60)
    assert layout.overlaps(grid, target, (16, 60)).max() < 0.7
    labels = layout.label_map(grid, target, (16, 60))
    assert [tuple(cell) for cell in np.argwhere(labels == POSITIVE)] == [(2, 2)]


def test_that_a_target_out_of_sight_has_no_positive() -> None:
    labels = layout.label_map(Grid(5, 16, 16.0), Box(500, 500, 40, 40), (40, 40))
    assert (labels == NEGATIVE).all()


# --- mask ----------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0, 1])
@pytest.mark.parametrize("index", [0, 4, 7, 14])
def test_that_the_mask_opens_the_cells_of_the_classifiers_cell(index: int, radius: int) -> None:
    coarse, fine = vgg_grids()
    found = fusion.mask((index, 7), coarse, fusion.displacement_grid(fine, VGG_SIDE), radius)
    reach = 2 + 4 * radius
    rows = set(range(12 + 4 * index - reach, 12 + 4 * index + reach))
    assert set(np.flatnonzero(found.any(1)).tolist()) == rows
    assert found.sum() == (4 + 8 * radius) ** 2


def test_that_masks_of_neighbours_share_no_cell_and_leave_none_out() -> None:
    coarse, fine = vgg_grids()
    total = sum(
        fusion.mask((row, col), coarse, fine, 0).astype(int)
        for row in range(coarse.cells)
        for col in range(coarse.cells)
    )
    assert (total[10:70, 10:70] == 1).all()
    assert total.max() == 1
