"""Comparison tables of a report: plain text, CSV, Markdown and LaTeX.

The best number of a column is bold, the second best underlined; that is only done where there
is something to compare. Tables by attribute and by sequence show one number per tracker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.evaluate.columns import Column

if TYPE_CHECKING:
    from core.evaluate.report import Report

Marked = Callable[[str, int], str]
"""Marks a text by its rank: 0 best, 1 second, 2 and more not."""


def plain(report: Report) -> str:
    """Aligned columns for a terminal: every sequence, then the means."""
    body = [(tracker, name, *texts(report, s.as_dict())) for tracker, name, s in report.rows()]
    table = [("tracker", "sequence", *(c.title for c in report.columns)), *body]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = []
    for number, row in enumerate(table):
        names = [t.ljust(w) for t, w in zip(row[:2], widths, strict=False)]
        cells = names + [t.rjust(w) for t, w in zip(row[2:], widths[2:], strict=True)]
        if number == 1 or (number > 1 and row[0] != table[number - 1][0]):
            lines.append("-" * (sum(widths) + 2 * len(widths) - 2))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def csv(report: Report) -> str:
    """Comma-separated values with a header, a line per row; attributes after the means."""
    keys = [column.key for column in report.columns]
    lines = [",".join(["tracker", "sequence", *keys])]
    rows = [(tracker, name, scores.as_dict()) for tracker, name, scores in report.rows()]
    for tracker in report.scores:
        for word, sequences in report.attribute_keys(tracker).items():
            rows.append((tracker, f"attribute {word}", report.over(tracker, sequences).as_dict()))
    for tracker, name, values in rows:
        numbers = ["" if math.isnan(values[k]) else f"{values[k]:.6g}" for k in keys]
        lines.append(",".join([_quoted(tracker), _quoted(name), *numbers]))
    return "\n".join(lines) + "\n"


def markdown(report: Report) -> str:
    """The comparison, tables by attribute and by sequence, and every row, in Markdown."""
    parts = []
    if len(report.scores) > 1:
        parts.append(_markdown(["tracker", *_titles(report)], comparison(report, _bold_underline)))
    for title, head, rows in _by_group(report, _bold_underline):
        parts.append(f"By {title}\n\n" + _markdown(head, rows))
    lines = ["| tracker | sequence | " + " | ".join(_titles(report)) + " |"]
    lines.append("|---|---|" + "---:|" * len(report.columns))
    for tracker, name, scores in report.rows():
        bold = "**" if name.startswith("mean") else ""
        cells = [f"{bold}{text}{bold}" for text in (name, *texts(report, scores.as_dict()))]
        lines.append(f"| {tracker} | " + " | ".join(cells) + " |")
    return "\n".join([*parts, "\n".join(lines) + "\n"])


def latex(report: Report) -> str:
    """The comparison and the tables by attribute and by sequence, for booktabs."""
    rows = [[_tex(row[0]), *row[1:]] for row in comparison(report, _textbf)]
    parts = [_latex(["tracker", *_titles(report)], rows)]
    for title, head, group in _by_group(report, _textbf):
        rows = [[_tex(row[0]), *row[1:]] for row in group]
        parts.append(f"% by {title}\n" + _latex([_tex(h) for h in head], rows))
    return "\n".join(parts)


def comparison(report: Report, mark: Marked) -> list[list[str]]:
    """A row per tracker: its name and its numbers over all sequences, the best two marked."""
    values = {name: report.mean(name).as_dict() for name in report.scores}
    cells = [
        _marked(column, [row[column.key] for row in values.values()], mark)
        for column in report.columns
    ]
    return [[name, *(column[k] for column in cells)] for k, name in enumerate(values)]


def texts(report: Report, values: Mapping[str, float]) -> list[str]:
    """The numbers of a row as texts; “–” where there is none."""
    return [number(column, values[column.key]) for column in report.columns]


def number(column: Column, value: float) -> str:
    """One number as text."""
    return "–" if math.isnan(value) else f"{value:.{column.digits}f}"


def ranks(column: Column, values: Sequence[float]) -> list[int]:
    """Rank of each value, 0 the best, by what is *shown*; large where there is nothing to rank."""
    shown = [math.nan if math.isnan(v) else round(v, column.digits) for v in values]
    different = sorted({v for v in shown if not math.isnan(v)}, reverse=column.best == "high")
    if not column.best or len(different) < 2:
        return [9] * len(shown)
    return [9 if math.isnan(v) else different.index(v) for v in shown]


def headline(report: Report) -> Column:
    """The number that stands for a tracker where there is room for one."""
    key = {"vot": "accuracy"}.get(report.protocol, "auc")
    if report.settings.get("metrics") == "got10k":
        key = "ao"
    return next(column for column in report.columns if column.key == key)


def _marked(column: Column, values: Sequence[float], mark: Marked) -> list[str]:
    order = ranks(column, values)
    return [mark(number(column, v), rank) for v, rank in zip(values, order, strict=True)]


def _by_group(report: Report, mark: Marked) -> list[tuple[str, list[str], list[list[str]]]]:
    """Tables of one number: attributes × trackers, sequences × trackers."""
    trackers, column = list(report.scores), headline(report)
    found = []
    by_attribute = {name: report.attribute_keys(name) for name in trackers}
    words = sorted({word for groups in by_attribute.values() for word in groups})
    if words:
        groups = [(f"{word}", [by_attribute[t].get(word, []) for t in trackers]) for word in words]
        found.append(("attribute", groups))
    keys = sorted({key for rows in report.scores.values() for key in rows})
    if len(trackers) > 1:
        each = [(key, [[key] if key in report.scores[t] else [] for t in trackers]) for key in keys]
        found.append(("sequence", each))
    tables = []
    for title, groups in found:
        rows = []
        for name, members in groups:
            values = [
                report.over(t, m).as_dict()[column.key] if m else math.nan
                for t, m in zip(trackers, members, strict=True)
            ]
            count = f" ({max(len(m) for m in members)})" if title == "attribute" else ""
            rows.append([name + count, *_marked(column, values, mark)])
        tables.append((f"{title} ({column.title})", [title, *trackers], rows))
    return tables


def _titles(report: Report) -> list[str]:
    return [column.title for column in report.columns]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _latex(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", "\\toprule"]
    lines += [" & ".join(head) + " \\\\", "\\midrule"]
    lines += [" & ".join(row).replace("–", "--") + " \\\\" for row in rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _bold_underline(text: str, rank: int) -> str:
    return (f"**{text}**", f"<u>{text}</u>")[rank] if rank < 2 else text


def _textbf(text: str, rank: int) -> str:
    return (f"\\textbf{{{text}}}", f"\\underline{{{text}}}")[rank] if rank < 2 else text


def _tex(text: str) -> str:
    for special in "&%$#_{}":
        text = text.replace(special, "\\" + special)
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text
