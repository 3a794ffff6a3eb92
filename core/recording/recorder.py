"""Recording a run while it runs: a sink that hands frames to a thread of its own.

The queue between them is bounded. When the disk is slower than the tracker, the recorder
either makes the tracker wait (nothing is lost) or leaves out maps, patches and proposals of
some frames; boxes, scores and curves are never left out. What happens is counted and can be
read at any time. Packing happens on the recorder's thread, so it costs the tracker little.
"""

from __future__ import annotations

import enum
import os
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.engine.runner import FrameResult
from core.errors import StorageError
from core.recording import about, schema
from core.recording.coding import Precision
from core.recording.file import RecordingFile
from core.recording.rows import Record
from core.storage import storage_error
from core.trackers.base import MapInfo

CAPACITY = 64
"""Frames that may wait to be written."""

_ERRNO = re.compile(r"errno = (\d+)")


class WhenFull(enum.StrEnum):
    """What gives way when writing is slower than tracking."""

    WAIT = "wait"  # the tracker: nothing is lost
    LEAVE_OUT = "leave-out"  # maps, patches and proposals of frames that find the queue full


@dataclass(frozen=True, slots=True)
class RecordingState:
    """How a recording stands, for display.

    Attributes
    ----------
    taken, written
        Frames handed in, and frames that are safely in the file.
    queued, capacity
        Frames that wait to be written, and how many may.
    bytes
        Of the file, roughly.
    left_out
        Frames whose maps were left out because the queue was full.
    unusable
        Maps that could not be kept: values that are not numbers, or not announced.
    waited
        Seconds the tracker has waited for the disk.
    error
        Why nothing more is recorded; None while all is well.
    """

    taken: int = 0
    written: int = 0
    queued: int = 0
    capacity: int = CAPACITY
    bytes: int = 0
    left_out: int = 0
    unusable: int = 0
    waited: float = 0.0
    error: StorageError | None = None

    @property
    def is_behind(self) -> bool:
        """Whether writing does not keep up just now."""
        return self.queued > self.capacity // 2


class Recorder:
    """A context manager; :meth:`take` is a sink of the tracking loop.

    The file appears with the first block of frames; a recording without any frame leaves
    no file behind.

    Parameters
    ----------
    path
        The file to write; one that exists is replaced.
    start
        The first event, see :func:`core.recording.about.started`.
    maps
        What may be recorded.
    """

    def __init__(
        self,
        path: Path,
        start: Mapping[str, Any],
        maps: Sequence[MapInfo],
        *,
        precision: Precision = Precision.COMPACT,
        when_full: WhenFull = WhenFull.WAIT,
        capacity: int = CAPACITY,
    ) -> None:
        self.path = path
        self.precision = precision
        self._maps = tuple(maps)
        self._when_full = when_full
        self._capacity = max(capacity, schema.BLOCK)
        self._changed = threading.Condition()
        self._queue: deque[Record | Mapping[str, Any]] = deque([start])
        self._queued = self._taken = self._left_out = 0
        self._waited = 0.0
        self._closing = False
        self._error: StorageError | None = None
        self._told = False
        self._file: RecordingFile | None = None
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)

    @property
    def state(self) -> RecordingState:
        """How it stands now."""
        with self._changed:
            file = self._file
            return RecordingState(
                self._taken, file.rows if file else 0, self._queued, self._capacity,
                file.written if file else 0, self._left_out,
                sum(file.left_out.values()) if file else 0, self._waited, self._error,
            )  # fmt: skip

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def take(self, item: FrameResult) -> None:
        """Record one frame.

        Raises
        ------
        StorageError
            If the file cannot be written any more; what it has stays readable.
        """
        record = Record.of(item)
        with self._changed:
            if self._queued >= self._capacity and record.is_heavy:
                if self._when_full is WhenFull.WAIT:
                    self._wait()
                else:
                    record = record.light()
                    self._left_out += 1
            if self._error is not None:
                self._told = True
                raise self._error
            self._queue.append(record)
            self._queued += 1
            self._taken += 1
            self._changed.notify_all()

    def note(self, event: Mapping[str, Any]) -> None:
        """Add an event to the log, between the frames taken before and after it."""
        with self._changed:
            self._queue.append(event)

    def close(self) -> RecordingState:
        """Write what is left and finish the file; the state then is final."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        return self.state

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state = self.close()
        if state.error is not None and kind is None and not self._told:
            raise state.error

    def _wait(self) -> None:
        began = time.perf_counter()
        while self._queued >= self._capacity and self._error is None:
            self._changed.wait()
        self._waited += time.perf_counter() - began

    # ---- on the recorder's thread ------------------------------------------------------

    def _work(self) -> None:
        try:
            self._write_all()
        except OSError as error:
            self._fail(storage_error(self.path, error))
        except Exception as error:  # noqa: BLE001  (a defect must not hang the tracker)
            number = _ERRNO.search(str(error))  # HDF5 says so only in words
            if number:
                cause = OSError(int(number[1]), os.strerror(int(number[1])))
                self._fail(storage_error(self.path, cause))
                return
            text = f"“{self.path.name}” could not be recorded."
            self._fail(StorageError(text, "Tracking itself is fine.", repr(error)))

    def _write_all(self) -> None:
        more = True
        try:
            while more:
                records, events, more = self._next()
                self._write(records, events)
                with self._changed:
                    self._queued -= len(records)
                    self._changed.notify_all()
            if self._file is not None:
                self._file.log([self._closed()])
        finally:
            if self._file is not None:
                self._file.close()

    def _next(self) -> tuple[list[Record], list[Mapping[str, Any]], bool]:
        """A block of frames with the events among them; the last one when closing."""
        with self._changed:
            while self._queued < schema.BLOCK and not self._closing:
                self._changed.wait()
            records: list[Record] = []
            events: list[Mapping[str, Any]] = []
            first = self._file.rows if self._file else 0
            while self._queue and len(records) < schema.BLOCK:
                item = self._queue.popleft()
                if isinstance(item, Record):
                    records.append(item)
                else:
                    events.append({**item, "row": first + len(records)})
            return records, events, bool(self._queue) or not self._closing

    def _write(self, records: Sequence[Record], events: Sequence[Mapping[str, Any]]) -> None:
        if self._file is None:
            if not records:
                return
            self._file = RecordingFile(self.path, self._maps, self.precision, records)
        self._file.log(events)  # first: frames without their run would say little
        self._file.append(records)

    def _closed(self) -> Mapping[str, Any]:
        state = self.state
        return {
            "event": about.CLOSED, "time": about.now(), "row": state.written,
            "frames": state.written, "left_out": state.left_out,
            "unusable": dict(self._file.left_out) if self._file else {},
            "waited": round(state.waited, 3),
        }  # fmt: skip

    def _fail(self, error: StorageError) -> None:
        with self._changed:
            self._error = error
            self._queue.clear()
            self._queued = 0
            self._changed.notify_all()
