"""Boxes of Pascal VOC's XML, as used by VOC (pictures) and ImageNet VID (frames of tracks)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class XmlObject:
    """One ``<object>``: corners as written, its class, and what is said about it."""

    name: str
    corners: tuple[float, float, float, float]
    track: int
    difficult: bool


@dataclass(frozen=True, slots=True)
class XmlPicture:
    """One annotation file."""

    filename: str
    size: tuple[int, int] | None
    objects: tuple[XmlObject, ...]
    damaged: int


def read_xml(path: Path) -> XmlPicture:
    """Read an annotation file; objects without a usable box are counted in `damaged`.

    Raises
    ------
    DatasetError
        If the file cannot be read or is no such XML.
    """
    try:
        content = path.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError("document types are not accepted")
        root = ElementTree.fromstring(content)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise DatasetError(f"“{path.name}” cannot be read.", "", f"{path}: {error}") from error
    objects = [_object(node) for node in root.iter("object")]
    return XmlPicture(
        filename=(root.findtext("filename") or "").strip(),
        size=_size(root),
        objects=tuple(thing for thing in objects if thing is not None),
        damaged=sum(thing is None for thing in objects),
    )


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    try:
        width = int(float(root.findtext("size/width") or 0))
        height = int(float(root.findtext("size/height") or 0))
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None


def _object(node: ElementTree.Element) -> XmlObject | None:
    try:
        x0, y0, x1, y1 = (
            float(node.findtext(f"bndbox/{name}") or "nan")
            for name in ("xmin", "ymin", "xmax", "ymax")
        )
        track = int(node.findtext("trackid") or 0)
    except ValueError:
        return None
    if not (x1 > x0 and y1 > y0):
        return None
    return XmlObject(
        name=(node.findtext("name") or "").strip(),
        corners=(x0, y0, x1, y1),
        track=track,
        difficult=(node.findtext("difficult") or "0").strip() == "1",
    )
