"""Counting reads of tensor values by the host, without a GPU.

On a GPU every such read waits until the device has done all it was asked to do. On the
CPU nothing waits, but the same calls are made: conversions of a tensor to Python numbers
and copies "to the CPU" are caught at `torch.Tensor`, operations whose result has a size
that only the values know (`nonzero`, boolean masks) in the dispatcher. Reading with
`numpy()` alone is not counted: it fails for a tensor on a GPU, so what it reads is on
the host on purpose.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_CONVERSIONS = (
    "item",
    "tolist",
    "cpu",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__complex__",
)
_DATA_SIZED = {
    "aten::_local_scalar_dense",
    "aten::nonzero",
    "aten::masked_select",
    "aten::equal",
    "aten::_unique2",
    "aten::is_nonzero",
}


@dataclass
class Reads:
    """What was read, with the line of our code that did it."""

    sites: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.sites)

    def note(self, what: str) -> None:
        ours = [f for f in traceback.extract_stack() if "/core/" in f.filename.replace("\\", "/")]
        ours = [f for f in ours if "/tests/" not in f.filename.replace("\\", "/")]
        at = f"{ours[-1].filename.split('/core/')[-1]}:{ours[-1].lineno}" if ours else "?"
        self.sites.append(f"{what} at {at}")

    def where(self) -> str:
        return f"{self.count} reads: " + "; ".join(self.sites)


class _Watch(TorchDispatchMode):
    def __init__(self, reads: Reads) -> None:
        super().__init__()
        self._reads, self.silent = reads, False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func.name().split(".")[0]
        masked = name in ("aten::index", "aten::index_put_") and _by_mask(args[1])
        if (name in _DATA_SIZED or masked) and not self.silent:
            self._reads.note(name)
        return func(*args, **(kwargs or {}))


def _by_mask(indices: Any) -> bool:
    return any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in indices)


@contextlib.contextmanager
def counted_reads() -> Iterator[Reads]:
    """Count every read while the block runs."""
    reads = Reads()
    watch = _Watch(reads)

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            outer = not watch.silent
            if outer:
                reads.note(name)
            watch.silent = True  # one read, however it is done inside
            try:
                return real(self, *args, **kwargs)
            finally:
                watch.silent = not outer

        return call

    with contextlib.ExitStack() as stack:
        for name in _CONVERSIONS:
            real = getattr(torch.Tensor, name)
            stack.enter_context(mock.patch.object(torch.Tensor, name, counting(name, real)))
        real_to = torch.Tensor.to

        def to(self: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            targets = [*args, *kwargs.values()]
            if any(str(t) == "cpu" for t in targets if isinstance(t, str)):
                reads.note("to(cpu)")
            return real_to(self, *args, **kwargs)

        stack.enter_context(mock.patch.object(torch.Tensor, "to", to))
        stack.enter_context(watch)
        yield reads
