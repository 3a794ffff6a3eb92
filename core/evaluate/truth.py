"""The true boxes of an opened clip, by its own frame numbers.

Benchmarks number their frames in their own way: OTB uses only a part of some clips, UAV123
shares one folder of pictures among several sequences. Here the sequence's pictures are looked up
among the clip's, so that row `k` of :attr:`Truth.boxes` belongs to frame `k` of the clip
whatever part was opened. What is not annotated is NaN. A truth is a reference: it is never
edited and never exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.document.track import Track
from core.errors import DatasetError
from core.evaluate.layouts import LAYOUTS, find_sequences
from core.evaluate.layouts.ground_truth import read_rows, rectangles
from core.evaluate.layouts.tld import boxes_of as corners
from core.evaluate.layouts.vot import boxes_of as upright
from core.evaluate.layouts.vot import regions_of
from core.evaluate.metrics import present
from core.evaluate.sequences import BenchmarkSequence
from core.geometry import Box
from core.states import Flag

Array = NDArray[np.float64]
_LEVELS = 4  # folders above the clip in which a benchmark's files may lie
_TEXT = (".txt",)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """True boxes of one target.

    Attributes
    ----------
    name
        ``DATASET/SEQUENCE`` or the object's title.
    boxes
        ``(N, 4)`` x, y, w, h by clip frame, NaN where the target is absent or the frame is not
        annotated. Read-only.
    source
        The file they were read from.
    regions
        What was annotated where that is more than an upright box, by frame; else empty.
    attributes
        What is difficult in the sequence.
    notes
        What was unusual about the files.
    """

    name: str
    boxes: Array
    source: Path
    regions: tuple[Array | None, ...] = ()
    attributes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.boxes.setflags(write=False)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which frames have a true box ``(N,)``."""
        return present(self.boxes)

    def box(self, frame: int) -> Box | None:
        """The true box on a frame."""
        if not 0 <= frame < len(self.boxes) or not np.isfinite(self.boxes[frame]).all():
            return None
        return Box(*map(float, self.boxes[frame]))

    def outline(self, frame: int) -> Array | None:
        """Corners ``(K, 2)`` of the true region on a frame; None without one."""
        region = self.regions[frame] if frame < len(self.regions) else None
        if region is not None and len(region) >= 6 and np.isfinite(region).all():
            return np.asarray(region).reshape(-1, 2)
        box = self.box(frame)
        if box is None:
            return None
        return np.array(
            [[box.x, box.y], [box.right, box.y], [box.right, box.bottom], [box.x, box.bottom]]
        )


def of_track(track: Track, frame_count: int, source: Path) -> Truth:
    """The boxes of an object of another document; where it says “absent” there is none."""
    columns = track.columns
    boxes = np.full((frame_count, 4), np.nan)
    kept = (columns.frames < frame_count) & ((columns.flags & Flag.ABSENT) == 0)
    boxes[columns.frames[kept]] = columns.boxes[kept]
    return Truth(track.title, boxes, source)


def of_sequence(
    sequence: BenchmarkSequence, files: Sequence[Path], frame_count: int
) -> Truth | None:
    """The boxes of a benchmark sequence on a clip whose pictures are `files` (none: a video).

    None when the sequence belongs to other pictures.
    """
    if files and sequence.pictures:
        place = {_real(path): k for k, path in enumerate(files)}
        frames = [place.get(_real(path), -1) for path in sequence.pictures]
        if max(frames, default=-1) < 0:
            return None
    else:
        frames = list(range(len(sequence)))
    return _placed(sequence, frames, frame_count)


def beside(clip: Path, files: Sequence[Path], frame_count: int) -> list[Truth]:
    """True boxes that lie where a benchmark keeps those of the clip at `clip`.

    The folders around the clip are asked, nearest first; those in no known layout, or
    broken, have none. Several targets of one clip (OTB's Jogging) give several truths.
    """
    folder = files[0].parent if files else clip.parent
    for place in (folder, *folder.parents)[:_LEVELS]:
        found = [t for s in _asked(place) if (t := _of_clip(s, clip, files, frame_count))]
        if found:
            return found
    return []


