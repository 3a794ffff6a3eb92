"""``--layer KEY,NAME=VALUE,…``: a layer of a map in words, as the window's panel would set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from core.cli.options import UsageError
from core.render.colormaps import COLORMAPS
from core.render.layers import BLENDS, DERIVED, LayerLook

_CHOICES = {"colormap": COLORMAPS, "blend": BLENDS, "derive": tuple(filter(None, DERIVED))}
_BOUNDS = {
    "opacity": (0.0, 1.0),
    "gamma": (0.05, 20.0),
    "fade": (0.0, 1.0),
    "threshold": (0.0, 1.0),
    "contours": (0, 50),
    "span": (2, 1000),
}
_TYPES = {field.name: str(field.type) for field in fields(LayerLook)}
NAMES = tuple(name for name in _TYPES if name != "map_key")


def parse_layers(texts: Sequence[str], keys: Sequence[str], like: LayerLook) -> list[LayerLook]:
    """The layers that `texts` describe, bottom first; what they do not say is as in `like`.

    Raises
    ------
    UsageError
        If one cannot be understood, or names a map that is not among `keys`.
    """
    return [_parsed(text, keys, like) for text in texts]


def _parsed(text: str, keys: Sequence[str], like: LayerLook) -> LayerLook:
    key, *rest = (part.strip() for part in text.split(","))
    values: dict[str, Any] = {name: getattr(like, name) for name in NAMES}
    for part in rest:
        name, sign, value = part.partition("=")
        if not sign or name not in NAMES:
            raise UsageError(
                f"“{part}” does not set a layer.", "Known: " + ", ".join(NAMES) + " (=VALUE)."
            )
        values[name] = _value(name, value)
    named = {part.partition("=")[0] for part in rest}
    if values["derive"] in ("change", "minus"):  # they lie about zero; looks as in the window
        signed = {"colormap": "balance", "fade": 1.0}
        values.update({name: value for name, value in signed.items() if name not in named})
    if {"low", "high"} & named and "auto_levels" not in named:
        values["auto_levels"] = False  # levels that are named are values of the map
    for wanted in (key, values["other"]):
        if wanted and wanted not in keys:
            raise UsageError(
                f"There is no map “{wanted}”.", f"There are: {', '.join(keys) or 'none'}."
            )
    return LayerLook(key, **values)


def _value(name: str, text: str) -> Any:
    kind, choices = _TYPES[name], _CHOICES.get(name)
    if choices is not None and text not in choices:
        raise UsageError(f"“{text}” is no {name}.", "Known: " + ", ".join(choices) + ".")
    try:
        if kind == "bool":
            return {"yes": True, "true": True, "no": False, "false": False}[text.lower()]
        value = {"int": int, "float": float}.get(kind, str)(text)
    except (KeyError, ValueError) as error:
        raise UsageError(f"“{text}” is no value of {name}.") from error
    low, high = _BOUNDS.get(name, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        raise UsageError(f"{name} is from {low:g} to {high:g}, not {text}.")
    return value
