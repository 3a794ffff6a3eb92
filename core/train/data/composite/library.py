"""The stock of cut-outs: cut once, kept in one memory-mapped file, shared by all workers.

An entry is one object with one or several poses (frames of a video, views of a
turntable). Poses let a composited object change its shape as the real one did.
"""

from __future__ import annotations

import json
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import DatasetError
from core.storage import atomic_write
from core.train.data.composite.cutouts import Cutout, from_mask, from_sprite, outline_of
from core.train.data.frames import mapped
from core.train.data.items import Item, Kind
from core.train.data.report import Fault, Report
from core.train.data.seeds import hashed_share

_MAGIC = b"BTCUT001"
MOST = 12_000
"""Most pictures of a stock: about half a gigabyte."""
_POSES = 24
_KEPT = 512
Progress = Callable[[int, int], None]
Facts = tuple[str, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: what it is, and the numbers of its poses in order."""

    key: str
    group: str
    source: str
    category: str
    sprite: bool
    poses: tuple[int, ...]


class Stock(Protocol):
    """Cut-outs by number; `facts` without reading the picture."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Cutout: ...

    def facts(self, number: int) -> Facts:
        """key, group, source, category, sprite."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Some cut-outs of a library as a sequence, read when asked for."""

    library: Library
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> Cutout:
        return self.library.cutout(self.numbers[index])


class Pool:
    """Objects to draw from: a class by the root of its size, then one of the class."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        classes: dict[str, list[Entry]] = {}
        for entry in entries:
            classes.setdefault(entry.category or entry.key, []).append(entry)
        self._classes = list(classes.values())
        weights = np.sqrt([len(members) for members in self._classes])
        self._bounds = np.cumsum(weights) / weights.sum() if len(weights) else weights

    def __len__(self) -> int:
        return sum(map(len, self._classes))

    def draw(self, rng: np.random.Generator) -> Entry:
        """One object; the pool must not be empty."""
        at = int(np.searchsorted(self._bounds, rng.random(), side="right"))
        members = self._classes[min(at, len(self._classes) - 1)]
        return members[int(rng.integers(len(members)))]


class Library:
    """Cut-outs by number, grouped into objects.

    Attributes
    ----------
    entries
        The objects.
    by_category
        Numbers of the entries of each class.
    """

    def __init__(self, stock: Stock, entries: Sequence[Entry] | None = None) -> None:
        self._stock = stock
        self.entries = list(entries) if entries is not None else _objects(stock)
        self.by_category: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            if entry.category:
                self.by_category.setdefault(entry.category, []).append(number)
        self._pools: dict[tuple[bool, bool], Pool] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def cutout(self, number: int) -> Cutout:
        """Pose `number`."""
        return self._stock[number]

    def pool(self, *, sprite: bool, posed: bool) -> Pool:
        """The sprites, or the objects cut from photographs, with or without several poses."""
        if (sprite, posed) not in self._pools:
            chosen = [
                entry
                for entry in self.entries
                if entry.sprite == sprite and (len(entry.poses) > 1) == posed
            ]
            self._pools[sprite, posed] = Pool(chosen)
        return self._pools[sprite, posed]

    def subset(self, keep: Callable[[Entry], bool]) -> Library:
        """The objects that satisfy `keep`, sharing the pictures."""
        return Library(self._stock, [entry for entry in self.entries if keep(entry)])


def in_memory(cutouts: Sequence[Cutout]) -> Library:
    """A library of cut-outs that are already there."""
    return Library(_InMemory(cutouts))


def _objects(stock: Stock) -> list[Entry]:
    poses: dict[Facts, list[int]] = defaultdict(list)
    for number in range(len(stock)):
        poses[stock.facts(number)].append(number)
    return [Entry(*facts, poses=tuple(numbers)) for facts, numbers in poses.items()]


class _InMemory:
    """Cut-outs in a list."""

    def __init__(self, cutouts: Sequence[Cutout]) -> None:
        self._cutouts = cutouts

    def __len__(self) -> int:
        return len(self._cutouts)

    def __getitem__(self, number: int) -> Cutout:
        return self._cutouts[number]

    def facts(self, number: int) -> Facts:
        return _facts(self._cutouts[number])


class _Stored:
    """Cut-outs in a memory-mapped file, made when asked for."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        data = mapped(self._path)
        if bytes(data[:8]) != _MAGIC:
            raise DatasetError(f"“{path.name}” is not a stock of cut-outs.", "Build it anew.")
        (length,) = struct.unpack("<Q", bytes(data[8:16]))
        self._index = json.loads(bytes(data[16 : 16 + length]).decode())
        self._start = 16 + length
        self._kept: OrderedDict[int, Cutout] = OrderedDict()

    def __len__(self) -> int:
        return len(self._index)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_kept": OrderedDict()}

    def facts(self, number: int) -> Facts:
        key, group, source, category, sprite = self._index[number][:5]
        return key, group, source, category, bool(sprite)

    def __getitem__(self, number: int) -> Cutout:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        offset, rows, cols = self._index[number][5:]
        start = self._start + offset
        part = mapped(self._path)[start : start + rows * cols * 4]
        image = np.asarray(part).reshape(rows, cols, 4)
        cut = Cutout(image, outline_of(image[..., 3]), *self.facts(number))
        self._kept[number] = cut
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return cut


def _facts(cut: Cutout) -> Facts:
    return cut.key, cut.group, cut.source, cut.category, cut.sprite


def cut_all(
    items: Iterable[Item],
    report: Report,
    progress: Progress = lambda done, total: None,
    *,
    most: int = MOST,
) -> list[Cutout]:
    """Cut out every object that can be cut out of `items`, up to `most` pictures.

    Where there are more, the items are taken in an order that mixes data sets and classes
    and is the same on every machine.
    """
    usable = [item for item in items if item.kind is Kind.SPRITE or item.masks is not None]
    if sum(len(_frames_to_cut(item)) * len(item.tracks) for item in usable) > most:
        usable.sort(key=lambda item: hashed_share(item.key))
    cutouts: list[Cutout] = []
    for done, item in enumerate(usable, 1):
        if len(cutouts) >= most:
            break
        for frame in _frames_to_cut(item):
            try:
                found = _cut(item, frame)
            except DatasetError as error:
                report.skip(Fault.UNREADABLE, error.details or item.key)
                continue
            wanted = sum(1 for track in item.tracks if track.box(frame) is not None)
            report.skip(Fault.POOR_CUTOUT, item.key, wanted - len(found))
            cutouts += found
        progress(done, len(usable))
    return cutouts[:most]


def save(path: Path, cutouts: Sequence[Cutout]) -> None:
    """Write a stock; the same cut-outs give the same bytes.

    Raises
    ------
    StorageError
        If the file cannot be written; an older one is kept.
    """
    index, offset = [], 0
    for cut in cutouts:
        rows, cols = cut.image.shape[:2]
        index.append([*_facts(cut), offset, rows, cols])
        offset += cut.image.size
    head = json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode()
    with atomic_write(path) as stream:
        stream.write(_MAGIC + struct.pack("<Q", len(head)) + head)
        for cut in cutouts:
            stream.write(cut.image.tobytes())


def load(path: Path) -> Library:
    """Open a stock.

    Raises
    ------
    DatasetError
        If the file is missing, damaged or of another version.
    """
    try:
        return Library(_Stored(path))
    except (OSError, ValueError, struct.error) as error:
        raise DatasetError(
            f"The stock of cut-outs “{path.name}” cannot be read.", "Build it anew.", f"{error}"
        ) from error


def _cut(item: Item, frame: int) -> list[Cutout]:
    if item.kind is Kind.SPRITE:
        found = from_sprite(item)
        return [found] if found is not None else []
    return from_mask(item, frame)


def _frames_to_cut(item: Item) -> list[int]:
    if len(item) <= _POSES:
        return list(range(len(item)))
    # Neighbouring frames from the middle: poses that follow each other in time.
    step = max(1, min(2, len(item) // _POSES))
    start = (len(item) - _POSES * step) // 2
    return [start + step * k for k in range(_POSES)]
