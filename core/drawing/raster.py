"""A drawing as pixels at a given resolution, for PNG files and previews.

Drawn at twice the resolution and averaged, so that lines of any width and small text are
smooth. Text is set in OpenCV's built-in outline font.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.drawing.drawing import Drawing, Group, Path, Picture, Rect, Shape, Text
from core.drawing.fonts import text_width

Pixels = NDArray[np.uint8]
_FINE = 2
_SHIFT = 4
_MOST = 30_000  # pixels a side, of the fine picture
_FACE = cv2.FontFace("sans")


def raster(drawing: Drawing, dpi: float) -> Pixels:
    """``(H, W, 3)`` uint8 RGB of the drawing.

    Raises
    ------
    ValueError
        If it would have more than 15,000 pixels a side.
    """
    scale = dpi / 72 * _FINE
    width, height = round(drawing.width * dpi / 72), round(drawing.height * dpi / 72)
    if max(width, height) * _FINE > _MOST or min(width, height) < 1:
        raise ValueError(f"{width} × {height} pixels")
    canvas = np.full((height * _FINE, width * _FINE, 3), _rgb(drawing.paper or "#ffffff"), np.uint8)
    for shape in drawing.shapes:
        _draw(canvas, shape, scale)
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _draw(canvas: Pixels, shape: Shape, scale: float) -> None:
    if isinstance(shape, Path):
        _path(canvas, shape, scale)
    elif isinstance(shape, Text):
        _text(canvas, shape, scale)
    elif isinstance(shape, Picture):
        _picture(canvas, shape, scale)
    else:
        _group(canvas, shape, scale)


def _group(canvas: Pixels, group: Group, scale: float) -> None:
    inside = canvas.copy()
    for shape in group.shapes:
        _draw(inside, shape, scale)
    x0, y0, x1, y1 = _pixels(group.clip, scale, canvas)
    canvas[y0:y1, x0:x1] = inside[y0:y1, x0:x1]


def _path(canvas: Pixels, path: Path, scale: float) -> None:
    ink = path.ink
    target = canvas.copy() if ink.opacity < 1 else canvas
    points = np.array(path.points) * scale
    fixed = np.round((np.clip(points, -60000, 60000) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    if ink.fill:
        cv2.fillPoly(target, [fixed], _rgb(ink.fill), cv2.LINE_AA, _SHIFT)
    if ink.stroke:
        width = max(round(ink.width * scale), 1)
        lines = _dashes(points, ink.dash, scale, closed=path.closed) if ink.dash else [fixed]
        closed = path.closed and not ink.dash
        cv2.polylines(target, lines, closed, _rgb(ink.stroke), width, cv2.LINE_AA, _SHIFT)
    if target is not canvas:
        canvas[:] = cv2.addWeighted(target, ink.opacity, canvas, 1 - ink.opacity, 0)


def _dashes(
    points: NDArray[np.float64], dash: tuple[float, ...], scale: float, *, closed: bool
) -> list[NDArray[np.int32]]:
    """The drawn pieces of a dashed line, in OpenCV's fixed point."""
    if closed:
        points = np.concatenate([points, points[:1]])
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    pattern = [part * scale for part in dash] * (1 + len(dash) % 2)
    pieces, at, k = [], 0.0, 0
    while at < along[-1] and sum(pattern) > 0:
        until = min(at + pattern[k % len(pattern)], along[-1])
        if k % 2 == 0:
            inner = along[(along > at) & (along < until)]
            stops = np.concatenate([[at], inner, [until]])
            xy = np.stack([np.interp(stops, along, points[:, i]) for i in (0, 1)], axis=1)
            pieces.append(np.round((xy - 0.5) * (1 << _SHIFT)).astype(np.int32))
        at, k = until, k + 1
    return pieces


def _text(canvas: Pixels, text: Text, scale: float) -> None:
    size = max(round(text.size * scale), 4)
    weight = 700 if text.bold else 400
    content = text.text
    bounds = cv2.getTextSize([0, 0], content, (0, 0), _FACE, size, weight)  # pyright: ignore
    x0, _, wide, _ = bounds
    pad = size
    layer = np.zeros((3 * size, wide + 2 * pad + abs(x0)), np.uint8)
    cv2.putText(layer, content, (pad, 2 * size), 255, _FACE, size, weight)  # pyright: ignore
    # Other formats set Helvetica: take its width, so that figures are the same everywhere.
    width = max(round(text_width(content, text.size, bold=text.bold) * scale), 1)
    box = layer[:, pad : pad + max(wide, 1)]
    box = cv2.resize(box, (width, box.shape[0]), interpolation=cv2.INTER_AREA)
    back = {"start": 0, "middle": width / 2, "end": width}[text.anchor]
    x, y = text.at[0] * scale, text.at[1] * scale
    if text.turned:
        mask, corner = (
            cv2.rotate(box, cv2.ROTATE_90_COUNTERCLOCKWISE),
            (x - 2 * size, y + back - width),
        )
    else:
        mask, corner = box, (x - back, y - 2 * size)
    _stamp(canvas, np.asarray(mask, np.uint8), corner, _rgb(text.color))


def _stamp(
    canvas: Pixels, mask: Pixels, corner: tuple[float, float], color: tuple[int, ...]
) -> None:
    x, y = round(corner[0]), round(corner[1])
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + mask.shape[1], canvas.shape[1]), min(y + mask.shape[0], canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    alpha = mask[y0 - y : y1 - y, x0 - x : x1 - x, None].astype(np.float32) / 255
    part = canvas[y0:y1, x0:x1].astype(np.float32)
    part += (np.array(color, np.float32) - part) * alpha
    canvas[y0:y1, x0:x1] = (part + 0.5).astype(np.uint8)


def _picture(canvas: Pixels, picture: Picture, scale: float) -> None:
    x0, y0, x1, y1 = (round(v * scale) for v in _corners(picture.rect))
    if x1 <= x0 or y1 <= y0:
        return
    image = picture.image
    smaller = (x1 - x0) < image.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC if picture.smooth else cv2.INTER_NEAREST
    sized = cv2.resize(image, (x1 - x0, y1 - y0), interpolation=way)
    cx0, cy0 = max(x0, 0), max(y0, 0)
    cx1, cy1 = min(x1, canvas.shape[1]), min(y1, canvas.shape[0])
    if cx1 <= cx0 or cy1 <= cy0:
        return
    seen = sized[cy0 - y0 : cy1 - y0, cx0 - x0 : cx1 - x0]
    if seen.shape[2] == 4:
        alpha = seen[:, :, 3:].astype(np.float32) / 255
        part = canvas[cy0:cy1, cx0:cx1].astype(np.float32)
        part += (seen[:, :, :3].astype(np.float32) - part) * alpha
        seen = (part + 0.5).astype(np.uint8)
    canvas[cy0:cy1, cx0:cx1] = seen


def _corners(rect: Rect) -> tuple[float, float, float, float]:
    x, y, w, h = rect
    return x, y, x + w, y + h


def _pixels(rect: Rect, scale: float, canvas: Pixels) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v * scale) for v in _corners(rect))
    height, width = canvas.shape[:2]
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
