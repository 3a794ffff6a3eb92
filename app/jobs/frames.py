"""Loading frames for scrubbing and playback: the newest request wins.

Requests and results each go through a one-slot mailbox, with at most one wake-up
under way. However fast the slider moves, at most one frame is being decoded that
nobody wants any more, and the GUI thread never waits for a decoder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.thread import WorkerThread
from app.views.view_types import DisplayFrame, to_display
from core.engine.mailbox import Latest
from core.errors import BoxtrailError
from core.video.source import VideoSource

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Answer to a request: the frame ready to paint, or why there is none."""

    ticket: int
    index: int
    time: float
    frame: DisplayFrame | None
    error: BoxtrailError | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    ticket: int
    source: VideoSource
    index: int


class _Worker(QObject):
    done = Signal()

    def __init__(self, requests: Latest[_Request], results: Latest[Loaded]) -> None:
        super().__init__()
        self._requests = requests
        self._results = results

    @Slot()
    def work(self) -> None:
        """Serve the newest request, if it has not been served already."""
        request = self._requests.take()
        if request is None:
            return
        self._results.put(self._load(request))
        self.done.emit()

    @staticmethod
    def _load(request: _Request) -> Loaded:
        try:
            frame = request.source.read(request.index)
            shown = to_display(frame.index, frame.image)
            return Loaded(request.ticket, frame.index, frame.time, shown)
        except BoxtrailError as error:
            return Loaded(request.ticket, request.index, 0.0, None, error)
        except Exception as error:  # noqa: BLE001
            # A clip that was closed meanwhile, or a defect: either way the loader lives on.
            _log.exception("frame %d", request.index)
            failure = BoxtrailError(
                f"Frame {request.index} could not be loaded.", "Try another frame.", repr(error)
            )
            return Loaded(request.ticket, request.index, 0.0, None, failure)


class FrameLoader(QObject):
    """The GUI's side of the frames thread.

    `loaded` is announced in the GUI thread for each frame that arrives; requests that
    were overtaken are never answered.
    """

    loaded = Signal(object)  # Loaded
    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._requests: Latest[_Request] = Latest()
        self._results: Latest[Loaded] = Latest()
        self._ticket = 0
        self._answered = 0
        self._worker = _Worker(self._requests, self._results)
        self._thread = WorkerThread(self._worker, "frames")
        self._wake.connect(self._worker.work, Qt.ConnectionType.QueuedConnection)
        self._worker.done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether the newest request has not been answered yet."""
        return self._answered != self._ticket

    def request(self, source: VideoSource, index: int) -> int:
        """Ask for frame `index`; returns the ticket its answer will carry."""
        self._ticket += 1
        self._requests.put(_Request(self._ticket, source, index))
        self._wake.emit()
        return self._ticket

    def forget(self) -> None:
        """Drop what is under way: its answer will not be announced."""
        self._requests.take()
        self._ticket += 1
        self._answered = self._ticket

    def finish(self) -> None:
        """End the thread."""
        self.forget()
        self._thread.finish()

    @Slot()
    def _on_done(self) -> None:
        result = self._results.take()
        if result is None or result.ticket <= self._answered:
            return
        self._answered = result.ticket
        self.loaded.emit(result)
