"""A report as one HTML file: comparison, plots, attributes, failures; nothing is loaded.

The same data as the JSON report; the pictures are SVG in the page itself, so that the file
can be sent and kept. Light or dark follows the reader's system.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from core.evaluate import figures, plots, tables
from core.evaluate.pictures import NO_PICTURES, SIDE, Card, Picture, Pictures, as_jpeg
from core.evaluate.report import Report
from core.wording import counted

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1d21;--soft:#5c6168;--line:#d9dce0}
@media (prefers-color-scheme:dark){
:root{--paper:#1b1d21;--ink:#e6e6e6;--soft:#a9adb5;--line:#3a3e45}}
body{margin:0 auto;max-width:1200px;padding:24px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,'Segoe UI',Helvetica,Arial,sans-serif}
h1{font-size:24px}h2{font-size:19px;margin-top:36px}h3{font-size:16px}
table{border-collapse:collapse;margin:12px 0}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:right;
font-variant-numeric:tabular-nums}
th:first-child,td:first-child,td.text,th.text{text-align:left}
th{color:var(--soft);font-weight:600}
.plots{display:flex;flex-wrap:wrap;gap:16px}
.plots>div{border:1px solid var(--line);border-radius:6px;overflow:hidden;
flex:1 1 420px;max-width:568px}
.soft{color:var(--soft)}u{text-decoration-thickness:2px}
details{margin:8px 0}summary{cursor:pointer}svg{max-width:100%;height:auto;vertical-align:middle}
.scroll{overflow-x:auto}
.cards{display:flex;flex-wrap:wrap;gap:14px}
.card{border:1px solid var(--line);border-radius:6px;padding:8px 10px;width:326px}
.card p{margin:2px 0}.images{display:flex;gap:6px;margin:4px 0}
@media print{
:root{color-scheme:light;--paper:#fff;--ink:#1b1d21;--soft:#5c6168;--line:#d9dce0}
body{max-width:none;padding:0;font-size:12px}
.paper{fill:#fff!important}.ink{fill:#1b1d21!important}.soft{fill:#5c6168!important}
.grid{stroke:#e3e5e8!important}.axis{stroke:#5c6168!important}
h1,h2,h3,summary{break-after:avoid}
.plots>div,.card,tr{break-inside:avoid}
.plots>div{flex:0 0 46%}.scroll{overflow:visible}
details::details-content{content-visibility:visible;display:block;height:auto}}
"""


def page(report: Report, pictures: Pictures = NO_PICTURES) -> str:
    """The whole page; `pictures` are embedded beside the failures they belong to.

    Returns
    -------
    str
        HTML with the plots in it.
    """
    sections = [
        _summary(report),
        "<h2>Plots</h2><div class='plots'>" + _figures(plots_of(report, attributes=False)),
        "</div>",
        _attributes(report),
        _failures(report, pictures),
        _sequences(report),
        _errors(report),
        _settings(report),
    ]
    title = f"Evaluation ({report.protocol.upper()})"
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        + "\n".join(section for section in sections if section)
        + "\n</body></html>\n"
    )


def plots_of(report: Report, *, attributes: bool = True) -> dict[str, str]:
    """The plots of a report as SVG texts by name: ``success``, ``success_occlusion``, ``ar``."""
    found = figures.of_report(report)
    if attributes and report.protocol != "vot":
        for word in figures.by_attribute(report):
            found |= figures.of_attribute(report, word)
    return {name: plot.svg() for name, plot in found.items()}


def _summary(report: Report) -> str:
    def mark(text: str, rank: int) -> str:
        text = escape(text)
        return (f"<b>{text}</b>", f"<u>{text}</u>")[rank] if rank < 2 else text

    head = ["tracker", *(column.title for column in report.columns)]
    rows = [[escape(row[0]), *row[1:]] for row in tables.comparison(report, mark)]
    count = len({key for rows_ in report.scores.values() for key in rows_})
    note = "The best is bold, the second underlined. " if len(report.scores) > 1 else ""
    metrics = report.settings.get("metrics", "boxtrail")
    return (
        f"<p class='soft'>{counted(count, 'sequence')}; metrics: {escape(str(metrics))}. {note}</p>"
        + _table(head, rows)
    )


def _figures(texts: Mapping[str, str]) -> str:
    return "".join(f"<div>{_unique(text, name)}</div>" for name, text in texts.items())


def _unique(text: str, name: str) -> str:
    # Several pictures in one page must not share the name of their clipping area.
    return text.replace('id="area"', f'id="area-{name}"').replace(
        "url(#area)", f"url(#area-{name})"
    )


