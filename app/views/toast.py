"""Messages that do not interrupt."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget


class Toast(QWidget):
    """Stack of messages in the corner of its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)

    def show_message(
        self,
        text: str,
        hint: str = "",
        severity: str = "info",
        *,
        action_text: str = "",
        action: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Show one message; `severity` is "info", "ok", "warning" or "error"."""

    def clear(self) -> None: ...
