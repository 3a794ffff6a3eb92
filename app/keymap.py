"""The user's own keys: which differ from the table of actions, and what gets in the way.

A key map is a TOML file with the changed actions only, ``[keys]`` and one line per action
(``track_forward = ["E"]``, an empty list for no key); the same file is kept beside the
preferences, exported and imported. Nothing is guessed: a key that Qt does not know and an
action that does not exist are named and left out.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

from core import paths
from core.errors import BoxtrailError
from core.storage import atomic_write

Keys = tuple[str, ...]
KeyMap = Mapping[str, Keys]
"""Keys by id of action."""

_LIMIT = 1 << 20
_Text = QKeySequence.SequenceFormat.PortableText

RESERVED = (
    "Left", "Right", "Up", "Down", "Shift+Left", "Shift+Right", "Shift+Up", "Shift+Down",
    "Ctrl+Left", "Ctrl+Right", "Tab", "Shift+Tab", "Return", "Enter",
)  # fmt: skip
"""Keys that the picture, lists and fields need themselves (arrows nudge the box)."""


class KeyMapError(BoxtrailError):
    """A file holds no key map."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that means more than one thing; of one action where it is reserved."""

    key: str
    actions: Keys


def normal(key: str) -> str:
    """The one spelling of a key; empty for one that does not exist."""
    sequence = QKeySequence(key)
    text = sequence.toString(_Text)
    return "" if any(not QKeySequence(part).toString(_Text) for part in text.split(", ")) else text


def merged(defaults: KeyMap, own: KeyMap) -> dict[str, Keys]:
    """The keys in force: the user's where there are some, else the defaults.

    A default that the user gave to another action is not given twice: a later version may
    bring an action whose usual key was free before.
    """
    taken = {normal(key) for name, keys in own.items() if name in defaults for key in keys}
    return {
        name: own[name] if name in own else tuple(k for k in keys if normal(k) not in taken)
        for name, keys in defaults.items()
    }


def differences(defaults: KeyMap, keys: KeyMap) -> dict[str, Keys]:
    """What of `keys` differs from the defaults, in one spelling."""
    spelled = {name: tuple(map(normal, of)) for name, of in keys.items()}
    return {
        name: of
        for name, of in spelled.items()
        if name in defaults and of != tuple(map(normal, defaults[name]))
    }


def conflicts(keys: KeyMap) -> list[Conflict]:
    """Keys of more than one action, keys that begin another one, and reserved keys."""
    owners: dict[str, list[str]] = {}
    for name, of in keys.items():
        for key in dict.fromkeys(map(normal, of)):
            owners.setdefault(key, []).append(name)
    found = [Conflict(key, tuple(names)) for key, names in owners.items() if len(names) > 1]
    reserved = {normal(key) for key in RESERVED}
    found += [Conflict(k, tuple(n)) for k, n in owners.items() if k in reserved and len(n) == 1]
    for key, names in owners.items():
        # While Qt waits for the rest of a longer one, a key does nothing.
        longer = [n for other, ns in owners.items() if other.startswith(key + ", ") for n in ns]
        if longer:
            found.append(Conflict(key, (*names, *longer)))
    return found


# ---- files --------------------------------------------------------------------------


def path() -> Path:
    """Where the user's keys are kept."""
    return paths.config_dir() / "keys.toml"


def text_of(own: KeyMap) -> str:
    """A key map as the text of a file."""
    lines = ["# Keys of Boxtrail that differ from the usual ones; [] is no key.", "[keys]"]
    lines += [f"{name} = {json.dumps(list(of))}" for name, of in sorted(own.items())]
    return "\n".join(lines) + "\n"


def save(own: KeyMap, to: Path) -> None:
    """Write a key map.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    with atomic_write(to, text=True) as stream:
        stream.write(text_of(own))


def load(source: Path, known: Iterable[str]) -> tuple[dict[str, Keys], str]:
    """The key map of a file, and a sentence about what in it could not be used.

    Raises
    ------
    KeyMapError
        If the file cannot be read or holds none.
    """
    try:
        if source.stat().st_size > _LIMIT:
            raise KeyMapError(f"“{source.name}” is too large for a key map.", _hint())
        value = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeyMapError(f"“{source.name}” cannot be read: {reason}.", _hint()) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise KeyMapError(f"“{source.name}” is no key map: {error}.", _hint()) from error
    table = value.get("keys")
    if not isinstance(table, dict):
        raise KeyMapError(f"“{source.name}” is no key map: it has no part [keys].", _hint())
    names, own, bad = set(known), dict[str, Keys](), list[str]()
    for name, of in table.items():
        if name not in names or not isinstance(of, list):
            bad.append(str(name))
            continue
        spelled = [normal(key) if isinstance(key, str) else "" for key in of]
        bad += [f"{name} = “{key}”" for key, text in zip(of, spelled, strict=True) if not text]
        own[name] = tuple(dict.fromkeys(text for text in spelled if text))
    told = ", ".join(bad[:5]) + (", …" if len(bad) > 5 else "")
    return own, _tr("Of the keys, these could not be used: %s.") % told if bad else ""


def stored(known: Iterable[str]) -> tuple[dict[str, Keys], str]:
    """The user's keys, none when there are none, and what could not be used of them."""
    if not path().exists():
        return {}, ""
    try:
        return load(path(), known)
    except KeyMapError as error:
        return {}, _tr("%s The usual keys are used.") % error.message


def _hint() -> str:
    return _tr("Choose a file that was exported from the list of keys.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("keymap", text)
