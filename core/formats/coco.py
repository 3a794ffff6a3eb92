"""COCO JSON with the keys of video data sets: images, annotations, categories, videos.

https://cocodataset.org/#format-data: ``bbox`` is ``[x, y, width, height]`` in pixels,
"measured from the top left image corner and 0-indexed"; ids start at 1. Video keys as
in COCO-VID (mmtracking: ``videos``, ``video_id``, ``frame_id`` from 0, ``instance_id``)
and TAO (``track_id``, ``tracks``). ``score`` is that of the results format; what COCO
has no word for (occlusion, provenance) is in ``attributes``, as CVAT writes it, beside the
attributes of the object; a category's ``attributes`` declare them.
Images are listed for the frames that have boxes or are stated to have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from core.document import codec
from core.document.checked import INT32, Node, parse_json
from core.document.document import Document
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats import attribute_values
from core.formats.attribute_values import Collected, Schemas, Values
from core.formats.base import (
    ATTRIBUTES,
    BOXES,
    CONFIRMED,
    IDS,
    LABELS,
    OCCLUSION,
    PROVENANCE,
    SCORES,
    TRUNCATION,
    Codec,
    File,
)
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer
from core.formats.options import HOW, READING, ExportOptions
from core.formats.registry import register
from core.formats.rows import by_frame, class_names, class_of, file_text, label_of, one_line
from core.geometry import Box
from core.params import param
from core.states import Flag, Source

_HINT = "Check the file with the program that made it."
_FLAGS = {
    "occluded": Flag.OCCLUDED,
    "truncated": Flag.TRUNCATED,
    "confirmed": Flag.CONFIRMED,
}
_RESERVED = {*_FLAGS, "source", "track_id", "instance_id", "keyframe", "outside"}
_PREFIX = "attribute."  # of attributes that are called like something else
_HUGE = 1e300


@dataclass(frozen=True, slots=True)
class CocoOptions(ExportOptions):
    """Options of COCO JSON."""

    frame_base: int = param(
        0,
        "Value of frame_id on the first frame.",
        bounds=(0, 1),
        group=HOW,
        label="First frame is number",
    )
    decimals: int = param(
        3, "Digits after the point.", bounds=(0, 9), group=HOW, label="Decimal places"
    )
    video: str = param("", "Which video of the file; empty for the only one.", group=READING)


@register(
    key="coco",
    title="COCO JSON (video)",
    suffixes=(".json",),
    options=CocoOptions,
    keeps=frozenset(
        {BOXES, IDS, LABELS, SCORES, OCCLUSION, TRUNCATION, PROVENANCE, CONFIRMED, ATTRIBUTES}
    ),
    precision=0.001,
)
class Coco(Codec):
    """See the module docstring."""

    def render(
        self, document: Document, options: CocoOptions, ctx: ExportContext
    ) -> Iterator[File]:
        """One file, one image or annotation a line."""
        video = document.video
        names = class_names(document)
        clip = {
            "id": 1,
            "name": PurePosixPath(video.path.replace("\\", "/")).stem,
            "width": video.width,
            "height": video.height,
            "fps": codec.encode_video(video)["fps"],
            "frame_count": video.frame_count,
        }
        yield "", '{\n"info": {"description": "Boxtrail export", "version": "1.0"},\n'
        yield "", f'"licenses": [],\n"videos": [{_dump(clip)}],\n"categories": '
        yield from _list(_category(document, i, name) for i, name in enumerate(names, 1))
        yield "", ',\n"tracks": '
        yield from _list(
            {"id": t.id, "category_id": names.index(class_of(t)) + 1, "video_id": 1}
            for t in sorted(document.tracks, key=lambda track: track.id)
            if len(t)
        )
        images, annotations = _entries(document, names, options, ctx)
        yield "", ',\n"images": '
        yield from _list(iter(images))
        yield "", ',\n"annotations": '
        yield from _list(iter(annotations))
        yield "", "\n}\n"

    def parse(self, path: Path, options: CocoOptions, ctx: ImportContext) -> Document:
        """Annotations with a bbox of one video (or of a set of images)."""
        value = parse_json(file_text(path, "COCO file"), path.name, FormatError, "COCO file")
        root = Node(value, "", FormatError, "COCO file", _HINT)
        labels = {
            node.field("id").integer(-INT32): node.field("name").text()
            for node in root.field("categories", []).elements()
        }
        wanted = _video_id(root, options.video, ctx)
        frames = _frames(root, wanted, options, ctx)
        gathered, said = Gatherer(ctx), Collected()
        for node in root.field("annotations").elements():
            self._take(node, frames, labels, (gathered, said), ctx)
        return attribute_values.laid_over(gathered.document(), said, _schemas(root))

    def _take(
        self,
        node: Node,
        frames: dict[Any, int | None],
        labels: dict[int, str],
        into: tuple[Gatherer, Collected],
        ctx: ImportContext,
    ) -> None:
        where, (gathered, said) = node.where, into
        try:
            image = node.field("image_id").value
            if not isinstance(image, int | str) or image not in frames:
                if isinstance(image, int | str) and (image, "other") in frames:
                    return  # a picture of another video of the file
                ctx.skip(where, "image_id that no image has")
                return
            frame = frames[image]
            if frame is None:
                ctx.skip(where, "picture whose frame cannot be told")
                return
            if node.field("iscrowd", 0).value:
                ctx.skip(where, "crowd region")
                return
            bbox = node.field("bbox")
            box = Box(*(bbox.at(i).number() for i in range(4)))
            score = node.field("score", 1.0).number()
            category = node.field("category_id", -1).integer(-INT32)
            track_id = _track_id(node)
            attributes = node.field("attributes", {}).mapping()
            flags, source = _marks(attributes)
        except FormatError as error:
            ctx.skip(where, error.message.partition(": ")[2] or error.message)
            return
        key = Keyframe(frame, box, source, score, flags=flags)
        label = label_of(labels.get(category, ""))
        if track_id:
            gathered.add(where, track_id, key, label)
            said.add(track_id, frame, _own(attributes))
        else:
            gathered.add_loose(where, key, label)

    def detect(self, path: Path) -> float:
        """The names of the usual lists near the start or the end of the file."""
        if path.is_dir():
            return 0.0
        with path.open("rb") as stream:
            text = stream.read(1 << 16)
            stream.seek(max(path.stat().st_size - (1 << 16), 0))
            text += stream.read()
        found = sum(word in text for word in (b'"images"', b'"annotations"', b'"categories"'))
        return (0.0, 0.2, 0.7, 0.9)[found]


def _entries(
    document: Document, names: list[str], options: CocoOptions, ctx: ExportContext
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    video, values = document.video, attribute_values.reader_of(document)
    for frame, boxes in by_frame(document, ctx):
        image = {
            "id": len(images) + 1,
            "file_name": ctx.frame_names.name(frame),
            "width": video.width,
            "height": video.height,
            "video_id": 1,
            "frame_id": frame + options.frame_base,
        }
        images.append(image)
        for track, key in boxes:
            if not key.is_absent:
                category = names.index(class_of(track)) + 1
                entry = {
                    "id": len(annotations) + 1,
                    "image_id": image["id"],
                    "video_id": 1,
                    **_annotation(track, key, category, options.decimals),
                }
                entry["attributes"] |= {
                    _PREFIX + name if name in _RESERVED or name.startswith(_PREFIX) else name: value
                    for name, value in values(track, frame).items()
                }
                annotations.append(entry)
    return images, annotations


def _category(document: Document, number: int, name: str) -> dict[str, Any]:
    label = next((label for label in document.labels if one_line(label.name) == name), None)
    fields: dict[str, Any] = {"id": number, "name": name}
    if label is not None and label.attributes:
        fields["attributes"] = codec.encode_label(label)["attributes"]
    return fields


def _schemas(root: Node) -> Schemas:
    """What the categories declare, where it is in our form."""
    found: dict[str, Any] = {}
    for node in root.field("categories", []).elements():
        try:
            label = codec.decode_label(node)
        except FormatError:
            continue  # another program's attributes: told from the values
        found[label_of(label.name)] = label.attributes
    return found


def _own(attributes: dict[str, Any]) -> Values:
    """The object's attributes among those of an annotation."""
    return {
        name.removeprefix(_PREFIX): value if isinstance(value, bool | str) else float(value)
        for name, value in attributes.items()
        if name not in _RESERVED
        and isinstance(value, bool | str | int | float)
        and abs(value if isinstance(value, int | float) else 0) < _HUGE
    }


