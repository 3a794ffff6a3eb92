"""Figures for papers: frames with boxes, maps, patches and curves on one page.

A figure is a grid: a column for each chosen frame, a row for each kind of panel, and curves
below over the whole width with the chosen frames marked; with a single frame the panels stand side
by side. Sizes are millimetres and points of print. Boxes, curves and words are vectors; pictures
and maps are placed as images at their own resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.drawing.drawing import MM, Drawing, Ink, Rect, shortened
from core.geometry import Box
from core.params import param
from core.render.boxes import DrawnBox
from core.render.chart import Series, chart
from core.render.maps import COLORMAPS, MapLook, color_table, draw_map, normalized
from core.trackers.base import Patch, ResponseMap

PANELS = ("frame", "overlay", "map", "search", "template", "curves")
_TITLES = {
    "frame": "Frame %d",
    "overlay": "Frame %d with map",
    "map": "Map, frame %d",
    "search": "Search, frame %d",
    "template": "Template, frame %d",
}
_GAP = 2.0  # mm between panels
_TRUTH = "#ffffff"
_DASH = {0: (), 1: (), 2: (5.0, 3.0), 3: (1.5, 2.0)}  # by Source, as on screen


@dataclass(frozen=True, slots=True, eq=False)
class FrameView:
    """What is known of one frame.

    `picture` is ``(H, W, 3)`` uint8 RGB; None draws neutral ground of `size` (width, height).
    """

    index: int
    size: tuple[int, int]
    picture: NDArray[np.uint8] | None = None
    boxes: tuple[DrawnBox, ...] = ()
    truth: NDArray[np.float64] | None = None
    response: ResponseMap | None = None
    patches: Mapping[str, Patch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FigureLook:
    """How a figure is set; the dialog and the command line are made from these declarations."""

    width: float = param(
        178.0,
        "Width in print: 86 for a column, 178 for a page.",
        bounds=(20, 1000),
        unit="mm",
        label="Width in print",
    )
    dpi: int = param(
        300, "Resolution of PNG files.", bounds=(36, 1200), unit="dpi", label="Resolution"
    )
    font: float = param(8.0, "Size of the text.", bounds=(4, 24), unit="pt", label="Text size")
    line: float = param(1.0, "Width of lines.", bounds=(0.2, 6), unit="pt", label="Line width")
    columns: int = param(
        0,
        "Frames side by side before the next row; 0 for all.",
        bounds=(0, 60),
        label="Frames per row",
    )
    crop: float = param(
        0.0,
        "Show only so many times the target's size around it; 0 for the whole frame.",
        bounds=(0, 50),
        label="Crop around target",
    )
    curve_height: float = param(
        28.0, "Height of the curves.", bounds=(8, 300), unit="mm", label="Height of curves"
    )
    colormap: str = param("viridis", "Colours of maps.", choices=COLORMAPS, label="Colours of maps")
    opacity: float = param(0.75, "Of a map over the frame.", bounds=(0, 1), label="Opacity of maps")
    smooth: bool = param(False, "Interpolate between the cells of a map.", label="Smooth maps")
    bar: bool = param(True, "A colour bar beside maps.", label="Colour bar")
    titles: bool = param(True, "Frame numbers and names of panels.")
    legend: bool = param(True, "Names of boxes and curves.")
    blank: bool = param(
        False,
        "Draw neutral ground instead of pictures, to publish without them.",
        label="Blank instead of pictures",
    )


def draw_figure(
    views: Sequence[FrameView],
    panels: Sequence[str],
    look: FigureLook,
    *,
    curves: Sequence[Series] = (),
    title: str = "",
) -> Drawing:
    """The figure; panels that a frame has nothing for are left empty.

    Raises
    ------
    ValueError
        If there is no frame, no known panel, or nothing for the panels.
    """
    kinds = [kind for kind in panels if kind in PANELS and kind != "curves"]
    if not views or not (kinds or curves):
        raise ValueError("a figure needs a frame and a panel")
    blocks = _blocks(views, kinds, look)
    if not blocks and not (curves and "curves" in panels):
        raise ValueError("the frame has nothing for these panels")
    side = _bar_width(look, kinds) if blocks else 0.0
    inner = look.width * MM - side
    heights = [_block_height(block, inner, look) for block in blocks]
    has_curves = bool(curves) and "curves" in panels
    total = sum(heights) + _GAP * MM * max(len(blocks) - 1, 0)
    if has_curves:
        total += look.curve_height * MM + (_GAP * MM if blocks else 0)
    drawing = Drawing(look.width * MM, total, title)
    y = 0.0
    for block, height in zip(blocks, heights, strict=True):
        _draw_block(drawing, block, (0.0, y, inner, height), look)
        y += height + _GAP * MM
    if side:
        _color_bar(drawing, _first_map(views), (inner, 0.0, side, heights[0]), look)
    if has_curves:
        area = (0.0, y, look.width * MM, look.curve_height * MM)
        marks = [view.index for view in views]
        chart(drawing, area, curves, font=look.font, line=look.line, marks=marks,
              legend=look.legend)  # fmt: skip
    return drawing


# ---- the grid ---------------------------------------------------------------------------------

_Cell = tuple[FrameView, str]


def _blocks(
    views: Sequence[FrameView], kinds: Sequence[str], look: FigureLook
) -> list[list[_Cell]]:
    """Rows of panels: one frame side by side, several in columns."""
    if not kinds:
        return []
    if len(views) == 1:
        row = [(views[0], kind) for kind in kinds if _has(views[0], kind)]
        return [row] if row else []
    across = look.columns or len(views)
    rows = []
    for at in range(0, len(views), across):
        part = views[at : at + across]
        rows += [[(view, kind) for view in part] for kind in kinds]
    return [row for row in rows if any(_has(view, kind) for view, kind in row)]


def _has(view: FrameView, kind: str) -> bool:
    if kind in ("map", "overlay"):
        return view.response is not None
    return kind == "frame" or kind in view.patches


def _shape(cell: _Cell, look: FigureLook) -> float:
    """Width over height of a panel."""
    view, kind = cell
    if kind in ("search", "template") and kind in view.patches:
        height, width = view.patches[kind].image.shape[:2]
        return width / height
    if kind == "map" and view.response is not None:
        rows, cols = view.response.values.shape
        extent = view.response.placement.extent((rows, cols))
        return extent.w / extent.h
    part = _window(view, look)
    return part.w / part.h


def _block_height(block: Sequence[_Cell], width: float, look: FigureLook) -> float:
    gaps = _GAP * MM * (len(block) - 1)
    return (width - gaps) / sum(_shape(cell, look) for cell in block) + _caption(look)


def _caption(look: FigureLook) -> float:
    return look.font * 1.5 if look.titles else 0.0


def _bar_width(look: FigureLook, kinds: Sequence[str]) -> float:
    wanted = look.bar and any(kind in ("map", "overlay") for kind in kinds)
    return look.font * 4.6 if wanted else 0.0


def _first_map(views: Sequence[FrameView]) -> ResponseMap | None:
    return next((view.response for view in views if view.response is not None), None)


def _window(view: FrameView, look: FigureLook) -> Box:
    """The part of the frame that is shown."""
    width, height = view.size
    whole = Box(0, 0, width, height)
    target = view.boxes[0].box if view.boxes else None
    if look.crop <= 0 or target is None:
        return whole
    side = max(target.w, target.h) * look.crop
    w, h = min(side, width), min(side, height)
    x = min(max(target.cx - w / 2, 0), width - w)
    y = min(max(target.cy - h / 2, 0), height - h)
    return Box(round(x), round(y), max(round(w), 1), max(round(h), 1))


# ---- panels -----------------------------------------------------------------------------------


def _draw_block(drawing: Drawing, block: Sequence[_Cell], area: Rect, look: FigureLook) -> None:
    x, y, _, height = area
    caption = _caption(look)
    tall = height - caption
    for cell in block:
        wide = tall * _shape(cell, look)
        view, kind = cell
        if look.titles:
            words = _TITLES[kind] % view.index
            shown = shortened(words, wide, look.font)
            drawing.text((x, y + look.font), shown, look.font)
        _panel(drawing, view, kind, (x, y + caption, wide, tall), look)
        x += wide + _GAP * MM


def _panel(drawing: Drawing, view: FrameView, kind: str, rect: Rect, look: FigureLook) -> None:
    if kind == "map" and view.response is not None:
        levels = (normalized(view.response) * 255 + 0.5).astype(np.uint8)
        colors = color_table(look.colormap)[levels]
        drawing.picture(colors, rect, smooth=look.smooth)
        extent = view.response.placement.extent(view.response.values.shape)
        _outlines(drawing, view, extent, rect, look)
    elif kind in ("search", "template"):
        patch = view.patches.get(kind)
        if patch is not None and not look.blank:
            drawing.picture(patch.image, rect, smooth=False, photo=False)
    elif kind in ("frame", "overlay"):
        _frame(drawing, view, kind, rect, look)
    drawing.rect(rect, Ink("#404040", 0.4))


def _frame(drawing: Drawing, view: FrameView, kind: str, rect: Rect, look: FigureLook) -> None:
    part = _window(view, look)
    picture = None if look.blank else view.picture
    if picture is None:
        width, height = view.size
        picture = np.full((height, width, 3), 118, np.uint8)
    if kind == "overlay" and view.response is not None:
        style = MapLook(look.colormap, look.opacity, smooth=look.smooth)
        picture = draw_map(picture, view.response, style)
    x0, y0 = int(part.x), int(part.y)
    cut = picture[y0 : y0 + int(part.h), x0 : x0 + int(part.w)]
    drawing.picture(cut, rect, photo=True)
    _outlines(drawing, view, part, rect, look)


def _outlines(drawing: Drawing, view: FrameView, part: Box, rect: Rect, look: FigureLook) -> None:
    """Boxes and the true region, where they lie in the shown part of the frame."""
    x, y, w, h = rect

    def placed(px: float, py: float) -> tuple[float, float]:
        return x + (px - part.x) / part.w * w, y + (py - part.y) / part.h * h

    with drawing.clipped(rect):
        if view.truth is not None:
            corners = [placed(float(a), float(b)) for a, b in view.truth]
            drawing.line(corners, Ink("#000000", look.line + 0.8), closed=True)
            drawing.line(corners, Ink(_TRUTH, look.line, dash=(4, 1.5, 1, 1.5)), closed=True)
        for item in view.boxes:
            a, b = placed(item.box.x, item.box.y), placed(item.box.right, item.box.bottom)
            frame = (a[0], a[1], b[0] - a[0], b[1] - a[1])
            drawing.rect(frame, Ink("#000000", look.line + 0.8))
            drawing.rect(frame, Ink(item.color, look.line, dash=_DASH[int(item.source)]))
            if look.legend and item.title:
                drawing.text((a[0], a[1] - look.font * 0.3), item.title, look.font * 0.9,
                             color=item.color, bold=True)  # fmt: skip


def _color_bar(
    drawing: Drawing, response: ResponseMap | None, area: Rect, look: FigureLook
) -> None:
    if response is None:
        return
    x, y, _, height = area
    low, high = response.value_range or (
        float(response.values.min()), float(response.values.max())
    )  # fmt: skip
    caption = _caption(look)
    rect = (x + look.font * 0.8, y + caption, look.font, height - caption)
    ramp = color_table(look.colormap)[::-1, None, :]
    drawing.picture(ramp, rect, smooth=True)
    drawing.rect(rect, Ink("#404040", 0.4))
    right = rect[0] + rect[2] + look.font * 0.3
    drawing.text((right, rect[1] + look.font * 0.8), f"{high:.2g}", look.font * 0.9)
    drawing.text((right, rect[1] + rect[3]), f"{low:.2g}", look.font * 0.9)
