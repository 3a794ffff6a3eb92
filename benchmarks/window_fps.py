"""How much of the headless speed is left when the same run happens in the window.

Tracks the same frames with `Session.execute` alone and then in the real window,
alternating, and prints both rates and their ratio, without and with the response
map shown. The ratio is the figure: absolute rates depend on the machine.

    python benchmarks/window_fps.py CLIP --box X,Y,W,H [--frames 300] [--tracker ccr]

Set QT_QPA_PLATFORM=offscreen to measure without a display.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("BOXTRAIL_HOME", tempfile.mkdtemp(prefix="boxtrail-bench-"))

import torch  # noqa: F401  (before Qt)
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.application import make_application
from app.main_window import MainWindow
from core import device, trackers
from core.document.track import Keyframe
from core.engine.control import Control
from core.geometry import Box
from core.session import Session


def headless(path: Path, box: Box, tracker: str, frames: int, maps: frozenset[str]) -> float:
    session = Session.of_video(path)
    document, track = session.store.current.with_new_track()
    from core.document.store import Change

    session.store.replace(document.with_track(track.with_keyframes([Keyframe(0, box)])), Change(""))
    plan = session.plan(track.id, 0, tracker, stop=frames + 1)
    end, _ = session.execute(plan, Control(), want_maps=maps)
    session.close()
    return end.frames / end.seconds


def in_window(
    window: MainWindow, path: Path, box: Box, tracker: str, frames: int, *, show_map: bool
) -> float:
    controller = window.controller
    _spin(lambda: controller.desk.state.trackers_ready)
    window.panels.tracker.set_key(tracker)
    window.panels.tracker.set_frames(frames)
    if controller.desk.state.overlay.visible != show_map:
        controller.overlay.toggle()
    window.open(path)
    _spin(lambda: controller.desk.state.has_clip and controller.playback.is_settled)
    controller.edits.drawn(box)
    rates: list[float] = []
    controller.runs.finished.connect(lambda end: rates.append(end.frames / end.seconds))
    window.actions_by_id["track_n"].trigger()
    _spin(lambda: rates, 600)
    controller.desk.stack.setClean()
    controller.project.close()
    return rates[0]


def _spin(condition, seconds: float = 60.0) -> None:
    """A real event loop (not a busy one) until the condition holds."""
    loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + seconds

    def look() -> None:
        if condition():
            loop.quit()
        elif time.monotonic() > end:
            raise TimeoutError("the window did not get there")

    timer.timeout.connect(look)
    timer.start(10)
    loop.exec()
    timer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--box", required=True, help="x,y,w,h on the first frame")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--tracker", default="ccr")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    box = Box(*map(float, args.box.split(",")))
    trackers.load_all()
    device.set_threads()
    app: QApplication = make_application(sys.argv[:1])
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    for show_map in (False, True):
        primary = trackers.registry.find(args.tracker).primary_map
        wanted = frozenset({primary}) if show_map else frozenset()
        alone, shown = [], []
        for _ in range(args.repeats):
            alone.append(headless(args.clip, box, args.tracker, args.frames, wanted))
            shown.append(
                in_window(window, args.clip, box, args.tracker, args.frames, show_map=show_map)
            )
        a, b = statistics.median(alone), statistics.median(shown)
        print(
            f"{'with map' if show_map else 'without map':12s} headless {a:6.1f} fps, "
            f"window {b:6.1f} fps, ratio {b / a:.2f} "
            f"(each: {', '.join(f'{y / x:.2f}' for x, y in zip(alone, shown, strict=True))})"
        )
    window.shut_down()
    app.processEvents()


if __name__ == "__main__":
    main()
