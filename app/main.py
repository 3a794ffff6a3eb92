"""Start of the program: a sub-command without a window, or the window.

Order matters. Sub-commands go to the command line before Qt is touched, so they
work on machines without it. For the window, torch is imported before Qt (a Windows
loader fault otherwise), then logging and error hooks stand before anything else
can fail, then the window is shown, and only then trackers are loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.main_window import MainWindow

EXIT_NO_DISPLAY = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    multiprocessing.freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    from core import cli

    first = next((a for a in arguments if not a.startswith("-")), "")
    if first in cli.COMMANDS or {"-h", "--help", "--version"} & set(arguments):
        return cli.main(arguments)
    options = _parse(arguments)
    if options.selftest:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # The offscreen platform warns of what it has no use for; the verdict should stand alone.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    else:
        from app.display import missing_display

        problem = missing_display()
        if problem:
            _say(problem)
            return EXIT_NO_DISPLAY
    import torch  # noqa: F401  (before Qt, see above)

    if options.selftest:
        from app.selftest import selftest

        return selftest()
    return _run_window(options)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="boxtrail", allow_abbrev=False)
    parser.add_argument("file", nargs="?", type=Path, help="video, pictures, project or recording")
    parser.add_argument("--demo", action="store_true", help="open the demo clip and track it")
    parser.add_argument("--selftest", action="store_true", help="check the installation")
    return parser.parse_args(arguments)


def _run_window(options: argparse.Namespace) -> int:
    from PySide6.QtCore import QTimer

    from app.application import make_application
    from app.errors import ErrorHub, start_logging
    from app.main_window import MainWindow
    from core import device

    start_logging()
    device.set_threads()
    app = make_application(sys.argv[:1])
    hub = ErrorHub()
    hub.install()
    window = MainWindow(hub)
    window.show()
    QTimer.singleShot(0, window, lambda: _first_task(window, options))
    code = app.exec()
    hub.uninstall()
    # Python objects of Qt go in order here; left to the interpreter's end, they may not.
    window.deleteLater()
    app.processEvents()
    return code


def _first_task(window: MainWindow, options: argparse.Namespace) -> None:
    if options.demo:
        window.controller.open_demo(track=True)
    elif options.file is not None:
        window.open(options.file)
    else:
        window.controller.project.offer_recovery()


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"boxtrail: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
