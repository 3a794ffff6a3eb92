"""The views of the window and where they are: docks, toolbar, menus, default layout."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app import actions as table
from app.views.box_editor import BoxEditor
from app.views.dock_title import DockTitle
from app.views.overlay_panel import OverlayPanel
from app.views.proposal_bar import ProposalBar
from app.views.review_panel import ReviewPanel
from app.views.score_plot import ScorePlot
from app.views.timeline import Timeline
from app.views.toast import Toast
from app.views.track_list import TrackList
from app.views.tracker_panel import TrackerPanel
from app.views.transport import Transport
from app.views.video_view import VideoView
from app.welcome import Welcome

_Area = Qt.DockWidgetArea
_PROPOSAL = ("accept_here", "accept_to_here", "accept_all", "discard_here", "discard_all")
_OBJECT = ("lock", "hide", "solo", "", "split", "join", "merge", "swap", "duplicate", "",
           "fill_gaps", "simplify")  # fmt: skip
_WIDE, _HIGH = 1200, 720  # below these, panels share places as tabs


class Panels:
    """Makes the views and docks of `window`; wiring them is the window's business."""

    def __init__(self, window: QMainWindow, actions: Mapping[str, QAction]) -> None:
        self._window = window
        self._actions = actions
        self.canvas = VideoView()
        self.welcome = Welcome(
            [actions["open"], actions["open_folder"], actions["open_demo"]],
            actions["track_forward"],
        )
        self.transport = Transport()
        self.timeline = Timeline()
        self.plot = ScorePlot()
        self.tracks = TrackList()
        self.box = BoxEditor()
        self.tracker = TrackerPanel()
        self.overlay = OverlayPanel()
        self.review = ReviewPanel()
        tr = window.tr
        for name, short in zip(_PROPOSAL, (tr("Accept here"), tr("Up to here"), tr("Accept all"),
                               tr("Discard here"), tr("Discard all")), strict=True):  # fmt: skip
            actions[name].setIconText(short)
        self.proposal = ProposalBar([actions[a] for a in _PROPOSAL])
        self.tracks.set_actions([actions[a] if a else None for a in _OBJECT])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.stack.addWidget(self.canvas)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addWidget(self.proposal)
        column.addWidget(self.transport)
        window.setCentralWidget(central)
        self.toast = Toast(self.stack)
        self.docks: dict[str, QDockWidget] = {
            "objects": self._dock("objects", tr("Objects"), self.tracks),
            "box": self._dock("box", tr("Box"), self.box),
            "tracker": self._dock("tracker", tr("Tracker"), self.tracker),
            "overlay": self._dock("overlay", tr("Response map"), scrolled(self.overlay)),
            "timeline": self._dock("timeline", tr("Timeline"), self.timeline),
            "review": self._dock("review", tr("Review"), scrolled(self.review)),
            "curves": self._dock("curves", tr("Curves"), self.plot),
        }
        window.setCorner(Qt.Corner.BottomRightCorner, _Area.RightDockWidgetArea)
        window.setCorner(Qt.Corner.BottomLeftCorner, _Area.BottomDockWidgetArea)
        window.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks
        )
        self.toolbar = self._make_toolbar()
        self.menus = self._make_menus()
        self.transport.set_actions(actions)
        self.tracker.add_actions(
            [actions[a] for a in ("track_forward", "track_backward", "track_one", "track_n",
                                  "track_until", "retrack", "stop")]
        )  # fmt: skip
        actions["review_accept"].setIconText(tr("Accept stretch"))
        actions["review_absent"].setIconText(tr("Absent there"))
        self.review.add_actions(
            [actions[a] for a in ("prev_doubtful", "next_doubtful", "review_accept",
                                  "review_dismiss", "review_absent")]
        )  # fmt: skip
        self._beside: dict[str, tuple[str, bool]] = {}  # later docks: whose neighbour, shown

    def add_dock(
        self, name: str, title: str, widget: QWidget, *, beside: str, shown: bool = False
    ) -> QDockWidget:
        """A further dock, as a tab beside the dock `beside`; hidden unless `shown`.

        It gets its place from :meth:`default_layout`, once all docks are there: docks that are
        moved from tab to tab before they are shown leave tab bars behind.
        """
        dock = self.docks[name] = self._dock(name, title, widget)
        self._beside[name] = (beside, shown)
        self._panels_menu.addAction(dock.toggleViewAction())
        return dock

    def show_clip(self, *, is_open: bool) -> None:
        """Canvas or welcome."""
        self.stack.setCurrentWidget(self.canvas if is_open else self.welcome)
        if is_open:
            self.canvas.setFocus()

    def default_layout(self) -> None:
        """Put every dock where it belongs, by the size of the window."""
        window, docks = self._window, self.docks
        size = window.size()
        for dock in docks.values():
            window.removeDockWidget(dock)
            dock.setFloating(False)
        for name, area in (
            ("objects", _Area.LeftDockWidgetArea),
            ("tracker", _Area.RightDockWidgetArea),
            ("timeline", _Area.BottomDockWidgetArea),
        ):
            window.addDockWidget(area, docks[name])
        window.splitDockWidget(docks["objects"], docks["box"], Qt.Orientation.Vertical)
        if size.height() >= _HIGH:
            window.splitDockWidget(docks["tracker"], docks["overlay"], Qt.Orientation.Vertical)
        else:
            window.tabifyDockWidget(docks["tracker"], docks["overlay"])
        if size.width() >= _WIDE:
            window.splitDockWidget(docks["timeline"], docks["curves"], Qt.Orientation.Horizontal)
        else:
            window.tabifyDockWidget(docks["timeline"], docks["curves"])
        window.tabifyDockWidget(docks["objects"], docks["review"])
        for dock in docks.values():
            dock.show()
        for name, (beside, shown) in self._beside.items():
            window.tabifyDockWidget(docks[beside], docks[name])
            docks[name].setVisible(shown)
        docks["objects"].raise_()
        docks["tracker"].raise_()
        docks["timeline"].raise_()
        self._share(size)
        QTimer.singleShot(0, self.tidy)

    def tidy(self) -> None:
        """Hide the tab bars that Qt leaves behind when groups of docks are put together.

        A bar that is in use has two open docks, is as wide as the one on top and lies under it.
        """
        shown = [d for d in self.docks.values() if d.isVisible() and not d.isFloating()]
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self._window.findChildren(QTabBar, options=direct):
            titles = {bar.tabText(i) for i in range(bar.count())}
            place = bar.geometry()
            tabbed = [d for d in self.docks.values() if d.windowTitle() in titles]
            opened = [d for d in tabbed if d.toggleViewAction().isChecked()]
            under = any(
                (place.x(), place.width()) == (dock.x(), dock.width())
                and 0 <= place.y() - dock.geometry().bottom() < place.height()
                for dock in shown
                if dock in tabbed
            )
            if len(opened) < 2 or not under:
                bar.hide()

    def _share(self, size: QSize) -> None:
        window, docks = self._window, self.docks
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        sides = [240, 345] if size.width() >= _WIDE else [190, 290]
        window.resizeDocks([docks["objects"], docks["tracker"]], sides, horizontal)
        low = max(int(size.height() * 0.22), 130)
        window.resizeDocks([docks["timeline"]], [low], vertical)
        if size.width() >= _WIDE:
            window.resizeDocks([docks["timeline"], docks["curves"]], [600, 380], horizontal)
        if size.height() >= _HIGH:
            window.resizeDocks([docks["tracker"], docks["overlay"]], [470, 290], vertical)
        window.resizeDocks([docks["objects"], docks["box"]], [360, 150], vertical)

    def _dock(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock_{name}")
        dock.setWidget(widget)
        dock.setTitleBarWidget(DockTitle(dock))
        dock.visibilityChanged.connect(self._keep_names)  # it may have got a tab bar
        return dock

    def _keep_names(self, shown: bool) -> None:
        """Tabs that do not fit beside each other are scrolled: “O…” tells nobody anything."""
        if not shown:
            return  # perhaps because the window is being taken down
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self._window.findChildren(QTabBar, options=direct):
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)

    def _make_toolbar(self) -> QToolBar:
        bar = QToolBar(self._window.tr("Tools"), self._window)
        bar.setObjectName("toolbar")
        bar.setIconSize(QSize(20, 20))
        menu = ""
        for spec in table.ACTIONS:
            if not spec.toolbar:
                continue
            if menu and menu != spec.menu:
                bar.addSeparator()
            menu = spec.menu
            bar.addAction(self._actions[spec.id])
        self._window.addToolBar(bar)
        return bar

    def _make_menus(self) -> dict[str, QMenu]:
        made: dict[str, QMenu] = {}
        for title in table.MENUS:
            made[title] = self._window.menuBar().addMenu(f"&{table.translated(title)}")

        def menu_of(path: str) -> QMenu:
            if path not in made:
                parent, _, title = path.rpartition("/")
                made[path] = made[parent].addMenu(table.translated(title))
            return made[path]

        table.fill_menus(menu_of, self._actions)
        self._panels_menu = made["View"].addMenu(self._window.tr("Pa&nels"))
        for dock in self.docks.values():
            self._panels_menu.addAction(dock.toggleViewAction())
        return made


def scrolled(widget: QWidget) -> QScrollArea:
    """The widget in an area that scrolls, so that a low window can be low."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
