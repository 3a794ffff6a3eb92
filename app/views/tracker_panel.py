"""Which tracker, with which parameters, and how corrections are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from core.states import CorrectionPolicy
from core.trackers.registry import TrackerSpec


class TrackerPanel(QWidget):
    """Tracker chooser, parameter form, correction policy and run buttons."""

    tracker_changed = Signal(str)
    params_changed = Signal(dict)
    """Values that differ from the defaults, after any edit."""
    live_params_changed = Signal(dict)
    """The live parameters just edited, name -> value."""
    policy_changed = Signal(str)
    frames_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_trackers(self, specs: Sequence[TrackerSpec]) -> None: ...

    def key(self) -> str:
        return ""

    def set_key(self, key: str) -> None: ...

    def values(self) -> dict[str, Any]:
        """Values that differ from the tracker's defaults."""
        return {}

    def set_values(self, values: Mapping[str, Any]) -> None: ...

    def policy(self) -> CorrectionPolicy:
        return CorrectionPolicy.NEW_TEMPLATE

    def set_policy(self, policy: CorrectionPolicy) -> None: ...

    def frames(self) -> int:
        """The N of "track N frames"."""
        return 1

    def set_frames(self, count: int) -> None: ...

    def set_device_text(self, text: str, tooltip: str = "") -> None: ...

    def set_running(self, *, running: bool) -> None:
        """While running, only live parameters can be edited."""

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Show the actions as large buttons; the first one is the primary one."""
