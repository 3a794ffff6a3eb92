"""What sequential decoding found, frame by frame: the yardstick of every later read.

The table grows while one background pass decodes the clip from the first picture to
the last. A frame number is its place in that pass. For each frame it keeps the
timestamp and a CRC of all samples, so that a picture reached by seeking can be
recognised, and so that a wrong one is never delivered. A packet that the decoder
refused between two good pictures keeps its number as a *damaged* frame: numbers then
stay in step with the undamaged original.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

NO_TIME = -(1 << 63)
_LOCAL_DISORDER = 32  # frames: more than any reordering of a codec


@dataclass(slots=True)
class Entry:
    """A key frame that seeking may land on: its frame number and where to seek."""

    frame: int
    seek_time: int


@dataclass
class FrameTable:
    """Growing record of a sequential pass; thread-safe for one writer, many readers.

    `checked` frames are known so far; `complete` says that the pass reached the end.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    signatures: array[int] = field(default_factory=lambda: array("I"))
    entries: list[Entry] = field(default_factory=list)
    damaged: set[int] = field(default_factory=set)
    flawed: int = 0  # pictures the decoder delivered with errors in them
    repeatable_threads: int = 2  # 1 once damage was met: concealment depends on timing
    packets: int = 0  # coded pictures that the file really holds
    complete: bool = False

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self.trusted = True  # False: seeking leads nowhere, reading is sequential
        self.ordered = all(a <= b for a, b in pairwise(self.times))
        self.failure: Exception | None = None
        self._entry_frames: list[int] = [entry.frame for entry in self.entries]
        self._by_signature: dict[int, int] = {}
        self._landings: dict[int, int | None] = {}
        self._aims: dict[int, int] = {}
        for index, value in enumerate(self.signatures):
            if index not in self.damaged:
                self._by_signature[value] = -1 if value in self._by_signature else index

    @property
    def checked(self) -> int:
        return len(self.times)

    def append(self, time: int | None, signature: int, *, seek_time: int | None) -> None:
        """Record the next picture; `seek_time` is None unless it is a key frame."""
        index = len(self.times)
        if time is None or (index and time < self.times[-1]):
            self.ordered = False  # coding order or none: timestamps cannot identify frames
        known = self._by_signature
        known[signature] = -1 if signature in known else index
        self.signatures.append(signature)
        if seek_time is not None:
            self.entries.append(Entry(index, seek_time))
            self._entry_frames.append(index)
        self.times.append(NO_TIME if time is None else time)  # last: it publishes the frame

    def append_damaged(self, time: int) -> None:
        """Record a frame that has a packet but no picture."""
        self.damaged.add(len(self.times))
        self.signatures.append(0)
        self.times.append(time)

    def announce(self) -> None:
        """Wake those who wait for more frames."""
        with self.changed:
            self.changed.notify_all()

    def finish(self) -> None:
        """The pass reached the end."""
        with self.changed:
            self.complete = True
            self.changed.notify_all()

    def fail(self, error: Exception) -> None:
        """The pass broke off for good; `error` is raised to everyone who waits."""
        self.failure = error
        self.trusted = False
        self.finish()

    def wait_for(self, index: int, timeout: float | None) -> bool:
        """Wait until frame `index` is checked or the pass has ended; False on timeout."""
        with self.changed:
            return self.changed.wait_for(lambda: self.complete or index < self.checked, timeout)

    def is_frame(self, index: int, signature: int) -> bool:
        """Whether a decoded picture is that of frame `index`."""
        return (
            index < self.checked
            and index not in self.damaged
            and self.signatures[index] == signature
        )

    def same_time(self, index: int, time: int | None) -> bool:
        """Cheap check on the way: no contradiction between timestamps."""
        if index >= self.checked:
            return False
        return not self.ordered or self.times[index] == time

    def identify(self, time: int | None, signature: int) -> int | None:
        """Frame number of a picture reached by seeking, None if not certain."""
        index = self._by_signature.get(signature)
        if index is None:
            return None
        if index >= 0:
            return index
        if not self.ordered:
            return None
        # Equal pictures: the timestamp must tell them apart.
        matches = np.flatnonzero(np.array(self.times[: self.checked]) == time)
        if len(matches) == 1 and self.signatures[int(matches[0])] == signature:
            return int(matches[0])
        return None

    def entry_before(self, index: int) -> int | None:
        """Position in `entries` of the last key frame at or before `index`."""
        place = bisect_right(self._entry_frames, index) - 1
        return place if place >= 0 else None

    def group_start(self, index: int) -> int:
        """First frame of the group of pictures that holds `index`."""
        place = self.entry_before(index)
        return 0 if place is None else self.entries[place].frame

    def landing(self, place: int) -> int | None:
        """Where seeking to entry `place` lands: learnt, else assumed at its frame."""
        return self._landings.get(place, self.entries[place].frame)

    def aim(self, place: int) -> int:
        """Timestamp to seek to for entry `place`."""
        return self._aims.get(place, self.entries[place].seek_time)

    def aim_behind(self, place: int) -> int:
        """A timestamp between entry `place` and the next one."""
        here = self.entries[place].seek_time
        if place + 1 < len(self.entries):
            gap = self.entries[place + 1].seek_time - here
        elif place > 0:
            gap = here - self.entries[place - 1].seek_time
        else:
            gap = here - self.times[0] if self.ordered else 0
        return here + gap // 2

    def is_learnt(self, place: int) -> bool:
        """Whether a seek to entry `place` was tried before."""
        return place in self._landings

    def learn(self, place: int, aim: int, landing: int | None) -> None:
        """Remember where seeking to `aim` landed; None: nowhere recognisable."""
        self._aims[place] = aim
        self._landings[place] = landing

    def seconds(self, time_base: float, fps: float) -> NDArray[np.float64]:
        """Timestamps in seconds from frame 0, ``(checked,)``, never decreasing.

        AVI and program streams store coding order or guesses. Times that are out of
        order only locally are sorted; where they then follow an even rate but for a
        frame's length, the even rate is the truth. Anything worse is `index / fps`.
        """
        count = self.checked
        even = np.arange(count, dtype=np.float64) / (fps if fps > 0 else 25.0)
        raw = np.array(self.times[:count], dtype=np.int64)
        if count < 2 or (raw == NO_TIME).any():
            return even
        order = np.argsort(raw, kind="stable")
        if np.abs(order - np.arange(count)).max() > _LOCAL_DISORDER or raw.min() == raw.max():
            return even
        ordered = (raw[order] - raw.min()) * time_base
        if not self.ordered and fps > 0 and np.abs(ordered - even).max() < 2.5 / fps:
            return even
        return ordered
