"""Features attach themselves: docks take part in the layout, states and the end are told."""

from __future__ import annotations

from fakes.app_driver import Driver
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QTabBar

from app import features
from app.features import Feature, Parts


class _Note(Feature):
    """Makes a dock and writes down what it is told."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.told: list[object] = []
        self.dock = parts.panels.add_dock("note", "Note", QLabel("note"), beside="curves")

    def state_changed(self, state) -> None:
        self.told.append(state.mode)

    def finish(self) -> None:
        self.told.append("finished")


def test_that_a_feature_has_a_dock_and_is_told_of_states_and_of_the_end(
    monkeypatch, make_driver
) -> None:
    monkeypatch.setattr(features, "FEATURES", (_Note,))
    driver: Driver = make_driver()
    window = driver.window
    [note] = window.features
    toggle = note.dock.toggleViewAction()
    assert any(toggle in menu.actions() for menu in window.menuBar().findChildren(QMenu))
    assert not note.dock.isVisible()
    note.dock.show()
    window.panels.default_layout()
    assert not note.dock.isVisible()
    assert window.panels.docks["curves"] in window.tabifiedDockWidgets(note.dock)
    assert note.told
    assert set(note.told) == {"select"}
    window.close()
    assert "finished" in note.told


def test_that_a_dock_alone_in_its_place_has_no_tab_bar(make_driver) -> None:
    driver: Driver = make_driver()
    window = driver.window
    window.panels.default_layout()
    driver.settle()
    titles = {
        frozenset(bar.tabText(i) for i in range(bar.count()))
        for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if bar.isVisible() and window.rect().intersects(bar.geometry())
    }
    assert frozenset({"Objects", "Review"}) in titles
    shown = {
        d.windowTitle() for d in window.panels.docks.values() if d.toggleViewAction().isChecked()
    }
    assert all(len(group & shown) > 1 for group in titles), titles
