"""Changes of a document as lines of a file that survives being cut anywhere.

One record per line: a CRC-32 of the text, a space, JSON. The first record is the
header, the second the difference from nothing to the document (a snapshot), all
others the difference to the state before. A line whose checksum is wrong ends the
replay: everything before it is good. Columns travel as base64 of little-endian
arrays, which is exact and an order of magnitude faster than decimal numbers.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.document import codec
from core.document.checked import INT32, Node
from core.document.document import Document, Proposal, VideoRef
from core.document.track import COLUMN_TYPES, OPTIONAL_COLUMNS, Columns, Track
from core.errors import ProjectError

FORMAT = "boxtrail-recovery"
VERSION = 2
Record = dict[str, Any]
T = TypeVar("T")

_NONE = np.empty(0, np.int64)

STATES = 100
"""How many states of a journal are kept while it is replayed, to go back to."""

NOTHING = Document(VideoRef(""))
"""The document from which a snapshot is the difference."""


class NewerJournal(ProjectError):
    """A recovery file that only a newer Boxtrail understands: to be left alone."""


# ---- lines --------------------------------------------------------------------------


def seal(record: Record) -> bytes:
    """One record as a line with its checksum."""
    text = json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def unseal(line: bytes) -> Record | None:
    """The record of one line, or None if a single byte of it is wrong or missing."""
    if len(line) < 10 or not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    text = line[9:-1]
    try:
        if int(line[:8], 16) != zlib.crc32(text):
            return None
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


# ---- differences --------------------------------------------------------------------


def difference(before: Document, after: Document) -> Record:
    """What turns `before` into `after`; empty when they are equal.

    Cost: one comparison per track that is not the same object in both.
    """
    record: Record = {}
    if after.video != before.video:
        record["video"] = codec.encode_video(after.video)
    if after.notes != before.notes:
        record["notes"] = after.notes
    ids = [after.next_track_id, after.next_run_id]
    if ids != [before.next_track_id, before.next_run_id]:
        record["next_ids"] = ids
    if after.labels != before.labels:
        record["labels"] = [codec.encode_label(label) for label in after.labels]
    if after.runs is not before.runs and after.runs != before.runs:
        known = {run.id: run for run in before.runs}
        changed = [run for run in after.runs if known.get(run.id) != run]
        record["runs"] = {
            "order": [run.id for run in after.runs],
            "put": [codec.encode_run(run) for run in changed],
        }
    if after.proposals is not before.proposals and after.proposals != before.proposals:
        record["proposals"] = _proposal_changes(before, after)
    known_tracks = {track.id: track for track in before.tracks}
    if list(known_tracks) != [track.id for track in after.tracks]:
        record["track_order"] = [track.id for track in after.tracks]
    changes = [_track_change(known_tracks.get(track.id), track) for track in after.tracks]
    if any(changes):
        record["tracks"] = [change for change in changes if change]
    return record


def _proposal_changes(before: Document, after: Document) -> Record:
    known = {proposal.run.id: proposal for proposal in before.proposals}
    changed = [p for p in after.proposals if known.get(p.run.id) != p]
    return {
        "order": [p.run.id for p in after.proposals],
        "put": [{"run": codec.encode_run(p.run), "rows": _pack(p.columns)} for p in changed],
    }


def _track_change(before: Track | None, after: Track) -> Record:
    if after is before:
        return {}
    old = before.columns if before else Columns.empty()
    change: Record = {}
    if old is not after.columns:
        gone, rows = changed_rows(old, after.columns)
        if len(gone):
            change["gone"] = codec.ranges(gone)
        if len(rows):
            change["rows"] = _pack(rows)
    fields = codec.encode_track(after)
    if change or before is None or fields != codec.encode_track(before):
        change["fields"] = fields
    return change


def changed_rows(before: Columns, after: Columns) -> tuple[NDArray[np.int32], Columns]:
    """Frames that are in `before` only, and the rows of `after` that are new or different."""
    gone = before.frames[~np.isin(before.frames, after.frames, assume_unique=True)]
    if not len(before):
        return gone, after
    row = np.minimum(np.searchsorted(before.frames, after.frames), len(before) - 1)
    same = np.ones(len(after), bool)
    for name in COLUMN_TYPES:
        old, new = getattr(before, name)[row], getattr(after, name)
        equal = (old == new) | ((old != old) & (new != new))  # a NaN equals itself here
        same &= equal.all(axis=1) if equal.ndim == 2 else equal
    return gone, after.select(~same)


def apply(document: Document, record: Record) -> Document:
    """The document after the change that `record` describes.

    Raises
    ------
    ProjectError
        If the record is not one that :func:`difference` makes.
    """
    root = Node(record, "", ProjectError, "recovery file", "It is set aside.")
    if "video" in record:
        document = replace(document, video=codec.decode_video(root.field("video")))
    if "notes" in record:
        document = replace(document, notes=root.field("notes").text())
    if "labels" in record:
        labels = tuple(codec.decode_label(node) for node in root.field("labels").elements())
        document = replace(document, labels=labels)
    if "next_ids" in record:
        ids = root.field("next_ids")
        document = replace(
            document, next_track_id=ids.at(0).integer(1), next_run_id=ids.at(1).integer(1)
        )
    if "runs" in record:
        runs = root.field("runs")
        put = [codec.decode_run(node) for node in runs.field("put").elements()]
        document = replace(document, runs=_merged(document.runs, put, runs.field("order")))
    if "tracks" in record or "track_order" in record:
        known = {track.id: track for track in document.tracks}
        changes = root.field("tracks", []).elements()
        order = root.field("track_order", list(known))
        put = [_changed_track(known, node) for node in changes]
        document = replace(document, tracks=_merged(document.tracks, put, order))
    if "proposals" in record:
        document = replace(document, proposals=_proposals(document, root.field("proposals")))
    return document


def _proposals(document: Document, node: Node) -> tuple[Proposal, ...]:
    put = [
        Proposal(codec.decode_run(n.field("run")), _unpack(n.field("rows")))
        for n in node.field("put").elements()
    ]
    known = {proposal.run.id: proposal for proposal in [*document.proposals, *put]}
    ids = [order.integer(1) for order in node.field("order").elements()]
    if any(i not in known for i in ids) or len(set(ids)) != len(ids):
        raise node.field("order").fail("the ids do not fit what came before")
    return tuple(known[i] for i in ids)


def _merged(items: Sequence[T], put: Sequence[T], order: Node) -> tuple[T, ...]:
    id_of: Callable[[Any], int] = lambda item: item.id  # noqa: E731
    known = {id_of(item): item for item in [*items, *put]}
    ids = [node.integer(1) for node in order.elements()]
    missing = [i for i in ids if i not in known]
    if missing or len(set(ids)) != len(ids):
        raise order.fail(f"the ids do not fit what came before (missing: {missing[:3]})")
    return tuple(known[i] for i in ids)


def _changed_track(known: dict[int, Track], node: Node) -> Track:
    track_id = node.field("fields").field("id").integer(1)
    columns = known[track_id].columns if track_id in known else Columns.empty()
    for span in node.field("gone", []).elements():
        first, last = span.at(0).integer(), span.at(1).integer()
        columns = columns.select((columns.frames < first) | (columns.frames > last))
    if "rows" in node.mapping():
        columns = columns.overlaid(_unpack(node.field("rows")))
    return codec.decode_track(node.field("fields"), columns)


def _pack(columns: Columns) -> Record:
    return {
        name: base64.b64encode(
            getattr(columns, name).astype(np.dtype(kind).newbyteorder("<")).tobytes()
        ).decode("ascii")
        for name, kind in COLUMN_TYPES.items()
    }


def _unpack(node: Node) -> Columns:
    values: dict[str, NDArray[Any]] = {}
    for name, kind in COLUMN_TYPES.items():
        if name in OPTIONAL_COLUMNS and name not in node.mapping():
            continue
        try:
            data = base64.b64decode(node.field(name).text(), validate=True)
            values[name] = np.frombuffer(data, np.dtype(kind).newbyteorder("<"))
        except (binascii.Error, ValueError) as error:
            raise node.field(name).fail("the rows cannot be decoded") from error
    for name, (low, high) in codec.WHOLE_COLUMNS.items():
        column = values.get(name, _NONE)
        if len(column) and not (low <= int(column.min()) and int(column.max()) <= high):
            raise node.field(name).fail(f"a value is not within {low} to {high}")
    try:
        return Columns.of(values)
    except ValueError as error:
        raise node.fail(str(error)) from error


# ---- files --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line says: which document this is, and since when.

    `project` is the absolute path of the project file, empty for one never saved.
    """

    project: str
    video: str
    began: str  # ISO 8601, UTC

    def record(self) -> Record:
        """The header as a journal record."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "project": self.project,
            "video": self.video,
            "began": self.began,
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """The newest state that a journal still tells.

    `complete` is False when good lines followed a damaged one: then the document is
    older than the file. A torn last line (the process died while writing) is normal.
    """

    header: Header
    document: Document
    saved_at: str
    records: int
    complete: bool
    states: tuple[tuple[str, Document], ...] = ()
    """The last :data:`STATES` states with their times (ISO 8601, UTC), oldest first."""


def read_header(path: Path) -> Header:
    """The first line of a journal.

    Raises
    ------
    ProjectError
        If it is damaged or from a newer program.
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        return _header(unseal(stream.readline(1 << 16)), path)


