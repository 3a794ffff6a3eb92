"""``boxtrail --selftest``: whether everything the program needs is there and works.

Does a short version of the whole job in a real window that nobody sees: open the
demo clip, track and record ten frames with CCR on the CPU, paint, export; then check the weights
that come along and start a tracker that needs them. Made for the frozen app, where a
missing module or resource shows only when it is used. Says one line and returns 0, or
says what failed and returns 1. Touches no user files.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QApplication

from app.features.feature import Feature
from app.features.recording import RecordingFeature
from core import weights
from core.engine.extent import Extent
from core.geometry import Box
from core.recording.recording import Recording
from core.recording.schema import SUFFIX
from core.trackers import registry
from core.trackers.base import ALL_MAPS, Image
from core.weights import verify

if TYPE_CHECKING:
    from app.main_window import MainWindow

Kind = TypeVar("Kind", bound=Feature)
FRAMES = 10
_CARRIED = "efficientnet-lite0"  # the weights that a dependency brings along
_PATIENCE = 120.0  # seconds per step; a cold start from a slow disk takes long


class _Failed(Exception):
    """A step did not do what it should."""


def selftest() -> int:
    """Run it; the exit code."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="boxtrail-selftest-") as folder:
        os.environ["BOXTRAIL_HOME"] = str(Path(folder) / "home")
        try:
            facts = _job(Path(folder))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is the verdict)
            _say(f"selftest FAILED: {type(error).__name__}: {error}")
            return 1
    _say(f"selftest ok: {facts}, {time.perf_counter() - began:.1f} s")
    return 0


def _job(folder: Path) -> str:
    from app.application import make_application
    from app.main_window import MainWindow
    from core import device

    device.set_threads(1)
    app = make_application(sys.argv[:1])
    window = MainWindow()
    try:
        window.show()
        return _in_window(app, window, folder)
    finally:
        window.controller.desk.stack.setClean()
        window.shut_down()
        window.hide()
        window.deleteLater()
        app.processEvents()


def _in_window(app: QApplication, window: MainWindow, folder: Path) -> str:
    controller = window.controller
    desk = controller.desk
    _wait(app, lambda: desk.state.trackers_ready, "loading the trackers")
    controller.open_demo()
    _wait(app, lambda: desk.state.has_clip and controller.playback.is_settled, "the demo clip")
    recordings = _feature(window, RecordingFeature).recordings
    recordings.set_options(replace(recordings.options, folder=str(folder)))
    recordings.toggle()
    controller.runs.track(1, Extent(FRAMES))
    _wait(app, lambda: not desk.state.is_running, "tracking")
    recordings.stop(wait=True)
    recorded = _recorded(folder)
    tracked = len(desk.document.tracks[0])
    if tracked != FRAMES + 1:
        raise _Failed(f"{tracked - 1} of {FRAMES} frames were tracked")
    if controller.runs.map_at(FRAMES) is None:
        raise _Failed("the tracker gave no response map")
    picture = window.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 16)
               for y in range(0, picture.height(), 16)}  # fmt: skip
    if len(colours) < 50:
        raise _Failed("the window was not painted")
    if desk.session is None:
        raise _Failed("the clip is gone")
    target = folder / "boxes.csv"
    report = desk.session.export("csv", target)
    lines = target.read_text(encoding="utf-8").count("\n")
    if report.boxes_written != tracked or lines < tracked:
        raise _Failed(f"{report.boxes_written} of {tracked} boxes were exported")
    network = _network(desk.session.video.read(0).image)
    return (
        f"{FRAMES} frames tracked with {controller.choices.key()}, {recorded} recorded, "
        f"{tracked} boxes exported, "
        f"weights whole, {network} started"
    )


def _feature(window: MainWindow, kind: type[Kind]) -> Kind:
    return next(feature for feature in window.features if isinstance(feature, kind))


def _recorded(folder: Path) -> int:
    """How many frames the recording of the run holds, read back with their maps."""
    paths = list(folder.glob(f"*{SUFFIX}"))
    if len(paths) != 1:
        raise _Failed("the run was not recorded")
    with Recording(paths[0]) as recording:
        rows = [recording.result(row, ALL_MAPS) for row in range(len(recording))]
        if not recording.complete or not rows or not rows[-1].maps:
            raise _Failed("the recording lacks frames or maps")
        return len(rows)


def _network(image: Image) -> str:
    """Check the weights that every installation has, and use them; the tracker's key."""
    finding = verify.check(_CARRIED)
    if finding.health is not verify.Health.WHOLE:
        raise _Failed(f"the weights {_CARRIED} are {finding.health}: {finding.details}")
    for key, spec in sorted(registry.trackers.items()):
        if _CARRIED in spec.weights and not weights.missing(spec.weights):
            result = spec.create().init(image, Box(76, 135, 70, 64))
            if result.box.w <= 0:
                raise _Failed(f"{key} gave no box")
            return key
    raise _Failed(f"no tracker uses the weights {_CARRIED}")


def _wait(app: QApplication, condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise _Failed(f"{what} took more than {_PATIENCE:.0f} s")
        app.processEvents()
        time.sleep(0.005)


def _say(text: str) -> None:
    if sys.stdout is not None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
