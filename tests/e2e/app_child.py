"""A real application process that works by a script, for tests that kill it.

Usage: app_child.py CLIP SEED. Opens CLIP, then draws, tracks, corrects and saves
without end, at random. After every edit a line with the number of boxes and the
clock goes to stdout, so that the parent knows what had been done when it died.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch  # noqa: F401  (before Qt)
from fakes import template_match  # noqa: F401
from fakes.app_driver import Answers, Driver

from app.application import make_application
from app.main_window import MainWindow
from core.geometry import Box


def main(clip: Path, seed: int) -> None:
    chance = random.Random(seed)
    app = make_application(sys.argv[:1])
    answers = Answers()
    answers.save_path = clip.with_suffix(".boxtrail")
    window = MainWindow(prompts=answers)  # type: ignore[arg-type]
    window.show()
    driver = Driver(window, answers)
    project = clip.with_suffix(".boxtrail")
    driver.open(project if project.exists() else clip)
    driver.choose_tracker("template-match", delay=0.004)
    window.controller.project.autosaver.set_interval(1)
    window.controller.desk.document_changed.connect(lambda _: report(driver))
    report(driver)
    while True:
        step(driver, chance)
        end = time.monotonic() + chance.random() * 0.2
        while time.monotonic() < end:
            app.processEvents()
            time.sleep(0.002)


def step(driver: Driver, chance: random.Random) -> None:
    """One thing a person might do."""
    controller = driver.window.controller
    frame = chance.randrange(driver.desk.state.frame_count)
    what = chance.random()
    if not driver.desk.document.tracks or what < 0.3:
        if not driver.desk.state.is_running:
            driver.goto(frame)
        box = Box(chance.uniform(5, 60), chance.uniform(5, 60), 24, 20)
        controller.edits.drawn(box)
    elif what < 0.7:
        driver.window.actions_by_id["track_forward"].trigger()
    elif what < 0.8:
        driver.window.actions_by_id["stop"].trigger()
    elif what < 0.9:
        controller.desk.stack.undo()
    else:
        controller.project.save()


def report(driver: Driver) -> None:
    """Say how much there is now, and when."""
    boxes = sum(map(len, driver.desk.document.tracks))
    print(f"{time.time():.3f} {boxes} {int(driver.desk.state.dirty)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
