"""How a person wants all clips to be tracked; the dialog is generated from it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from core.params import param


def default_jobs() -> int:
    """Half of the machine: the window stays usable."""
    return max(1, (os.cpu_count() or 2) // 2)


@dataclass(frozen=True, slots=True)
class BatchWish:
    """See the module docstring."""

    until_unsure: bool = param(
        True, "End each run where the tracker becomes unsure, and keep the frames before."
    )
    two_way: bool = param(
        False, "Between two boxes of yours, track from both sides and fuse the boxes."
    )
    backward: bool = param(False, "Also from your first box back to the beginning.")
    again: bool = param(False, "Also what was tracked already with the same settings.")
    also_done: bool = param(False, "Also clips that are marked as done.")
    jobs: int = param(
        default_jobs(), "Clips at the same time, each with one thread.", bounds=(1, 64)
    )
