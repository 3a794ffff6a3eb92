"""The command line: one sub-command per file, no Qt anywhere.

:func:`main` takes the arguments, returns the exit code and never raises: 0 when all went
well, 1 for a part that failed or a defect, 2 for wrong usage and expected errors, 130 after
Ctrl+C. Results go to stdout, progress and errors to stderr. A sub-command's module is
imported only when it is used, so ``--help`` needs no torch.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from core.errors import BoxtrailError
from core.version import VERSION

COMMANDS: dict[str, str] = {
    "track": "track a box through a video and write annotations",
    "batch": "track many clips from their first boxes, in several processes",
    "record": "track and record everything that the tracker reports",
    "inspect": "say what a recording holds, and take curves and maps out of it",
    "evaluate": "measure trackers on benchmark sequences",
    "figure": "draw a figure for print, or an overlay video, from a recording or project",
    "export": "write a project's boxes in another format",
    "info": "say what a video or a project file holds",
    "proxy": "make a copy of a video that steps fast, with the same frame numbers",
    "params": "list trackers and their parameters",
    "weights": "list, get, check and convert the weights of trackers",
    "train": "train the networks of edcf, crpn or cract on your own data",
    "demo": "track the demo clip and write everything that can be written",
}
"""Sub-commands that work without a window, with one line each."""

EXIT_PARTIAL, EXIT_ERROR, EXIT_INTERRUPTED = 1, 2, 130

_EPILOG = """\
with a window:
  boxtrail [FILE]       open the window, on a video, picture folder or project
  boxtrail --demo       open the window on the demo clip
  boxtrail --selftest   check that everything the program needs is there

“boxtrail COMMAND --help” shows the options of one command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; see the module docstring for the exit codes."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        return _run(arguments)
    except SystemExit as stop:  # argparse: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else EXIT_ERROR
    except BoxtrailError as error:
        if debug:
            raise
        _say_error(error)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("boxtrail: stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # e.g. piped into head: nobody reads any more
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 0


def _run(arguments: list[str]) -> int:
    arguments = _joined(arguments)
    name = next((a for a in arguments if not a.startswith("-")), "")
    module = _module(name) if name in COMMANDS else None
    args = _parser(name, module).parse_args(arguments)
    if module is None:
        _parser("", None).print_help()
        return EXIT_ERROR
    code = module.run(args)
    sys.stdout.flush()
    return code


def _joined(arguments: list[str]) -> list[str]:
    """``--box -3,5,…`` as one argument: argparse would take the box for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--box" and argument[:1] == "-" and "," in argument:
            joined[-1] = f"--box={argument}"
        else:
            joined.append(argument)
    return joined


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"core.cli.{name}_command")


def _parser(name: str, module: ModuleType | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="boxtrail",
        description="Track one object through a video from a hand-drawn box.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"boxtrail {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for key, summary in COMMANDS.items():
        sub = commands.add_parser(
            key,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        sub.add_argument("--debug", action="store_true", help="show the traceback of errors")
        if module is not None and key == name:
            module.add_arguments(sub)
    return parser


def _say_error(error: BoxtrailError) -> None:
    print(f"boxtrail: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
