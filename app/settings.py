"""Preferences, recent files and window geometry.

What a person may want to read or carry to another machine is one small TOML file,
written whole or not at all; only values that differ from the defaults are in it.
What only this screen can use (geometry, dock layout) is in an ini file beside it.
"""

from __future__ import annotations

import json
import logging
import tomllib
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings

from core import params, paths
from core.errors import ParamError, StorageError
from core.params import param
from core.storage import atomic_write

LAYOUT_VERSION = 1
_RECENT_MAX = 12
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person can set; the dialog is generated from these declarations."""

    theme: str = param(
        "system",
        "Light, dark, or whatever the system uses.",
        choices=("system", "light", "dark"),
        choice_labels=("As the system", "Light", "Dark"),
        group="Appearance",
    )
    trail_length: int = param(
        40,
        "How many frames of the target's path are drawn behind it; 0 for none.",
        bounds=(0, 1000),
        unit="frames",
        group="Appearance",
        label="Path drawn behind",
    )
    loupe: bool = param(
        True,
        "Enlarge the pixels under the pointer while a box is drawn or a handle is pulled.",
        group="Appearance",
        label="Loupe while drawing",
    )
    autosave_interval: int = param(
        5,
        "Longest time between two recovery copies while something changes.",
        bounds=(1, 8),
        unit="s",
        group="Saving",
        label="Recovery copy every",
    )
    playback: str = param(
        "every_frame",
        "Show every frame (slower if need be), or keep to real time by leaving frames out.",
        choices=("every_frame", "real_time"),
        group="Playback",
        label="Play",
    )
    frame_cache: int = param(
        512,
        "Memory for decoded frames; takes effect when the next clip is opened.",
        bounds=(64, 65536),
        unit="MB",
        group="Playback",
        step=64,
        label="Memory for frames",
    )
    map_history: int = param(
        64,
        "Memory for response maps kept after a run, so that scrubbing back shows them.",
        bounds=(0, 4096),
        unit="MB",
        group="Tracking",
        step=16,
        label="Memory for maps",
    )
    pause_when: str = param(
        "lost",
        "Hold a run by itself when the tracker says the target is lost, or already when it is "
        "uncertain; a run that holds goes on when you press Play.",
        choices=("never", "lost", "uncertain"),
        choice_labels=("Never", "The target is lost", "The target is uncertain"),
        group="Tracking",
        label="Hold a run when",
    )
    pause_after: int = param(
        5,
        "How many such frames in a row it takes to hold the run.",
        bounds=(1, 1000),
        unit="frames",
        group="Tracking",
        label="Hold after",
    )
    stop_after: int = param(
        5,
        "How many doubtful frames in a row end a run until unsure.",
        bounds=(1, 1000),
        unit="frames",
        group="Tracking",
        label="Unsure after",
    )
    cut_tail: bool = param(
        True,
        "Leave the doubtful frames at the end of such a run out; they are offered.",
        group="Tracking",
        label="Leave out the doubtful end of a run",
    )
    check_with: str = param(
        "one",
        "How many other trackers a check asks: one is up to four times as fast, two know more "
        "kinds of errors but may outvote the one that is right; the way back asks none: the "
        "tracker itself follows its boxes backwards.",
        choices=("one", "two", "way back"),
        choice_labels=("One other tracker", "Two other trackers", "The way back"),
        group="Tracking",
    )
    second_tracker: bool = param(
        False,
        "Run a second tracker along and doubt boxes on which the two plainly disagree; a run then "
        "takes the time of both.",
        group="Tracking",
        label="Run a second tracker along",
    )
    device: str = param(
        "auto",
        "What trackers compute on.",
        choices=("auto", "cpu", "cuda"),
        choice_labels=("Automatic", "CPU", "CUDA"),
        group="Tracking",
        label="Compute on",
    )


def preferences_path() -> Path:
    """The preferences file."""
    return paths.config_dir() / "preferences.toml"


def load_preferences() -> tuple[Preferences, str]:
    """The stored preferences, and a sentence about anything that could not be used.

    Values that are unknown or wrong fall back to their default one by one; a file
    that is no TOML is left alone until the next save.
    """
    path = preferences_path()
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Preferences(), ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Preferences(), f"The preferences file cannot be read ({error}); defaults are used."
    good, bad = Preferences(), []
    for name, value in stored.items():
        try:
            good = params.with_values(good, {name: value})
        except ParamError as error:
            bad.append(error.message)
    return good, "Some preferences were ignored: " + " ".join(bad) if bad else ""


def save_preferences(preferences: Preferences) -> None:
    """Write the values that differ from the defaults.

    Raises
    ------
    StorageError
        If the file cannot be written; the old one stays.
    """
    lines = ["# Boxtrail preferences. Values that are missing have their defaults.\n"]
    for info in params.describe(Preferences):
        value = getattr(preferences, info.name)
        if value != info.default:
            lines.append(f"{info.name} = {json.dumps(value)}\n")
    with atomic_write(preferences_path(), text=True) as stream:
        stream.writelines(lines)


def window_settings() -> QSettings:
    """Where geometry and dock layout are kept."""
    return QSettings(str(paths.config_dir() / "window.ini"), QSettings.Format.IniFormat)


class RecentFiles:
    """The files opened last, newest first; missing ones are left out when listed."""

    def __init__(self) -> None:
        self._path = paths.state_dir() / "recent.json"

    def paths(self) -> list[Path]:
        """Existing files, newest first."""
        return [path for path in self._stored() if path.exists()]

    def add(self, path: Path) -> None:
        """Put `path` first. A list that cannot be written is not worth an error message."""
        path = path.absolute()
        kept = [path, *(p for p in self._stored() if p != path)][:_RECENT_MAX]
        self._write(kept)

    def clear(self) -> None:
        """Forget all."""
        self._write([])

    def _stored(self) -> list[Path]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        if not isinstance(values, list):
            return []
        return [Path(v) for v in values if isinstance(v, str)]

    def _write(self, kept: list[Path]) -> None:
        try:
            with atomic_write(self._path, text=True) as stream:
                json.dump([str(p) for p in kept], stream, ensure_ascii=False, indent=1)
        except StorageError as error:
            _log.warning("recent files not saved: %s", error)
