"""ImageNet VID: ``Annotations/VID/train/.../VIDEO/*.xml`` with ``Data/VID/train/.../*.JPEG``.

Objects of a video are told apart by ``trackid``. Corners are pixel positions from 0:
w = xmax − xmin. The validation split is left alone: it is what detectors and trackers are
measured on (Russakovsky et al., IJCV 2015).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.frames import FolderFrames, numbered_or_list
from core.train.data.items import Item, Kind, Track, cleaned
from core.train.data.readers.xml_boxes import XmlPicture, read_xml
from core.train.data.report import Fault, Report


def recognised(folder: Path) -> bool:
    """Whether `folder` has ``Annotations/VID`` and ``Data/VID``."""
    return (folder / "Annotations" / "VID").is_dir() and (folder / "Data" / "VID").is_dir()


def read(folder: Path, report: Report) -> list[Item]:
    """The training videos."""
    notes = folder / "Annotations" / "VID"
    kept_back = [split for split in ("val", "test") if (notes / split).is_dir()]
    for split in kept_back:
        report.skip(Fault.EVALUATION, f"VID/{split}", sum(1 for _ in (notes / split).iterdir()))
    items = []
    videos = sorted({path.parent for path in (notes / "train").rglob("*.xml")})
    for video in videos:
        item = _video(folder, video, report)
        if item is not None:
            items.append(item)
            report.use("videos of ImageNet VID")
    return items


def _video(folder: Path, notes: Path, report: Report) -> Item | None:
    part = notes.relative_to(folder / "Annotations")
    pictures = folder / "Data" / part
    files, parsed = [], []
    for path in sorted(notes.glob("*.xml")):
        name = next(
            (path.stem + s for s in (".JPEG", ".jpg") if (pictures / (path.stem + s)).is_file()),
            None,
        )
        if name is None:
            report.skip(Fault.MISSING, pictures / f"{path.stem}.JPEG")
            continue
        try:
            parsed.append(read_xml(path))
        except DatasetError:
            report.skip(Fault.BAD_RECORD, path)
            continue
        files.append(name)
    tracks = _tracks(parsed)
    if not tracks:
        report.skip(Fault.NO_BOX, notes.name)
        return None
    key = f"ImageNet-VID/{notes.name}"
    frames = FolderFrames(pictures, numbered_or_list(files))
    return Item(key, key, "ImageNet VID", Kind.VIDEO, frames, tracks)


def _tracks(parsed: list[XmlPicture]) -> tuple[Track, ...]:
    boxes: dict[int, NDArray[np.float64]] = {}
    names: dict[int, str] = {}
    for index, picture in enumerate(parsed):
        for thing in picture.objects:
            table = boxes.setdefault(thing.track, np.full((len(parsed), 4), np.nan))
            x0, y0, x1, y1 = thing.corners
            table[index] = cleaned(np.array([[x0, y0, x1 - x0, y1 - y0]]), picture.size)[0]
            names[thing.track] = thing.name
    return tuple(
        Track(names[number], table)
        for number, table in sorted(boxes.items())
        if np.isfinite(table).any()
    )
