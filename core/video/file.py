"""A video file as numbered frames: verified access, caches, read-ahead.

Opening starts one sequential pass that writes down what every frame looks like
(`verify`, `table`); short clips are finished before `open_source` returns, long ones
go on in a thread and answer reads up to where the pass has come. Reads seek and are
checked against that table (`reader`). Each iterator has a decoder of its own, so
tracking and scrubbing do not disturb each other.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from av import VideoFrame

from core.errors import BoxtrailError, FrameUnavailable
from core.video import faults
from core.video.cache import ByteCache, as_ranges
from core.video.convert import Converter, signature
from core.video.describe import describe
from core.video.fingerprint import file_fingerprint
from core.video.index_store import load_table, save_table
from core.video.probe import estimate_count, probe
from core.video.read_ahead import ReadAhead
from core.video.reader import ExactReader, Passed
from core.video.source import Access, Frame, Image, VideoInfo
from core.video.stream import FrameStream
from core.video.table import NO_TIME, FrameTable
from core.video.verify import SequentialPass, seeking_works

_READ_WAIT = 2.0  # seconds a read waits for the pass to arrive
_AHEAD_BYTES = 96 << 20  # pictures held ready by one iterator


class VideoFile:
    """Frames of one video file (implements `VideoSource`).

    Parameters
    ----------
    path
        The file.
    cache_bytes
        Upper bound of the decoded pictures kept.
    index_dir
        Folder of stored frame tables; None keeps nothing.
    progress
        Called from the checking thread with the fraction done, 0 to 1.
    check_seconds
        How long the constructor waits for the sequential pass.

    Raises
    ------
    VideoError
        If the file cannot be opened or gives no picture.
    """

    def __init__(
        self,
        path: Path,
        *,
        cache_bytes: int,
        index_dir: Path | None,
        progress: Callable[[float], None] | None = None,
        check_seconds: float = 2.5,
    ) -> None:
        self._path = path
        self._index_dir = index_dir
        self._progress = progress
        self._closed = threading.Event()
        self._lock = threading.Lock()  # guards the scrubbing decoder
        self._listeners: list[Callable[[], None]] = []
        self._listeners_lock = threading.Lock()
        self._iterators: weakref.WeakSet[ReadAhead[Frame]] = weakref.WeakSet()
        self._seen: ByteCache[Image | VideoFrame] = ByteCache(cache_bytes * 3 // 4)
        self._streamed: ByteCache[Image] = ByteCache(cache_bytes // 4)
        self._passed = Passed(cache_bytes // 2)
        self._stamp = _stamp(path)
        self._fingerprint = file_fingerprint(path)
        self._probe = probe(path)
        self._picture_bytes = self._probe.width * self._probe.height * 3
        self._converter = self._new_converter()
        self._checker: threading.Thread | None = None
        self._expected = self._probe.declared
        stored = load_table(index_dir, self._fingerprint, path) if index_dir else None
        self._table = stored or FrameTable()
        self._reader = ExactReader(path, self._table, passed=self._passed, stop=self._closed.is_set)
        if stored is None:
            self._start_check(check_seconds)
        self._final = self._table.complete
        self._info = self._describe()

    # -- facts ---------------------------------------------------------------------

    @property
    def info(self) -> VideoInfo:
        """Facts. While `access` is CHECKING the frame count is an estimate; see `wait_ready`."""
        if self._table.complete and not self._final:
            self._info = self._describe()
            self._final = True
        return self._info

    @property
    def access(self) -> Access:
        """VERIFIED, SEQUENTIAL, or CHECKING while the sequential pass runs."""
        if not self._table.complete:
            return Access.CHECKING
        return Access.VERIFIED if self._table.trusted else Access.SEQUENTIAL

    @property
    def checked(self) -> int:
        """Number of frames the sequential pass has seen: they can be read exactly now."""
        return self._table.checked

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until the clip is checked and `info` is final; False on timeout.

        Raises
        ------
        VideoError
            If checking failed or the source was closed meanwhile.
        """
        with self._table.changed:
            done = self._table.changed.wait_for(
                lambda: self._table.complete or self._closed.is_set(), timeout
            )
        if self._table.failure is not None:
            raise self._table.failure
        self._require_open()
        return done

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when `info` is final: now, or later from the checking thread."""
        with self._listeners_lock:
            if not self._table.complete:
                self._listeners.append(callback)
                return
        callback()

    def cached_ranges(self) -> list[tuple[int, int]]:
        """Runs ``(start, stop)`` of frames that are in memory, ascending."""
        return as_ranges(sorted(self._seen.indices() + self._streamed.indices()))

    @property
    def cached_bytes(self) -> int:
        """Memory held by the caches now, bytes."""
        return self._seen.used + self._streamed.used

    # -- reading -------------------------------------------------------------------

    def read(self, index: int) -> Frame:
        """Frame `index`, exactly. See `VideoSource.read`."""
        index = int(index)
        self._require_open()
        self._require_checked(index)
        image = self._finished_picture(index)
        if image is None:
            with self._lock:
                self._require_open()
                image = self._decode(index)
        return Frame(index, self._time_of(index), image)

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames ``range(start, stop, step)``, decoded ahead. See `VideoSource.frames`."""
        if step == 0:
            raise ValueError("step must not be 0")
        self._require_open()
        depth = max(2, min(16, _AHEAD_BYTES // self._picture_bytes))
        halt = threading.Event()
        stream = FrameStream(
            self._path,
            self._table,
            range(start, stop, step),
            converter=self._new_converter(),
            finish=self._keep,
            picture_bytes=self._picture_bytes,
            halt=halt,
        )
        ahead: ReadAhead[Frame] = ReadAhead(stream.run, depth, halt)
        self._iterators.add(ahead)
        try:
            yield from ahead
        finally:
            ahead.join()
        self._require_open()

    def close(self) -> None:
        """Release files and threads; further reads raise."""
        self._closed.set()
        self._table.announce()
        for iterator in list(self._iterators):
            iterator.join()
        if self._checker is not None and self._checker is not threading.current_thread():
            self._checker.join()
        with self._lock:
            self._reader.close()
            self._seen.clear()
            self._streamed.clear()

    # -- inside --------------------------------------------------------------------

    def _finished_picture(self, index: int) -> Image | None:
        for cache in (self._seen, self._streamed):
            found = cache.get(index)
            if isinstance(found, np.ndarray):
                return found
        return None

    def _decode(self, index: int) -> Image:
        """Picture of `index` from the cache or the decoder; the lock is held."""
        found = self._finished_picture(index)
        if found is not None:
            return found
        raw = self._seen.get(index)
        if isinstance(raw, VideoFrame) and self._table.is_frame(index, signature(raw)):
            picture = raw
        else:
            try:
                picture = self._reader.fetch(index)
            except FrameUnavailable:
                self._require_unchanged()
                raise
            finally:
                for passed, frame, size in self._passed.take():
                    if passed not in self._seen:
                        self._seen.put(passed, frame, size)
        image = self._converter.rgb(picture)
        self._seen.put(index, image, image.nbytes)
        return image

    def _new_converter(self) -> Converter:
        return Converter(self._probe.width, self._probe.height, self._probe.orientation)

    def _start_check(self, seconds: float) -> None:
        self._checker = threading.Thread(target=self._check, name="boxtrail-check", daemon=True)
        self._checker.start()
        with self._table.changed:
            self._table.changed.wait_for(
                lambda: self._table.complete, min(seconds, threading.TIMEOUT_MAX)
            )
        if self._table.failure is not None:
            raise self._table.failure
        if not self._table.complete:
            self._expected = estimate_count(self._path, self._probe)

    def _check(self) -> None:
        """Body of the checking thread."""
        try:
            run = SequentialPass(
                self._path, self._table, progress=self._report, stop=self._closed.is_set
            )
            if not run.run():
                return
            if self._table.checked == 0:
                raise faults.no_frames(self._path)
            reader = ExactReader(self._path, self._table, stop=self._closed.is_set)
            self._table.trusted = seeking_works(reader, self._table)
            reader.close()
            if self._index_dir is not None and _stamp(self._path) == self._stamp:
                save_table(self._index_dir, self._fingerprint, self._path, self._table)
            self._table.finish()
            self._report(self._table.checked)
        except BoxtrailError as error:
            self._table.fail(error)
        except faults.DECODER_FAULTS as error:
            self._table.fail(faults.unreadable(self._path, error))
        except Exception as error:
            self._table.fail(faults.unreadable(self._path, error))  # nobody waits for ever
            raise
        finally:
            self._tell_listeners()

    def _report(self, count: int) -> None:
        if self._progress is not None:
            whole = max(count if self._table.complete else self._expected, 1)
            self._progress(min(count / whole, 1.0))

    def _tell_listeners(self) -> None:
        with self._listeners_lock:
            listeners, self._listeners = self._listeners, []
        for callback in listeners:
            callback()

    def _describe(self) -> VideoInfo:
        return describe(
            self._path,
            self._probe,
            self._table,
            fingerprint=self._fingerprint,
            expected=self._expected,
        )

    def _keep(self, index: int, image: Image) -> Frame:
        """Finish a frame of an iterator and remember it for stepping back."""
        self._streamed.put(index, image, image.nbytes)
        return Frame(index, self._time_of(index), image)

    def _time_of(self, index: int) -> float:
        if self._table.complete:
            return float(self.info.times[index])
        first, value = self._table.times[0], self._table.times[index]
        if NO_TIME in (first, value):
            return index / (self._probe.fps or 25.0)
        return (value - first) * self._probe.time_base

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise faults.closed(self._path)

    def _require_checked(self, index: int) -> None:
        """Raise unless frame `index` exists and the sequential pass has seen it."""
        known = self._table.wait_for(index, _READ_WAIT) if index >= 0 else True
        self._require_open()
        if not known:
            raise FrameUnavailable(
                f"Frame {index} is not checked yet ({self._table.checked} frames are).",
                "Wait for the check of the clip to arrive there.",
                str(self._path),
            )
        if self._table.failure is not None and index >= self._table.checked:
            raise self._table.failure
        if not 0 <= index < self._table.checked:
            raise FrameUnavailable(
                f"There is no frame {index} in “{self._path.name}”.",
                f"Its frames are numbered 0 to {self._table.checked - 1}.",
                str(self._path),
            )

    def _require_unchanged(self) -> None:
        try:
            same = _stamp(self._path) == self._stamp
        except OSError as error:
            raise faults.missing(self._path) from error
        if not same:
            raise faults.changed_on_disk(self._path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise faults.unreadable(path, error) from error
    return stat.st_size, stat.st_mtime_ns