def _attributes(report: Report) -> str:
    groups = figures.by_attribute(report)
    if not groups:
        return ""
    column = tables.headline(report)
    rows = []
    for word, members in groups.items():
        values = [
            report.over(t, members[t]).as_dict()[column.key] if t in members else math.nan
            for t in report.scores
        ]
        count = max(len(keys) for keys in members.values())
        cells = [tables.number(column, v) for v in values]
        ranked = tables.ranks(column, values)
        marked = [
            f"<b>{c}</b>" if r == 0 else f"<u>{c}</u>" if r == 1 else c
            for c, r in zip(cells, ranked, strict=True)
        ]
        rows.append([escape(word), str(count), *marked])
    head = ["attribute", "sequences", *(f"{escape(t)} {column.title}" for t in report.scores)]
    whole = figures.of_report(report)
    rest = {name: text for name, text in plots_of(report).items() if name not in whole}
    shown = "" if report.protocol == "vot" else f"<div class='plots'>{_figures(rest)}</div>"
    more = f"<details><summary>Plots of every attribute</summary>{shown}</details>" if shown else ""
    return f"<h2>By attribute</h2>{_table(head, rows)}{more}"


def _failures(report: Report, pictures: Pictures) -> str:
    parts, scored = [], False
    for tracker, sequences in report.details.items():
        found = [
            (key, failure)
            for key in sorted(sequences)
            for failure in sequences[key].get("failures", ())
        ]
        scored = scored or any(failure.get("scores") for _, failure in found)
        cards = [
            _card(key, failure, pictures.get((tracker, key, failure["start"])))
            for key, failure in found
        ]
        if cards:
            parts.append(
                f"<h3>{escape(tracker)}: {counted(len(cards), 'failure')}</h3>"
                f"<div class='cards'>{''.join(cards)}</div>"
            )
    if not parts:
        return "<h2>Failures</h2><p>None.</p>"
    how = "Curves: the overlap (blue)" + (
        " and the tracker's own score (orange); the failure is shaded."
        if scored
        else "; the failure is shaded."
    )
    if pictures:
        how += " Pictures: the true box is white, the tracked one blue."
    return f"<h2>Failures</h2><p class='soft'>{how}</p>" + "".join(parts)


def _card(key: str, failure: Mapping[str, Any], shown: Card | None) -> str:
    first, count = failure["start"], failure["length"]
    frames = f"frame {first}" if count == 1 else f"frames {first} to {first + count - 1}"
    images = "" if shown is None else _embedded(shown.frame, "the frame with both boxes")
    if shown is not None and shown.map is not None:
        images += _embedded(shown.map, "the tracker's map there")
    if images:
        images = f"<div class='images'>{images}</div>"
    said = f"<p class='soft'>The tracker: {escape(failure['words'])}</p>" * bool(failure["words"])
    curve = plots.strip(
        _floats(failure["curve"]),
        _shaded(failure),
        width=2 * SIDE + 6,
        scores=_floats(failure.get("scores", ())),
    )
    title = f"<b>{escape(key)}</b> <span class='soft'>{frames}</span>"
    return (
        f"<div class='card'><p>{title}</p>{images}{curve}"
        f"<p>{escape(failure['reason'])}</p>{said}</div>"
    )


def _embedded(picture: Picture, words: str) -> str:
    data = base64.b64encode(as_jpeg(picture)).decode("ascii")
    side = picture.shape[0]
    return (
        f"<img width='{side}' height='{side}' alt='{escape(words, quote=True)}' "
        f"src='data:image/jpeg;base64,{data}'>"
    )


def _shaded(failure: Mapping[str, Any]) -> list[tuple[float, float]]:
    count = max(len(failure["curve"]) - 1, 1)
    start = (failure["start"] - failure["curve_start"]) / count
    return [(start, min(start + failure["length"] / count, 1.0))]


def _sequences(report: Report) -> str:
    parts = []
    for tracker, rows in report.scores.items():
        body = []
        for key in sorted(rows):
            detail = report.details.get(tracker, {}).get(key, {})
            curve = _floats(detail.get("overlap_curve", ()))
            shown = plots.strip(curve, []) if curve else ""
            body.append([escape(key), *tables.texts(report, rows[key].as_dict()), shown])
        head = ["sequence", *(column.title for column in report.columns), "overlap by frame"]
        parts.append(
            f"<details{' open' if len(report.scores) == 1 else ''}>"
            f"<summary>{escape(tracker)}</summary>{_table(head, body)}</details>"
        )
    return "<h2>Sequences</h2>" + "".join(parts)


def _errors(report: Report) -> str:
    if not report.failures:
        return ""
    rows = [[escape(f.tracker), _cell(f.key), _cell(f.message)] for f in report.failures]
    return "<h2>Not evaluated</h2>" + _table(["tracker", "sequence", "why"], rows, text=(1, 2))


def _settings(report: Report) -> str:
    rows = [[escape(name), _cell(value)] for name, value in report.facts()]
    table = _table(["setting", "value"], rows, text=(1,))
    return f"<h2>How it was made</h2><details><summary>Settings</summary>{table}</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = ()) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag} class='text'>{c}</{tag}>" if k in text else f"<{tag}>{c}</{tag}>"
            for k, c in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f"<div class='scroll'><table><thead><tr>{cells(head, 'th')}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    return escape(text) or "–"


def _floats(values: Sequence[float | None]) -> list[float]:
    return [math.nan if v is None else float(v) for v in values]
