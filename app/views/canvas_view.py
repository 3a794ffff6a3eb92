"""A view on the frame that zooms about the cursor and pans: the canvas without content.

The view transform is set from a :class:`~app.views.camera.Camera`; scroll bars play
no part (they would round positions to whole points). Wheel zooms, touchpad scrolls
pan, pinch zooms, the middle button or Space with the left button pans. A tap of
Space still reaches the window's own Space shortcut.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QInputDevice,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPalette,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from app.views.camera import Camera
from core.geometry import Box

_WHEEL_STEP = 1.2  # zoom per notch of the wheel
_SPACE = 1e6  # how far the empty scene extends: farther than panning reaches


class CanvasView(QGraphicsView):
    """Zoom and pan; scene coordinates are frame pixels.

    Attributes
    ----------
    zoom_changed
        Device pixels per frame pixel, whenever that changes.
    """

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._camera = Camera()
        self._fitting = True
        self._pan_from: QPointF | None = None
        self._space_held = False
        self._space_used = False
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        # Labels and handles reach beyond their boxes by amounts that depend on the
        # zoom, and a new frame changes everything: one whole repaint is cheapest.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)

    @property
    def zoom(self) -> float:
        """Device pixels per frame pixel."""
        return self._camera.zoom

    @property
    def has_picture(self) -> bool:
        """Whether there is something to look at; without, nothing zooms or pans."""
        return False

    def fit(self) -> None:
        """Show the whole frame, and keep it so when the window changes."""
        self._fitting = True
        self._look(self._camera.fitted())

    def actual_size(self) -> None:
        """One frame pixel per pixel of the screen."""
        self.set_zoom(1.0)

    def set_zoom(self, zoom: float) -> None:
        """Zoom about the middle to so many device pixels per frame pixel."""
        self._zoom_about(self._middle(), zoom)

    def zoom_by(self, factor: float) -> None:
        """Zoom about the cursor, or about the middle when it is elsewhere."""
        cursor = self.viewport().mapFromGlobal(self.cursor().pos())
        inside = self.viewport().rect().contains(cursor) and self.underMouse()
        about = QPointF(cursor) if inside else self._middle()
        self._zoom_about(about, self.zoom * factor)

    def zoom_to(self, box: Box) -> None:
        """Bring `box` to the middle, at a size to work on."""
        self._fitting = False
        self._look(self._camera.focused(box))

    def map_to_frame(self, point: QPoint | QPointF) -> tuple[float, float]:
        """Frame point shown at a position of the viewport."""
        return self._camera.to_frame(point.x(), point.y())

    def frame_to_view(self, x: float, y: float) -> QPointF:
        """Position in the viewport at which a frame point is shown."""
        return QPointF(*self._camera.to_view(x, y))

    def _middle(self) -> QPointF:
        # QRect.center() is half a point off for even sizes.
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    def _set_frame_size(self, width: int, height: int) -> None:
        """A clip of this size begins: show all of it."""
        self._camera = replace(self._camera, frame_w=float(width), frame_h=float(height))
        # Room on all sides, so that Qt never moves the scene by its scroll bars.
        self.setSceneRect(-_SPACE, -_SPACE, width + 2 * _SPACE, height + 2 * _SPACE)
        self.fit()

    def _zoom_about(self, point: QPointF, zoom: float) -> None:
        if self.has_picture:
            self._fitting = False
            self._look(self._camera.zoomed_about(point.x(), point.y(), zoom))

    def _look(self, camera: Camera) -> None:
        zoom_before = self._camera.zoom
        self._camera = camera
        x, y = camera.offset
        scale = camera.scale
        self.setTransform(QTransform(scale, 0, 0, scale, x, y))
        # Qt keeps the scroll positions where they are as long as zero is in range.
        self.horizontalScrollBar().setValue(0)
        self.verticalScrollBar().setValue(0)
        self.viewport().update()
        if camera.zoom != zoom_before:
            self.zoom_changed.emit(camera.zoom)

    def _refresh_window(self) -> None:
        size = self.viewport().size()
        camera = self._camera.resized(size.width(), size.height(), self.devicePixelRatioF())
        self._look(camera.fitted() if self._fitting else camera)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh_window()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._refresh_window()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(self._wants_key(event))
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self._zoom_about(event.position(), self.zoom * (1.0 + event.value()))
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        touchpad = (
            event.phase() != Qt.ScrollPhase.NoScrollPhase
            or event.device().type() == QInputDevice.DeviceType.TouchPad
        )
        pixels = event.pixelDelta()
        zooming = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if touchpad and not pixels.isNull() and not zooming:
            self._pan(pixels.x(), pixels.y())
        else:
            notches = event.angleDelta().y() / 120
            self._zoom_about(event.position(), self.zoom * _WHEEL_STEP**notches)
        event.accept()

    def _pan(self, dx: float, dy: float) -> None:
        if self.has_picture:
            self._fitting = False
            self._look(self._camera.panned(dx, dy))

    def _begin_pan(self, position: QPointF) -> None:
        self._pan_from = position
        self._space_used = True
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def _take_pan_press(self, event: QMouseEvent) -> bool:
        """Start panning if this press means that."""
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space_held):
            self._begin_pan(event.position())
        return self._pan_from is not None

    def _take_pan_move(self, event: QMouseEvent) -> bool:
        if self._pan_from is None:
            return False
        step = event.position() - self._pan_from
        self._pan_from = event.position()
        self._pan(step.x(), step.y())
        return True

    def _take_pan_release(self) -> bool:
        if self._pan_from is None:
            return False
        self._pan_from = None
        self._show_cursor()
        return True

    def _show_cursor(self) -> None:
        """Set the cursor for what a press would do now; extended by subclasses."""
        if self._space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    def _wants_key(self, event: QKeyEvent) -> bool:
        """Whether this key is for the view rather than for a shortcut."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        return self.has_picture and plain and event.key() == Qt.Key.Key_Space

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants_key(event):
            event.ignore()
        elif not event.isAutoRepeat():
            self._space_held, self._space_used = True, False
            self._show_cursor()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or not self._space_held:
            event.ignore()
        elif not event.isAutoRepeat():
            self._space_held = False
            self._show_cursor()
            if not self._space_used:
                self._trigger_shortcut(QKeySequence(Qt.Key.Key_Space))

    def _trigger_shortcut(self, keys: QKeySequence) -> None:
        # Space was held back to see whether a drag follows; now it is a tap after all.
        for action in self.window().findChildren(QAction):
            if action.isEnabled() and keys in action.shortcuts():
                action.trigger()
                return

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        window = self.palette().color(QPalette.ColorRole.Window)
        dark = window.lightness() < 128
        painter.fillRect(rect, window.darker(150) if dark else window.darker(118))
