"""Reading weights files without trusting them.

Nothing is executed: safetensors is plain data, torch's files are read with
``weights_only=True``, and a torch file that would unpack to much more than its size is
refused before it is read.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from core.errors import WeightsError

_SLACK = 1 << 20  # bytes a torch file may unpack to beyond its own size


def read(path: Path) -> dict[str, Tensor]:
    """All tensors of a ``.safetensors`` file or of a torch state dict, on the CPU.

    Raises
    ------
    WeightsError
        If there is no such file or it holds something else.
    """
    if not path.exists():
        raise WeightsError(f"There is no file “{path}”.", "Check the path.")
    if path.is_dir():
        raise WeightsError(f"“{path}” is a folder, not a file.", "Name the file in it.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = _state_dict(path)
    except Exception as error:
        raise unreadable(path, error) from error
    if not all(isinstance(name, str) and _is_plain(value) for name, value in state.items()):
        raise unreadable(path, ValueError("it holds something else than tensors"))
    return dict(state)


def read_facts(path: Path) -> dict[str, str]:
    """The texts that a ``.safetensors`` file carries beside its tensors; other files have none.

    Raises
    ------
    WeightsError
        If it is no such file.
    """
    if path.suffix != ".safetensors":
        return {}
    try:
        with safe_open(path, "pt") as opened:
            return dict(opened.metadata() or {})
    except Exception as error:
        raise unreadable(path, error) from error


def _state_dict(path: Path) -> Mapping[str, Tensor]:
    _refuse_bomb(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about old formats; what matters raises
        state = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]  # a training program's checkpoint
    if not isinstance(state, Mapping) or not state:
        raise ValueError("it holds no tensors by name")
    return state


def _refuse_bomb(path: Path) -> None:
    """Torch stores without compression; a file that does not may unpack to anything."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > path.stat().st_size + _SLACK:
        raise ValueError(f"it would unpack to {unpacked} bytes")


def _is_plain(value: object) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized


def unreadable(path: Path, error: Exception) -> WeightsError:
    """The error for a file that is no weights file."""
    return WeightsError(
        f"“{path.name}” cannot be read as weights.",
        "Use a .safetensors file, or a state dict saved by torch.",
        f"{type(error).__name__}: {error}",
    )
