"""What of a run is recorded, how the recording stands, and what an open one holds.

Shows what it is given and announces what a person wants; who writes files it does not
know. The bar is the queue between the tracker and the disk: when it is full, the disk is
slower than the tracker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.elided_label import ElidedLabel
from app.views.recording_types import RecordOptions, RecordStatus
from core.recording.coding import Precision
from core.recording.estimate import shown
from core.recording.recorder import WhenFull
from core.recording.schema import BLOCK
from core.trackers.base import MapInfo
from core.wording import counted

G = theme.GRID
_KEY = Qt.ItemDataRole.UserRole
_LISTED = 6  # rows of maps that are seen at once


class RecordingPanel(QWidget):
    """Options of Record, its state, and the facts of an open recording."""

    options_changed = Signal(object)
    """Other :class:`RecordOptions` are wanted."""
    folder_wanted = Signal()
    """A person wants to choose the folder of the files."""

    def __init__(self, record: QAction, locate: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._options = RecordOptions()
        self._tracker = ""
        self._maps: tuple[MapInfo, ...] = ()
        self._quiet = False
        column = QVBoxLayout(self)
        column.setContentsMargins(G + G // 2, G, G + G // 2, G)
        column.setSpacing(G)
        column.addWidget(self._build_state(record))
        column.addWidget(self._build_options())
        column.addWidget(self._build_replay(locate))
        column.addStretch(1)
        self.show_status(RecordStatus())
        self.show_facts([], missing="")

    # ---- data --------------------------------------------------------------------------

    def options(self) -> RecordOptions:
        """What is chosen."""
        return self._options

    def set_options(self, options: RecordOptions) -> None:
        """Show these options without announcing them."""
        self._options = options
        self._show_options()

    def set_maps(self, tracker: str, maps: Sequence[MapInfo]) -> None:
        """Offer the maps of `tracker`."""
        self._tracker, self._maps = tracker, tuple(maps)
        self._quiet = True
        self._list.clear()
        for info in self._maps:
            item = QListWidgetItem(info.title)
            item.setData(_KEY, info.key)
            item.setToolTip(f"{info.title}\n{info.doc}\n{info.key}")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            self._list.addItem(item)
        rows = min(max(len(self._maps), 1), _LISTED)
        self._list.setFixedHeight(rows * max(self._list.sizeHintForRow(0), 20) + 6)
        self._quiet = False
        self._show_options()

    def set_folder(self, folder: str) -> None:
        """Say where files go."""
        self._folder.show_text(folder, folder)

    def set_estimate(self, text: str, *, too_large: bool) -> None:
        """Say how large the file will be."""
        self._estimate.setProperty("role", "warning" if too_large else "muted")
        self._estimate.style().unpolish(self._estimate)
        self._estimate.style().polish(self._estimate)
        self._estimate.setText(text)

    def show_status(self, status: RecordStatus) -> None:
        """Say how the recording stands."""
        state = status.state
        self._file.show_text(status.path.name if status.path else "", str(status.path or ""))
        self._file.setVisible(status.path is not None)
        self._queue.setVisible(status.path is not None)
        # A block that is not full yet waits for its frames, not for the disk.
        self._queue.setRange(0, max(state.capacity - BLOCK, 1))
        self._queue.setValue(min(max(state.queued - BLOCK, 0), self._queue.maximum()))
        self._behind.setVisible(bool(self._trouble(status)))
        self._behind.setText(self._trouble(status))
        self._said.setText(self._saying(status))
        for part in (self._precision, self._busy, self._choose):
            part.setEnabled(status.path is None)

    def show_facts(self, facts: Sequence[tuple[str, str]], *, missing: str) -> None:
        """Say what the open recording holds; no facts: none is open."""
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for name, value in facts:
            label = ElidedLabel(role="plain", parent=self._replay)
            label.show_text(value, value)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self._facts.addRow(ElidedLabel(name, role="muted", parent=self._replay), label)
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self._locate.setVisible(bool(missing))
        self._replay.setVisible(bool(facts))

    def text(self) -> str:
        """What is said of the recording, for tests and assistive technology."""
        return f"{self._said.text()} {self._behind.text()}".strip()

    # ---- construction ------------------------------------------------------------------

    def _build_state(self, record: QAction) -> QWidget:
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(G // 2)
        button = QToolButton(box)
        button.setDefaultAction(record)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setProperty("role", "boxed")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumHeight(30)
        self._said = QLabel(box)
        self._said.setWordWrap(True)
        self._file = ElidedLabel(role="muted", parent=box)
        self._queue = QProgressBar(box)
        self._queue.setTextVisible(False)
        self._queue.setMaximumHeight(8)
        self._queue.setAccessibleName(self.tr("Frames that wait to be written"))
        self._queue.setToolTip(self.tr("Frames that wait to be written to the disk"))
        self._behind = QLabel(box)
        self._behind.setProperty("role", "warning")
        self._behind.setWordWrap(True)
        for part in (button, self._said, self._file, self._queue, self._behind):
            column.addWidget(part)
        return box

    def _build_options(self) -> QWidget:
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(G // 2)
        column.addWidget(ElidedLabel(self.tr("Maps that are recorded"), role="title"))
        self._list = QListWidget(box)
        self._list.setAccessibleName(self.tr("Maps that are recorded"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemChanged.connect(self._edit_maps)
        column.addWidget(self._list)
        self._patches = self._check(
            self.tr("Patches"), self.tr("The template and the search window of every frame"),
            "patches",
        )  # fmt: skip
        self._proposals = self._check(
            self.tr("Candidates"), self.tr("The boxes that the tracker weighed"), "proposals"
        )
        checks = QHBoxLayout()
        checks.addWidget(self._patches)
        checks.addWidget(self._proposals)
        checks.addStretch(1)
        column.addLayout(checks)
        column.addLayout(self._build_form(box))
        self._estimate = QLabel(box)
        self._estimate.setWordWrap(True)
        column.addWidget(self._estimate)
        return box

    def _build_form(self, box: QWidget) -> QFormLayout:
        self._precision = self._combo(
            self.tr("Precision of maps"),
            (
                (Precision.COMPACT, self.tr("Compact"), self.tr("256 steps of each map's span")),
                (Precision.FINE, self.tr("Fine"), self.tr("65,536 steps of each map's span")),
                (Precision.EXACT, self.tr("Exact"), self.tr("Every value as it is: large files")),
            ),
            "precision",
        )
        self._busy = self._combo(
            self.tr("When the disk is slow"),
            (
                (WhenFull.WAIT, self.tr("Wait"), self.tr("The tracker waits; nothing is lost")),
                (
                    WhenFull.LEAVE_OUT,
                    self.tr("Leave out maps"),
                    self.tr("The tracker goes on; some frames have no maps"),
                ),
            ),
            "when_full",
        )
        self._folder = ElidedLabel(role="plain", parent=box)
        self._folder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._choose = QPushButton(self.tr("Change…"), box)
        self._choose.setToolTip(self.tr("Choose the folder that recordings go to"))
        self._choose.clicked.connect(self.folder_wanted)
        folder = QHBoxLayout()
        folder.addWidget(self._folder, 1)
        folder.addWidget(self._choose)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(G)
        form.setVerticalSpacing(G // 2)
        form.addRow(self.tr("Precision"), self._precision)
        form.addRow(self.tr("Slow disk"), self._busy)
        form.addRow(self.tr("Folder"), folder)
        return form

    def _build_replay(self, locate: QAction) -> QWidget:
        self._replay = QWidget(self)
        column = QVBoxLayout(self._replay)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(G // 2)
        column.addWidget(ElidedLabel(self.tr("This recording"), role="title"))
        self._missing = QLabel(self._replay)
        self._missing.setProperty("role", "warning")
        self._missing.setWordWrap(True)
        self._locate = QToolButton(self._replay)
        self._locate.setDefaultAction(locate)
        self._locate.setProperty("role", "boxed")
        column.addWidget(self._missing)
        column.addWidget(self._locate)
        self._facts = QFormLayout()
        self._facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._facts.setHorizontalSpacing(G)
        self._facts.setVerticalSpacing(2)
        column.addLayout(self._facts)
        return self._replay

    def _check(self, text: str, tip: str, name: str) -> QCheckBox:
        box = QCheckBox(text, self)
        box.setToolTip(tip)
        box.toggled.connect(lambda on: self._edit(**{name: on}))
        return box

    def _combo(self, name: str, choices: Sequence[tuple[str, str, str]], field: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        combo.setMinimumWidth(80)
        for value, text, tip in choices:
            combo.addItem(text, value)
            combo.setItemData(combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        kind = type(choices[0][0])
        combo.currentIndexChanged.connect(
            lambda at: self._edit(**{field: kind(combo.itemData(at))})
        )
        return combo

    # ---- reactions ---------------------------------------------------------------------

    def _show_options(self) -> None:
        self._quiet = True
        options = self._options
        chosen = options.keys(self._tracker, self._maps)
        for row in range(self._list.count()):
            item = self._list.item(row)
            on = item.data(_KEY) in chosen
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self._patches.setChecked(options.patches)
        self._proposals.setChecked(options.proposals)
        for combo, value in ((self._precision, options.precision), (self._busy, options.when_full)):
            combo.setCurrentIndex(combo.findData(value))
            combo.setToolTip(str(combo.currentData(Qt.ItemDataRole.ToolTipRole) or ""))
        self._quiet = False

    def _edit(self, **values: object) -> None:
        if self._quiet:
            return
        changed = replace(self._options, **values)  # pyright: ignore[reportArgumentType]
        if changed != self._options:
            self._options = changed
            self._show_options()
            self.options_changed.emit(changed)

    def _edit_maps(self, _: QListWidgetItem) -> None:
        if self._quiet:
            return
        rows = (self._list.item(row) for row in range(self._list.count()))
        keys = tuple(
            str(item.data(_KEY)) for item in rows if item.checkState() is Qt.CheckState.Checked
        )
        self._edit(maps={**self._options.maps, self._tracker: keys})

    def _saying(self, status: RecordStatus) -> str:
        state = status.state
        if status.path is None:
            if status.is_on:
                return self.tr("The next run will be recorded.")
            return self.tr("Runs are not recorded.")
        if state.error is not None:
            return self.tr("Nothing more is recorded.")
        text = self.tr("Recording: {frames}, {size}.")
        return text.format(frames=counted(state.taken, "frame"), size=shown(state.bytes))

    def _trouble(self, status: RecordStatus) -> str:
        state = status.state
        if state.error is not None:
            return f"{state.error.message} {state.error.hint}"
        if state.left_out:
            text = self.tr("The disk is too slow: {count} without maps.")
            return text.format(count=counted(state.left_out, "frame"))
        if state.is_behind:
            return self.tr("Recording is behind; the tracker waits for the disk.")
        return ""
