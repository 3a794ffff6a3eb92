"""What a person sees: nothing cut without a way to read it, everything large enough to hit."""

from __future__ import annotations

import re

import pytest
from fakes.app_driver import Driver
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar

from app import theme
from app.views.dock_title import DockTitle


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
