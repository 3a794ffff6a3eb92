"""How the program starts: without Qt where no window is needed, with words where none can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env.pop("QT_QPA_PLATFORM", None)
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_that_sub_commands_do_not_import_qt() -> None:
    code = (
        "import sys; sys.argv = ['boxtrail', 'params', '--help'];"
        "from app.main import main; code = main();"
        "loaded = [m for m in sys.modules if m.startswith(('PySide6', 'pyqtgraph'))];"
        "print('loaded', loaded, code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "loaded [] 0" in done.stdout, done.stderr


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these always have a display")
@pytest.mark.parametrize("display", ["", ":9876"])
def test_that_without_a_display_it_says_so_and_names_the_way_without_one(display: str) -> None:
    done = start(**({"DISPLAY": display} if display else {}))
    assert done.returncode == 2
    assert "display" in done.stderr
    assert "boxtrail demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_that_a_wrong_option_is_refused_with_usage() -> None:
    done = start("--no-such-option")
    assert done.returncode == 2
    assert "usage: boxtrail" in done.stderr


def test_that_the_selftest_does_the_whole_job_in_one_line(tmp_path: Path) -> None:
    done = start("--selftest", BOXTRAIL_HOME=str(tmp_path / "untouched"), OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("selftest ok: 10 frames tracked")
    assert done.stdout.count("\n") == 1
    assert not (tmp_path / "untouched").exists(), "it leaves the user's folders alone"


def test_that_main_is_small() -> None:
    assert len((ROOT / "main.py").read_text().splitlines()) <= 25
