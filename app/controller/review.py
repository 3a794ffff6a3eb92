"""The review: what is doubtful, going through it, and what a person's verdicts teach.

The queue is worked out from the document whenever it changes, shortly after bursts of
edits. Accepting and dismissing are edits like all others, one undo step each. What the
verdicts say about the alarms is kept with the user's settings, per tracker, and applies
from the next run on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.run_state import Choices
from core import paths
from core.alarms import review
from core.alarms.kinds import ALARMS
from core.alarms.learning import Tolerances, load_tolerances, save_tolerances
from core.alarms.review import Place
from core.alarms.thresholds import calibration, changed
from core.document import ranges
from core.document.document import Document
from core.document.store import Change
from core.document.track import Columns, Keyframe, Track
from core.errors import BoxtrailError
from core.geometry import iou
from core.states import Source, TargetState

_DELAY_MS = 120
_MOVED = 0.7  # overlap below which a corrected box says that the old one was wrong


@dataclass(frozen=True, slots=True)
class Queue:
    """What the panel and the timeline show; `at` is the place under the playhead."""

    places: tuple[Place, ...] = ()
    frames_left: int = 0
    at: Place | None = None


@dataclass(frozen=True, slots=True)
class Learnt:
    """One threshold that moved: the alarm's name, as calibrated, and now."""

    field: str
    name: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class _Known:
    """The places of one track, and what they follow from."""

    columns: Columns
    threshold: float | None
    places: tuple[Place, ...]
    locked: bool

    def holds(self, track: Track, threshold: float | None) -> bool:
        same = self.columns is track.columns and self.locked == track.locked
        return same and self.threshold == threshold


