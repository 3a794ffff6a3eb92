"""Parameters declared once.

A field declared with :func:`param` on a frozen dataclass *is* the attribute, the
editor in the window, the command-line flag, the row in the docs and the entry in
saved files. :func:`describe` gives the facts to whoever renders them;
:func:`from_dict` and :func:`with_values` check values and name what is wrong.

Supported field types: ``bool``, ``int``, ``float``, ``str`` (with `choices`).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.errors import ParamError

T = TypeVar("T")
Value = bool | int | float | str
_KEY = "boxtrail.param"
_TERMS = "ADMM APCE CF CG CN CNN FC FFT HOG IoU LBP NMS PSR RGB RoI RPN SGD"
_ACRONYMS = {term.lower(): term for term in _TERMS.split()}
_ACRONYMS |= {"lam": "λ", "lam1": "λ1", "lam2": "λ2"}
"""Terms of the field that are not written like words."""


@dataclass(frozen=True, slots=True)
class _Declared:
    doc: str
    bounds: tuple[float, float] | None
    choices: tuple[str, ...] | None
    unit: str
    ref: str
    live: bool
    group: str
    step: float | None
    label: str
    choice_labels: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """Everything a front end needs to show and check one parameter."""

    name: str
    type: type
    default: Value
    doc: str
    bounds: tuple[float, float] | None = None
    choices: tuple[str, ...] | None = None
    unit: str = ""
    ref: str = ""
    live: bool = False
    group: str = ""
    step: float | None = None
    label: str = ""
    choice_labels: tuple[str, ...] | None = None

    @property
    def title(self) -> str:
        """Name for people: its `label`, or from the name: ``hog_cell`` → ``HOG cell``."""
        if self.label:
            return self.label
        first, *rest = self.name.split("_")
        words = [_ACRONYMS.get(first, first[:1].upper() + first[1:])]
        return " ".join(words + [_ACRONYMS.get(word, word) for word in rest])

    def choice_title(self, choice: str) -> str:
        """One of `choices` for people: its label, or the word itself without underscores."""
        if self.choices and self.choice_labels and choice in self.choices:
            return self.choice_labels[self.choices.index(choice)]
        return choice.replace("_", " ")

    @property
    def flag(self) -> str:
        """Command-line spelling: ``--learning-rate``."""
        return "--" + self.name.replace("_", "-")


def param(
    default: T,
    doc: str,
    *,
    bounds: tuple[float, float] | None = None,
    choices: Sequence[str] | None = None,
    unit: str = "",
    ref: str = "",
    live: bool = False,
    group: str = "",
    step: float | None = None,
    label: str = "",
    choice_labels: Sequence[str] | None = None,
) -> T:
    """Declare a dataclass field as a parameter.

    Parameters
    ----------
    default
        Its type must match the annotation.
    doc
        One sentence: what it is, not how it is stored.
    bounds
        Inclusive range for numbers.
    choices
        Allowed values for strings.
    unit
        Shown as a suffix ("px", "×", "frames").
    ref
        Where it is defined, e.g. ``"Eq. 9"``.
    live
        Whether a running tracker takes a new value (`Tracker.tune`).
    group
        Heading under which editors show it.
    step
        Increment of a spin box.
    label
        Name for people, where the field's own name says too little.
    choice_labels
        Names for people of the `choices`, in their order.
    """
    declared = _Declared(
        doc,
        bounds,
        tuple(choices) if choices else None,
        unit,
        ref,
        live,
        group,
        step,
        label,
        tuple(choice_labels) if choice_labels else None,
    )
    return typing.cast(T, dataclasses.field(default=default, metadata={_KEY: declared}))


def describe(cls: type) -> list[ParamInfo]:
    """The parameters of a dataclass in order of declaration."""
    hints = typing.get_type_hints(cls)
    infos: list[ParamInfo] = []
    for field in dataclasses.fields(cls):
        declared = field.metadata.get(_KEY)
        if declared is None:
            continue
        values = {f.name: getattr(declared, f.name) for f in dataclasses.fields(declared)}
        infos.append(
            ParamInfo(
                name=field.name,
                type=hints[field.name],
                default=typing.cast(Value, field.default),
                **values,
            )
        )
    return infos


def to_dict(params: Any) -> dict[str, Value]:
    """Plain values of a parameter object, JSON-ready."""
    return {info.name: getattr(params, info.name) for info in describe(type(params))}


def from_dict(cls: type[T], values: Mapping[str, Any], *, where: str = "") -> T:
    """Build `cls` from plain values; missing names take their defaults.

    Raises
    ------
    ParamError
        Unknown name (with the nearest one), wrong type, out of bounds or choices.
    """
    infos = {info.name: info for info in describe(cls)}
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if name not in infos:
            near = difflib.get_close_matches(name, infos, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else "Known: " + ", ".join(infos) + "."
            raise ParamError(f"{where or cls.__name__} has no parameter “{name}”.", hint)
        checked[name] = check(infos[name], value, where=where)
    return cls(**checked)


def with_values(params: T, values: Mapping[str, Any], *, where: str = "") -> T:
    """A copy of `params` with some values replaced and checked like :func:`from_dict`."""
    return from_dict(type(params), {**to_dict(params), **values}, where=where)


def check(info: ParamInfo, value: Any, *, where: str = "") -> Value:
    """Convert and check one value; text (from a command line) is parsed.

    Raises
    ------
    ParamError
        If the value is not of the type, the bounds or the choices of `info`.
    """
    name = f"{where}.{info.name}" if where else info.name
    converted = _converted(info, value, name)
    if info.choices and converted not in info.choices:
        raise ParamError(
            f"{name}: “{converted}” is not a choice.", "Use " + ", ".join(info.choices) + "."
        )
    if info.bounds is not None:
        low, high = info.bounds
        if not low <= typing.cast(float, converted) <= high:
            raise ParamError(
                f"{name}: {value} is not within {low:g} to {high:g}.",
                "Choose a value in that range.",
            )
    return converted


def _converted(info: ParamInfo, value: Any, name: str) -> Value:
    wrong = ParamError(
        f"{name}: “{value}” is not of type {info.type.__name__}.", "Check the value."
    )
    if info.type is bool:
        if isinstance(value, bool):
            return value
        truth = {"true": True, "1": True, "yes": True, "on": True,
                 "false": False, "0": False, "no": False, "off": False}  # fmt: skip
        if isinstance(value, str) and value.lower() in truth:
            return truth[value.lower()]
        raise wrong
    if info.type is str:
        if isinstance(value, str):
            return value
        raise wrong
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise wrong from None
    if not math.isfinite(number) or (info.type is int and number != int(number)):
        raise wrong
    return int(number) if info.type is int else number
