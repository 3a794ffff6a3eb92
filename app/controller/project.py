"""Opening, saving and closing, and the recovery of unsaved work.

Opening is staged: the new clip is loaded in the background, and what is open stays
open until that has succeeded. Nothing unsaved is ever let go without a question.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.autosave import Autosaver
from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.prompts import Prompts
from app.controller.recovering import Recovering
from app.controller.runs import Runs
from app.jobs.background import Background
from app.settings import RecentFiles
from core.document import project_file
from core.document.autosave import Recovery
from core.document.document import Document
from core.errors import BoxtrailError
from core.paths import resource
from core.replay import ReplaySession, is_recording
from core.session import Session
from core.video.source import Access, VideoSource


class Project(QObject):
    """Carries out opening and saving.

    `opened` comes after a clip and its document are on the desk and the question of
    recovery is settled.
    """

    opened = Signal()
    loading = Signal(str)  # name of what is being opened; empty when that is over
    facts_changed = Signal()  # frame count and access became final
    defect = Signal(object)
    _ready = Signal(object)

    def __init__(
        self,
        desk: Desk,
        runs: Runs,
        playback: Playback,
        background: Background,
        prompts: Prompts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._runs = runs
        self._playback = playback
        self._background = background
        self._prompts = prompts
        self._asked = 0  # number of the newest request to open
        self._given_up: Document | None = None  # what the user said to discard
        self.openers: dict[str, Callable[[Path], object]] = {}  # other kinds of files
        self.take_dropped: Callable[[list[Path]], bool] = lambda paths: False
        self.saves_itself: Callable[[], bool] = lambda: False  # then nobody is asked
        self.saving: Callable[[Path], AbstractContextManager[object]] = nullcontext
        self.recent = RecentFiles()
        self.autosaver = Autosaver(background, self._document, runs.growing_result, self)
        self.autosaver.set_interval(desk.preferences.autosave_interval)
        self.autosaver.failed.connect(self._on_autosave_failed)
        self.recovering = Recovering(desk, prompts, self.autosaver, self)
        self._ready.connect(self._on_ready, Qt.ConnectionType.QueuedConnection)
        runs.run_ended.connect(self._on_run_ended)

    @property
    def name(self) -> str:
        """What the window's title says."""
        session = self._desk.session
        if session is None:
            return ""
        if isinstance(session, ReplaySession) and session.project_path is None:
            return session.recording.path.name
        return (session.project_path or session.video.info.path).name

    # ---- opening -----------------------------------------------------------------------

    def ask_and_open(self) -> None:
        """Let the user choose a file."""
        path = self._prompts.path_to_open()
        if path is not None:
            self.open(path)

    def ask_and_open_folder(self) -> None:
        """Let the user choose a folder of pictures."""
        path = self._prompts.folder_to_open()
        if path is not None:
            self.open(path)

    def open(
        self, path: Path, *, video: Path | None = None, recovery: Recovery | None = None
    ) -> None:
        """Open a video, folder, project or recording; `video` says where its clip is now."""
        opener = self.openers.get(path.suffix.lower())
        if opener is not None:
            opener(path)
            return
        cache = self._desk.preferences.frame_cache << 20
        self.open_with(
            path.name,
            lambda: _load(path, video, cache),
            failed=lambda error: self._on_open_failed(path, recovery, error),
            then=lambda session: self._put(session, path, recovery),
        )

    def drop(self, paths: list[Path]) -> None:
        """Open what was dropped on the window; several files are for whoever takes them."""
        if paths and not self.take_dropped(paths):
            self.open(paths[0])

    def open_with(
        self,
        name: str,
        load: Callable[[], Session],
        *,
        then: Callable[[Session], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Open what `load` makes on a background thread (the demo clip, a test's clip)."""
        if not self.may_let_go():
            return
        self._asked += 1
        number = self._asked
        self.loading.emit(name)
        finish = then or self.put
        report = failed or self.report

        def loaded(session: Session) -> None:
            if number != self._asked:
                session.close()  # the user opened something else meanwhile
                return
            self.loading.emit("")
            finish(session)

        def gone_wrong(error: Exception) -> None:
            if number == self._asked:
                self.loading.emit("")
                report(error)

        self._background.run(load, loaded, gone_wrong)

    def put(self, session: Session) -> None:
        """Put a session that was made elsewhere on the desk."""
        self._put(session, None, None)

    def swap(self, session: Session) -> None:
        """Put `session` in the place of the open one, whose work it carries: nobody is asked.

        Its clip has been checked to the end.
        """
        self._asked += 1  # what is being opened comes too late
        self._let_go(session)
        self.autosaver.begin(session.project_path)
        self.opened.emit()

    def offer_recovery(self) -> bool:
        """At the start: unsaved work of any clip is offered; True if it is being opened."""
        found = self.recovering.offer()
        if found is not None:
            project = Path(found.project or found.video)
            self.open(project if project.exists() else Path(found.video), recovery=found)
        return found is not None

    def report(self, error: Exception) -> None:
        """Tell an expected error; anything else is a defect."""
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)

    # ---- saving and closing --------------------------------------------------------------

    def save(self) -> bool:
        """Save the project; asks where the first time. False when nothing was saved."""
        session = self._desk.session
        if session is None:
            return False
        return self.save_as() if session.project_path is None else self._save(None)

    def save_as(self) -> bool:
        """Save under a name that the user chooses."""
        session = self._desk.session
        if session is None:
            return False
        known = session.project_path or _beside(session.video.info.path)
        path = self._prompts.path_to_save(known)
        if path is None:
            return False
        if path.suffix != project_file.SUFFIX:
            path = path.with_name(path.name + project_file.SUFFIX)
        return self._save(path)

    def may_let_go(self) -> bool:
        """Whether what is open may be closed: asks about unsaved changes."""
        if self._desk.session is None:
            return True
        self._runs.conclude()
        document = self._desk.document
        if not self._desk.state.dirty or document is self._given_up:
            return True
        if self.saves_itself() and self._save(None, quiet=True):
            return True
        answer = self._prompts.save_changes(self.name)
        if answer == "save":
            return self.save()
        self._given_up = document if answer == "discard" else None
        return answer == "discard"

    def close(self) -> bool:
        """Close the clip; False when the user changed their mind."""
        if not self.may_let_go():
            return False
        self._asked += 1
        self._let_go(None)
        return True

    # ---- inside ----

    def _put(self, session: Session, path: Path | None, recovery: Recovery | None) -> None:
        if not self.may_let_go():  # there may be new edits since the user was asked
            session.close()
            return
        if recovery is not None and recovery.project and session.project_path is None:
            session.project_path = Path(recovery.project)  # it was never saved there
        if session.video_warning and not self._prompts.accept_other_video(session.video_warning):
            session.close()
            return
        checking = session.video.access is Access.CHECKING  # it may end while views are filled
        self._let_go(session)
        if path is not None:
            self.recent.add(path)
        self.autosaver.begin(session.project_path)
        if checking:
            self._watch(session.video)
        self._playback.go(0)
        if recovery is not None:
            self.recovering.restore(session, recovery)
        elif not isinstance(session, ReplaySession):  # a replay shows what was, not work
            self.recovering.offer_for(session)
        self.opened.emit()
        self._tell_notes(session)

    def _let_go(self, session: Session | None) -> None:
        self._runs.conclude()
        self.autosaver.end()
        old = self._desk.put(session)
        if old is not None:
            old.close()

    def save_quietly(self) -> bool:
        """Save without a word, where the place is known and something changed."""
        session = self._desk.session
        if session is None or session.project_path is None or not self._desk.state.dirty:
            return True
        return self._save(None, quiet=True)

    def _save(self, path: Path | None, *, quiet: bool = False) -> bool:
        session = self._desk.session
        target = path or (session.project_path if session is not None else None)
        if session is None or target is None:
            return False
        try:
            with self.saving(target):
                saved = session.save(path)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return False
        self._desk.stack.setClean()
        self.autosaver.begin(saved)
        if not quiet:
            self.recent.add(saved)
            self._desk.say(self.tr("Saved as %s.") % saved.name, severity="success")
        self._desk.update()
        return True

    def _watch(self, video: VideoSource) -> None:
        on_ready = getattr(video, "on_ready", None)
        if on_ready is not None:
            on_ready(lambda: self._announce_ready(video))

    def _announce_ready(self, video: VideoSource) -> None:
        # Called on the checking thread: only a signal leaves it.
        try:
            self._ready.emit(video)
        except RuntimeError:
            return  # the window is gone already

    def _tell_notes(self, session: Session) -> None:
        for note in session.video.info.notes:
            self._desk.say(note, severity="warning")

    def _on_open_failed(self, path: Path, recovery: Recovery | None, error: Exception) -> None:
        if isinstance(error, project_file.VideoMoved):
            found = self._prompts.moved_video(error.message, error.stored)
            if found is not None:
                self.open(path, video=found, recovery=recovery)
            return
        self.report(error)

    def _document(self) -> Document | None:
        session = self._desk.session
        if session is None:
            return None
        return self._runs.with_growing_proposal(session.store.current)

    @Slot(object)
    def _on_ready(self, video: VideoSource) -> None:
        session = self._desk.session
        if session is None or session.video is not video:
            return
        self._desk.update(frame_count=video.info.frame_count)
        if self._desk.state.frame >= video.info.frame_count:
            self._playback.go(video.info.frame_count - 1)
        self.facts_changed.emit()

    @Slot(object)
    def _on_run_ended(self, plan: object) -> None:
        self.autosaver.save_now()

    @Slot(object)
    def _on_autosave_failed(self, error: BoxtrailError) -> None:
        self._desk.say(
            self.tr("No recovery copy could be written: %s") % error.message,
            self.tr("Save the project somewhere else. %s") % error.hint,
            "error",
            "save_as",
        )


def _beside(clip: Path) -> Path:
    """Where a clip's project is suggested: beside it, but never in the program's own files."""
    folder = Path.home() if clip.is_relative_to(resource()) else clip.parent
    return folder / (clip.stem + project_file.SUFFIX)


def _load(path: Path, video: Path | None, cache_bytes: int) -> Session:
    if is_recording(path):
        return ReplaySession.of_recording(path, video_path=video, cache_bytes=cache_bytes)
    if path.suffix.lower() == project_file.SUFFIX:
        return Session.of_project(path, video_path=video, cache_bytes=cache_bytes)
    return Session.of_video(path, cache_bytes=cache_bytes)
