"""The difference between what a network and a person take for the target's extent."""

from __future__ import annotations

import math

import pytest

from core.geometry import Box
from core.nets import extent

TRUE = Box(40, 30, 40, 20)


def drawn(scale: float, wider: float, taller: float) -> Box:
    """What a network answers that follows the search's scale by four fifths."""
    follows = scale**0.8
    return Box.from_center(TRUE.cx, TRUE.cy, 40 * wider * follows, 20 * taller * follows)


def test_that_the_scales_of_the_search_cancel() -> None:
    found = [drawn(scale, 1.2, 0.8) for scale in extent.SCALES]
    assert extent.difference(found, TRUE) == pytest.approx((math.log(1.2), math.log(0.8)))


def test_that_a_size_goes_to_the_network_and_back() -> None:
    difference = extent.difference([drawn(1.0, 1.2, 0.8)], TRUE)
    assert extent.as_network((40, 20), difference) == pytest.approx((48, 16))
    assert extent.as_person((48, 16), difference) == pytest.approx((40, 20))


def test_that_boxes_beside_the_target_say_nothing() -> None:
    assert extent.difference([TRUE.shifted(60, 0), Box(40, 30, 0, 20)], TRUE) == extent.SAME
    beside = [drawn(1.0, 1.2, 0.8), TRUE.shifted(60, 0)]
    assert extent.difference(beside, TRUE) == pytest.approx((math.log(1.2), math.log(0.8)))


def test_that_a_wild_answer_is_bounded() -> None:
    w, h = extent.difference([Box.from_center(TRUE.cx, TRUE.cy, 40 * 2.7, 20)], TRUE)
    assert w == pytest.approx(0.5)
    assert h == pytest.approx(0.0)
