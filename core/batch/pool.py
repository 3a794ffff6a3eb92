"""Clips in several processes, of which any may die without ending the others.

A small pool of our own: each worker has a pipe; one that ends unexpectedly (killed, out of
memory, a fault in a native library) costs the clip it had, and another one takes its place.
Workers notice on their own that the program that started them is gone, and end.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from core import device as devices
from core.batch.clip import Hooks, track_clip
from core.batch.tasks import Options, Outcome, Result, Task
from core.trackers import registry

_POLL_SECONDS = 0.2
_TELL_SECONDS = 0.1  # between two words about progress


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Any  # a Connection, of whatever kind this system has
    task: int | None = None  # number of the clip it has


@dataclass(frozen=True, slots=True)
class Told:
    """What the pool tells while it works, from the thread that runs it.

    `started(n)`, `progress(n, done, planned)`, `finished(n, key, facts)` for a stretch,
    `outcome(n, outcome)` for a clip.
    """

    started: Callable[[int], None]
    progress: Callable[[int, int, int], None]
    finished: Callable[[int, str, dict[str, Any]], None]
    outcome: Callable[[int, Outcome], None]


class Pool:
    """Tracks `tasks` in `jobs` processes.

    Parameters
    ----------
    stop
        Asked a few times a second; True ends every run after the frame in work.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        options: Options,
        done: frozenset[str],
        *,
        jobs: int,
        told: Told,
        stop: Callable[[], bool],
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._halt = self._context.Event()
        self._tasks, self._options, self._done = tasks, options, done
        self._waiting = deque(range(len(tasks)))
        self._jobs = max(1, min(jobs, len(tasks)))
        self._told, self._stop = told, stop
        self._workers: list[_Worker] = []
        self._module = registry.find(options.tracker).build.__module__

    def run(self) -> None:
        """Work until every clip has an outcome; ends the processes whatever happens."""
        try:
            while self._waiting or any(w.task is not None for w in self._workers):
                if self._stop():
                    self._halt.set()
                    self._waiting.clear()
                self._fill()
                self._listen()
        finally:
            for worker in self._workers:
                self._dismiss(worker)

    def _fill(self) -> None:
        while self._waiting and len(self._workers) < self._jobs:
            self._workers.append(self._hired())
        for worker in self._workers:
            if worker.task is None and self._waiting:
                worker.task = self._waiting.popleft()
                self._told.started(worker.task)
                with contextlib.suppress(OSError):  # it is dead: `_listen` sees that, too
                    worker.pipe.send((worker.task, self._tasks[worker.task]))

    def _hired(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work,
            args=(theirs, self._halt, self._options, self._done, self._module),
            daemon=True,
            name="boxtrail batch",
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _listen(self) -> None:
        busy = {w.pipe: w for w in self._workers if w.task is not None}
        for pipe in wait(list(busy), _POLL_SECONDS):
            worker = busy[pipe]  # pyright: ignore[reportArgumentType]
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            self._hear(worker, *message)

    def _hear(self, worker: _Worker, kind: str, *values: Any) -> None:
        number = worker.task
        assert number is not None
        if kind == "progress":
            self._told.progress(number, *values)
        elif kind == "finished":
            self._told.finished(number, *values)
        elif kind == "outcome":
            worker.task = None
            self._told.outcome(number, *values)

    def _bury(self, worker: _Worker) -> None:
        number, worker.task = worker.task, None
        self._workers.remove(worker)
        self._dismiss(worker)
        if number is not None:
            self._told.outcome(
                number,
                Outcome(
                    Result.FAILED,
                    message="The process that tracked it ended.",
                    hint="There may be too little memory: use fewer --jobs.",
                    details=f"exit code {worker.process.exitcode}",
                ),
            )

    @staticmethod
    def _dismiss(worker: _Worker) -> None:
        worker.pipe.close()  # an idle worker ends by itself then
        worker.process.join(0.05 if worker.task is not None else 2.0)
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join()


# ---- in the worker process --------------------------------------------------------------


class _Orphaned(BaseException):
    """The program that wanted the work is gone. No `Exception`: nobody may catch it."""


def _work(pipe: Connection, halt: Any, options: Options, done: frozenset[str], module: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl+C means
    devices.set_threads(options.threads or 1)
    importlib.import_module(module)
    try:
        while True:
            _number, task = pipe.recv()
            outcome = track_clip(task, options, done, _hooks(pipe, halt))
            _send(pipe, "outcome", outcome)
    except (EOFError, OSError, _Orphaned):
        return


def _hooks(pipe: Connection, halt: Any) -> Hooks:
    last = 0.0

    def progress(done: int, planned: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TELL_SECONDS or done >= planned:
            last = now
            _send(pipe, "progress", done, planned)

    return Hooks(
        progress, lambda key, facts: _send(pipe, "finished", key, facts), cancelled=halt.is_set
    )


def _send(pipe: Connection, *message: Any) -> None:
    try:
        pipe.send(message)
    except OSError as error:
        raise _Orphaned from error
