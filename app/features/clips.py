"""Several clips: the panel, the list behind it, and tracking all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtGui import QImage

from app.controller.clip_batch import ClipBatch, ClipProgress
from app.controller.clip_files import ClipFiles
from app.controller.clips import Clips
from app.features.feature import Feature, Parts
from app.views.clip_delegate import THUMBNAIL
from app.views.clip_panel import ClipPanel, ClipRow, StatusChoice
from core.batch.tasks import Result
from core.collection.collection import Clip, ClipStatus
from core.collection.summary import Standing, Totals, totals
from core.errors import VideoError
from core.video.thumbnail import thumbnail
from core.wording import counted

_BUTTONS = ("clips_add", "clips_add_folder", "clips_track", "clips_stop", "clips_done")
_MENU = ("clips_track", "clips_stop", "", "clips_up", "clips_down", "clips_remove", "",
         "clips_add", "clips_add_folder", "clips_locate", "clips_export")  # fmt: skip
_TONES = {
    ClipStatus.NEW: "muted",
    ClipStatus.TRACKED: "info",
    ClipStatus.IN_REVIEW: "uncertain",
    ClipStatus.DONE: "ok",
}
_SHARPNESS = 2  # thumbnails are kept for screens of this density


class ClipsFeature(Feature):
    """Owns :class:`Clips`, :class:`ClipBatch` and :class:`ClipFiles`."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        desk, project, background = controller.desk, controller.project, controller.background
        prompts = controller.prompts
        self.clips = Clips(desk, project, controller.playback, background, prompts, self)
        self.batch = ClipBatch(desk, project, self.clips, controller.choices, prompts, self)
        self.files = ClipFiles(desk, project, self.clips, background, prompts, self)
        self._background = background
        self._asked: list[int] = []  # thumbnails to make; one at a time
        self._making = False
        self._pictured: dict[int, Path] = {}  # by clip: the video that its thumbnail is of
        self._open: int | None = None
        self.panel = ClipPanel([StatusChoice(s.value, _status_name(s)) for s in ClipStatus])
        self.dock = parts.panels.add_dock("clips", self.tr("Clips"), self.panel, beside="objects")
        actions = parts.actions
        self.panel.set_actions(
            [actions[name] for name in _BUTTONS],
            [actions[name] if name else None for name in _MENU],
        )
        self._connect()
        self._show()

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See `Feature`."""
        clips, batch, panel = self.clips, self.batch, self.panel
        return {
            "clips_new": self._with_panel(clips.ask_new),
            "clips_add": self._with_panel(clips.ask_add),
            "clips_add_folder": self._with_panel(clips.ask_add_folder),
            "clips_import": self._with_panel(self.files.ask_and_import),
            "clips_prev": lambda: clips.step(-1),
            "clips_next": lambda: clips.step(1),
            "clips_done": clips.done_and_next,
            "clips_track": self._track,
            "clips_stop": batch.stop,
            "clips_export": self.files.ask_and_export,
            "clips_remove": lambda: clips.remove(panel.selected()),
            "clips_restore": clips.restore,
            "clips_up": lambda: clips.move(panel.selected(), -1),
            "clips_down": lambda: clips.move(panel.selected(), 1),
            "clips_locate": self.files.locate,
            "clips_refresh": clips.refresh,
            "clips_close": clips.close_list,
        }

    def finish(self) -> None:
        """See `Feature`."""
        self.batch.finish()

    # ---- inside ----

    def _connect(self) -> None:
        clips, panel = self.clips, self.panel
        clips.changed.connect(self._show)
        self.batch.changed.connect(self._show)
        self.batch.defect.connect(self.parts.controller.project.defect)
        panel.open_wanted.connect(clips.open_clip)
        panel.remove_wanted.connect(clips.remove)
        panel.order_changed.connect(clips.reorder)
        panel.move_wanted.connect(clips.move)
        panel.status_wanted.connect(self._set_status)
        panel.thumbnails_wanted.connect(self._want_thumbnails)

    def _with_panel(self, then: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            self.dock.show()
            self.dock.raise_()
            then()

        return run

    def _track(self) -> None:
        chosen = self.panel.selected()
        # One selected clip is usually the one that is open: all are meant then.
        self.batch.ask_and_start(chosen if len(chosen) > 1 else ())

    @Slot(list, str)
    def _set_status(self, ids: list[int], key: str) -> None:
        self.clips.set_status(ids, ClipStatus(key) if key else None)

    @Slot()
    def _show(self) -> None:
        standings, current = self.clips.standings(), self.clips.current
        is_list = self.clips.path is not None
        open_id = current.id if current is not None else None
        rows = [_row(s, self.batch.of(s.clip.id), is_open=s.clip.id == open_id) for s in standings]
        self.panel.set_rows(rows, is_list=is_list)
        for clip in (standing.clip for standing in standings):
            if self._pictured.get(clip.id, clip.video) != clip.video:
                self.panel.forget_thumbnail(clip.id)
        self.panel.set_sums(_sums(totals(standings)) if standings else "")
        self.panel.set_busy(self.batch.summary())
        self.parts.actions["clips_stop"].setVisible(self.batch.is_running)
        if is_list and self.clips.path is not None:
            self.dock.setWindowTitle(self.tr("Clips – %s") % self.clips.path.stem)
            if not self._was_list:
                self.dock.show()
                self.dock.raise_()
        else:
            self.dock.setWindowTitle(self.tr("Clips"))
        self._was_list = is_list
        if open_id != self._open:
            self._open = open_id
            if open_id is not None:
                self.panel.select(open_id)

    _was_list = False

    # ---- thumbnails ----

    @Slot(list)
    def _want_thumbnails(self, ids: list[int]) -> None:
        self._asked = ids  # what is on the screen now comes first
        if not self._making:
            self._make_next()

    def _make_next(self) -> None:
        self._making = bool(self._asked)
        if not self._asked:
            return
        clip_id = self._asked.pop(0)
        if not self.clips.collection.has(clip_id):
            self._make_next()
            return
        clip = self.clips.collection.clip(clip_id)

        def take(image: QImage) -> None:
            self._pictured[clip_id] = clip.video
            self.panel.set_thumbnail(clip_id, image)
            self._make_next()

        self._background.run(lambda: _thumbnail(clip), take, lambda _: take(QImage()))


def _thumbnail(clip: Clip) -> QImage:
    size = THUMBNAIL * _SHARPNESS
    with contextlib.suppress(VideoError):
        pixels = np.ascontiguousarray(thumbnail(clip.video, size.width(), size.height()))
        rows, columns = pixels.shape[:2]
        kind = QImage.Format.Format_RGB888
        return QImage(pixels.data, columns, rows, 3 * columns, kind).copy()
    return QImage()


def _row(standing: Standing, progress: ClipProgress | None, *, is_open: bool) -> ClipRow:
    clip, numbers = standing.clip, standing.summary
    status, tone = _status_text(standing), _TONES[standing.status]
    fraction: float | None = None
    if progress is not None:
        status, tone, fraction = _progress_text(progress, status, tone)
    if standing.problem:
        status, tone = _tr("cannot be read"), "lost"
    parts = []
    if numbers.boxes:
        parts.append(counted(numbers.boxes, "box", "boxes"))
    elif numbers.frames:
        parts.append(counted(numbers.frames, "frame"))
    text = "" if fraction is not None else " · ".join(parts)  # beside a progress is no room
    return ClipRow(clip.id, clip.title, standing.status.value, status, text, tone, is_open,
                   fraction, _tip(standing, progress))  # fmt: skip


def _progress_text(progress: ClipProgress, status: str, tone: str) -> tuple[str, str, float | None]:
    outcome = progress.outcome
    if outcome is None:
        if progress.fraction is None:
            return _tr("waits"), "muted", 0.0
        return f"{progress.fraction:.0%}", "info", progress.fraction
    if outcome.result is Result.FAILED:
        return _tr("failed"), "lost", None
    if outcome.result is Result.NO_BOX:
        return _tr("needs a first box"), "uncertain", None
    return status, tone, None


def _status_text(standing: Standing) -> str:
    name, left = _status_name(standing.status), standing.summary.left
    if left and standing.status in (ClipStatus.TRACKED, ClipStatus.IN_REVIEW):
        return _tr("{status}, {n:,} left").format(status=name, n=left)
    return name


def _tip(standing: Standing, progress: ClipProgress | None) -> str:
    clip, n = standing.clip, standing.summary
    lines = [clip.title, str(clip.video), str(clip.project)]
    lines.append(
        _tr("{objects}, {boxes}: {manual:,} by hand, {tracked:,} tracked, "
            "{looked:,} of them judged, {left:,} doubtful left").format(
            objects=counted(n.tracks, "object"), boxes=counted(n.boxes, "box", "boxes"),
            manual=n.manual, tracked=n.tracked,
            looked=n.looked, left=n.left,
        )
    )  # fmt: skip
    if n.proposals:
        lines.append(_tr("Not accepted yet: %s") % counted(n.proposals, "box", "boxes"))
    if clip.status is not None:
        lines.append(_tr("Status set by hand"))
    if standing.problem:
        lines.append(standing.problem)
    outcome = progress.outcome if progress is not None else None
    if outcome is not None and outcome.message:
        lines.append(f"{outcome.message} {outcome.hint}".strip())
    return "\n".join(lines)


def _sums(total: Totals) -> str:
    states = ", ".join(
        f"{count:,} {_status_name(status).lower()}"
        for status, count in total.by_status.items()
        if count
    )
    numbers = total.summary
    text = f"{counted(total.clips, 'clip')}: {states}"
    facts = [
        counted(numbers.frames, "frame"),
        counted(numbers.boxes, "box", "boxes"),
    ]
    if numbers.left:
        facts.append(_tr("%s left") % counted(numbers.left, "doubtful frame"))
    return f"{text}\n{' · '.join(facts)}"


def _status_name(status: ClipStatus) -> str:
    return {
        ClipStatus.NEW: _tr("New"),
        ClipStatus.TRACKED: _tr("Tracked"),
        ClipStatus.IN_REVIEW: _tr("In review"),
        ClipStatus.DONE: _tr("Done"),
    }[status]


def _tr(text: str) -> str:
    return QCoreApplication.translate("clips", text)
