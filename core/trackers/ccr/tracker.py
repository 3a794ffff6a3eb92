"""The CCR tracker: init, update, correct (Ge et al., TNNLS 2020, Sec. III).

Per frame: one feature hierarchy → up to three stages, each correlating the model
with samples pooled at the place and scale the last stage found → a failure test on
the response → a filter learned at the final place, mixed into the model, after a
failure together with the first frame's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from core import params as parameters
from core.dsp.sampling import require_picture
from core.errors import TrackerError
from core.geometry import Box, require_usable
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import Image, Services, TrackResult
from core.trackers.ccr import cascade, features, model, report
from core.trackers.ccr import scale as scales
from core.trackers.ccr.deep import Network
from core.trackers.ccr.features import Hierarchy, Source
from core.trackers.ccr.kinds import COLOUR, HOG
from core.trackers.ccr.model import State
from core.trackers.ccr.params import CCRParams
from core.trackers.ccr.reliability import Quality, failed, low_peak, measure, verdict
from core.trackers.ccr.report import StageView

REFERENCE = registry.Reference(
    "Ge, Zhang, Li, Zeng, Tao",
    "Cascaded Correlation Refinement for Robust Deep Tracking",
    "IEEE Transactions on Neural Networks and Learning Systems",
    2020,
)


@dataclass(frozen=True, slots=True)
class Search:
    """What the cascade found in one frame."""

    hierarchy: Hierarchy
    center: model.Point
    scale: float
    views: list[StageView]


@registry.register(
    key="ccr",
    title="CCR (HOG + colour names)",
    summary="Correlation filters on gradients and colours, refined in up to three stages per "
    "frame. Needs no weights and runs in real time on a CPU.",
    params=CCRParams,
    reference=REFERENCE,
    maps=report.declared((HOG, COLOUR)),
)
class CCRTracker:
    """Cascaded correlation refinement on HOG and colour names.

    The score of a result is described at
    :func:`core.trackers.ccr.reliability.verdict`.
    """

    def __init__(self, params: CCRParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._device = services.device
        self._network: Network | None = None
        self._state: State | None = None

    @property
    def params(self) -> CCRParams:
        """The parameters in force."""
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start on `box`: sizes, masks and the first filters."""
        require_picture(image)
        require_usable(box, image.shape[1], image.shape[0])
        with torch.inference_mode():
            self._state, hierarchy = model.start(
                image, box, self._params, self._device, self._network
            )
            return self._started_result(hierarchy, box)

    def update(self, image: Image) -> TrackResult:
        """Find the target, judge the find, learn from it."""
        state = self._started()
        clock = StepClock()
        with torch.inference_mode():
            found = self._search(image, state, clock)
            if found is None:
                return TrackResult(
                    state.box,
                    0.0,
                    TargetState.LOST,
                    "The response is not a number: the picture or the model is damaged.",
                    timings=clock.seconds,
                )
            last = found.views[-1].result
            quality = measure(last.winner, last.peak, self._params.quality_exponent)
            clock.lap("quality")
            failure = failed(state.history, quality, self._params)
            found, sized = self._sized(state, found, quality)
            clock.lap("scale")
            residuals = report.new_residuals(self.want_maps)
            learned, slope = self._learned(image, state, found, residuals, failure=failure)
            clock.lap("solve")
            history = state.history
            if not (failure and self._params.history_exclude_failures):
                history = history.with_frame(quality)
            self._state = replace(
                state,
                center=found.center,
                scale=found.scale,
                model=learned,
                scale_slope=slope,
                scale_model=sized,
                history=history,
                failures=state.failures + 1 if failure else 0,
            )
            result = self._result(state, self._state, found, quality, clock)
            return report.with_residuals(result, residuals)

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box; see :class:`CorrectionPolicy`.

        A kept template takes the box's centre and area: its own shape stays, since
        the filters were learned in it.
        """
        if policy is CorrectionPolicy.NEW_TEMPLATE or self._state is None:
            return self.init(image, box)
        require_usable(box, image.shape[1], image.shape[0])
        state = self._state
        w, h = state.setting.size
        scale = float(np.clip(np.sqrt(box.w * box.h / (w * h)), *state.setting.scale_bounds))
        state = replace(
            state,
            center=(box.cx, box.cy),
            scale=scale,
            setting=replace(state.setting, size=(box.w / scale, box.h / scale)),
            failures=0,
        )
        with torch.inference_mode():
            hierarchy = self._hierarchy(image, state.setting, state.center, scale)
            if policy is CorrectionPolicy.ADD_TEMPLATE:
                state = model.taught(state, hierarchy, self._params)
            self._state = state
            return self._started_result(hierarchy, box)

    def snapshot(self) -> object:
        """The state itself: frozen, its tensors are never written to."""
        return self._started()

    def restore(self, state: object) -> None:
        """Continue from a `snapshot`."""
        if not isinstance(state, State):
            raise TrackerError("This is not a state of CCR.", "Restore what snapshot() returned.")
        self._state = state

    def tune(self, params: Any) -> None:
        """Take the live parameters of `params`; the others stay as the filters know them."""
        live = {
            info.name: getattr(params, info.name)
            for info in parameters.describe(type(self._params))
            if info.live
        }
        self._params = replace(self._params, **live)

    # --- search -------------------------------------------------------------------

    def _search(self, image: Image, state: State, clock: StepClock) -> Search | None:
        """The cascade of Sec. III-B; None when a response is not finite."""
        setting, layout = state.setting, state.setting.layout
        center, scale = state.center, state.scale
        hierarchy = self._hierarchy(image, setting, center, scale)
        clock.lap("features")
        powers = np.arange(self._params.scales) - self._params.scales // 2
        factors = self._params.scale_step ** powers.astype(np.float64)
        views: list[StageView] = []
        for _ in range(self._params.stages):
            if not hierarchy.covers(center, scale):
                hierarchy = self._hierarchy(image, setting, center, scale)
                clock.lap("features")
            result = self._stage(state, hierarchy, center, scale * factors, clock)
            if result is None:
                return None
            searched = scale * float(factors[result.scale_index])
            views.append(StageView(result, center, scale * factors))
            pixel = layout.zoom * searched
            dy, dx = result.shift
            center = _inside(image, center[0] + dx * pixel, center[1] + dy * pixel)
            scale = scale * self._params.scale_step ** self._scale_change(result)
            scale = float(np.clip(scale, *setting.scale_bounds))
            moved = max(abs(dy), abs(dx)) / setting.unified.step
            if moved < self._params.stage_stop and round(result.exponent) == 0:
                break
        return Search(hierarchy, center, scale, views)

    def _hierarchy(
        self, image: Image, setting: model.Setting, center: model.Point, scale: float
    ) -> Hierarchy:
        source = Source(self._device, self._network, setting.adapters)
        return features.build(image, setting.layout, center, scale, source)

    def _stage(
        self,
        state: State,
        hierarchy: Hierarchy,
        center: model.Point,
        scales: features.FloatArray,
        clock: StepClock,
    ) -> cascade.StageResult | None:
        setting = state.setting
        spectra = {}
        for grid in setting.layout.grids:
            taken = scales if grid.scaled else scales[[len(scales) // 2]]
            samples = hierarchy.pool(grid, center, taken)
            clock.lap("pooling")
            windowed = samples * setting.search_windows[grid.name]
            spectrum = cascade.correlate(torch.fft.rfft2(windowed), state.model[grid.name])
            spectra[grid.name] = spectrum.expand(len(scales), -1, -1)
            clock.lap("correlation")
        away = np.abs(np.arange(len(scales)) - len(scales) // 2)
        preference = self._params.scale_preference**away
        grids = setting.layout.grids
        result = cascade.search(
            spectra,
            grids,
            model.fusion(state, self._params),
            setting.unified,
            preference,
            state.scale_slope,
        )
        clock.lap("peak")
        return result

    def _scale_change(self, result: cascade.StageResult) -> float:
        """Steps of scale to take after a stage."""
        if not self._params.scale_refine:
            return round(result.exponent)
        # Growing and shrinking samples do not lose height alike, so the top of the
        # parabola is never quite at zero: small moves would add up to a slow drift.
        return 0.0 if abs(result.exponent) < self._params.scale_deadzone else result.exponent

    def _sized(
        self, state: State, found: Search, quality: Quality
    ) -> tuple[Search, scales.ScaleModel | None]:
        """The find with the size the scale filter says, and that filter after it.

        A frame that is not to be trusted leaves size and filter as they were: behind
        an occluder any size fits, and the box must be right when the target returns.
        """
        old, params = state.scale_model, self._params
        if old is None:
            return found, None
        sample = scales.spectrum(found.hierarchy, found.center, found.scale, params)
        told = scales.estimate(old, sample, params)
        low = low_peak(state.history, quality, params, params.scale_filter_trust)
        if low or not np.isfinite(told):
            return replace(found, scale=state.scale), old
        scale = float(np.clip(found.scale * told, *state.setting.scale_bounds))
        sample = scales.spectrum(found.hierarchy, found.center, scale, params)
        return replace(found, scale=scale), scales.learn(old, sample, params)

    # --- learning -----------------------------------------------------------------

    def _learned(
        self,
        image: Image,
        state: State,
        found: Search,
        residuals: model.Residuals | None,
        *,
        failure: bool,
    ) -> tuple[model.Model, float]:
        """The model after this frame, and its scale slope."""
        hierarchy = found.hierarchy
        if not hierarchy.covers(found.center, found.scale):
            hierarchy = self._hierarchy(image, state.setting, found.center, found.scale)
        place = (hierarchy, found.center, found.scale)
        samples = model.training_samples(state.setting, *place)
        learned = model.update(state, samples, self._params, failed=failure, residuals=residuals)
        slope = model.scale_slope(state.setting, *place, learned, state.norms, self._params)
        return learned, slope

    # --- reporting ----------------------------------------------------------------

    def _result(
        self, before: State, after: State, found: Search, quality: Quality, clock: StepClock
    ) -> TrackResult:
        target, score, reason = verdict(before.history, quality, after.failures, self._params)
        scalars = quality.scalars() | report.search_scalars(
            found.views, before, after, self._params
        )
        maps = report.maps(self.want_maps, found.views, after, found.hierarchy)
        patches = report.patches(self.want_maps, found.hierarchy, after)
        clock.lap("maps")
        return TrackResult(after.box, score, target, reason, scalars, maps, patches, clock.seconds)

    def _started_result(self, hierarchy: Hierarchy, box: Box) -> TrackResult:
        state = self._started()
        return TrackResult(
            box,
            1.0,
            TargetState.TRACKING,
            maps=report.maps(self.want_maps, [], state, hierarchy),
            patches=report.patches(self.want_maps, hierarchy, state),
        )

    def _started(self) -> State:
        if self._state is None:
            raise TrackerError("The tracker has no target yet.", "Give it a box first.")
        return self._state


def _inside(image: Image, x: float, y: float) -> tuple[float, float]:
    """The point moved into the frame: a centre outside could only drift away."""
    height, width = image.shape[:2]
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
