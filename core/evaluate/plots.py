"""Plots of evaluations as SVG text: curves with a legend, points, and a small strip per sequence.

Plain SVG 1.1 that browsers, Inkscape and LaTeX (after conversion) read; black on white as
given, and light on dark where the viewer asks for it. Colours are Okabe and Ito's
(distinguishable with all common colour-vision deficiencies); from the ninth line on lines are
dashed, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLORS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#e69f00", "#56b4e9", "#7f6fc4", "#8c6d46"),
)
_DASHES = ("", "6 3", "2 2")
STRIP_OVERLAP, STRIP_SCORE = "#0072b2", "#e69f00"
"""Colours of the overlap and of the tracker's own score in the small curve of a failure."""
_STYLE = (
    "<style>text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif}"
    "@media (prefers-color-scheme: dark){.paper{fill:#1b1d21}.ink{fill:#e6e6e6}"
    ".soft{fill:#a9adb5}.grid{stroke:#34373d}.axis{stroke:#8b9099}}</style>"
)
_LEFT, _TOP, _WIDTH, _HEIGHT, _LEGEND_ROW = 58, 40, 400, 300, 20


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: `score` is shown in the legend and orders it (highest first)."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    score: float


@dataclass(frozen=True, slots=True)
class Point:
    """A named point of an accuracy-robustness plot."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Axis:
    """Label, range and the step between its ticks."""

    label: str
    low: float
    high: float
    step: float

    def ticks(self) -> list[float]:
        """Values with a tick."""
        count = math.floor((self.high - self.low) / self.step + 1e-9)
        return [self.low + k * self.step for k in range(count + 1)]


@dataclass(frozen=True, slots=True)
class Plot:
    """What a plot shows, before anybody draws it: curves or points over two axes."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    points: tuple[Point, ...] = ()

    def svg(self) -> str:
        """The plot as an SVG document."""
        if self.points:
            return point_plot(self.title, self.x, self.y, self.points)
        return line_plot(self.title, self.x, self.y, self.lines)


def line_plot(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """Curves over common axes; those without numbers are left out."""
    known = [line for line in lines if any(math.isfinite(v) for v in line.y)]
    by_name = {line.name: k for k, line in enumerate(lines)}
    ordered = sorted(known, key=lambda line: -line.score if math.isfinite(line.score) else 9)
    parts = []
    for line in reversed(ordered):  # the best lies on top
        points = " ".join(
            f"{_px(a, x):.1f},{_py(b, y):.1f}"
            for a, b in zip(line.x, line.y, strict=True)
            if math.isfinite(b) and x.low <= a <= x.high
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke-width="2" '
            f'stroke-linejoin="round" {_stroke(by_name[line.name])}/>'
        )
    legend = [(f"{line.name}  [{line.score:.3f}]", by_name[line.name], "line") for line in ordered]
    return _document(title, x, y, parts, legend)


def point_plot(title: str, x: Axis, y: Axis, points: Sequence[Point]) -> str:
    """Points over common axes, each with its own colour."""
    parts, legend = [], []
    for k, point in enumerate(points):
        if not (math.isfinite(point.x) and math.isfinite(point.y)):
            continue
        cx, cy = _px(point.x, x), _py(point.y, y)
        parts.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="6" fill="{_color(k)}"/>')
        legend.append((f"{point.name}  [{point.x:.3f}, {point.y:.3f}]", k, "point"))
    return _document(title, x, y, parts, legend)


def strip(
    values: Sequence[float],
    failures: Sequence[tuple[float, float]],
    width: int = 260,
    scores: Sequence[float] = (),
) -> str:
    """A small curve of overlaps from 0 to 1 with failures shaded.

    `failures` are ``(start, end)`` as shares of the length; `scores` a second, thinner curve of
    as many values.
    """
    height = 36
    shades = "".join(
        f'<rect class="bad" x="{a * width:.1f}" y="0" width="{max((b - a) * width, 1.5):.1f}" '
        f'height="{height}" fill="#d55e00" fill-opacity="0.25"/>'
        for a, b in failures
    )
    named = "overlap by frame"
    curves = _thin(values, width, height, STRIP_OVERLAP, 1.3)
    if len(scores):
        named += ", and the tracker's own score"
        curves = _thin(scores, width, height, STRIP_SCORE, 0.9) + curves
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{named}">'
        f"{shades}{curves}</svg>"
    )


