"""A stretch of a run once more, with other parameters.

A trial starts from a tracker state that was kept along the run (a checkpoint) when only
parameters changed that a running tracker takes; everything else is decided on a run's
first frame, so it starts there. The run's own changes of live parameters are repeated on
the same frames. With nothing changed a trial is the run again, bit for bit on the CPU.
Nothing of the run is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core import params as parameters
from core.engine.checkpoints import Checkpoint, Checkpoints
from core.engine.control import Control
from core.engine.runner import FrameResult, RunEnd, Sink, Start, Watch, run
from core.errors import TrackerError
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services
from core.video.source import VideoSource


@dataclass(frozen=True, slots=True)
class Tuned:
    """Values of live parameters in force from `frame` on."""

    frame: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Base:
    """The run that a trial repeats.

    `start` is how it began, `last` the last frame it may be repeated to. `states` are its
    checkpoints, where they are still known.
    """

    tracker: str
    params: Mapping[str, Any]
    start: Start
    last: int
    step: int = 1
    tunings: Sequence[Tuned] = ()
    states: Checkpoints | None = None

    @property
    def begins_anew(self) -> bool:
        """Whether it learnt the target on its first frame, so that it can be repeated from it."""
        return self.start.policy is CorrectionPolicy.NEW_TEMPLATE and not self.start.resumes


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: `tracker` with `params` up to and with frame `last`.

    `state` is the checkpoint it starts from; None: it starts where the run began.
    `changed` are the parameters that differ from the run's.
    """

    base: Base
    tracker: str
    params: Mapping[str, Any]
    last: int
    state: Checkpoint | None = None
    changed: tuple[str, ...] = field(default=())

    @property
    def first(self) -> int:
        """The frame it starts from."""
        return self.state.frame if self.state is not None else self.base.start.frame

    @property
    def total(self) -> int:
        """Frames to track, without the first one."""
        return abs(self.last - self.first)


def plan(
    base: Base,
    last: int,
    count: int,
    params: Mapping[str, Any] | None = None,
    tracker: str = "",
) -> Trial:
    """A trial of the `count` frames up to and with `last`, or of more where it must be.

    Parameters
    ----------
    params
        Values that differ from the tracker's defaults; None: those of the run.
    tracker
        Another one than the run's.

    Raises
    ------
    ParamError, TrackerError
        For wrong parameters, an unknown tracker, or where the run cannot be repeated.
    """
    spec, known = registry.find(tracker or base.tracker), registry.find(base.tracker)
    other = spec.key != known.key
    old = _checked(known.key, base.params)
    given = {} if params is None and other else base.params if params is None else params
    new = _checked(spec.key, given)
    changed = tuple(n for n in new if other or new[n] != old.get(n))
    step, begin = base.step, base.start.frame
    if (last - base.last) * step > 0:
        raise TrackerError(
            f"The run is not known beyond frame {base.last}.", "Go to a frame before that."
        )
    if (last - begin) * step <= 0:
        raise TrackerError(
            f"Frame {last} is where the run began, or before.", "Go to a frame that it tracked."
        )
    live = {info.name for info in parameters.describe(spec.params) if info.live}
    state = None
    if not other and set(changed) <= live and base.states is not None:
        wanted = last - step * max(count, 1)
        wanted = wanted if (wanted - begin) * step > 0 else begin
        state = base.states.at_or_before(wanted, step)
        if state is not None and ((state.frame - begin) * step < 0 or state.box is None):
            state = None
    if state is None and not base.begins_anew:
        raise TrackerError(
            f"The run went on from a correction on frame {begin}, and how it stood there is "
            "not known for these parameters.",
            "Track again from there with a new template, then try.",
        )
    return Trial(base, spec.key, new, last, state, changed)


def execute(
    trial: Trial,
    video: VideoSource,
    services: Services,
    control: Control,
    sinks: Sequence[Sink] = (),
    *,
    want_maps: frozenset[str] = frozenset(),
    watch: Watch | None = None,
    run_id: int = 0,
) -> RunEnd:
    """Run a trial on the calling thread; see :func:`core.engine.runner.run`.

    The first frame that sinks are given is the one it starts from.

    Raises
    ------
    BoxtrailError
        If the tracker cannot be built; errors on the way are in the returned `RunEnd`.
    """
    base, spec = trial.base, registry.find(trial.tracker)
    values = dict(trial.params)
    start = replace(base.start, policy=CorrectionPolicy.NEW_TEMPLATE, resumes=False)
    if trial.state is None:
        tracker = spec.create(values, services)
    else:
        # A state belongs to the parameters under which it was taken.
        tracker = spec.create(base.params, services)
        tracker.restore(trial.state.state)
        assert trial.state.box is not None
        start = Start(trial.state.frame, trial.state.box, resumes=True)
        tracker.tune(parameters.from_dict(spec.params, values))
    tracker.want_maps = want_maps
    repeated = _Repeated(trial, control)
    early = repeated.until(start.frame)
    if early:
        tracker.tune(parameters.with_values(tracker.params, early))
    frames = video.frames(start.frame, trial.last + base.step, base.step)
    return run(run_id, frames, tracker, start, control, (*sinks, repeated.after), watch)


class _Repeated:
    """The run's own changes of live parameters, but for those that are tried."""

    def __init__(self, trial: Trial, control: Control) -> None:
        self._step, self._control = trial.base.step, control
        same = trial.tracker == trial.base.tracker
        kept = (
            Tuned(t.frame, {n: v for n, v in t.values.items() if n not in trial.changed})
            for t in (trial.base.tunings if same else ())
        )
        self._left = [tuned for tuned in kept if tuned.values]

    def until(self, frame: int) -> dict[str, Any]:
        """The values in force on `frame`; they are taken off the list."""
        due = [t for t in self._left if (t.frame - frame) * self._step <= 0]
        self._left = [t for t in self._left if (t.frame - frame) * self._step > 0]
        return {name: value for tuned in due for name, value in tuned.values.items()}

    def after(self, item: FrameResult) -> None:
        """A sink: hand over what holds from the next frame on."""
        values = self.until(item.frame.index + self._step)
        if values:
            self._control.tune(values)


def _checked(tracker: str, values: Mapping[str, Any]) -> dict[str, Any]:
    spec = registry.find(tracker)
    return parameters.to_dict(parameters.from_dict(spec.params, values, where=tracker))
