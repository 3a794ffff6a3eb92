"""``manifest.json``: a list of sequences with their frames and exact boxes.

Each record has ``dataset``, ``name``, ``frames`` (paths relative to the manifest) or
``video``, and ``boxes``: ``[x, y, w, h]`` in 0-based frame pixels, or null where the
target is absent. Further fields are allowed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DatasetError
from core.evaluate.layouts.ground_truth import without_invalid
from core.evaluate.sequences import BenchmarkSequence, of_pictures, require_box

FILE = "manifest.json"


def read(folder: Path) -> list[BenchmarkSequence]:
    """The manifest's sequences; none when there is no manifest.

    Raises
    ------
    DatasetError
        If the file is not a manifest of sequences.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"“{path}” cannot be read.", "Check the file.", str(error)) from error
    if not isinstance(records, list):
        raise DatasetError(
            f"“{path}” is not a list of sequences.", "See docs/evaluation.md for the fields."
        )
    return [_sequence(path, number, record) for number, record in enumerate(records)]


def _sequence(path: Path, number: int, record: Any) -> BenchmarkSequence:
    try:
        dataset, name = str(record["dataset"]), str(record["name"])
        boxes = np.array(
            [[np.nan] * 4 if box is None else box for box in record["boxes"]], dtype=np.float64
        ).reshape(-1, 4)
        frames, video = record.get("frames"), record.get("video")
        if not frames and not video:
            raise KeyError("frames or video")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"Record {number + 1} of “{path.name}” is not complete ({error}).",
            "It needs dataset, name, boxes, and frames or video.",
            str(path),
        ) from error
    boxes = without_invalid(boxes)
    if frames:
        return of_pictures(dataset, name, [path.parent / f for f in frames], boxes, path)
    require_box(name, boxes, path)
    return BenchmarkSequence(dataset, name, (), path.parent / video, boxes, path)
