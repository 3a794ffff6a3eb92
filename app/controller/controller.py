"""The parts of the controller, put together, and which action calls which of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Slot

from app.controller.annotations import Annotations
from app.controller.demo import Demo
from app.controller.desk import Desk
from app.controller.edits import Edits
from app.controller.objects import Objects
from app.controller.overlay import Overlay
from app.controller.playback import SPEEDS, Playback
from app.controller.project import Project
from app.controller.prompts import Prompts
from app.controller.proposals import Proposals
from app.controller.review import Review
from app.controller.run_state import Choices
from app.controller.runs import Runs
from app.controller.weights import Weights
from app.jobs.background import Background
from app.settings import Preferences
from core.engine.extent import ONE, TO_NEXT_KEY, Extent
from core.states import IntervalMode

AROUND = 12
"""Frames before and after a place that are played with it: half a second."""


class Controller(QObject):
    """Owns the desk and the parts that work on it; ends their threads."""

    def __init__(
        self,
        preferences: Preferences,
        choices: Choices,
        prompts: Prompts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.choices = choices
        self.desk = Desk(preferences, self)
        self.background = Background(self)
        self.edits = Edits(self.desk, self)
        self.playback = Playback(self.desk, self)
        self.runs = Runs(self.desk, self.playback, choices, self)
        self.review = Review(self.desk, self.playback, choices, self)
        self.overlay = Overlay(self.desk, self.runs, self)
        self.project = Project(self.desk, self.runs, self.playback, self.background, prompts, self)
        self.annotations = Annotations(
            self.desk, self.background, prompts, self.project.report, self
        )
        self.weights = Weights(self.desk, self.background, prompts, self)
        self.proposals = Proposals(self.desk, self)
        self.objects = Objects(self.desk, prompts, choices.frames, self)
        self.prompts = prompts
        self.demo = Demo(self.desk, self.project, self.runs, self)
        self.edits.box_set.connect(self.runs.box_set)
        self.desk.reveal.connect(self._reveal)

    def finish(self) -> None:
        """End the run, the jobs and the threads, in this order."""
        self.runs.conclude()
        self.project.autosaver.end()
        self.weights.finish()
        self.playback.finish()
        self.background.finish()
        session = self.desk.put(None)
        if session is not None:
            session.close()

    def open_demo(self, *, track: bool = False) -> None:
        """Open the clip that comes with the program; `track` starts tracking it."""
        self.demo.open(track=track)

    def facts(self) -> list[tuple[str, str]]:
        """What an error report should say about the state of things."""
        session = self.desk.session
        if session is None:
            return [("clip", "none")]
        info = session.video.info
        return [
            ("clip", f"{info.width}×{info.height}, {info.frame_count} frames, {info.fps:g} fps"),
            ("codec", f"{info.codec or 'pictures'}, access {session.video.access}"),
            ("frame", str(self.desk.state.frame)),
            ("tracker", self.choices.key()),
            *self.runs.facts(),
        ]

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What each action does, by its id; actions of the window itself are not here."""
        edits, runs, project, overlay = self.edits, self.runs, self.project, self.overlay
        return {
            "open": project.ask_and_open,
            "open_folder": project.ask_and_open_folder,
            "import": self.annotations.ask_and_import,
            "save": project.save,
            "save_as": project.save_as,
            "close_clip": project.close,
            "undo": self.desk.stack.undo,
            "redo": self.desk.stack.redo,
            "select_mode": edits.select_mode,
            "draw_mode": edits.draw_mode,
            "new_object": lambda: edits.draw_mode(new_object=True),
            "confirm": edits.confirm,
            "absent": edits.toggle_absent,
            "occluded": edits.occluded,
            "fill_gap": edits.fill_gap,
            "delete_box": edits.delete_box,
            "delete_after": edits.delete_after,
            "delete_before": edits.delete_before,
            "delete_track": edits.delete_track,
            "track_forward": lambda: runs.track(1),
            "track_backward": lambda: runs.track(-1),
            "track_one": lambda: runs.track(1, ONE),
            "track_one_back": lambda: runs.track(-1, ONE),
            "track_n": lambda: runs.track(runs.direction, Extent(self.choices.frames())),
            "retrack": runs.retrack,
            "track_until": runs.track_until_unsure,
            "keep_tail": runs.kept.keep_tail,
            "review_accept": self.review.accept,
            "review_dismiss": self.review.dismiss,
            "review_absent": self.review.absent,
            "stop": runs.stop,
            "cancel": self.cancel,
            "map": overlay.toggle,
            "next_map": overlay.next_map,
            "map_fainter": lambda: overlay.change_opacity(-0.1),
            "map_stronger": lambda: overlay.change_opacity(0.1),
            **self._navigation(),
            **self._kinds_of_runs(),
            **self._object_edits(),
            **{f"object{n}": _selecting(edits, n - 1) for n in range(1, 10)},
        }

    def _navigation(self) -> dict[str, Callable[[], object]]:
        playback = self.playback
        return {
            "play": self.play_or_hold,
            "play_around": self.play_around,
            "back1": lambda: self.step(-1),
            "fwd1": lambda: self.step(1),
            "back10": lambda: self.step(-10),
            "fwd10": lambda: self.step(10),
            "first": lambda: self.seek(0),
            "last": lambda: self.seek(self.desk.state.frame_count - 1),
            "prev_manual": lambda: self._jump(lambda: playback.next_manual(-1)),
            "next_manual": lambda: self._jump(lambda: playback.next_manual(1)),
            "prev_doubtful": lambda: self._jump(lambda: self.review.go(-1)),
            "next_doubtful": lambda: self._jump(lambda: self.review.go(1)),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
        }

    def _kinds_of_runs(self) -> dict[str, Callable[[], object]]:
        runs, proposals = self.runs, self.proposals
        return {
            "track_to": self.track_to_frame,
            "track_to_key": lambda: runs.track(1, TO_NEXT_KEY),
            "track_to_key_back": lambda: runs.track(-1, TO_NEXT_KEY),
            "track_two_way": lambda: runs.track(1, two_way=True),
            "propose": proposals.toggle,
            "accept_here": proposals.accept_here,
            "accept_to_here": proposals.accept_to_here,
            "accept_all": proposals.accept_all,
            "discard_here": proposals.discard_here,
            "discard_all": proposals.discard_all,
        }

    def _object_edits(self) -> dict[str, Callable[[], object]]:
        objects = self.objects
        return {
            "split": objects.split,
            "join": objects.join,
            "merge": objects.merge,
            "swap": objects.swap,
            "duplicate": objects.duplicate,
            "propagate": objects.propagate,
            "fill_gaps": objects.fill_gaps,
            "simplify": objects.simplify,
            "truncated": objects.truncated,
            "out_of_view": objects.out_of_view,
            "state_to_here": objects.state_to_here,
            "solo": objects.solo,
            "lock": self.edits.toggle_locked,
            "hide": self.edits.toggle_visible,
            "mode_tracked": lambda: objects.set_mode(IntervalMode.TRACKED),
            "mode_linear": lambda: objects.set_mode(IntervalMode.LINEAR),
            "mode_smooth": lambda: objects.set_mode(IntervalMode.SMOOTH),
            "mode_gap": lambda: objects.set_mode(IntervalMode.GAP),
        }

    def track_to_frame(self) -> None:
        """Ask for a frame and track up to it, forwards or backwards."""
        here, count = self.desk.state.frame, self.desk.state.frame_count
        suggested = min(here + self.choices.frames(), count - 1)
        frame = self.prompts.number(self.tr("Track to which frame?"), suggested, 0, count - 1)
        if frame is not None:
            self.runs.track(1 if frame > here else -1, Extent(until=frame))

    def seek(self, frame: int) -> None:
        """Go to a frame by the user's hand: a run goes on, the view stays there."""
        self.runs.user_moved()
        self.playback.user_go(frame)

    def step(self, count: int) -> None:
        """Move by some frames by the user's hand."""
        self.runs.user_moved()
        self.playback.step(count)

    def play_or_hold(self) -> None:
        """Space: hold a run or let it go on; without one, play or pause."""
        if self.desk.state.is_running:
            self.runs.toggle_pause()
        else:
            self.playback.toggle()

    def play_around(self) -> None:
        """Play the doubtful place at the playhead, or the frames around it, over and over."""
        place, frame = self.review.queue.at, self.desk.state.frame
        first, last = (place.first, place.last) if place is not None else (frame, frame)
        self.runs.user_moved()
        self.playback.toggle_loop(first - AROUND, last + AROUND)

    def cancel(self) -> None:
        """Esc: leave drawing; else end the run, else stop playing."""
        if self.desk.state.mode == "draw":
            self.edits.select_mode()
        elif self.desk.state.is_running:
            self.runs.stop()
        else:
            self.playback.pause()

    def _jump(self, jump: Callable[[], None]) -> None:
        self.runs.user_moved()
        jump()

    def _change_speed(self, step: int) -> None:
        speeds, now = SPEEDS, self.playback.speed
        nearest = min(range(len(speeds)), key=lambda i: abs(speeds[i] - now))
        self.playback.set_speed(speeds[min(max(nearest + step, 0), len(speeds) - 1)])

    @Slot(object, object)
    def _reveal(self, track: int | None, frame: int | None) -> None:
        if track is not None and self.desk.session and self.desk.document.has_track(track):
            self.desk.update(track=track)
        if frame is not None and frame != self.desk.state.frame:
            self.seek(frame)


def _selecting(edits: Edits, position: int) -> Callable[[], None]:
    return lambda: edits.select_nth(position)
