"""TrackingNet for training: ``TRAIN_k/anno/NAME.txt`` with ``frames/NAME/`` or ``zips/NAME.zip``.

Rows are x, y, w, h; pictures are numbered from 0. Clips cut from one YouTube video share
its name up to the last underscore and stay together. ``TEST`` is refused (Müller et al.,
ECCV 2018).
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import DatasetError
from core.evaluate.layouts.ground_truth import list_pictures, read_rows, rectangles
from core.train.data.frames import FolderFrames, Frames, ZipFrames, numbered_or_list
from core.train.data.items import Item, Kind, Track, cleaned
from core.train.data.readers.sequences import subfolders
from core.train.data.report import Fault, Report

_CHUNK = re.compile(r"^TRAIN_\d+$")
_NUMBER = re.compile(r"(\d+)\.[a-z]+$", re.IGNORECASE)


def recognised(folder: Path) -> bool:
    """Whether `folder` is a chunk or holds chunks."""
    return bool(_chunks(folder)) or (folder / "TEST" / "anno").is_dir()


def read(folder: Path, report: Report) -> list[Item]:
    """The clips of all chunks at `folder`."""
    items = []
    test = folder / "TEST" / "anno"
    if test.is_dir():
        report.skip(Fault.EVALUATION, "TEST", sum(1 for _ in test.glob("*.txt")))
    for chunk in _chunks(folder):
        for truth in sorted((chunk / "anno").glob("*.txt")):
            item = _clip(chunk, truth, report)
            if item is not None:
                items.append(item)
                report.use("videos of TrackingNet")
    return items


def _chunks(folder: Path) -> list[Path]:
    candidates = [folder, *subfolders(folder)]
    return [c for c in candidates if _CHUNK.match(c.name) and (c / "anno").is_dir()]


def _clip(chunk: Path, truth: Path, report: Report) -> Item | None:
    name = truth.stem
    try:
        boxes = cleaned(rectangles(read_rows(truth, [4])))
    except DatasetError as error:
        report.skip(Fault.BAD_RECORD, f"{truth.name}: {error.message}")
        return None
    frames = _frames(chunk, name, report)
    if frames is None:
        return None
    count = min(len(frames), len(boxes))
    if count < len(boxes):
        report.skip(Fault.MISSING, name, len(boxes) - count)
    boxes = boxes[:count]
    if not np.isfinite(boxes).any():
        report.skip(Fault.NO_BOX, name)
        return None
    group = name.rpartition("_")[0] or name
    return Item(
        key=f"TrackingNet/{name}",
        group=f"TrackingNet/{group}",
        source="TrackingNet",
        kind=Kind.VIDEO,
        frames=_first(frames, count),
        tracks=(Track("", boxes),),
    )


def _frames(chunk: Path, name: str, report: Report) -> Frames | None:
    pictures = list_pictures(chunk / "frames" / name)
    if pictures:
        folder = chunk / "frames" / name
        return FolderFrames(folder, numbered_or_list([path.name for path in pictures]))
    archive = chunk / "zips" / f"{name}.zip"
    if not archive.is_file():
        report.skip(Fault.MISSING, chunk / "frames" / name)
        return None
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.namelist() if _NUMBER.search(PurePosixPath(m).name)]
    except (OSError, zipfile.BadZipFile):
        report.skip(Fault.UNREADABLE, archive)
        return None
    members.sort(key=_number)
    if not members:
        report.skip(Fault.MISSING, archive)
        return None
    return ZipFrames(archive, numbered_or_list(members))


def _number(member: str) -> int:
    match = _NUMBER.search(member)
    return int(match.group(1)) if match else -1


def _first(frames: Frames, count: int) -> Frames:
    if count == len(frames):
        return frames
    if isinstance(frames, ZipFrames):
        return ZipFrames(frames.archive, [frames.members[k] for k in range(count)])
    if isinstance(frames, FolderFrames):
        return FolderFrames(frames.folder, [frames.names[k] for k in range(count)])
    return frames
