"""Running a plan from the command line: progress, Ctrl+C, outputs, and how it went.

What was tracked is never lost: outputs are written after Ctrl+C, after an error of the
tracker, and even when a defect ends the run.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from core import device as devices
from core.alarms.stop import StopRule
from core.alarms.thresholds import Checkers, calibration
from core.alarms.watcher import Watcher
from core.cli import EXIT_ERROR, EXIT_INTERRUPTED, overlay_view
from core.cli.checking import check_and_store
from core.cli.output import Output, write_output
from core.cli.overlay_output import OverlayOutput
from core.cli.overlay_view import OverlayView
from core.cli.progress import ProgressLine
from core.cli.recording_output import RecordingOutput, RecordTo
from core.document.store import Change
from core.document.track import Track
from core.engine.control import Control
from core.engine.runner import EndReason, FrameResult, RunEnd, Watch
from core.engine.way_back import opinion_of
from core.session import RunPlan, Session
from core.states import TargetState
from core.trackers.base import Services

_NOTES = {TargetState.UNCERTAIN: "uncertain", TargetState.LOST: "lost"}


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with a run besides running it.

    `map_key` empty draws no map; a `view` is drawn from a recording when the run is over.
    With `until` the run stops where the tracker is unsure.
    `check` are the trackers that go over the boxes afterwards, `second` those that run along;
    none: nobody.
    """

    outputs: Sequence[Output]
    overlay: Path | None = None
    map_key: str = ""
    device: str = "cpu"
    quiet: bool = False
    until: StopRule | None = None
    weights: Mapping[str, Path] = field(default_factory=dict)
    recording: RecordTo | None = None
    check: Checkers | None = None
    second: tuple[str, ...] = ()
    view: OverlayView | None = None

    @property
    def want_maps(self) -> frozenset[str]:
        """What the tracker has to report for the overlay and the recording."""
        drawn = frozenset({self.map_key} if self.map_key and self.overlay else ())
        drawn = drawn if self.view is None else frozenset()
        return drawn | (self.recording.wanted if self.recording else frozenset())


def track_and_write(session: Session, plan: RunPlan, job: Job) -> int:
    """Track, write, print; returns the exit code.

    Raises
    ------
    BoxtrailError
        If the run cannot start or an output cannot be written.
    """
    written: list[Output] = []
    try:
        end, checked = _executed(session, plan, job)
        if job.overlay and job.overlay.exists():
            written.append(Output(job.overlay, "overlay video"))
        if job.recording and job.recording.path.exists():
            written.append(Output(job.recording.path, "recording"))
    finally:
        # Whatever ended the run: what was tracked is written; nothing tracked, nothing written.
        if _tracked(session, plan):
            written = [*(write_output(session, output) for output in job.outputs), *written]
    if not job.quiet and end.frames:
        print(summary(plan, end, session.store.current.track(plan.run.track_id)))
        for line in _members(session, plan):
            print(line)
        if end.reason is EndReason.UNSURE:
            print(f"  stopped: unsure from frame {end.doubtful_from} on")
        if checked:
            print(f"  {checked}")
        for output in written:
            print(f"  {output.path}  ({output.key})")
    return _conclude(end)


def _executed(session: Session, plan: RunPlan, job: Job) -> tuple[RunEnd, str]:
    """How the run ended, and what a check said in one line; with the video of its view."""
    checked = ""
    with overlay_view.recorded_for(job.view) as kept:
        end = _execute(session, plan, replace(job, recording=kept or job.recording))
        if job.check is not None and end.frames and end.error is None:
            checked = _check(session, plan, job, job.check)
        if job.view and job.overlay and kept and kept.path.exists():
            overlay_view.write_run(job.view, kept.path, session, job.overlay, quiet=job.quiet)
    return end, checked


