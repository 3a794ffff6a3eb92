"""The stack of layers: order, choice, and what is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.views.layer_types import LayerStack
from app.views.view_types import OverlaySettings

ONE, TWO, THREE = (OverlaySettings(key) for key in ("one", "two", "three"))
STACK = LayerStack((ONE, TWO, THREE), 1)


def test_that_only_what_is_seen_is_asked_for() -> None:
    assert STACK.wanted() == {"one", "two", "three"}
    assert STACK.toggled(0).wanted() == {"two", "three"}
    clear = replace(TWO, opacity=0.0)
    assert STACK.with_current(clear).wanted() == {"one", "three"}
    assert STACK.with_current(replace(clear, contours=3)).wanted() == {"one", "two", "three"}
    assert replace(STACK, shown=False).wanted() == frozenset()
    minus = replace(TWO, derive="minus", other="four")
    assert LayerStack((minus,)).wanted() == {"two", "four"}
    assert LayerStack((replace(minus, derive="max"),)).wanted() == {"two"}
    assert LayerStack().wanted() == frozenset()


def test_that_the_edited_layer_is_visible_only_if_the_stack_is() -> None:
    assert STACK.current == TWO
    assert not replace(STACK, shown=False).current.visible
    assert not STACK.toggled(1).current.visible


def test_that_hiding_the_only_layer_hides_the_stack_and_showing_brings_both_back() -> None:
    single = LayerStack((ONE,))
    hidden = single.with_current(replace(ONE, visible=False))
    assert (hidden.shown, hidden.layers[0].visible) == (False, True)
    assert hidden.with_current(ONE) == single
    assert STACK.with_current(replace(TWO, visible=False)).shown


def test_that_a_map_is_added_on_top_once() -> None:
    like = replace(TWO, blend="screen")
    more = STACK.with_map("four", like)
    assert more.keys == ("one", "two", "three", "four")
    assert more.current == replace(like, map_key="four")
    assert more.with_map("one", like) == replace(more, active=0)


@pytest.mark.parametrize(("gone", "active"), [(0, 0), (1, 1), (2, 1)])
def test_that_a_layer_goes_and_the_choice_stays_near(gone: int, active: int) -> None:
    left = STACK.without(gone)
    assert left.keys == tuple(k for n, k in enumerate(STACK.keys) if n != gone)
    assert left.active == active
    assert not LayerStack((ONE,)).without(0).shown


def test_that_layers_change_places() -> None:
    moved = STACK.moved(1, 2)
    assert (moved.keys, moved.active) == (("one", "three", "two"), 2)
    assert STACK.moved(2, 9) == replace(STACK, active=2)
    assert STACK.moved(0, -4) == replace(STACK, active=0)
