from __future__ import annotations

import json
import subprocess
import sys

import pytest

from core.cli import COMMANDS, main


def test_that_help_lists_every_command_and_what_the_window_offers(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for word in (*COMMANDS, "--demo", "--selftest", "[FILE]"):
        assert word in text


@pytest.mark.parametrize("command", COMMANDS)
def test_that_every_command_has_help(capsys, command):
    assert main([command, "--help"]) == 0
    assert "--debug" in capsys.readouterr().out


def test_that_the_version_is_printed(capsys):
    from core.version import VERSION

    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"boxtrail {VERSION}"


@pytest.mark.parametrize(
    "arguments", [[], ["bogus"], ["track"], ["track", "a.mp4", "--frames", "0"], ["info", "a", "b"]]
)
def test_that_wrong_usage_is_exit_code_two_without_a_traceback(capsys, arguments):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "usage" in captured.err + captured.out
    assert "Traceback" not in captured.err


def test_that_expected_errors_show_message_and_hint(capsys):
    assert main(["info", "/no/such/file.mp4"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("boxtrail: There is no file")
    assert lines[1].startswith("  ")


def test_that_debug_lets_the_traceback_through():
    from core.errors import BoxtrailError

    with pytest.raises(BoxtrailError):
        main(["info", "/no/such/file.mp4", "--debug"])


def test_that_python_m_core_works_without_qt(tmp_path):
    code = (
        "import sys, runpy; sys.argv = ['core', 'params', '--json'];"
        "\ntry: runpy.run_module('core', run_name='__main__')"
        "\nexcept SystemExit as stop: assert not stop.code, stop.code"
        "\nassert not any(m.startswith(('PySide6', 'app')) for m in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "ccr" in json.loads(done.stdout)


def test_that_help_needs_no_torch():
    code = (
        "import sys; from core.cli import main; main(['--help']); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
