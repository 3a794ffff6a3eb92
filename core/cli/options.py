"""Options that several sub-commands share, and what their texts mean."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core import device as devices
from core import weights
from core.errors import BoxtrailError, WeightsError
from core.geometry import Box
from core.params import describe
from core.trackers import load_all, registry
from core.trackers.registry import TrackerSpec
from core.weights.files import how_to_get


class UsageError(BoxtrailError):
    """An option has a value that cannot be used."""


def add_device(parser: argparse.ArgumentParser, *, default: str = "auto") -> None:
    """``--device`` and ``--threads``."""
    parser.add_argument(
        "--device",
        default=default,
        metavar="NAME",
        help=f"auto, cpu, cuda or cuda:N (default {default})",
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="threads for the tracker's arithmetic"
    )


def add_weights(parser: argparse.ArgumentParser) -> None:
    """``--weights``."""
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="KEY=FILE",
        help="take this weights file instead of the installed one, may be repeated "
        "(see “boxtrail weights list”)",
    )


def parse_weights(texts: Iterable[str]) -> dict[str, Path]:
    """``KEY=FILE`` texts as a dictionary.

    Raises
    ------
    UsageError
        If a text has no ``=``.
    WeightsError
        If there are no such weights or no such file.
    """
    given: dict[str, Path] = {}
    for text in texts:
        key, equals, name = text.partition("=")
        if not equals or not name:
            raise UsageError(f"“{text}” names no weights.", "Write --weights KEY=FILE.")
        path = Path(name).expanduser()
        weights.entry(key.strip())
        if not path.is_file():
            raise WeightsError(f"There is no file “{path}”.", "Check the path.")
        given[key.strip()] = path.absolute()
    return given


def require_weights(spec: TrackerSpec, given: Mapping[str, Path]) -> None:
    """Find out before long work that a tracker lacks weights.

    Raises
    ------
    WeightsError
        If it does, with what to do.
    """
    lacking = weights.missing(spec.weights, given)
    if lacking:
        names = ", ".join(f"“{known.title}”" for known in lacking)
        raise WeightsError(
            f"{spec.key} needs weights that are not installed: {names}.",
            " ".join(how_to_get(known) for known in lacking)
            + f" Or name a file: --weights {lacking[0].key}=FILE",
        )


def find_tracker(key: str) -> TrackerSpec:
    """The tracker named `key`, after all were loaded.

    Raises
    ------
    TrackerError
        If there is none.
    """
    load_all()
    return registry.find(key)


def parse_box(text: str) -> Box:
    """``x,y,w,h`` in frame pixels.

    Raises
    ------
    UsageError
        If it is not four numbers.
    """
    try:
        x, y, w, h = (float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        raise UsageError(
            f"“{text}” is not a box.",
            "Write --box x,y,w,h in pixels from the top left corner, e.g. --box 128,79,64,78.",
        ) from None
    return Box(x, y, w, h)


def parse_settings(texts: Iterable[str], *, prefix: Iterable[str] = ()) -> dict[str, Any]:
    """``name=value`` texts as a dictionary; hyphens in names are underscores.

    With `prefix` (tracker names) the texts are ``TRACKER.name=value`` and the result is
    one dictionary per tracker.

    Raises
    ------
    UsageError
        If a text has no ``=`` or names none of the trackers.
    """
    trackers = list(prefix)
    values: dict[str, Any] = {tracker: {} for tracker in trackers}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            form = f"--set {trackers[0]}.name=value" if trackers else "--set name=value"
            raise UsageError(f"“{text}” is not a setting.", f"Write {form}.")
        name = name.strip().replace("-", "_")
        if not trackers:
            values[name] = value.strip()
            continue
        tracker, dot, inner = name.partition(".")
        by_spelling = {key.replace("-", "_"): key for key in trackers}
        if not dot or tracker not in by_spelling:
            raise UsageError(
                f"“{text}” names none of the trackers that are evaluated.",
                "Write --set TRACKER.name=value with one of " + ", ".join(trackers) + ".",
            )
        values[by_spelling[tracker]][inner] = value.strip()
    return values


def use_device(args: argparse.Namespace) -> str:
    """Apply ``--threads``; return the device's name after checking that it is there.

    Raises
    ------
    DeviceError
        If the device is not there.
    """
    device = devices.choose(args.device)
    devices.set_threads(args.threads)
    return str(device)


def require_writable(path: Path | None) -> None:
    """Find out before long work, not after it, that `path` cannot be written.

    Raises
    ------
    UsageError
        If its folder is a file or may not be written to.
    """
    if path is None:
        return
    folder = next((p for p in path.absolute().parents if p.exists()), Path("/"))
    if not folder.is_dir():
        raise UsageError(f"“{folder}” is a file, not a folder.", "Choose another place.")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"Writing to “{folder}” is not allowed.", "Choose another place.")


def settings_help(spec: TrackerSpec) -> str:
    """The parameters of a tracker for a help text, one per line."""
    lines = []
    for info in describe(spec.params):
        limits = f" {info.bounds[0]:g}..{info.bounds[1]:g}" if info.bounds else ""
        choices = " " + "|".join(info.choices) if info.choices else ""
        lines.append(f"  {info.name}={info.default}{choices}{limits}\n      {info.doc}")
    return "\n".join(lines)


def positive(text: str) -> int:
    """An argparse type: an integer from 1 on."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def not_negative(text: str) -> int:
    """An argparse type: an integer from 0 on."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is not at least 0")
    return value