def _annotation(track: Track, key: Keyframe, category: int, decimals: int) -> dict[str, Any]:
    x, y, w, h = (round(v, decimals) + 0.0 for v in key.box.as_tuple())  # + 0.0: never -0.0
    return {
        "category_id": category,
        "track_id": track.id,
        "instance_id": track.id,
        "bbox": [x, y, w, h],
        "area": round(w * h, decimals),
        "iscrowd": 0,
        "score": float(str(np.float32(key.score))),
        "attributes": {
            **{name: bool(key.flags & flag) for name, flag in _FLAGS.items()},
            "source": key.source.name.lower(),
        },
    }


def _list(entries: Iterator[dict[str, Any]]) -> Iterator[File]:
    yield "", "["
    for i, entry in enumerate(entries):
        yield "", (",\n" if i else "\n") + _dump(entry)
    yield "", "]"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _video_id(root: Node, name: str, ctx: ImportContext) -> int | None:
    """The id of the video to read; None when the file names no videos."""
    videos = {
        node.field("id").integer(): node.field("name", "").text()
        for node in root.field("videos", []).elements()
    }
    if not videos:
        return None
    ours = PurePosixPath(ctx.video.path.replace("\\", "/"))
    for wanted in (name, ours.stem, ours.name):
        for number, title in videos.items():
            if wanted and wanted in (title, PurePosixPath(title).stem, PurePosixPath(title).name):
                return number
    if len(videos) == 1 and not name:
        return next(iter(videos))
    shown = ", ".join(f"“{one_line(title)}”" for title in list(videos.values())[:8])
    raise FormatError(
        f"The file holds {len(videos)} videos, and none is called like the open one.",
        f"Choose one with the option Video: {shown}.",
    )


