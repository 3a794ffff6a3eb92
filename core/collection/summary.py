"""What is known of each clip: numbers from its project file, and how far it is.

Everything follows from the documents; nothing is stored that could disagree with them.
Reading a project takes a tenth of a second for 20,000 boxes, so :class:`Summaries` keeps
what it read until the file changes, also over restarts (in the cache folder).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.alarms import review
from core.collection.collection import Clip, ClipStatus
from core.document import project_file
from core.document.document import Document
from core.document.track import Track
from core.errors import ProjectError, StorageError
from core.states import Flag, Source
from core.storage import atomic_write

log = logging.getLogger(__name__)

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of one clip.

    `frames` is the clip's length (0: not known yet), `boxes` all boxes, `manual` those a
    person drew, `tracked` those of trackers, `looked` tracked ones that a person judged,
    `left` doubtful ones that nobody judged, `proposals` boxes that wait to be accepted.
    `seconds` is what trackers computed.
    """

    frames: int = 0
    tracks: int = 0
    boxes: int = 0
    manual: int = 0
    tracked: int = 0
    looked: int = 0
    left: int = 0
    proposals: int = 0
    runs: int = 0
    seconds: float = 0.0

    def __add__(self, other: Summary) -> Summary:
        return Summary(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Summary)))

    @property
    def status(self) -> ClipStatus:
        """What the numbers say: new, tracked, in review, done.

        In review from the first verdict on; done when a person judged and nothing
        doubtful or proposed is left. Nobody's look makes no clip done.
        """
        if not self.tracked and not self.proposals:
            return ClipStatus.NEW
        if not self.looked:
            return ClipStatus.TRACKED
        return ClipStatus.IN_REVIEW if self.left or self.proposals else ClipStatus.DONE


def summary_of(document: Document) -> Summary:
    """The numbers of a document. O(boxes)."""
    total = Summary(
        frames=document.video.frame_count,
        proposals=sum(len(p.columns) for p in document.proposals),
        runs=len(document.runs),
        seconds=sum(run.seconds for run in document.runs),
    )
    for track in document.tracks:
        total += _of_track(track)
    return total


def _of_track(track: Track) -> Summary:
    columns = track.columns
    tracked = columns.sources == Source.TRACKED
    judged = (columns.flags & np.uint8(Flag.CONFIRMED | Flag.DISMISSED)) != 0
    left = 0 if track.locked else int(np.count_nonzero(review.doubtful(columns)))
    return Summary(
        tracks=1,
        boxes=len(columns),
        manual=int(np.count_nonzero(columns.sources == Source.MANUAL)),
        tracked=int(np.count_nonzero(tracked)),
        looked=int(np.count_nonzero(tracked & judged)),
        left=left,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A clip with its numbers. `problem` says why they could not be had, else empty."""

    clip: Clip
    summary: Summary = Summary()
    problem: str = ""

    @property
    def status(self) -> ClipStatus:
        """What a person said, else what the numbers say."""
        return self.clip.status or self.summary.status


@dataclass(frozen=True, slots=True)
class Totals:
    """A whole collection in numbers; `by_status` counts clips."""

    clips: int
    by_status: dict[ClipStatus, int]
    summary: Summary
    problems: int


def totals(standings: Sequence[Standing]) -> Totals:
    """Sums over all clips. Doubtful boxes of a clip that a person called done do not count."""
    by_status = dict.fromkeys(ClipStatus, 0)
    total = Summary()
    for standing in standings:
        by_status[standing.status] += 1
        total += standing.summary
    closed = sum(s.summary.left for s in standings if s.clip.status is ClipStatus.DONE)
    left = total.left - closed
    values = asdict(total) | {"left": left}
    return Totals(
        len(standings), by_status, Summary(**values), sum(bool(s.problem) for s in standings)
    )


class Summaries:
    """Numbers by project file, read again only when the file has changed.

    Use from one thread at a time. `cache` is the file that keeps them over restarts.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._known: dict[str, tuple[int, int, Summary]] = {}
        self._new = False
        if cache is not None:
            self._known = _read_cache(cache)

    def standing(self, clip: Clip) -> Standing:
        """The clip's numbers now; a project that cannot be read is a problem, not an error."""
        try:
            stat = clip.project.stat()
        except OSError:
            return Standing(clip)  # no work yet
        known = self._known.get(str(clip.project))
        if known is not None and known[:2] == (stat.st_mtime_ns, stat.st_size):
            return Standing(clip, known[2])
        try:
            summary = summary_of(project_file.load(clip.project))
        except ProjectError as error:
            return Standing(clip, problem=error.message)
        self._known[str(clip.project)] = (stat.st_mtime_ns, stat.st_size, summary)
        self._new = True
        return Standing(clip, summary)

    def standings(self, clips: Iterable[Clip]) -> list[Standing]:
        """The numbers of several clips, in order."""
        return [self.standing(clip) for clip in clips]

    def keep(self) -> None:
        """Write the cache if there is anything new. Not worth an error when that fails."""
        if self._cache is None or not self._new:
            return
        rows = list(self._known.items())[-_KEPT:]
        value = [[path, mtime, size, asdict(summary)] for path, (mtime, size, summary) in rows]
        try:
            with atomic_write(self._cache) as stream:
                stream.write(json.dumps(value, separators=(",", ":")).encode("ascii"))
        except StorageError as error:
            log.warning("summaries of clips not kept: %s", error)
        self._new = False


def cache_for(collection: Path) -> Path:
    """Where the numbers of a collection's clips are kept between starts."""
    key = hashlib.blake2b(str(collection).encode("utf-8", "surrogatepass"), digest_size=8)
    return paths.cache_dir() / "clips" / f"{key.hexdigest()}.json"


def _read_cache(path: Path) -> dict[str, tuple[int, int, Summary]]:
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {
            str(name): (int(mtime), int(size), Summary(**_numbers(values)))
            for name, mtime, size, values in rows
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        log.warning("summaries of clips cannot be read, they are made again: %s", error)
        return {}


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    whole = {f.name for f in fields(Summary)} - {"seconds"}
    return {name: int(v) if name in whole else float(v) for name, v in values.items()}
