"""Drawings as a PDF 1.4 file, one page each: vectors, selectable text, embedded pictures.

Text is in Helvetica, one of the fonts that every reader has, in WinAnsi encoding; characters
beyond it are shown as “?”. Numbers go by points with y upwards, so y is turned here and only here.
Source: Adobe, PDF Reference, sixth edition (1.7), chapters 3 to 5.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from core.drawing.drawing import Drawing, Group, Path, Picture, Shape, Text
from core.drawing.fonts import text_width
from core.drawing.svg import encoded

_MINUS = str.maketrans({"−": "–", "→": ">", "≤": "<", "≥": ">"})  # what WinAnsi lacks


def pdf(pages: Sequence[Drawing], title: str = "") -> bytes:
    """The whole file."""
    file = _File()
    kind = "/Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding /BaseFont"
    fonts = [file.add(f"<< {kind} /{n} >>".encode()) for n in ("Helvetica", "Helvetica-Bold")]
    tree = file.reserve()
    kids = [_page(file, page, tree, fonts) for page in pages]
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    file.put(tree, f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode())
    root = file.add(f"<< /Type /Catalog /Pages {tree} 0 R >>".encode())
    name = title or (pages[0].title if pages else "")
    about = b"<< /Title " + _string(name) + b" /Producer (Boxtrail) >>"
    return file.bytes(root, file.add(about))


class _File:
    """Objects by number, and the table of their places."""

    def __init__(self) -> None:
        self._objects: list[bytes | None] = []

    def reserve(self) -> int:
        self._objects.append(None)
        return len(self._objects)

    def put(self, number: int, content: bytes) -> None:
        self._objects[number - 1] = content

    def add(self, content: bytes) -> int:
        number = self.reserve()
        self.put(number, content)
        return number

    def stream(self, head: str, data: bytes, *, packed: bool = True) -> int:
        """An object with a stream; `packed` deflates it."""
        if packed:
            data, head = zlib.compress(data, 6), f"{head} /Filter /FlateDecode"
        body = f"<< {head} /Length {len(data)} >>\nstream\n".encode()
        return self.add(body + data + b"\nendstream")

    def bytes(self, root: int, info: int) -> bytes:
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(self._objects, start=1):
            places.append(len(out))
            out += f"{number} 0 obj\n".encode() + (content or b"null") + b"\nendobj\n"
        start = len(out)
        out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
        size = len(places) + 1
        out += f"trailer\n<< /Size {size} /Root {root} 0 R /Info {info} 0 R >>\n".encode()
        out += f"startxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


class _Page:
    """The content of a page and what it refers to."""

    def __init__(self, file: _File, height: float) -> None:
        self.file, self.height = file, height
        self.parts: list[bytes] = []
        self.images: list[int] = []
        self.fades: list[float] = []

    def say(self, *words: float | str) -> None:
        text = " ".join(w if isinstance(w, str) else _n(w) for w in words)
        self.parts.append(text.encode("ascii"))


def _page(file: _File, drawing: Drawing, tree: int, fonts: Sequence[int]) -> int:
    page = _Page(file, drawing.height)
    if drawing.paper:
        page.say(*_rgb(drawing.paper), "rg", 0.0, 0.0, drawing.width, drawing.height, "re f")
    for shape in drawing.shapes:
        _draw(page, shape)
    content = file.stream("", b"\n".join(page.parts))
    images = " ".join(f"/I{k} {number} 0 R" for k, number in enumerate(page.images))
    fades = " ".join(f"/G{k} << /ca {_n(v)} /CA {_n(v)} >>" for k, v in enumerate(page.fades))
    return file.add(
        (
            f"<< /Type /Page /Parent {tree} 0 R /Contents {content} 0 R "
            f"/MediaBox [0 0 {_n(drawing.width)} {_n(drawing.height)}] "
            f"/Resources << /Font << /F0 {fonts[0]} 0 R /F1 {fonts[1]} 0 R >> "
            f"/XObject << {images} >> /ExtGState << {fades} >> >> >>"
        ).encode("ascii")
    )


def _draw(page: _Page, shape: Shape) -> None:
    if isinstance(shape, Path):
        _path(page, shape)
    elif isinstance(shape, Text):
        _text(page, shape)
    elif isinstance(shape, Picture):
        _picture(page, shape)
    else:
        _group(page, shape)


def _group(page: _Page, group: Group) -> None:
    x, y, w, h = group.clip
    page.say("q", x, page.height - y - h, w, h, "re W n")
    for shape in group.shapes:
        _draw(page, shape)
    page.say("Q")


def _path(page: _Page, path: Path) -> None:
    ink = path.ink
    page.say("q 1 j")
    if ink.opacity < 1:
        page.say(f"/G{len(page.fades)} gs")
        page.fades.append(ink.opacity)
    if ink.fill:
        page.say(*_rgb(ink.fill), "rg")
    if ink.stroke:
        page.say(*_rgb(ink.stroke), "RG", ink.width, "w")
    if ink.dash:
        page.say("[", *ink.dash, "] 0 d")
    for k, (x, y) in enumerate(path.points):
        page.say(x, page.height - y, "l" if k else "m")
    end = {(True, True): "B", (True, False): "f", (False, True): "S"}
    close = "h " if path.closed else ""
    page.say(close + end.get((bool(ink.fill), bool(ink.stroke)), "n"), "Q")


def _text(page: _Page, text: Text) -> None:
    width = text_width(text.text, text.size, bold=text.bold)
    back = {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]
    x, y = text.at
    page.say("BT", *_rgb(text.color), "rg", f"/F{int(text.bold)}", text.size, "Tf")
    if text.turned:
        page.say(0.0, 1.0, -1.0, 0.0, x, page.height - y - back, "Tm")
    else:
        page.say(1.0, 0.0, 0.0, 1.0, x - back, page.height - y, "Tm")
    page.parts.append(_string(text.text) + b" Tj ET")


def _picture(page: _Page, picture: Picture) -> None:
    image = picture.image
    height, width = image.shape[:2]
    head = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8"
    color = " /ColorSpace /DeviceRGB" + (" /Interpolate true" if picture.smooth else "")
    if image.shape[2] == 4:
        alpha = np.ascontiguousarray(image[:, :, 3]).tobytes()
        mask = page.file.stream(f"{head} /ColorSpace /DeviceGray", alpha)
        data = np.ascontiguousarray(image[:, :, :3]).tobytes()
        number = page.file.stream(f"{head}{color} /SMask {mask} 0 R", data)
    elif picture.photo:
        data = encoded(picture)[1]
        number = page.file.stream(f"{head}{color} /Filter /DCTDecode", data, packed=False)
    else:
        number = page.file.stream(head + color, image.tobytes())
    x, y, w, h = picture.rect
    page.say("q", w, 0.0, 0.0, h, x, page.height - y - h, "cm", f"/I{len(page.images)} Do Q")
    page.images.append(number)


def _string(text: str) -> bytes:
    data = text.translate(_MINUS).encode("cp1252", "replace")
    for mark in (b"\\", b"(", b")"):
        data = data.replace(mark, b"\\" + mark)
    return b"(" + data.replace(b"\r", b" ").replace(b"\n", b" ") + b")"


def _rgb(color: str) -> tuple[float, float, float]:
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def _n(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
