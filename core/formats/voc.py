"""Pascal VOC: one XML file per frame in ``Annotations/``.

Everingham et al., *The PASCAL Visual Object Classes Challenge 2012 Development Kit*,
section on annotation: pixels are counted from 1 ("the top-left pixel in the image has
coordinates (1,1)") and both corners belong to the box. A box over our pixels
``[x, x + w)`` is therefore ``xmin = x + 1, xmax = x + w``. The kit uses whole pixels;
with more digits the same formula holds. Boxes are cut at the picture's edge. Frames
where the target is stated to be absent get a file without objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from core.document.document import Document
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats import manifest
from core.formats.base import BOXES, LABELS, OCCLUSION, TRUNCATION, Codec, File
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer, imported
from core.formats.options import (
    HOW,
    OUTSIDE,
    OUTSIDE_DOC,
    OUTSIDE_LABELS,
    ExportOptions,
    require_size,
)
from core.formats.registry import register
from core.formats.rows import by_frame, class_of, file_text, label_of, number, one_line, to_float
from core.geometry import Box
from core.params import param
from core.states import Flag

_FOLDER = "Annotations"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class VocOptions(ExportOptions):
    """Options of Pascal VOC files."""

    outside: str = param(
        "clip",
        OUTSIDE_DOC,
        choices=OUTSIDE,
        choice_labels=OUTSIDE_LABELS,
        group=HOW,
        label="Beyond the frame",
    )
    decimals: int = param(
        0,
        "Digits after the point; the specification has none.",
        bounds=(0, 9),
        group=HOW,
        label="Decimal places",
    )


@register(
    key="voc",
    title="Pascal VOC XML",
    suffixes=(".xml",),
    options=VocOptions,
    keeps=frozenset({BOXES, LABELS, OCCLUSION, TRUNCATION}),
    precision=0.5,
    folder=True,
)
class Voc(Codec):
    """See the module docstring."""

    def render(self, document: Document, options: VocOptions, ctx: ExportContext) -> Iterator[File]:
        """One file per frame."""
        width, height = require_size(document.video.width, document.video.height)
        source = PurePosixPath(document.video.path.replace("\\", "/")).name
        for frame, boxes in by_frame(document, ctx):
            name = ctx.frame_names.name(frame)
            head = (
                f"<annotation>\n  <folder>JPEGImages</folder>\n"
                f"  <filename>{_text(name)}</filename>\n"
                f"  <source><database>{_text(source)}</database></source>\n"
                f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
                f"  <segmented>0</segmented>\n"
            )
            objects = [_object(t, k, options.decimals) for t, k in boxes if not k.is_absent]
            text = head + "".join(objects) + "</annotation>\n"
            yield f"{_FOLDER}/{ctx.frame_names.stem(frame)}.xml", text

    def parse(self, path: Path, options: VocOptions, ctx: ImportContext) -> Document:
        """All XML files of a folder, or one."""
        files = _files(path)
        find = ctx.frame_names.lookup()
        gathered = Gatherer(ctx)
        for done, file in enumerate(files):
            ctx.progress(done / len(files))
            root = _root(file, ctx)
            if root is None:
                continue
            frame = find(root.findtext("filename") or file.name)
            frame = find(file.name) if frame is None else frame
            if frame is None:
                ctx.skip(file.name, "picture whose frame cannot be told")
                continue
            for i, element in enumerate(root.iter("object")):
                self._take(f"{file.name}: object {i + 1}", frame, element, gathered, ctx)
        return gathered.document()

    def _take(
        self,
        where: str,
        frame: int,
        element: ElementTree.Element,
        gathered: Gatherer,
        ctx: ImportContext,
    ) -> None:
        corners = [to_float(element.findtext(f"bndbox/{name}", "")) for name in _CORNERS]
        known = [v for v in corners if v is not None]
        if len(known) != 4:
            ctx.skip(where, "no bndbox with four numbers")
            return
        x0, y0, x1, y1 = known
        flags = Flag.NONE
        for name, flag in (("truncated", Flag.TRUNCATED), ("occluded", Flag.OCCLUDED)):
            if element.findtext(name, "0").strip() == "1":
                flags |= flag
        key = imported(frame, Box(x0 - 1, y0 - 1, x1 - x0 + 1, y1 - y0 + 1), flags=flags)
        gathered.add_loose(where, key, label_of((element.findtext("name") or "").strip()))

    def detect(self, path: Path) -> float:
        """XML files that begin with the usual element."""
        if path.is_dir():
            folder = path / _FOLDER if (path / _FOLDER).is_dir() else path
            first = next(folder.glob("*.xml"), None)
            return self.detect(first) if first else 0.0
        with path.open("rb") as stream:
            return 0.9 if b"<annotation" in stream.read(2048) else 0.0


def _object(track: Track, key: Keyframe, decimals: int) -> str:
    x0, y0 = round(key.box.x, decimals) + 1, round(key.box.y, decimals) + 1
    # A box never gets thinner than the smallest step of the format.
    step = 10.0**-decimals
    x1 = max(round(key.box.right, decimals), x0 - 1 + step)
    y1 = max(round(key.box.bottom, decimals), y0 - 1 + step)
    box = "".join(
        f"<{name}>{number(value, decimals)}</{name}>"
        for name, value in zip(_CORNERS, (x0, y0, x1, y1), strict=True)
    )
    return (
        f"  <object>\n    <name>{_text(class_of(track))}</name>\n"
        f"    <pose>Unspecified</pose>\n"
        f"    <truncated>{int(bool(key.flags & Flag.TRUNCATED))}</truncated>\n"
        f"    <occluded>{int(bool(key.flags & Flag.OCCLUDED))}</occluded>\n"
        f"    <difficult>0</difficult>\n"
        f"    <bndbox>{box}</bndbox>\n  </object>\n"
    )


def _text(text: str) -> str:
    # Lone surrogates and the two non-characters have no place in XML.
    clean = "".join(
        c if c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else "?"
        for c in one_line(text)
    )
    return escape(clean)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    folder = path / _FOLDER if (path / _FOLDER).is_dir() else path
    files = sorted(folder.glob("*.xml"))
    if not files and manifest.beside(path, "voc") is None:
        raise FormatError(
            f"“{path.name}” holds no XML files.",
            "Choose the folder “Annotations” or the one above it.",
            str(path),
        )
    return files


def _root(file: Path, ctx: ImportContext) -> ElementTree.Element | None:
    try:
        text = file_text(file, "VOC file")
    except FormatError as error:
        ctx.skip(file.name, error.message)
        return None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        ctx.skip(file.name, "document type declarations are not read")
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        ctx.skip(file.name, f"not well-formed XML ({error})")
        return None
    if root.tag != "annotation":
        ctx.skip(file.name, "not a VOC annotation")
        return None
    return root
