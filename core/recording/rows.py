"""What is kept of a frame on its way to the file, and a block of such rows as arrays.

Pixels of the video are not kept: they are in the video. Texts (reasons, names) are
replaced by their number in one list, see :class:`Texts`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engine.runner import FrameResult
from core.recording import schema
from core.recording.coding import Precision, differences, encode
from core.trackers.base import EMPTY, Patch, Proposals, ResponseMap, TrackResult

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A frame's result without its picture."""

    run: int
    index: int
    time: float
    seconds: float
    seed: bool
    result: TrackResult

    @classmethod
    def of(cls, item: FrameResult) -> Record:
        """Of what the tracking loop delivers."""
        frame, result, verdict = item.frame, item.result, item.verdict
        if verdict.alarms or verdict.doubt:
            spoken = {schema.ALARM_BITS: float(verdict.alarms), schema.ALARM_DOUBT: verdict.doubt}
            result = replace(result, scalars={**result.scalars, **spoken})
        return cls(item.run_id, frame.index, frame.time, item.seconds, item.is_seed, result)

    @property
    def is_heavy(self) -> bool:
        """Whether there are maps, patches or proposals in it."""
        return bool(self.result.maps or self.result.patches or self.result.proposals)

    def light(self) -> Record:
        """Without maps, patches and proposals."""
        return replace(
            self, result=replace(self.result, maps=EMPTY, patches=EMPTY, proposals=EMPTY)
        )


class Texts:
    """A growing list of different texts; the number of each is its code. Code 0 is ""."""

    def __init__(self) -> None:
        self._codes = {"": 0}
        self._new: list[str] = [""]

    def code(self, text: str) -> int:
        """The number of `text`, which is added when it is new."""
        line = text.replace("\r", " ").replace("\n", " ")
        if line not in self._codes:
            self._codes[line] = len(self._codes)
            self._new.append(line)
        return self._codes[line]

    def take(self) -> bytes:
        """The texts added since the last call, one per line."""
        lines, self._new = self._new, []
        return "".join(line + "\n" for line in lines).encode("utf-8", "replace")


def frame_rows(records: Sequence[Record], texts: Texts, attachments: Sequence[int]) -> Array:
    """The rows of the table of frames; `attachments` is their running count."""
    rows = np.zeros(len(records), schema.FRAME)
    for row, record, count in zip(rows, records, attachments, strict=True):
        result = record.result
        row["index"], row["run"], row["seed"] = record.index, record.run, record.seed
        row["state"], row["reason"] = result.state, texts.code(result.reason)
        row["box"], row["score"] = result.box.as_tuple(), result.score
        row["time"], row["seconds"] = record.time, record.seconds
        row["attachments"] = count
    return rows


@dataclass(slots=True)
class MapBlock:
    """One map of a block: cells ``(n, rows, cols)`` and where each lies."""

    cells: Array
    places: Array
    refused: int = 0


def map_block(
    key: str, records: Sequence[Record], precision: Precision, texts: Texts
) -> MapBlock | None:
    """The cells of map `key` in a block; None when no frame has it."""
    found = [record.result.maps.get(key) for record in records]
    shapes = [response.values.shape for response in found if response is not None]
    if not shapes:
        return None
    sides = [max(shape[axis] for shape in shapes) for axis in (0, 1)]
    block = MapBlock(
        np.zeros((len(records), *sides), schema.CELL[precision]),
        np.zeros(len(records), schema.PLACE),
    )
    for at, response in enumerate(found):
        if response is not None and not _put_map(block, at, response, precision, texts):
            block.refused += 1
    return block


def _put_map(
    block: MapBlock, at: int, response: ResponseMap, precision: Precision, texts: Texts
) -> bool:
    rows, cols = response.values.shape
    try:
        codes, low, high = encode(response.values, precision)
    except ValueError:
        return False
    block.cells[at, :rows, :cols] = codes
    place = block.places[at]
    place["present"], place["rows"], place["cols"] = 1, rows, cols
    place["low"], place["high"] = low, high
    place["quantity"] = texts.code(response.quantity)
    place["matrix"] = response.placement.matrix
    place["range"] = response.value_range or (np.nan, np.nan)
    return True


class Columns:
    """Named numbers of frames as a matrix whose columns grow as names turn up."""

    def __init__(self, take: Callable[[TrackResult], Mapping[str, float]]) -> None:
        self._take = take
        self._columns: dict[str, int] = {}
        self._new: list[str] = []

    def block(self, records: Sequence[Record]) -> Array:
        """Values ``(n, columns)``, NaN where a frame does not have one."""
        for name in (name for record in records for name in self._take(record.result)):
            if name not in self._columns and len(self._columns) < schema.MAX_COLUMNS:
                self._columns[name] = len(self._columns)
                self._new.append(name)
        values = np.full((len(records), len(self._columns)), np.nan)
        for row, record in zip(values, records, strict=True):
            for name, value in self._take(record.result).items():
                if name in self._columns:
                    row[self._columns[name]] = value
        return values

    def take_names(self) -> list[str]:
        """Names of the columns added since the last call."""
        names, self._new = self._new, []
        return names


def attachments_of(
    records: Iterable[Record], first_row: int, offset: int, texts: Texts
) -> tuple[Array, bytes, list[int]]:
    """Patches and proposals of a block: table, data from `offset` on, how many per frame."""
    entries: list[Any] = []
    data = bytearray()
    counts = []
    for row, record in enumerate(records, start=first_row):
        before = len(entries)
        for name, item in _attached(record.result):
            entry, packed = _attachment(item, texts)
            entry["row"], entry["name"] = row, texts.code(name)
            entry["offset"], entry["size"] = offset + len(data), len(packed)
            data += packed
            entries.append(entry)
        counts.append(len(entries) - before)
    return np.array(entries, schema.ATTACHMENT), bytes(data), counts


def _attached(result: TrackResult) -> Iterator[tuple[str, Patch | Proposals | Array]]:
    """What a result has attached, by name; the numbers that a patch shows follow it."""
    for name, patch in result.patches.items():
        yield name, patch
        if patch.values is not None:
            yield name, patch.values
    yield from result.proposals.items()


def _attachment(item: Patch | Proposals | Array, texts: Texts) -> tuple[Any, bytes]:
    entry = np.zeros((), schema.ATTACHMENT)
    if isinstance(item, np.ndarray):
        entry["kind"], entry["shape"] = schema.NUMBERS, item.shape
        # Bytes of like weight together pack better.
        planes = np.ascontiguousarray(item, "<f4").view(np.uint8).reshape(-1, 4).T
        return entry, zlib.compress(planes.tobytes(), 4)
    if isinstance(item, Patch):
        entry["kind"], entry["role"] = schema.PATCH, texts.code(item.role)
        entry["shape"], entry["matrix"] = item.image.shape[:2], item.placement.matrix
        rows, cols = item.image.shape[:2]
        planes = np.ascontiguousarray(item.image.transpose(2, 0, 1))
        packed = np.stack([differences(plane) for plane in planes]).reshape(3, rows, cols)
        return entry, zlib.compress(packed.tobytes(), 4)
    entry["kind"], entry["shape"] = schema.PROPOSALS, (len(item), 5)
    table = np.column_stack([item.boxes, item.scores]).astype("<f8")
    return entry, zlib.compress(table.tobytes(), 4)