def _header(record: Record | None, path: Path) -> Header:
    if record is None or record.get("format") != FORMAT:
        raise ProjectError(f"“{path.name}” is not a readable recovery file.", "It is set aside.")
    root = Node(record, "", ProjectError, "recovery file", "It is set aside.")
    if root.field("version").integer(1, INT32) > VERSION:
        raise NewerJournal(
            f"“{path.name}” was made by a newer Boxtrail.", "Open it with that version."
        )
    return Header(
        root.field("project").text(), root.field("video").text(), root.field("began").text()
    )


def replay(path: Path) -> Replay:
    """Read a journal as far as it is good.

    Raises
    ------
    ProjectError
        If not even its snapshot can be read.
    OSError
        If the file cannot be read.
    """
    document, saved_at, count, complete = NOTHING, "", 0, True
    states: deque[tuple[str, Document]] = deque(maxlen=STATES)
    with path.open("rb") as stream:
        header = _header(unseal(stream.readline(1 << 16)), path)
        for line in stream:
            record = unseal(line)
            try:
                if record is None:
                    raise ProjectError("A line is damaged.")
                document = apply(document, record)
            except ProjectError:
                complete = not any(unseal(rest) for rest in stream)
                break
            saved_at, count = str(record.get("at", "")), count + 1
            states.append((saved_at, document))
    if not count:
        raise ProjectError(
            f"The recovery file “{path.name}” holds no readable state.", "It is set aside."
        )
    return Replay(header, document, saved_at, count, complete, tuple(states))
