"""What a person sees: nothing cut without a way to read it, everything large enough to hit."""

from __future__ import annotations

import re

import pytest
from fakes.app_driver import Driver
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QFocusEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QTabBar, QWidget

from app import actions as table
from app import theme
from app.dialogs.form import ParamForm
from app.settings import Preferences
from app.views.dock_title import DockTitle
from app.views.score_pane import ScorePane
from app.views.transport import ORDER, Transport


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_that_a_state_of_a_button_never_changes_the_width_of_its_text(tokens) -> None:
    # Qt measures a button without its state: a bold default button would be cut.
    for selector, body in re.findall(r"([^{}]+)\{([^}]*)\}", theme.style_sheet(tokens)):
        if re.search(r"Button[^,]*:(default|hover|checked|focus)", selector):
            assert "font" not in body, selector.strip()


def test_that_every_panel_can_be_closed_and_taken_out_by_buttons_that_can_be_hit(
    driver: Driver,
) -> None:
    for dock in driver.window.panels.docks.values():
        title = dock.titleBarWidget()
        assert isinstance(title, DockTitle)
        assert title.text() == dock.windowTitle()
        for button in title.buttons():
            assert min(button.width(), button.height()) >= 20
            assert dock.windowTitle() in button.toolTip()
            assert button.accessibleName()
    dock = driver.window.panels.docks["review"]
    dock.show()
    out, close = dock.titleBarWidget().buttons()
    out.click()
    assert dock.isFloating()
    assert "back" in out.toolTip()
    out.click()
    assert not dock.isFloating()
    close.click()
    assert not dock.isVisible()
    assert not dock.toggleViewAction().isChecked()


def test_that_names_of_panels_are_never_cut_to_one_letter(driver: Driver) -> None:
    for name in ("review", "clips", "consensus", "history", "legend"):
        driver.window.panels.docks[name].show()
    driver.until(lambda: _tabs(driver, "Several trackers"))
    (bar,) = _tabs(driver, "Several trackers")
    assert bar.elideMode() is Qt.TextElideMode.ElideNone
    assert bar.usesScrollButtons()
    for number in range(bar.count()):
        needed = bar.fontMetrics().horizontalAdvance(bar.tabText(number))
        assert bar.tabRect(number).width() >= needed


def _tabs(driver: Driver, title: str) -> list[QTabBar]:
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    bars = driver.window.findChildren(QTabBar, options=direct)
    return [b for b in bars if title in [b.tabText(i) for i in range(b.count())]]


def test_that_the_window_fits_a_small_screen_with_any_panel_open(driver: Driver) -> None:
    driver.window.controller.open_demo()
    driver.until(lambda: driver.desk.state.has_clip)
    driver.settle()
    window, panels = driver.window, driver.window.panels
    window.resize(1024, 640)
    panels.default_layout()
    panels.review.set_learnt("ccr", [("Looks", 0.39, 0.43), ("Rival", 0.64, 0.63)])
    panels.proposal.show_text("50 boxes of ccr proposed on frames 33 to 82")
    for name, dock in panels.docks.items():
        hidden = not dock.toggleViewAction().isChecked()
        dock.show()
        dock.raise_()
        QApplication.processEvents()
        needed = window.minimumSizeHint()
        assert (needed.width() <= 1024, needed.height() <= 640) == (True, True), (name, needed)
        if hidden:
            dock.hide()


def test_that_the_ends_of_an_axis_are_named_even_in_a_low_pane(qtbot) -> None:
    pane = ScorePane()
    qtbot.addWidget(pane)
    pane.resize(340, 100)
    pane.item.getAxis("left").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")], []])
    pane.view.setYRange(-0.04, 1.06, padding=0)
    pane.show()
    QApplication.processEvents()
    axis = pane.item.getAxis("left")
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    texts = [text for _, _, text in axis.generateDrawSpecs(painter)[2]]
    painter.end()
    assert texts == ["0", "0.5", "1"]


def test_that_fields_of_a_form_stand_below_one_another_and_explain_themselves(qtbot) -> None:
    form = ParamForm(Preferences)
    qtbot.addWidget(form)
    form.resize(440, 800)
    form.show()
    QApplication.processEvents()
    fields = [form.field(name) for name in ("theme", "frame_cache", "stop_after", "device")]
    lefts = {field.mapTo(form, field.rect().topLeft()).x() for field in fields}
    assert len(lefts) == 1
    told: list[str] = []
    form.explained.connect(told.append)
    QApplication.sendEvent(fields[1], QFocusEvent(QEvent.Type.FocusIn))
    assert told == [fields[1].toolTip()]
    assert "Memory for decoded frames" in told[0]


def test_that_the_row_under_the_picture_gives_way_in_a_narrow_window(qtbot, qapp) -> None:
    theme.apply(qapp, "light")
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(800, 60)
    transport = Transport(around)
    icon = theme.icon("first")
    transport.set_actions({name: QAction(icon, name, transport) for name in ORDER})
    around.show()
    transport.set_clip(12_345, 25.0)
    narrowest = transport.minimumSizeHint().width()
    assert narrowest <= 440
    for width in (narrowest, 460, 520, 700):
        transport.resize(width, transport.height())
        QApplication.processEvents()
        assert transport.layout().totalMinimumSize().width() <= width
    assert transport._clock.isVisible()
    transport.resize(narrowest, transport.height())
    QApplication.processEvents()
    assert not transport._clock.isVisible()


def test_that_a_button_of_the_tracker_panel_shows_its_whole_text_or_an_icon(driver: Driver) -> None:
    panel = driver.window.panels.tracker
    for width in (345, 300, 260, 233):
        driver.window.resizeDocks(
            [driver.window.panels.docks["tracker"]], [width], Qt.Orientation.Horizontal
        )
        for _ in range(3):
            QApplication.processEvents()
        for button in panel._actions.buttons():
            icon_only = button.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
            needed = button.fontMetrics().horizontalAdvance(table.plain(button.text())) + 16
            assert icon_only or button.width() >= needed, (width, button.text())
            assert button.toolTip()