def _thin(values: Sequence[float], width: int, height: int, color: str, stroke: float) -> str:
    """Lines through values from 0 to 1, broken where one is not known."""
    count = max(len(values) - 1, 1)
    pieces: list[list[str]] = [[]]
    for k, value in enumerate(values):
        if math.isfinite(value):
            y = (1 - min(max(value, 0.0), 1.0)) * (height - 4) + 2
            pieces[-1].append(f"{k / count * width:.1f},{y:.1f}")
        elif pieces[-1]:
            pieces.append([])
    return "".join(
        f'<polyline points="{" ".join(piece)}" fill="none" stroke="{color}" '
        f'stroke-width="{stroke}"/>'
        for piece in pieces
        if len(piece) > 1
    )


def _document(
    title: str,
    x: Axis,
    y: Axis,
    parts: Sequence[str],
    legend: Sequence[tuple[str, int, str]],
) -> str:
    longest = max((len(text) for text, *_ in legend), default=0)
    width = _LEFT + _WIDTH + 24 + (34 + round(6.9 * longest) if legend else 0)
    height = max(_TOP + _HEIGHT + 54, _TOP + 16 + _LEGEND_ROW * len(legend))
    clip = f'<clipPath id="area"><rect x="{_LEFT}" y="{_TOP - 8}" width="{_WIDTH + 8}" '
    clip += f'height="{_HEIGHT + 16}"/></clipPath>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>{_STYLE}<defs>{clip}</defs>",
            f'<rect class="paper" width="{width}" height="{height}" fill="#ffffff"/>',
            _text(_LEFT, 24, title, size=15, weight="600"),
            *_axes(x, y),
            '<g clip-path="url(#area)">',
            *parts,
            "</g>",
            *_legend(legend),
            "</svg>\n",
        ]
    )


def _axes(x: Axis, y: Axis) -> list[str]:
    right, bottom = _LEFT + _WIDTH, _TOP + _HEIGHT
    parts = []
    for value in x.ticks():
        at = _px(value, x)
        parts.append(_rule(at, _TOP, at, bottom, "grid", "#e3e5e8"))
        parts.append(_text(at, bottom + 18, _tick(value), anchor="middle", soft=True))
    for value in y.ticks():
        at = _py(value, y)
        parts.append(_rule(_LEFT, at, right, at, "grid", "#e3e5e8"))
        parts.append(_text(_LEFT - 8, at + 4, _tick(value), anchor="end", soft=True))
    parts.append(_rule(_LEFT, bottom, right, bottom, "axis", "#5c6168"))
    parts.append(_rule(_LEFT, _TOP, _LEFT, bottom, "axis", "#5c6168"))
    parts.append(_text(_LEFT + _WIDTH / 2, bottom + 40, x.label, anchor="middle", size=13))
    middle = _TOP + _HEIGHT / 2
    turned = _text(0, 0, y.label, anchor="middle", size=13)
    parts.append(f'<g transform="translate(17 {middle:.0f}) rotate(-90)">{turned}</g>')
    return parts


def _legend(legend: Sequence[tuple[str, int, str]]) -> list[str]:
    left, parts = _LEFT + _WIDTH + 22, []
    for row, (text, k, kind) in enumerate(legend):
        at = _TOP + 10 + row * _LEGEND_ROW
        if kind == "point":
            parts.append(f'<circle cx="{left + 10}" cy="{at}" r="5" fill="{_color(k)}"/>')
        else:
            parts.append(
                f'<line x1="{left}" y1="{at}" x2="{left + 22}" y2="{at}" stroke-width="2.5" '
                f"{_stroke(k)}/>"
            )
        parts.append(_text(left + 30, at + 4, text))
    return parts


def _px(value: float, axis: Axis) -> float:
    return _LEFT + (value - axis.low) / (axis.high - axis.low) * _WIDTH


def _py(value: float, axis: Axis) -> float:
    return _TOP + _HEIGHT - (value - axis.low) / (axis.high - axis.low) * _HEIGHT


def _color(k: int) -> str:
    return COLORS[k % len(COLORS)]


def _stroke(k: int) -> str:
    dash = _DASHES[k // len(COLORS) % len(_DASHES)]
    return f'stroke="{_color(k)}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _tick(value: float) -> str:
    return f"{round(value, 4):g}"


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str, color: str) -> str:
    return (
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{color}"/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    weight: str = "400",
    soft: bool = False,
) -> str:
    kind, color = ("soft", "#5c6168") if soft else ("ink", "#1b1d21")
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'font-family="sans-serif" text-anchor="{anchor}" fill="{color}" '
        f'xml:space="preserve">{escape(text)}</text>'
    )
