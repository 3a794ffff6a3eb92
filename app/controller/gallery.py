"""Every failure and alarm as one list: of the open clip's runs, or of a report that is shown.

Each has where, why, the curve around it and, made in the background, a picture of its first frame
with the boxes and the map. The same list can be written as an HTML or PDF report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.comparison import Comparison
from app.controller.desk import Desk
from app.controller.kept_runs import KeptRuns
from app.controller.overlay import Overlay
from app.controller.review import Review
from app.controller.truth import GroundTruth
from app.jobs.background import Background
from core.document.track import Track
from core.errors import BoxtrailError
from core.evaluate import html
from core.evaluate.failures import MARGIN, FailureGallery, find_failures
from core.evaluate.pictures import Card, Key, card
from core.evaluate.printed import printed
from core.evaluate.report import Report, versions
from core.evaluate.truth import Truth
from core.render.maps import MapLook
from core.states import Source
from core.storage import atomic_write
from core.trackers.base import ResponseMap
from core.video.images import list_series, read_image
from core.video.source import VideoSource

Picture = NDArray[np.uint8]
LISTED = 200
_EVERY_MS = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """A failure (against the truth) or an alarm (of the tracker's own signs).

    `curve` are overlaps (scores without truth) of the frames from `curve_start` on, `scores`
    the tracker's own there, where both are known.
    """

    key: str
    who: str
    first: int
    last: int
    is_alarm: bool
    reason: str
    curve: tuple[float, ...]
    curve_start: int
    scores: tuple[float, ...] = ()


class Gallery(QObject):
    """`changed` tells of another list; `seen` of pictures for the entry of that number."""

    changed = Signal()
    seen = Signal(int, object)  # number, Card
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        truth: GroundTruth,
        kept: KeptRuns,
        comparison: Comparison,
        review: Review,
        overlay: Overlay,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._truth, self._kept = desk, truth, kept
        self._comparison, self._review, self._overlay = comparison, review, overlay
        self._background = background
        self._round = 0
        self.entries: tuple[Entry, ...] = ()
        self.watched = False  # nothing is worked out while nobody looks
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        comparison.changed.connect(self._stale)
        review.changed.connect(self._stale)

    def watch(self, *, watched: bool) -> None:
        """Keep the list up to date, or not."""
        self.watched = watched
        if watched:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Work the list out anew."""
        if not self.watched or self._desk.state.is_running:
            return
        found = self._of_report() if self._comparison.shows_report else self._of_clip()
        found = tuple(found[:LISTED])
        if found == self.entries:
            return
        self.entries = found
        self._round += 1
        self.changed.emit()
        self._look()

    def go(self, number: int) -> None:
        """Show the first frame of an entry."""
        if 0 <= number < len(self.entries):
            entry = self.entries[number]
            self._comparison.go(entry.key, entry.first)

    # ---- the list -----------------------------------------------------------------------

    def _of_report(self) -> list[Entry]:
        report = self._comparison.report
        if report is None:
            return []
        found = []
        for tracker, sequences in report.details.items():
            for key in sorted(sequences):
                for failure in sequences[key].get("failures", ()):
                    words = " – ".join(w for w in (failure["reason"], failure["words"]) if w)
                    curve = _floats(failure["curve"])
                    last = failure["start"] + failure["length"] - 1
                    found.append(
                        Entry(key, tracker, failure["start"], last, is_alarm=False, reason=words,
                              curve=curve, curve_start=failure["curve_start"],
                              scores=_floats(failure.get("scores", ())))
                    )  # fmt: skip
        return found

    def _of_clip(self) -> list[Entry]:
        found = []
        for name, gallery in self.galleries().items():
            for failure in gallery.failures:
                words = " – ".join(w for w in (failure.reason, failure.words) if w)
                last = failure.start + failure.length - 1
                found.append(
                    Entry("", name, failure.start, last, is_alarm=False, reason=words,
                          curve=tuple(failure.curve.tolist()), curve_start=failure.curve_start,
                          scores=tuple(failure.scores.tolist()))
                )  # fmt: skip
        return found + self._alarms()

    def galleries(self) -> dict[str, FailureGallery]:
        """The failures of every kept run against the truth; of the object where there is none."""
        truth, mine = self._truth.truth, self._truth.boxes()
        if truth is None:
            return {}
        rows = [
            (r.name, r.boxes, r.words, r.scores)
            for r in self._kept.runs
            if len(r.boxes) == len(truth)
        ]
        if not rows and mine is not None:
            track = self._desk.document.track(self._desk.state.track or 0)
            rows = [(track.title, mine, {}, _scores(track, len(mine)))]
        found = {}
        for name, boxes, words, scores in rows:
            known = np.flatnonzero(np.isfinite(boxes[:, 0]))
            if len(known):
                start, stop = int(known[0]), int(known[-1]) + 1
                found[name] = find_failures(
                    boxes[:stop], truth.boxes[:stop], start=start, size=self._truth.size,
                    words=words, scores=scores,
                )  # fmt: skip
        return found

    def _alarms(self) -> list[Entry]:
        desk, errors = self._desk, self._truth.errors
        found = []
        for place in self._review.queue.places:
            if not desk.document.has_track(place.track_id):
                continue
            track = desk.document.track(place.track_id)
            first, last = max(place.first - MARGIN, 0), place.last + MARGIN + 1
            if errors is not None and place.track_id == desk.state.track:
                curve = errors.overlaps[first:last]
            else:
                keys = [track.at(frame) for frame in range(first, last)]
                curve = np.array([np.nan if k is None else k.score for k in keys])
            values = tuple(float(v) for v in curve)
            found.append(
                Entry("", track.title, place.first, place.last, is_alarm=True,
                      reason=place.reason, curve=values, curve_start=first)
            )  # fmt: skip
        return found

    # ---- pictures -----------------------------------------------------------------------

    def _look(self) -> None:
        session, number = self._desk.session, self._round
        clip = None if session is None else _Clip(session.video, self._truth.truth)
        clips = self._comparison.report.sources if self._comparison.report is not None else {}
        entries = self.entries
        if session is None and not clips:
            return
        look = MapLook(self._desk.state.overlay.colormap, smooth=False)
        told = [(self._box_of(entry), self._map_of(entry)) for entry in entries]

        def work() -> dict[int, Card]:
            found = {}
            for k, entry in enumerate(entries):
                if self._round != number:
                    break  # another list: these are not wanted any more
                with contextlib.suppress(BoxtrailError):  # gone or damaged: no picture
                    one = _seen(entry, clip, clips, *told[k], look)
                    if one is not None:
                        found[k] = one
            return found

        def then(found: dict[int, Card]) -> None:
            if number == self._round:
                for k, one in found.items():
                    self.seen.emit(k, one)

        self._background.run(work, then, self._on_failed)

    def _box_of(self, entry: Entry) -> NDArray[np.float64] | None:
        """The tracked box of an entry of the open clip: of its run, or of its object."""
        if entry.key:
            return None
        kept = next((run for run in self._kept.runs if run.name == entry.who), None)
        if kept is not None and not entry.is_alarm:
            return kept.boxes[entry.first]
        for track in self._desk.document.tracks:
            if track.title == entry.who and (key := track.at(entry.first)) is not None:
                return np.array(key.box.as_tuple())
        return None

    def _map_of(self, entry: Entry) -> ResponseMap | None:
        """The edited layer's map of the frame: of the last run, or of the recording."""
        source = None if entry.key else self._overlay.source()
        if source is None:
            return None
        runs = self._kept.runs
        if runs and not entry.is_alarm and entry.who != runs[-1].name:
            return None  # the maps are those of another run
        found = source[0].latest(entry.first, self._overlay.settings.map_key, source[1])
        return found[0] if found is not None and found[1] == 0 else None

    # ---- reports ------------------------------------------------------------------------

    def write(self, path: Path, pictures: dict[int, Card]) -> None:
        """Write an HTML or PDF report (by the suffix) of what is shown, in the background."""
        report = self._comparison.report if self._comparison.shows_report else self.clip_report()
        if report is None or not report.scores:
            self._desk.say(
                self.tr("There is nothing to report yet."),
                self.tr("Track an object on a clip with ground truth, or open an evaluation."),
            )
            return
        shown: dict[Key, Card] = {}
        for number, one in pictures.items():
            if number < len(self.entries):
                entry = self.entries[number]
                shown[entry.who, entry.key or CLIP, entry.first] = one

        def work() -> Path:
            if path.suffix.lower() == ".pdf":
                data = printed(report, shown)
            else:
                data = html.page(report, shown).encode("utf-8")
            with atomic_write(path) as stream:
                stream.write(data)
            return path

        def then(written: Path) -> None:
            self._desk.say(self.tr("Report saved as %s.") % written.name, severity="success")

        self._background.run(work, then, self._on_failed)

    def clip_report(self) -> Report | None:
        """The clip's runs as a report; None without ground truth."""
        compared, truth = self._truth.compared(), self._truth.truth
        if truth is None or not compared:
            return None
        settings = {"protocol": "ope", "metrics": "boxtrail", "clip": truth.name}
        report = Report(settings, versions())
        for name, gallery in self.galleries().items():
            if name in compared:
                measured, _ = compared[name]
                report.scores[name] = {CLIP: measured.scores}
                report.details[name] = {CLIP: {**measured.details, **gallery.details()}}
        if truth.attributes:
            report.attributes = {CLIP: list(truth.attributes)}
        return report

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)

    @Slot()
    def _stale(self, *_: object) -> None:
        if self.watched and not self._timer.isActive():
            self._timer.start()