def _frames(
    root: Node, wanted: int | None, options: CocoOptions, ctx: ImportContext
) -> dict[Any, int | None]:
    """Frame of each image id; ``(id, "other")`` marks images of other videos."""
    lookup = ctx.frame_names.lookup()
    frames: dict[Any, int | None] = {}
    for node in root.field("images").elements():
        image = node.field("id").value
        if not isinstance(image, int | str):
            raise node.field("id").fail("a number or a text was expected")
        if wanted is not None and node.field("video_id", wanted).value != wanted:
            frames[image, "other"] = None
            continue
        given = node.mapping()
        for name in ("frame_id", "frame_index"):
            if name in given:
                frames[image] = node.field(name).integer() - options.frame_base
                break
        else:
            frames[image] = lookup(node.field("file_name", "").text())
    return frames


def _track_id(node: Node) -> int:
    attributes = node.field("attributes", {})
    for holder in (node, attributes):
        for name in ("track_id", "instance_id"):
            value = holder.mapping().get(name)
            if type(value) is int and value > 0:
                return value
    return 0


def _marks(attributes: dict[str, Any]) -> tuple[Flag, Source]:
    flags = Flag.NONE
    for name, flag in _FLAGS.items():
        if attributes.get(name) is True:
            flags |= flag
    source = str(attributes.get("source", "")).upper()
    return flags, Source[source] if source in Source.__members__ else Source.IMPORTED
