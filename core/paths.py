"""Where files live: bundled resources and the per-user folders.

The user folders come from platformdirs; ``BOXTRAIL_HOME`` puts all of them under
one folder (tests, portable installs).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

_APP = "boxtrail"


def resource(*parts: str) -> Path:
    """Path of a bundled file below ``resources/`` (source tree, wheel or frozen app)."""
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parent.parent))
    return root.joinpath("resources", *parts)


def _user(kind: str, default: str) -> Path:
    home = os.environ.get("BOXTRAIL_HOME")
    return Path(home) / kind if home else Path(default)


def config_dir() -> Path:
    """Folder of the preferences."""
    return _user("config", platformdirs.user_config_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    """Folder of what can be made again (video indexes)."""
    return _user("cache", platformdirs.user_cache_dir(_APP, appauthor=False))


def state_dir() -> Path:
    """Folder of autosaves, journals and recent files."""
    return _user("state", platformdirs.user_state_dir(_APP, appauthor=False))


def log_dir() -> Path:
    """Folder of the rotating logs and crash traces."""
    return _user("log", platformdirs.user_log_dir(_APP, appauthor=False))


def weights_dir() -> Path:
    """Folder of weights that the user added."""
    return _user(
        "weights", str(Path(platformdirs.user_data_dir(_APP, appauthor=False)) / "weights")
    )