def _members(session: Session, plan: RunPlan) -> list[str]:
    """One line per tracker of a consensus: how far it agreed with the others."""
    lines = []
    for proposal in session.store.current.proposals:
        apart = list(proposal.run.disagreement.values())
        if proposal.run.group == plan.run.id and apart:
            agreed = 1 - sum(apart) / len(apart)
            lines.append(f"  {proposal.run.tracker}: agreed {agreed:.2f} with the others")
    return lines


def _tracked(session: Session, plan: RunPlan) -> bool:
    return session.store.current.run(plan.run.id) is not None


def _execute(session: Session, plan: RunPlan, job: Job) -> RunEnd:
    control, buffer = Control(), plan.new_buffer()
    services = Services(devices.choose(job.device), weights=job.weights)
    line = ProgressLine(plan.total, shown=not job.quiet)

    def progress(item: FrameResult) -> None:
        line.update(len(buffer) - 1, _NOTES.get(item.result.state, ""))

    sinks = [progress]
    others = [opinion_of(job.second, plan.run, services)] if job.second else []
    watch = Watch(Watcher(calibration(plan.run.tracker), others), job.until)
    end: RunEnd | None = None
    began = time.perf_counter()
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(cancelling(control))
            if job.overlay and job.view is None:
                overlay = stack.enter_context(OverlayOutput(job.overlay, session, plan))
                sinks.append(overlay.take)
            recorder = None
            if job.recording:
                recorder = RecordingOutput(job.recording, session, plan, services)
                sinks.append(stack.enter_context(recorder).take)
            end, _ = session.execute(
                plan,
                control,
                sinks,
                services=services,
                buffer=buffer,
                want_maps=job.want_maps,
                watch=watch,
            )
            if recorder:
                recorder.ended(end)
    finally:
        line.clear()
        document = session.with_result(
            session.store.current,
            plan,
            buffer,
            seconds=time.perf_counter() - began,
            device=devices.describe(services.device),
            cut_from=_tail(end, job),
        )
        session.store.replace(document, Change("Track"))
    assert end is not None
    return end


def _check(session: Session, plan: RunPlan, job: Job, who: Checkers) -> str:
    control = Control()
    services = Services(devices.choose(job.device), weights=job.weights)
    with cancelling(control):
        line = "" if job.quiet else "checking"
        return check_and_store(session, plan, who, services, control, line)


def _tail(end: RunEnd | None, job: Job) -> int | None:
    unsure = end is not None and end.reason is EndReason.UNSURE
    return end.doubtful_from if end and unsure and job.until and job.until.cut_tail else None


@contextlib.contextmanager
def cancelling(control: Control) -> Iterator[None]:
    """Ctrl+C ends the run after the frame in work; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if control.cancelled:
            raise KeyboardInterrupt
        control.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def summary(plan: RunPlan, end: RunEnd, track: Track) -> str:
    """One line: how many frames, how fast, and where the tracker had doubts."""
    states = Counter(TargetState(int(v)) for v in track.columns.states)
    doubts = [f"{states[state]} {name}" for state, name in _NOTES.items() if states[state]]
    gaps = plan.total - end.frames if end.reason is EndReason.FINISHED else 0
    doubts += [f"{gaps} unreadable"] if gaps > 0 else []
    speed = f", {end.frames / end.seconds:.1f} frames/s" if end.seconds else ""
    return (
        f"{track.title}: {end.frames} frames from frame {plan.run.start} with {plan.run.tracker} "
        f"in {end.seconds:.1f} s{speed}" + (f" ({', '.join(doubts)})" if doubts else "")
    )


def _conclude(end: RunEnd) -> int:
    kept = f"The {end.frames} frames tracked so far are written."
    if not end.frames:
        kept = "Nothing was tracked, nothing is written."
    if end.error is not None:
        for line in (f"boxtrail: {end.error.message}", f"  {end.error.hint}", f"  {kept}"):
            print(line.rstrip(), file=sys.stderr)
        return EXIT_ERROR
    if end.reason is EndReason.CANCELLED:
        print(f"boxtrail: stopped. {kept}", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0
