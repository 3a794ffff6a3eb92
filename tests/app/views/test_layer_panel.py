"""The layers' lists: order, ticks and the tree made from what a tracker reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.views.layer_panel import LayerPanel
from app.views.layer_tree import children_of, group_of, told_of
from app.views.layer_types import LayerStack, ShownLayer
from app.views.overlay_extras import OverlayExtras
from app.views.view_types import OverlaySettings
from core.geometry import Placement
from core.trackers.base import MapInfo, ResponseMap

MAPS = [
    MapInfo("fused", "Fused", "All.", primary=True),
    MapInfo("s1.hog", "HOG response", "Gradients.", stage=1, feature="HOG"),
    MapInfo("s2.hog", "HOG response", "Gradients.", stage=2, feature="HOG", branch="fine"),
    MapInfo("scale2", "Scale two", "Larger.", scale=2),
    MapInfo("filter", "Filter", "Where it looks.", kind="filter", channel=3),
    MapInfo("mask", "Mask", "Where it may look.", kind="mask"),
    MapInfo("more", "More", "More."),
]
STACK = LayerStack((OverlaySettings("fused"), OverlaySettings("s1.hog", colormap="magma")), 1)
FAR = ResponseMap(np.zeros((3, 3), np.float32), Placement((1, 0, 0, 0, 1, 0)))


@pytest.fixture
def panel(qtbot) -> LayerPanel:
    made = LayerPanel()
    qtbot.addWidget(made)
    made.set_maps(MAPS)
    made.set_stack(STACK)
    return made


def rows(panel: LayerPanel) -> list[tuple[str, str]]:
    items = children_of(panel._list.invisibleRootItem())
    return [(item.text(0), item.text(1)) for item in items]


def test_that_groups_come_from_what_maps_say_of_themselves(panel: LayerPanel) -> None:
    groups = children_of(panel._tree.invisibleRootItem())
    titles = ["Responses", "Stage 1", "Stage 2", "Scale 2", "Filters", "Masks and labels"]
    assert [group.text(0) for group in groups] == titles
    assert [child.text(0) for child in children_of(groups[0])] == ["Fused", "More"]
    assert told_of(MAPS[2]) == "fine HOG"
    assert told_of(MAPS[4]) == "#3"
    assert group_of(MapInfo("x", "X", "", kind="unheard of")) == "Responses"


def test_that_the_top_layer_stands_first_and_ticks_follow(panel: LayerPanel) -> None:
    assert rows(panel) == [("HOG response", ""), ("Fused", "")]
    ticked = [leaf.text(0) for leaf in panel._tree._leaves() if leaf.checkState(0).value]
    assert ticked == ["Fused", "HOG response"]


def test_that_a_tick_asks_for_the_map_and_words_find_it(panel: LayerPanel, qtbot) -> None:
    leaf = next(one for one in panel._tree._leaves() if one.text(0) == "Mask")
    with qtbot.waitSignal(panel.map_toggled) as heard:
        leaf.setCheckState(0, Qt.CheckState.Checked)
    assert heard.args == ["mask", True]
    panel._filter.setText("hog fine")
    shown = [one.text(1) for one in panel._tree._leaves() if not one.isHidden()]
    assert shown == ["fine HOG"]


def test_that_hiding_choosing_and_moving_layers_is_announced(panel: LayerPanel) -> None:
    heard = []
    panel.stack_edited.connect(heard.append)
    lower = children_of(panel._list.invisibleRootItem())[1]
    lower.setCheckState(0, Qt.CheckState.Unchecked)
    assert heard[-1] == STACK.toggled(0)
    panel._buttons["down"].click()
    assert heard[-1].keys == ("s1.hog", "fused")
    panel._buttons["copy"].click()
    assert heard[-1].keys == ("s1.hog", "fused", "s1.hog")
    panel._list.setCurrentItem(children_of(panel._list.invisibleRootItem())[1])
    assert heard[-1].active == 1
    panel._buttons["remove"].click()
    assert heard[-1].keys == ("s1.hog", "s1.hog")
    panel._buttons["remove"].click()
    assert not panel._buttons["remove"].isEnabled()


def test_that_a_layer_says_whose_map_it_shows(panel: LayerPanel) -> None:
    upper, lower = STACK.layers[1], STACK.layers[0]
    panel.show_layers([ShownLayer(lower, "Fused", FAR, 118, 4), ShownLayer(upper, "HOG", None, 0)])
    assert rows(panel) == [("HOG response", "no map"), ("Fused", "of frame 118")]
    derived = replace(lower, derive="minus", other="mask")
    panel.set_stack(LayerStack((derived, replace(upper, derive="max"))))
    assert rows(panel) == [("largest HOG response", ""), ("Fused − Mask", "")]


def test_that_differences_get_colours_about_zero_and_others_get_theirs_back(qtbot) -> None:
    extras = OverlayExtras()
    qtbot.addWidget(extras)
    extras.set_maps(MAPS)
    extras.set_settings(replace(STACK.layers[0], low=0.2, high=0.6))
    heard = []
    extras.settings_changed.connect(heard.append)
    extras._derive.setCurrentIndex(extras._derive.findData("minus"))
    assert (heard[-1].colormap, heard[-1].low, heard[-1].high) == ("balance", 0.0, 1.0)
    assert heard[-1].other == "s1.hog"
    extras._derive.setCurrentIndex(extras._derive.findData("mean"))
    assert heard[-1].colormap == "viridis"
    extras._span.setValue(25)
    extras._threshold.setValue(30)
    extras._contours.setValue(4)
    extras._blend.setCurrentIndex(extras._blend.findData("multiply"))
    last = heard[-1]
    assert (last.span, last.threshold, last.contours, last.blend) == (25, 0.3, 4, "multiply")
