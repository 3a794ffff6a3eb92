"""The difference between what a network and a person take for the target's extent."""

from __future__ import annotations

import math

import pytest

from core.geometry import Box
from core.nets import extent

DRAWN = Box(40, 30, 40, 20)
FOUND = Box.from_center(DRAWN.cx + 4, DRAWN.cy - 1, 48, 16)


def test_that_what_the_network_found_leads_back_to_what_was_drawn() -> None:
    found = extent.difference(FOUND, DRAWN)
    assert found.as_network((40, 20)) == pytest.approx((48, 16))
    assert found.as_person(FOUND).as_tuple() == pytest.approx(DRAWN.as_tuple())
    # Twice as large elsewhere, the difference is twice as large too.
    moved = Box.from_center(300 + 8, 200 - 2, 96, 32)
    assert found.as_person(moved).as_tuple() == pytest.approx((260, 180, 80, 40))


@pytest.mark.parametrize("found", [DRAWN.shifted(60, 0), Box(40, 30, 0, 20)])
def test_that_a_box_beside_the_target_says_nothing(found: Box) -> None:
    assert extent.difference(found, DRAWN) == extent.SAME


def test_that_a_wild_answer_is_bounded() -> None:
    wide = extent.difference(Box.from_center(DRAWN.cx, DRAWN.cy, 40 * 2.7, 20), DRAWN)
    assert (wide.w, wide.h) == pytest.approx((0.5, 0.0))
    far = extent.difference(DRAWN.shifted(16, 0), DRAWN)
    assert (far.x, far.y) == pytest.approx((0.25, 0.0))
    assert far.w == pytest.approx(math.log(1))
