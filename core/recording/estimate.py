"""How large a recording will be, before there is one.

Measured on recordings of the trackers of this program on real clips: bytes a cell after
packing, and bytes a frame for everything but maps. Good to a factor of two; once frames
are written, their true size tells better.
"""

from __future__ import annotations

from core.recording.coding import Precision

_CELL = {Precision.COMPACT: 0.4, Precision.FINE: 1.6, Precision.EXACT: 3.5}
_CELLS = 48 * 48
_FRAME = 260.0
_PATCHES = 60_000.0
_PROPOSALS = 900.0
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size(
    frames: int, maps: int, precision: Precision, *, patches: bool = False, proposals: bool = False
) -> int:
    """Bytes of a recording of `frames` frames with `maps` maps each."""
    each = _FRAME + maps * _CELLS * _CELL[precision]
    each += (_PATCHES if patches else 0.0) + (_PROPOSALS if proposals else 0.0)
    return round(frames * each)


def shown(count: float) -> str:
    """A number of bytes for people, in decimal units."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 0 if unit == 0 or count >= 10 else 1
    return f"{count:.{digits}f} {_UNITS[unit]}"
