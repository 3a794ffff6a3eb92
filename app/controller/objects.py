"""Edits of whole objects: split, join, merge, swap, copy, fill, simplify, modes, marks.

Each is one undo step made by a pure function of :mod:`core.document`. Whatever would
take a person's boxes asks first, with numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.prompts import Prompts
from core.document import intervals, operations, ranges, simplify
from core.document.document import Document
from core.document.track import Track
from core.errors import BoxtrailError
from core.states import Flag, IntervalMode
from core.wording import counted

_ROUND_ERRORS = 100  # the bound is asked for in percent


class Objects(QObject):
    """Carries out edits of the selected object."""

    def __init__(
        self,
        desk: Desk,
        prompts: Prompts,
        frames: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._prompts = prompts
        self._frames = frames  # the N of "N frames"

    def split(self) -> None:
        """Cut the object in two before this frame; the first part keeps its number."""
        track = self._track()
        if track is None:
            return
        made: list[int] = []

        def cut(document: Document) -> Document:
            after, second = operations.split(document, track.id, self._desk.shown)
            made.append(second)
            return after

        self._edit(self.tr("Split %s") % track.title, cut, track)

    def join(self) -> None:
        """Append another object that is the same one at another time."""
        track, other = self._with_other(self.tr("Join with which object?"))
        if track is not None and other is not None:
            text = self.tr("Join %s and %s") % (track.title, other.title)
            self._edit(text, lambda d: operations.joined(d, track.id, other.id), track)

    def merge(self) -> None:
        """Take over another object's boxes, after saying where both have one."""
        track, other = self._with_other(self.tr("Merge with which object?"))
        if track is None or other is None:
            return
        report = operations.merge_report(self._desk.document, track.id, other.id)
        prefer: int | None = None
        if len(report.conflicts):
            options = [(track.id, track.title), (other.id, other.title)]
            text = self.tr(
                "On %s both objects have boxes that you set. Whose boxes are to stay there?"
            )
            prefer = self._prompts.one_of(text % counted(len(report.conflicts), "frame"), options)
            if prefer is None:
                return
        text = self.tr("Merge %s and %s") % (track.title, other.title)
        done = self._edit(
            text, lambda d: operations.merged(d, track.id, other.id, prefer=prefer), track
        )
        if done and len(report):
            self._desk.say(
                self.tr("Both had boxes on %s (mean IoU %.2f).")
                % (counted(len(report), "frame"), float(report.ious.mean())),
                self.tr("There the boxes that you set stayed, else those of %s.") % track.title,
            )

    def swap(self) -> None:
        """Exchange the boxes of two objects from this frame on."""
        track, other = self._with_other(self.tr("Swap with which object, from here on?"))
        if track is not None and other is not None:
            frame = self._desk.shown
            text = self.tr("Swap %s and %s from here") % (track.title, other.title)
            self._edit(text, lambda d: operations.swapped(d, track.id, other.id, frame), track)

    def duplicate(self) -> None:
        """A second object with the same boxes."""
        track = self._track()
        if track is not None:
            text = self.tr("Duplicate %s") % track.title
            self._edit(text, lambda d: operations.duplicated(d, track.id)[0], track)

    def propagate(self) -> None:
        """Copy the box on this frame to the next N frames; a person's boxes stay."""
        track, frame = self._track(), self._desk.shown
        if track is not None:
            last = min(frame + self._frames(), self._desk.state.frame_count - 1)
            self._edit(
                self.tr("Copy box to %s") % counted(last - frame, "frame"),
                lambda d: ranges.propagated(d, track.id, frame, frame + 1, last),
                track,
                (frame + 1, last),
            )

    def fill_gaps(self) -> None:
        """Fill all gaps of at most N frames with boxes on straight lines."""
        track = self._track()
        if track is None:
            return
        longest = self._prompts.number(
            self.tr("Fill gaps of at most how many frames?"), 10, 1, 1_000_000
        )
        if longest is not None:
            before = len(track)
            done = self._edit(
                self.tr("Fill gaps up to %d") % longest,
                lambda d: ranges.filled(d, track.id, longest),
                track,
            )
            if done:
                added = len(self._desk.document.track(track.id)) - before
                self._desk.say(
                    self.tr("%s added.") % counted(added, "box", "boxes"), severity="success"
                )

    def simplify(self) -> None:
        """Keep few boxes and draw straight lines between them, within a bound."""
        track = self._track()
        if track is None:
            return
        percent = self._prompts.number(
            self.tr("How much overlap (IoU) may a box lose at most, in percent?"), 5, 1, 90
        )
        if percent is None:
            return
        found: list[simplify.Simplified] = []

        def simpler(document: Document) -> Document:
            bound = simplify.Bound(percent / _ROUND_ERRORS)
            found.append(simplify.simplified(document.track(track.id), bound))
            same = found[0].track is track
            return document if same else document.with_track(found[0].track)

        if self._edit(self.tr("Simplify %s") % track.title, simpler, track):
            text = self.tr("%d boxes say now what %d said; the worst keeps an IoU of %.3f.")
            numbers = (found[0].keys_after, found[0].keys_before, found[0].worst_iou)
            self._desk.say(text % numbers, severity="success")

    def set_mode(self, mode: IntervalMode) -> None:
        """How the boxes between the person's boxes around this frame are made."""
        track, frame = self._track(), self._desk.shown
        if track is None:
            return
        found = intervals.around(track, frame)
        if found is None:
            self._desk.say(
                self.tr("This frame does not lie between two boxes of yours."),
                self.tr("Draw or accept a box before and after it."),
            )
            return
        first, last = found
        names = {
            IntervalMode.TRACKED: self.tr("Boxes between yours: tracked"),
            IntervalMode.LINEAR: self.tr("Boxes between yours: straight line"),
            IntervalMode.SMOOTH: self.tr("Boxes between yours: smooth curve"),
            IntervalMode.GAP: self.tr("Boxes between yours: none"),
        }

        def change(document: Document) -> Document:
            changed = intervals.with_mode(document.track(track.id), first, last, mode)
            return document if changed == track else document.with_track(changed)

        self._edit(names[mode], change, track, found)

    def toggle(self, flag: Flag, text: str) -> None:
        """State something of this frame, or take it back."""
        track, frame = self._track(), self._desk.shown
        if track is None:
            return
        key = track.at(frame)
        on = key is None or flag not in key.flags
        self._edit(
            text,
            lambda d: ranges.marked(d, track.id, frame, frame, flag, on=on),
            track,
            (frame, frame),
        )

    def truncated(self) -> None:
        """The target reaches beyond the frame here, or not."""
        self.toggle(Flag.TRUNCATED, self.tr("Mark truncated"))

    def out_of_view(self) -> None:
        """The target has left the picture here, or not."""
        self.toggle(Flag.ABSENT | Flag.OUT_OF_VIEW, self.tr("Mark out of view"))

    def state_to_here(self) -> None:
        """Let what is stated nearest to this frame hold from there to here."""
        track, frame = self._track(), self._desk.shown
        if track is None:
            return
        try:
            stretch = ranges.stretch_to(track, frame)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        words = {
            Flag.OUT_OF_VIEW: self.tr("out of view"),
            Flag.ABSENT: self.tr("absent"),
            Flag.OCCLUDED: self.tr("occluded"),
            Flag.TRUNCATED: self.tr("truncated"),
        }
        said = [word for flag, word in words.items() if flag in stretch.flags]
        if Flag.OUT_OF_VIEW in stretch.flags:
            said.remove(words[Flag.ABSENT])
        what = f"{', '.join(said)}: {counted(stretch.last - stretch.first + 1, 'frame')}"
        text = self.tr("Mark %s") if stretch.on else self.tr("No more %s")
        done = self._edit(
            text % what,
            lambda d: ranges.with_stretch(d, track.id, stretch),
            track,
            (stretch.first, stretch.last),
        )
        if done:
            self._desk.say(
                self.tr("%s, %d – %d.") % (text % what, stretch.first, stretch.last),
                self.tr("Boxes that you made stay.") if stretch.on else "",
                severity="success",
            )

    def solo(self) -> None:
        """Show only the selected object, or all again; nothing is edited."""
        state = self._desk.state
        self._desk.update(solo=None if state.solo == state.track else state.track)

    # ---- inside ------------------------------------------------------------------------

    def _track(self) -> Track | None:
        if self._desk.session is None or not self._desk.document.has_track(self._desk.state.track):
            return None
        return self._desk.document.track(self._desk.state.track or 0)

    def _with_other(self, question: str) -> tuple[Track | None, Track | None]:
        track = self._track()
        if track is None:
            return None, None
        others = [(t.id, t.title) for t in self._desk.document.tracks if t.id != track.id]
        if not others:
            self._desk.say(self.tr("There is no other object."))
            return track, None
        chosen = self._prompts.one_of(question, others)
        return track, None if chosen is None else self._desk.document.track(chosen)

    def _edit(
        self,
        text: str,
        change: Callable[[Document], Document],
        track: Track,
        frames: tuple[int, int] | None = None,
    ) -> bool:
        growing = self._desk.growing
        if growing is not None and growing.track_id == track.id:
            self._desk.say(
                self.tr("This object is being tracked."), self.tr("Stop the run first."), "warning"
            )
            return False
        before = self._desk.document
        try:
            after = change(before)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return False
        if after is before:
            self._desk.say(self.tr("There was nothing to change."))
            return False
        self._desk.edit(text, after, focus=(track.id, self._desk.shown), frames=frames)
        return True
