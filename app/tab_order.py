"""Tab goes where one reads: through each panel from top to bottom, panel by panel.

Qt goes in the order in which controls were made, and many are made when a clip, a tracker or
a schema is known. So the order is taken from the layouts whenever Tab is pressed. An area
that only scrolls is no stop of its own unless nothing inside is one.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QGridLayout,
    QLayout,
    QLineEdit,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

_WHOLE = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit)
"""Controls whose inner parts are their own business."""


def put_in_reading_order(window: QWidget) -> None:
    """Let Tab go through `window` as it is laid out now."""
    parts = _parts_of(window) if isinstance(window, QMainWindow) else [window]
    order = [stop for part in parts for stop in stops(part)]
    for one, following in itertools.pairwise(order):
        QWidget.setTabOrder(one, following)


def stops(part: QWidget) -> list[QWidget]:
    """The controls of `part` that Tab comes to, in reading order."""
    if part.focusProxy() is not None:
        return []
    if isinstance(part, _WHOLE):
        return [part] if _takes_tab(part) else []
    inner = [stop for child in _children(part) for stop in stops(child)]
    if type(part) is QScrollArea:
        if inner:
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return inner or [part]
    return [part, *inner] if _takes_tab(part) else inner


def _takes_tab(one: QWidget) -> bool:
    return bool(one.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)


def _children(part: QWidget) -> list[QWidget]:
    """Widgets directly in `part`: as laid out, then those that no layout holds."""
    if isinstance(part, QTabWidget):
        pages = [part.widget(at) for at in range(part.count())]
        return [part.tabBar(), *(page for page in pages if page is not None)]
    if isinstance(part, QSplitter | QStackedWidget):
        shown = [part.widget(at) for at in range(part.count())]
        return [one for one in shown if one is not None]
    if isinstance(part, QScrollArea):
        body = part.widget()
        return [body] if body is not None else []
    if isinstance(part, QDockWidget):
        body = part.widget()
        return [body] if body is not None else []
    layout = part.layout()
    placed = _laid_out(layout) if layout is not None else []
    direct = part.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return placed + [one for one in direct if one not in placed and not one.isWindow()]


def _laid_out(layout: QLayout) -> list[QWidget]:
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places.sort(key=lambda at: _cell(layout, at))
    found: list[QWidget] = []
    for at in places:
        item = layout.itemAt(at)
        inner = item.layout() if item is not None else None
        widget = item.widget() if item is not None else None
        if inner is not None:
            found += _laid_out(inner)
        elif widget is not None:
            found.append(widget)
    return found


def _cell(layout: QGridLayout, at: int) -> tuple[int, int]:
    row, column, *_ = layout.getItemPosition(at)  # pyright: ignore[reportGeneralTypeIssues]
    return row, column


def _parts_of(window: QMainWindow) -> list[QWidget]:
    """The picture first, then the panels: left, right, below, each side from the top."""
    sides = [
        Qt.DockWidgetArea.LeftDockWidgetArea,
        Qt.DockWidgetArea.RightDockWidgetArea,
        Qt.DockWidgetArea.TopDockWidgetArea,
        Qt.DockWidgetArea.BottomDockWidgetArea,
    ]
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    docks = [d for d in window.findChildren(QDockWidget, options=direct) if not d.isWindow()]
    known = [d for d in docks if window.dockWidgetArea(d) in sides]
    known.sort(key=lambda d: (sides.index(window.dockWidgetArea(d)), d.y(), d.x()))
    middle = window.centralWidget()
    return [*([middle] if middle is not None else []), *known]
