"""Where the time of an operation goes: a profile told by parts of the program.

Profiling makes everything slower by about a half, small functions more than painting: read
shares, not milliseconds. Times are processor time of the calling thread. Parts may lie
within one another; what a part does through others counts for both.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Mapping

Parts = Mapping[str, tuple[str, str]]
"""What to tell: a name for it, and the end of the file and the function that it is."""

FRAME_CHANGE: Parts = {
    "asking for the frame": ("controller/playback.py", "go"),
    "  timeline told": ("views/timeline.py", "set_playhead"),
    "  curves told": ("views/score_plot.py", "set_playhead"),
    "showing the frame": ("app/presenter.py", "show_frame"),
    "  boxes looked up": ("app/scene.py", "boxes"),
    "  path looked up": ("app/scene.py", "trail"),
    "  maps looked up": ("app/presenter.py", "_refresh_map"),
    "  numbers of the box": ("views/box_editor.py", "show_box"),
    "painting the canvas": ("views/canvas_view.py", "viewportEvent"),
    "  picture": ("views/frame_item.py", "paint"),
    "  boxes": ("views/box_item.py", "paint"),
    "  labels": ("views/box_chip.py", "paint"),
    "  path": ("views/trail_item.py", "paint"),
    "  maps": ("views/response_item.py", "paint"),
    "painting the timeline": ("views/timeline_canvas.py", "paintEvent"),
}

LAYERS: Parts = {
    "told": ("views/picture_view.py", "show_layers"),
    "painting a layer": ("views/response_item.py", "paint"),
    "  colours": ("views/response_item.py", "_colored"),
    "  lines": ("views/response_item.py", "_paint_contours"),
    "    made": ("views/layer_paint.py", "contour_lines"),
}


def told(work: Callable[[], object], repeats: int, parts: Parts) -> str:
    """Lines that say what share of `work` each part took."""
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    for _ in range(repeats):
        work()
    profile.disable()
    stats = pstats.Stats(profile)
    whole = max(stats.total_tt, 1e-9)  # pyright: ignore[reportAttributeAccessIssue]
    lines = [f"    {'profiled, per time':28s} {1000 * whole / repeats:7.2f} ms"]
    functions = stats.stats  # pyright: ignore[reportAttributeAccessIssue]
    for name, (file, function) in parts.items():
        taken = sum(
            cumulative
            for (path, _, called), (_, _, _, cumulative, _) in functions.items()
            if path.replace("\\", "/").endswith(file) and called == function
        )
        lines.append(f"    {name:28s} {1000 * taken / repeats:7.2f} ms  {taken / whole:5.0%}")
    return "\n".join(lines)
