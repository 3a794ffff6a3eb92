"""A picture of what stands still in a widget, so that what moves over it costs little.

The owner says which parts are stale (:meth:`Backdrop.spoil`); those alone are painted
anew, when they are next needed. Another size, pixel ratio or look spoils everything. The
picture is opaque and painted in the widget's own coordinates, so that what is seen is what
painting straight into the widget would give.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFont, QPainter, QPixmap, QRegion


class Backdrop:
    """One pixmap the size of a widget, and which part of it is out of date."""

    def __init__(self) -> None:
        self._pixmap = QPixmap()
        self._key: tuple[Hashable, ...] = ()
        self._stale = QRegion()

    def spoil(self, rect: QRect | None = None) -> None:
        """What is shown in `rect` (everywhere if None) has changed."""
        if rect is None:
            self._key = ()
        else:
            self._stale += rect

    def picture(
        self,
        size: QSize,
        ratio: float,
        font: QFont,
        look: Hashable,
        paint: Callable[[QPainter, QRect], None],
    ) -> QPixmap:
        """The picture, brought up to date.

        `paint` gets a painter with `font`, clipped to the rectangle that it has to cover
        completely. `look` is whatever else the whole picture depends on, as a theme.
        """
        whole = QRect(0, 0, size.width(), size.height())
        key = (size.width(), size.height(), ratio, font.key(), look)
        if key != self._key:
            self._pixmap = QPixmap(
                max(int(size.width() * ratio + 0.999), 1),
                max(int(size.height() * ratio + 0.999), 1),
            )
            self._pixmap.setDevicePixelRatio(ratio)
            self._key, self._stale = key, QRegion(whole)
        dirty = self._stale.boundingRect().intersected(whole)
        self._stale = QRegion()
        if not dirty.isEmpty():
            painter = QPainter(self._pixmap)
            painter.setFont(font)
            painter.setClipRect(dirty)
            paint(painter, dirty)
            painter.end()
        return self._pixmap
