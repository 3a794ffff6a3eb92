"""Pascal VOC: ``Annotations/NAME.xml`` beside ``JPEGImages/NAME.jpg``, also below ``VOC20xx/``.

Corners are pixel numbers from 1, both included: x = xmin − 1, w = xmax − xmin + 1.
Objects marked difficult are left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.train.data.frames import FolderFrames
from core.train.data.items import Item, Kind, Track, cleaned
from core.train.data.readers.sequences import subfolders
from core.train.data.readers.xml_boxes import XmlPicture, read_xml
from core.train.data.report import Fault, Report

_SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG")


def recognised(folder: Path) -> bool:
    """Whether there are ``Annotations/*.xml`` and ``JPEGImages``."""
    return bool(_roots(folder))


def read(folder: Path, report: Report) -> list[Item]:
    """The pictures with at least one usable box."""
    items = []
    for root in _roots(folder):
        source = root.name if root.name.startswith("VOC") else f"VOC-{root.name}"
        for path in sorted((root / "Annotations").glob("*.xml")):
            item = _still(root, path, source, report)
            if item is not None:
                items.append(item)
                report.use(f"stills of {source}")
    return items


def _roots(folder: Path) -> list[Path]:
    candidates = [folder, *subfolders(folder)]
    return [
        root
        for root in candidates
        if (root / "JPEGImages").is_dir() and any((root / "Annotations").glob("*.xml"))
    ]


def _still(root: Path, path: Path, source: str, report: Report) -> Item | None:
    try:
        parsed = read_xml(path)
    except DatasetError:
        report.skip(Fault.BAD_RECORD, path)
        return None
    report.skip(Fault.NO_BOX, path.name, parsed.damaged)
    names = [Path(parsed.filename).name, *(path.stem + suffix for suffix in _SUFFIXES)]
    picture = next((n for n in names if n and (root / "JPEGImages" / n).is_file()), None)
    if picture is None:
        report.skip(Fault.MISSING, root / "JPEGImages" / f"{path.stem}.jpg")
        return None
    tracks = _tracks(parsed, path, report)
    if not tracks:
        return None
    key = f"{source}/{path.stem}"
    frames = FolderFrames(root / "JPEGImages", (picture,))
    return Item(key, key, source, Kind.STILL, frames, tracks)


def _tracks(parsed: XmlPicture, path: Path, report: Report) -> tuple[Track, ...]:
    tracks = []
    for thing in parsed.objects:
        if thing.difficult:
            report.skip(Fault.CROWD, path.name)
            continue
        x0, y0, x1, y1 = thing.corners
        boxes = cleaned(np.array([[x0 - 1, y0 - 1, x1 - x0 + 1, y1 - y0 + 1]]), parsed.size)
        if np.isfinite(boxes).all():
            tracks.append(Track(thing.name, boxes))
        else:
            report.skip(Fault.TINY, path.name)
    return tuple(tracks)
