"""First boxes of a job laid into a document; doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from core.batch.tasks import Seed
from core.document.document import Document
from core.document.track import Keyframe, Track


def with_seeds(document: Document, seeds: Iterable[Seed]) -> Document:
    """`document` with a person's box for every seed that it has not got yet.

    An object is found by its name, else by its label; one that is not there is added. A
    box that a person has on that frame is newer than the job, and stays.
    """
    for seed in seeds:
        track = _track_of(document, seed)
        if track is None:
            document, track = document.with_new_track(seed.label, name=seed.object)
        key = track.at(seed.frame)
        if key is None or not key.is_protected:
            box = Keyframe(seed.frame, seed.box)
            document = document.with_track(track.with_keyframes([box]))
    return document


def _track_of(document: Document, seed: Seed) -> Track | None:
    for track in document.tracks:
        if seed.object and track.name == seed.object:
            return track
        if not seed.object and not track.name and track.label == seed.label:
            return track
    return None