class Review(QObject):
    """Goes through doubtful places; see the module docstring."""

    changed = Signal(object)  # Queue, when its places did
    arrived = Signal(object)  # Place under the playhead, or None
    learnt = Signal(str, list)  # tracker, list of Learnt

    def __init__(
        self, desk: Desk, playback: Playback, choices: Choices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback
        self._choices = choices
        self._by_doubt = False
        self._queue = Queue()
        self._seen: Document | None = None
        self._corrected: dict[tuple[int, int], Keyframe] = {}  # boxes as they were before
        self._known: dict[int, _Known] = {}
        self._path = paths.config_dir() / "alarms.json"
        desk.tolerances = load_tolerances(self._path)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        desk.document_changed.connect(self._on_document)
        desk.clip_changed.connect(self._on_clip)
        playback.moved.connect(self._on_moved)

    @property
    def queue(self) -> Queue:
        """What is left, as last announced."""
        return self._queue

    # ---- what the user can ask for -------------------------------------------------------

    def sort_by_doubt(self, on: bool) -> None:
        """List the most doubtful places first, or go by time."""
        self._by_doubt = on
        self.refresh()

    def set_threshold(self, value: float | None) -> None:
        """Flag anew with another line for the score; None: as it was when tracking."""
        self._desk.threshold = value
        self.refresh()

    def go(self, step: int) -> None:
        """Go to the next (+1) or previous (−1) place of the queue."""
        self.refresh()
        place = self._neighbour(step)
        if place is None:
            self._desk.say(
                self.tr("Nothing doubtful is left.")
                if not self._queue.places
                else self.tr("No doubtful place in that direction.")
            )
        else:
            self.show(place)

    def show(self, place: Place) -> None:
        """Go to the first frame of a place, its object selected."""
        if self._desk.session is not None and self._desk.document.has_track(place.track_id):
            self._desk.update(track=place.track_id)
            self._playback.user_go(place.first)

    def accept(self) -> None:
        """The boxes of the place under the playhead are right: no tracker changes them."""
        threshold = self._desk.threshold
        self._settle(
            self.tr("Accept doubtful boxes"), lambda t, p: review.accepted(t, p, threshold)
        )

    def dismiss(self) -> None:
        """Nothing is wrong at the place under the playhead; the boxes stay the tracker's."""
        threshold = self._desk.threshold
        self._settle(self.tr("Dismiss alarm"), lambda t, p: review.dismissed(t, p, threshold))

    def absent(self) -> None:
        """The target is not there at the place under the playhead; the alarm was right."""
        self._settle(self.tr("Mark doubtful stretch absent"), _absent, rightly=True)

    def forget_learnt(self, field: str = "") -> None:
        """Thresholds of the chosen tracker as calibrated again: one of them, or all."""
        self._learn(self._desk.tolerances.without(self._choices.key(), field))

    def tell_learnt(self) -> None:
        """Announce what was learnt for the chosen tracker."""
        tracker = self._choices.key()
        before = calibration(tracker).thresholds
        now = self._desk.tolerances.applied(tracker, before)
        names = {info.field: info.name for info in ALARMS.values()}
        moved = changed(now, before)
        self.learnt.emit(tracker, [Learnt(f, names[f], *moved[f]) for f in moved if f in names])

    def score_line(self) -> float:
        """The score below which the chosen tracker's frames are doubted."""
        if self._desk.threshold is not None:
            return self._desk.threshold
        tracker = self._choices.key()
        known = calibration(tracker).thresholds
        return self._desk.tolerances.applied(tracker, known).score_below

    # ---- the queue -------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Work the queue out anew and tell it."""
        self._timer.stop()
        found = review.ordered(self._all_places(), by_doubt=self._by_doubt)
        before = self._queue
        self._queue = Queue(tuple(found), review.frames_left(found), self._at(found))
        if self._queue.places != before.places:
            self.changed.emit(self._queue)
        if self._queue.at != before.at or self._queue.places != before.places:
            self.arrived.emit(self._queue.at)

    def _all_places(self) -> list[Place]:
        """Places of all tracks; worked out anew only for tracks that changed."""
        tracks = self._desk.document.tracks if self._desk.session is not None else ()
        threshold = self._desk.threshold
        kept: dict[int, _Known] = {}
        for track in tracks:
            known = self._known.get(track.id)
            if known is None or not known.holds(track, threshold):
                found = () if track.locked else tuple(review.places(track, threshold))
                known = _Known(track.columns, threshold, found, locked=track.locked)
            kept[track.id] = known
        self._known = kept
        return [place for known in kept.values() for place in known.places]

    def _at(self, found: list[Place] | tuple[Place, ...]) -> Place | None:
        state = self._desk.state
        here = [p for p in found if p.first <= state.frame <= p.last]
        return next((p for p in here if p.track_id == state.track), here[0] if here else None)

    def _neighbour(self, step: int) -> Place | None:
        places, state = self._queue.places, self._desk.state
        if self._by_doubt:
            at = self._queue.at
            number = places.index(at) + step if at in places else 0
            return places[number] if 0 <= number < len(places) else None
        here = (state.frame, state.track or 0)
        ordered = sorted(places, key=lambda p: (p.first, p.track_id))
        if step > 0:
            return next((p for p in ordered if (p.first, p.track_id) > here), None)
        return next((p for p in reversed(ordered) if (p.first, p.track_id) < here), None)

    def _settle(
        self, text: str, verdict: Callable[[Track, Place], Track], *, rightly: bool = False
    ) -> None:
        """Give a verdict on the place under the playhead; `rightly`: its alarms were right."""
        self.refresh()
        place, desk = self._queue.at, self._desk
        if place is None or desk.session is None:
            desk.say(self.tr("Nothing is doubtful on this frame."))
            return
        after = self._after(place)
        track = desk.document.track(place.track_id)
        desk.edit(
            text,
            desk.document.with_track(verdict(track, place)),
            focus=(place.track_id, place.first),
            frames=(place.first, place.last),
        )
        if not rightly:
            tracker = self._tracker_of(track.at(place.worst))
            self._learn(desk.tolerances.accepted(tracker, place.alarms))
        self.refresh()
        if after is not None and after in self._queue.places:
            self.show(after)

    def _after(self, place: Place) -> Place | None:
        """What comes after `place` once that is settled."""
        places = self._queue.places
        number = places.index(place)
        rest = places[number + 1 :]
        return rest[0] if rest else None

    # ---- learning ----------------------------------------------------------------------------

    def _tracker_of(self, key: Keyframe | None) -> str:
        run = self._desk.document.run(key.run) if key is not None else None
        return run.tracker if run is not None else self._choices.key()

    def _learn(self, tolerances: Tolerances) -> None:
        if tolerances == self._desk.tolerances:
            return
        self._desk.tolerances = tolerances
        try:
            save_tolerances(tolerances, self._path)
        except BoxtrailError as error:
            self._desk.say_error(error)
        self.tell_learnt()

    def _weigh_corrections(self) -> None:
        """Boxes that were corrected though nothing rang: the alarms overlooked them."""
        waiting, self._corrected = self._corrected, {}
        if self._desk.session is None:
            return
        learnt = self._desk.tolerances
        for (track_id, frame), before in waiting.items():
            if not self._desk.document.has_track(track_id):
                continue
            now = self._desk.document.track(track_id).at(frame)
            if now is None or now.source != Source.MANUAL or now.is_absent:
                continue
            if iou(now.box, before.box) < _MOVED:
                learnt = learnt.overlooked(self._tracker_of(before))
        self._learn(learnt)

    def _note_corrections(self, before: Document, change: Change) -> None:
        if change.track_id is None or change.first is None or change.first != change.last:
            return
        document, place = self._desk.document, (change.track_id, change.first)
        if not (before.has_track(place[0]) and document.has_track(place[0])):
            return
        old, new = before.track(place[0]).at(place[1]), document.track(place[0]).at(place[1])
        if old is None or new is None or old.source != Source.TRACKED:
            return
        quiet = old.alarms == 0 and old.state == TargetState.TRACKING
        if quiet and new.source == Source.MANUAL:
            self._corrected.setdefault(place, old)

    # ---- what others tell ----------------------------------------------------------------------

    @Slot(object)
    def _on_document(self, change: Change) -> None:
        before, self._seen = self._seen, self._desk.document
        if before is not None:
            self._note_corrections(before, change)
        self._timer.start()

    @Slot(int)
    def _on_moved(self, frame: int) -> None:
        if any(place[1] != frame for place in self._corrected):
            self._weigh_corrections()
        at = self._at(self._queue.places)
        if at != self._queue.at:
            self._queue = replace(self._queue, at=at)
            self.arrived.emit(at)

    @Slot()
    def _on_clip(self) -> None:
        session = self._desk.session
        self._seen = session.store.current if session is not None else None
        self._corrected = {}
        self._desk.threshold = None
        self.refresh()


def _absent(track: Track, place: Place) -> Track:
    return ranges.absent(track, place.first, place.last)
