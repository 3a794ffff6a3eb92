"""A list's clips and their files: moved videos, importing many, exporting all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.controller.clips import Clips
from app.controller.desk import Desk
from app.controller.project import Project
from app.controller.prompts import Prompts
from app.jobs.background import Background
from core import formats
from core.batch.export_clips import ExportedClip, export_clips
from core.collection.collection import Clip
from core.collection.importing import ImportedClips, import_clips
from core.collection.relocate import Missing, located, missing, relocate
from core.errors import BoxtrailError
from core.formats import registry
from core.wording import counted

_TOLD = 3


class ClipFiles(QObject):
    """See the module docstring."""

    def __init__(
        self,
        desk: Desk,
        project: Project,
        clips: Clips,
        background: Background,
        prompts: Prompts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._project, self._clips = desk, project, clips
        self._background, self._prompts = background, prompts
        clips.moved.connect(self.locate)

    # ---- moved videos ----------------------------------------------------------------------

    @Slot(object)
    def locate(self, wanted: Clip | None = None) -> None:
        """Ask where a moved video is (the first missing one), and find the others with it.

        `wanted` is opened afterwards.
        """
        clips = list(self._clips.collection.clips)
        self._background.run(
            lambda: missing(clips), lambda gone: self._ask(gone, wanted), self._report
        )

    def _ask(self, gone: list[Missing], wanted: Clip | None) -> None:
        first = next((m for m in gone if wanted is not None and m.clip.id == wanted.id), None)
        if first is None and wanted is None and gone:
            first = gone[0]
        if first is None:
            if wanted is None:
                self._desk.say(self.tr("All videos are where they were."), severity="success")
            return
        text = self.tr("The video “%s” is not where it was.") % first.clip.title
        if len(gone) > 1:
            more = self.tr("%d more are missing; they are looked for from there.")
            text = f"{text} {more % (len(gone) - 1)}"
        where = self._prompts.moved_video(text, first.stored)
        if where is None:
            return
        chosen = first

        def work() -> dict[int, Clip]:
            places = located(chosen, where, gone)
            return relocate([m.clip for m in gone], places)

        self._background.run(
            work, lambda changed: self._found(changed, len(gone), wanted), self._report
        )

    def _found(self, changed: dict[int, Clip], gone: int, wanted: Clip | None) -> None:
        self._clips.change_clips(changed)
        left = gone - len(changed)
        if gone > 1:
            text = self.tr("%d of %d videos found.") % (len(changed), gone)
            hint = self.tr("Locate one of the others (%d) to go on.") % left if left else ""
            self._desk.say(
                text, hint, "warning" if left else "success",
                action="clips_locate" if left else "",
            )  # fmt: skip
        if wanted is not None and wanted.id in changed:
            self._clips.open_clip(wanted.id)

    # ---- many at once ----------------------------------------------------------------------

    def ask_and_import(self) -> None:
        """Let the user choose a folder of annotated sequences; they become clips."""
        self._clips.with_list(self._import)

    def _import(self) -> None:
        path, known = self._clips.path, self._clips.collection
        folder = self._prompts.folder_to_open()
        if path is None or folder is None:
            return
        which = self._prompts.one_of(
            self.tr("Which boxes?"),
            [(1, self.tr("All boxes")), (2, self.tr("Only each object's first one, to track it"))],
        )
        if which is None:
            return
        self._desk.say(self.tr("Importing %s…") % folder.name)
        self._background.run(
            lambda: import_clips(folder, path, known, first_only=which == 2),
            lambda made: self._imported(made),
            self._report,
        )

    def _imported(self, made: ImportedClips) -> None:
        self._clips.add_clips(made.clips)
        text = self.tr("%s with %s imported.") % (
            counted(len(made.clips), "clip"),
            counted(made.boxes, "box", "boxes"),
        )
        self._desk.say(text, _few(made.problems), "warning" if made.problems else "success")

    def ask_and_export(self) -> None:
        """Write all clips in a format and a folder that the user chooses."""
        formats.load_all()
        known = sorted((f for f in registry.formats.values() if f.can_write), key=lambda f: f.title)
        options = [(number, form.title) for number, form in enumerate(known, 1)]
        chosen = self._prompts.one_of(self.tr("Write all clips as"), options)
        folder = self._prompts.folder_to_open() if chosen is not None else None
        if chosen is None or folder is None or not self._project.save_quietly():
            return
        form, clips = known[chosen - 1], self._clips.collection.clips
        self._desk.say(self.tr("Exporting %s…") % counted(len(clips), "clip"))
        self._background.run(
            lambda: export_clips(clips, form.key, folder),
            lambda done: self._exported(done, folder),
            self._report,
        )

    def _exported(self, done: list[ExportedClip], folder: Path) -> None:
        written = [item for item in done if not item.problem]
        text = self.tr("%s of %s written to %s.") % (
            counted(sum(item.boxes for item in written), "box", "boxes"),
            counted(len(written), "clip"),
            folder.name,
        )
        problems = [f"“{item.clip.title}”: {item.problem}" for item in done if item.problem]
        warnings = dict.fromkeys(w for item in written for w in item.warnings)
        notes = [*problems, *warnings]
        self._desk.say(text, _few(notes), "warning" if notes else "success")

    def _report(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self._project.defect.emit(error)


def _few(sentences: Sequence[str]) -> str:
    more = len(sentences) - _TOLD
    return " ".join([*sentences[:_TOLD], *([f"… (+{more})"] if more > 0 else [])])
