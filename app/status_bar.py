"""The bottom line: where one is, what is under the pointer, how the run goes."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QWidget

from core.video.source import Access

_ACCESS = {
    Access.EXACT: (
        QT_TRANSLATE_NOOP("StatusBar", "exact"),
        QT_TRANSLATE_NOOP("StatusBar", "Every frame is a file of its own: nothing to verify."),
    ),
    Access.VERIFIED: (
        QT_TRANSLATE_NOOP("StatusBar", "verified"),
        QT_TRANSLATE_NOOP(
            "StatusBar", "Jumping to a frame was checked against reading the clip in order."
        ),
    ),
    Access.SEQUENTIAL: (
        QT_TRANSLATE_NOOP("StatusBar", "sequential"),
        QT_TRANSLATE_NOOP(
            "StatusBar",
            "This file cannot be jumped in reliably, so frames are found by reading in order: "
            "exact, but slower.",
        ),
    ),
    Access.CHECKING: (
        QT_TRANSLATE_NOOP("StatusBar", "checking…"),
        QT_TRANSLATE_NOOP(
            "StatusBar", "The clip is being read once in order, so that every frame is found."
        ),
    ),
}


def clock(seconds: float) -> str:
    """Seconds as ``m:ss.mmm``, with hours when there are any."""
    whole = round(max(seconds, 0.0) * 1000)
    minutes, rest = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest / 1000:06.3f}" if hours else f"{minutes}:{rest / 1000:06.3f}"
    return f"{hours}:{text}" if hours else text


class StatusBar(QStatusBar):
    """Labels of fixed meaning; each is told its value, none asks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 10, 0)
        self._cursor = self._label(self.tr("Pointer"), 34)
        self._run = self._label(self.tr("Run"), 24)
        self._progress = QProgressBar()
        self._progress.setMaximumWidth(140)
        self._progress.setMaximumHeight(14)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(self.tr("Progress of the run"))
        self._progress.hide()
        self._told_run, self._told_work = ("", 0, 0), ("", 0, 0)
        self._place = self._label(self.tr("Frame and time"), 34)
        self._access = self._label(self.tr("Frame access"), 0)
        self._device = self._label(self.tr("Device"), 0)
        for widget in (
            self._cursor, self._run, self._progress, self._place, self._access, self._device
        ):  # fmt: skip
            self.addPermanentWidget(widget)

    def show_place(self, frame: int, count: int, seconds: float | None) -> None:
        """Frame number, number of frames and time."""
        if not count:
            self._place.clear()
            return
        time = f"  {clock(seconds)}" if seconds is not None else ""
        self._place.setText(self.tr("frame %s / %s%s") % (f"{frame:,}", f"{count - 1:,}", time))

    def show_cursor(self, x: float, y: float, value: float | None) -> None:
        """Pointer in frame pixels, and the map's value there."""
        probe = "" if value is None else self.tr("  map %.3g") % value
        self._cursor.setText(f"x {x:.1f}  y {y:.1f}{probe}")

    def clear_cursor(self) -> None:
        """The pointer left the frame."""
        self._cursor.clear()

    def show_run(self, text: str, done: int, total: int) -> None:
        """How the run goes; an empty text means that none does."""
        self._told_run = (text, done, total)
        self._show_under_way()

    @Slot(str, int, int)
    def show_work(self, text: str, done: int, total: int) -> None:
        """How other work goes, while no run does."""
        self._told_work = (text, done, total)
        self._show_under_way()

    def _show_under_way(self) -> None:
        text, done, total = self._told_run if self._told_run[0] else self._told_work
        shown = self._run.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, self._run.width()
        )
        self._run.setText(shown)
        self._run.setToolTip(text or self._run.accessibleName())
        self._progress.setVisible(bool(text) and total > 0)
        self._progress.setRange(0, max(total, 1))
        self._progress.setValue(done)

    def show_access(self, access: Access | None) -> None:
        """How frames are reached."""
        if access is None:
            self._access.clear()
            self._access.setToolTip("")
            return
        word, explanation = (
            QCoreApplication.translate("StatusBar", str(text)) for text in _ACCESS[access]
        )
        self._access.setText(word)
        self._access.setToolTip(explanation)

    def show_device(self, text: str) -> None:
        """What trackers compute on."""
        self._device.setText(text)

    def _label(self, name: str, width: int) -> QLabel:
        label = QLabel()
        label.setAccessibleName(name)
        label.setToolTip(name)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        if width:
            # A fixed size: else each new text would lay out the whole window again.
            metrics = label.fontMetrics()
            label.setFixedSize(metrics.averageCharWidth() * width, metrics.height() + 4)
        return label
