"""Where results go: a project, or any annotation format, chosen by suffix or by name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.cli.options import UsageError
from core.document import project_file
from core.session import Session

PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Output:
    """A file (or folder) to write in the format named `key`."""

    path: Path
    key: str


def add_format(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """``--format``."""
    parser.add_argument(
        "--format",
        metavar="KEY",
        required=required,
        help="annotation format, where the suffix of the file does not say it",
    )


def check_outputs(paths: Sequence[Path], key: str | None, *, overwrite: bool) -> list[Output]:
    """Decide the format of each path before any work is done.

    Raises
    ------
    UsageError
        If the format is unclear, or a project would be replaced without `overwrite`.
    """
    return [_checked(path, key, overwrite=overwrite) for path in paths]


def _checked(path: Path, key: str | None, *, overwrite: bool) -> Output:
    if path.suffix.lower() == project_file.SUFFIX:
        # A project may hold a person's work; annotations can be made again from it.
        if path.exists() and not overwrite:
            raise UsageError(
                f"The project “{path}” exists already.",
                "Choose another name, or add --overwrite to replace it.",
            )
        return Output(path, PROJECT)
    raise UsageError(f"The format of “{path.name}” is not clear.", "Add --format.")


def write_output(session: Session, output: Output) -> Output:
    """Write the session's document.

    Raises
    ------
    StorageError, FormatError
        If it cannot be written.
    """
    session.save(output.path)
    return output
