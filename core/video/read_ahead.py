"""Frames decoded by a thread of their own, a few ahead of the consumer.

The queue is bounded, so a slow consumer stops the decoder instead of filling memory.
Leaving the loop early (`close()` of the generator) stops and joins the thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

_POLL_SECONDS = 0.1


class ReadAhead(Generic[Item]):
    """Runs `produce()` in a thread and hands its items over in order.

    Parameters
    ----------
    produce
        Gives the iterator; called and consumed in the thread only.
    depth
        Items held ready at most.
    stopped
        Event that ends the thread; `produce` may look at it during long work.
    """

    def __init__(
        self, produce: Callable[[], Iterator[Item]], depth: int, stopped: threading.Event
    ) -> None:
        self._queue: queue.Queue[Item | _End] = queue.Queue(maxsize=max(depth, 1))
        self._stopped = stopped
        self._produce = produce
        self._thread = threading.Thread(target=self._run, name="boxtrail-read-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        while True:
            try:
                item = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._stopped.is_set():
                    return
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._stopped.set()

    def join(self) -> None:
        """Stop and wait for the thread."""
        self.stop()
        while self._thread.is_alive():
            try:  # make room, should the thread wait for it
                self._queue.get_nowait()
            except queue.Empty:
                self._thread.join(_POLL_SECONDS / 10)

    def _run(self) -> None:
        items = self._produce()
        error: Exception | None = None
        try:
            for item in items:
                if not self._offer(item):
                    return
        except Exception as caught:  # noqa: BLE001  (raised again in the consumer)
            error = caught
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
        self._offer(_End(error))

    def _offer(self, item: Item | _End) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False


class _End:
    def __init__(self, error: Exception | None) -> None:
        self.error = error
