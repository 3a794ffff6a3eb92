"""A report as a PDF: tables, plots over all sequences and per attribute, failures, settings.

The same data as the JSON and the HTML report, on A4 pages; plots are vectors, text is text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.drawing.drawing import MM, Drawing, Ink, Rect, shortened, wrapped
from core.drawing.fonts import text_width
from core.drawing.pdf import pdf
from core.evaluate import figures, tables
from core.evaluate.pictures import NO_PICTURES, Pictures
from core.evaluate.plots import COLORS, STRIP_OVERLAP, STRIP_SCORE, Axis, Plot
from core.evaluate.report import Report
from core.wording import counted

_WIDTH, _HEIGHT, _MARGIN = 210 * MM, 297 * MM, 16 * MM
_INNER = _WIDTH - 2 * _MARGIN
_INK, _SOFT, _RULE = "#1b1d21", "#5c6168", "#c8ccd2"
_ROW = 13.0
_DASHES = ((), (5.0, 2.5), (1.5, 1.5))


def printed(report: Report, pictures: Pictures = NO_PICTURES) -> bytes:
    """The whole report as a PDF file.

    `pictures` are shown beside the failures they belong to.
    """
    return pdf(drawn(report, pictures), _title(report))


def drawn(report: Report, pictures: Pictures = NO_PICTURES) -> list[Drawing]:
    """The pages of :func:`printed`."""
    pages = _Pages(_title(report))
    pages.heading(pages.title, 18)
    head = ["tracker", *(column.title for column in report.columns)]
    count = len({key for rows in report.scores.values() for key in rows})
    metrics = report.settings.get("metrics", "boxtrail")
    note = " The best is bold, the second underlined." if len(report.scores) > 1 else ""
    pages.say(f"{counted(count, 'sequence')}; metrics: {metrics}.{note}")
    pages.table(head, tables.comparison(report, _ranked))
    pages.heading("Plots")
    pages.plots(list(figures.of_report(report).values()))
    _attributes(pages, report)
    _failures(pages, report, pictures)
    _sequences(pages, report, head)
    pages.heading("How it was made")
    pages.table(["setting", "value"], [list(fact) for fact in report.facts()], text=True)
    return pages.done()


def _title(report: Report) -> str:
    return f"Evaluation ({report.protocol.upper()})"


def _attributes(pages: _Pages, report: Report) -> None:
    groups = figures.by_attribute(report)
    if not groups:
        return
    column = tables.headline(report)
    pages.heading(f"By attribute ({column.title})")
    rows = []
    for word, members in groups.items():
        values = [
            report.over(t, members[t]).as_dict()[column.key] if t in members else math.nan
            for t in report.scores
        ]
        count = max(len(keys) for keys in members.values())
        ranked = zip(values, tables.ranks(column, values), strict=True)
        cells = (_ranked(tables.number(column, value), rank) for value, rank in ranked)
        rows.append([word, str(count), *cells])
    pages.table(["attribute", "sequences", *report.scores], rows)
    if report.protocol != "vot":
        found = [p for word in groups for p in figures.of_attribute(report, word).values()]
        pages.plots(found)


def _failures(pages: _Pages, report: Report, pictures: Pictures) -> None:
    pages.heading("Failures")
    found = [
        (tracker, key, failure)
        for tracker, sequences in report.details.items()
        for key in sorted(sequences)
        for failure in sequences[key].get("failures", ())
    ]
    if not found:
        pages.say("None.")
        return
    pages.say("Blue curves are overlaps, orange ones the tracker's own score; failures are shaded.")
    if pictures:
        pages.say("In the pictures the true box is white, the tracked one blue.")
    for tracker, key, failure in found:
        pages.failure(tracker, key, failure, pictures)


def _sequences(pages: _Pages, report: Report, head: Sequence[str]) -> None:
    pages.heading("Sequences")
    for tracker, rows in report.scores.items():
        body = [[key, *tables.texts(report, rows[key].as_dict())] for key in sorted(rows)]
        pages.say(tracker, below=3 * _ROW)
        pages.table(["sequence", *head[1:]], body)


class _Best(str):
    """The best number of a column."""


class _Second(str):
    """The second best one."""


def _ranked(text: str, rank: int) -> str:
    return (_Best(text), _Second(text))[rank] if rank < 2 else text


class _Pages:
    """Pages that fill from the top; what does not fit goes onto the next one."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._pages: list[Drawing] = []
        self._y = _HEIGHT
        self._room(0)

    def done(self) -> list[Drawing]:
        """All pages with their numbers."""
        for number, page in enumerate(self._pages, start=1):
            text = f"{self.title}, page {number} of {len(self._pages)}"
            page.text((_WIDTH - _MARGIN, _HEIGHT - 9 * MM), text, 7, color=_SOFT, anchor="end")
        return self._pages

    @property
    def page(self) -> Drawing:
        """The page being filled."""
        return self._pages[-1]

    def heading(self, text: str, size: float = 13) -> None:
        """A heading that keeps something below it."""
        self._room(size * 2 + 60)
        self._y += size * 1.8 if self._y > _MARGIN else size
        self.page.text((_MARGIN, self._y), text, size, color=_INK, bold=True)
        self._y += size * 0.7

    def say(self, text: str, below: float = 0) -> None:
        """A line of text with at least so much room `below` it."""
        self._room(_ROW + 6 + below)
        self._y += _ROW
        self.page.text((_MARGIN, self._y), shortened(text, _INNER, 9), 9, color=_SOFT)
        self._y += 5

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, text: bool = False
    ) -> None:
        """Numbers by row; with `text` the second column is left-aligned and wide.

        The head stands again where a table goes on on another page.
        """
        first = _INNER * (0.3 if text or len(head) < 9 else 0.24)
        rest = (_INNER - first) / max(len(head) - 1, 1)
        broken = [part for row in rows for part in _broken(row, rest - 4)] if text else rows
        self._room(3 * _ROW)
        self._row(head, (first, rest), head=True, text=text)
        for k, row in enumerate(broken):
            if self._room(_ROW):
                self._row(head, (first, rest), head=True, text=text)
            self._row(row, (first, rest), head=False, text=text)
            goes_on = k + 1 < len(broken) and not broken[k + 1][0]
            if not goes_on:
                self._rule()
        self._y += 8

    def _row(
        self, row: Sequence[str], widths: tuple[float, float], *, head: bool, text: bool
    ) -> None:
        first, rest = widths
        self._y += _ROW
        for c, cell in enumerate(row):
            shown = shortened(cell, (first if c == 0 else rest) - 4, 8)
            color, bold = _SOFT if head else _INK, head or isinstance(cell, _Best)
            left = c == 0 or text
            x = _MARGIN + (0 if c == 0 else first if text else first + c * rest)
            anchor = "start" if left else "end"
            self.page.text((x, self._y), shown, 8, color=color, anchor=anchor, bold=bold)
            if isinstance(cell, _Second):
                start = x - text_width(shown, 8)
                self.page.line([(start, self._y + 1.6), (x, self._y + 1.6)], Ink(_INK, 0.5))
        if head:
            self._rule()

    def _rule(self) -> None:
        y = self._y + 3.5
        self.page.line([(_MARGIN, y), (_WIDTH - _MARGIN, y)], Ink(_RULE, 0.4))

    def plots(self, plots: Sequence[Plot]) -> None:
        """Two plots a row."""
        wide, high = (_INNER - 5 * MM) / 2, 58 * MM
        for k, plot in enumerate(plots):
            if k % 2 == 0:
                self._room(high + 8)
                self._y += high + 8
            x = _MARGIN + (k % 2) * (wide + 5 * MM)
            draw_plot(self.page, plot, (x, self._y - high, wide, high))

    def failure(self, tracker: str, key: str, failure: dict, pictures: Pictures) -> None:
        """One failure: pictures, words, and the overlap around it."""
        shown = pictures.get((tracker, key, failure["start"]))
        high = 27 * MM if shown is not None else 14 * MM
        self._room(high + 6)
        top, x = self._y + 6, _MARGIN
        for picture in () if shown is None else (shown.frame, shown.map):
            if picture is not None:
                self.page.picture(picture, (x, top, high, high), photo=True)
                x += high + 2 * MM
        wide = 46 * MM
        room = _WIDTH - _MARGIN - wide - 3 * MM - x
        first, count = failure["start"], failure["length"]
        words = f"{tracker} on {key}: frame {first}, {counted(count, 'frame')}"
        y = top + 9
        for line in wrapped(words, room, 8.5, 2, bold=True):
            self.page.text((x, y), line, 8.5, color=_INK, bold=True)
            y += 11
        for text in (failure.get("reason", ""), failure.get("words", "")):
            for line in wrapped(text, room, 7.5, 2):
                self.page.text((x, y), line, 7.5, color=_SOFT)
                y += 9.5
        _strip(self.page, failure, (_WIDTH - _MARGIN - wide, top, wide, 14 * MM))
        self._y = top + high

    def _room(self, height: float) -> bool:
        """Begin a page where `height` does not fit on this one; whether one was begun."""
        if self._y + height <= _HEIGHT - _MARGIN:
            return False
        self._pages.append(Drawing(_WIDTH, _HEIGHT, self.title))
        self._y = _MARGIN
        return True


