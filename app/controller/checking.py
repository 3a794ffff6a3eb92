"""Checks and carried corrections: what makes a person's few boxes go a long way.

A check runs on a thread beside the window; the document is left alone until it is done,
and only boxes that did not change meanwhile are doubted. What was checked is remembered
while the clip is open, so that the next check takes only what is new since. For carrying,
the box that a correction replaced is remembered as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.jobs.background import Background
from core import device as devices
from core.alarms.opinion import Opinion
from core.alarms.thresholds import Checkers
from core.document.carry import carried
from core.document.document import Document
from core.document.store import Change
from core.document.track import Columns, Keyframe, Track
from core.engine.check import (
    Checked,
    Leg,
    answered,
    check,
    checkers_of,
    judge_of,
    legs,
    run_of,
    with_check,
)
from core.engine.control import Control
from core.engine.way_back import alarm_of, opinion_of, titles, way_back
from core.errors import BoxtrailError
from core.session import Session
from core.states import Source
from core.trackers.base import Services
from core.wording import counted

_TELL_MS = 200
_PATIENCE_S = 10.0


@dataclass(slots=True)
class _Job:
    """A check under way. `over` is set when its thread is done with the clip."""

    session: Session
    track_id: int
    title: str
    total: int
    who: Checkers
    control: Control = field(default_factory=Control)
    over: threading.Event = field(default_factory=threading.Event)
    done: int = 0


class Checking(QObject):
    """Carries out both actions of app/actions/review.py.

    `progress` tells what is under way, how much is done and of how much, an empty text when
    nothing is; `finished` the number of frames that somebody had an opinion about.
    """

    progress = Signal(str, int, int)
    finished = Signal(int)

    def __init__(self, desk: Desk, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._background = background
        self._job: _Job | None = None
        self._replaced: dict[tuple[int, int], Keyframe] = {}
        self._known: dict[tuple[int, Checkers], Columns] = {}
        self._seen: Document | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_TELL_MS)
        self._timer.timeout.connect(self._tell)
        desk.document_changed.connect(self._on_document)
        desk.clip_changed.connect(self._on_clip)

    @property
    def is_busy(self) -> bool:
        """Whether a check is under way."""
        return self._job is not None

    # ---- checking ------------------------------------------------------------------------

    def check(self) -> None:
        """Check what is new of the selected object; once more: end that.

        Where nothing is new, what follows the last trusted box is checked again.
        """
        if self._job is not None:
            self._job.control.cancel()
            return
        session, track = self._desk.session, self._track()
        if session is None or track is None or self._refuse_running():
            return
        try:
            services = Services(devices.choose(self._desk.preferences.device))
            wish = self._desk.preferences.check_with
            judge = judge_of(self._desk.document, track)
            who = checkers_of(judge, services, thorough=wish == "two")
            if wish == "way back":
                who = way_back(judge)
            title = titles(who.trackers, self.tr(" and "))
            opinion = opinion_of(who.trackers, run_of(self._desk.document, track), services)
            known = self._known.get((track.id, who), Columns.empty())
            ways = legs(track, self._desk.state.frame, known)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        total = sum(way.frames for way in ways)
        self._job = _Job(session, track.id, title, total, who)
        self._timer.start()
        self._tell()
        work = _work(self._job, track, ways, opinion)
        self._background.run(work, self._on_checked, self._on_failed)

    def finish(self) -> None:
        """End a check and wait until it has let go of the clip."""
        job, self._job = self._job, None
        if job is not None:
            job.control.cancel()
            job.over.wait(_PATIENCE_S)
            self._quiet()

    def _on_checked(self, checked: Checked) -> None:
        job, self._job = self._job, None
        self._quiet()
        if job is None or self._desk.session is not job.session:
            return
        document = self._desk.document
        if document.has_track(job.track_id):
            track = document.track(job.track_id)
            limits = {alarm_of(job.who.trackers): job.who.below}
            after = with_check(track, checked, limits)
            self._remember(job, answered(after, checked))
            if after.columns != track.columns:
                self._desk.edit(
                    self.tr("Check"), document.with_track(after), focus=(job.track_id, None)
                )
            self._report(after, checked, job)
        self.finished.emit(checked.frames)

    def _remember(self, job: _Job, rows: Columns) -> None:
        place = (job.track_id, job.who)
        self._known[place] = self._known.get(place, Columns.empty()).overlaid(rows)

    def _report(self, track: Track, checked: Checked, job: _Job) -> None:
        title = job.title
        bits = track.columns.alarms & int(alarm_of(job.who.trackers))
        doubted = int(((bits != 0) & ~track.columns.protected()).sum())
        ended = "" if checked.finished else self.tr("The check was ended early.")
        if doubted:
            text = self.tr("%d of %d boxes are in doubt: %s would place others.")
            self._desk.say(
                text % (doubted, checked.frames, title),
                ended,
                action="next_doubtful",
                action_text=self.tr("Go there"),
            )
        else:
            text = self.tr("No doubt about any of %d boxes: %s would place them alike.")
            self._desk.say(text % (checked.frames, title), ended, "success")

    def _on_failed(self, error: Exception) -> None:
        job, self._job = self._job, None
        self._quiet()
        if job is not None and isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        self.finished.emit(0)

    def _refuse_running(self) -> bool:
        running = self._desk.state.is_running
        if running:
            self._desk.say(
                self.tr("A tracker is running."), self.tr("Check when it has ended."), "warning"
            )
        return running

    @Slot()
    def _tell(self) -> None:
        if self._job is not None:
            job = self._job
            text = self.tr("Checking %d of %d boxes with %s") % (job.done, job.total, job.title)
            self.progress.emit(text, job.done, job.total)

    def _quiet(self) -> None:
        self._timer.stop()
        self.progress.emit("", 0, 0)

    # ---- carrying ------------------------------------------------------------------------

    def carry(self) -> None:
        """Carry the person's box on this frame over to the tracked ones around it."""
        track, frame = self._track(), self._desk.shown
        if track is None or self._refuse_running():
            return
        try:
            result = carried(track, frame, self._replaced.get((track.id, frame)))
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self._desk.edit(
            self.tr("Carry a correction over %s") % counted(result.count, "box", "boxes"),
            self._desk.document.with_track(result.track),
            focus=(track.id, frame),
            frames=(result.first, result.last),
        )
        # A second time the neighbours have followed: nothing is left to carry.
        now = track.at(frame)
        if now is not None:
            self._replaced[track.id, frame] = now

    def _note_replaced(self, before: Document, change: Change) -> None:
        if change.track_id is None or change.first is None or change.first != change.last:
            return
        place, now = (change.track_id, change.first), self._desk.document
        if not (before.has_track(place[0]) and now.has_track(place[0])):
            return
        old, new = before.track(place[0]).at(place[1]), now.track(place[0]).at(place[1])
        if new is None or new.source == Source.TRACKED:
            self._replaced.pop(place, None)
        elif old is not None and old.source == Source.TRACKED:
            self._replaced[place] = old

    def _track(self) -> Track | None:
        selected = self._desk.state.track
        if self._desk.session is None or not self._desk.document.has_track(selected):
            return None
        return self._desk.document.track(selected or 0)

    # ---- what others tell ----------------------------------------------------------------

    @Slot(object)
    def _on_document(self, change: Change) -> None:
        before, self._seen = self._seen, self._desk.document
        if before is not None:
            self._note_replaced(before, change)

    @Slot()
    def _on_clip(self) -> None:
        self.finish()
        session = self._desk.session
        self._seen = session.store.current if session is not None else None
        self._replaced, self._known = {}, {}


def _work(job: _Job, track: Track, ways: list[Leg], opinion: Opinion) -> Callable[[], Checked]:
    def count(done: int) -> None:
        job.done = done

    def work() -> Checked:
        try:
            return check(track, ways, job.session.video, [opinion], job.control, count)
        finally:
            job.over.set()

    return work