CLIP = "clip/this"
"""Under which key a report of the open clip has its only sequence."""


@dataclass(frozen=True, slots=True)
class _Clip:
    """What pictures of the open clip are made of; safe to use on another thread."""

    video: VideoSource
    truth: Truth | None


def _seen(
    entry: Entry,
    clip: _Clip | None,
    clips: Mapping[str, Mapping[str, str]],
    box: NDArray[np.float64] | None,
    response: ResponseMap | None,
    look: MapLook,
) -> Card | None:
    if entry.key:
        image = _of_sequence(clips.get(entry.key, {}), entry.first)
        return None if image is None else card(image, None, None)
    if clip is None:
        return None
    image = clip.video.read(entry.first).image
    true = clip.truth.boxes[entry.first] if clip.truth is not None else None
    return card(image, true, box, response, look=look)


def _floats(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(np.nan if v is None else float(v) for v in values)


def _scores(track: Track, count: int) -> NDArray[np.float64]:
    """The tracker's scores of an object's boxes by frame, NaN where none was tracked."""
    found = np.full(count, np.nan)
    for frame in range(count):
        key = track.at(frame)
        if key is not None and key.source is Source.TRACKED:
            found[frame] = key.score
    return found


def _of_sequence(places: Mapping[str, str], frame: int) -> Picture | None:
    """The picture of a frame of a report's sequence, where its pictures are at hand."""
    clip = Path(places.get("clip", ""))
    if not places.get("clip") or not clip.is_file():
        return None
    files: Sequence[Path] = list_series(clip)
    if clip not in files or files.index(clip) + frame >= len(files):
        return None
    return read_image(files[files.index(clip) + frame])
