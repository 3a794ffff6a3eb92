"""Layers, patches and the probe in the window: what is asked for, shown, and gone to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import SHIFT, Driver
from fakes.clip_file import write_clip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from app.views.layer_types import LayerStack
from core.engine.map_source import MapHistory
from core.geometry import Box
from core.states import CorrectionPolicy, Source

Key = Qt.Key
START = Box(40, 40, 12, 12)
AWAY = 22  # pixels to the right lies the target's twin


def twins(count: int) -> list[np.ndarray]:
    """A patch and its slightly fainter twin on their way down."""
    rng = np.random.default_rng(3)
    ground = rng.integers(60, 90, (120, 160, 3)).astype(np.uint8)
    patch = rng.integers(0, 255, (12, 12, 3)).astype(np.uint8)
    twin = (patch * 0.85 + rng.integers(0, 38, patch.shape)).astype(np.uint8)
    images = []
    for k in range(count):
        image = ground.copy()
        image[40 + k : 52 + k, 40:52] = patch
        image[40 + k : 52 + k, 40 + AWAY : 52 + AWAY] = twin
        images.append(image)
    return images


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "twins.mkv", twins(16))


@pytest.fixture
def opened(driver: Driver, clip: Path) -> Driver:
    driver.open(clip)
    driver.choose_tracker("template-match", radius=30)
    driver.window.panels.tracker.set_values({"radius": 30})
    driver.draw(START)
    return driver


def tracked(opened: Driver) -> None:
    opened.key(Key.Key_E)
    opened.until_idle()


def test_that_exactly_the_shown_maps_are_asked_for(opened: Driver, monkeypatch) -> None:
    overlay = opened.window.controller.overlay
    kept = []
    original = MapHistory.keep
    monkeypatch.setattr(
        MapHistory, "keep", lambda self, item: (kept.append(item.result), original(self, item))[1]
    )
    assert overlay.wanted() == {"response"}
    overlay.set_layer("template", on=True)
    tracked(opened)
    assert all(set(one.maps) == {"response", "template"} for one in kept[1:])
    assert all(not one.patches for one in kept)
    kept.clear()
    overlay.apply_stack(overlay.stack.toggled(0))
    assert overlay.wanted() == {"template"}
    opened.goto(0)
    tracked(opened)
    assert all(set(one.maps) == {"template"} for one in kept[1:])
    kept.clear()
    opened.key(Key.Key_M)
    assert overlay.wanted() == frozenset()
    opened.goto(0)
    tracked(opened)
    assert all(not one.maps for one in kept)


def test_that_patches_are_asked_for_only_while_their_panel_is_open(opened: Driver) -> None:
    overlay, docks = opened.window.controller.overlay, opened.window.panels.docks
    assert "patches" not in overlay.wanted()
    docks["patches"].show()
    docks["patches"].raise_()
    opened.until(lambda: {"patches", "proposals"} <= overlay.wanted())
    docks["patches"].hide()
    opened.until(lambda: "patches" not in overlay.wanted())


def test_that_both_layers_show_the_map_of_the_frame_or_say_whose_it_is(opened: Driver) -> None:
    overlay, canvas = opened.window.controller.overlay, opened.canvas
    overlay.set_layer("template", on=True)
    opened.key(Key.Key_E, SHIFT)
    opened.until_idle()
    shown = canvas._shown_layers
    assert [(one.settings.map_key, one.age) for one in shown] == [("response", 0), ("template", 0)]
    opened.goto(4)
    shown = canvas._shown_layers
    assert [(one.frame, one.age) for one in shown] == [(1, 3), (1, 3)]


def test_that_layers_come_back_with_their_tracker(opened: Driver) -> None:
    overlay, window = opened.window.controller.overlay, opened.window
    window._on_tracker("template-match")
    overlay.set_layer("template", on=True)
    overlay.apply(replace(overlay.settings, colormap="magma", blend="multiply", threshold=0.25))
    before = overlay.stack
    window._on_tracker("ccr")
    assert set(overlay.stack.keys) == {"response"}
    overlay.apply(replace(overlay.settings, colormap="turbo"))
    window._on_tracker("template-match")
    assert overlay.stack == before
    window._on_tracker("ccr")
    assert overlay.settings.colormap == "turbo"
    overlay.remember()
    again = type(overlay)(opened.desk, window.controller.runs)
    again.set_maps(list(_maps("template-match")), "response", "template-match")
    assert again.stack.layers == before.layers


def _maps(key: str):
    from core.trackers import registry

    return registry.find(key).maps


def test_that_the_change_of_a_map_is_its_difference_to_the_frame_before(opened: Driver) -> None:
    overlay = opened.window.controller.overlay
    tracked(opened)
    opened.goto(6)
    source, step = overlay.source()
    now, before = (source.latest(k, "response", step)[0] for k in (6, 5))
    overlay.apply(replace(overlay.settings, derive="change"))
    shown = opened.canvas._shown_layers[0].response
    # The window went down by a pixel with the target, so the cells are those of a row further.
    assert np.allclose(shown.values[:-1], now.values[:-1] - before.values[1:], atol=1e-5)
    overlay.apply(replace(overlay.settings, derive="max", span=3))
    highest = opened.canvas._shown_layers[0].response.values
    assert (highest >= now.values).all()
    assert (highest > now.values + 1e-3).any()


def test_that_a_recording_or_any_other_source_takes_the_place_of_the_run(opened: Driver) -> None:
    overlay = opened.window.controller.overlay
    tracked(opened)
    opened.goto(6)
    run = opened.canvas._shown_layers[0].response

    class Other:
        def latest(self, frame, key, step=1):
            return replace(run, values=run.values * 0), 2

        def attached(self, frame, step=1):
            return None

    overlay.use_source(Other())
    layer = opened.canvas._shown_layers[0]
    assert (layer.response.values == 0).all()
    assert layer.frame == 4
    overlay.use_source(None)
    assert opened.canvas._shown_layers[0].response is run


def test_that_the_probe_tells_every_map_and_peaks_are_marked(opened: Driver) -> None:
    window, canvas = opened.window, opened.canvas
    tracked(opened)
    opened.goto(5)
    x, y = canvas._shown_layers[0].response.peak()
    canvas.cursor_at.emit(x, y)
    assert canvas._probe_item.lines == ()
    window.actions_by_id["probe"].trigger()
    title, value, cell = canvas._probe_item.lines[1]
    assert title == "Response"
    assert float(value) == pytest.approx(1.0, abs=0.01)
    assert cell == "cell 31, 30"  # the target came down a pixel, to the row below the middle
    window.actions_by_id["peaks"].trigger()
    first, second = canvas._probe_item.peaks[:2]
    assert (first.x, first.y) == pytest.approx((46, 51), abs=0.6)
    assert (second.x, second.y) == pytest.approx((46 + AWAY, 51), abs=0.6)
    canvas.cursor_left.emit()
    assert canvas._probe_item.lines == ()


def test_that_going_to_the_other_peak_is_one_step_for_undo(opened: Driver) -> None:
    desk, window = opened.desk, opened.window
    tracked(opened)
    opened.goto(6)
    before, steps = desk.document, desk.stack.count()
    window.actions_by_id["go_to_rival"].trigger()
    opened.until_idle()
    assert desk.stack.count() == steps + 1
    assert desk.stack.undoText() == "Go there instead"
    here, last = opened.track.at(6), opened.track.at(15)
    assert here.source is Source.MANUAL
    assert (here.box.w, here.box.h) == (12, 12)
    assert here.box.cx == pytest.approx(46 + AWAY, abs=1)
    assert last.source is Source.TRACKED
    run = desk.document.run(last.run)
    assert (run.start, run.policy) == (6, CorrectionPolicy.KEEP_TEMPLATE), "it goes on from there"
    assert opened.track.at(5).box.cx == pytest.approx(46, abs=1), "what was before stays"
    desk.stack.undo()
    assert desk.document is before
    desk.stack.redo()
    assert opened.track.at(15).run == last.run


def test_that_the_menu_offers_the_peak_under_the_pointer(opened: Driver) -> None:
    tracked(opened)
    opened.goto(6)
    feature = next(f for f in opened.window.features if type(f).__name__ == "ProbeFeature")
    port, menu = opened.canvas.viewport(), QMenu()

    def offered(x: float, y: float) -> list[str]:
        menu.clear()
        menu.addAction("draw")
        at = opened.canvas.frame_to_view(x, y).toPoint()
        feature.extend_menu(menu, port.mapToGlobal(QPoint(at)))
        return [one.text() for one in menu.actions() if one.text()]

    assert offered(150, 10) == ["draw"]
    texts = offered(46 + AWAY, 52)
    assert texts[0].startswith("Go there instead")
    menu.actions()[0].trigger()
    opened.until_idle()
    assert opened.track.at(6).box.cx == pytest.approx(46 + AWAY, abs=1)


def test_that_the_panel_shows_layers_and_edits_them(opened: Driver) -> None:
    overlay, panel = opened.window.controller.overlay, opened.window.features
    layers = next(f for f in panel if type(f).__name__ == "LayersFeature").panel
    layers.map_toggled.emit("template", True)
    assert overlay.stack.keys == ("response", "template")
    assert layers._list.topLevelItemCount() == 2
    layers._buttons["down"].click()
    assert overlay.stack.keys == ("template", "response")
    assert overlay.settings.map_key == "template"
    layers._buttons["remove"].click()
    assert overlay.stack.keys == ("response",)
    assert isinstance(overlay.stack, LayerStack)