def from_folder(folder: Path, files: Sequence[Path], frame_count: int) -> list[Truth]:
    """The truths in a benchmark folder that fit a clip with `files` and `frame_count` frames.

    Sequences of the same pictures first; else those with names of the clip's folders; else
    the only one there is.

    Raises
    ------
    DatasetError
        If no sequence is found, or none that fits.
    """
    sequences = find_sequences(folder)
    found = [t for s in sequences if (t := of_sequence(s, files, frame_count))] if files else []
    if found and len(found) < len(sequences):
        return found
    names = {part for path in files[:1] for part in path.parts}
    named = [s for s in sequences if s.name.partition(".")[0] in names]
    chosen = named or (sequences if len(sequences) == 1 else [])
    if not chosen:
        raise DatasetError(
            f"None of the {len(sequences)} sequences in “{folder.name}” belongs to this clip.",
            "Choose the folder of the sequence, or its ground-truth file.",
            str(folder),
        )
    return [_placed(s, list(range(len(s))), frame_count) for s in chosen]


def from_text(path: Path, frame_count: int) -> Truth:
    """True boxes of a benchmark's text file alone, its convention told by its name.

    ``groundtruth_rect*.txt`` is OTB (1-based), ``gt.txt`` TLD (corners), other names VOT,
    GOT-10k and LaSOT (polygons or rectangles as they are).

    Raises
    ------
    DatasetError
        If a line cannot be understood, or there are more boxes than frames.
    """
    regions: tuple[Array | None, ...] = ()
    if path.name.startswith("groundtruth_rect"):
        boxes = rectangles(read_rows(path, [4]), first=1)
    elif path.name == "gt.txt":
        boxes = corners(read_rows(path, [4]))
    else:
        rows = read_rows(path, [1, 4, 8])
        boxes, regions = upright(rows), tuple(regions_of(rows))
    if len(boxes) > frame_count:
        raise DatasetError(
            f"“{path.name}” has {len(boxes)} boxes; the clip has {frame_count} frames.",
            "It belongs to another clip.",
            str(path),
        )
    full = np.full((frame_count, 4), np.nan)
    full[: len(boxes)] = boxes
    notes = ()
    if len(boxes) < frame_count:
        notes = (f"{len(boxes)} boxes for {frame_count} frames: the last ones have none",)
    return Truth(path.parent.name or path.stem, full, path, regions, (), notes)


def is_benchmark_text(path: Path) -> bool:
    """Whether a file is read by :func:`from_text` rather than as annotations."""
    return path.suffix.lower() in _TEXT and (
        path.stem.startswith("groundtruth") or path.name == "gt.txt"
    )


def _asked(folder: Path) -> list[BenchmarkSequence]:
    for layout in LAYOUTS:
        try:
            found = layout(folder)
        except (DatasetError, OSError):
            continue  # nobody asked for this folder: what is broken there is not there
        if found:
            return found
    return []


def _of_clip(
    sequence: BenchmarkSequence, clip: Path, files: Sequence[Path], frame_count: int
) -> Truth | None:
    if files:
        return of_sequence(sequence, files, frame_count) if sequence.pictures else None
    if sequence.video is None or _real(sequence.video) != _real(clip):
        return None
    return of_sequence(sequence, files, frame_count)


def _placed(sequence: BenchmarkSequence, frames: Sequence[int], frame_count: int) -> Truth:
    boxes = np.full((frame_count, 4), np.nan)
    regions: list[Array | None] = [None] * frame_count if sequence.regions else []
    for k, frame in enumerate(frames):
        if 0 <= frame < frame_count:
            boxes[frame] = sequence.boxes[k]
            if sequence.regions:
                regions[frame] = sequence.regions[k]
    truth = Truth(sequence.key, boxes, sequence.truth_file, tuple(regions))
    return replace(truth, attributes=sequence.attributes, notes=sequence.notes)


def _real(path: Path) -> Path:
    return path.resolve()
