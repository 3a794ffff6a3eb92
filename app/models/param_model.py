"""Values of one tracker's parameters, with their defaults and what was changed.

Built from :func:`core.params.describe`, free of widgets: the editor shows it, the
panel reads :attr:`changed` for a run and :meth:`live_among` for a running one.
Invariant: every held value has passed :func:`core.params.check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.params import ParamInfo, Value, check, describe


class ParamModel(QObject):
    """Checked values by name."""

    value_changed = Signal(str)
    """Name of a parameter whose value is another one now."""

    def __init__(self, params: type | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        infos = describe(params) if params is not None else []
        self.infos: dict[str, ParamInfo] = {info.name: info for info in infos}
        self._values: dict[str, Value] = {info.name: info.default for info in infos}

    def value(self, name: str) -> Value:
        """The value in force."""
        return self._values[name]

    def set_value(self, name: str, value: Any) -> None:
        """Take a value.

        Raises
        ------
        ParamError
            Wrong type, out of bounds or choices.
        """
        checked = check(self.infos[name], value)
        if checked != self._values[name]:
            self._values[name] = checked
            self.value_changed.emit(name)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take `values` (unknown names are ignored); all others return to their defaults."""
        for name, info in self.infos.items():
            self.set_value(name, values.get(name, info.default))

    def reset(self, name: str) -> None:
        """Return to the default."""
        self.set_value(name, self.infos[name].default)

    def reset_all(self) -> None:
        """Return every parameter to its default."""
        self.set_values({})

    def is_changed(self, name: str) -> bool:
        """Whether the value is not the default."""
        return self._values[name] != self.infos[name].default

    @property
    def changed(self) -> dict[str, Value]:
        """Values that differ from their defaults, in order of declaration."""
        return {name: self._values[name] for name in self.infos if self.is_changed(name)}

    def live_among(self, names: Iterable[str]) -> dict[str, Value]:
        """Values of those `names` that a running tracker takes."""
        return {name: self._values[name] for name in names if self.infos[name].live}

    def groups(self) -> dict[str, list[ParamInfo]]:
        """Parameters by heading, both in order of declaration; ungrouped ones under ""."""
        result: dict[str, list[ParamInfo]] = {}
        for info in self.infos.values():
            result.setdefault(info.group, []).append(info)
        return result
