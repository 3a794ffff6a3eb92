"""A drawing as SVG 1.1: lines and text as such, pictures embedded as PNG or JPEG."""

from __future__ import annotations

import base64
from html import escape

import cv2

from core.drawing.drawing import MM, Drawing, Group, Ink, Path, Picture, Shape, Text

_FONTS = "Helvetica, Arial, 'Liberation Sans', sans-serif"


def svg(drawing: Drawing) -> str:
    """The whole document."""
    w, h = drawing.width, drawing.height
    clips: list[str] = []
    body = "\n".join(_shape(shape, clips) for shape in drawing.shapes)
    paper = ""
    if drawing.paper:
        paper = f'<rect width="{_n(w)}" height="{_n(h)}" fill="{drawing.paper}"/>\n'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{_n(w / MM)}mm" height="{_n(h / MM)}mm" viewBox="0 0 {_n(w)} {_n(h)}">\n'
        f"<title>{escape(drawing.title)}</title>\n<defs>{''.join(clips)}</defs>\n"
        f"{paper}{body}\n</svg>\n"
    )


def _shape(shape: Shape, clips: list[str]) -> str:
    if isinstance(shape, Path):
        return _path(shape)
    if isinstance(shape, Text):
        return _text(shape)
    if isinstance(shape, Picture):
        return _picture(shape)
    return _group(shape, clips)


def _group(group: Group, clips: list[str]) -> str:
    name = f"clip{len(clips)}"
    x, y, w, h = map(_n, group.clip)
    rect = f'<rect x="{x}" y="{y}" width="{w}" height="{h}"/>'
    clips.append(f'<clipPath id="{name}">{rect}</clipPath>')
    body = "\n".join(_shape(shape, clips) for shape in group.shapes)
    return f'<g clip-path="url(#{name})">\n{body}\n</g>'


def _path(path: Path) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in path.points)
    tag = "polygon" if path.closed else "polyline"
    return f'<{tag} points="{points}" {_style(path.ink)}/>'


def _style(ink: Ink) -> str:
    parts = [f'fill="{ink.fill or "none"}"']
    if ink.stroke:
        parts += [f'stroke="{ink.stroke}"', f'stroke-width="{_n(ink.width)}"']
        parts.append('stroke-linejoin="round"')
    if ink.dash:
        parts.append(f'stroke-dasharray="{" ".join(map(_n, ink.dash))}"')
    if ink.opacity < 1:
        parts.append(f'opacity="{_n(ink.opacity)}"')
    return " ".join(parts)


def _text(text: Text) -> str:
    x, y = map(_n, text.at)
    turned = f' transform="rotate(-90 {x} {y})"' if text.turned else ""
    weight = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{x}" y="{y}" font-family="{_FONTS}" font-size="{_n(text.size)}"{weight} '
        f'fill="{text.color}" text-anchor="{text.anchor}" xml:space="preserve"{turned}>'
        f"{escape(text.text)}</text>"
    )


def _picture(picture: Picture) -> str:
    x, y, w, h = map(_n, picture.rect)
    kind, data = encoded(picture)
    look = "" if picture.smooth else ' style="image-rendering:pixelated"'
    return (
        f'<image x="{x}" y="{y}" width="{w}" height="{h}" preserveAspectRatio="none"{look} '
        f'xlink:href="data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}"/>'
    )


def encoded(picture: Picture) -> tuple[str, bytes]:
    """``("png" or "jpeg", bytes)`` of a picture."""
    image = picture.image
    if image.shape[2] == 4:
        return "png", cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    if picture.photo:
        options = [cv2.IMWRITE_JPEG_QUALITY, 93]
        return "jpeg", cv2.imencode(".jpg", bgr, options)[1].tobytes()
    return "png", cv2.imencode(".png", bgr)[1].tobytes()


def _n(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
