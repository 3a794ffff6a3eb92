from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry import Box
from core.geometry import iou as box_iou
from core.nets import anchors

RATIOS = (0.33, 0.5, 1, 2, 3)


def test_that_shapes_are_those_of_siamrpn() -> None:
    sides = anchors.shapes(64, RATIOS, 8)
    assert sides.tolist() == [[104, 32], [88, 40], [64, 64], [40, 80], [32, 96]]


@pytest.mark.parametrize("cells", [17, 25, 21])
def test_that_the_grid_lies_about_the_middle_of_the_crop(cells: int) -> None:
    sides = anchors.shapes(64, RATIOS, 8)
    grid = anchors.grid(sides, cells, 8).view(5, cells, cells, 4)
    middle = cells // 2
    assert grid[:, middle, middle, :2].abs().max() == 0
    assert torch.equal(grid[..., :2].mean((1, 2)), torch.zeros(5, 2))
    assert grid[0, 0, 0, :2].tolist() == [-(cells // 2) * 8, -(cells // 2) * 8]


def test_that_the_order_is_shape_then_row_then_column() -> None:
    cells = 3
    flat = anchors.grid(anchors.shapes(64, RATIOS, 8), cells, 8)
    assert flat[1, :2].tolist() == [0, -8]  # one column on
    assert flat[cells, :2].tolist() == [-8, 0]  # one row on
    assert flat[cells * cells, 2:].tolist() == [88, 40]  # one shape on
    # A head's channels laid out in the same way meet their anchors.
    head = torch.zeros(1, 5, cells, cells)
    head[0, 3, 2, 1] = 1
    assert flat[int(head.flatten().argmax())].tolist() == [0, 8, 40, 80]


boxes = st.tuples(st.floats(-80, 80), st.floats(-80, 80), st.floats(9, 400), st.floats(9, 400))


@settings(deadline=None)
@given(boxes)
def test_that_decoding_undoes_encoding_for_every_anchor(box: tuple[float, ...]) -> None:
    grid = anchors.grid(anchors.shapes(64, RATIOS, 8), 5, 8)
    wanted = torch.tensor(box).expand(len(grid), 4)
    back = anchors.decode(anchors.encode(wanted, grid), grid)
    torch.testing.assert_close(back, wanted, rtol=1e-4, atol=1e-3)


def test_that_offsets_mean_what_the_paper_says() -> None:
    anchor = torch.tensor([[8.0, -16.0, 64.0, 32.0]])
    offsets = torch.tensor([[0.5, -0.25, math.log(2), math.log(0.5)]])
    assert anchors.decode(offsets, anchor)[0].tolist() == pytest.approx([40, -24, 128, 16])


def test_that_a_wild_offset_neither_overflows_nor_vanishes() -> None:
    anchor = torch.tensor([[0.0, 0.0, 64.0, 64.0]])
    large = anchors.decode(torch.tensor([[0.0, 0.0, 1000.0, -1000.0]]), anchor)[0]
    assert large.tolist() == pytest.approx([0, 0, 64 * 16, 4])


@settings(deadline=None)
@given(st.lists(boxes, min_size=1, max_size=4), st.lists(boxes, min_size=1, max_size=4))
def test_that_iou_is_that_of_boxes(first: list, second: list) -> None:
    got = anchors.iou(
        torch.tensor(first, dtype=torch.float64), torch.tensor(second, dtype=torch.float64)
    )
    assert got.shape == (len(first), len(second))
    for i, a in enumerate(first):
        for k, b in enumerate(second):
            wanted = box_iou(_box(a), _box(b))
            assert float(got[i, k]) == pytest.approx(wanted, abs=1e-9)


def _box(row: tuple[float, ...]) -> Box:
    cx, cy, w, h = row
    return Box(cx - w / 2, cy - h / 2, w, h)


def test_that_boxes_apart_and_empty_boxes_share_nothing() -> None:
    rows = torch.tensor([[0.0, 0, 10, 10], [50.0, 0, 10, 10], [0.0, 0, 0, 0]])
    assert torch.equal(anchors.iou(rows, rows), torch.diag(torch.tensor([1.0, 1, 0])))
