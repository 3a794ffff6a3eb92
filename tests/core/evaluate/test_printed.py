"""The PDF of a report, and the pictures of failures in it."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from core.cli import main
from core.evaluate.conventions import BOXTRAIL
from core.evaluate.failures import gallery
from core.evaluate.html import page
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Part, measure_parts
from core.evaluate.pictures import card, of_failures
from core.evaluate.protocol import Settings, evaluate_sequence
from core.evaluate.report import Report
from core.evaluate.sequences import select
from core.geometry import Box, Placement
from core.render.maps import MapLook
from core.trackers.base import ResponseMap


def words(data: bytes) -> str:
    """The text of all pages of a PDF."""
    found = []
    for part in re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL):
        try:
            text = zlib.decompress(part)
        except zlib.error:
            continue  # a picture
        found += re.findall(rb"\((.*?)\) Tj", text)
    return "\n".join(one.decode("cp1252") for one in found)


def test_that_a_report_is_printed_with_its_failures_in_pictures(benchmark_folder, tmp_path, capsys):
    pdf, html = tmp_path / "r.pdf", tmp_path / "r.html"
    results = tmp_path / "results" / "lost" / "One"
    results.mkdir(parents=True)
    for name, count in (("a", 12), ("b", 20)):  # the box never moves: it loses its target
        rows = "\n".join("0,0,10,10" for _ in range(count))
        (results / f"{name}.txt").write_text(rows)
    command = ["evaluate", str(benchmark_folder), "--only", "One", "--results"]
    command += [str(results.parents[1]), "--pdf", str(pdf), "--html", str(html), "--quiet"]
    assert main([*command, "--pictures"]) == 0
    data = pdf.read_bytes()
    text = words(data)
    assert "Evaluation \\(OPE\\)" in text
    assert "Success: all sequences" in text
    assert "lost on One/b: frame" in text
    assert text.count("One/a") >= 2  # a failure and a row
    pictures = data.count(b"/DCTDecode")
    assert pictures >= 1
    page = html.read_text()
    assert page.count("data:image/jpeg;base64,") == pictures
    assert main(command) == 0
    assert "data:image" not in html.read_text()  # frames only on demand
    capsys.readouterr()


def test_that_a_picture_shows_both_boxes_at_the_same_scale():
    image = np.full((100, 200, 3), 90, np.uint8)
    truth, box = np.array([20.0, 20, 20, 20]), np.array([60.0, 20, 20, 20])
    part = card(image, truth, box, side=96).frame  # 60 px of extent, 96 px across: no zoom
    white = np.argwhere((part == 255).all(axis=2))
    blue = np.argwhere((part == (86, 180, 233)).all(axis=2))
    assert abs(float(blue[:, 1].mean() - white[:, 1].mean()) - 40) < 2
    assert part.shape == (96, 96, 3)


def test_that_the_map_of_a_card_lies_where_it_lies_in_the_frame():
    image = np.full((100, 200, 3), 90, np.uint8)
    image[40:44, 70:74] = (200, 30, 30)
    values = np.zeros((10, 20), np.float32)
    values[4, 7] = 1.0  # of cells of ten pixels: x 70 to 80, y 40 to 50
    response = ResponseMap(values, Placement.covering(Box(0, 0, 200, 100), (10, 20)))
    truth, box = np.array([60.0, 30, 30, 30]), np.array([70.0, 40, 10, 10])
    made = card(image, truth, box, response, look=MapLook(smooth=False, fade=1.0), side=192)
    assert made.map is not None
    # 48 pixels of the frame are shown on 192, from (51, 21) on.
    changed = (made.map != made.frame).any(axis=2)
    rows, cols = np.nonzero(changed)
    cell = [(70 - 51) * 4, (80 - 51) * 4, (40 - 21) * 4, (50 - 21) * 4]
    found = [cols.min(), cols.max() + 1, rows.min(), rows.max() + 1]
    assert np.abs(np.array(found) - cell).max() <= 3  # the box's outline covers the rim
    red = np.argwhere((made.frame[..., 0] > 150) & (made.frame[..., 1] < 60))
    assert red[:, 1].mean() == pytest.approx((72 - 51) * 4, abs=2.5)
    assert card(image, truth, box).map is None


def test_that_maps_and_scores_are_kept_where_a_failure_begins(benchmark_folder):
    [sequence] = select(find_sequences(benchmark_folder), ["One/b"])
    boxes = sequence.boxes.copy()
    boxes[8:, 0] += 60  # the truth leaves the patch, the tracker stays with it
    gone = replace(sequence, boxes=boxes)
    for maps in (False, True):
        run = evaluate_sequence(gone, "template-match", Settings(maps=maps))
        assert set(run.maps) == ({8} if maps else set())
        [failure] = gallery(run, gone).failures
        assert failure.start == 8
        assert len(failure.scores) == len(failure.curve)
        assert np.isfinite(failure.scores[1:]).all()
        shown = of_failures(run, gone, gallery(run, gone))
        assert (shown["template-match", "One/b", 8].map is not None) == maps
    vot = evaluate_sequence(gone, "template-match", Settings(protocol="vot", maps=True))
    assert set(vot.maps) == {failure.start for failure in gallery(vot, gone).failures}


def test_that_failures_are_counted_in_words():
    failure = {"start": 3, "length": 1, "reason": "r <b>", "words": "w", "curve": [0.5, 0.1],
               "curve_start": 2, "scores": [0.9, 0.2]}  # fmt: skip
    report = Report({"protocol": "ope", "metrics": "boxtrail"}, {})
    part = Part(np.ones((4, 4)), np.ones((4, 4)), 0, "")
    found = measure_parts([part], size=(9, 9), seconds=np.ones(3), convention=BOXTRAIL)
    report.scores["t"] = {"a/b": found.scores}
    report.details["t"] = {"a/b": {**found.details, "failures": [failure]}}
    text = page(report)
    assert "t: 1 failure<" in text
    assert "1 sequence;" in text
    assert "r &lt;b&gt;" in text
    assert "tracker's own score" in text
    report.details["t"]["a/b"]["failures"] = [failure, {**failure, "start": 9}]
    assert "t: 2 failures<" in page(report)
