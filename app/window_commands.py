"""What the window itself can do: its dialogs, its theme, its look.

Everything here needs a window; what needs only the document is in the controller.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow

from app import theme
from app.controller.controller import Controller
from app.dialogs.export_dialog import ExportDialog
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.report import AboutDialog, ErrorDialog
from app.errors import ErrorReport
from app.panels import Panels
from app.presenter import Presenter
from app.settings import Preferences, save_preferences
from core import device as devices
from core import params
from core.errors import BoxtrailError


def version() -> str:
    """The program's version."""
    try:
        return metadata.version("boxtrail")
    except metadata.PackageNotFoundError:
        return "(not installed)"


class WindowCommands(QObject):
    """Commands of the window, by action id in :meth:`handlers`."""

    def __init__(
        self, window: QMainWindow, controller: Controller, panels: Panels, presenter: Presenter
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._panels = panels
        self._presenter = presenter
        self._error_dialog: ErrorDialog | None = None
        self._theme = controller.desk.preferences.theme  # the application wears it already

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What each of the window's actions does."""
        canvas = self._panels.canvas
        return {
            "open_demo": lambda: self._controller.open_demo(),
            "export": self.export,
            "preferences": self.edit_preferences,
            "quit": self._window.close,
            "goto": self._panels.transport.focus_seek,
            "trail": self.toggle_trail,
            "fit": canvas.fit,
            "zoom_target": self.zoom_target,
            "actual_size": canvas.actual_size,
            "zoom_in": lambda: canvas.zoom_by(1.25),
            "zoom_out": lambda: canvas.zoom_by(0.8),
            "theme": self.switch_theme,
            "full_screen": self.toggle_full_screen,
            "reset_layout": self._panels.default_layout,
            "report": self.copy_report,
            "about": self.about,
        }

    def export(self) -> None:
        """Write the annotations in another format."""
        desk = self._controller.desk
        if desk.session is not None:
            self._controller.runs.conclude()
            dialog = ExportDialog(desk.session, self._controller.background, self._window)
            dialog.finished_with.connect(desk.say)
            dialog.exec()
            dialog.deleteLater()

    def edit_preferences(self) -> None:
        """Let the user change preferences."""
        dialog = PreferencesDialog(self._controller.desk.preferences, self._window)
        if dialog.exec():
            self._store(dialog.preferences)

    def switch_theme(self) -> None:
        """From light to dark or back; remembered."""
        now = theme.colors()
        scheme = "light" if now == theme.DARK else "dark"
        self._store(params.with_values(self._controller.desk.preferences, {"theme": scheme}))

    def use_preferences(self, preferences: Preferences) -> str:
        """Put preferences into effect; returns what trackers compute on, in words."""
        app = QApplication.instance()
        if isinstance(app, QApplication) and preferences.theme != self._theme:
            self._theme = preferences.theme
            theme.apply(app, preferences.theme)  # pyright: ignore[reportArgumentType]
        self._controller.project.autosaver.set_interval(preferences.autosave_interval)
        self._panels.canvas.set_loupe(preferences.loupe)
        device = self.device_text()
        self._panels.tracker.set_device_text(device)
        self._presenter.refresh_canvas()
        return device

    def device_text(self) -> str:
        """What trackers compute on."""
        try:
            return devices.describe(devices.choose(self._controller.desk.preferences.device))
        except BoxtrailError as error:
            return error.message

    def toggle_trail(self) -> None:
        """Show or hide the path of the target."""
        self._presenter.show_trail = not self._presenter.show_trail
        self._presenter.refresh_canvas()

    def zoom_target(self) -> None:
        """Show the selected box large."""
        desk = self._controller.desk
        key = desk.key_at(desk.state.track, desk.shown)
        if key is not None:
            self._panels.canvas.zoom_to(key.box)

    def toggle_full_screen(self) -> None:
        """Use the whole screen, or not."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def copy_report(self) -> None:
        """Put the circumstances on the clipboard."""
        facts = (*self._controller.facts(), ("device", self.device_text()))
        QGuiApplication.clipboard().setText(ErrorReport("(no error)", "", facts).text())
        self._controller.desk.say(self.tr("The report is on the clipboard."), severity="success")

    def about(self) -> None:
        """Say what this program is."""
        AboutDialog(version(), self.device_text(), self._window).exec()

    @Slot(object)
    def show_error(self, report: ErrorReport) -> None:
        """Show an unexpected error; one dialog at a time, all are in the log."""
        if self._error_dialog is not None:
            return
        self._error_dialog = ErrorDialog(report, self._window)
        self._error_dialog.finished.connect(self._forget_error_dialog)
        self._error_dialog.open()

    @Slot()
    def _forget_error_dialog(self) -> None:
        dialog, self._error_dialog = self._error_dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _store(self, preferences: Preferences) -> None:
        self._controller.desk.set_preferences(preferences)
        try:
            save_preferences(preferences)
        except BoxtrailError as error:
            self._controller.desk.say_error(error)
