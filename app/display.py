"""Whether a window can be shown here, found out before Qt aborts the process.

Qt ends the program with a core dump when it finds no display or lacks a library for
it. A sentence that says so, and how to work without a window, is worth the few
checks below. They err towards trying: only what is certainly missing is reported.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path

_PACKAGES = (
    "libxcb-cursor0", "libxkbcommon-x11-0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1",
    "libxcb-render-util0", "libxcb-shape0", "libxcb-xkb1", "libegl1", "libgl1", "libdbus-1-3",
)  # fmt: skip
_WITHOUT = "Without a window, use for example: boxtrail demo, or boxtrail track --help."


def missing_display() -> str:
    """Why no window can be shown, as a sentence with a way out; empty when it can."""
    if sys.platform in ("win32", "darwin"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if platform and platform not in ("xcb", "wayland"):
        return ""
    if os.environ.get("WAYLAND_DISPLAY") and platform != "xcb":
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return f"there is no display here to show a window on. {_WITHOUT}"
    if not _answers(display):
        return f"the display “{display}” does not answer. {_WITHOUT}"
    return _missing_library()


def _missing_library() -> str:
    """Load Qt's display plugin as Qt would: the loader names the library that is missing."""
    spec = importlib.util.find_spec("PySide6")
    folders = list(spec.submodule_search_locations or []) if spec else []
    plugins = [Path(f) / "Qt" / "plugins" / "platforms" / "libqxcb.so" for f in folders]
    for plugin in plugins:
        if plugin.is_file():
            try:
                ctypes.CDLL(str(plugin))
            except OSError as error:
                library = str(error).split(":")[0]
                return (
                    f"Qt cannot show a window because the library {library} is missing. On Debian "
                    f"or Ubuntu: apt install {' '.join(_PACKAGES)}. {_WITHOUT}"
                )
    return ""


def _answers(display: str) -> bool:
    """Whether a local X server listens; remote ones are taken on trust."""
    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if host not in ("", "unix") or not number.isdigit():
        return True
    path = f"/tmp/.X11-unix/X{number}"
    addresses = [path, f"\0{path}"] if sys.platform == "linux" else [path]
    return any(_connects(address) for address in addresses) or Path(display).exists()


def _connects(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(address)
        except OSError:
            return False
        return True
