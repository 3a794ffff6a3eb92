"""Every control can be reached with Tab, in the order in which one reads, and left again."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from fakes.app_driver import Driver
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from app import actions as table
from app import theme
from app.controller.batch_wish import BatchWish
from app.dialogs.attribute_schema import SchemaDialog
from app.dialogs.batch_dialog import BatchDialog
from app.dialogs.export_dialog import ExportDialog
from app.dialogs.figure_dialog import FigureDialog
from app.dialogs.key_editor import KeyEditor
from app.dialogs.keys import KeysDialog
from app.dialogs.preferences import PreferencesDialog
from app.settings import Preferences
from app.views.focus_ring import FocusRing
from core.document.schema import Attribute, AttributeKind

ROW = 30
"""Controls whose middles are so near in height count as one line."""


def reachable(within: QWidget) -> list[QWidget]:
    """What Tab should come to: controls that can be seen, used and focused."""
    found = []
    for one in within.findChildren(QWidget):
        by_tab = one.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        usable = one.isVisibleTo(within) and one.isEnabled() and one.focusProxy() is None
        group = one.group() if isinstance(one, QAbstractButton) else None
        off = group is not None and group.exclusive() and not one.isChecked()  # arrows go there
        if type(one) is QScrollArea and one.widget() is not None:
            off = bool(reachable(one.widget()))  # what is inside has the keyboard
        if by_tab and usable and not off:
            found.append(one)
    return found


def walk(within: QWidget, first: QWidget) -> list[QWidget]:
    """Real Tab keys from `first` until one leaves `within` or comes round."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    for _ in range(400):
        now = QApplication.focusWidget()
        if now is None or not within.isAncestorOf(now) or now in seen:
            return seen
        seen.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    raise AssertionError("Tab never leaves")


def name(one: QWidget) -> str:
    return f"{type(one).__name__} “{one.accessibleName() or one.toolTip()[:30]}”"


def place(one: QWidget, within: QWidget) -> QRect:
    """Where it is, as if nothing were scrolled."""
    above = one.parentWidget()
    while above is not None and above is not within:
        area = above.parentWidget().parentWidget() if above.parentWidget() else None
        if isinstance(area, QScrollArea) and area.widget() is above:
            corner = one.mapTo(above, QPoint(0, 0)) + area.mapTo(within, QPoint(0, 0))
            return QRect(corner, one.size())
        above = above.parentWidget()
    return QRect(one.mapTo(within, QPoint(0, 0)), one.size())


def assert_reads(order: list[QWidget], within: QWidget) -> None:
    """From line to line downwards, within a line to the right; columns one after the other."""
    places = [place(one, within) for one in order]
    for number, (a, b) in enumerate(itertools.pairwise(places)):
        up = a.center().y() - b.center().y() > ROW
        next_column = b.left() >= a.right() - 4
        same_line = abs(a.center().y() - b.center().y()) <= ROW / 2
        back = same_line and b.center().x() < a.center().x() and b.bottom() <= a.bottom() + 2
        where = f"{name(order[number])} {a} → {name(order[number + 1])} {b}"
        assert next_column or not up, f"back up: {where}"
        assert not back or b.top() > a.top() + 2, f"back to the left: {where}"


