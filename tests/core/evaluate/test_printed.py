"""The PDF of a report, and the pictures of failures in it."""

from __future__ import annotations

import re
import zlib

import numpy as np

from core.cli import main
from core.evaluate.pictures import cut_out


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
    part = cut_out(image, truth, box, side=96)  # 60 px of extent, 96 px across: no zoom
    white = np.argwhere((part == 255).all(axis=2))
    blue = np.argwhere((part == (86, 180, 233)).all(axis=2))
    assert abs(float(blue[:, 1].mean() - white[:, 1].mean()) - 40) < 2
    assert part.shape == (96, 96, 3)


def test_that_frames_without_a_box_still_have_a_picture():
    image = np.full((40, 60, 3), 90, np.uint8)
    part = cut_out(image, np.full(4, np.nan), None, side=32)
    assert (part[8, 8] == 90).all()
