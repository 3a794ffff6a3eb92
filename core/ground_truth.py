"""Ground truth of an opened clip from wherever it is: benchmark files or annotation files.

Puts together :mod:`core.evaluate.truth` (benchmarks) and :mod:`core.exchange` (every
annotation format that can be imported, and projects). ``CLIP.truth.*`` beside a clip is taken as
its ground truth, as is what a benchmark keeps beside its pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import exchange
from core.document import project_file
from core.document.document import Document
from core.errors import BoxtrailError, FormatError, VideoError
from core.evaluate import truth as benchmark
from core.evaluate.truth import Truth
from core.session import video_ref
from core.video.demo import demo_ground_truth, demo_path
from core.video.source import VideoSource


def beside(video: VideoSource) -> list[Truth]:
    """The ground truth that lies with a clip; empty when there is none.

    A file that is there and cannot be read is passed over: nobody asked for it.
    """
    clip, count = video.info.path, video.info.frame_count
    demo = _of_demo(clip, count)
    if demo:
        return demo
    for path in sorted(clip.parent.glob(f"{_escaped(clip.stem)}.truth.*")):
        try:
            return load(path, video)
        except BoxtrailError:
            continue
    return benchmark.beside(clip, files_of(video), count)


def load(path: Path, video: VideoSource) -> list[Truth]:
    """Ground truth from a benchmark folder, a benchmark's text file or an annotation file.

    Returns
    -------
    list of Truth
        One per target, at least one.

    Raises
    ------
    BoxtrailError
        If the file is in no known format, or nothing in it belongs to this clip.
    """
    count, files = video.info.frame_count, files_of(video)
    if path.is_dir():
        return benchmark.from_folder(path, files, count)
    if benchmark.is_benchmark_text(path):
        around = [t for t in benchmark.beside(video.info.path, files, count) if t.source == path]
        return around or [benchmark.from_text(path, count)]
    return _of_annotations(path, video)


def best_for(truths: Sequence[Truth], boxes: np.ndarray, frames: np.ndarray) -> int:
    """Which of `truths` an object's `boxes` ``(K, 4)`` on `frames` ``(K,)`` overlap most."""
    from core.geometry import iou_rows

    values = []
    for truth in truths:
        inside = frames < len(truth)
        mine, true = boxes[inside], truth.boxes[frames[inside]]
        known = np.isfinite(true).all(axis=1)
        overlaps = iou_rows(mine[known], true[known])
        values.append(float(overlaps.mean()) if len(overlaps) else 0.0)
    return int(np.argmax(values)) if values else 0


def files_of(video: VideoSource) -> tuple[Path, ...]:
    """The pictures of an image series; empty for a video file."""
    return tuple(getattr(video, "files", ()))


def _of_annotations(path: Path, video: VideoSource) -> list[Truth]:
    if path.suffix.lower() == project_file.SUFFIX:
        document = project_file.load(path)
    else:
        document = exchange.import_document(Document(video_ref(video)), path, video=video).document
    found = [
        benchmark.of_track(track, video.info.frame_count, path)
        for track in document.tracks
        if len(track)
    ]
    found = [truth for truth in found if truth.known.any()]
    if not found:
        raise FormatError(
            f"“{path.name}” has no boxes for the frames of this clip.", "Choose another file."
        )
    return found


def _of_demo(clip: Path, count: int) -> list[Truth]:
    try:
        known = demo_path()
        if clip.resolve() != known.resolve():
            return []
        rows = [box.as_tuple() if box else (np.nan,) * 4 for box in demo_ground_truth().boxes]
    except VideoError:
        return []
    boxes = np.full((count, 4), np.nan)
    boxes[: len(rows)] = np.array(rows, dtype=np.float64)[:count]
    return [Truth("demo/ladybird", boxes, known.with_name("groundtruth.json"))]


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
