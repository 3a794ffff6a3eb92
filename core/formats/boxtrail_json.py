"""Boxtrail's own interchange JSON: everything about every box, in words.

For scripts and other programs; the project file is for Boxtrail itself. Each box is
an object ``{"frame": 7, "box": [x, y, w, h], "source": "manual", …}`` with values
left out where they are the usual ones. Frames count from 0; coordinates are frame
pixels as edges (pixel 0 covers 0 to 1) at full precision. Documented in
docs/formats.md; written for version 1, newer versions are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.document import codec
from core.document.checked import INT32, Node, parse_json
from core.document.document import Document
from core.document.track import NO_RUN, Keyframe, Track
from core.errors import FormatError
from core.formats.base import (
    ABSENCE,
    ATTRIBUTES,
    BOXES,
    COLORS,
    CONFIRMED,
    IDS,
    LABELS,
    NAMES,
    OCCLUSION,
    PROVENANCE,
    RUNS,
    SCORES,
    STATES,
    TRUNCATION,
    Codec,
    File,
)
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer
from core.formats.options import ExportOptions
from core.formats.registry import register
from core.formats.rows import file_text
from core.geometry import Box
from core.states import Flag, Source, TargetState

FORMAT = "boxtrail-annotations"
VERSION = 1
_HINT = "Check the file with the program that made it."
_FLAGS = {
    "confirmed": Flag.CONFIRMED,
    "occluded": Flag.OCCLUDED,
    "truncated": Flag.TRUNCATED,
    "absent": Flag.ABSENT,
    "out_of_view": Flag.OUT_OF_VIEW,
}


@dataclass(frozen=True, slots=True)
class BoxtrailJsonOptions(ExportOptions):
    """Options of Boxtrail's interchange JSON: none of its own."""


@register(
    key="boxtrail",
    title="Boxtrail JSON",
    suffixes=(".json",),
    options=BoxtrailJsonOptions,
    keeps=frozenset(
        {BOXES, IDS, LABELS, NAMES, COLORS, SCORES, STATES, OCCLUSION, TRUNCATION, ABSENCE,
         PROVENANCE, CONFIRMED, RUNS, ATTRIBUTES}
    ),
    precision=0.0,
)  # fmt: skip
class BoxtrailJson(Codec):
    """See the module docstring."""

    def render(
        self, document: Document, options: BoxtrailJsonOptions, ctx: ExportContext
    ) -> Iterator[File]:
        """One file, one box a line."""
        video = replace(
            document.video, path=document.video.path.replace("\\", "/").rsplit("/", 1)[-1]
        )
        facts = codec.encode_video(video)
        del facts["elsewhere"]
        yield "", f'{{\n"format": "{FORMAT}",\n"version": {VERSION},\n"video": {_dump(facts)},\n'
        yield "", f'"labels": {_dump([codec.encode_label(label) for label in document.labels])},\n'
        yield "", f'"runs": {_dump([codec.encode_run(run) for run in document.runs])},\n'
        yield "", '"tracks": ['
        for i, track in enumerate(document.tracks):
            ctx.progress(i / len(document.tracks))
            fields = codec.encode_track(track)
            del fields["visible"], fields["locked"]
            yield "", ("," if i else "") + "\n" + _dump(fields)[:-1] + ', "boxes": ['
            for j, key in enumerate(track.keyframes()):
                yield "", (",\n" if j else "\n") + _dump(_entry(key, ctx))
            yield "", "]}"
        yield "", "]\n}\n"

    def parse(self, path: Path, options: BoxtrailJsonOptions, ctx: ImportContext) -> Document:
        """All tracks of the file."""
        value = parse_json(file_text(path, "annotation file"), path.name, FormatError, "JSON file")
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise FormatError(
                f"“{path.name}” is not a Boxtrail annotation file.", "Choose another format."
            )
        root = Node(value, "", FormatError, "annotation file", _HINT)
        if root.field("version").integer(1, INT32) > VERSION:
            raise FormatError(f"“{path.name}” was made by a newer Boxtrail.", "Update Boxtrail.")
        labels = tuple(codec.decode_label(n) for n in root.field("labels", []).elements())
        runs = tuple(codec.decode_run(n) for n in root.field("runs", []).elements())
        gathered = Gatherer(ctx)
        shells: list[Track] = []
        for node in root.field("tracks").elements():
            shell = codec.decode_track(node, Track(1).columns)
            if any(shell.id == other.id for other in shells):
                raise node.field("id").fail(f"{shell.id} is used by an earlier track")
            shells.append(shell)
            for box in node.field("boxes").elements():
                self._take(box, shell.id, gathered, ctx)
        document = gathered.document(labels=labels, runs=runs)
        known = {track.id: track.columns for track in document.tracks}
        for shell in shells:
            columns = known.get(shell.id, shell.columns)
            document = document.with_track(replace(shell, columns=columns))
        return replace(document, tracks=tuple(document.track(shell.id) for shell in shells))

    def _take(self, node: Node, track_id: int, gathered: Gatherer, ctx: ImportContext) -> None:
        try:
            key = _keyframe(node)
        except FormatError as error:
            ctx.skip(node.where, error.message.partition(": ")[2] or error.message)
            return
        gathered.add(node.where, track_id, key)

    def detect(self, path: Path) -> float:
        """The format's name near the start."""
        if path.is_dir():
            return 0.0
        with path.open("rb") as stream:
            return 1.0 if FORMAT.encode() in stream.read(4096) else 0.0


def _entry(key: Keyframe, ctx: ExportContext) -> dict[str, Any]:
    entry: dict[str, Any] = {"frame": key.frame, "box": list(key.box.as_tuple())}
    if key.frame < len(ctx.times):
        entry["time"] = round(ctx.times[key.frame], 6)
    entry["source"] = key.source.name.lower()
    if key.score != 1:
        entry["score"] = float(str(np.float32(key.score)))
    if key.state != TargetState.TRACKING:
        entry["state"] = key.state.name.lower()
    if key.run != NO_RUN:
        entry["run"] = key.run
    marks = [name for name, flag in _FLAGS.items() if key.flags & flag]
    if marks:
        entry["marks"] = marks
    return entry


def _keyframe(node: Node) -> Keyframe:
    box = node.field("box")
    flags = Flag.NONE
    for mark in node.field("marks", []).elements():
        if mark.text() not in _FLAGS:
            raise mark.fail("an unknown mark")
        flags |= _FLAGS[mark.text()]
    return Keyframe(
        node.field("frame").integer(),
        Box(*(box.at(i).number() for i in range(4))),
        Source[_word(node.field("source", "imported"), Source)],
        node.field("score", 1.0).number(),
        TargetState[_word(node.field("state", "tracking"), TargetState)],
        flags,
        node.field("run", NO_RUN).integer(),
    )


def _word(node: Node, kind: type[Source] | type[TargetState]) -> str:
    name = node.text().upper()
    if name not in kind.__members__:
        raise node.fail("an unknown word")
    return name


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
