"""Reading MatConvNet's models (MATLAB files, version 5), for conversion only.

Convolutions are held as (rows, columns, inputs, outputs) and are correlations as in
torch, so axes are moved and nothing is flipped. SciPy reads the container; it is asked
for only here, since one conversion is all it is good for.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import WeightsError


def require_reader(name: str) -> None:
    """Find out whether MATLAB's files can be read here, before one is fetched.

    Raises
    ------
    WeightsError
        If SciPy is not installed.
    """
    if importlib.util.find_spec("scipy") is None:
        raise WeightsError(
            f"“{name}” is a MATLAB file; reading it needs SciPy.",
            'Install it with: pip install "boxtrail[convert]"',
        )


def read(path: Path) -> dict[str, Tensor]:
    """``<layer>.weight`` and ``<layer>.bias`` of the convolutions, and ``average``.

    `average` is the picture ``(rows, columns, 3)`` or ``(3,)`` that is subtracted from the
    input: RGB, 0 to 255. Fully connected layers that MATLAB's squeezing left with fewer than
    four axes are passed over.

    Raises
    ------
    WeightsError
        If SciPy is not installed, or the file holds no such model.
    """
    require_reader(path.name)
    from scipy.io import loadmat

    wanted = ["layers", "meta", "normalization"]
    try:
        contents = loadmat(path, variable_names=wanted, simplify_cells=True)
        tensors = _convolutions(contents["layers"])
        tensors["average"] = _average(contents)
    except Exception as error:
        raise WeightsError(
            f"“{path.name}” cannot be read as a MatConvNet model.",
            "Use the file as its publisher offers it.",
            f"{type(error).__name__}: {error}",
        ) from error
    return tensors


def _convolutions(layers: Any) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for layer in layers:
        if layer["type"] != "conv":
            continue
        held = layer["weights"] if "weights" in layer else (layer["filters"], layer["biases"])
        filters, biases = (np.asarray(part, np.float32) for part in held)
        if filters.ndim != 4:
            continue
        moved = np.ascontiguousarray(filters.transpose(3, 2, 0, 1))
        tensors[f"{layer['name']}.weight"] = torch.from_numpy(moved)
        tensors[f"{layer['name']}.bias"] = torch.from_numpy(biases.reshape(-1).copy())
    return tensors


def _average(contents: Mapping[str, Any]) -> Tensor:
    holder = contents.get("meta", contents)
    average = np.asarray(holder["normalization"]["averageImage"], np.float32)
    if average.shape[-1] != 3:
        raise ValueError(f"an average picture of shape {average.shape}")
    return torch.from_numpy(average.copy())
