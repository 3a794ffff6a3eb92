"""The map panel: settings in, settings out, and the same picture when units change."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QSlider

from app.views.colormaps import COLORMAPS
from app.views.levels_bar import LevelsBar
from app.views.overlay_panel import OverlayPanel
from app.views.view_types import OverlaySettings
from core.geometry import Placement
from core.trackers.base import MapInfo, ResponseMap

MAPS = [
    MapInfo("fused", "Fused", "All stages.", primary=True),
    MapInfo("stage1.hog", "HOG", "Gradients.", stage=1),
    MapInfo("stage2.hog", "HOG" * 80, "Gradients again.", stage=2),
]


def response(low: float, high: float, value_range=None) -> ResponseMap:
    values = np.linspace(low, high, 64, dtype=np.float32).reshape(8, 8)
    return ResponseMap(values, Placement((1, 0, 0, 0, 1, 0)), value_range=value_range)


@pytest.fixture
def panel(qtbot):
    made = OverlayPanel()
    qtbot.addWidget(made)
    made.set_maps(MAPS, "fused")
    return made


def combo(panel, name: str) -> QComboBox:
    return next(box for box in panel.findChildren(QComboBox) if box.accessibleName() == name)


def check(panel, text: str) -> QCheckBox:
    return next(box for box in panel.findChildren(QCheckBox) if box.text() == text)


def test_that_first_maps_choose_the_primary_one_and_say_so(qtbot):
    panel = OverlayPanel()
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.settings_changed) as heard:
        panel.set_maps(MAPS, "stage1.hog")
    assert heard.args[0].map_key == "stage1.hog"
    assert panel.settings().map_key == "stage1.hog"


def test_that_a_chosen_map_survives_if_the_next_tracker_has_it(panel, qtbot):
    panel.set_settings(replace(panel.settings(), map_key="stage1.hog"))
    with qtbot.assertNotEmitted(panel.settings_changed):
        panel.set_maps(MAPS[:2], "fused")
    assert panel.settings().map_key == "stage1.hog"
    with qtbot.waitSignal(panel.settings_changed):
        panel.set_maps([MAPS[2]], "unknown")
    assert panel.settings().map_key == "stage2.hog"


def test_that_a_tracker_without_maps_disables_the_panel(panel):
    panel.set_maps([])
    assert not any(w.isEnabled() for w in panel.findChildren(QComboBox))
    assert not check(panel, "Show map").isEnabled()
    panel.show_map(None)
    panel.set_maps(MAPS, "fused")
    assert combo(panel, "Map").isEnabled()


def test_that_settings_round_trip_silently(panel, qtbot):
    wanted = OverlaySettings(
        map_key="stage1.hog", visible=True, opacity=0.25, colormap="magma", low=0.1, high=0.8,
        gamma=2.5, smooth=False, auto_levels=True,
    )  # fmt: skip
    with qtbot.assertNotEmitted(panel.settings_changed):
        panel.set_settings(wanted)
    assert panel.settings() == wanted
    assert combo(panel, "Map").currentData() == "stage1.hog"
    assert panel.findChild(QSlider).value() == 25
    assert combo(panel, "Colours").currentData() == "magma"


def test_that_every_control_edits_its_own_setting(panel, qtbot):
    seen = []
    panel.settings_changed.connect(seen.append)
    panel.findChild(QSlider).setValue(30)
    combo(panel, "Colours").setCurrentIndex(len(COLORMAPS) - 1)
    check(panel, "Smooth").click()
    check(panel, "Show map").click()
    assert [s.opacity for s in seen] == [0.3] * 4
    assert [s.colormap for s in seen] == ["viridis", "jet", "jet", "jet"]
    assert [s.smooth for s in seen] == [True, True, False, False]
    assert [s.visible for s in seen] == [True, True, True, False]
    assert panel.settings() == seen[-1]


def test_that_maps_are_grouped_by_stage_and_headings_cannot_be_chosen(panel):
    box = combo(panel, "Map")
    model = box.model()
    enabled = [bool(model.index(r, 0).flags() & Qt.ItemFlag.ItemIsEnabled) for r in range(6)]
    assert enabled == [False, True] * 3
    assert "Gradients." in box.itemData(3, Qt.ItemDataRole.ToolTipRole)


def test_that_colour_maps_are_offered_with_jet_last(panel):
    box = combo(panel, "Colours")
    names = [box.itemData(i) for i in range(box.count())]
    assert names[0] == "viridis"
    assert names[-1] == "jet"
    assert not any(box.itemIcon(i).isNull() for i in range(box.count()))


def test_that_fixed_levels_keep_the_picture_when_auto_is_switched(panel):
    panel.show_map(response(10, 30))
    panel.set_settings(replace(panel.settings(), low=0.25, high=0.75))
    check(panel, "Auto levels").click()
    assert (panel.settings().low, panel.settings().high) == (15, 25)
    panel.show_map(response(0, 100))
    assert panel.findChild(LevelsBar).levels() == pytest.approx((0.15, 0.25))
    check(panel, "Auto levels").click()
    assert (panel.settings().low, panel.settings().high) == pytest.approx((0.15, 0.25))


def test_that_fixed_levels_outside_the_map_do_not_break_auto(panel):
    panel.set_settings(replace(panel.settings(), auto_levels=False, low=500, high=900))
    panel.show_map(response(0, 1))
    check(panel, "Auto levels").click()
    assert (panel.settings().low, panel.settings().high) == (0.0, 1.0)


@pytest.mark.parametrize(
    "made", [response(2, 2), response(0, 1, (0.0, 5.0)), None], ids=["flat", "ranged", "none"]
)
def test_that_any_map_can_be_shown(panel, made):
    panel.show_map(made)
    panel.resize(120, 300)
    assert not panel.grab().isNull()


def test_that_long_titles_do_not_widen_the_panel(panel):
    panel.set_settings(replace(panel.settings(), map_key="stage2.hog"))
    panel.show_readout("r" * 300)
    assert panel.minimumSizeHint().width() < 260


def bar_of(qtbot, low=0.0, high=1.0) -> LevelsBar:
    bar = LevelsBar()
    qtbot.addWidget(bar)
    bar.resize(214, 64)  # 200 pixels between the edges
    bar.set_levels(low, high)
    return bar


def drag(bar, start: float, end: float):
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(bar, left, pos=QPoint(round(7 + 200 * start), 30))
    QTest.mouseMove(bar, QPoint(round(7 + 200 * end), 30))
    QTest.mouseRelease(bar, left, pos=QPoint(round(7 + 200 * end), 30))


@pytest.mark.parametrize(
    ("start", "end", "levels"),
    [
        (0.2, 0.4, (0.4, 0.8)),
        (0.8, 0.6, (0.2, 0.6)),
        (0.5, 0.6, (0.3, 0.9)),
        (0.5, 0.9, (0.4, 1.0)),
        (0.2, -0.5, (0.0, 0.8)),
        (0.2, 0.95, (0.79, 0.8)),
    ],
)
def test_that_handles_and_the_span_between_them_can_be_dragged(qtbot, start, end, levels):
    bar = bar_of(qtbot, 0.2, 0.8)
    with qtbot.waitSignal(bar.levels_changed):
        drag(bar, start, end)
    assert bar.levels() == pytest.approx(levels, abs=0.011)


@pytest.mark.parametrize(
    ("given", "held"),
    [((-1, 2), (0, 1)), ((0.9, 0.1), (0.9, 0.91)), ((3, 4), (0.99, 1.0)), ((1, 1), (0.99, 1.0))],
)
def test_that_levels_stay_apart_and_in_range(qtbot, given, held):
    bar = bar_of(qtbot)
    with qtbot.assertNotEmitted(bar.levels_changed):
        bar.set_levels(*given)
    assert bar.levels() == pytest.approx(held)


def test_that_levels_can_be_set_by_keys(qtbot):
    bar = bar_of(qtbot, 0.2, 0.8)
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    qtbot.keyClick(bar, Qt.Key.Key_Up)
    qtbot.keyClick(bar, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert bar.levels() == pytest.approx((0.21, 0.7))
    assert "21%" in bar.accessibleDescription()


@pytest.mark.parametrize("counts", [np.empty(0), np.zeros(8), np.array([1.0, 0, 1e9])])
def test_that_any_histogram_can_be_drawn(qtbot, counts):
    bar = bar_of(qtbot)
    bar.set_histogram(counts)
    bar.set_colors("turbo", 0.3)
    assert not bar.grab().isNull()
