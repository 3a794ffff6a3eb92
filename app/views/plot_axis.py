"""An axis whose ends are named: the usual one leaves labels out that reach beyond it.

With a grid, pyqtgraph drops the first and the last label of an axis, which in a low pane are
all but one.
"""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QRectF

_BEYOND = 10.0
TOP = 6
"""Room above a plot for half a label, in points."""


class PlotAxis(pg.AxisItem):
    """See the module docstring."""

    def boundingRect(self) -> QRectF:
        return super().boundingRect().adjusted(-_BEYOND, -_BEYOND, _BEYOND, _BEYOND)


def axes() -> dict[str, pg.AxisItem]:
    """The two axes of a plot, for `pyqtgraph.PlotItem`."""
    return {side: PlotAxis(side) for side in ("left", "bottom")}
