"""One network out of several: the mean of their weights.

Trainings that went on from one another, or from the same start, stay close enough for their
mean to be a network as well; it often measures better than each of them on what none has
seen (Wortsman et al., *Model soups*, ICML 2022). Trainings from different starts have no such
mean: measure before using one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from core import storage
from core.errors import WeightsError
from core.version import VERSION
from core.weights.files import digest, require_safetensors
from core.weights.reading import read, read_facts

_DESCRIPTION = "config"
"""Tensors of this name, or with it before a dot, say what the network is like."""


def average(
    sources: Sequence[Path], target: Path, shares: Sequence[float] | None = None
) -> dict[str, Tensor]:
    """Write the weighted mean of `sources` as safetensors; returns its tensors.

    Floating tensors are averaged in double precision and keep their type; the description
    of the network and whole numbers are those of the first file. The file remembers names,
    checksums and shares of what it was made from.

    Parameters
    ----------
    sources
        Two files or more with tensors of the same names and shapes.
    shares
        Weight of each, scaled to a sum of one; equal by default.

    Raises
    ------
    WeightsError
        If a file cannot be read, files hold different networks, `shares` do not fit, or
        `target` is no ``.safetensors``.
    StorageError
        If `target` cannot be written; an old file there is then unchanged.
    """
    require_safetensors(target)
    parts = _parts(len(sources), shares)
    networks = [read(path) for path in sources]
    first = networks[0]
    for path, other in zip(sources[1:], networks[1:], strict=True):
        _require_same(first, sources[0], other, path)
    tensors = {
        name: _mean([network[name] for network in networks], parts)
        if _averaged(name, tensor)
        else tensor.clone()
        for name, tensor in first.items()
    }
    facts = read_facts(sources[0]) | {
        "average_of": "; ".join(
            f"{part:g} of {path.name} (sha256 {digest(path)})"
            for part, path in zip(parts, sources, strict=True)
        ),
        "boxtrail": VERSION,
    }
    content = save(tensors, facts)
    with storage.atomic_write(target) as stream:
        stream.write(content)
    return tensors


def _parts(count: int, shares: Sequence[float] | None) -> list[float]:
    if count < 2:
        raise WeightsError("A mean needs two files or more.", "Name the files to average.")
    given = [1.0] * count if shares is None else list(shares)
    if len(given) != count or not all(math.isfinite(s) and s > 0 for s in given):
        raise WeightsError(
            f"{len(given)} shares do not fit {count} files.",
            "Give one share above 0 for each file.",
        )
    return [share / sum(given) for share in given]


def _averaged(name: str, tensor: Tensor) -> bool:
    described = name == _DESCRIPTION or name.startswith(f"{_DESCRIPTION}.")
    return tensor.is_floating_point() and not described


def _require_same(
    first: dict[str, Tensor], first_path: Path, other: dict[str, Tensor], path: Path
) -> None:
    mine = {name: tensor.shape for name, tensor in first.items() if _averaged(name, tensor)}
    theirs = {name: tensor.shape for name, tensor in other.items() if _averaged(name, tensor)}
    if mine == theirs:
        return
    wrong = sorted(
        name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)
    )
    raise WeightsError(
        f"“{first_path.name}” and “{path.name}” hold different networks: “{wrong[0]}” is missing "
        "or has another shape in one of them.",
        "Average weights of trainings that went on from one another.",
    )


def _mean(tensors: Sequence[Tensor], parts: Sequence[float]) -> Tensor:
    total = torch.zeros_like(tensors[0], dtype=torch.float64)
    for tensor, part in zip(tensors, parts, strict=True):
        total += part * tensor.double()
    return total.to(tensors[0].dtype).contiguous()
