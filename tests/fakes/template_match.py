"""A small honest tracker for fast tests: normalised template matching around the last box.

Registered as ``template-match`` by importing this module. `delay` and `fail_at` let
tests set its speed and make it fail; everything else is what real trackers do too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from core.errors import TrackerError
from core.geometry import Box, Placement, require_usable
from core.params import param
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Image, MapInfo, ResponseMap, Services, TrackResult
from core.trackers.registry import Reference, register


@dataclass(frozen=True, slots=True)
class TemplateMatchParams:
    radius: int = param(12, "How far the target may move per frame.", bounds=(1, 200), unit="px")
    learning_rate: float = param(
        0.0, "Weight of the new picture in the template.", bounds=(0, 1), live=True
    )
    method: str = param("ccoeff", "Similarity.", choices=("ccoeff", "ccorr"))
    lost_below: float = param(0.3, "Score under which the target is lost.", bounds=(0, 1))
    delay: float = param(0.0, "Sleep per frame, to imitate a slow tracker.", unit="s")
    fail_at: int = param(-1, "Number of the update that fails; −1 for never.")


_METHODS = {"ccoeff": cv2.TM_CCOEFF_NORMED, "ccorr": cv2.TM_CCORR_NORMED}


@register(
    key="template-match",
    title="Template matching",
    summary="Test tracker.",
    params=TemplateMatchParams,
    reference=Reference("—", "Normalised cross-correlation", "—", 1995),
    maps=(
        MapInfo("response", "Response", "Correlation around the last position.", primary=True),
        MapInfo("template", "Template", "The template's grey values."),
    ),
)
class TemplateMatch:
    """See the module docstring."""

    def __init__(self, params: TemplateMatchParams, services: Services) -> None:
        self.params = params
        self.want_maps: frozenset[str] = frozenset()
        self._template: np.ndarray = np.zeros((1, 1, 3), np.float32)
        self._box = Box(0, 0, 1, 1)
        self._updates = 0

    def init(self, image: Image, box: Box) -> TrackResult:
        require_usable(box, image.shape[1], image.shape[0])
        self._box = box
        self._template = self._cut(image, box)
        return self._result(1.0, np.ones((1, 1), np.float32), box.x, box.y)

    def update(self, image: Image) -> TrackResult:
        time.sleep(self.params.delay)
        if self._updates == self.params.fail_at:
            raise TrackerError("The tracker gave up.", "Choose another one.")
        self._updates += 1
        r = self.params.radius
        h, w = self._template.shape[:2]
        x, y = round(self._box.x) - r, round(self._box.y) - r
        padded = cv2.copyMakeBorder(image, r + h, r + h, r + w, r + w, cv2.BORDER_REPLICATE)
        x = min(max(x, -r - w), image.shape[1] - r)
        y = min(max(y, -r - h), image.shape[0] - r)
        top, left = y + r + h, x + r + w
        window = padded[top : top + h + 2 * r, left : left + w + 2 * r].astype(np.float32)
        response = cv2.matchTemplate(window, self._template, _METHODS[self.params.method])
        response = np.nan_to_num(response, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
        row, col = np.unravel_index(int(response.argmax()), response.shape)
        score = float(np.clip(response[row, col], 0, 1))
        if score >= self.params.lost_below:
            self._box = Box(float(x + col), float(y + row), self._box.w, self._box.h)
            if self.params.learning_rate:
                rate = self.params.learning_rate
                self._template = (1 - rate) * self._template + rate * self._cut(image, self._box)
        return self._result(score, response, x, y)

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        if policy is CorrectionPolicy.NEW_TEMPLATE:
            return self.init(image, box)
        require_usable(box, image.shape[1], image.shape[0])
        h, w = self._template.shape[:2]
        if policy is CorrectionPolicy.ADD_TEMPLATE:
            new = cv2.resize(self._cut(image, box), (w, h))
            self._template = (self._template + new) / 2
        self._box = Box.from_center(box.cx, box.cy, self._box.w, self._box.h)
        return self._result(1.0, np.ones((1, 1), np.float32), box.x, box.y)

    def snapshot(self) -> object:
        return (self._template.copy(), self._box, self._updates)

    def restore(self, state: Any) -> None:
        template, self._box, self._updates = state
        self._template = template.copy()

    def tune(self, params: TemplateMatchParams) -> None:
        self.params = params

    def _cut(self, image: Image, box: Box) -> np.ndarray:
        h, w = max(round(box.h), 1), max(round(box.w), 1)
        patch = cv2.getRectSubPix(image, (w, h), (box.x + (w - 1) / 2, box.y + (h - 1) / 2))
        return patch.astype(np.float32)

    def _result(self, score: float, response: np.ndarray, x: float, y: float) -> TrackResult:
        maps = {}
        wanted = self.want_maps
        h, w = self._template.shape[:2]
        if wanted == ALL_MAPS or "response" in wanted:
            # Cell (row, col) says how well the template fits with its corner there.
            placement = Placement((1, 0, x + w / 2 - 0.5, 0, 1, y + h / 2 - 0.5))
            maps["response"] = ResponseMap(response, placement, value_range=(-1.0, 1.0))
        if wanted == ALL_MAPS or "template" in wanted:
            values = self._template.mean(axis=2).astype(np.float32)
            maps["template"] = ResponseMap(values, Placement.covering(self._box, values.shape))
        state = TargetState.TRACKING if score >= self.params.lost_below else TargetState.LOST
        reason = "" if state is TargetState.TRACKING else "the response is weak"
        return TrackResult(self._box, score, state, reason, {"peak": score}, maps)
