"""Where results go: a project, or any annotation format, chosen by suffix or by name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.cli.options import UsageError, require_writable
from core.document import project_file
from core.errors import FormatError
from core.formats import load_all, registry
from core.formats.base import Format
from core.session import Session

PROJECT = "project"
USUAL = {".json": "coco", ".csv": "csv"}
"""The format meant by a suffix that several have."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file (or folder) to write in the format named `key`."""

    path: Path
    key: str


def add_outputs(parser: argparse.ArgumentParser, text: str) -> None:
    """``--out`` with the help `text`, and ``--format``."""
    parser.add_argument(
        "--out",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help=f"{text}; the suffix decides the format; may be repeated",
    )
    parser.add_argument(
        "--format",
        metavar="KEY",
        help="annotation format, where the suffix does not say it (“boxtrail export --list”)",
    )


def check_outputs(paths: Sequence[Path], key: str | None, *, overwrite: bool) -> list[Output]:
    """Decide the format of each path before any work is done; projects go by their suffix.

    Raises
    ------
    UsageError
        If the format is unclear, the place cannot be written to, or a project would be
        replaced without `overwrite`.
    FormatError
        If there is no format `key`.
    """
    load_all()
    for path in paths:
        require_writable(path)
    return [_checked(path, key, overwrite=overwrite) for path in paths]


def write_output(session: Session, output: Output) -> Output:
    """Write the session's document.

    Raises
    ------
    StorageError, FormatError
        If it cannot be written.
    """
    if output.key == PROJECT:
        session.save(output.path)
    else:
        session.export(output.key, output.path)
    return output


def _checked(path: Path, key: str | None, *, overwrite: bool) -> Output:
    if path.suffix.lower() == project_file.SUFFIX:
        # A project may hold a person's work; annotations can be made again from it.
        if path.exists() and not overwrite:
            raise UsageError(
                f"The project “{path}” exists already.",
                "Choose another name, or add --overwrite to replace it.",
            )
        return Output(path, PROJECT)
    form = writable(key) if key else format_for(path)
    if form.folder and path.suffix.lower() in form.suffixes and not form.alone(path):
        raise UsageError(
            f"{form.title} makes a folder of files, but “{path.name}” names a file.",
            f"Name a folder: {path.with_suffix('')}.",
        )
    return Output(path, form.key)


def writable(key: str) -> Format:
    """The format `key`, if it can be written.

    Raises
    ------
    FormatError
        If there is none or it can only be read.
    """
    found = registry.find(key)
    if not found.can_write:
        raise FormatError(f"{found.title} can only be read.", "Choose another format.")
    return found


def format_for(path: Path) -> Format:
    """The format that `path` means by its suffix (without one, a folder is meant).

    Raises
    ------
    UsageError
        If no format or more than one is meant.
    """
    suffix = path.suffix.lower()
    known = [form for form in registry.formats.values() if form.can_write]
    if suffix:
        meant = [
            form
            for form in known
            if suffix in form.suffixes and (not form.folder or form.alone(path))
        ]
    else:
        meant = [form for form in known if form.folder]
    usual = [form for form in meant if form.key == USUAL.get(suffix)]
    choice = usual or meant
    if len(choice) == 1:
        return choice[0]
    options = ", ".join(sorted(form.key for form in (meant or known)))
    why = f"The name “{path.name}” does not say which format is meant."
    raise UsageError(why, f"Add --format with one of: {options}.")
