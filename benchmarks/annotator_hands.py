"""Two pairs of hands for the scripted annotator: the real window's, and a session's.

:class:`WindowHands` press keys and drag the mouse in the offscreen window; what they see
is the document and the run under way, as the canvas shows them. :class:`CoreHands` make
the same calls on a session without a window, for trying out ways of working.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from annotator_costs import Boxes
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fakes.app_driver import SHIFT, Answers, Driver  # noqa: E402

from app.features.checking import CheckingFeature  # noqa: E402
from app.main_window import MainWindow  # noqa: E402
from app.ui_state import RunStatus  # noqa: E402
from app.views.box_geometry import CORNERS, handle_positions  # noqa: E402
from core.alarms import review  # noqa: E402
from core.alarms.kinds import Alarm  # noqa: E402
from core.document.carry import carried  # noqa: E402
from core.document.store import Change  # noqa: E402
from core.document.track import Columns, Keyframe, Track  # noqa: E402
from core.engine.check import (  # noqa: E402
    answered,
    check,
    checkers_of,
    judge_of,
    legs,
    second_tracker,
    with_check,
)
from core.engine.control import Control  # noqa: E402
from core.engine.runner import FrameResult  # noqa: E402
from core.errors import EditError  # noqa: E402
from core.geometry import Box, iou  # noqa: E402
from core.session import Session  # noqa: E402
from core.states import CorrectionPolicy, Flag, Source, TargetState  # noqa: E402
from core.trackers.base import Services  # noqa: E402

ALT = Qt.KeyboardModifier.AltModifier
Key = Qt.Key

_KEYS = {"track": Key.Key_E, "retrack": Key.Key_R, "go_on": Key.Key_Space}
_PATIENCE = 3600.0  # seconds; a busy machine may be slow
_CLOSE = 0.3  # overlap from which a box is pulled into place rather than drawn anew
_EXACT = 0.9  # overlap that a pulled or drawn box must have with the wanted one
HOLD_AFTER = 5  # frames lost after which a run of the window holds by default


def rows_of(track: Track | None, count: int) -> Boxes:
    """Boxes of a track per frame, NaN where there is none or the target is absent."""
    boxes = np.full((count, 4), np.nan)
    if track is not None:
        columns = track.columns
        there = (columns.flags & np.uint8(Flag.ABSENT)) == 0
        boxes[columns.frames[there]] = columns.boxes[there]
    return boxes


def within(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the picture."""
    return Box.from_corners(
        max(box.x, 0), max(box.y, 0), min(box.right, width), min(box.bottom, height)
    )


def doubt_at_end(columns: Columns) -> tuple[int, int]:
    """First and last frame of the doubt in which a run stands."""
    calm = np.flatnonzero(columns.states == TargetState.TRACKING)
    first = int(calm[-1]) + 1 if len(calm) else 0
    frames = columns.frames
    return int(frames[min(first, len(frames) - 1)]), int(frames[-1])


