"""Reading untrusted JSON values with the place of every mistake.

A :class:`Node` is a value together with where it stands (``tracks[2].label``) and
the error class to raise. Whoever reads a file walks from the root node with
:meth:`Node.field` and :meth:`Node.elements` and asks for what it expects; a value
of another type, out of range or missing raises an error that names the place.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BoxtrailError

_MISSING: Any = object()
INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON value, its place in the file and how to complain about it.

    `kind` names the file in messages ("project"), `hint` is the advice of every error.
    """

    value: Any
    where: str
    error: type[BoxtrailError]
    kind: str
    hint: str

    def fail(self, what: str) -> BoxtrailError:
        """The error that says `what` is wrong at this place."""
        return self.error(
            f"The {self.kind} is damaged at {self.where or 'its top level'}: {what}.", self.hint
        )

    def _child(self, value: Any, where: str) -> Node:
        return Node(value, where, self.error, self.kind, self.hint)

    def field(self, name: str, default: Any = _MISSING) -> Node:
        """The member `name` of an object; `default` when it is not there."""
        if not isinstance(self.value, dict):
            raise self.fail(f"an object was expected, not {shown(self.value)}")
        where = f"{self.where}.{name}" if self.where else name
        if name not in self.value:
            if default is _MISSING:
                raise self._child(None, where).fail("it is missing")
            return self._child(default, where)
        return self._child(self.value[name], where)

    def elements(self) -> Iterator[Node]:
        """The elements of an array, each with its number."""
        for i, value in enumerate(self.array()):
            yield self._child(value, f"{self.where}[{i}]")

    def at(self, index: int) -> Node:
        """Element `index` of an array."""
        if index >= len(self.array()):
            raise self.fail(f"{index + 1} elements were expected, not {len(self.value)}")
        return self._child(self.value[index], f"{self.where}[{index}]")

    def array(self) -> list[Any]:
        """The value as a list."""
        if not isinstance(self.value, list):
            raise self.fail(f"a list was expected, not {shown(self.value)}")
        return self.value

    def mapping(self) -> dict[str, Any]:
        """The value as a dictionary."""
        if not isinstance(self.value, dict):
            raise self.fail(f"an object was expected, not {shown(self.value)}")
        return self.value

    def text(self) -> str:
        """The value as text."""
        if not isinstance(self.value, str):
            raise self.fail(f"text was expected, not {shown(self.value)}")
        return self.value

    def boolean(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            raise self.fail(f"true or false was expected, not {shown(self.value)}")
        return self.value

    def integer(self, low: int = 0, high: int = INT32) -> int:
        """The value as a whole number within ``low..high``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fail(f"a whole number was expected, not {shown(self.value)}")
        if not low <= self.value <= high:
            raise self.fail(f"{shown(self.value)} is not within {low} to {high}")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """The value as a finite number within ``low..high``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail(f"a number was expected, not {shown(self.value)}")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.fail(f"{shown(self.value)} is not a usable number")
        if not low <= number <= high:
            raise self.fail(f"{shown(self.value)} is not within {low:g} to {high:g}")
        return number


def shown(value: Any) -> str:
    """A short rendering of any JSON value for a message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**20:
        return "a huge number"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 40 else text[:37] + "…"


def read_text(path: Path, limit: int, error: type[BoxtrailError], kind: str) -> str:
    """The UTF-8 text of a file of at most `limit` bytes.

    Raises
    ------
    BoxtrailError
        Of class `error`: not there, not readable, too large, not text.
    """
    try:
        if path.is_dir():
            raise error(f"“{path.name}” is a folder, not a {kind}.", "Choose a file.", str(path))
        size = path.stat().st_size
        if size > limit:
            raise error(
                f"“{path.name}” is too large for a {kind} ({size / 1e6:.0f} MB).",
                "Check that it is the right file.",
                str(path),
            )
        data = path.read_bytes()
    except FileNotFoundError as cause:
        raise error(
            f"“{path.name}” does not exist.",
            "It may have been moved or renamed; choose it again.",
            str(path),
        ) from cause
    except OSError as cause:
        raise error(
            f"“{path.name}” cannot be read: {cause.strerror or cause}.",
            "Check the rights of the file and that its disk is there.",
            f"{path}: {cause!r}",
        ) from cause
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise error(
            f"“{path.name}” is not a {kind}: it is not text (byte {cause.start}).",
            "Choose another file, or an older copy of this one.",
            str(path),
        ) from cause


@contextlib.contextmanager
def collector_paused(size: int) -> Iterator[None]:
    """Do without the cycle collector while `size` bytes of JSON are read.

    Afterwards the memory that this took is given back to the system.
    """
    # Millions of lists that all live make the cycle collector search in vain, again
    # and again: without it 170 MB parse in 1.8 s instead of 5.9 s.
    pause = size > 1 << 20 and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()
            _give_back()


def _give_back() -> None:
    """Let the C library return freed memory: else it keeps what lies between what is in use."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # not every C library knows it
            ctypes.CDLL(None).malloc_trim(0)


def parse_json(text: str, name: str, error: type[BoxtrailError], kind: str) -> Any:
    """Parse strict JSON: no NaN or Infinity, whatever the nesting.

    Raises
    ------
    BoxtrailError
        Of class `error`, with line and column of the mistake.
    """
    if not text.strip():
        raise error(
            f"“{name}” is empty.",
            f"Open an older copy; an empty file is never a valid {kind}.",
        )

    def refuse(token: str) -> Any:
        raise ValueError(f"{token} is not a number that may be stored")

    try:
        with collector_paused(len(text)):
            return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as cause:
        cut = cause.pos >= len(text.rstrip()) - 1
        what = "it ends too early" if cut else f"it is not valid JSON ({cause.msg})"
        place = f"line {cause.lineno}, column {cause.colno}"
    except RecursionError:
        what, place = "it is nested too deeply", "an unknown line"
    except ValueError as cause:
        what, place = str(cause), "an unknown line"
    raise error(
        f"“{name}” cannot be read as a {kind}: {what} at {place}.",
        "Open an older copy of the file.",
    )
