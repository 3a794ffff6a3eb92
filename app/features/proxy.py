"""The offer of a copy that steps fast, for videos in which stepping back is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Slot

from app.controller.proxies import Proxies
from app.features.feature import Feature, Parts
from core.session import Session
from core.video import seeking


class ProxyFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._desk = parts.controller.desk
        self.proxies = Proxies(parts.controller, self)
        self._offered: Session | None = None
        self._usual = parts.actions["proxy"].text()
        project = parts.controller.project
        project.opened.connect(self._later)
        project.facts_changed.connect(self._later)
        self.proxies.progress.connect(parts.status.show_work)
        self.proxies.progress.connect(self._show_kind)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See `Feature`."""
        return {"proxy": self.proxies.make_or_stop, "use_proxy": self.proxies.use}

    def finish(self) -> None:
        """See `Feature`."""
        self.proxies.stop()

    @Slot()
    def _later(self) -> None:
        QTimer.singleShot(0, self, self.offer)  # after the notes about the clip

    @Slot()
    def offer(self) -> None:
        """Offer the copy, once for each time that a slow clip is opened."""
        session, path = self._desk.session, self.proxies.video()
        if session is None or path is None or session is self._offered:
            return
        if not seeking.seeks_badly(session.video):
            return
        self._offered = session
        if self.proxies.copy_of(path) is not None:
            hint = self.tr("There is a copy of it that steps fast, with the same frame numbers.")
            action, text = "use_proxy", self.tr("Go on in the copy")
        else:
            hint = self.tr("A copy with the same frame numbers steps fast.")
            action, text = "proxy", self.tr("Make a copy…")
        self._desk.say(seeking.why(session.video), hint, "info", action, text)

    @Slot(str, int, int)
    def _show_kind(self, text: str, done: int, total: int) -> None:
        stop = self.tr("Stop &making the copy that steps fast")
        self.parts.actions["proxy"].setText(stop if text else self._usual)
