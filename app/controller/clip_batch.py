"""Tracking all clips of the list in the background, while the window is used.

The same queue as ``boxtrail batch``, in processes of its own. The open clip takes part:
it is saved before, and what was tracked comes in as one step that can be undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from app.controller.batch_wish import BatchWish
from app.controller.clips import Clips
from app.controller.desk import Desk
from app.controller.project import Project
from app.controller.prompts import Prompts
from app.controller.run_state import Choices
from app.jobs.batch import BatchJob
from core.alarms.stop import StopRule
from core.batch.log import SUFFIX, BatchLog
from core.batch.run import Pace
from core.batch.tasks import Options, Outcome, Result, Task, total_of
from core.collection.collection import Clip, ClipStatus
from core.errors import BoxtrailError
from core.wording import counted


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """A clip in the queue: fraction done (None: waits), and how it ended (None: not yet)."""

    fraction: float | None = None
    outcome: Outcome | None = None


class ClipBatch(QObject):
    """One batch at a time. `changed` comes with every step of progress worth showing."""

    changed = Signal()
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        project: Project,
        clips: Clips,
        choices: Choices,
        prompts: Prompts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._project, self._clips = desk, project, clips
        self._choices, self._prompts = choices, prompts
        self._job: BatchJob | None = None
        self._ids: list[int] = []
        self._progress: dict[int, ClipProgress] = {}
        self._pace = Pace(0)
        self.wish = BatchWish()
        self.in_processes = True  # a test may have the work done on the job's thread
        desk.clip_changed.connect(self._tell_state)

    @property
    def is_running(self) -> bool:
        """Whether a batch is under way."""
        return self._job is not None

    def of(self, clip_id: int) -> ClipProgress | None:
        """How a clip of the newest batch stands; None when it is not in it."""
        return self._progress.get(clip_id)

    def summary(self) -> str:
        """One line about the batch under way; empty without one."""
        if self._job is None:
            return ""
        pace = self._pace
        text = self.tr("Tracking: {over} of {all} clips, {rate:.0f} frames/s").format(
            over=pace.clips_over, all=len(self._ids), rate=pace.rate
        )
        left = pace.seconds_left
        return text if left != left else f"{text}, {_duration(left)}"

    def ask_and_start(self, ids: Sequence[int] = ()) -> None:
        """Ask how, then track these clips (all of the list without any)."""
        path = self._clips.path
        if path is None or self._job is not None:
            return
        chosen = [c for c in self._clips.collection.clips if not ids or c.id in ids]
        if not chosen:
            return
        wish = self._prompts.batch_wish(len(chosen), self._choices.key(), self.wish)
        if wish is None:
            return
        self.wish = wish
        clips = [c for c in chosen if wish.also_done or c.status is not ClipStatus.DONE]
        self._project.save_quietly()  # the open clip takes part as it is now
        try:
            log = BatchLog(path.with_name(path.name + SUFFIX))
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self._start(clips, self._options(wish), log, wish.jobs if self.in_processes else 0)

    def stop(self) -> None:
        """End the batch after the frames in work; what was tracked is kept."""
        if self._job is not None:
            self._job.stop.set()

    def finish(self) -> None:
        """The window closes: stop and wait."""
        job, self._job = self._job, None
        if job is not None:
            job.finish()

    # ---- inside ----

    def _options(self, wish: BatchWish) -> Options:
        preferences = self._desk.preferences
        rule = StopRule(preferences.stop_after, cut_tail=preferences.cut_tail)
        return Options(
            self._choices.key(),
            self._choices.values(),
            two_way=wish.two_way,
            backward=wish.backward,
            until=rule if wish.until_unsure else None,
            device=preferences.device,
            threads=1,
            again=wish.again,
        )

    def _start(self, clips: Sequence[Clip], options: Options, log: BatchLog, jobs: int) -> None:
        tasks = [Task(clip.project, clip.video, title=clip.title) for clip in clips]
        self._ids = [clip.id for clip in clips]
        self._progress = {clip.id: ClipProgress() for clip in clips}
        self._pace = Pace(len(clips))
        job = self._job = BatchJob(tasks, options, log, jobs=jobs, parent=self)
        job.started.connect(self._on_started)
        job.progress.connect(self._on_progress)
        job.outcome.connect(self._on_outcome)
        job.ended.connect(self._on_ended)
        self._tell_state()
        job.start()
        self.changed.emit()

    def _is_current(self, serial: int) -> bool:
        return self._job is not None and self._job.serial == serial

    @Slot(int, int)
    def _on_started(self, serial: int, number: int) -> None:
        if self._is_current(serial):
            self._progress[self._ids[number]] = ClipProgress(0.0)
            self.changed.emit()

    @Slot(int, int, int, int)
    def _on_progress(self, serial: int, number: int, done: int, planned: int) -> None:
        if not self._is_current(serial):
            return
        self._pace.progress(number, done, planned)
        before = self._progress[self._ids[number]].fraction or 0.0
        fraction = done / max(planned, 1)
        if fraction - before >= 0.01 or done >= planned:
            self._progress[self._ids[number]] = ClipProgress(fraction)
            self.changed.emit()

    @Slot(int, int, object)
    def _on_outcome(self, serial: int, number: int, outcome: Outcome) -> None:
        job = self._job
        if job is None or job.serial != serial:
            return
        job.outcomes[number] = outcome
        self._pace.finished(number)
        clip_id = self._ids[number]
        self._progress[clip_id] = ClipProgress(1.0, outcome)
        self._clips.refresh(clip_id)
        self.changed.emit()

    @Slot(int, object)
    def _on_ended(self, serial: int, error: Exception | None) -> None:
        job = self._job
        if job is None or job.serial != serial:
            return
        self._job = None
        job.finish()
        job.deleteLater()
        # A stopped clip has no last word: what it found is in its project all the same.
        for number, clip_id in enumerate(self._ids):
            if number not in job.outcomes:
                self._progress.pop(clip_id, None)
        self._tell_state()
        self.changed.emit()
        if error is None:
            self._say(job, stopped=job.stop.is_set())
        elif isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)

    def _say(self, job: BatchJob, *, stopped: bool) -> None:
        outcomes = list(job.outcomes.values())
        total = total_of(outcomes)
        failed = [n for n, o in job.outcomes.items() if o.result is Result.FAILED]
        no_box = sum(o.result is Result.NO_BOX for o in outcomes)
        text = self.tr("%s tracked in %s.") % (
            counted(total.frames, "frame"),
            counted(sum(bool(o.frames) for o in outcomes), "clip"),
        )
        notes = [self.tr("Stopped; what was tracked is kept.")] if stopped else []
        if total.doubtful:
            notes.append(
                self.tr("For you to look at: %s.") % counted(total.doubtful, "doubtful frame")
            )
        if no_box:
            notes.append(self.tr("Without a box to start from: %s.") % counted(no_box, "clip"))
        if failed:
            first = job.outcomes[failed[0]]
            name = job.tasks[failed[0]].name
            notes.append(
                self.tr("%s failed:") % counted(len(failed), "clip") + f" {name}: {first.message}"
            )
        self._desk.say(text, " ".join(notes), "warning" if failed or no_box else "success")

    @Slot()
    def _tell_state(self) -> None:
        self._desk.update(batch=self._job is not None)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"
