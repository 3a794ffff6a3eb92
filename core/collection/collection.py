"""A list of clips. Immutable; clips are known by ids, so that changes of several add up.

A collection holds no boxes: each clip has a project file of its own, with its own
recovery journal, and stays readable without the collection. Nothing that is done to a
collection touches a clip, a video or a project file.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.document import media
from core.errors import ProjectError


class ClipStatus(enum.StrEnum):
    """How far the work on a clip is; by hand, or as :mod:`core.collection.summary` finds."""

    NEW = "new"
    TRACKED = "tracked"
    IN_REVIEW = "in_review"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a collection; all paths are absolute here.

    `project` is where its project file is or will be; `video` where the clip is,
    as far as the collection knows (a project file that exists knows better). `status`
    is what a person said, None to derive it. `name` is shown instead of the file's name.
    """

    id: int
    project: Path
    video: Path
    status: ClipStatus | None = None
    name: str = ""

    @property
    def title(self) -> str:
        """What a list calls it."""
        return self.name or self.video.name or self.project.stem

    @property
    def has_project(self) -> bool:
        """Whether work on it was saved."""
        return media.exists(self.project)


@dataclass(frozen=True, slots=True)
class Collection:
    """Clips in the order of a person. See the module docstring for the rules."""

    clips: tuple[Clip, ...] = ()
    next_id: int = 1

    def clip(self, clip_id: int) -> Clip:
        """The clip with this id.

        Raises
        ------
        ProjectError
            If there is none.
        """
        for clip in self.clips:
            if clip.id == clip_id:
                return clip
        raise ProjectError("This clip is not in the list any more.", "Someone took it off.")

    def has(self, clip_id: int | None) -> bool:
        """Whether a clip with this id is in the list."""
        return any(clip.id == clip_id for clip in self.clips)

    def of_project(self, project: Path) -> Clip | None:
        """The clip with this project file."""
        project = media.absolute(project)
        return next((clip for clip in self.clips if clip.project == project), None)

    def added(self, found: Iterable[Clip]) -> Collection:
        """With `found` at the end, under new ids; what is there already is left out."""
        clips, next_id = list(self.clips), self.next_id
        for clip in found:
            if any(_same(clip, known) for known in clips):
                continue
            clips.append(replace(clip, id=next_id))
            next_id += 1
        return Collection(tuple(clips), next_id)

    def restored(self, clip: Clip, row: int) -> Collection:
        """With a clip that was taken off back in its place, under its old id."""
        if self.has(clip.id):
            return self
        clips = list(self.clips)
        clips.insert(row, clip)
        return Collection(tuple(clips), max(self.next_id, clip.id + 1))

    def without(self, ids: Iterable[int]) -> Collection:
        """Without these clips; their files stay as they are."""
        gone = set(ids)
        return replace(self, clips=tuple(clip for clip in self.clips if clip.id not in gone))

    def ordered(self, ids: Sequence[int]) -> Collection:
        """In the order of `ids`; clips that are not named follow as they were."""
        place = {clip_id: number for number, clip_id in enumerate(ids)}
        last = len(place)
        clips = sorted(self.clips, key=lambda clip: place.get(clip.id, last))
        return replace(self, clips=tuple(clips))

    def moved(self, ids: Iterable[int], by: int) -> Collection:
        """With these clips `by` rows further down (up when negative), as a block."""
        chosen = set(ids)
        clips = list(self.clips)
        rows = [row for row, clip in enumerate(clips) if clip.id in chosen]
        if not rows:
            return self
        first = min(max(rows[0] + by if by < 0 else rows[-1] + by - len(rows) + 1, 0), len(clips))
        block = [clips[row] for row in rows]
        rest = [clip for clip in clips if clip.id not in chosen]
        rest[first:first] = block
        return replace(self, clips=tuple(rest))

    def with_clip(self, clip: Clip) -> Collection:
        """With `clip` in place of the one with its id; unchanged when that is gone."""
        return replace(self, clips=tuple(clip if c.id == clip.id else c for c in self.clips))

    def with_status(self, ids: Iterable[int], status: ClipStatus | None) -> Collection:
        """With this status of these clips; None derives it again."""
        chosen = set(ids)
        return replace(
            self,
            clips=tuple(replace(c, status=status) if c.id in chosen else c for c in self.clips),
        )


def _same(a: Clip, b: Clip) -> bool:
    """Whether two entries are one piece of work: the same project file, or video alone."""
    if a.project == b.project:
        return True
    return a.video == b.video and not (a.has_project and b.has_project)
