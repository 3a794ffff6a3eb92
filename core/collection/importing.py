"""A folder of annotated sequences becomes clips with projects.

Benchmark layouts (OTB, GOT-10k, LaSOT, VOT, UAV123, TLD) are recognised by
:mod:`core.evaluate.layouts`, MOTChallenge folders by their ``gt/gt.txt``. Several targets
of one clip become objects of one project. A project that is there already is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core import exchange
from core.collection.collection import Clip, Collection
from core.collection.gather import free_project
from core.collection.merge import update_project
from core.document import media
from core.document.document import Document
from core.document.track import Columns, Keyframe
from core.errors import BoxtrailError, DatasetError
from core.evaluate.layouts import find_sequences
from core.evaluate.sequences import BenchmarkSequence
from core.geometry import Box
from core.session import video_ref
from core.states import Source
from core.video.images import list_series, natural_key
from core.video.open import open_source
from core.video.source import VideoSource

_DEPTH = 4


@dataclass(slots=True)
class ImportedClips:
    """Clips that were made (ids are given when they are added), and what did not work."""

    clips: list[Clip] = field(default_factory=list)
    boxes: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """One clip of the folder: where its pictures are, and how its boxes get into a document."""

    name: str
    video: Path
    read: Callable[[Document, VideoSource], Document]


def import_clips(
    folder: Path,
    list_path: Path,
    known: Collection,
    *,
    first_only: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportedClips:
    """Make a project for every annotated sequence at or below `folder`.

    Parameters
    ----------
    first_only
        Only each object's first box, as a box of yours: to be tracked by a batch.

    Raises
    ------
    DatasetError
        If nothing is found. A sequence that cannot be used is a sentence in `problems`.
    """
    found = [*_mot(media.absolute(folder), _DEPTH), *_benchmarks(media.absolute(folder))]
    if not found:
        raise DatasetError(
            f"No annotated sequences were found in “{folder.name}”.",
            "Known: MOT (gt/gt.txt), OTB, GOT-10k, LaSOT, VOT, UAV123 and TLD folders.",
        )
    made = ImportedClips()
    videos = {clip.video for clip in known.clips}
    taken = {clip.project for clip in known.clips}
    for number, item in enumerate(sorted(found, key=lambda f: natural_key(f.name))):
        progress(number, len(found))
        if item.video in videos:
            made.problems.append(f"“{item.name}” is in the list already.")
            continue
        try:
            clip, count = _made(
                item, free_project(list_path, item.name, taken), first_only=first_only
            )
        except BoxtrailError as error:
            made.problems.append(f"“{item.name}”: {error.message}")
            continue
        taken.add(clip.project)
        made.clips.append(clip)
        made.boxes += count
    return made


def _made(item: _Found, project: Path, *, first_only: bool) -> tuple[Clip, int]:
    video = open_source(item.video)
    try:
        video.wait_ready()
        document = item.read(Document(video_ref(video)), video)
    finally:
        video.close()
    if first_only:
        document = with_first_boxes(document)
    count = sum(map(len, document.tracks))
    update_project(project, lambda before: document if before is None else before)
    return Clip(1, project, item.video, name=item.name), count


def with_first_boxes(document: Document) -> Document:
    """Every object with its first present box alone, as a box of a person."""
    for track in document.tracks:
        present = [key for key in track.keyframes() if not key.is_absent][:1]
        keys = [Keyframe(key.frame, key.box) for key in present]
        document = document.with_track(replace(track, columns=Columns.of_keyframes(keys)))
    return document


# ---- MOTChallenge -------------------------------------------------------------------


def _mot(folder: Path, depth: int) -> Iterator[_Found]:
    if (folder / "gt" / "gt.txt").is_file():
        pictures = next((p for p in (folder / "img1", folder / "img") if p.is_dir()), None)
        if pictures is not None:
            yield _Found(folder.name, pictures, _mot_reader(folder))
        return
    if depth == 0 or not folder.is_dir():
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.name.startswith("."):
            yield from _mot(child, depth - 1)


def _mot_reader(folder: Path) -> Callable[[Document, VideoSource], Document]:
    def read(document: Document, video: VideoSource) -> Document:
        return exchange.import_document(document, folder, "mot", video=video).document

    return read


# ---- benchmarks ---------------------------------------------------------------------


def _benchmarks(folder: Path) -> Iterator[_Found]:
    try:
        sequences = find_sequences(folder)
    except DatasetError:
        return
    by_clip: dict[Path, list[BenchmarkSequence]] = {}
    for sequence in sequences:
        place = sequence.video or sequence.pictures[0].parent
        by_clip.setdefault(media.absolute(place), []).append(sequence)
    for place, targets in by_clip.items():
        name = targets[0].name if len(targets) == 1 else targets[0].name.partition(".")[0]
        yield _Found(name, place, _benchmark_reader(targets))


def _benchmark_reader(
    targets: list[BenchmarkSequence],
) -> Callable[[Document, VideoSource], Document]:
    def read(document: Document, video: VideoSource) -> Document:
        del video
        for sequence in targets:
            document, track = document.with_new_track(name=sequence.name)
            columns = _columns(sequence)
            document = document.with_track(track.with_columns(columns, keep_protected=False))
        return document

    return read


def _columns(sequence: BenchmarkSequence) -> Columns:
    rows = np.flatnonzero(np.isfinite(sequence.boxes).all(axis=1))
    first = 0
    if sequence.pictures:  # some sequences use a part of their folder's pictures
        files = {file.name: k for k, file in enumerate(list_series(sequence.pictures[0].parent))}
        first = files.get(sequence.pictures[0].name, 0)
    return Columns.of_keyframes(
        Keyframe(first + int(row), Box(*map(float, sequence.boxes[row])), Source.IMPORTED)
        for row in rows
    )
