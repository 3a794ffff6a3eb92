"""CSV: one row per box with everything that is known about it.

RFC 4180 with a header line, comma (or semicolon, tab) separated, UTF-8, Unix line
ends. Coordinates are frame pixels counted from 0 as edges, at full precision; frames
are counted from 0 unless chosen otherwise. Columns may come in any order and may be
missing except ``frame, x, y, w, h``. Columns ``attribute.NAME`` hold what is said of the
box's object on its frame.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.document.document import Document
from core.document.schema import AttributeValue
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats import attribute_values, manifest
from core.formats.attribute_values import Collected
from core.formats.base import (
    ABSENCE,
    ATTRIBUTES,
    BOXES,
    CONFIRMED,
    IDS,
    LABELS,
    NAMES,
    OCCLUSION,
    PROVENANCE,
    SCORES,
    STATES,
    TRUNCATION,
    Codec,
    File,
)
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer
from core.formats.options import HOW, ExportOptions
from core.formats.registry import register
from core.formats.rows import by_frame, file_text, number, one_line, to_float, to_int
from core.geometry import Box
from core.params import param
from core.states import Flag, Source, TargetState

_COLUMNS = (
    "frame", "time", "track_id", "label", "name", "x", "y", "w", "h", "score", "source", "state",
    "confirmed", "occluded", "truncated", "absent", "run", "tracker",
)  # fmt: skip
_NEEDED = ("frame", "x", "y", "w", "h")
_FLAGS = {
    "confirmed": Flag.CONFIRMED,
    "occluded": Flag.OCCLUDED,
    "truncated": Flag.TRUNCATED,
    "absent": Flag.ABSENT,
}
_TRUE = {"1", "true", "yes"}
_PREFIX = "attribute."
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@dataclass(frozen=True, slots=True)
class CsvOptions(ExportOptions):
    """Options of CSV files."""

    frame_base: int = param(
        0,
        "Number of the first frame in the files.",
        bounds=(0, 1),
        group=HOW,
        label="First frame is number",
    )
    separator: str = param("comma", "Between columns.", choices=tuple(_SEPARATORS), group=HOW)


@register(
    key="csv",
    title="CSV table",
    suffixes=(".csv", ".tsv"),
    options=CsvOptions,
    keeps=frozenset(
        {
            BOXES,
            IDS,
            LABELS,
            NAMES,
            SCORES,
            STATES,
            OCCLUSION,
            TRUNCATION,
            ABSENCE,
            PROVENANCE,
            CONFIRMED,
            ATTRIBUTES,
        }
    ),
    precision=0.0,
)
class CsvTable(Codec):
    """See the module docstring."""

    def render(self, document: Document, options: CsvOptions, ctx: ExportContext) -> Iterator[File]:
        """One file."""
        runs = {run.id: run.tracker for run in document.runs}
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=_SEPARATORS[options.separator], lineterminator="\n")
        names, values = attribute_values.names_of(document), attribute_values.reader_of(document)
        writer.writerow([*_COLUMNS, *(_PREFIX + one_line(name) for name in names)])
        for frame, boxes in by_frame(document, ctx):
            time = number(ctx.times[frame], 6) if frame < len(ctx.times) else ""
            for track, key in boxes:
                row = [frame + options.frame_base, time, *_row(track, key)]
                said = values(track, frame)
                cells = (_cell(said[name]) if name in said else "" for name in names)
                writer.writerow([*row, key.run or "", runs.get(key.run, ""), *cells])
            if buffer.tell() > 1 << 16:
                yield "", buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield "", buffer.getvalue()

    def parse(self, path: Path, options: CsvOptions, ctx: ImportContext) -> Document:
        """All rows with usable numbers."""
        text = file_text(path, "CSV table")
        delimiter = _delimiter(text.partition("\n")[0])
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        gathered, said = Gatherer(ctx), Collected(as_text=True)
        try:
            names = [_column_name(name) for name in reader.fieldnames or []]
            reader.fieldnames = names
            missing = [name for name in _NEEDED if name not in names]
            if missing:
                raise FormatError(
                    f"“{path.name}” lacks the columns {', '.join(missing)}.",
                    "The first line must name the columns: " + ", ".join(_COLUMNS) + ".",
                )
            for row in reader:
                where = f"{path.name}:{reader.line_num}"
                self._take(where, row, options, gathered, ctx)
                _take_attributes(row, options, said)
        except csv.Error as error:
            raise FormatError(
                f"“{path.name}” is not a CSV table: {error} at line {reader.line_num}.",
                "Save it again as CSV with commas and quotes.",
            ) from error
        schemas = manifest.attributes(path, "csv")
        return attribute_values.laid_over(gathered.document(), said, schemas)

    def _take(
        self,
        where: str,
        row: Mapping[str, str],
        options: CsvOptions,
        gathered: Gatherer,
        ctx: ImportContext,
    ) -> None:
        values = {name: value or "" for name, value in row.items() if isinstance(value, str)}
        flags = Flag.NONE
        for name, flag in _FLAGS.items():
            if values.get(name, "").lower() in _TRUE:
                flags |= flag
        gone = bool(flags & Flag.ABSENT)
        frame = to_int(values.get("frame", ""))
        box = [to_float(values.get(name) or ("0" if gone else "")) for name in _NEEDED[1:]]
        numbers = [v for v in box if v is not None]
        score = to_float(values.get("score") or "1")
        if frame is None or len(numbers) != 4 or score is None:
            ctx.skip(where, "frame, x, y, w, h or score is not a number")
            return
        source, state = values.get("source", ""), values.get("state", "")
        if source.upper() not in _names(Source) or state.upper() not in _names(TargetState):
            ctx.skip(where, f"unknown source or state “{source or state}”")
            return
        key = Keyframe(
            frame - options.frame_base,
            Box(*numbers),
            Source[source.upper()] if source else Source.IMPORTED,
            score,
            TargetState[state.upper()] if state else TargetState.TRACKING,
            flags,
        )
        label = values.get("label", "")
        identity = values.get("track_id", "")
        if identity:
            gathered.add(where, to_int(identity) or 0, key, label, values.get("name", ""))
        else:
            gathered.add_loose(where, key, label)

    def detect(self, path: Path) -> float:
        """A header line with the needed columns."""
        if path.is_dir():
            return 0.0
        with path.open("rb") as stream:
            head = stream.read(4096).decode("utf-8-sig", "replace").splitlines()
        if not head:
            return 0.0
        names = {name.strip().strip('"').lower() for name in head[0].split(_delimiter(head[0]))}
        return 0.95 if names.issuperset(_NEEDED) else 0.0


def _column_name(header: str) -> str:
    name = header.strip()
    lower = name.lower()
    return _PREFIX + name[len(_PREFIX) :] if lower.startswith(_PREFIX) else lower


def _take_attributes(row: Mapping[str, str], options: CsvOptions, said: Collected) -> None:
    frame, track_id = to_int(row.get("frame") or ""), to_int(row.get("track_id") or "")
    if frame is not None and track_id is not None:
        cells: attribute_values.Values = {
            name[len(_PREFIX) :]: value
            for name, value in row.items()
            if isinstance(name, str) and name.startswith(_PREFIX) and isinstance(value, str)
        }
        said.add(track_id, frame - options.frame_base, cells)


def _cell(value: AttributeValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return one_line(value) if isinstance(value, str) else f"{value!r}".removesuffix(".0")


def _names(kind: type[Source] | type[TargetState]) -> set[str]:
    return {"", *kind.__members__}


def _delimiter(header: str) -> str:
    return max(_SEPARATORS.values(), key=header.count)


def _row(track: Track, key: Keyframe) -> list[object]:
    score = str(np.float32(key.score)).removesuffix(".0")  # the shortest that reads back
    return [
        track.id,
        one_line(track.label),
        one_line(track.name),
        *(repr(v) for v in key.box.as_tuple()),
        score,
        key.source.name.lower(),
        key.state.name.lower(),
        *(int(bool(key.flags & flag)) for flag in _FLAGS.values()),
    ]
