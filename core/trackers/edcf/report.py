"""What EDCF shows of itself: maps with their place in the frame, patches, scalars.

Half cells: in a response the middle cell is zero displacement, so its *centre* lies on
the centre of the search; the filter and the context mask are windows, whose *middle*
lies on the centre of the target. Width and height of a cell follow the box's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.geometry import Box, Placement
from core.trackers import channels
from core.trackers.base import ALL_MAPS, MapArray, MapInfo, Patch, ResponseMap
from core.trackers.edcf import filter as filters
from core.trackers.edcf import model
from core.trackers.edcf.features import Extractor
from core.trackers.edcf.model import Constants, State
from core.trackers.edcf.network import PADDING, Encoder
from core.trackers.edcf.params import EDCFParams
from core.trackers.edcf.search import Find
from core.trackers.kernels import kernel_patch

_SCALES = {"smaller": -1, "same": 0, "larger": 1}
_BRANCHES = {"fused": "", "low": "fine", "high": "coarse"}


def _scale_maps(name: str) -> tuple[MapInfo, ...]:
    return tuple(
        MapInfo(
            f"{name}.{key}",
            f"{title}, {name} scale",
            doc,
            branch=_BRANCHES[key],
            scale=_SCALES[name] + 2,
        )
        for key, title, doc in (
            ("fused", "Fused response", "The sum at this scale, before the penalty on scales."),
            ("low", "Fine response", "The correlation filter at this scale."),
            ("high", "Coarse response", "The template at this scale, on its own cells."),
        )
    )


MAPS: tuple[MapInfo, ...] = (
    MapInfo(
        "fused",
        "Fused response",
        "Sum of both branches at the winning scale: its peak is the target.",
        primary=True,
    ),
    MapInfo(
        "low",
        "Fine response",
        "The correlation filter on fine features, winning scale.",
        branch="fine",
    ),
    MapInfo(
        "high",
        "Coarse response",
        "The first frame's template on coarse features, on its own cells.",
        branch="coarse",
    ),
    *(info for name in _SCALES for info in _scale_maps(name)),
    MapInfo(
        "filter",
        "Filter",
        "Where the correlation filter looks: its strength over all channels.",
        kind="filter",
    ),
    *channels.declared("features", "Fine features", feature="fine"),
    MapInfo(
        "context",
        "Context",
        "The four surrounding windows in which the filter is asked to be silent.",
        kind="mask",
    ),
)


def response_placement(
    box: Box, factor: float, extractor: Extractor, *, coarse: bool = False
) -> Placement:
    """Where a response searched around `box` at scale `factor` lies in the frame.

    The fine cells, which low and fused responses have, or the `coarse` ones.
    """
    alignment = extractor.alignment
    n = 2 * alignment.reach + 1 if coarse else extractor.cells
    stride = extractor.low.stride * (alignment.ratio if coarse else 1)
    unit = PADDING * factor * stride / extractor.crop
    w, h = unit * box.w, unit * box.h
    reach = n // 2 + 0.5
    region = Box(box.cx - reach * w, box.cy - reach * h, n * w, n * h)
    return Placement.covering(region, (n, n))


def window_placement(box: Box, cells: int, extractor: Extractor) -> Placement:
    """Where a window of `cells` low cells about the target lies in the frame."""
    unit = PADDING * extractor.low.stride * cells / extractor.crop
    region = Box.from_center(box.cx, box.cy, unit * box.w, unit * box.h)
    return Placement.covering(region, (cells, cells))


def maps(
    wanted: frozenset[str],
    find: Find | None,
    state: State,
    extractor: Extractor,
    constants: Constants,
) -> dict[str, ResponseMap]:
    """The wanted ones of :data:`MAPS` that exist in this frame."""
    if not wanted:
        return {}
    everything = wanted >= ALL_MAPS
    makers = _response_makers(find, extractor) if find else {}
    makers["filter"] = lambda: _filter(state, extractor)
    makers["context"] = lambda: _context(state, extractor, constants)
    return {key: make() for key, make in makers.items() if everything or key in wanted}


def _response_makers(find: Find, extractor: Extractor) -> dict[str, Callable[[], ResponseMap]]:
    makers: dict[str, Callable[[], ResponseMap]] = {}

    def maker(key: str, values: MapArray, index: int) -> Callable[[], ResponseMap]:
        coarse = key == "high"

        def make() -> ResponseMap:
            place = response_placement(
                find.center, float(find.factors[index]), extractor, coarse=coarse
            )
            if coarse:
                return ResponseMap(extractor.alignment.own_cells(values[index]), place)
            return ResponseMap(values[index].copy(), place)

        return make

    responses = find.responses
    named = {"fused": responses.fused, "low": responses.low, "high": responses.high}
    middle = len(find.factors) // 2
    for key, values in named.items():
        if values is None:
            continue
        makers[key] = maker(key, values, find.winner)
        for name, step in _SCALES.items():
            if 0 <= middle + step < len(find.factors):
                makers[f"{name}.{key}"] = maker(key, values, middle + step)
    unit = PADDING * find.factor / extractor.crop
    x, y = extractor.low.lean
    place = response_placement(find.center, find.factor, extractor).moved(
        x * unit * find.center.w, y * unit * find.center.h
    )
    return makers | channels.makers("features", lambda: find.features()[find.winner], lambda: place)


def _filter(state: State, extractor: Extractor) -> ResponseMap:
    values = filters.support(state.filter_hat, extractor.cells).cpu().numpy()
    place = window_placement(state.box, extractor.cells, extractor)
    return ResponseMap(np.asarray(values, np.float32), place, "filter strength")


def _context(state: State, extractor: Extractor, constants: Constants) -> ResponseMap:
    windows = extractor.windows
    side = windows.cells + 2 * windows.shift
    values = np.zeros((side, side), np.float32)
    shape = constants.window.cpu().numpy()
    for dy, dx in windows.offsets():
        row, col = windows.shift + dy, windows.shift + dx
        values[row : row + windows.cells, col : col + windows.cells] += shape
    place = window_placement(state.box, side, extractor)
    return ResponseMap(values, place, "context weight", (0.0, float(values.max())))


def patches(
    wanted: frozenset[str], find: Find | None, state: State, extractor: Extractor
) -> dict[str, Patch]:
    """Template, search picture (the largest scale), and its reconstruction where possible."""
    if not (wanted >= ALL_MAPS or "patches" in wanted):
        return {}
    crop = extractor.crop
    inner = round(crop / PADDING)
    first = (crop - inner) // 2
    target = np.ascontiguousarray(state.template[first : first + inner, first : first + inner])
    taps = torch.fft.irfft2(state.filter_hat.conj(), s=(extractor.cells, extractor.cells))
    shown = {
        "template": Patch(target, Placement.covering(state.box, (inner, inner)), "template"),
        "kernels": kernel_patch(taps, window_placement(state.box, extractor.cells, extractor)),
    }
    if find is None:
        return shown
    region = model.window_box(find.center, float(find.factors[-1]))
    place = Placement.covering(region, (crop, crop))
    shown["search"] = Patch(find.pictures[-1].copy(), place, "search")
    if extractor.decoder is not None and isinstance(extractor.net, Encoder):
        with torch.inference_mode():
            _, high = extractor.maps(extractor.pictures(find.pictures[-1:]))
            made = extractor.decoder.picture(high, extractor.net)[0]
        shown["reconstruction"] = Patch(made.cpu().numpy(), place, "search")
    return shown


def scalars(
    find: Find, before: State, after: State, extractor: Extractor, params: EDCFParams
) -> dict[str, float]:
    """Diagnostics: heights, rate, displacement in frame pixels, context distances."""
    x, y = find.place(extractor.crop)
    unit = PADDING * extractor.windows.shift * extractor.low.stride / extractor.crop
    values = find.evidence.quality.scalars() | {
        "share": find.evidence.share,
        "agreement": find.evidence.agreement,
        "usual_peak": before.history.usual,
        "learning_rate": after.rate,
        "scale_index": float(find.winner),
        "scale": float(np.sqrt(after.box.area / (after.first_size[0] * after.first_size[1]))),
        "shift": float(np.hypot(x - before.box.cx, y - before.box.cy)),
    }
    for name, branch in (("low_peak", find.responses.low), ("high_peak", find.responses.high)):
        if branch is not None:
            values[name] = float(branch[find.winner].max())
    if find.responses.match is not None:
        values["match"] = find.responses.match
        values["match_ratio"] = find.responses.match / max(before.first_match, 1e-6)
    if params.lam2 > 0:
        values["context_dx"] = unit * after.box.w
        values["context_dy"] = unit * after.box.h
    return values
