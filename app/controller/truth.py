"""Ground truth of the open clip: found, loaded, compared with boxes; never edited or exported.

The truth lies on the desk beside the document and is no part of it. It is looked for in the
background when a clip is opened. Comparing costs a millisecond for ten thousand frames and is
done at most a few times a second, so a run under way is measured while it tracks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.kept_runs import KeptRuns
from app.controller.runs import Runs
from app.jobs.background import Background
from core import ground_truth
from core.document.track import Columns
from core.errors import BoxtrailError
from core.evaluate.judged import FrameErrors, frame_errors, summary
from core.evaluate.metrics import Measured
from core.evaluate.truth import Truth
from core.session import Session
from core.states import Flag
from core.video.source import Access
from core.wording import counted

_EVERY_MS = 250


class GroundTruth(QObject):
    """See the module docstring.

    `changed` tells of other truths, another choice or visibility; `measured` that the numbers
    of the selected object or of runs are new.
    """

    changed = Signal()
    measured = Signal()
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        runs: Runs,
        kept: KeptRuns,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._kept = kept
        self._background = background
        self._asked = 0
        self._chosen = -1  # -1: the one that fits the selected object best
        self.truths: tuple[Truth, ...] = ()
        self.visible = True
        self.errors: FrameErrors | None = None
        self.numbers: Measured | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.measure)
        desk.clip_changed.connect(self.look)
        desk.document_changed.connect(self._stale)
        runs.rows_added.connect(self._stale)
        runs.run_ended.connect(self._stale)
        kept.changed.connect(self._stale)

    @property
    def truth(self) -> Truth | None:
        """The one that counts for the selected object."""
        if not self.truths:
            return None
        if 0 <= self._chosen < len(self.truths):
            return self.truths[self._chosen]
        columns = self._columns()
        if columns is None or not len(columns) or len(self.truths) == 1:
            return self.truths[0]
        return self.truths[ground_truth.best_for(self.truths, columns.boxes, columns.frames)]

    @property
    def size(self) -> tuple[int, int]:
        """``(width, height)`` of the clip's frames."""
        session = self._desk.session
        return (session.video.info.width, session.video.info.height) if session else (1, 1)

    # ---- having one ---------------------------------------------------------------------

    @Slot()
    def look(self) -> None:
        """Look for the ground truth that lies with the clip."""
        self._set(())
        session = self._desk.session
        if session is None or session.video.access is Access.CHECKING:
            return  # the number of frames is not final: asked again when it is
        self._load(session, lambda: ground_truth.beside(session.video), told=False)

    def load(self, path: Path) -> None:
        """Read ground truth from a file or folder that a person chose."""
        session = self._desk.session
        if session is not None:
            self._load(session, lambda: ground_truth.load(path, session.video), told=True)

    def forget(self) -> None:
        """Work without ground truth."""
        self._asked += 1
        self._set(())

    def choose(self, number: int) -> None:
        """Compare with this one of the truths; −1 for the one that fits best."""
        if number != self._chosen:
            self._chosen = number
            self.changed.emit()
            self._stale()

    def show(self, *, visible: bool) -> None:
        """Draw it on the picture, or not."""
        if visible != self.visible:
            self.visible = visible
            self.changed.emit()

    def _load(self, session: Session, read: Callable[[], list[Truth]], *, told: bool) -> None:
        self._asked += 1
        number = self._asked

        def then(found: list[Truth]) -> None:
            if number != self._asked or self._desk.session is not session:
                return
            self._set(tuple(found))
            if told:
                self._desk.say(self.tr("Ground truth: %s.") % self._words(), severity="success")

        def failed(error: Exception) -> None:
            if not isinstance(error, BoxtrailError):
                self.defect.emit(error)
            elif told and self._desk.session is session:
                self._desk.say_error(error)

        self._background.run(read, then, failed)

    def _set(self, truths: tuple[Truth, ...]) -> None:
        if truths or self.truths:
            # The demo is for people who see such a window for the first time: one box less.
            self.visible = not any(t.name.startswith("demo/") for t in truths)
        self.truths, self._chosen = truths, -1
        self.errors = self.numbers = None
        self.changed.emit()
        self._stale()

    def _words(self) -> str:
        truth = self.truth
        if truth is None:
            return ""
        frames = int(truth.known.sum())
        words = f"{truth.name}, {counted(frames, 'frame')}"
        return ", ".join([words, *truth.notes])

    # ---- comparing ----------------------------------------------------------------------

    def selection_changed(self) -> None:
        """Another object is selected."""
        self.changed.emit()
        self._stale()

    @Slot()
    def measure(self) -> None:
        """Compare the selected object's boxes with the truth now."""
        truth, boxes = self.truth, self.boxes()
        if truth is None or boxes is None:
            self.errors = self.numbers = None
        else:
            self.errors = frame_errors(boxes, truth.boxes)
            self.numbers = summary(boxes, truth.boxes, self.size)
        self.measured.emit()

    def boxes(self) -> NDArray[np.float64] | None:
        """The selected object's boxes by frame ``(N, 4)``, as they are now, NaN without."""
        truth, columns = self.truth, self._columns()
        if truth is None or columns is None:
            return None
        boxes = np.full((len(truth), 4), np.nan)
        kept = (columns.frames < len(boxes)) & ((columns.flags & Flag.ABSENT) == 0)
        boxes[columns.frames[kept]] = columns.boxes[kept]
        return boxes

    def compared(self) -> dict[str, tuple[Measured, FrameErrors]]:
        """Every kept run (and the selected object as it is) against the truth, by name."""
        truth = self.truth
        if truth is None:
            return {}
        rows = [(run.name, run.boxes, np.array(run.seconds)) for run in self._kept.runs]
        mine = self.boxes()
        if mine is not None and self._desk.state.track is not None:
            title = self._desk.document.track(self._desk.state.track).title
            rows.insert(0, (title, mine, np.empty(0)))
        found = {}
        for name, boxes, seconds in rows:
            if len(boxes) != len(truth):
                continue
            measured = summary(boxes, truth.boxes, self.size, seconds=seconds)
            if measured is not None:
                found[name] = (measured, frame_errors(boxes, truth.boxes))
        return found

    def _columns(self) -> Columns | None:
        desk = self._desk
        if desk.session is None or not desk.document.has_track(desk.state.track):
            return None
        return desk.track_now(desk.document.track(desk.state.track or 0)).columns

    @Slot()
    def _stale(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start()
