"""The plot of live curves: clicks seek, runs append, other panels are not needed."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

from app.views.score_plot import ScorePlot
from core.document.track import Columns, Keyframe
from core.engine.run_buffer import Row
from core.geometry import Box
from core.states import Source, TargetState

BOX = Box(0, 0, 1, 1)


def rows(frames, **scalars: float) -> list[Row]:
    return [Row(f, BOX, 0.5, TargetState.TRACKING, "", scalars, 0.01) for f in frames]


@pytest.fixture
def plot(qtbot):
    made = ScorePlot()
    qtbot.addWidget(made)
    made.resize(600, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_clip(1000)
    return made


def curve_items(plot) -> dict:
    return {name: curve.getData() for name, curve in plot._curves.items()}


def view_position(plot, frame: float):
    view = plot.plot.getPlotItem().getViewBox()
    return plot.plot.mapFromScene(view.mapViewToScene(QPointF(frame, 0.5)))


def readout(plot) -> str:
    return plot.findChild(QLabel).text()


def test_that_a_click_asks_for_the_frame_under_it(plot, qtbot):
    with qtbot.waitSignal(plot.seek) as heard:
        QTest.mouseClick(
            plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=view_position(plot, 400)
        )
    assert abs(heard.args[0] - 400) <= 2


def test_that_a_click_without_a_clip_asks_for_nothing(plot, qtbot):
    plot.set_clip(0)
    with qtbot.assertNotEmitted(plot.seek):
        QTest.mouseClick(
            plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=view_position(plot, 0.5)
        )


def test_that_results_are_drawn_soon_after_they_came(plot, qtbot):
    plot.start_run(1, (0, 1000))
    plot.extend(rows(range(50)))
    plot.extend(rows(range(50, 80)))

    def drawn():
        x, y = curve_items(plot)["score"]
        assert x is not None
        assert np.isfinite(y).sum() == 80

    qtbot.waitUntil(lambda: _holds(drawn), timeout=2000)


def _holds(check) -> bool:
    try:
        check()
    except (AssertionError, TypeError):
        return False
    return True


def test_that_a_new_run_drops_the_old_curve(plot):
    plot.start_run(1, (0, 1000))
    plot.extend(rows(range(50)))
    plot.start_run(2, (500, 1000))
    plot.redraw()
    _, y = curve_items(plot)["score"]
    assert y is None or not np.isfinite(y).any()


def test_that_chosen_scalars_are_scaled_to_their_range_and_read_out_as_they_are(plot):
    plot.set_curves(["psr"])
    plot.start_run(1, (0, 1000))
    for frame in range(100):
        plot.extend(rows([frame], psr=10.0 + frame))
    plot.set_playhead(40)
    plot.redraw()
    _, y = curve_items(plot)["psr"]
    assert (np.nanmin(y), np.nanmax(y)) == (0, 1)
    assert "psr" in readout(plot)
    assert "<b>50</b>" in readout(plot)


def test_that_the_menu_offers_what_the_tracker_reports_and_announces_a_choice(plot, qtbot):
    plot.start_run(1, (0, 1000))
    plot.extend(rows([1], psr=3.0, peak=0.4))
    menu = next(b.menu() for b in plot.findChildren(QToolButton) if b.menu())
    actions = {action.text(): action for action in menu.actions() if action.data()}
    assert list(actions) == ["psr", "peak", "time, ms"]
    with qtbot.waitSignal(plot.curves_changed) as heard:
        actions["peak"].trigger()
    assert heard.args == [["peak"]]
    assert plot.curves() == ["peak"]
    actions["peak"].trigger()
    assert plot.curves() == []


def test_that_curves_from_settings_wait_for_a_tracker_that_reports_them(plot, qtbot):
    with qtbot.assertNotEmitted(plot.curves_changed):
        plot.set_curves(["q", "score", "q"])
    assert plot.curves() == ["q"]
    plot.start_run(1, (0, 10))
    plot.extend(rows([1], q=1.0))
    plot.redraw()
    assert plot.curves() == ["q"]


def test_that_history_shows_scores_of_trackers_only(plot):
    keys = [
        Keyframe(3, BOX, Source.TRACKED, 0.25),
        Keyframe(4, BOX, Source.MANUAL, 1.0),
        Keyframe(5, BOX, Source.TRACKED, 0.75),
    ]
    plot.show_columns(Columns.of_keyframes(keys))
    plot.set_playhead(5)
    plot.redraw()
    assert "0.75" in readout(plot)
    plot.set_playhead(4)
    assert "–" in readout(plot)
    plot.show_columns(None)
    plot.set_playhead(5)
    plot.redraw()
    assert "–" in readout(plot)


def test_that_a_run_is_followed_until_the_view_is_moved_by_hand(plot):
    plot.start_run(1, (0, 1000))
    plot.extend(rows(range(600)))
    low, high = plot.plot.getPlotItem().getViewBox().viewRange()[0]
    assert low <= 599 <= high
    assert high - low < 400
    plot.plot.getPlotItem().getViewBox().sigRangeChangedManually.emit([True, False])
    plot.fit()
    plot.extend(rows(range(600, 700)))
    low, high = plot.plot.getPlotItem().getViewBox().viewRange()[0]
    assert high - low > 900


@pytest.mark.parametrize("count", [0, 1, 2, 100_000])
def test_that_clips_of_any_length_can_be_shown(plot, count):
    plot.set_clip(count)
    plot.start_run(1, (0, count))
    plot.extend(rows(range(min(count, 300)), psr=1.0))
    plot.set_curves(["psr"])
    plot.set_threshold(0.3)
    plot.set_playhead(max(count - 1, 0))
    plot.end_run()
    plot.redraw()
    assert not plot.grab().isNull()


def own_panes(plot) -> dict:
    return {pane.title: (pane, curve) for pane, curve in plot._panes.values()}


def test_that_a_pane_of_its_own_shows_the_true_values_with_one_playhead(plot, qtbot):
    plot.set_curves(["psr", "time, ms"])
    plot.set_panes(own=True, thresholds={"psr": 12.0})
    plot.start_run(1, (0, 1000))
    for frame in range(100):
        plot.extend(rows([frame], psr=10.0 + frame))
    plot.set_playhead(40)
    plot.redraw()
    pane, curve = own_panes(plot)["psr"]
    _, y = curve.getData()
    assert (np.nanmin(y), np.nanmax(y)) == (10, 109)
    assert pane.line.value() == 40
    assert pane.limit.isVisible()
    assert pane.limit.value() == 12
    assert not own_panes(plot)["time, ms"][0].limit.isVisible()
    with qtbot.waitSignal(plot.layout_changed):
        pane.limit.setValue(20)
    assert plot.thresholds() == {"psr": 20}
    view = pane.view
    at = pane.mapFromScene(view.mapViewToScene(QPointF(150, 50)))
    with qtbot.waitSignal(plot.seek) as heard:
        QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert abs(heard.args[0] - 150) <= 2
    plot.set_panes(own=False, thresholds={})
    assert own_panes(plot) == {}
    _, y = curve_items(plot)["psr"]
    assert np.nanmax(y) == 1


def test_that_shares_stand_on_the_axis_of_the_score_even_with_panes(plot):
    values = np.full(1000, np.nan)
    values[:3] = [0.25, 0.5, 0.75]
    plot.set_fixed("overlap", values, share=True)
    plot.set_fixed("error", values * 100)
    plot.set_curves(["overlap", "error"])
    plot.set_panes(own=True, thresholds={})
    assert list(own_panes(plot)) == ["error"]
    _, y = curve_items(plot)["overlap"]
    known = np.isfinite(y)
    assert y[known].tolist() == [0.25, 0.5, 0.75]
    plot.set_playhead(1)
    assert plot.values_at(1) == {"score": None, "overlap": 0.5, "error": 50.0}
    plot.set_fixed("error", None)
    plot.redraw()
    assert plot.values_at(1)["error"] is None


def test_that_the_pointer_reads_values_of_its_frame_and_the_playhead_returns(plot):
    plot.start_run(1, (0, 1000))
    plot.extend([Row(k, BOX, k / 100, TargetState.TRACKING, "", {}, 0.01) for k in range(100)])
    plot.set_playhead(10)
    plot.plot.hovered.emit(60)
    assert "0.6" in readout(plot)
    assert "60" in readout(plot)
    assert plot.plot.pointer.isVisible()
    plot.plot.hovered.emit(-1)
    assert "<b>0.1</b>" in readout(plot)
    assert not plot.plot.pointer.isVisible()


def test_that_a_spike_of_one_frame_shows_in_a_pane_of_a_long_clip(plot):
    values = np.ones(100_000)
    values[54_321] = 9.0
    plot.set_clip(100_000)
    plot.set_fixed("error", values)
    plot.set_curves(["error"])
    plot.set_panes(own=True, thresholds={})
    x, y = own_panes(plot)["error"][1].getData()
    assert len(x) < 5000
    assert np.nanmax(y) == 9.0


def test_that_the_trackers_own_steps_are_offered_as_times(plot):
    plot.start_run(1, (0, 10))
    step = Row(1, BOX, 0.5, TargetState.TRACKING, "", {}, 0.02, timings={"solve": 0.004})
    plot.extend([step])
    plot.set_curves(["solve, ms", "time, ms"])
    assert plot.values_at(1) == {"score": 0.5, "solve, ms": pytest.approx(4), "time, ms": 20}
