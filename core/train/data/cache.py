"""A packed copy of training material, so that training never waits for large photographs.

Pictures are reduced to what the crops need and written as JPEGs into shards, files of a few
dozen items that are memory-mapped when read. Boxes are scaled with them. A shard is
named by a digest of what went into it and written whole or not at all, so that an
interrupted build continues where it stopped; ``index.json`` comes last and makes the cache valid.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.params import param, to_dict
from core.storage import atomic_write
from core.train.data.frames import Frames, PngMasks, ShardFrames, mapped, read_picture
from core.train.data.items import Item, Kind, Mask, Track
from core.train.data.report import Fault, Report

VERSION = 2
INDEX = "index.json"
_MAGIC = b"BTSHARD1"
_ITEMS = 48
_JPEG = b"\xff\xd8\xff"
Progress = Callable[[int, int], None]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CacheParams:
    """How much of the pictures is kept."""

    largest: int = param(640, "Longest side of a kept picture.", bounds=(128, 4096), unit="px")
    detail: int = param(
        127,
        "A picture is not reduced below this side of its smallest object with context.",
        bounds=(32, 1024),
        unit="px",
    )
    frames: int = param(
        200, "Frames kept of one video, evenly spread.", bounds=(2, 100_000), unit="frames"
    )
    cutouts: int = param(12_000, "Most pictures in the stock of cut-outs.", bounds=(0, 1_000_000))
    quality: int = param(92, "JPEG quality of reduced pictures.", bounds=(50, 100))


def build(
    items: Sequence[Item],
    folder: Path,
    params: CacheParams | None = None,
    report: Report | None = None,
    progress: Progress = lambda done, total: None,
) -> list[Item]:
    """Write a cache of `items`, or complete one that was begun, and open it.

    Sprites keep their alpha. Pictures that cannot be read are counted and left out.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    DatasetError
        If nothing readable is left.
    """
    params, report = params or CacheParams(), report or Report()
    names = []
    for start in range(0, len(items), _ITEMS):
        chunk = items[start : start + _ITEMS]
        path = folder / f"shard-{len(names):05d}-{_digest(chunk, params)}.bin"
        if not _whole(path):
            _write(path, chunk, params)
        unread = _read_head(path)["unreadable"]
        report.skip(Fault.UNREADABLE, "".join(unread[:1]), len(unread))
        names.append(path.name)
        progress(min(start + _ITEMS, len(items)), len(items))
    _sweep(folder, set(names))
    with atomic_write(folder / INDEX, text=True) as stream:
        skipped = {
            fault.name: [count, report.examples[fault]] for fault, count in report.skipped.items()
        }
        content = {
            "version": VERSION,
            "params": to_dict(params),
            "shards": names,
            "skipped": skipped,
        }
        json.dump(content, stream, indent=1)
    found = load(folder)
    report.require_any(folder, len(found))
    return found


def complete(folder: Path, params: CacheParams | None = None) -> bool:
    """Whether `folder` holds a finished cache of this version, made with `params`."""
    try:
        index = _index(folder)
    except DatasetError:
        return False
    same = params is None or index.get("params") == to_dict(params)
    return same and all((folder / name).is_file() for name in index["shards"])


def load(folder: Path) -> list[Item]:
    """The items of a finished cache.

    Raises
    ------
    DatasetError
        If it is not finished, of another version, or damaged.
    """
    return [item for name in _index(folder)["shards"] for item in _items(folder / name)]


def recall(folder: Path, report: Report) -> None:
    """Add to `report` what was skipped when the cache was built."""
    for name, (count, example) in _index(folder).get("skipped", {}).items():
        report.skip(Fault[name], example, count)


def _index(folder: Path) -> dict[str, Any]:
    hint = "Build it anew."
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        version, shards = index["version"], index["shards"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"There is no finished cache in “{folder}”.", hint, str(error)
        ) from error
    if version != VERSION or not isinstance(shards, list):
        raise DatasetError(f"The cache in “{folder}” is of another version.", hint)
    return index


def _items(path: Path) -> Iterator[Item]:
    try:
        start, head = _head(mapped(str(path)))
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise DatasetError(
            f"“{path.name}” is damaged.", "Build the cache anew.", str(error)
        ) from error
    for entry in head["items"]:
        frames = ShardFrames(path, _spans(entry["frames"], start))
        masks = entry["masks"]
        yield Item(
            key=entry["key"],
            group=entry["group"],
            source=entry["source"],
            kind=Kind(entry["kind"]),
            frames=frames,
            tracks=tuple(_track(row) for row in entry["tracks"]),
            masks=PngMasks(ShardFrames(path, _spans(masks, start))) if masks else None,
            licence=entry["licence"],
        )


def _spans(rows: Sequence[Sequence[int]], start: int) -> NDArray[np.int64]:
    spans = np.array(rows, np.int64).reshape(-1, 2)
    spans[:, 0] += start
    return spans


def _track(row: Sequence[Any]) -> Track:
    category, value, rows = row
    boxes = np.array([[math.nan] * 4 if box is None else box for box in rows], np.float64)
    return Track(category, boxes.reshape(-1, 4), value)


def _head(data: NDArray[np.uint8]) -> tuple[int, dict[str, Any]]:
    """Where the payload starts, and the JSON head."""
    if bytes(data[:8]) != _MAGIC:
        raise ValueError("no shard")
    length, _, size = struct.unpack("<QIQ", bytes(data[8:28]))
    start = 28 + length
    if len(data) != start + size:
        raise ValueError("wrong length")
    return start, json.loads(bytes(data[28:start]).decode())


def _whole(path: Path) -> bool:
    """Whether a shard is there and undamaged."""
    try:
        data = np.fromfile(path, np.uint8)
        start, _ = _head(data)
    except (OSError, ValueError, struct.error):
        return False
    (checksum,) = struct.unpack("<I", bytes(data[16:20]))
    return zlib.crc32(data[start:].tobytes()) == checksum


def _read_head(path: Path) -> dict[str, Any]:
    return _head(mapped(str(path)))[1]


def _write(path: Path, items: Sequence[Item], params: CacheParams) -> None:
    payload = bytearray()
    entries: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for item in items:
        entry = _packed(item, params, payload, unreadable)
        if entry is not None:
            entries.append(entry)
    facts = {"items": entries, "unreadable": unreadable}
    head = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    numbers = struct.pack("<QIQ", len(head), zlib.crc32(payload), len(payload))
    with atomic_write(path) as stream:
        stream.write(_MAGIC + numbers + head)
        stream.write(payload)


def _packed(
    item: Item, params: CacheParams, payload: bytearray, unreadable: list[str]
) -> dict[str, Any] | None:
    """Append an item's pictures to the payload; None where none of them can be read.

    What cannot be read is added to `unreadable`.
    """
    frames, masks, kept, factors = [], [], [], []
    for index in _chosen(item, params.frames):
        try:
            content, factor = _picture(item, index, params)
            mask = _mask(item, index, factor)
        except DatasetError as error:
            unreadable.append(error.details or item.key)
            continue
        frames.append(_append(payload, content))
        masks.append(_append(payload, mask) if mask is not None else None)
        kept.append(index)
        factors.append(factor)
    if not kept:
        return None
    scale = np.array(factors, np.float64)[:, [0, 1, 0, 1]]
    return {
        "key": item.key,
        "group": item.group,
        "source": item.source,
        "kind": item.kind.value,
        "licence": item.licence,
        "frames": frames,
        "masks": masks if all(mask is not None for mask in masks) else None,
        "tracks": [
            (track.category, track.mask_value, _rows(track.boxes[kept] * scale))
            for track in item.tracks
        ],
    }


def _append(payload: bytearray, content: bytes) -> tuple[int, int]:
    payload += content
    return len(payload) - len(content), len(content)


def _rows(boxes: Array) -> list[list[float] | None]:
    return [[round(float(v), 3) for v in row] if np.isfinite(row).all() else None for row in boxes]


def _chosen(item: Item, most: int) -> list[int]:
    """Frames to keep: those with an object (all where there are no tracks), evenly spread."""
    seen = np.zeros(len(item), bool)
    for track in item.tracks:
        seen[track.present()] = True
    frames = np.flatnonzero(seen) if item.tracks else np.arange(len(item))
    if len(frames) > most:
        frames = frames[np.linspace(0, len(frames) - 1, most).round().astype(np.intp)]
    return [int(frame) for frame in frames]


def _picture(item: Item, index: int, params: CacheParams) -> tuple[bytes, tuple[float, float]]:
    """Bytes to keep of a picture, and how far it was reduced in x and y."""
    content = item.frames.encoded(index)
    if item.kind is Kind.SPRITE:
        return content.tobytes(), (1.0, 1.0)
    image = read_picture(item.frames, index)
    height, width = image.shape[:2]
    factor = _factor(item, index, max(width, height), params)
    if factor >= 1.0 and content[:3].tobytes() == _JPEG:
        return content.tobytes(), (1.0, 1.0)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    if size != (width, height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, params.quality])
    return encoded.tobytes(), (size[0] / width, size[1] / height)


def _factor(item: Item, index: int, longest: int, params: CacheParams) -> float:
    factor = params.largest / longest
    boxes = [track.box(index) for track in item.tracks]
    contexts = [math.sqrt((1.5 * b.w + 0.5 * b.h) * (0.5 * b.w + 1.5 * b.h)) for b in boxes if b]
    if contexts:
        # The template of the smallest object must keep its pixels.
        factor = max(factor, params.detail / max(min(contexts), 1.0))
    return min(factor, 1.0)


def _mask(item: Item, index: int, factor: tuple[float, float]) -> bytes | None:
    if item.masks is None:
        return None
    labels: Mask = item.masks.indexed(index)
    if factor != (1.0, 1.0):
        size = (round(labels.shape[1] * factor[0]), round(labels.shape[0] * factor[1]))
        labels = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    return cv2.imencode(".png", labels)[1].tobytes()


def _digest(items: Sequence[Item], params: CacheParams) -> str:
    """A short digest of everything a shard is made from."""
    digest = hashlib.sha256(json.dumps([VERSION, to_dict(params)]).encode())
    for item in items:
        facts = (item.key, item.group, item.kind, len(item), item.masks is not None)
        digest.update(repr(facts).encode())
        for index in {0, len(item) - 1}:
            digest.update(_stamp(item.frames, index).encode())
        for track in item.tracks:
            digest.update(track.category.encode() + bytes([track.mask_value % 256]))
            digest.update(np.ascontiguousarray(track.boxes).tobytes())
    return digest.hexdigest()[:16]


def _stamp(frames: Frames, index: int) -> str:
    name = frames.name(index)
    try:
        return f"{name}\0{Path(name).stat().st_size}\0"
    except OSError:
        return f"{name}\0"


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove shards of an earlier state of the material."""
    for path in folder.glob("shard-*.bin"):
        if path.name not in names:
            path.unlink(missing_ok=True)
