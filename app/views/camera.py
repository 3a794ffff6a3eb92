"""Where the frame lies in the view: zoom and the frame point at the view's centre.

View points are device-independent pixels. `zoom` counts *device* pixels per frame
pixel, so 1.0 shows every frame pixel on one pixel of the screen whatever the
display's scaling. The state is exact; only :attr:`Camera.offset`, what is painted,
is rounded to device pixels to keep pictures and lines crisp. Rounding therefore
never accumulates: zooming in and out about a point comes back to the same place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.geometry import Box

MIN_ZOOM, MAX_ZOOM = 0.1, 32.0
_KEEP_VISIBLE = 64.0  # view points of the frame that panning never pushes out of sight
_FIT_MARGIN = 12.0  # view points left free around a fitted frame


@dataclass(frozen=True, slots=True)
class Camera:
    """Immutable view of a ``frame_w × frame_h`` frame in a ``view_w × view_h`` window.

    `ratio` is the device pixel ratio of the screen, `center` the frame point shown
    in the middle of the view.
    """

    frame_w: float = 1.0
    frame_h: float = 1.0
    view_w: float = 1.0
    view_h: float = 1.0
    ratio: float = 1.0
    zoom: float = 1.0
    center: tuple[float, float] = (0.5, 0.5)

    @property
    def scale(self) -> float:
        """View points per frame pixel."""
        return self.zoom / self.ratio

    @property
    def offset(self) -> tuple[float, float]:
        """View position of the frame's top-left corner, on a whole device pixel."""
        x = self.view_w / 2 - self.center[0] * self.scale
        y = self.view_h / 2 - self.center[1] * self.scale
        return round(x * self.ratio) / self.ratio, round(y * self.ratio) / self.ratio

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """View position, as painted, of the frame point."""
        left, top = self.offset
        return left + x * self.scale, top + y * self.scale

    def to_frame(self, x: float, y: float) -> tuple[float, float]:
        """Frame point that is painted at the view position."""
        left, top = self.offset
        return (x - left) / self.scale, (y - top) / self.scale

    def fit_zoom(self) -> float:
        """Zoom at which the whole frame is in view."""
        room_w = max(self.view_w - 2 * _FIT_MARGIN, 1.0) / self.frame_w
        room_h = max(self.view_h - 2 * _FIT_MARGIN, 1.0) / self.frame_h
        return min(min(room_w, room_h) * self.ratio, MAX_ZOOM)

    def fitted(self) -> Camera:
        """The whole frame, centred."""
        middle = (self.frame_w / 2, self.frame_h / 2)
        return replace(self, zoom=self.fit_zoom(), center=middle)

    def zoomed_about(self, x: float, y: float, zoom: float) -> Camera:
        """With another zoom; the frame point at view position ``(x, y)`` stays there."""
        zoom = self._limited(zoom)
        dx, dy = x - self.view_w / 2, y - self.view_h / 2
        shift = 1 / self.scale - self.ratio / zoom
        center = (self.center[0] + dx * shift, self.center[1] + dy * shift)
        return replace(self, zoom=zoom, center=center)._kept_visible()

    def panned(self, dx: float, dy: float) -> Camera:
        """With the picture moved by ``(dx, dy)`` view points."""
        cx, cy = self.center
        return replace(self, center=(cx - dx / self.scale, cy - dy / self.scale))._kept_visible()

    def focused(self, box: Box, *, share: float = 0.4, max_zoom: float = 16.0) -> Camera:
        """Centred on `box`, which then takes about `share` of the view."""
        fit = min(self.view_w / max(box.w, 1.0), self.view_h / max(box.h, 1.0)) * self.ratio
        zoom = self._limited(min(fit * share, max_zoom))
        return replace(self, zoom=zoom, center=(box.cx, box.cy))._kept_visible()

    def resized(self, view_w: float, view_h: float, ratio: float) -> Camera:
        """In another window or on another screen: same zoom, same centre."""
        seen = replace(self, view_w=max(view_w, 1.0), view_h=max(view_h, 1.0), ratio=ratio)
        return seen._kept_visible()

    def _limited(self, zoom: float) -> float:
        # Huge frames in small windows need less than the usual minimum to be fitted.
        return min(max(zoom, min(MIN_ZOOM, self.fit_zoom())), MAX_ZOOM)

    def _kept_visible(self) -> Camera:
        return replace(
            self,
            center=(
                _clamped(self.center[0], self.frame_w, self.view_w / self.scale, self.scale),
                _clamped(self.center[1], self.frame_h, self.view_h / self.scale, self.scale),
            ),
        )


def _clamped(center: float, frame: float, view: float, scale: float) -> float:
    """Centre (frame pixels) such that a strip of the frame remains in the view."""
    strip = min(_KEEP_VISIBLE / scale, frame, view)
    return min(max(center, strip - view / 2), frame - strip + view / 2)
