"""Features as maps: the strength over all channels, and the channels that vary most.

For showing only, and made only when asked for. Channels that vary most over the search are
those that can tell places apart; which ones they are is told with the map (its quantity).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from core.geometry import Placement
from core.trackers.base import MapInfo, ResponseMap

SHOWN = 3
"""Channels that have a map of their own."""

_RIM = 8
"""The share of a side that is left out along the rim when channels are compared."""

Maker = Callable[[], ResponseMap]


def declared(prefix: str, title: str, *, feature: str = "", stage: int | None = None,
             absent: str = "") -> tuple[MapInfo, ...]:  # fmt: skip
    """The maps of one kind of features: ``PREFIX.energy`` and ``PREFIX.channel1`` onwards.

    `absent` says when a frame lacks them, if ever.
    """
    when = f" {absent}" if absent else ""
    whole = MapInfo(
        f"{prefix}.energy",
        f"{title}: strength",
        f"Root of the sum of squares over all channels.{when}",
        kind="feature",
        stage=stage,
        feature=feature,
    )
    return whole, *(
        MapInfo(
            f"{prefix}.channel{rank}",
            f"{title}: channel {rank}",
            f"Of all channels the one that varies {_RANKS[rank - 1]} over the search.{when}",
            kind="feature",
            stage=stage,
            feature=feature,
            channel=rank,
        )
        for rank in range(1, SHOWN + 1)
    )


_RANKS = ("most", "second most", "third most")


def makers(
    prefix: str, features: Callable[[], Tensor], place: Callable[[], Placement]
) -> dict[str, Maker]:
    """Makers of the maps of :func:`declared`; `features` gives ``(K, rows, cols)``."""

    def energy() -> ResponseMap:
        found = features().float()
        return _map(torch.linalg.vector_norm(found, dim=0), place(), "strength")

    def channel(rank: int) -> ResponseMap:
        found = features().float()
        # The rim of a padded network answers to the padding: it says nothing of the search.
        rows, cols = (side // _RIM for side in found.shape[1:])
        inner = found[:, rows : found.shape[1] - rows, cols : found.shape[2] - cols]
        spread = inner.flatten(1).var(dim=1).nan_to_num()
        index = int(spread.argsort(descending=True, stable=True)[min(rank, len(found)) - 1])
        return _map(found[index], place(), f"channel {index}")

    made: dict[str, Maker] = {f"{prefix}.energy": energy}
    for rank in range(1, SHOWN + 1):
        made[f"{prefix}.channel{rank}"] = lambda rank=rank: channel(rank)
    return made


def _map(values: Tensor, place: Placement, quantity: str) -> ResponseMap:
    array = torch.nan_to_num(values, 0.0, 0.0, 0.0).cpu().numpy()
    return ResponseMap(np.array(array, np.float32, order="C"), place, quantity)
