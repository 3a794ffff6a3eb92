"""A page of lines, areas, text and pictures, in points from the top-left corner.

A drawing is a list of shapes; the writers of this package turn it into SVG, PDF or pixels. Lines
and text stay vectors where the format has them; pictures are placed whole, never resampled.
Widths of text are those of Helvetica, which all formats use or stand in for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.drawing.fonts import text_width

MM = 72 / 25.4
"""Points in a millimetre."""

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Ink:
    """How a path is drawn. Colours are ``#rrggbb``, empty for none; `dash` is in points."""

    stroke: str = "#000000"
    width: float = 0.75
    fill: str = ""
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Path:
    """A polyline, closed or not."""

    points: tuple[Point, ...]
    ink: Ink
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text with its base line at `at`; turned by 90° when `upright` is False."""

    at: Point
    text: str
    size: float
    color: str = "#000000"
    anchor: Anchor = "start"
    bold: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """``(H, W, 3 or 4)`` uint8 RGB(A) stretched over `rect` (x, y, w, h).

    With `smooth` viewers may interpolate; without, cells stay flat. `photo` may be stored
    with losses.
    """

    image: NDArray[np.uint8]
    rect: Rect
    smooth: bool = True
    photo: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes of which only the part inside `clip` is shown."""

    clip: Rect
    shapes: tuple[Shape, ...]


Shape = Path | Text | Picture | Group


@dataclass(slots=True)
class Drawing:
    """A page of `width` × `height` points that grows by its methods."""

    width: float
    height: float
    title: str = ""
    paper: str = "#ffffff"
    shapes: list[Shape] = field(default_factory=list)

    @classmethod
    def of_mm(cls, width: float, height: float, title: str = "", paper: str = "#ffffff") -> Drawing:
        """A page measured in millimetres."""
        return cls(width * MM, height * MM, title, paper)

    def line(
        self, points: Sequence[Point], ink: Ink | None = None, *, closed: bool = False
    ) -> None:
        """A polyline."""
        if len(points) > 1:
            self.shapes.append(Path(tuple(points), ink or Ink(), closed))

    def rect(self, rect: Rect, ink: Ink | None = None) -> None:
        """A rectangle x, y, w, h."""
        x, y, w, h = rect
        corners = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
        self.shapes.append(Path(corners, ink or Ink(), closed=True))

    def disc(self, at: Point, radius: float, ink: Ink) -> None:
        """A filled circle (a polygon of 24 corners: no reader can tell at these sizes)."""
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        points = [
            (at[0] + radius * float(np.cos(t)), at[1] + radius * float(np.sin(t))) for t in turns
        ]
        self.shapes.append(Path(tuple(points), ink, closed=True))

    def text(
        self,
        at: Point,
        text: str,
        size: float,
        *,
        color: str = "#000000",
        anchor: Anchor = "start",
        bold: bool = False,
        turned: bool = False,
    ) -> None:
        """A line of text with its base line at `at`."""
        if text:
            self.shapes.append(Text(at, text, size, color, anchor, bold, turned))

    def picture(
        self,
        image: NDArray[np.uint8],
        rect: Rect,
        *,
        smooth: bool = True,
        photo: bool = False,
    ) -> None:
        """A picture over a rectangle."""
        self.shapes.append(Picture(np.ascontiguousarray(image), rect, smooth, photo))

    @contextmanager
    def clipped(self, rect: Rect) -> Iterator[None]:
        """What is drawn in the block shows inside `rect` only."""
        outside, self.shapes = self.shapes, []
        try:
            yield
        finally:
            inside, self.shapes = self.shapes, outside
            self.shapes.append(Group(rect, tuple(inside)))


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """`text`, or as much of it as fits into `width` points with “…” at its end."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, width: float, size: float, lines: int, *, bold: bool = False) -> list[str]:
    """`text` broken between words into at most `lines` that fit; the last one is shortened."""
    found: list[str] = []
    words = text.split()
    while words:
        if len(found) == lines - 1:
            return [*found, shortened(" ".join(words), width, size, bold=bold)]
        count = 1
        while count < len(words) and (
            text_width(" ".join(words[: count + 1]), size, bold=bold) <= width
        ):
            count += 1
        found.append(shortened(" ".join(words[:count]), width, size, bold=bold))
        words = words[count:]
    return found
