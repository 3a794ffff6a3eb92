"""CCR as the paper has it: HOG, colour names and a network's features together."""

from __future__ import annotations

from core.trackers import registry
from core.trackers.base import Services
from core.trackers.ccr import report
from core.trackers.ccr.deep import Network
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.kinds import COLOUR, DEEP, HOG
from core.trackers.ccr.tracker import REFERENCE, CCRTracker


@registry.register(
    key="ccr-deep",
    title="CCR (HOG + colour names + CNN)",
    summary="CCR with a network's features beside gradients and colours, weighed anew in every "
    "stage.",
    params=CCRDeepParams,
    reference=REFERENCE,
    maps=report.declared((HOG, COLOUR, DEEP)),
    weights=("efficientnet-lite0",),
)
class CCRDeepTracker(CCRTracker):
    """Cascaded correlation refinement on shallow and deep features.

    Raises
    ------
    WeightsError
        If the weights of the chosen backbone are missing or damaged.
    """

    def __init__(self, params: CCRDeepParams, services: Services) -> None:
        super().__init__(params, services)
        self._network = Network(params, services)
