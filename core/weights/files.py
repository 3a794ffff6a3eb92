"""Finding and reading weights files."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core import paths
from core.errors import WeightsError
from core.weights.manifest import Entry, entry

Source = Path | Mapping[str, Tensor]
"""A file to read, or the tensors themselves."""

_BLOCK = 1 << 20


def candidates(known: Entry) -> list[Path]:
    """Where `known` may lie, in the order of search."""
    folders = [paths.weights_dir(), paths.resource("weights")]
    extra = os.environ.get("BOXTRAIL_WEIGHTS")
    if extra:
        folders.insert(0, Path(extra))
    places = [folder / Path(known.file).name for folder in folders]
    if known.package:
        spec = importlib.util.find_spec(known.package)
        if spec is not None and spec.origin:
            places.append(Path(spec.origin).parent / known.file)
    return places


def installed(key: str) -> Path | None:
    """The file of entry `key`, None when it is nowhere."""
    return next((path for path in candidates(entry(key)) if path.is_file()), None)


def find(key: str) -> Path:
    """The file of entry `key`.

    Raises
    ------
    WeightsError
        If it is nowhere, with the command that gets it.
    """
    path = installed(key)
    if path is None:
        known = entry(key)
        raise WeightsError(
            f"The weights “{known.title}” are not installed.",
            f"Get them with: boxtrail weights get {key}"
            if known.address
            else f"Put {Path(known.file).name} into {paths.weights_dir()}.",
        )
    return path


def load(key: str, source: Source | None = None) -> dict[str, Tensor]:
    """The tensors of entry `key`, in float32, by the names in the file.

    Parameters
    ----------
    source
        A file to take instead of the installed one, or the tensors themselves. Such a
        file is not compared with the entry's checksum.

    Raises
    ------
    WeightsError
        If the file is missing, unreadable, or not the one the entry describes.
    """
    if isinstance(source, Mapping):
        return {name: tensor.float() for name, tensor in source.items()}
    path = source or find(key)
    if source is None:
        require_whole(path, entry(key))
    return {name: tensor.float() for name, tensor in read(path).items()}


def read(path: Path) -> dict[str, Tensor]:
    """All tensors of a ``.safetensors`` file or of a torch state dict.

    Raises
    ------
    WeightsError
        If there is no such file or it holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise WeightsError(f"There is no file “{path}”.", "Check the path.") from error
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise _unreadable(path, error) from error
    except Exception as error:
        raise _unreadable(path, error) from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise _unreadable(path, ValueError("it holds something else than tensors"))
    return dict(state)


def _unreadable(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"“{path.name}” cannot be read as weights.",
        "Use a .safetensors file, or a state dict saved by torch.",
        str(error),
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    value = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            value.update(block)
    return value.hexdigest()


def require_whole(path: Path, known: Entry) -> None:
    """Check a file against its entry.

    Raises
    ------
    WeightsError
        If size or checksum differ, with both.
    """
    size = path.stat().st_size
    if size != known.bytes:
        found, wanted = f"{size} bytes", f"{known.bytes} bytes"
    else:
        found, wanted = digest(path), known.sha256
    if found != wanted:
        raise WeightsError(
            f"“{path.name}” is damaged or another version: {found} instead of {wanted}.",
            f"Delete {path} and get it again.",
        )
