"""Plans of runs: in one direction, from both sides, of several trackers together.

A plan is checked and complete before anything runs, so that everything that can be wrong is
said at once, and a run needs to look nothing up. Plans are made on the thread that owns the
document; what makes them up is in :mod:`core.engine.planning`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from core.document.document import Document, Run
from core.engine import planning
from core.engine.consensus import KEY as CONSENSUS
from core.engine.extent import TO_END, Extent
from core.engine.memory import TrackerMemory
from core.engine.plan import RunPlan
from core.engine.runner import Start
from core.states import CorrectionPolicy, RunKind
from core.video.source import VideoSource


class Planner:
    """Makes plans for one clip.

    Parameters
    ----------
    document
        Gives the document as it is now.
    memory
        Trackers that ran: what a plan may continue from.
    """

    def __init__(
        self, video: VideoSource, document: Callable[[], Document], memory: TrackerMemory
    ) -> None:
        self._video = video
        self._document = document
        self._memory = memory
        self._last_run_id = 0

    def one_way(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        stop: int | None = None,
        extent: Extent = TO_END,
        step: int = 1,
        params: Mapping[str, Any] | None = None,
        policy: CorrectionPolicy = CorrectionPolicy.NEW_TEMPLATE,
        resume: bool = False,
    ) -> RunPlan:
        """Check and describe a run of `tracker` from the box at `frame`.

        Parameters
        ----------
        stop
            First frame not to track (exclusive); None for what `extent` says
            in the direction of `step` (+1 or −1).
        resume
            With ``KEEP_TEMPLATE``: where the box is the tracker's own, go on as if it
            had never stopped, instead of correcting it.
        params
            Values that differ from the tracker's defaults.

        Raises
        ------
        BoxError
            If the track has no usable box on `frame`.
        ParamError, TrackerError
            For wrong parameters, an unknown tracker, a locked track, or when
            there is no frame to track.
        """
        document = self._document()
        track = document.track(track_id)
        box = planning.seed_box(track, frame, self._video)
        checked = planning.checked(tracker, params)
        stop, to_end = self._stop(track_id, frame, stop, extent, step)
        planning.require_correction(tracker, policy)
        template = planning.template(document, track_id, policy)
        if template is None and not self._memory.knows(track_id, tracker, checked):
            policy = CorrectionPolicy.NEW_TEMPLATE
        run = self.new_run(track_id, tracker, checked)
        return RunPlan(
            replace(run, start=frame, end=stop - step, policy=policy),
            Start(frame, box, policy, resume and policy is CorrectionPolicy.KEEP_TEMPLATE),
            stop,
            step,
            template,
            to_end,
        )

    def two_way(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        params: Mapping[str, Any] | None = None,
    ) -> RunPlan:
        """Check and describe a run from both of a person's boxes around `frame`.

        Raises
        ------
        TrackerError, BoxError, ParamError
            As :meth:`one_way`, and when `frame` does not lie between two boxes that a
            person entered or confirmed.
        """
        track = self._document().track(track_id)
        first, last = planning.ends_around(track, frame, self._video)
        checked = planning.checked(tracker, params)
        run = replace(
            self.new_run(track_id, tracker, checked),
            start=first.frame,
            end=last.frame,
            kind=RunKind.TWO_WAY,
        )
        return RunPlan(run, first, last.frame, 1, other=last)

    def consensus(
        self,
        track_id: int,
        frame: int,
        trackers: Sequence[str],
        *,
        params: Mapping[str, Mapping[str, Any]] | None = None,
        stop: int | None = None,
        extent: Extent = TO_END,
        step: int = 1,
    ) -> RunPlan:
        """Check and describe a run of several trackers from the box at `frame`.

        Parameters
        ----------
        trackers
            Two to five keys; the maps of the first one are preferred.
        params
            Values that differ from a tracker's defaults, by tracker.

        Raises
        ------
        BoxError, ParamError, TrackerError
            As :meth:`one_way`, and for trackers that are too few, too many or named twice.
        """
        stop, to_end = self._stop(track_id, frame, stop, extent, step)
        runs = [
            self.new_run(track_id, tracker, planning.checked(tracker, (params or {}).get(tracker)))
            for tracker in planning.members(trackers)
        ]
        whole = self.new_run(track_id, CONSENSUS, {"trackers": ",".join(trackers)})
        span = {"start": frame, "end": stop - step, "kind": RunKind.CONSENSUS, "group": whole.id}
        return RunPlan(
            replace(whole, **span),
            Start(frame, planning.seed_box(self._document().track(track_id), frame, self._video)),
            stop,
            step,
            to_end=to_end,
            members=tuple(replace(run, **span) for run in runs),
        )

    def new_run(self, track_id: int, tracker: str, params: Mapping[str, Any]) -> Run:
        """A run with an id of its own, for boxes that come from elsewhere."""
        # Two plans may be made before either's result is stored: ids must differ.
        self._last_run_id = max(self._document().next_run_id, self._last_run_id + 1)
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        params = MappingProxyType(dict(params))
        return Run(self._last_run_id, track_id, tracker, params, created=created)

    def _stop(
        self, track_id: int, frame: int, stop: int | None, extent: Extent, step: int
    ) -> tuple[int, bool]:
        """First frame not to track, and whether that is where the clip ends."""
        if stop is None:
            stop = extent.stop(self._document().track(track_id), frame, step)
        return planning.stop_within(self._video, frame, stop, step), stop is None
