"""CRACT: proposals of a Siamese RPN, refined, aligned and classified one after the other.

Fan, Ling: CRACT: Cascaded Regression-Align-Classification for Robust Visual Tracking.

Read `update` top to bottom: the crop about the last box → the RPN's best boxes (`_search`)
→ offsets by R → features of the moved boxes → identifier and discriminator (`_refine`) →
the box with the best final score (`_moved`) → samples for the discriminator and, from time
to time, its training (`_learned`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import params as parameters
from core.errors import TrackerError
from core.geometry import Box, require_usable
from core.nets import anchors
from core.nets.extent import SAME, Extent, difference
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import Image, Services, TrackResult
from core.trackers.cract import model, proposals, report
from core.trackers.cract import network as networks
from core.trackers.cract.model import Crop, State
from core.trackers.cract.network import Features
from core.trackers.cract.params import CractParams
from core.trackers.cract.report import Seen, Weighed


@registry.register(
    key="cract",
    title="CRACT (regression, alignment, classification)",
    summary="A Siamese network proposes boxes; each is refined, then judged by a fixed "
    "identifier and by a discriminator that learns the target while tracking.",
    params=CractParams,
    reference=registry.Reference(
        "Fan, Ling",
        "CRACT: Cascaded Regression-Align-Classification for Robust Visual Tracking",
        "IEEE/RSJ International Conference on Intelligent Robots and Systems",
        2021,
    ),
    maps=report.MAPS,
    weights=("cract",),
)
class CractTracker:
    """Cascaded regression, alignment and classification of proposals.

    The score of a result is described at :func:`core.trackers.cract.report.verdict`.

    Raises
    ------
    WeightsError
        If the network's weights are missing or damaged.
    """

    def __init__(self, params: CractParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._seed = services.seed
        self._network = networks.trained(
            params.backbone, services.weights, device=services.device, half=params.half
        )
        shapes = self._network.config.anchor_count
        self._window = proposals.window(self._network.cells, shapes).to(services.device)
        self._state: State | None = None

    @property
    def params(self) -> CractParams:
        """The parameters in force."""
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start on `box`: the template, and the discriminator's first training."""
        require_usable(box, image.shape[1], image.shape[0])
        with torch.inference_mode():
            state, crop = model.start(image, box, self._params, self._network, self._seed)
            self._state = replace(state, extent=self._extent(image, state))
        return self._given(crop, box)

    def update(self, image: Image) -> TrackResult:
        """Find the target, judge the find, learn from it."""
        state, clock = self._started(), StepClock()
        with torch.inference_mode():
            growth = model.search_growth(state.failures, self._params)
            side = self._network.config.search
            fill = state.setting.fill
            crop = model.cut(image, state.box, side, self._network, fill, growth)
            seen = self._search(state, crop, clock)
            if not seen.weighed.is_finite():
                return TrackResult(
                    state.box,
                    0.0,
                    TargetState.LOST,
                    "The scores are not numbers: the picture or the model is damaged.",
                    timings=clock.seconds,
                )
            failures = 0 if self._believed(seen.weighed) else state.failures + 1
            target, score, reason = report.verdict(seen.weighed, failures, self._params)
            moved = replace(state, failures=failures, believed=state.believed + (failures == 0))
            if target is not TargetState.LOST:
                moved = replace(moved, box=self._moved(image, state, seen))
            residuals = report.new_residuals(self.want_maps)
            self._state = self._learned(moved, seen, residuals)
            clock.lap("learning")
            maps = report.maps(self.want_maps, seen, state, self._network)
            patches = report.patches(self.want_maps, crop, state, self._network.stride)
            weighed = report.proposals(self.want_maps, seen)
            clock.lap("maps")
        scalars = report.scalars(seen.weighed, self._state, growth, residuals)
        return TrackResult(
            moved.box, score, target, reason, scalars, maps, patches, clock.seconds, weighed
        )

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box; see :class:`CorrectionPolicy`.

        An added template teaches the discriminator, which keeps its samples for good;
        the first frame's stays the one that proposals are compared with.
        """
        if policy is CorrectionPolicy.NEW_TEMPLATE or self._state is None:
            return self.init(image, box)
        require_usable(box, image.shape[1], image.shape[0])
        side, fill = self._network.config.search, self._state.setting.fill
        with torch.inference_mode():
            crop = model.cut(image, box, side, self._network, fill)
            setting = self._state.setting.admitting(box)
            state = replace(self._state, setting=setting, box=box, failures=0)
            if policy is CorrectionPolicy.ADD_TEMPLATE:
                found = model.features(crop, self._network)
                none = found.fused.new_zeros(0, found.fused.shape[1], networks.BINS, networks.BINS)
                new, rng = model.collected(state, found, crop, none, self._params, self._network)
                state = replace(state, memory=state.memory.with_pinned(new), rng=rng)
                state = model.trained(state, self._params, short=False)
            self._state = state
        return self._given(crop, box)

    def snapshot(self) -> object:
        """The state itself: frozen, its tensors are never written to."""
        return self._started()

    def restore(self, state: object) -> None:
        """Continue from a `snapshot`."""
        if not isinstance(state, State):
            raise TrackerError("This is not a state of CRACT.", "Restore what snapshot() returned.")
        self._state = state

    def tune(self, params: Any) -> None:
        """Take the live parameters of `params`; the others stay as the network knows them."""
        live = {
            info.name: getattr(params, info.name)
            for info in parameters.describe(CractParams)
            if info.live
        }
        self._params = replace(self._params, **live)

    # --- search -------------------------------------------------------------------

    def _extent(self, image: Image, state: State) -> Extent:
        """How the refined box on the first frame differs from the one that was drawn."""
        if not self._params.calibrate:
            return SAME
        side, fill = self._network.config.search, state.setting.fill
        crop = model.cut(image, state.box, side, self._network, fill)
        weighed = self._search(state, crop, StepClock()).weighed
        return (
            difference(crop.box(weighed.after[weighed.best]), state.box)
            if weighed.is_finite()
            else SAME
        )

    def _search(self, state: State, crop: Crop, clock: StepClock) -> Seen:
        """Features, proposals, refinement; one read of the device at the end."""
        network, params = self._network, self._params
        clock.lap("crop")
        found = model.features(crop, network)
        clock.lap("features")
        logits, offsets = network.propose(state.setting.template.kernels, found)
        size = state.extent.as_network(crop.size)
        coarse = proposals.coarse(
            logits[0], offsets[0], network.anchors, self._window, size, params
        )
        picked = proposals.pick(coarse, size, params)
        clock.lap("proposals")
        after, features, scores = self._refine(state, found, picked)
        clock.lap("refinement")
        columns = torch.stack([picked.coarse, picked.penalty, picked.valid, *scores], dim=1)
        packed = torch.cat([picked.boxes, after, columns], dim=1).flatten()
        host = torch.cat([packed, state.losses]).cpu().numpy().astype(np.float64)
        clock.lap("read")
        return Seen(crop, found, coarse, features, _unpacked(host))

    def _refine(
        self, state: State, found: Features, picked: proposals.Picked
    ) -> tuple[Tensor, Tensor, proposals.Judged]:
        """R, alignment, I and D: the boxes after, what they were judged on, their scores."""
        network, template = self._network, state.setting.template
        features = network.pool(found.fused, picked.boxes[None])
        after = anchors.decode(network.deltas(features, template.regressor), picked.boxes)
        if self._params.align:
            features = network.pool(found.fused, after[None])
        identity = network.identify(features, template.identifier)
        tau = state.judge.scores(state.judge.convolved(features))
        return after, features, proposals.judge(identity, tau, picked.coarse, self._params)

    def _believed(self, weighed: Weighed) -> bool:
        return bool(weighed.refined[weighed.best] >= self._params.success)

    def _moved(self, image: Image, state: State, seen: Seen) -> Box:
        """The chosen box in the frame: its centre as found, its size followed in part."""
        best, weighed = seen.weighed.best, seen.weighed
        found = state.extent.as_person(seen.crop.box(weighed.after[best]))
        share = float(weighed.penalty[best] * weighed.identity[best])
        rate = self._params.size_rate * min(share, 1.0)
        old = np.array([state.box.w, state.box.h])
        new = np.array([found.w, found.h])
        size = np.clip(old + rate * (new - old), state.setting.low, state.setting.high)
        height, width = image.shape[:2]
        x, y = np.clip((found.cx, found.cy), 0.0, (width, height))
        return Box.from_center(float(x), float(y), float(size[0]), float(size[1]))

    # --- learning -----------------------------------------------------------------

    def _learned(self, state: State, seen: Seen, residuals: list[float] | None) -> State:
        """Long-term update every K believed frames, short-term update on a failure."""
        if state.failures:
            # Once per loss: the samples do not change while nothing is believed.
            if state.failures > 1:
                return state
            return model.trained(state, self._params, short=True, residuals=residuals)
        if state.believed % self._params.update_every:
            return state
        rivals = seen.judged[np.flatnonzero(report.apart(seen.weighed)).tolist()]
        new, rng = model.collected(
            state, seen.features, seen.crop, rivals, self._params, self._network
        )
        memory = state.memory.with_recent(new, self._params)
        state = replace(state, memory=memory, rng=rng)
        return model.trained(state, self._params, short=False, residuals=residuals)

    def _given(self, crop: Crop, box: Box) -> TrackResult:
        """The result for a frame whose box a person gave."""
        patches = report.patches(self.want_maps, crop, self._started(), self._network.stride)
        return TrackResult(box, 1.0, TargetState.TRACKING, patches=patches)

    def _started(self) -> State:
        if self._state is None:
            raise TrackerError("The tracker has no target yet.", "Give it a box first.")
        return self._state


def _unpacked(host: np.ndarray) -> Weighed:
    rows, losses = host[:-2].reshape(-1, 15), host[-2:]
    coarse, penalty, valid, identity, tau, refined, final = rows[:, 8:].T
    return Weighed(
        rows[:, :4], rows[:, 4:8], coarse, penalty, identity, tau, refined, final, valid, losses
    )
