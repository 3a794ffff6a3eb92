"""A recording opened for replay: any frame's result and maps, as the tracker gave them.

Rows are in the order of recording. A frame that was tracked again (after a correction)
has several rows; the last one counts, the others stay reachable by row. What comes back
are the core's own objects, so whoever paints a live run paints a replay. Thread-safe.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from core.document.checked import Node
from core.engine.map_source import Attached
from core.errors import RecordingError
from core.geometry import Box
from core.recording import about, attachments, checked, chunks, schema
from core.recording.about import ClipFacts, RunFacts, Tuning
from core.recording.stored_map import StoredMap, Texts
from core.recording.unfinished import is_short
from core.states import TargetState
from core.trackers.base import ALL_MAPS, MapInfo, ResponseMap, TrackResult

NOTHING: frozenset[str] = frozenset()
_VERDICT = frozenset({schema.ALARM_BITS, schema.ALARM_DOUBT})


class Recording:
    """An open recording.

    Attributes
    ----------
    path, precision
        The file, and how exactly its maps are kept.
    clip
        What was tracked.
    runs
        In order; more than one where a person corrected or started again.
    tunings
        Live parameters that were changed on the way, in order.
    complete
        False when the program ended before the recording was finished.

    Raises
    ------
    RecordingError
        When opened: if it is not a recording, damaged, hostile or too new. Later: from
        every method, if the part asked for is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with contextlib.ExitStack() as stack, checked.refusing(path):
            self._file = checked.open_file(path, stack)
            self._read_structure()
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._open.close()

    def __len__(self) -> int:
        """Number of recorded rows."""
        return len(self.table)

    # ---- what there is ---------------------------------------------------------------------

    @property
    def maps(self) -> tuple[MapInfo, ...]:
        """The maps that at least one frame has."""
        return tuple(stored.info for stored in self._maps.values() if stored.count)

    @property
    def frames(self) -> NDArray[np.int32]:
        """Frame number of every row ``(N,)``."""
        return self.table["index"]

    @cached_property
    def rows(self) -> Mapping[int, int]:
        """The row that counts for every recorded frame: the last one.

        Where a run went on from the tracker's own box, that box is in two rows, and the
        first one, which says how it was found, counts.
        """
        found = {int(frame): row for row, frame in enumerate(self.frames)}
        for row in np.flatnonzero(self.table["seed"]):
            frame = int(self.frames[row])
            before = np.flatnonzero(self.frames[:row] == frame)
            if found[frame] == row and len(before):
                earlier = int(before[-1])
                if np.array_equal(self.table["box"][earlier], self.table["box"][row]):
                    found[frame] = earlier
        return MappingProxyType(found)

    @property
    def scalar_names(self) -> tuple[str, ...]:
        """Diagnostics of the tracker that at least one frame has."""
        return tuple(name for name in self._names[schema.SCALARS] if name not in _VERDICT)

    @property
    def timing_names(self) -> tuple[str, ...]:
        """Steps whose time was measured."""
        return tuple(self._names[schema.TIMINGS])

    def scalars(self, name: str) -> NDArray[np.float64]:
        """A diagnostic of every row ``(N,)``, NaN where a frame does not have it.

        Raises
        ------
        RecordingError
            If there is none of that name.
        """
        return self._column(schema.SCALARS, name)

    def timings(self, name: str) -> NDArray[np.float64]:
        """Seconds of a step in every row ``(N,)``, NaN where a frame does not have it.

        Raises
        ------
        RecordingError
            If there is none of that name.
        """
        return self._column(schema.TIMINGS, name)

    def map_places(self, key: str) -> NDArray[Any]:
        """Where map `key` lies in every row, as :data:`core.recording.schema.PLACE`."""
        return self._stored(key).places

    def frames_with(self, key: str) -> NDArray[np.int32]:
        """Frames that have map `key` in the row that counts, ascending."""
        if key not in self._having:
            present = self._stored(key).present
            kept = [frame for frame, row in self.rows.items() if present[row]]
            self._having[key] = np.array(sorted(kept), np.int32)
        return self._having[key]

    def reason(self, row: int) -> str:
        """Why the tracker was uncertain or lost in `row`; empty while tracking."""
        return self._texts[int(self.table[row]["reason"])]

    def alarms(self) -> NDArray[np.uint16]:
        """What spoke against the box of every row ``(N,)``, as bits of an alarm."""
        if schema.ALARM_BITS not in self._names[schema.SCALARS]:
            return np.zeros(len(self), np.uint16)
        bits = np.nan_to_num(self.scalars(schema.ALARM_BITS))
        return np.clip(bits, 0, np.iinfo(np.uint16).max).astype(np.uint16)

    def gaps(self) -> list[tuple[int, int]]:
        """Frames ``first..last`` that are missing between the first and the last one."""
        frames = np.unique(self.frames)
        holes = np.flatnonzero(np.diff(frames) > 1)
        return [(int(frames[k]) + 1, int(frames[k + 1]) - 1) for k in holes]

    # ---- replay ----------------------------------------------------------------------------

    def row_of(self, frame: int) -> int:
        """The row that counts for `frame`.

        Raises
        ------
        RecordingError
            If it was not recorded.
        """
        row = self.rows.get(frame)
        if row is None:
            first, last = (int(self.frames.min()), int(self.frames.max()))
            raise RecordingError(
                f"Frame {frame} was not recorded.", f"The recording has frames {first} to {last}."
            )
        return row

    def result(self, row: int, wanted: Iterable[str] = NOTHING) -> TrackResult:
        """What the tracker said in `row`, with the `wanted` maps (see `Tracker.want_maps`)."""
        wanted = frozenset(wanted)
        entry = self.table[row]
        everything = wanted >= ALL_MAPS
        keys = self._maps if everything else wanted & self._maps.keys()
        maps = {key: found for key in keys if (found := self.map(key, row)) is not None}
        with self._lock, checked.refusing(self.path):
            patches, proposals = self._attachments.of(
                row,
                patches=everything or "patches" in wanted,
                proposals=everything or "proposals" in wanted,
            )
        return TrackResult(
            Box(*map(float, entry["box"])),
            float(entry["score"]),
            TargetState(int(entry["state"])),
            self.reason(row),
            self._values(schema.SCALARS, row),
            maps,
            patches,
            self._values(schema.TIMINGS, row),
            proposals,
        )

    def map(self, key: str, row: int) -> ResponseMap | None:
        """Map `key` of `row`; None when that frame does not have it."""
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        stored = self._maps.get(key)
        if stored is None:
            return None
        with self._lock, checked.refusing(self.path):
            return stored.read(row)

    def latest(self, frame: int, key: str, step: int = 1) -> tuple[ResponseMap, int] | None:
        """Map `key` of `frame`, or of the nearest earlier frame that has it, with its age.

        Earlier is meant in the direction `step` (±1) of tracking.
        """
        stored = self._maps.get(key)
        if stored is None or not stored.count:
            return None
        frames = self.frames_with(key)
        at = np.searchsorted(frames, frame, "right" if step > 0 else "left")
        at = at - 1 if step > 0 else at
        if not 0 <= at < len(frames):
            return None
        found = self.map(key, self.rows[int(frames[at])])
        return None if found is None else (found, abs(frame - int(frames[at])))

    def attached(self, frame: int, step: int = 1) -> tuple[Attached, int] | None:
        """Patches and proposals of `frame`, or of the nearest earlier one, with their age."""
        frames = self._frames_attached
        at = np.searchsorted(frames, frame, "right" if step > 0 else "left")
        at = at - 1 if step > 0 else at
        if not 0 <= at < len(frames):
            return None
        nearest = int(frames[at])
        found = self.result(self.rows[nearest], ("patches", "proposals"))
        return Attached.of(found), abs(frame - nearest)

    def attachment_kinds(self) -> list[attachments.Kind]:
        """Which patches and proposals there are.

        Raises
        ------
        RecordingError
            If the file is damaged.
        """
        with self._lock, checked.refusing(self.path):
            return self._attachments.kinds()

    @cached_property
    def _frames_attached(self) -> NDArray[np.int32]:
        ends = self.table["attachments"].astype(np.int64)
        some = np.diff(ends, prepend=0) > 0
        kept = [frame for frame, row in self.rows.items() if some[row]]
        return np.array(sorted(kept), np.int32)

    # ---- reading ---------------------------------------------------------------------------

    def _read_structure(self) -> None:
        file = self._file
        version, self.precision = checked.require_format(file, self.path)
        size = self.path.stat().st_size
        self._texts = Texts(_text(file, schema.TEXTS, size))
        self.table: NDArray[Any] = self._read_table()
        self._read_log(_text(file, schema.LOG, size))
        self._names: dict[str, dict[str, int]] = {}
        self._columns: dict[str, h5py.Dataset] = {}
        self._loaded: dict[tuple[str, int], NDArray[np.float64]] = {}
        for name in (schema.SCALARS, schema.TIMINGS):
            self._read_columns(name, size)
        parent = checked.group(file, schema.MAPS)
        groups = {
            schema.key_of(link): checked.group(parent, link) for link in checked.links(parent)
        }
        self._maps = {
            key: StoredMap(key, node, version, self.precision, len(self.table), self._texts)
            for key, node in groups.items()
        }
        self._having: dict[str, NDArray[np.int32]] = {}
        node = checked.group(file, schema.ATTACHMENTS)
        self._attachments = attachments.Attachments(node, self.table, self._texts, size)

    def _read_table(self) -> NDArray[Any]:
        dataset = checked.rows(self._file, schema.FRAMES, schema.FRAME, (schema.BLOCK,))
        if len(dataset) > dataset.id.get_num_chunks() * schema.BLOCK:
            raise chunks.damaged(dataset, (0,))
        table = chunks.read_rows(dataset, len(dataset), schema.blank(schema.FRAME))
        # A row that a killed program announced and did not write: nothing follows it.
        ends = np.flatnonzero(table["index"] < 0)
        table = table[: ends[0]] if len(ends) else table
        usable = np.isfinite(table["box"]).all(axis=1) & (table["state"] <= max(TargetState))
        if not usable.all():
            raise chunks.damaged(dataset, (int(np.argmin(usable)),))
        table.setflags(write=False)
        return table

    def _read_log(self, text: str) -> None:
        self.events: tuple[Node, ...] = tuple(about.parse(text))
        kinds = [about.kind(event) for event in self.events]
        starts = [e for e, kind in zip(self.events, kinds, strict=True) if kind == about.START]
        self.clip = about.clip_of(starts[0]) if starts else ClipFacts()
        self.runs: tuple[RunFacts, ...] = tuple(
            about.run_of(e) for e, kind in zip(self.events, kinds, strict=True) if kind == about.RUN
        )
        self.tunings: tuple[Tuning, ...] = tuple(
            about.tuning_of(e)
            for e, kind in zip(self.events, kinds, strict=True)
            if kind == about.TUNE
        )
        self.complete = about.CLOSED in kinds
        if self.complete and is_short(self.path):  # on a full disk it is never finished
            raise RecordingError(
                f"“{self.path.name}” is cut short.", "Take the file from where it was copied from."
            )

    def _read_columns(self, name: str, size: int) -> None:
        node = checked.group(self._file, name)
        codes = checked.flat(node, schema.COLUMNS, np.dtype("<u4"), size)[: schema.MAX_COLUMNS]
        self._names[name] = {self._texts[int(code)]: k for k, code in enumerate(codes)}
        tile = (schema.BLOCK, schema.COLUMN_CHUNK)
        self._columns[name] = checked.rows(node, schema.VALUES, np.dtype("<f8"), tile)

    def _column(self, name: str, column: str) -> NDArray[np.float64]:
        at = self._names[name].get(column)
        if at is None:
            known = ", ".join(self._names[name]) or "none"
            raise RecordingError(f"The recording has no “{column}”.", f"It has: {known}.")
        return self._column_tile(name, at)[:, at % schema.COLUMN_CHUNK]

    def _column_tile(self, name: str, at: int) -> NDArray[np.float64]:
        first = at - at % schema.COLUMN_CHUNK
        with self._lock, checked.refusing(self.path):
            if (name, first) not in self._loaded:
                dataset = self._columns[name]
                inside = first < dataset.shape[1]
                tile = chunks.read_rows(dataset, len(self), np.nan, first) if inside else None
                none = np.full((len(self), schema.COLUMN_CHUNK), np.nan)
                self._loaded[name, first] = none if tile is None else tile
                self._loaded[name, first].setflags(write=False)
            return self._loaded[name, first]

    def _values(self, name: str, row: int) -> dict[str, float]:
        found = {}
        for column, at in self._names[name].items():
            value = self._column_tile(name, at)[row, at % schema.COLUMN_CHUNK]
            if not np.isnan(value) and column not in _VERDICT:
                found[column] = float(value)
        return found

    def _stored(self, key: str) -> StoredMap:
        stored = self._maps.get(key)
        if stored is None or not stored.count:
            known = ", ".join(info.key for info in self.maps) or "none"
            raise RecordingError(f"The recording has no map “{key}”.", f"It has: {known}.")
        return stored


def _text(file: h5py.File, name: str, size: int) -> str:
    data = checked.flat(file, name, schema.BYTE, size)[:]
    return data.tobytes().decode("utf-8", "replace")
