"""What a plan of a run needs to know: the seed, where to stop, the template to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import params as parameters
from core.document.document import Document
from core.document.intervals import around
from core.document.track import Track
from core.engine.runner import Start
from core.errors import BoxError, TrackerError
from core.geometry import Box, require_usable
from core.states import CorrectionPolicy
from core.trackers import registry
from core.video.source import Access, VideoSource

FEWEST, MOST = 2, 5
"""How many trackers make a consensus."""


def checked(tracker: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """All parameters of a tracker, with `params` in place of its defaults.

    Raises
    ------
    ParamError, TrackerError
        For wrong parameters or an unknown tracker.
    """
    spec = registry.find(tracker)
    return parameters.to_dict(parameters.from_dict(spec.params, params or {}, where=tracker))


def members(trackers: Sequence[str]) -> tuple[str, ...]:
    """The trackers of a consensus, after making sure that they can be asked together.

    Raises
    ------
    TrackerError
        If they are too few, too many, named twice or unknown.
    """
    for key in trackers:
        registry.find(key)
    distinct = tuple(dict.fromkeys(trackers))
    if not FEWEST <= len(distinct) <= MOST or len(distinct) < len(trackers):
        raise TrackerError(
            f"A consensus needs {FEWEST} to {MOST} different trackers.",
            "Chosen: " + (", ".join(trackers) or "none") + ".",
        )
    return distinct


def require_correction(tracker: str, policy: CorrectionPolicy) -> None:
    """Make sure that a tracker can take a corrected box in this way.

    Raises
    ------
    TrackerError
        If it cannot.
    """
    spec = registry.find(tracker)
    if policy not in spec.corrections:
        raise TrackerError(
            f"{spec.title} has no way to do “{policy.value.replace('_', ' ')}”.",
            "Choose “new template”.",
        )


def seed_box(track: Track, frame: int, video: VideoSource) -> Box:
    """The box to start from.

    Raises
    ------
    BoxError
        If the track has no usable box on `frame`.
    TrackerError
        If the track is locked.
    """
    if track.locked:
        raise TrackerError(f"“{track.title}” is locked.", "Unlock it to track it.")
    key = track.at(frame)
    if key is None or key.is_absent:
        raise BoxError(f"There is no box on frame {frame}.", "Draw one, then track from it.")
    return require_usable(key.box, video.info.width, video.info.height)


def stop_within(video: VideoSource, frame: int, stop: int | None, step: int) -> int:
    """`stop` kept inside the clip; its end for None.

    Raises
    ------
    TrackerError
        If there is no frame to track.
    """
    count = video.info.frame_count
    if stop is None:
        stop = count if step > 0 else -1
    elif video.access is not Access.CHECKING:  # else the count is an estimate
        stop = min(max(stop, -1), count)
    if len(range(frame, stop, step)) < 2:
        side = "after" if step > 0 else "before"
        raise TrackerError(
            f"There is no frame to track {side} frame {frame}.",
            "Start from another frame or track in the other direction.",
        )
    return stop


def template(document: Document, track_id: int, policy: CorrectionPolicy) -> Start | None:
    """The seed of the last run that learnt a template; runs in between kept it."""
    if policy is CorrectionPolicy.NEW_TEMPLATE:
        return None
    track = document.track(track_id)
    for earlier in reversed(document.runs):
        if earlier.track_id != track_id or earlier.policy is not CorrectionPolicy.NEW_TEMPLATE:
            continue
        seed = track.at(earlier.start)
        if seed is not None and not seed.is_absent:
            return Start(earlier.start, seed.box)
    return None


def ends_around(track: Track, frame: int, video: VideoSource) -> tuple[Start, Start]:
    """The two boxes of a person between which `frame` lies, as seeds.

    Raises
    ------
    TrackerError
        If there are no two, or no frame lies between them.
    BoxError
        If one of them cannot be tracked.
    """
    found = around(track, frame)
    if found is None:
        raise TrackerError(
            f"Frame {frame} does not lie between two boxes of yours.",
            "Draw or accept a box before and after the stretch.",
        )
    first, last = found
    if last - first < 2:
        raise TrackerError(
            f"There is no frame between {first} and {last}.", "Go to where boxes are missing."
        )
    return (
        Start(first, seed_box(track, first, video)),
        Start(last, seed_box(track, last, video)),
    )
