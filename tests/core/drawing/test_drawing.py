"""Drawings say the same in SVG, PDF and pixels, at the size that was asked for."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib

import cv2
import numpy as np
import pytest

from core.drawing import Drawing, Ink, write
from core.drawing.drawing import MM, shortened
from core.drawing.fonts import text_width
from core.drawing.pdf import pdf
from core.drawing.raster import raster
from core.drawing.svg import svg
from core.errors import FormatError


def sample() -> Drawing:
    drawing = Drawing.of_mm(50, 30, "a <title>")
    drawing.rect((10, 10, 60, 40), Ink("#ff0000", 2.0))
    drawing.line([(0, 80), (141, 80)], Ink("#0000ff", 1.0, dash=(4, 4)))
    drawing.text((100, 30), "ab & c", 10, anchor="end")
    checker = np.zeros((2, 2, 3), np.uint8)
    checker[0, 0] = checker[1, 1] = (0, 255, 0)
    with drawing.clipped((90, 40, 20, 40)):
        drawing.picture(checker, (90, 40, 40, 40), smooth=False)
    return drawing


def objects(data: bytes) -> dict[int, bytes]:
    """Objects of a PDF at the places that its table names."""
    start = int(re.findall(rb"startxref\n(\d+)", data)[-1])
    table = data[start:].split(b"\n")
    count = int(table[1].split()[1])
    found = {}
    for number in range(1, count):
        place = int(table[2 + number].split()[0])
        head = f"{number} 0 obj\n".encode()
        assert data[place : place + len(head)] == head
        found[number] = data[place + len(head) : data.index(b"\nendobj", place)]
    return found


def test_that_sizes_are_millimetres_everywhere():
    drawing = sample()
    root = ElementTree.fromstring(svg(drawing).encode())
    assert (root.get("width"), root.get("height")) == ("50mm", "30mm")
    page = next(o for o in objects(pdf([drawing])).values() if b"/MediaBox" in o)
    box = [float(v) for v in re.findall(rb"MediaBox \[([^\]]*)\]", page)[0].split()]
    assert box == pytest.approx([0, 0, 50 * MM, 30 * MM], abs=1e-3)
    assert raster(drawing, 254).shape == (300, 500, 3)


def test_that_lines_and_text_are_vectors_and_text_is_escaped():
    text = svg(sample())
    assert "a &lt;title&gt;" in text
    assert "ab &amp; c</text>" in text
    assert text.count("<polygon") == 1
    content = next(
        zlib.decompress(o[o.index(b"stream\n") + 7 : o.rindex(b"\nendstream")])
        for o in objects(pdf([sample()])).values()
        if b"stream" in o and b"/Image" not in o
    )
    assert b"(ab & c) Tj" in content
    assert content.count(b" l\n") >= 4
    assert b"[ 4 4 ] 0 d" in content


def test_that_pixels_lie_where_the_drawing_says():
    pixels = raster(sample(), 72)
    assert pixels[10, 40].tolist() == [255, 0, 0]
    assert pixels[30, 40].tolist() == [255, 255, 255]  # inside the rectangle
    assert pixels[50, 100].tolist() == [0, 255, 0]
    assert pixels[50, 120].tolist() == [255, 255, 255]  # beyond the clip
    assert pixels[70, 100].tolist() == [0, 0, 0]
    ink = np.flatnonzero((pixels[20:34] < 128).all(axis=2).any(axis=0))
    assert ink.max() <= 100
    assert ink.min() == pytest.approx(100 - text_width("ab & c", 10), abs=2)


def test_that_pictures_with_transparency_are_laid_over():
    drawing = Drawing(10, 10, paper="#ffffff")
    layer = np.zeros((1, 2, 4), np.uint8)
    layer[0, 0] = (255, 0, 0, 128)
    drawing.picture(layer, (0, 0, 10, 10), smooth=False)
    pixels = raster(drawing, 72)
    assert abs(int(pixels[5, 2, 1]) - 127) <= 1
    assert pixels[5, 8].tolist() == [255, 255, 255]
    assert any(b"/SMask" in o for o in objects(pdf([drawing])).values())


def test_that_text_beyond_winansi_and_brackets_do_not_break_a_pdf():
    drawing = Drawing(100, 20)
    drawing.text((0, 10), "(a\\b) − 漢", 8)
    data = pdf([drawing, drawing], "two")
    assert len([o for o in objects(data).values() if b"/Type /Page " in o]) == 2
    packed = next(o for o in objects(data).values() if b"stream" in o)
    content = zlib.decompress(packed[packed.index(b"stream\n") + 7 : packed.rindex(b"\nendstream")])
    assert rb"(\(a\\b\) " in content


def test_that_files_are_written_by_suffix_and_png_knows_its_resolution(tmp_path):
    for suffix in (".svg", ".pdf", ".png"):
        write(sample(), tmp_path / f"a{suffix}", dpi=254)
    data = (tmp_path / "a.png").read_bytes()
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (300, 500, 3)
    place = data.index(b"pHYs")
    assert struct.unpack(">IIB", data[place + 4 : place + 13]) == (10000, 10000, 1)
    with pytest.raises(FormatError, match="does not say"):
        write(sample(), tmp_path / "a.gif")
    with pytest.raises(FormatError, match="pixels"):
        write(sample(), tmp_path / "b.png", dpi=20_000)


def test_that_long_text_is_shortened_to_its_width():
    assert shortened("short", 100, 8) == "short"
    cut = shortened("a long name of a sequence", 50, 8)
    assert cut.endswith("…")
    assert text_width(cut, 8) <= 50
