"""The C-RPN tracker: init, update, correct (Fan & Ling, CVPR 2019, Sec. 3.5).

Once per target: the template → kernels of all stages. Per frame: one crop around the
last box → features → the cascade of RPNs → SiamRPN's choice among the anchors that are
left → the box. The network is not changed while tracking.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from core import params as parameters
from core.dsp.sampling import cut, require_picture
from core.errors import TrackerError
from core.geometry import Box, require_usable
from core.nets.extent import SAME, Extent, difference
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import Image, Patch, Services, TrackResult
from core.trackers.crpn import evidence, geometry, loading, model, report, selection
from core.trackers.crpn.evidence import Find
from core.trackers.crpn.model import State
from core.trackers.crpn.network import Kernels
from core.trackers.crpn.params import CRPNParams


@dataclass(frozen=True, slots=True)
class Search:
    """One frame's search: the crop with its place, what was found, on device and host."""

    picture: Image
    region: Box
    find: Find
    view: report.View


@registry.register(
    key="crpn",
    title="C-RPN (cascaded region proposals)",
    summary="A Siamese network proposes boxes in three stages, each seeing finer features and "
    "fewer candidates. Follows changes of shape; learned offline, so it needs its weights.",
    params=CRPNParams,
    reference=registry.Reference(
        "Fan, Ling",
        "Siamese Cascaded Region Proposal Networks for Real-Time Visual Tracking",
        "IEEE Conference on Computer Vision and Pattern Recognition",
        2019,
    ),
    maps=report.MAPS,
    weights=("crpn",),
)
class CRPNTracker:
    """Siamese cascaded region proposal network.

    The score of a result is described at :attr:`core.trackers.crpn.evidence.Find.score`.

    Raises
    ------
    WeightsError
        If the network's weights are missing or of another network.
    """

    def __init__(self, params: CRPNParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._device = services.device
        self._network = loading.load(params.backbone, services, half=params.half)
        self._state: State | None = None

    @property
    def params(self) -> CRPNParams:
        """The parameters in force."""
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start on `box`: the template's kernels, and the colour beyond the border."""
        require_picture(image)
        require_usable(box, image.shape[1], image.shape[0])
        colour = geometry.mean_colour(image)
        with torch.inference_mode():
            kernels, template = self._template(image, box, colour)
        center, size = (box.cx, box.cy), (box.w, box.h)
        bounds = model.side_bounds(image, box)
        state = State(center, size, kernels, template, colour, bounds)
        self._state = replace(state, extent=self._extent(image, state))
        return self._given(image, self._state)

    def update(self, image: Image) -> TrackResult:
        """Find the target in the next frame."""
        state = self._started()
        require_picture(image)
        clock = StepClock()
        with torch.inference_mode():
            search = self._search(image, state, clock)
            find = search.find
            if not find.finite:
                return TrackResult(
                    state.box,
                    0.0,
                    TargetState.LOST,
                    "The response is not a number: the picture or the model is damaged.",
                    timings=clock.seconds,
                )
            missed = evidence.missed_frames(state.missed, find, self._params)
            target, reason = evidence.verdict(missed, find, self._params)
            moved = replace(state, missed=missed)
            # A box that is not believed must not carry the search away.
            if target is not TargetState.LOST and find.any_kept:
                moved = self._moved(image, moved, find)
            self._state = moved
            clock.lap("choice")
            result = TrackResult(
                moved.box,
                find.score,
                target,
                reason,
                find.scalars(),
                search.view.maps(self.want_maps),
                self._patches(state, search.picture, search.region),
                clock.seconds,
                search.view.proposals(self.want_maps, self._params.top),
            )
            clock.lap("maps")
            return result

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box; see :class:`CorrectionPolicy`.

        An added template is mixed with the present one, kernel by kernel.
        """
        if policy is CorrectionPolicy.NEW_TEMPLATE or self._state is None:
            return self.init(image, box)
        require_picture(image)
        require_usable(box, image.shape[1], image.shape[0])
        state = self._state.at(box)
        if policy is CorrectionPolicy.ADD_TEMPLATE:
            with torch.inference_mode():
                kernels, template = self._template(image, box, state.colour)
                kernels = model.mixed(state.kernels, kernels, self._params.correction_rate)
            state = replace(state, kernels=kernels, template=template)
        self._state = state
        return self._given(image, state)

    def snapshot(self) -> object:
        """The state itself: frozen, its tensors are never written to."""
        return self._started()

    def restore(self, state: object) -> None:
        """Continue from a `snapshot`."""
        if not isinstance(state, State):
            raise TrackerError("This is not a state of C-RPN.", "Restore what snapshot() returned.")
        self._state = state

    def tune(self, params: Any) -> None:
        """Take the live parameters of `params`; the others stay as the network was built."""
        live = {
            info.name: getattr(params, info.name)
            for info in parameters.describe(CRPNParams)
            if info.live
        }
        self._params = replace(self._params, **live)

    # --- template -----------------------------------------------------------------

    def _template(
        self, image: Image, box: Box, colour: tuple[float, float, float]
    ) -> tuple[Kernels, Any]:
        side = self._network.config.template_size
        pixel = geometry.pixel_size(box.w, box.h)
        region = geometry.region(box.cx, box.cy, pixel, side)
        picture = cut(image, region, side, colour)
        kernels = self._network.kernels(torch.from_numpy(picture))
        return kernels, model.patch(picture, region)

    def _extent(self, image: Image, state: State) -> Extent:
        """How the network's box on the first frame differs from the one that was drawn."""
        if not self._params.calibrate:
            return SAME
        with torch.inference_mode():
            find = self._search(image, state, StepClock()).find
        return difference(model.in_frame(find.box, state), state.box) if find.finite else SAME

    # --- search -------------------------------------------------------------------

    def _search(self, image: Image, state: State, clock: StepClock) -> Search:
        params, network = self._params, self._network
        stages = min(params.stages, network.config.stages)
        side = self._search_side(state)
        region = geometry.region(*state.center, state.pixel, side)
        picture = cut(image, region, side, state.colour)
        clock.lap("crop")
        features = network.features(torch.from_numpy(picture), stages)
        clock.lap("features")
        outputs = network.cascade(state.kernels, features, stages)
        clock.lap("cascade")
        size = (state.size[0] / state.pixel, state.size[1] / state.pixel)
        grid = geometry.map_grid(network.config, network.cascade.levels[0], side)
        anchors = geometry.first_anchors(network.config, grid, size, self._device)
        found = selection.cascade(outputs, anchors, params.theta)
        ranking = selection.rank(found, grid, state.extent.as_network(size), params)
        row = selection.packed(found, ranking, network.config.temperature)
        find = Find.read(row.tolist())
        clock.lap("choice")
        view = report.View(
            found,
            ranking,
            grid,
            state.center,
            state.pixel,
            state.extent,
            network.cascade.levels,
            lambda: network.cascade.fused(features, stages),
        )
        return Search(picture, region, find, view)

    def _search_side(self, state: State) -> int:
        """Side of the search picture: larger while the target is lost."""
        params = self._params
        lost = state.missed >= params.lost_after
        extra = params.search_extra + (params.lost_extra if lost else 0)
        return self._network.config.search_size + extra * self._network.cascade.levels[0].stride

    def _moved(self, image: Image, state: State, find: Find) -> State:
        """The state on the box that was found; its size follows only in part."""
        height, width = image.shape[:2]
        found = state.extent.as_person(model.in_frame(find.box, state))
        rate = find.penalty * find.probability * self._params.size_rate
        low, high = state.bounds
        size = tuple(
            min(max(old + rate * (new - old), low), high)
            for old, new in zip(state.size, (found.w, found.h), strict=True)
        )
        cx = min(max(found.cx, 0.0), float(width))
        cy = min(max(found.cy, 0.0), float(height))
        return replace(state, center=(cx, cy), size=(size[0], size[1]))

    # --- reporting ----------------------------------------------------------------

    def _given(self, image: Image, state: State) -> TrackResult:
        """The result for a box that was given, with pictures but no response."""
        shown: dict[str, Any] = {}
        if self.want_maps:
            side = self._search_side(state)
            region = geometry.region(*state.center, state.pixel, side)
            picture = cut(image, region, side, state.colour)
            shown = self._patches(state, picture, region)
        return TrackResult(state.box, 1.0, TargetState.TRACKING, patches=shown)

    def _patches(self, state: State, picture: Image, region: Box) -> dict[str, Patch]:
        stride = self._network.cascade.levels[0].stride
        place = (picture, region)
        return report.patches(self.want_maps, state.template, place, state.kernels, stride)

    def _started(self) -> State:
        if self._state is None:
            raise TrackerError("The tracker has no target yet.", "Give it a box first.")
        return self._state