class WindowHands:
    """Mouse and keyboard of the real window."""

    def __init__(
        self, folder: Path, tracker: str, count: int, *, holds: bool = True, checkers: str = "one"
    ) -> None:
        self._count = count
        answers = Answers()
        self.window = MainWindow(prompts=answers)  # type: ignore[arg-type]
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()
        self._driver = Driver(self.window, answers)
        self._desk = self._driver.desk
        wishes = replace(self._desk.preferences, check_with=checkers)
        self._desk.set_preferences(wishes if holds else replace(wishes, pause_when="never"))
        self._driver.until(lambda: self._desk.state.trackers_ready, _PATIENCE)
        self.window.open(folder)
        self._driver.until(lambda: self._desk.session is not None, _PATIENCE)
        self._settle()
        self._driver.choose_tracker(tracker)
        self._checking = next(
            f for f in self.window.features if isinstance(f, CheckingFeature)
        ).checking
        self._before_carry = self._desk.document

    def close(self) -> None:
        """Shut the window down; nothing is asked."""
        self.window.shut_down()
        self.window.hide()
        self.window.deleteLater()
        QApplication.processEvents()

    def boxes(self) -> Boxes:
        return rows_of(self._track(), self._count)

    def places(self) -> list[tuple[int, int]]:
        queue = self.window.controller.review
        queue.refresh()
        return [(p.first, p.last) for p in queue.queue.places]

    def go(self, frame: int) -> None:
        if frame != self._desk.state.frame:
            self._driver.key(Key.Key_G, Qt.KeyboardModifier.ControlModifier)
            box = self.window.panels.transport._box
            QTest.keyClicks(box, str(frame))
            QTest.keyClick(box, Key.Key_Return)
        self._settle()
        if self._desk.state.frame != frame:
            raise AssertionError(f"the seek box led to {self._desk.state.frame}, not {frame}")

    def next_place(self) -> tuple[int, int] | None:
        before = self._desk.state.frame
        self._driver.key(Key.Key_Q)
        self._settle()
        at = self.window.controller.review.queue.at
        return (at.first, at.last) if at is not None and at.first > before else None

    def put(self, frame: int, box: Box) -> str:
        shown = self._desk.key_at(self._desk.state.track, frame)
        if shown is not None and not shown.is_absent and iou(shown.box, box) >= _CLOSE:
            self._pull(shown.box, box)
            if self._is_there(frame, box):
                return "fix"
        self._driver.draw(box)
        self._settle()
        if self._is_there(frame, box):
            return "draw"
        # A box that is drawn ends where the picture does; handles may be pulled out of it.
        seen = within(box, *self._size())
        if self._is_there(frame, seen):
            self._pull(seen, box)
        if not self._is_there(frame, box):
            raise AssertionError(f"the box drawn on frame {frame} is another one")
        return "beyond"

    def absent(self, frame: int) -> None:
        self.go(frame)
        self._driver.key(Key.Key_X)
        self.go(frame + 1) if frame + 1 < self._count else None
        self._driver.key(Key.Key_Delete, SHIFT)
        self._settle()

    def track(self, key: str) -> tuple[int, int] | None:
        self._driver.key(_KEYS[key])
        self._driver.until(lambda: self._desk.state.run is not RunStatus.PAUSED, _PATIENCE)
        still = (RunStatus.IDLE, RunStatus.PAUSED)
        self._driver.until(lambda: self._desk.state.run in still, _PATIENCE)
        self._settle()
        if self._desk.state.run is RunStatus.IDLE:
            return None
        growing = self._desk.growing
        return doubt_at_end(growing.columns()) if growing is not None else None

    def stop(self) -> None:
        if self._desk.state.is_running:
            self._driver.key(Key.Key_Space, SHIFT)
            self._driver.until_idle(_PATIENCE)

    def check(self) -> None:
        self._driver.key(Key.Key_Q, ALT)
        self._driver.until(lambda: not self._checking.is_busy, _PATIENCE)
        self._settle()

    def carry(self) -> None:
        self._before_carry = self._desk.document
        self._driver.key(Key.Key_R, SHIFT)
        self._settle()

    def undo(self) -> None:
        if self._desk.document is not self._before_carry:  # where nothing was carried
            self._driver.key(Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            self._settle()

    def dismiss(self) -> None:
        frame = self._desk.state.frame
        self._driver.key(Key.Key_Y)
        self._settle()
        if self._desk.state.frame != frame:
            self.go(frame)  # the next place is gone to by its own key

    def _pull(self, shown: Box, wanted: Box) -> None:
        """Drag the top left handle, then the bottom right one."""
        self._driver.key(Key.Key_V)
        last = next(c for c in CORNERS if (c.sx, c.sy) == (1, 1))
        first = next(c for c in CORNERS if (c.sx, c.sy) == (-1, -1))
        half = Box.from_corners(wanted.x, wanted.y, shown.right, shown.bottom)
        self._drag(shown, first, (wanted.x - shown.x, wanted.y - shown.y))
        self._drag(half, last, (wanted.right - half.right, wanted.bottom - half.bottom))

    def _drag(self, box: Box, handle: object, by: tuple[float, float]) -> None:
        a = self._driver.view_point(box.x, box.y)
        b = self._driver.view_point(box.right, box.bottom)
        rect = (a.x(), a.y(), b.x() - a.x(), b.y() - a.y())
        x, y = handle_positions(*rect)[handle]  # type: ignore[index]
        scale = (b.x() - a.x()) / box.w, (b.y() - a.y()) / box.h
        start = (box.x + (x - a.x()) / scale[0], box.y + (y - a.y()) / scale[1])
        self._driver.drag(start, (start[0] + by[0], start[1] + by[1]))
        self._settle()

    def _is_there(self, frame: int, box: Box) -> bool:
        key = self._desk.key_at(self._desk.state.track, frame)
        mine = key is not None and key.source == Source.MANUAL
        return mine and iou(key.box, box) >= _EXACT  # type: ignore[union-attr]

    def _size(self) -> tuple[int, int]:
        info = self._desk.session.video.info  # type: ignore[union-attr]
        return info.width, info.height

    def _track(self) -> Track | None:
        state = self._desk.state
        if state.track is None:
            return None
        return self._desk.track_now(self._desk.document.track(state.track))

    def _settle(self) -> None:
        self._driver.until(lambda: self.window.controller.playback.is_settled, _PATIENCE)
        QApplication.processEvents()


class CoreHands:
    """The same without a window: calls of the core where the window presses keys."""

    def __init__(
        self, folder: Path, tracker: str, count: int, *, holds: bool = True, checkers: str = "one"
    ) -> None:
        self._count, self._tracker = count, tracker
        self._thorough = checkers == "two"
        self._known = Columns.empty()
        self._session = Session.of_video(folder)
        self._session.wait_ready()
        document, track = self._session.store.current.with_new_track("")
        self._id = track.id
        self._session.store.replace(document, Change("New"))
        self._frame = 0
        self._replaced: dict[int, Keyframe] = {}
        self._before_carry = track
        self._holds = holds

    def close(self) -> None:
        """Let go of the clip."""
        self._session.close()

    def boxes(self) -> Boxes:
        return rows_of(self._track, self._count)

    def places(self) -> list[tuple[int, int]]:
        return [(p.first, p.last) for p in review.places(self._track)]

    def go(self, frame: int) -> None:
        self._frame = frame

    def next_place(self) -> tuple[int, int] | None:
        found = next((p for p in self.places() if p[0] > self._frame), None)
        if found is not None:
            self._frame = found[0]
        return found

    def put(self, frame: int, box: Box) -> str:
        shown = self._track.at(frame)
        if shown is not None and shown.source == Source.TRACKED:
            self._replaced[frame] = shown
        self._store(self._track.with_keyframes([Keyframe(frame, box)]))
        self._frame = frame
        close = shown is not None and not shown.is_absent and iou(shown.box, box) >= _CLOSE
        return "fix" if close else "draw"

    def absent(self, frame: int) -> None:
        gone = Keyframe(frame, Box(0, 0, 1, 1), flags=Flag.ABSENT, state=TargetState.LOST)
        track = self._track.with_keyframes([gone])
        self._store(track.without(frame + 1, self._count, keep_protected=True))
        self._frame = frame

    def track(self, key: str) -> tuple[int, int] | None:
        state = self._track.at(self._frame)
        resumes = state is not None and not state.is_protected
        policy = CorrectionPolicy.KEEP_TEMPLATE if resumes else CorrectionPolicy.NEW_TEMPLATE
        plan = self._session.plan(
            self._id, self._frame, self._tracker, policy=policy, resume=resumes
        )
        control, lost = Control(), [0, 0]

        def hold(item: FrameResult) -> None:
            row = lost[0] + 1 if item.result.state is TargetState.LOST else 0
            lost[:] = [row, item.frame.index]
            if self._holds and row >= HOLD_AFTER and not self._skips(item.frame.index, key):
                control.cancel()

        _, buffer = self._session.execute(plan, control, [hold], services=Services())
        after = self._session.with_result(self._session.store.current, plan, buffer)
        self._session.store.replace(after, Change("Track"))
        if not control.cancelled:
            return None
        found = doubt_at_end(buffer.columns())
        self._frame = found[1]
        return found

    def stop(self) -> None:
        """Nothing moves between calls."""

    def check(self) -> None:
        judge = judge_of(self._session.store.current, self._track)
        who = checkers_of(judge, Services(), thorough=self._thorough)
        opinion = second_tracker(who.trackers, Services())
        ways = legs(self._track, self._frame, self._known)
        checked = check(self._track, ways, self._session.video, [opinion], Control())
        after = with_check(self._track, checked, {Alarm.SECOND: who.below})
        self._known = self._known.overlaid(answered(after, checked))
        self._store(after)

    def carry(self) -> None:
        # Where nothing can be carried the window only says so.
        self._before_carry = self._track
        with contextlib.suppress(EditError):
            result = carried(self._track, self._frame, self._replaced.get(self._frame))
            self._store(result.track)

    def undo(self) -> None:
        self._store(self._before_carry)

    def dismiss(self) -> None:
        at = [p for p in review.places(self._track) if p.first <= self._frame <= p.last]
        for place in at:
            self._store(review.dismissed(self._track, place))

    @property
    def _track(self) -> Track:
        return self._session.store.current.track(self._id)

    def _store(self, track: Track) -> None:
        after = self._session.store.current.with_track(track)
        self._session.store.replace(after, Change("Edit", self._id))

    def _skips(self, frame: int, key: str) -> bool:
        # Told to go on from a doubtful box, the window holds again only after new doubt.
        return key == "go_on" and frame < self._frame + HOLD_AFTER
