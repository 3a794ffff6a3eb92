"""Evaluating many sequences: one after the other, or in several processes.

Sequences go longest first so that no process is left with a long one at the end. Each
result depends only on its sequence and the settings, so the number of processes does
not change them. A sequence that fails is reported; the others go on.
"""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import traceback
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from core import device as devices
from core.errors import BoxtrailError
from core.evaluate.protocol import SequenceRun, Settings, evaluate_sequence
from core.evaluate.sequences import BenchmarkSequence
from core.trackers import registry

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Failure:
    """A sequence that could not be evaluated; `details` holds the traceback of a defect."""

    tracker: str
    key: str
    message: str
    hint: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """One tracker on one sequence."""

    sequence: BenchmarkSequence
    tracker: str


Progress = Callable[[int], None]
"""Told how many frames are done in all."""


def evaluate_all(
    work: Sequence[Work],
    settings: Settings,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Generator[SequenceRun | Failure]:
    """Evaluate everything in `work`; results come as they are finished.

    With ``jobs > 1`` that many processes are started, each with `settings.threads`
    threads; with 1 the calling process does the work with the threads it has. Closing
    the iterator (or an exception such as KeyboardInterrupt) ends the processes.
    """
    ordered = sorted(work, key=lambda w: -len(w.sequence))
    told = progress or (lambda done: None)
    if jobs <= 1 or len(ordered) <= 1:
        yield from _one_by_one(ordered, settings, told)
    else:
        yield from _in_processes(ordered, settings, min(jobs, len(ordered)), told)


def _one_by_one(
    work: Sequence[Work], settings: Settings, progress: Progress
) -> Generator[SequenceRun | Failure]:
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        progress(done)

    for item in work:
        yield _attempt(item, settings, tick)


def _in_processes(
    work: Sequence[Work], settings: Settings, jobs: int, progress: Progress
) -> Generator[SequenceRun | Failure]:
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    modules = sorted({registry.find(w.tracker).build.__module__ for w in work})
    pool = ProcessPoolExecutor(
        jobs, context, initializer=_start_worker, initargs=(counter, modules, settings.threads)
    )
    futures: dict[Future[SequenceRun | Failure], Work] = {
        pool.submit(_in_worker, item, settings): item for item in work
    }
    pending = set(futures)
    try:
        while pending:
            finished, pending = wait(pending, _POLL_SECONDS, FIRST_COMPLETED)
            progress(counter.value)
            for future in finished:
                yield _outcome(future, futures[future])
    finally:
        for process in list((pool._processes or {}).values()) if pending else []:
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(future: Future[SequenceRun | Failure], item: Work) -> SequenceRun | Failure:
    error = future.exception()
    if error is None:
        return future.result()
    # The process itself died (killed, out of memory): no Python error to show.
    return Failure(
        item.tracker,
        item.sequence.key,
        "The process that evaluated it ended.",
        "There may be too little memory: use fewer --jobs.",
        repr(error),
    )


def _attempt(item: Work, settings: Settings, tick: Callable[[int], None]) -> SequenceRun | Failure:
    try:
        return evaluate_sequence(item.sequence, item.tracker, settings, tick)
    except BoxtrailError as error:
        return Failure(item.tracker, item.sequence.key, error.message, error.hint, error.details)
    except Exception as error:  # noqa: BLE001  (a defect in one tracker must not end the others)
        return Failure(
            item.tracker,
            item.sequence.key,
            f"{type(error).__name__}: {error}",
            "This is a defect of the program; please report it with the details.",
            traceback.format_exc(),
        )


_done: Any = None  # the counter shared with the parent process, set once per worker


def _start_worker(counter: Any, modules: list[str], threads: int) -> None:
    global _done
    _done = counter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl+C means
    devices.set_threads(threads)
    for module in modules:
        importlib.import_module(module)


def _in_worker(item: Work, settings: Settings) -> SequenceRun | Failure:
    def tick(count: int) -> None:
        with _done.get_lock():
            _done.value += count

    return _attempt(item, settings, tick)
