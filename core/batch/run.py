"""A whole batch: clip after clip or several at once, with a log, and told as it goes.

The same for the command line and the window: they differ in who listens and who may
stop it. Starts no threads; call it where waiting is fine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.batch.clip import Hooks, track_clip
from core.batch.log import BatchLog
from core.batch.pool import Pool, Told
from core.batch.tasks import Options, Outcome, Result, Task


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told: all arguments begin with the number of the clip in the list of tasks."""

    started: Callable[[int], None] = lambda number: None
    progress: Callable[[int, int, int], None] = lambda number, done, planned: None
    outcome: Callable[[int, Outcome], None] = lambda number, outcome: None


def run_batch(
    tasks: Sequence[Task],
    options: Options,
    log: BatchLog,
    *,
    jobs: int = 0,
    listener: Listener | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """Track every clip that is not finished; one outcome per task, in their order.

    Parameters
    ----------
    jobs
        Processes to use; 0 works in this one. Either way the boxes are the same.
    stop
        True ends the batch after the frame in work; what was tracked is kept.

    Raises
    ------
    TrackerError, StorageError
        If there is no such tracker, or the log cannot be written.
    """
    listener = listener or Listener()
    outcomes: dict[int, Outcome] = {}

    def keep(number: int, outcome: Outcome) -> None:
        outcomes[number] = outcome
        listener.outcome(number, outcome)

    told = Told(
        listener.started, listener.progress, lambda _number, key, facts: log.add(key, facts), keep
    )
    if jobs > 0 and tasks:
        done = frozenset(log.done)
        Pool(tasks, options, done, jobs=jobs, told=told, stop=stop).run()
    else:
        _one_by_one(tasks, options, log, told, stop)
    return [outcomes.get(n, Outcome(Result.STOPPED)) for n in range(len(tasks))]


def _one_by_one(
    tasks: Sequence[Task], options: Options, log: BatchLog, told: Told, stop: Callable[[], bool]
) -> None:
    for number, task in enumerate(tasks):
        if stop():
            return
        told.started(number)
        hooks = _hooks(number, told, stop)
        told.outcome(number, track_clip(task, options, log.done, hooks))


def _hooks(number: int, told: Told, stop: Callable[[], bool]) -> Hooks:
    def progress(done: int, planned: int) -> None:
        told.progress(number, done, planned)

    def finished(key: str, facts: dict[str, Any]) -> None:
        told.finished(number, key, facts)

    return Hooks(progress, finished, stop)


@dataclass(slots=True)
class Pace:
    """How far a batch is, and how long it will still take.

    Clips that nobody has opened yet count as long as the others on average.
    """

    clips: int
    _began: float = field(default_factory=time.monotonic)
    _frames: dict[int, tuple[int, int]] = field(default_factory=dict)
    _over: set[int] = field(default_factory=set)

    def progress(self, number: int, done: int, planned: int) -> None:
        """A clip went on."""
        self._frames[number] = (done, planned)

    def finished(self, number: int) -> None:
        """A clip is over, however it ended."""
        self._over.add(number)
        done, _ = self._frames.get(number, (0, 0))
        self._frames[number] = (done, done)

    @property
    def clips_over(self) -> int:
        """Clips with an outcome."""
        return len(self._over)

    @property
    def frames(self) -> int:
        """Frames tracked so far."""
        return sum(done for done, _ in self._frames.values())

    @property
    def expected(self) -> int:
        """Frames in all, as far as known."""
        sizes = [planned for done, planned in self._frames.values() if planned]
        known = sum(planned for _, planned in self._frames.values())
        mean = known / len(sizes) if sizes else 0.0
        return round(known + mean * (self.clips - len(self._frames)))

    @property
    def rate(self) -> float:
        """Frames per second of all clips together."""
        return self.frames / max(time.monotonic() - self._began, 1e-9)

    @property
    def seconds_left(self) -> float:
        """Seconds to go; NaN while nothing is known."""
        rate = self.rate
        return (self.expected - self.frames) / rate if rate > 0 else float("nan")
