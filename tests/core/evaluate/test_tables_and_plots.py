"""Tables, plots and the HTML page of a report, on made-up scores."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest

from core.drawing.drawing import Drawing, Text
from core.evaluate import html, plots, printed, tables
from core.evaluate.columns import Column
from core.evaluate.figures import before_failure, of_attribute, of_keys
from core.evaluate.metrics import Scores
from core.evaluate.plots import Axis, Line, Point
from core.evaluate.report import Report

NAN = math.nan


def _scores(auc: float, fps: float = 50.0) -> Scores:
    return Scores(auc, auc, auc, auc, auc, auc, fps, 1000 / fps)


def _detail(auc: float) -> dict:
    failure = {
        "start": 12,
        "length": 5,
        "reason": "the box jumped <far>",
        "words": "",
        "curve_start": 8,
        "curve": [1.0, 0.5, None, 0.0, 0.9],
    }
    return {
        "success_curve": [auc] * 21,
        "precision_curve": [auc] * 51,
        "normalized_precision_curve": [auc] * 51,
        "overlap_curve": [auc, None, auc],
        "failures": [failure],
        "ao_frames": 10,
    }


@pytest.fixture
def report() -> Report:
    values = {"a_1": (0.5, 0.7), "b&b": (0.6, 0.9), "c": (0.4, 0.2)}
    made = Report({"protocol": "ope", "params": {"a_1": {"x": 1}}}, {"boxtrail": "1"})
    for name, (x, y) in values.items():
        made.scores[name] = {"S/x": _scores(x), "S/y": _scores(y)}
        made.details[name] = {"S/x": _detail(x), "S/y": _detail(y)}
    made.attributes = {"S/x": ["occlusion"], "S/y": ["occlusion", "fast motion"]}
    return made


def test_that_the_best_two_are_marked_in_markdown(report):
    text = report.markdown()
    lines = {line.split("|")[1].strip(): line for line in text.split("\n\n")[0].splitlines()}
    assert "**0.750**" in lines["b&b"]
    assert "<u>0.600</u>" in lines["a_1"]
    assert "*" not in lines["c"]
    assert "<u>" not in lines["c"]


def test_that_low_is_better_for_times_and_equal_numbers_share_a_rank():
    low = Column("p95_ms", "p95 ms", 1, "low")
    assert tables.ranks(low, [5.0, 3.0, 3.01, NAN]) == [1, 0, 0, 9]
    assert tables.ranks(low, [5.0, NAN]) == [9, 9]  # nothing to compare
    assert tables.ranks(Column("frames", "frames", 0, ""), [5.0, 3.0]) == [9, 9]


def test_that_attributes_and_sequences_have_tables(report):
    text = report.markdown()
    assert "By attribute (AUC)" in text
    row = next(line for line in text.splitlines() if line.startswith("| fast motion (1)"))
    assert [cell.strip() for cell in row.split("|")[2:5]] == ["<u>0.700</u>", "**0.900**", "0.200"]
    assert "| occlusion (2) |" in text
    assert "By sequence (AUC)" in text
    assert "attribute fast motion,0.7" in report.csv()


def test_that_latex_is_marked_and_escaped(report):
    text = report.latex()
    assert "b\\&b & \\textbf{0.750}" in text
    assert "a\\_1 & \\underline{0.600}" in text
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 3


def test_that_a_single_tracker_is_not_compared_with_itself(report):
    del report.scores["c"], report.scores["b&b"]
    assert "**0.600**" in report.markdown()  # the mean, as ever
    assert "\\textbf" not in report.latex()


def _svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def test_that_plots_are_svg_with_axes_and_a_legend_by_score(report):
    found = html.plots_of(report)
    assert set(found) >= {"success", "precision", "normalized_precision", "success_occlusion"}
    root = _svg(found["success"])
    words = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    assert "Overlap threshold" in words
    legend = [word for word in words if "[" in word]
    assert legend == ["b&b  [0.750]", "a_1  [0.600]", "c  [0.300]"]
    assert sum(e.tag.endswith("polyline") for e in root.iter()) == 3


def test_that_a_curve_runs_through_its_values():
    axis = Axis("x", 0, 1, 0.5)
    text = plots.line_plot("t", axis, axis, [Line("l", [0, 0.5, 1], [1, 0.5, NAN], 0.5)])
    points = re.search(r'points="([^"]+)"', text)
    assert points is not None
    pairs = [tuple(map(float, p.split(","))) for p in points[1].split()]
    assert len(pairs) == 2  # what is not a number is not drawn
    assert pairs[0] == (58.0, 40.0)  # top left
    assert pairs[1] == (258.0, 190.0)  # the middle


def test_that_many_lines_stay_distinguishable():
    axis = Axis("x", 0, 1, 0.5)
    lines = [Line(str(k), [0, 1], [0, 1], k) for k in range(12)]
    text = plots.line_plot("t", axis, axis, lines)
    strokes = re.findall(r'<polyline [^>]*(stroke="#[^/]*)/>', text)
    assert len(set(strokes)) == 12


def test_that_points_without_numbers_are_left_out():
    axis = Axis("x", 0, 1, 0.5)
    text = plots.point_plot("t", axis, axis, [Point("a<b", 0.5, 0.5), Point("n", NAN, 0.1)])
    _svg(text)
    assert "a&lt;b" in text
    assert text.count("<circle") == 2  # the point and its legend


def test_that_a_run_without_help_is_judged_up_to_its_first_lasting_failure():
    overlaps = np.full(60, 0.8)
    overlaps[[5, 6, 7]] = 0.0  # recovers within ten frames
    overlaps[3] = NAN  # absent
    overlaps[40:] = 0.05
    total, tracked, frames = before_failure(overlaps)
    assert (tracked, frames) == (39, 59)
    assert total == pytest.approx(36 * 0.8)
    assert before_failure(overlaps[:40]) == (pytest.approx(36 * 0.8), 39, 39)


def test_that_sequences_without_an_attribute_are_left_out_of_its_plots(report):
    plot = of_attribute(report, "fast motion")["success_fast_motion"]
    assert {line.name: line.score for line in plot.lines} == {"a_1": 0.7, "b&b": 0.9, "c": 0.2}
    only = of_keys(report, ["S/x"], "x")["success"]
    assert [line.score for line in only.lines] == [0.5, 0.6, 0.4]


class _Checker(HTMLParser):
    """Notes links to outside and whether tags are closed."""

    VOID = ("meta", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.outside += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass


def test_that_the_page_is_whole_and_loads_nothing(report):
    text = html.page(report)
    checker = _Checker()
    checker.feed(text)
    assert checker.open == []
    assert checker.outside == []
    assert "url(http" not in text
    assert "@import" not in text
    assert "the box jumped &lt;far&gt;" in text
    assert "<script" not in text
    assert text.count("occlusion") >= 3
    assert "b&amp;b" in text
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def _lines(page: Drawing) -> list[Text]:
    return [shape for shape in page.shapes if isinstance(shape, Text)]


def test_that_the_printed_report_marks_the_best_and_orders_legends_by_score(report):
    [first, *_] = printed.drawn(report)
    bold = {line.text for line in _lines(first) if line.bold and line.at[1] < 140}
    assert {"0.750"} < bold  # the mean of b&b
    assert not bold & {"0.600", "0.300"}
    legend = [line.text for line in _lines(first) if line.text.endswith("]")]
    assert legend[:3] == ["b&b  [0.750]", "a_1  [0.600]", "c  [0.300]"]


def test_that_a_printed_table_has_its_head_on_every_page(report):
    for name, scores in report.scores.items():
        for key in (f"S/{k:03}" for k in range(90)):
            scores[key] = _scores(0.5)
            report.details[name][key] = {**_detail(0.5), "failures": []}
    pages = printed.drawn(report)
    heads = [{line.text for line in _lines(page)} for page in pages]
    rows = [{text for text in head if text.startswith("S/0")} for head in heads]
    assert sum(map(bool, rows)) > 3
    for head, row in zip(heads, rows, strict=True):
        assert not row or {"sequence", "AUC"} <= head
    for page in pages:
        lowest = max(_lines(page), key=lambda line: (line.size > 7) * line.at[1]).text
        assert lowest not in report.scores, "a name stands alone at the end of a page"


def test_that_the_page_is_printed_light_and_whole(report):
    style = html.page(report).partition("@media print{")[2]
    assert "color-scheme:light" in style
    assert "details::details-content" in style


def test_that_reset_based_reports_have_their_own_plots():
    report = Report({"protocol": "vot", "year": 2018, "counting": "toolkit"})
    from core.evaluate.supervised import SupervisedScores

    row = {"overlaps": [0.0] + [0.8] * 119, "starts": [0], "failures": [], "skipped": []}
    report.scores = {"t": {"V/a": SupervisedScores(0.8, 1.0, 0.0, 0.8, 120.0)}}
    report.details = {"t": {"V/a": {"repetitions": [row], "failures": []}}}
    found = html.plots_of(report)
    assert set(found) == {"ar", "eao"}
    assert "t  [1.000, 0.800]" in found["ar"]
    assert "t  [0.800]" in found["eao"]
    assert "None." in html.page(report)