def _broken(row: Sequence[str], wide: float) -> list[list[str]]:
    """A row of two texts as several where the second is long."""
    parts = wrapped(row[1], wide, 8, 12) or [""]
    return [[row[0] if k == 0 else "", part] for k, part in enumerate(parts)]


def draw_plot(drawing: Drawing, plot: Plot, area: Rect, font: float = 7.0) -> None:
    """A plot of an evaluation in `area`, with its legend inside the axes."""
    x, y, w, h = area
    inner = (x + font * 4, y + font * 1.8, w - font * 5, h - font * 5)
    drawing.text((inner[0], y + font), shortened(plot.title, inner[2], font + 1), font + 1,
                 color=_INK, bold=True)  # fmt: skip
    _plot_axes(drawing, plot, inner, font)
    order = {name: k for k, name in enumerate([ln.name for ln in plot.lines] or
                                              [p.name for p in plot.points])}  # fmt: skip
    with drawing.clipped(inner):
        for line in plot.lines:
            k = order[line.name]
            known = [(a, b) for a, b in zip(line.x, line.y, strict=True) if math.isfinite(b)]
            points = [_at(plot, inner, a, b) for a, b in known]
            ink = Ink(COLORS[k % len(COLORS)], 1.1, dash=_DASHES[k // len(COLORS) % 3])
            drawing.line(points, ink)
    for point in plot.points:
        if math.isfinite(point.x) and math.isfinite(point.y):
            color = COLORS[order[point.name] % len(COLORS)]
            drawing.disc(_at(plot, inner, point.x, point.y), 2.6, Ink("", 0, color))
    best_first = sorted(plot.lines, key=lambda ln: -ln.score if math.isfinite(ln.score) else 9)
    legend = [(f"{ln.name}  [{ln.score:.3f}]", order[ln.name]) for ln in best_first]
    legend += [(f"{p.name}  [{p.x:.2f}, {p.y:.2f}]", order[p.name]) for p in plot.points]
    right = bool(plot.lines) and plot.lines[0].y[-1] < 0.6 * max(plot.lines[0].y[0], 1e-9)
    dots = bool(plot.points)
    _plot_legend(drawing, legend, inner, font, right=right or dots, dots=dots)


def _plot_legend(
    drawing: Drawing,
    legend: Sequence[tuple[str, int]],
    inner: Rect,
    font: float,
    *,
    right: bool,
    dots: bool,
) -> None:
    """In the corner that curves leave free: upper right for falling ones, else lower right."""
    x, y, w, h = inner
    step = font * 1.35
    at = y + step if right and len(legend) else y + h - step * len(legend) + font * 0.4
    for text, k in legend[:10]:
        drawing.text((x + w - font * 0.9, at), text, font, color=_INK, anchor="end")
        color, left, y_at = COLORS[k % len(COLORS)], x + w - font * 0.4, at - font * 0.3
        if dots:
            drawing.disc((left + font * 0.3, y_at), 2.2, Ink("", 0, color))
        else:
            drawing.line([(left, y_at), (left + font, y_at)], Ink(color, 2.0))
        at += step


def _plot_axes(drawing: Drawing, plot: Plot, inner: Rect, font: float) -> None:
    x, y, w, h = inner
    for value in plot.x.ticks():
        at = _at(plot, inner, value, plot.y.low)
        drawing.line([at, (at[0], y)], Ink("#e3e5e8", 0.4))
        drawing.text((at[0], y + h + font * 1.3), _tick(value), font, color=_SOFT, anchor="middle")
    for value in plot.y.ticks():
        at = _at(plot, inner, plot.x.low, value)
        drawing.line([at, (x + w, at[1])], Ink("#e3e5e8", 0.4))
        drawing.text((x - 3, at[1] + font * 0.35), _tick(value), font, color=_SOFT, anchor="end")
    drawing.line([(x, y), (x, y + h), (x + w, y + h)], Ink("#5c6168", 0.6))
    label = shortened(plot.x.label, w, font)
    drawing.text((x + w / 2, y + h + font * 2.7), label, font, color=_INK, anchor="middle")
    drawing.text((x - font * 2.6, y + h / 2), plot.y.label, font, color=_INK, anchor="middle",
                 turned=True)  # fmt: skip


def _strip(drawing: Drawing, failure: dict, area: Rect) -> None:
    x, y, w, h = area
    curve = failure["curve"]
    count = max(len(curve) - 1, 1)
    start = (failure["start"] - failure["curve_start"]) / count
    until = min(start + failure["length"] / count, 1.0)
    drawing.rect((x + start * w, y, max((until - start) * w, 1.0), h), Ink("", 0, "#f6d3c1"))
    for values, ink in (
        (failure.get("scores", ()), Ink(STRIP_SCORE, 0.6)),
        (curve, Ink(STRIP_OVERLAP, 0.8)),
    ):
        piece: list[tuple[float, float]] = []
        for k, value in enumerate([*values, None]):
            if value is not None and math.isfinite(value):
                piece.append((x + k / count * w, y + (1 - min(max(value, 0.0), 1.0)) * h))
                continue
            drawing.line(piece, ink)
            piece = []
    drawing.rect(area, Ink(_RULE, 0.4))


def _at(plot: Plot, inner: Rect, a: float, b: float) -> tuple[float, float]:
    x, y, w, h = inner
    return x + _share(a, plot.x) * w, y + (1 - _share(b, plot.y)) * h


def _share(value: float, axis: Axis) -> float:
    return (value - axis.low) / (axis.high - axis.low)


def _tick(value: float) -> str:
    return f"{round(value, 4):g}"
