"""``manifest.jsonl``: our own list of mixed material, one object a line.

Fields: ``kind`` (video, image, background, sprite), ``set``, ``boxes``
(``[x, y, w, h, class]``, 0-based; null where absent), and ``file``, or ``sequence``,
``frames`` and ``object`` for a track; ``masks`` (one palette PNG, or one a frame) holds
object k as value k. Paths are relative to the manifest. ``group`` names footage that
must stay together; without it the rules below apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.frames import FolderFrames, PngMasks, numbered_or_list
from core.train.data.items import Item, Kind, Track, cleaned
from core.train.data.report import Fault, Report

FILE = "manifest.jsonl"
Record = Mapping[str, Any]

_KINDS = {
    "video": Kind.VIDEO,
    "image": Kind.STILL,
    "background": Kind.BACKGROUND,
    "sprite": Kind.SPRITE,
}
# One scene, or one set of individuals: the whole set is a group.
_ONE_GROUP = frozenset({"cdnet_highway", "gtea_gaze_plus", "playing_cards"})
# Two selections of the same photographs: the file's name is the group.
_SHARED = re.compile(r"^coco_")
# Several clips of one thing: the name without its number.
_CLIPS = re.compile(r"_\d+$")
_CLIP_SETS = frozenset({"foda"})


def recognised(folder: Path) -> bool:
    """Whether `folder` has such a list."""
    return (folder / FILE).is_file()


def read(folder: Path, report: Report) -> list[Item]:
    """Items of the list; tracks of the same frames are one item.

    Raises
    ------
    DatasetError
        If the list itself cannot be read.
    """
    lines = _lines(folder / FILE)
    stills: list[Item] = []
    videos: dict[tuple[str, str], list[Record]] = {}
    for number, line in enumerate(lines, 1):
        record = _record(line)
        if record is None:
            report.skip(Fault.BAD_RECORD, f"line {number} of {FILE}")
        elif record["kind"] == "video":
            videos.setdefault((str(record["set"]), str(record["sequence"])), []).append(record)
        else:
            item = _still(folder, record, report)
            if item is not None:
                stills.append(item)
    clips = [_video(folder, records, report) for records in videos.values()]
    items = [*(clip for clip in clips if clip is not None), *stills]
    for item in items:
        report.use(f"{item.kind.value}s of {item.source}")
    return items


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"“{path}” cannot be read.", "Check the file.", str(error)) from error


def _record(line: str) -> Record | None:
    try:
        record = json.loads(line)
        complete = record["kind"] in _KINDS and "set" in record and "boxes" in record
        names = ("sequence", "frames") if record["kind"] == "video" else ("file",)
        return record if complete and all(record.get(name) for name in names) else None
    except (ValueError, KeyError, TypeError):
        return None


def _still(folder: Path, record: Record, report: Report) -> Item | None:
    path = folder / record["file"]
    if not path.is_file():
        report.skip(Fault.MISSING, path)
        return None
    kind = _KINDS[record["kind"]]
    name = PurePosixPath(record["file"]).stem
    tracks = _objects(record, report) if kind is not Kind.BACKGROUND else ()
    if not tracks and kind is Kind.STILL:
        return None
    masks = _masks(folder, [record["masks"]], report) if record.get("masks") else None
    return Item(
        key=f"{record['set']}/{name}",
        group=_group(record, name),
        source=str(record["set"]),
        kind=kind,
        frames=FolderFrames(path.parent, (path.name,)),
        tracks=tracks,
        masks=masks,
        licence=str(record.get("licence", "")),
    )


def _objects(record: Record, report: Report) -> tuple[Track, ...]:
    tracks = []
    for value, row in enumerate(record["boxes"], 1):
        boxes, category = _rows([row], record, report)
        if np.isfinite(boxes).all():
            tracks.append(Track(category, boxes, value if record.get("masks") else 0))
        else:
            report.skip(Fault.NO_BOX, record["file"])
    return tuple(tracks)


def _video(folder: Path, records: list[Record], report: Report) -> Item | None:
    head = records[0]
    name = str(head["sequence"])
    frames = list(head["frames"])
    first = folder / frames[0]
    missing = sum(not (folder / frame).is_file() for frame in frames)
    if missing:
        report.skip(Fault.MISSING, first.parent, missing)
        return None
    tracks = []
    for record in records:
        boxes, category = _rows(record["boxes"], record, report)
        if record["frames"] != frames or len(boxes) != len(frames):
            report.skip(Fault.BAD_RECORD, f"{record['set']}/{name}")
        elif np.isfinite(boxes[:, 0]).any():
            value = int(record.get("object", 1)) if record.get("masks") else 0
            tracks.append(Track(category, boxes, value))
        else:
            report.skip(Fault.NO_BOX, f"{record['set']}/{name}")
    if not tracks:
        return None
    masks = _masks(folder, head["masks"], report) if head.get("masks") else None
    names = numbered_or_list([PurePosixPath(frame).name for frame in frames])
    return Item(
        key=f"{head['set']}/{name}",
        group=_group(head, name),
        source=str(head["set"]),
        kind=Kind.VIDEO,
        frames=FolderFrames(first.parent, names),
        tracks=tuple(tracks),
        masks=masks,
        licence=str(head.get("licence", "")),
    )


def _masks(folder: Path, files: Iterable[str], report: Report) -> PngMasks | None:
    paths = [folder / file for file in files if file]
    if not paths or not all(path.is_file() for path in paths):
        report.skip(Fault.MISSING, paths[0] if paths else folder)
        return None
    names = numbered_or_list([path.name for path in paths])
    return PngMasks(FolderFrames(paths[0].parent, names))


def _rows(rows: Any, record: Record, report: Report) -> tuple[NDArray[np.float64], str]:
    size = (int(record["width"]), int(record["height"])) if record.get("width") else None
    category = ""
    table = np.full((len(rows), 4), np.nan)
    for index, row in enumerate(rows):
        if row is None:
            continue
        try:
            table[index] = [float(value) for value in row[:4]]
            category = str(row[4]) if len(row) > 4 else category
        except (TypeError, ValueError):
            report.skip(Fault.BAD_RECORD, record.get("file") or record.get("sequence"))
    return cleaned(table, size), category


def _group(record: Record, name: str) -> str:
    if record.get("group"):
        return str(record["group"])
    source = str(record["set"])
    if source in _ONE_GROUP:
        return source
    if _SHARED.match(source):
        return f"coco/{name}"
    if source in _CLIP_SETS:
        return f"{source}/{_CLIPS.sub('', name)}"
    return f"{source}/{name}"
