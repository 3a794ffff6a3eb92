"""Other programs' weights files turned into safetensors.

What the tensors must be is not known here: the caller may give a function that checks
them against a network and returns them by its names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from core import storage
from core.version import VERSION
from core.weights import matconvnet
from core.weights.files import digest, require_safetensors
from core.weights.reading import read

Fit = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
"""Checks tensors against a network; raises WeightsError with the difference."""


def read_foreign(path: Path) -> dict[str, Tensor]:
    """All tensors of a ``.mat``, ``.pth``, ``.pt`` or ``.safetensors`` file.

    Raises
    ------
    WeightsError
        If it cannot be read.
    """
    if path.suffix.lower() == ".mat" and path.is_file():
        return matconvnet.read(path)
    return read(path)


def convert(source: Path, target: Path, fit: Fit | None = None) -> dict[str, Tensor]:
    """Write the tensors of `source` as safetensors; returns them.

    The file remembers name and checksum of what it was made from.

    Raises
    ------
    WeightsError
        If `source` cannot be read, `target` is no ``.safetensors``, or `fit` refuses.
    StorageError
        If `target` cannot be written; an old file there is then unchanged.
    """
    require_safetensors(target)
    tensors = read_foreign(source)
    if fit is not None:
        tensors = fit(tensors)
    facts = {"made_from": source.name, "made_from_sha256": digest(source), "boxtrail": VERSION}
    content = save({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, facts)
    with storage.atomic_write(target) as stream:
        stream.write(content)
    return tensors
