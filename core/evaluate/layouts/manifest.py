"""``manifest.json``: a list of sequences with their frames and exact boxes.

Each record has ``dataset``, ``name``, ``frames`` (paths relative to the manifest) or
``video``, and ``boxes``: ``[x, y, w, h]`` in 0-based frame pixels, or null where the
target is absent; also ``attributes`` (words) and ``polygons`` (VOT's corners, per frame).
Further fields are allowed.
"""

from __future__ import annotations

import json
from dataclasses import replace
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
        attributes = tuple(sorted(str(word) for word in record.get("attributes") or ()))
        regions = _regions(record.get("polygons"), boxes)
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
        pictures = [path.parent / f for f in frames]
        sequence = of_pictures(dataset, name, pictures, boxes, path)
    else:
        require_box(name, boxes, path)
        sequence = BenchmarkSequence(dataset, name, (), path.parent / video, boxes, path)
    return replace(sequence, regions=regions[: len(sequence)], attributes=attributes)


def _regions(polygons: Any, boxes: np.ndarray) -> tuple[np.ndarray, ...]:
    """The polygons of VOT sequences, a region per frame; the box where there is no polygon."""
    if not polygons:
        return ()
    if len(polygons) != len(boxes):
        raise ValueError(f"{len(polygons)} polygons for {len(boxes)} boxes")
    return tuple(
        box.copy() if polygon is None else np.array(polygon, dtype=np.float64).reshape(-1)
        for polygon, box in zip(polygons, boxes, strict=True)
    )
