"""Somebody who does everything that the window offers, at random and without an end.

Actions are triggered as menus and keys trigger them; what they ask is answered at random.
What opens a dialog of its own is called behind it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fakes.app_driver import Answers, Driver

from app.controller.attributes import SchemaChange
from app.controller.batch_wish import BatchWish
from app.features.attributes import AttributesFeature
from app.features.clips import ClipsFeature
from app.features.consensus import ConsensusFeature
from app.features.feature import Feature
from app.features.history import HistoryFeature
from app.features.recording import RecordingFeature
from core.collection.collection import ClipStatus
from core.document.schema import Attribute, AttributeKind
from core.geometry import Box

Kind = TypeVar("Kind", bound=Feature)
TRACKERS = ("template-match", "steady")
_MOST_OBJECTS = 5
_SCHEMA = (
    Attribute("age", AttributeKind.NUMBER, low=0, high=9),
    Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs", "sits"), per_frame=True),
)
_OFTEN = """
    track_forward track_backward track_n track_to track_until track_two_way together
    track_to_key retrack stop undo redo confirm carry check accept_to_here accept_here accept_all
    take_best take_here1 take_stretch1
"""
_SELDOM = """
    track_one keep_tail propose discard_here discard_all take_fused take_here0 take_stretch2
    review_accept review_dismiss review_absent state_to_here next_doubtful absent occluded
    truncated out_of_view fill_gap fill_gaps propagate simplify delete_box delete_after
    delete_before split join merge swap duplicate lock hide solo mode_tracked mode_linear
    mode_smooth mode_gap attribute_next next_apart record save clips_next clips_prev clips_track
    clips_up clips_refresh play play_around
"""
_ALONE = ("draw", "move", "say", "declare", "go_back", "status", "rename", "take_off")
ACTIONS = (*_OFTEN.split(), *_SELDOM.split(), *_ALONE)


class Whims(Answers):
    """Answers at random."""

    def __init__(self, chance: random.Random, list_path: Path) -> None:
        super().__init__()
        self._chance = chance
        self.save_path = list_path
        self.on_batch = BatchWish(jobs=1)

    def number(self, question: str, value: int, low: int, high: int) -> int | None:
        """Any number near the smallest."""
        return self._chance.randint(low, min(high, low + 60))

    def one_of(self, question: str, options: Any) -> int | None:
        """Any of them."""
        return self._chance.choice(list(options))[0]


class Person:
    """See the module docstring."""

    def __init__(self, driver: Driver, chance: random.Random) -> None:
        self._driver, self._chance = driver, chance
        self._desk, self._controller = driver.desk, driver.window.controller
        self.clips = self._feature(ClipsFeature)
        self.recording = self._feature(RecordingFeature)
        self._attributes = self._feature(AttributesFeature)
        self._history = self._feature(HistoryFeature)
        self.clips.batch.in_processes = False  # so that it dies with this one
        self._feature(ConsensusFeature).chooser.set_chosen(TRACKERS)

    def _feature(self, kind: type[Kind]) -> Kind:
        return next(f for f in self._driver.window.features if isinstance(f, kind))

    def step(self) -> str:
        """Do one thing; its name."""
        chance = self._chance
        if not self._desk.state.is_running and chance.random() < 0.5:
            self._controller.seek(self._place())
            self._driver.until(lambda: self._controller.playback.is_settled, 120)
        tracks = self._desk.document.tracks if self._desk.session is not None else ()
        if tracks and chance.random() < 0.3:
            self._controller.edits.select(chance.choice(tracks).id)
        what = self._wish(len(tracks))
        act: Callable[[], object] | None = getattr(self, f"_{what}", None)
        if act is None:
            self._driver.window.actions_by_id[what].trigger()
        else:
            act()
        return what

    def _place(self) -> int:
        """A frame: mostly one on which the selected object has a box."""
        track = self._attributes.edits.track()
        if track is not None and len(track) and self._chance.random() < 0.7:
            return int(self._chance.choice(track.columns.frames))
        return self._chance.randrange(max(self._desk.state.frame_count, 1))

    def _wish(self, objects: int) -> str:
        lot = self._chance.random()
        if not objects or lot < 0.15:
            return "draw"
        if objects > _MOST_OBJECTS:
            return "delete_track"
        groups = _OFTEN.split(), _SELDOM.split(), _ALONE
        return self._chance.choice(groups[0 if lot < 0.6 else 1 if lot < 0.9 else 2])

    # ---- what has no plain action --------------------------------------------------------

    def _box(self) -> Box:
        return Box(self._chance.uniform(5, 40), self._chance.uniform(5, 30), 24, 20)

    def _draw(self) -> None:
        if self._desk.session is not None:
            self._controller.edits.draw_mode(new_object=self._chance.random() < 0.3)
            self._controller.edits.drawn(self._box())

    def _move(self) -> None:
        track = self._desk.state.track
        for _ in range(self._chance.randint(1, 6)):
            if track is not None:
                self._controller.edits.moved(track, self._box(), 1)

    def _say(self) -> None:
        first = self._chance.randrange(100)
        frames = self._chance.choice([None, (first, None), (first, first + 9)])
        self._attributes.edits.set_value("pose", self._chance.choice(_SCHEMA[1].choices), frames)
        self._attributes.edits.set_value("age", float(self._chance.randrange(9)), None)

    def _declare(self) -> None:
        track = self._attributes.edits.track()
        if track is not None:
            self._controller.edits.set_label(track.id, "ball")
        self._attributes.edits.set_schemas([SchemaChange("ball", _SCHEMA)])

    def _go_back(self) -> None:
        self._history.go_to(self._chance.randint(0, self._desk.stack.count()))

    def _status(self) -> None:
        clip = self._chance.choice(self.clips.clips.collection.clips)
        self.clips.clips.set_status([clip.id], self._chance.choice([None, *ClipStatus]))

    def _rename(self) -> None:
        clip = self._chance.choice(self.clips.clips.collection.clips)
        self.clips.clips.rename(clip.id, f"take {self._chance.randrange(9)}")

    def _take_off(self) -> None:
        clips = self.clips.clips
        clips.remove([self._chance.choice(clips.collection.clips).id])
        clips.restore()
