"""Pictures of the window at work on the demo clip, for the docs and for machines without a display.

    python packaging/screenshots.py --out docs/images [--only NAME ...]
    python packaging/screenshots.py --out look --clip CLIP --box X,Y,W,H
    python packaging/screenshots.py --out look --panels [--only light dark 2x small names]

Each picture is made by a process of its own, because theme and scale belong to the
start of a program. With `--clip` the same pictures show another clip (for a look at
real footage; such pictures are not for the repository).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Shot:
    """One picture: what it shows, and how."""

    theme: str = "light"
    scale: str = "1"
    size: tuple[int, int] = (1280, 800)
    scene: str = "held"
    names: bool = False


SHOTS = {
    "window": Shot(),
    "window-dark": Shot("dark"),
    "window-2x": Shot("light", "2"),
    "window-dark-2x": Shot("dark", "2"),
    "window-small": Shot("light", size=(1024, 640)),
    "welcome": Shot(scene="welcome"),
    "correction": Shot("dark", scene="correction"),
    "export": Shot(scene="export"),
    "keys": Shot(scene="keys"),
    "preferences": Shot("dark", scene="preferences"),
}
PANELS = {
    "light": Shot(scene="panels"),
    "dark": Shot("dark", scene="panels"),
    "2x": Shot(scale="2", scene="panels"),
    "small": Shot(size=(1024, 640), scene="panels"),
    "names": Shot("dark", size=(1024, 640), scene="panels", names=True),
}
"""Every panel in every state, by look: see :mod:`panel_pictures`."""
DOCS = ("window", "window-dark", "correction", "export")
TRACKED = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", nargs="+", choices=[*SHOTS, *PANELS])
    parser.add_argument("--panels", action="store_true", help="every panel, for looking at")
    parser.add_argument("--scenes", nargs="*", default=[], help="of --panels, only these scenes")
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--box", default="", help="x,y,w,h on the first frame of --clip")
    parser.add_argument("--frames", type=int, default=TRACKED)
    parser.add_argument("--child", choices=[*SHOTS, *PANELS], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return shoot(args.child, args)
    args.out.mkdir(parents=True, exist_ok=True)
    codes = [start_child(name, args) for name in args.only or (PANELS if args.panels else DOCS)]
    return max(codes)


def start_child(name: str, args: argparse.Namespace) -> int:
    """Make one picture in a process with its own scale and its own user folders."""
    command = [sys.executable, str(Path(__file__).resolve()), "--child", name]
    command += ["--out", str(args.out.resolve()), "--frames", str(args.frames)]
    if args.clip:
        command += ["--clip", str(args.clip.resolve()), "--box", args.box]
    if args.scenes:
        command += ["--scenes", *args.scenes]
    with tempfile.TemporaryDirectory(prefix="boxtrail-shots-") as home:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "QT_LOGGING_RULES": "default.warning=false;qt.qpa.*=false",
            "QT_SCALE_FACTOR": {**SHOTS, **PANELS}[name].scale,
            "BOXTRAIL_HOME": home,
        }
        return subprocess.run(command, env=environment, check=False).returncode


def shoot(name: str, args: argparse.Namespace) -> int:
    """Open the clip, bring the window into the wanted state, save its picture."""
    import torch  # noqa: F401  (before Qt)
    from PySide6.QtWidgets import QDialog

    from app.application import make_application
    from app.main_window import MainWindow
    from app.settings import Preferences, save_preferences
    from core import device

    shot = {**SHOTS, **PANELS}[name]
    save_preferences(Preferences(theme=shot.theme, pause_when="never"))
    device.set_threads()
    app = make_application(sys.argv[:1])
    window = MainWindow()
    window.resize(*shot.size)
    window.panels.default_layout()
    window.show()

    def wait(condition: Callable[[], object], seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(name)
            app.processEvents()
            time.sleep(0.004)

    def breathe(seconds: float = 0.5) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    desk = window.controller.desk
    wait(lambda: desk.state.trackers_ready)
    if shot.scene == "panels":
        from panel_pictures import Stage, walk

        (args.out / name).mkdir(parents=True, exist_ok=True)
        code = walk(Stage(window, args.out / name, wait, names=shot.names), args.scenes)
        desk.stack.setClean()
        window.shut_down()
        window.hide()
        return code
    subject: QDialog | MainWindow = window
    if shot.scene != "welcome":
        open_clip(window, args, wait)
        track(window, args.frames, wait, breathe)
    if shot.scene == "correction":
        correct(window, wait, breathe)
    elif shot.scene in ("export", "keys", "preferences"):
        subject = dialog(window, shot.scene)
        subject.show()
    breathe(0.4)
    target = args.out / f"{name}.png"
    subject.grab().save(str(target))
    sys.stdout.write(f"{target}\n")
    desk.stack.setClean()
    window.shut_down()
    subject.hide()
    window.hide()
    return 0


def open_clip(window, args: argparse.Namespace, wait) -> None:
    from core.geometry import Box

    controller = window.controller
    if args.clip:
        window.open(args.clip)
    else:
        controller.open_demo()
    wait(lambda: controller.desk.state.has_clip and controller.playback.is_settled)
    if args.clip:
        controller.edits.drawn(Box(*map(float, args.box.split(","))))


def track(window, frames: int, wait, breathe) -> None:
    controller = window.controller
    controller.runs.track(1)
    wait(
        lambda: len(controller.desk.growing or ()) >= frames or not controller.desk.state.is_running
    )
    controller.runs.pause()
    wait(lambda: controller.desk.state.run in ("paused", "idle"))
    breathe()


def correct(window, wait, breathe) -> None:
    """A person has corrected the box; the run goes on from there with Space."""
    controller = window.controller
    desk = controller.desk
    frame = max(desk.shown - 30, 1)
    controller.seek(frame)
    wait(lambda: controller.playback.is_settled)
    key = desk.key_at(desk.state.track, frame)
    if key is not None:
        controller.edits.moved(desk.state.track, key.box.scaled(1.1), 9999)
    desk.say(
        "Tracking holds because you corrected the box.",
        f"Let it go on from your box{desk.key_note('play')}.",
        action="play",
        action_text="Track on from here",
    )
    breathe()


def dialog(window, scene: str):
    from app.dialogs.export_dialog import ExportDialog
    from app.dialogs.keys import KeysDialog
    from app.dialogs.preferences import PreferencesDialog

    controller = window.controller
    controller.runs.conclude()
    if scene == "export":
        made = ExportDialog(controller.desk.session, controller.background, window)
        made.path_edit.setText(str(Path("annotations") / "clip_mot.txt"))
        return made
    return (
        KeysDialog(window.actions_by_id, window)
        if scene == "keys"
        else PreferencesDialog(controller.desk.preferences, window)
    )


if __name__ == "__main__":
    sys.exit(main())