def assert_walk(within: QWidget) -> None:
    wanted = reachable(within)
    if not wanted:
        return
    first = min(wanted, key=lambda one: (place(one, within).top() // ROW, place(one, within).x()))
    order = walk(within, first)
    missed = [name(one) for one in wanted if one not in order]
    assert not missed, f"Tab does not reach {missed}; it went {[name(one) for one in order]}"
    assert_reads(order, within)


DOCKS = (
    "objects", "box", "tracker", "overlay", "timeline", "review", "curves", "layers", "patches",
    "recording", "what_if", "evaluation", "failures", "attributes", "history", "legend",
    "consensus", "preview", "clips",
)  # fmt: skip


@pytest.fixture
def tracked(driver: Driver) -> Driver:
    """The demo, with a few tracked boxes, so that the panels have something to offer."""
    driver.window.controller.open_demo()
    driver.until(lambda: driver.desk.state.has_clip)
    driver.settle()
    driver.window.actions_by_id["track_one"].trigger()
    driver.until(lambda: not driver.desk.state.is_running)
    driver.settle()
    driver.window.activateWindow()
    return driver


def test_that_tab_reaches_everything_in_every_panel_in_reading_order(tracked: Driver) -> None:
    docks = tracked.window.panels.docks
    assert set(docks) == set(DOCKS)
    for key in DOCKS:
        dock = docks[key]
        hidden = not dock.toggleViewAction().isChecked()
        dock.show()
        dock.raise_()
        QApplication.processEvents()
        assert_walk(dock)
        if hidden:
            dock.hide()


def test_that_tab_goes_through_the_row_under_the_picture(tracked: Driver) -> None:
    assert_walk(tracked.window.panels.transport)


def test_that_the_timeline_is_framed_when_tab_comes_to_it_but_not_by_a_click(
    tracked: Driver,
) -> None:
    timeline = tracked.window.panels.timeline
    ring = timeline.findChild(FocusRing)
    assert ring is not None
    timeline.setFocus(Qt.FocusReason.TabFocusReason)
    assert ring.isVisible()
    assert ring.size() == timeline.size()
    edge = timeline.grab().toImage().pixelColor(timeline.width() // 2, 0).name()
    assert edge == theme.colors().accent
    tracked.canvas.setFocus()
    assert not ring.isVisible()
    timeline.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not ring.isVisible()


SCHEMA = {
    "car": (
        Attribute("view", AttributeKind.CHOICE, choices=("front", "back")),
        Attribute("note", AttributeKind.TEXT),
    )
}
DIALOGS: dict[str, Callable[[Driver], QDialog]] = {
    "preferences": lambda d: PreferencesDialog(Preferences(), d.window),
    "batch": lambda d: BatchDialog(3, "ccr", BatchWish(), d.window),
    "keys": lambda d: KeysDialog(d.window.actions_by_id, d.window),
    "key editor": lambda d: KeyEditor({s.id: s.keys for s in table.ACTIONS}, d.window),
    "schema": lambda d: SchemaDialog(SCHEMA, "car", lambda *_: 0, d.window),
    "export": lambda d: ExportDialog(d.desk.session, d.window.controller.background, d.window),
    "figure": lambda d: FigureDialog(lambda *_: None, 0, d.window),
}


@pytest.mark.parametrize("which", DIALOGS)
def test_that_tab_reaches_everything_in_a_dialog_and_esc_closes_it(
    tracked: Driver, which: str
) -> None:
    dialog = DIALOGS[which](tracked)
    dialog.show()
    dialog.activateWindow()
    QApplication.processEvents()
    assert_walk(dialog)
    defaults = [b for b in dialog.findChildren(QPushButton) if b.isDefault() and b.isVisible()]
    assert len(defaults) == 1, "Enter does one thing"
    assert_one_key_each(dialog)
    QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Escape)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    dialog.deleteLater()


def assert_one_key_each(dialog: QDialog) -> None:
    """No two visible texts claim the same Alt key."""
    texts = [b.text() for b in dialog.findChildren(QAbstractButton) if b.isVisible()]
    labels = dialog.findChildren(QLabel)
    texts += [one.text() for one in labels if one.isVisible() and one.buddy() is not None]
    keys = Counter(
        text[text.index("&") + 1].lower()
        for text in (t.replace("&&", "") for t in texts)
        if "&" in text
    )
    assert not [key for key, count in keys.items() if count > 1], keys


def test_that_single_letters_are_typed_into_every_field(tracked: Driver) -> None:
    """No letter that is an action's key may leave a line that one types into."""
    panels = tracked.window.panels
    for key in ("layers", "clips", "patches"):
        panels.docks[key].show()
        panels.docks[key].raise_()
        QApplication.processEvents()
        for field in panels.docks[key].findChildren(QLineEdit):
            if not field.isVisible() or field.focusProxy() is not None:
                continue
            before, shown = len(tracked.desk.document.tracks), tracked.desk.shown
            field.setFocus()
            QTest.keyClicks(field, "fdexnb1")
            QTest.keyClick(field, Qt.Key.Key_Delete)
            assert field.text() == "fdexnb1", name(field)
            assert (len(tracked.desk.document.tracks), tracked.desk.shown) == (before, shown)
            assert not tracked.desk.state.is_running
            field.clear()
