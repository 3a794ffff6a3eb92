"""Several clips: the list that is open, its numbers, and going from clip to clip.

The list itself is never unsaved (:mod:`core.collection.file`); a clip of it saves itself
when another one is opened. What is known of the clips is read in the background; the open
clip's numbers follow its document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.clip_numbers import ClipNumbers
from app.controller.clip_places import Places
from app.controller.clip_sharing import Sharing
from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.project import Project
from app.controller.prompts import Prompts
from app.jobs.background import Background
from core.collection import file as collection_file
from core.collection.collection import Clip, ClipStatus, Collection
from core.collection.gather import Gathered, gather
from core.collection.opening import session_of
from core.collection.summary import Standing
from core.document import project_file
from core.errors import BoxtrailError

_LOOK_AFTER_MS = 700  # after the last edit, the open clip's numbers are worked out
_ALL_PROBLEMS = 3  # as many are told in words


class Clips(QObject):
    """See the module docstring.

    `changed` comes whenever the list, a number or the open clip is another.
    """

    changed = Signal()
    moved = Signal(object)  # Clip whose video is not where it was

    def __init__(
        self,
        desk: Desk,
        project: Project,
        playback: Playback,
        background: Background,
        prompts: Prompts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._project, self._playback = desk, project, playback
        self._background, self._prompts = background, prompts
        self.path: Path | None = None
        self.collection = Collection()
        self._numbers = ClipNumbers(background, self)
        self._sharing = Sharing(desk, project, self)
        self._places = Places(desk, playback, self)
        self._last: Clip | None = None  # the clip that was open before the desk changed
        self._taken_off: list[tuple[Clip, int]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_AFTER_MS)
        self._timer.timeout.connect(self._look_at_open_clip)
        project.openers[collection_file.SUFFIX] = self.open_list
        project.take_dropped = self.take_dropped
        project.saves_itself = lambda: self.current is not None
        self._sharing.saved.connect(self._look_at_open_clip)
        desk.clip_changed.connect(self._on_clip)
        desk.document_changed.connect(self._on_document)
        self._numbers.changed.connect(self.changed)
        self._numbers.failed.connect(self._report)

    # ---- what there is -----------------------------------------------------------------

    @property
    def current(self) -> Clip | None:
        """The clip of the list that is open."""
        session = self._desk.session
        if session is None or session.project_path is None or self.path is None:
            return None
        return self.collection.of_project(session.project_path)

    def standings(self) -> list[Standing]:
        """Every clip with its numbers as far as they are known."""
        return [self._numbers.of(clip) for clip in self.collection.clips]

    # ---- the list ------------------------------------------------------------------------

    def ask_new(self) -> None:
        """Make a new list; the open clip is its first."""
        session = self._desk.session
        near = session.project_path or session.video.info.path if session else Path.home() / "x"
        path = self._prompts.list_to_make(near.with_name("clips" + collection_file.SUFFIX))
        if path is None:
            return
        if path.suffix != collection_file.SUFFIX:
            path = path.with_name(path.name + collection_file.SUFFIX)
        try:
            collection_file.create(path)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self.open_list(path)
        if session is not None:
            self.add([session.project_path or session.video.info.path])

    def open_list(self, path: Path) -> None:
        """Show the clips of a list; the open clip stays."""
        try:
            collection = collection_file.load(path)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self.path = path
        self._project.recent.add(path)
        self._numbers.begin(path)
        self._places.forget()
        self._taken_off.clear()
        self._take(collection)
        self._look_at_open_clip()
        self._numbers.read(collection.clips)

    def close_list(self) -> None:
        """Show no list any more; the open clip stays, and is saved."""
        if self.path is not None and self._project.save_quietly():
            self.path, self.collection = None, Collection()
            self._numbers.begin(None)
            self._tell()

    def ask_add(self) -> None:
        """Let the user choose videos and projects."""
        self.with_list(lambda: self.add(self._prompts.clips_to_add()))

    def ask_add_folder(self) -> None:
        """Let the user choose a folder of clips."""
        self.with_list(
            lambda: self.add([p for p in [self._prompts.folder_to_open()] if p is not None])
        )

    def add(self, paths: Sequence[Path]) -> None:
        """Add the clips at or below `paths`; looking for them goes on in the background."""
        path, known = self.path, self.collection
        if path is None or not paths:
            return
        self._background.run(
            lambda: gather(paths, path, known),
            lambda found: self._add(path, found),
            self._report,
        )

    def take_dropped(self, paths: list[Path]) -> bool:
        """Files dropped on the window: several, or any while a list is open, are added."""
        kinds = {path.suffix.lower() for path in paths}
        if collection_file.SUFFIX in kinds or (self.path is None and len(paths) < 2):
            return False
        self.with_list(lambda: self.add(paths))
        return True

    def remove(self, ids: Sequence[int]) -> None:
        """Take clips off the list; no file is touched."""
        rows = {clip.id: row for row, clip in enumerate(self.collection.clips)}
        gone = [(self.collection.clip(i), rows[i]) for i in ids if i in rows]
        if not gone or not self._update(lambda c: c.without(ids)):
            return
        self._taken_off = gone
        text = self.tr("“%s” is off the list.") % gone[0][0].title
        if len(gone) > 1:
            text = self.tr("%d clips are off the list.") % len(gone)
        self._desk.say(
            text, self.tr("Their files stay as they are."), action="clips_restore",
            action_text=self.tr("Put back"),
        )  # fmt: skip

    def restore(self) -> None:
        """Put back what was taken off last."""
        gone, self._taken_off = self._taken_off, []

        def change(collection: Collection) -> Collection:
            for clip, row in sorted(gone, key=lambda pair: pair[1]):
                collection = collection.restored(clip, row)
            return collection

        if gone and self._update(change):
            self._numbers.read([clip for clip, _ in gone])

    def move(self, ids: Sequence[int], by: int) -> None:
        """Move clips up (−1) or down (+1)."""
        self._update(lambda c: c.moved(ids, by))

    def reorder(self, ids: Sequence[int]) -> None:
        """Put the clips into this order."""
        self._update(lambda c: c.ordered(ids))

    def set_status(self, ids: Sequence[int], status: ClipStatus | None) -> None:
        """Say how far clips are; None lets the numbers say it."""
        self._update(lambda c: c.with_status(ids, status))

    def rename(self, clip_id: int, name: str) -> None:
        """Call a clip something else; its files keep their names."""
        if self.collection.has(clip_id):
            clip = replace(self.collection.clip(clip_id), name=name.strip())
            self._update(lambda c: c.with_clip(clip))

    def add_clips(self, clips: Sequence[Clip]) -> list[Clip]:
        """Add clips whose projects are there; returns those that are new."""
        before = self.collection
        if not clips or not self._update(lambda c: c.added(clips)):
            return []
        new = [clip for clip in self.collection.clips if not before.has(clip.id)]
        self._numbers.read(new)
        return new

    def change_clips(self, changed: Mapping[int, Clip]) -> None:
        """Take other facts (places of files) about clips into the list."""

        def change(collection: Collection) -> Collection:
            for clip in changed.values():
                collection = collection.with_clip(clip)
            return collection

        if self._update(change):
            self._numbers.read(list(changed.values()))

    # ---- going from clip to clip ---------------------------------------------------------

    def open_clip(self, clip_id: int) -> None:
        """Open a clip of the list; the one that is open saves itself."""
        current = self.current
        if not self.collection.has(clip_id) or (current is not None and current.id == clip_id):
            return
        clip = self.collection.clip(clip_id)
        cache = self._desk.preferences.frame_cache << 20
        self._project.open_with(
            clip.title,
            lambda: session_of(clip, cache),
            failed=lambda error: self._on_failed(clip, error),
        )

    def step(self, by: int) -> None:
        """Open the next (+1) or previous (−1) clip of the list."""
        clips, current = self.collection.clips, self.current
        if not clips:
            return
        row = clips.index(current) + by if current in clips else (0 if by > 0 else len(clips) - 1)
        if 0 <= row < len(clips):
            self.open_clip(clips[row].id)

    def done_and_next(self) -> None:
        """Call the open clip done and go on to the next one that is not."""
        current = self.current
        if current is None or not self._project.save_quietly():
            return
        self.set_status([current.id], ClipStatus.DONE)
        standings = self.standings()
        rows = [row for row, standing in enumerate(standings) if standing.clip.id == current.id]
        after = standings[rows[0] + 1 :] + standings[: rows[0]] if rows else standings
        left = [s.clip.id for s in after if s.status is not ClipStatus.DONE]
        if left:
            self.open_clip(left[0])
        else:
            self._desk.say(self.tr("All clips of the list are done."), severity="success")

    # ---- what others tell ----------------------------------------------------------------

    def refresh(self, clip_id: int | None = None) -> None:
        """Read the numbers of one clip (or all) again; take over what was tracked outside."""
        clips = [c for c in self.collection.clips if clip_id is None or c.id == clip_id]
        current = self.current
        if current is not None and current in clips:
            self._sharing.absorb()
            clips.remove(current)
        self._numbers.read(clips)

    # ---- inside ----

    def with_list(self, then: Callable[[], object]) -> None:
        """Do something with a list; make one first where there is none."""
        if self.path is None:
            self.ask_new()
        if self.path is not None:
            then()

    def _update(self, change: Callable[[Collection], Collection]) -> bool:
        if self.path is None:
            return False
        try:
            collection = collection_file.update(self.path, change)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return False
        self._take(collection)
        return True

    def _add(self, path: Path, found: Gathered) -> None:
        if path != self.path:
            return
        new = self.add_clips(found.clips)
        text = self.tr("One clip added.") if len(new) == 1 else self.tr("%d clips added.")
        problems = found.problems[:_ALL_PROBLEMS]
        if len(found.problems) > _ALL_PROBLEMS:
            problems.append(self.tr("… and %d more.") % (len(found.problems) - _ALL_PROBLEMS))
        if not new and not problems:
            problems = [self.tr("They are in the list already.")]
        text = text if len(new) == 1 else text % len(new)
        self._desk.say(text, " ".join(problems), "warning" if problems else "success")

    def _take(self, collection: Collection) -> None:
        self.collection = collection
        self._tell()

    def _tell(self) -> None:
        self._desk.update(has_list=self.path is not None, in_list=self.current is not None)
        self.changed.emit()

    @Slot()
    def _look_at_open_clip(self) -> None:
        clip, session = self.current, self._desk.session
        if clip is not None and session is not None:
            self._numbers.set_live(clip.id)
            count = session.video.info.frame_count
            self._numbers.look(clip, session.store.current, count)

    @Slot()
    def _on_clip(self) -> None:
        clip = self.current
        before, self._last = self._last, clip
        self._numbers.set_live(clip.id if clip is not None else None)
        if before is not None and self.collection.has(before.id):
            self._numbers.read([self.collection.clip(before.id)])
        self._tell()
        if clip is None:
            return
        self._look_at_open_clip()
        self._places.come_back()

    @Slot(object)
    def _on_document(self, change: object) -> None:
        if self.current is not None:
            self._timer.start()

    def _on_failed(self, clip: Clip, error: Exception) -> None:
        if isinstance(error, project_file.VideoMoved) or not clip.video.exists():
            self.moved.emit(clip)
        else:
            self._report(error)

    def _report(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self._project.defect.emit(error)
