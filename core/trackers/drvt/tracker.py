"""The DRVT tracker: init, update, correct (Alg. 1 of the paper).

Per frame: crops at three sizes → the classifier's map of the middle one opens a mask,
the correlation filter's peak inside it is the place, the best of three the size, which
a regression over sizes then corrects → the frame is remembered as a lesson → every tenth
frame, or when something else looks like the target, the classifier is trained.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import params as parameters
from core.dsp import fourier
from core.dsp.sampling import require_picture
from core.errors import TrackerError
from core.geometry import Box, require_usable
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import Image, Services, TrackResult
from core.trackers.drvt import cf, fusion, layout, model, report
from core.trackers.drvt import head as heads
from core.trackers.drvt import scale as scales
from core.trackers.drvt.fusion import FACTORS, MIDDLE, FloatMap, Fused
from core.trackers.drvt.layout import Crop
from core.trackers.drvt.model import State
from core.trackers.drvt.params import DRVTParams
from core.trackers.drvt.reliability import Evidence, doubted, verdict
from core.trackers.drvt.report import View
from core.trackers.drvt.trunk import Trunk


@dataclass(frozen=True, slots=True)
class Search:
    """What both streams say of one frame.

    `crops` and `pictures` are at :data:`FACTORS`; `deep` is standardised and of the
    middle crop, `shallow` too; `fine` has all three; `loss` is that of the last training so far.
    """

    crops: list[Crop]
    pictures: list[Image]
    deep: Tensor
    shallow: Tensor
    fine: Tensor
    probability: FloatMap
    responses: FloatMap
    loss: float


@registry.register(
    key="drvt",
    title="DRVT (classifier + correlation filter)",
    summary="A convolutional classifier trained on the target while tracking finds it roughly; "
    "a correlation filter on finer features places it. Robust against look-alikes.",
    params=DRVTParams,
    reference=registry.Reference(
        "Li, Liu, Fan, Zhou, He, Jing",
        "Dual-Regression Model for Visual Tracking",
        "Neural Networks",
        2020,
    ),
    maps=report.MAPS,
    weights=("efficientnet-lite0",),
)
class DRVTTracker:
    """Dual-regression tracking.

    The score of a result is described at
    :func:`core.trackers.drvt.reliability.verdict`.
    """

    def __init__(self, params: DRVTParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._seed = services.seed
        self._trunk = Trunk(params, services)
        self._state: State | None = None

    @property
    def params(self) -> DRVTParams:
        """The parameters in force."""
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start on `box`: the first filters, and the classifier's first training."""
        require_picture(image)
        require_usable(box, image.shape[1], image.shape[0])
        with _ordinary_tensors():
            self._state = model.start(image, box, self._params, self._trunk, self._seed)
            return self._started_result(image, box)

    def update(self, image: Image) -> TrackResult:
        """Find the target, judge the find, learn from it."""
        require_picture(image)
        before, params = self._started(), self._params
        clock = StepClock()
        with _ordinary_tensors():
            search = self._search(image, before, clock)
            finite = np.isfinite(search.probability).all() and np.isfinite(search.responses).all()
            if not finite:
                return _damaged(before, clock)
            fused = fusion.fuse(
                search.probability,
                self._prior(before),
                search.responses,
                before.setting.coarse,
                fusion.displacement_grid(before.setting.shallow, before.setting.side),
                params,
            )
            evidence = _evidence(search, fused)
            state = self._moved(image, before, search, fused, evidence, clock)
            distractors = self._distractors(state, search)
            losses = report.new_losses(self.want_maps)
            if state.misses == 0:
                state = self._learned(
                    image, state, search, fused, evidence, distractors, losses, clock
                )
            self._state = state
            view = View(
                search.probability,
                search.responses,
                fused,
                search.crops,
                distractors,
                search.loss,
                search.shallow,
                self._trunk.shallow,
                losses,
            )
            return self._result(before, state, search, view, evidence, clock)

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box; see :class:`CorrectionPolicy`."""
        if policy is CorrectionPolicy.NEW_TEMPLATE or self._state is None:
            return self.init(image, box)
        require_picture(image)
        require_usable(box, image.shape[1], image.shape[0])
        state = self._state
        w, h = state.base
        scale = float(np.clip(np.sqrt(box.w * box.h / (w * h)), *state.setting.scale_bounds))
        state = replace(
            state,
            center=(box.cx, box.cy),
            scale=scale,
            base=(box.w / scale, box.h / scale),
            misses=0,
            window=1.0,
        )
        with _ordinary_tensors():
            if policy is CorrectionPolicy.ADD_TEMPLATE:
                state = model.learned_again(state, image, self._params, self._trunk)
            self._state = state
            return self._started_result(image, box)

    def snapshot(self) -> object:
        """The state itself: frozen, its tensors are never written to."""
        return self._started()

    def restore(self, state: object) -> None:
        """Continue from a `snapshot`."""
        if not isinstance(state, State):
            raise TrackerError("This is not a state of DRVT.", "Restore what snapshot() returned.")
        self._state = state

    def tune(self, params: Any) -> None:
        """Take the live parameters of `params`; the others stay as the state knows them."""
        live = {
            info.name: getattr(params, info.name)
            for info in parameters.describe(DRVTParams)
            if info.live
        }
        self._params = replace(self._params, **live)

    # --- search -------------------------------------------------------------------

    def _search(self, image: Image, state: State, clock: StepClock) -> Search:
        setting, trunk = state.setting, self._trunk
        crops = [
            model.crop_for(setting, self._params, state.center, state.size, factor * state.window)
            for factor in FACTORS
        ]
        pictures = [trunk.cut(image, crop.region) for crop in crops]
        batch = trunk.upload(pictures)
        clock.lap("crop")
        middle = trunk.everything(batch[MIDDLE : MIDDLE + 1])
        rest = trunk.detail(batch[:: len(FACTORS) - 1])
        shallow, fine = (
            torch.stack([sides[0], own[0], sides[1]])
            for sides, own in zip(rest, (middle.shallow, middle.fine), strict=True)
        )
        clock.lap("trunk")
        deep = model.standardised(setting, middle.deep)
        probability = heads.probability(heads.logits(state.head, deep))[0]
        clock.lap("fc")
        problem = setting.problem
        responses = cf.respond(problem, state.filter, cf.spectra(problem, shallow))
        # Everything the host decides on comes in one transfer.
        parts = [probability.flatten(), state.loss.view(1), responses.flatten()]
        packed = torch.cat(parts).cpu().numpy()
        count = probability.numel()
        clock.lap("cf")
        return Search(
            crops,
            pictures,
            deep[0],
            shallow[MIDDLE],
            fine,
            packed[:count].reshape(probability.shape),
            packed[count + 1 :].reshape(responses.shape),
            float(packed[count]),
        )

    def _prior(self, state: State) -> FloatMap:
        share = self._params.window_influence
        hann = fourier.hann(state.setting.coarse.cells).numpy()
        return (1 - share + share * hann).astype(np.float32)

    def _moved(
        self,
        image: Image,
        state: State,
        search: Search,
        fused: Fused,
        evidence: Evidence,
        clock: StepClock,
    ) -> State:
        """The state at the place and size that this frame says."""
        params, bounds = self._params, state.setting.scale_bounds
        crop = search.crops[fused.scale_index]
        miss = bool(doubted(evidence, params))
        state = replace(state, frame=state.frame + 1)
        if miss:
            misses = state.misses + 1
            window = state.window
            if misses >= params.lost_after:
                window = min(window * params.lost_growth, max(params.lost_window, 1.0))
            return replace(state, misses=misses, window=window)
        center = _inside(image, *crop.to_frame(*fused.place))
        scale = float(np.clip(state.scale * FACTORS[2] ** fused.exponent, *bounds))
        found = replace(state, center=center, scale=scale, misses=0, window=1.0)
        if fused.reliable and state.scale_model is not None:
            target = crop.box_in_crop(found.box)
            fine = search.fine[fused.scale_index]
            setting = state.setting
            sample = scales.sample(fine, setting.standard, setting.fine, target, params)
            told = scales.estimate(state.scale_model, sample, params)
            if np.isfinite(told):
                found = replace(found, scale=float(np.clip(scale * told, *bounds)))
        clock.lap("scale")
        return found

    def _distractors(self, state: State, search: Search) -> FloatMap:
        """Cells ``(n, n)``, 1 where something away from the target looks like it."""
        crop = search.crops[MIDDLE]
        inside = crop.box_in_crop(state.box)
        overlap = layout.overlaps(state.setting.coarse, inside, (inside.w, inside.h))
        away = overlap <= self._params.negative_overlap
        return (away & (search.probability > self._params.distractor_above)).astype(np.float32)

    # --- learning -----------------------------------------------------------------

    def _learned(
        self,
        image: Image,
        state: State,
        search: Search,
        fused: Fused,
        evidence: Evidence,
        distractors: FloatMap,
        losses: list[Tensor] | None,
        clock: StepClock,
    ) -> State:
        """The state after this frame was remembered, learned and perhaps trained on."""
        params, trunk = self._params, self._trunk
        if evidence.probability <= params.learn_above:
            return state
        state = replace(state, history=state.history.with_frame(evidence))
        state = model.remembered(state, search.deep, search.crops[MIDDLE], params)
        clock.lap("memory")
        if fused.reliable:
            crop = model.crop_for(state.setting, params, state.center, state.size)
            picture = trunk.upload([trunk.cut(image, crop.region)])
            clock.lap("crop")
            shallow, fine = trunk.detail(picture)
            clock.lap("trunk")
            state = model.adapted(state, shallow[0], fine[0], crop, params, params.cf_rate)
            clock.lap("cf")
        waited = state.frame - state.trained
        alarmed = bool(distractors.any()) and waited > params.cool_down
        if waited >= params.train_every or alarmed:
            session = model.course(params, params.online_iterations, params.online_rate)
            state = model.trained(state, session, losses)
            clock.lap("train")
        return state

    # --- reporting ----------------------------------------------------------------

    def _result(
        self,
        before: State,
        state: State,
        search: Search,
        view: View,
        evidence: Evidence,
        clock: StepClock,
    ) -> TrackResult:
        target, score, reason = verdict(before.history, evidence, state.misses, self._params)
        scalars = report.scalars(view, evidence, before, state, self._params)
        maps = report.maps(self.want_maps, view, state)
        patches = report.patches(self.want_maps, search.pictures[MIDDLE], search.crops[MIDDLE],
                                 state)  # fmt: skip
        clock.lap("maps")
        return TrackResult(state.box, score, target, reason, scalars, maps, patches, clock.seconds)

    def _started_result(self, image: Image, box: Box) -> TrackResult:
        state = self._started()
        patches = {}
        if self.want_maps:
            crop = model.crop_for(state.setting, self._params, state.center, state.size)
            picture = self._trunk.cut(image, crop.region)
            patches = report.patches(self.want_maps, picture, crop, state)
        return TrackResult(
            box,
            1.0,
            TargetState.TRACKING,
            maps=report.maps(self.want_maps, None, state),
            patches=patches,
        )

    def _started(self) -> State:
        if self._state is None:
            raise TrackerError("The tracker has no target yet.", "Give it a box first.")
        return self._state


@contextlib.contextmanager
def _ordinary_tensors() -> Iterator[None]:
    """No gradients, but tensors that training may use, even where a caller forbids it."""
    with torch.inference_mode(mode=False), torch.no_grad():
        yield


def _evidence(search: Search, fused: Fused) -> Evidence:
    inside = search.responses[fused.scale_index][fused.mask]
    peak = float(inside.max()) if inside.size else 0.0
    return Evidence(float(search.probability[fused.cell]), fused.quality.psr, peak, fused.agreement)


def _damaged(state: State, clock: StepClock) -> TrackResult:
    return TrackResult(
        state.box,
        0.0,
        TargetState.LOST,
        "The response is not a number: the picture or the model is damaged.",
        timings=clock.seconds,
    )


def _inside(image: Image, x: float, y: float) -> tuple[float, float]:
    """The point moved into the frame: a centre outside could only drift away."""
    height, width = image.shape[:2]
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
