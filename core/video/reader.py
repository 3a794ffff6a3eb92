"""From frame number to picture: seek, recognise, decode forward, check.

A seek is only a guess. The first picture after it is looked up in the table of the
sequential pass; decoding then runs forward, and the picture that is handed out must
carry the signature which sequential decoding gave that frame. If not, earlier key
frames are tried and at last the clip is decoded from its start.
Invariant: `fetch(k)` returns the picture of frame k or raises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import FrameUnavailable
from core.video import faults
from core.video.convert import signature, stored_bytes
from core.video.decoder import Decoder, VideoFrame
from core.video.table import FrameTable

_TRIES = 8  # key frames tried before decoding from the start
_LOST_PICTURES = 48  # unrecognised pictures after a seek before it counts as failed
_SHORT_HOP = 8  # frames that are decoded forward rather than sought


class Passed:
    """The latest pictures a reader decoded on its way, bounded in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: deque[tuple[int, VideoFrame, int]] = deque()
        self._used = 0

    def add(self, index: int, frame: VideoFrame) -> None:
        size = stored_bytes(frame)
        self._held.append((index, frame, size))
        self._used += size
        while self._used > self._limit and self._held:
            self._used -= self._held.popleft()[2]

    def take(self) -> list[tuple[int, VideoFrame, int]]:
        """Hand over ``(index, picture, bytes)`` in ascending order and start anew."""
        held = list(self._held)
        self._held.clear()
        self._used = 0
        return held


class ExactReader:
    """Random access to decoded pictures of one file. Not thread-safe.

    Parameters
    ----------
    path
        The file.
    table
        What the sequential pass found; frames asked for must be checked already.
    passed
        Receives the pictures decoded on the way, unchecked but for their timestamps.
    stop
        Asked between pictures; True abandons a long decode with an error.
    """

    def __init__(
        self,
        path: Path,
        table: FrameTable,
        *,
        passed: Passed | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path = path
        self._table = table
        self._passed = passed
        self._threads = table.repeatable_threads
        self._decoder: Decoder | None = None
        self._next: int | None = None  # frame that the decoder gives next, if known
        self._stop = stop

    def fetch(self, index: int) -> VideoFrame:
        """The picture of frame `index`.

        Raises
        ------
        FrameUnavailable
            If the frame is damaged or its picture cannot be reproduced.
        VideoError
            If the file cannot be opened any more.
        """
        if index in self._table.damaged:
            raise damaged_frame(self._path, index)
        decoder = self._ready_decoder()
        for _ in self._approaches(decoder, index):
            frame = self._forward(decoder, index)
            if frame is not None:
                return frame
        raise FrameUnavailable(
            f"Frame {index} of “{self._path.name}” could not be decoded again.",
            "Open the file again; if it stays, convert the video to H.264 in mp4.",
            f"{self._path}: no decoding path reproduced frame {index}",
        )

    def entry_works(self, place: int) -> bool:
        """Whether seeking to key frame `place` of the table lands at or before it."""
        decoder = self._ready_decoder()
        frame = self._table.entries[place].frame
        return self._enter(decoder, place, frame) and self._forward(decoder, frame) is not None

    def close(self) -> None:
        """Release the file."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None
        self._next = None

    def _ready_decoder(self) -> Decoder:
        if self._decoder is not None and self._threads != self._table.repeatable_threads:
            self.close()  # damage was found since: only one thread repeats its concealment
        if self._decoder is None:
            self._threads = self._table.repeatable_threads
            self._decoder = Decoder(self._path, threads=self._threads)
            self._next = 0
        return self._decoder

    def _approaches(self, decoder: Decoder, index: int) -> Iterator[None]:
        """Bring the decoder before `index`, one way after another."""
        at = self._next
        if at is not None and at <= index:
            near = index - at <= _SHORT_HOP or self._table.group_start(index) <= at
            if near or not self._table.trusted:
                yield
        if self._table.trusted:
            for place in self._entries_for(index):
                if self._enter(decoder, place, index):
                    yield
        decoder.restart()
        self._next = 0
        yield

    def _entries_for(self, index: int) -> Iterator[int]:
        """Key frames to try, best first; skips those known to land behind `index`."""
        place = self._table.entry_before(index)
        tried = 0
        while place is not None and place >= 0 and tried < _TRIES:
            landing = self._table.landing(place)
            # The clip's start is reached by opening it anew, which cannot go wrong.
            if landing is not None and 0 < landing <= index:
                tried += 1
                yield place
            place -= 1

    def _enter(self, decoder: Decoder, place: int, index: int) -> bool:
        """Seek to an entry; True when the decoder then stands at or before `index`.

        The recognised picture is pushed back, so that `_forward` sees it first.
        """
        self._next = None
        landing = self._land_best(decoder, place)
        if landing is None or landing > index:
            return False
        self._next = landing
        return True

    def _land_best(self, decoder: Decoder, place: int) -> int | None:
        """Seek to an entry; the first time, find out which timestamp leads nearest to it."""
        table, goal = self._table, self._table.entries[place].frame
        aim = table.aim(place)
        landing = self._land(decoder, aim)
        if landing != goal and not table.is_learnt(place):
            # Edit lists and reordering shift some indexes: aim behind the key frame.
            behind = table.aim_behind(place)
            other = self._land(decoder, behind)
            if other is not None and other <= goal and (landing is None or other > landing):
                aim, landing = behind, other
            else:
                landing = self._land(decoder, aim)
        table.learn(place, aim, landing)
        return landing

    def _land(self, decoder: Decoder, time: int) -> int | None:
        """Seek to a timestamp and recognise the first picture that can be; push it back."""
        if not decoder.seek(time):
            return None
        for _ in range(_LOST_PICTURES):
            frame = decoder.next()
            if frame is None:
                return None
            landing = self._table.identify(frame.pts, signature(frame))
            if landing is not None:
                decoder.push_back(frame)
                return landing
        return None

    def _forward(self, decoder: Decoder, index: int) -> VideoFrame | None:
        """Decode up to `index`; None as soon as something contradicts the table."""
        at, self._next = self._next, None
        while at is not None and at <= index:
            if self._stop():
                raise faults.closed(self._path)
            while at in self._table.damaged:
                at += 1
            frame = decoder.next()
            if frame is None:
                return None
            # The cheap check on the way is the timestamp; where it disagrees (some
            # containers guess it after a seek) and at the goal, the picture decides.
            doubtful = at == index or not self._table.same_time(at, frame.pts)
            if doubtful and not self._table.is_frame(at, signature(frame)):
                return None
            if at == index:
                self._next = index + 1
                return frame
            if self._passed is not None:
                self._passed.add(at, frame)
            at += 1
        return None


def damaged_frame(path: Path, index: int) -> FrameUnavailable:
    """The error for a frame that has no picture."""
    return FrameUnavailable(
        f"Frame {index} of “{path.name}” is damaged and cannot be shown.",
        "Go on with the next frame.",
        str(path),
    )
