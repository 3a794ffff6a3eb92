"""Pause, step and cancel for a running tracker, from any thread.

The runner asks :meth:`Control.wait` before each frame; everything else is called
by whoever steers. Waiting uses a condition, so reactions take as long as the
frame in work, not a polling interval.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any


class Control:
    """Shared switchboard of one run.

    Parameters
    ----------
    on_hold
        Called on the run's thread each time it comes to a halt because of a pause.
    on_tuned
        Called on the run's thread with new values of live parameters, just before the
        first frame that is tracked with them.
    """

    def __init__(
        self,
        on_hold: Callable[[], None] | None = None,
        on_tuned: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._on_hold = on_hold
        self._on_tuned = on_tuned
        self._holding = False
        self._paused = False
        self._cancelled = False
        self._permits = 0
        self._tuning: dict[str, Any] = {}
        self._want_maps: frozenset[str] | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the run was told to end."""
        return self._cancelled

    @property
    def paused(self) -> bool:
        """Whether the run holds (or will, before its next frame)."""
        return self._paused

    @property
    def holding(self) -> bool:
        """Whether the run stands still right now: no frame is in work."""
        return self._holding

    def pause(self) -> None:
        """Hold before the next frame; steps not yet taken are withdrawn."""
        with self._changed:
            self._paused = True
            self._permits = 0
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._permits = 0
            self._changed.notify_all()

    def step(self, count: int = 1) -> None:
        """While paused, let `count` frames through."""
        with self._changed:
            self._paused = True
            self._permits += count
            self._changed.notify_all()

    def cancel(self) -> None:
        """End the run after the frame in work; what was tracked is kept."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def tune(self, values: Mapping[str, Any]) -> None:
        """Hand new values of live parameters to the running tracker."""
        with self._changed:
            self._tuning.update(values)

    def want_maps(self, keys: frozenset[str]) -> None:
        """Choose the maps the tracker produces from its next frame on."""
        with self._changed:
            self._want_maps = keys

    def take_tuning(self) -> dict[str, Any]:
        """Values handed in since the last call (for the runner)."""
        with self._changed:
            values, self._tuning = self._tuning, {}
        if values and self._on_tuned is not None:
            self._on_tuned(values)
        return values

    def take_want_maps(self) -> frozenset[str] | None:
        """A new choice of maps, or None (for the runner)."""
        with self._changed:
            keys, self._want_maps = self._want_maps, None
            return keys

    def wait(self) -> bool:
        """Block while paused; True to do one more frame, False when cancelled."""
        with self._changed:
            while self._paused and not self._cancelled and self._permits == 0:
                self._hold()
            self._holding = False
            if self._cancelled:
                return False
            if self._paused:
                self._permits -= 1
            return True

    def _hold(self) -> None:
        if not self._holding:
            self._holding = True
            if self._on_hold is not None:
                self._on_hold()
        self._changed.wait()
