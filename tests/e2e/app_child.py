"""A real application process that works by a script, for tests that kill it.

Usage: app_child.py LIST SEED. Opens the list of clips, then does everything that the window
offers, at random and without end (:mod:`fakes.random_person`). What it did and what is safe
goes to stdout (:mod:`fakes.kill_log`), so that the parent knows what must be left.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch  # noqa: F401  (before Qt)
from fakes import drifting, template_match  # noqa: F401
from fakes.app_driver import Driver
from fakes.kill_log import Told, say
from fakes.random_person import Person, Whims

from app.application import make_application
from app.main_window import MainWindow
from core.document.document import Document

AUTOSAVE = 1  # seconds; the default is five times as long


def main(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    app = make_application(sys.argv[:1])
    window = MainWindow(prompts=(answers := Whims(chance, path)))  # type: ignore[arg-type]
    window.resize(1280, 800)
    window.show()
    told, driver = Told(), Driver(window, answers)
    driver.until(lambda: driver.desk.state.trackers_ready, 300)
    window.controller.project.autosaver.set_interval(AUTOSAVE)
    window.controller.project.defect.connect(defect)
    window.controller.runs.defect.connect(defect)
    person = Person(driver, chance)

    def tell(say_it: Callable[[str, Document], None]) -> None:
        session = driver.desk.session
        if session is not None and session.project_path is not None:
            say_it(session.project_path.stem, driver.desk.document)

    window.controller.desk.document_changed.connect(lambda _: tell(told.state))
    window.controller.project.opened.connect(lambda: tell(told.opened))
    person.clips.clips.open_list(path)
    person.clips.clips.open_clip(chance.choice(person.clips.clips.collection.clips).id)
    driver.until(lambda: driver.desk.session is not None, 300)
    driver.choose_tracker("template-match", delay=0.002)
    say("ready")
    while True:
        say("did", person.step())
        recorded(person)
        end = time.monotonic() + chance.random() * 0.15
        while time.monotonic() < end:
            app.processEvents()
            told.turn()
            time.sleep(0.002)


def recorded(person: Person) -> None:
    """Say how many frames of a recording are surely in its file."""
    recordings = person.recording.recordings
    if recordings.path is not None and recordings._recorder is not None:
        say("recorded", recordings.path.name, recordings._recorder.state.written)


def defect(error: Exception) -> None:
    say("defect", repr(error).replace("\n", " "))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
