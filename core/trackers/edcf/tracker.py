"""The EDCF tracker: init, update, correct (Wang et al., IJCAI 2019, Sec. 3.3).

Per frame: crops at three scales → a fine and a coarse feature map → the correlation
filter's response and the fixed template's, summed → the peak gives place and scale →
a filter is learned there against its surroundings and mixed in, the more the better the
template matches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from core import params as parameters
from core.errors import TrackerError
from core.geometry import Box, require_usable
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import Image, Services, TrackResult
from core.trackers.edcf import features, model, report
from core.trackers.edcf.model import Constants, State
from core.trackers.edcf.params import EDCFParams
from core.trackers.edcf.search import Find, scale_slope, search
from core.trackers.edcf.verdict import History, judge


@registry.register(
    key="edcf",
    title="EDCF (encoder-decoder correlation filter)",
    summary="A correlation filter on fine features that adapts and is held silent around the "
    "target, summed with a fixed template on coarse features. Works on ImageNet features.",
    params=EDCFParams,
    reference=registry.Reference(
        "Wang, Zhang, Xing, Gao, Hu, Maybank",
        "Do not Lose the Details: Reinforced Representation Learning for High Performance "
        "Visual Tracking",
        "International Joint Conference on Artificial Intelligence",
        2018,
    ),
    maps=report.MAPS,
    weights=("efficientnet-lite0",),
)
class EDCFTracker:
    """Encoder-decoder correlation filter.

    The score of a result is described at :func:`core.trackers.edcf.verdict.judge`.
    """

    def __init__(self, params: EDCFParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._extractor = features.build(params, services)
        self._constants = Constants.of(self._extractor, params)
        self._state: State | None = None

    @property
    def params(self) -> EDCFParams:
        """The parameters in force."""
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start on `box`: template, first filter, and how high they respond to themselves."""
        require_usable(box, image.shape[1], image.shape[0])
        with torch.inference_mode():
            place = (self._extractor, self._constants, image)
            state = model.started(*place, box, self._params)
            # Both branches, whichever decide now: that is tunable while running.
            own = replace(self._params, branches="both")
            find = search(*place, state, own, StepClock())
            if find is not None:
                state = replace(
                    state,
                    first_match=find.responses.match or 1.0,
                    history=self._first_history(find),
                    scale_slope=scale_slope(find.responses),
                )
            self._state = state
            return self._started_result(box)

    def update(self, image: Image) -> TrackResult:
        """Find the target, judge the find, learn from it."""
        state = self._started()
        clock = StepClock()
        with torch.inference_mode():
            find = search(self._extractor, self._constants, image, state, self._params, clock)
            if find is None:
                return TrackResult(
                    state.box,
                    0.0,
                    TargetState.LOST,
                    "The response is not a number: the picture or the model is damaged.",
                    timings=clock.seconds,
                )
            trusted = find.evidence.trusted(self._params)
            box = self._found_box(image, state, find, trusted=trusted)
            learned = self._learned(image, state, find, box, trusted=trusted)
            clock.lap("learning")
            self._state = replace(
                learned,
                box=box,
                history=state.history.after(find.evidence.quality.peak, trusted=trusted),
                frames=state.frames + 1,
            )
            return self._result(state, self._state, find, clock)

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box; see :class:`CorrectionPolicy`.

        A kept template keeps filter and coarse template; the box's own shape is taken,
        since both are seen through windows of the box's shape.
        """
        if policy is CorrectionPolicy.NEW_TEMPLATE or self._state is None:
            return self.init(image, box)
        require_usable(box, image.shape[1], image.shape[0])
        state = model.moved(self._state, box)
        state = replace(state, history=replace(state.history, failures=0))
        with torch.inference_mode():
            if policy is CorrectionPolicy.ADD_TEMPLATE:
                rate = self._params.correction_rate
                state = self._mixed(image, state, box, rate)
            self._state = state
            return self._started_result(box)

    def snapshot(self) -> object:
        """The state itself: frozen, its tensors are never written to."""
        return self._started()

    def restore(self, state: object) -> None:
        """Continue from a `snapshot`."""
        if not isinstance(state, State):
            raise TrackerError("This is not a state of EDCF.", "Restore what snapshot() returned.")
        self._state = state

    def tune(self, params: Any) -> None:
        """Take the live parameters of `params`; the others stay as the filter knows them."""
        live = {
            info.name: getattr(params, info.name)
            for info in parameters.describe(EDCFParams)
            if info.live
        }
        self._params = replace(self._params, **live)

    # --- steps of a frame -----------------------------------------------------------

    def _found_box(self, image: Image, state: State, find: Find, *, trusted: bool) -> Box:
        """The box at the find; a frame that is not trusted leaves the size alone."""
        x, y = find.place(self._extractor.crop)
        height, width = image.shape[:2]
        # A centre outside the frame could only drift away.
        x, y = min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
        if not trusted:
            return Box.from_center(x, y, state.box.w, state.box.h)
        first_w, first_h = state.first_size
        factor = (
            np.sqrt(state.box.area / (first_w * first_h)) * self._params.scale_step**find.exponent
        )
        factor = float(np.clip(factor, *state.size_bounds))
        return Box.from_center(x, y, first_w * factor, first_h * factor)

    def _learned(self, image: Image, state: State, find: Find, box: Box, *, trusted: bool) -> State:
        """The state with this frame's filter mixed in, where it is to be learned from."""
        params = self._params
        due = state.frames % params.update_every == 0
        if not trusted or not due or params.branches == "high":
            return replace(state, rate=0.0)
        alpha = model.rate(params, find.responses.match, state.first_match)
        return self._mixed(image, state, box, alpha)

    def _mixed(self, image: Image, state: State, box: Box, alpha: float) -> State:
        place = (self._extractor, self._constants, image, box)
        new = model.learn(*place, state.preparation, self._params)
        return replace(state, filter_hat=model.mixed(state.filter_hat, new, alpha), rate=alpha)

    def _first_history(self, find: Find) -> History:
        """The usual peak to begin with: what the deciding branches reach on their own frame."""
        branches = {"low": find.responses.low, "high": find.responses.high}
        shown = branches.get(self._params.branches)
        values = find.responses.fused if shown is None else shown
        return History(float(values[len(values) // 2].max()))

    # --- reporting ----------------------------------------------------------------

    def _result(self, before: State, after: State, find: Find, clock: StepClock) -> TrackResult:
        target, score, reason = judge(find.evidence, after.history, self._params)
        scalars = report.scalars(find, before, after, self._extractor, self._params)
        maps = report.maps(self.want_maps, find, after, self._extractor, self._constants)
        patches = report.patches(self.want_maps, find, after, self._extractor)
        clock.lap("maps")
        return TrackResult(after.box, score, target, reason, scalars, maps, patches, clock.seconds)

    def _started_result(self, box: Box) -> TrackResult:
        state = self._started()
        return TrackResult(
            box,
            1.0,
            TargetState.TRACKING,
            maps=report.maps(self.want_maps, None, state, self._extractor, self._constants),
            patches=report.patches(self.want_maps, None, state, self._extractor),
        )

    def _started(self) -> State:
        if self._state is None:
            raise TrackerError("The tracker has no target yet.", "Give it a box first.")
        return self._state
