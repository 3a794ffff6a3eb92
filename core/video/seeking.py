"""Whether jumping in a file is slow, from what its frame table knows.

To show a frame, everything from the full picture (key frame) before it must be decoded;
in a file that cannot be jumped in, everything from the start. The worst jump is thus the
longest distance between full pictures, and its time is about that distance times the time
of one picture. Decoding was measured at about 600 million pixels a second with the two
threads used here, plus 0.1 ms a picture: 290 pictures of 1920 × 1080 take a second. A worst
jump beyond that second counts as slow: x264's usual 250 pictures pass in full HD and not
in 4K, where they do take several seconds. The estimate needs no clock, so that the same
file is judged alike on every machine and every day.
"""

from __future__ import annotations

from core.video.source import Access, VideoInfo, VideoSource

LIMIT_SECONDS = 1.0
"""A worst jump that takes longer is slow: a person who steps back waits for it."""

_PIXELS_PER_SECOND = 600e6
_PICTURE_SECONDS = 1e-4


def worst_jump(info: VideoInfo) -> float:
    """About how long the slowest jump takes, seconds; 0 for numbered pictures."""
    per_picture = info.width * info.height / _PIXELS_PER_SECOND + _PICTURE_SECONDS
    return info.run_in * per_picture


def seeks_badly(video: VideoSource) -> bool:
    """Whether jumps are slow; False as long as the clip is being checked."""
    return video.access is not Access.CHECKING and worst_jump(video.info) > LIMIT_SECONDS


def why(video: VideoSource) -> str:
    """One sentence for the user: why stepping back is slow in this file."""
    if video.access is Access.SEQUENTIAL:
        return "Stepping back is slow in this file: it can only be read from its start."
    return (
        f"Stepping back is slow in this file: up to {video.info.run_in} frames lie between "
        "full pictures."
    )
