"""Putting tensors into a network, with a readable difference when they do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from core.errors import WeightsError

_SHOWN = 6


def fill(
    module: nn.Module, tensors: Mapping[str, Tensor], *, where: str, extra_allowed: bool = False
) -> None:
    """Copy `tensors` into `module`, all or nothing.

    Parameters
    ----------
    where
        Name of the network, for the error.
    extra_allowed
        Whether tensors that the network does not have are passed over.

    Raises
    ------
    WeightsError
        If a tensor is missing, has another shape, holds values that are no numbers, or is
        one too many.
    """
    own = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    missing = [f"{name} {_shape(own[name])}" for name in own if name not in tensors]
    extra = [f"{name} {_shape(tensor)}" for name, tensor in tensors.items() if name not in own]
    changed = [
        f"{name} {_shape(tensors[name])} instead of {_shape(own[name])}"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    parts = [_listed("missing", missing), _listed("of another shape", changed)]
    if not extra_allowed:
        parts.append(_listed("unknown", extra))
    wrong = [part for part in parts if part]
    if wrong:
        raise WeightsError(
            f"These weights are not those of {where}: " + "; ".join(wrong) + ".",
            "Choose the file that was made for this network.",
            "\n".join([*missing, *changed, *extra]),
        )
    spoilt = [name for name in own if not bool(tensors[name].isfinite().all())]
    if spoilt:
        raise WeightsError(
            f"These weights of {where} hold values that are no numbers, in {spoilt[0]}.",
            "Choose another file.",
        )
    module.load_state_dict({name: tensors[name] for name in own}, strict=False)


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "number"


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{more})"
