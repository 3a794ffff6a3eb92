"""Making a copy that steps fast in the background, and going on in it.

The copy has the same frames under the same numbers, so the document simply goes over to
it: boxes, the frame shown, the selection and the project's file stay. It is a change of the
project like any other (unsaved until it is saved); undo begins anew there. The job reads
the video by itself, so that the clip may be closed meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.controller.controller import Controller
from app.jobs.background import Progress
from core.document.project_file import video_differs
from core.replay import ReplaySession
from core.session import Session, video_ref
from core.video.file import VideoFile
from core.video.open import open_source
from core.video.proxy import Proxy, make_proxy, suggested
from core.video.source import VideoSource

_POLL_MS = 200
_JOB_CACHE = 32 << 20


class Proxies(QObject):
    """The copy of the open clip: made, known, gone over to.

    Attributes
    ----------
    progress
        ``(text, done, total)`` for the bottom line; an empty text when nothing is made.
    """

    progress = Signal(str, int, int)

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._project = controller.desk, controller.project
        self._background, self._runs = controller.background, controller.runs
        self._playback, self._prompts = controller.playback, controller.prompts
        self._made: dict[Path, Path] = {}  # copies of this session, by the video's path
        self._job: tuple[Progress, str] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._tell_progress)

    @property
    def is_making(self) -> bool:
        """Whether a copy is being made."""
        return self._job is not None

    def video(self) -> Path | None:
        """The open video file; None for pictures, replays and made-up clips."""
        session = self._desk.session
        if session is None or isinstance(session, ReplaySession):
            return None
        return session.video.info.path if isinstance(session.video, VideoFile) else None

    def copy_of(self, path: Path) -> Path | None:
        """The copy of a video, if there is one: made just now, or at the usual place."""
        found = self._made.get(path, suggested(path))
        return found if found.is_file() else None

    # ---- making ------------------------------------------------------------------------

    def make_or_stop(self) -> None:
        """Ask where and make the copy; while one is being made, stop."""
        if self._job is not None:
            self.stop()
            return
        path = self.video()
        if path is None:
            self._desk.say(self.tr("Only video files need a copy that steps fast."))
            return
        target = self._prompts.copy_to_make(suggested(path))
        if target is not None:
            self.make(path, target if target.suffix else target.with_suffix(".mp4"))

    def make(self, path: Path, target: Path) -> None:
        """Make the copy of the video at `path` in the background."""
        told = Progress()
        self._job = (told, target.name)
        self._timer.start()
        self._tell_progress()

        def step(done: int, total: int) -> bool:
            told.fraction = done / max(total, 1)
            return not told.cancelled

        def work() -> Proxy | None:
            video = open_source(path, cache_bytes=_JOB_CACHE)
            try:
                while not video.wait_ready(_POLL_MS / 1000):
                    if told.cancelled:
                        return None
                return make_proxy(video, target, progress=step)
            finally:
                video.close()

        self._background.run(work, lambda made: self._done(path, made), self._failed)
        self._desk.say(
            self.tr("Making %s. You can go on working meanwhile.") % target.name,
            self.tr("File → Stop making the copy ends it."),
        )

    def stop(self) -> None:
        """Stop making the copy; nothing is left of it."""
        if self._job is not None:
            self._job[0].cancel()

    def _done(self, path: Path, made: Proxy | None) -> None:
        self._end()
        if made is None:
            self._desk.say(self.tr("The copy was stopped; nothing was kept."))
            return
        self._made[path] = made.path
        here = self.video() == path
        hint = self.tr("Its frames have the same numbers: boxes, frame and project stay.")
        if made.held:
            hint += self.tr(" Frames without a picture repeat the one before: %d.") % len(made.held)
        self._desk.say(
            self.tr("%s is ready and was checked against the video.") % made.path.name,
            hint if here else "",
            "success",
            "use_proxy" if here else "",
            self.tr("Go on in the copy"),
        )

    def _failed(self, error: Exception) -> None:
        self._end()
        self._project.report(error)

    def _end(self) -> None:
        self._job = None
        self._timer.stop()
        self.progress.emit("", 0, 0)

    def _tell_progress(self) -> None:
        if self._job is not None:
            told, name = self._job
            text = self.tr("Copy %d %%: %s") % (told.fraction * 100, name)  # the name is cut
            self.progress.emit(text, round(told.fraction * 1000), 1000)

    # ---- going on in it ------------------------------------------------------------------

    def use(self) -> None:
        """Go on in the copy of the open video."""
        path = self.video()
        copy = self.copy_of(path) if path is not None else None
        if copy is None:
            self._desk.say(
                self.tr("There is no copy of this clip that steps fast yet."),
                action="proxy" if path is not None else "",
                action_text=self.tr("Make a copy"),
            )
            return
        session, cache = self._desk.session, self._desk.preferences.frame_cache << 20

        def load() -> VideoSource:
            video = open_source(copy, cache_bytes=cache)
            video.wait_ready()
            return video

        def loaded(video: VideoSource) -> None:
            if session is None or self._desk.session is not session:
                video.close()  # another clip was opened meanwhile
            else:
                self._go_over(session, video)

        self._background.run(load, loaded, self._project.report)

    def _go_over(self, old: Session, video: VideoSource) -> None:
        self._runs.conclude()
        document, ref = old.store.current, video_ref(video)
        known = replace(video_ref(old.video), fingerprint="")
        different = video_differs(replace(document, video=known), ref)
        if different:
            self._desk.say(different, self.tr("Make the copy anew."), "error", "proxy")
            video.close()
            return
        here = replace(document, video=replace(ref, samples=old.samples))
        frame, track = self._desk.state.frame, self._desk.state.track
        unsaved = bool(document.tracks) or old.project_path is not None
        # As an edit, the move is unsaved work: it is asked about, and kept if all breaks off.
        self._project.swap(Session(video, document if unsaved else here, old.project_path))
        if unsaved:
            self._desk.edit(self.tr("Go on in %s") % video.info.path.name, here)
            self._project.autosaver.save_and_wait()
        self._desk.update(track=track)
        self._playback.go(frame)
