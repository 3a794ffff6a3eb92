"""Where EDCF's two feature maps come from: its own encoder, or an ImageNet backbone.

Both are a :class:`~core.nets.backbone.Backbone` with a fine *low* and a coarse *high*
level; sizes follow from the levels' geometry. The own encoder is used as trained. The
ImageNet one was never trained for tracking, so its maps are prepared per target: the low
channels are centred and projected onto their first principal directions in the first
frame (the paper's “thin” maps), the high ones are centred, and templates are compared
by the cosine of the angle between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor, nn

from core import weights
from core.errors import WeightsError
from core.nets import backbones
from core.nets.backbone import Backbone, Level
from core.trackers.base import Services
from core.trackers.edcf.alignment import Alignment
from core.trackers.edcf.network import (
    CROP,
    KERNEL,
    PADDING,
    Decoder,
    Encoder,
    Semantic,
    Windows,
    correlate,
    middle,
)
from core.trackers.edcf.params import EDCFParams

IMAGENET_CROP = 257
"""Side of the search picture for the ImageNet backbone: its grids are symmetric then."""

_LOW_CELLS = {2: 125, 4: 63}  # per stride; leaves out the cells that see the padding
_BLOCKS = {"block4": 5, "block7": 8, "block10": 11}


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a target's first frame fixes about features; None: taken as they are.

    `low_mean` ``(1, K, 1, 1)`` and `low_axes` ``(n, K, 1, 1)`` make thin low maps,
    `high_mean` ``(1, C, 1, 1)`` centres high ones.
    """

    low_mean: Tensor
    low_axes: Tensor
    high_mean: Tensor


@dataclass(frozen=True, slots=True)
class Extractor:
    """A network with the two levels EDCF works on.

    `crop` is the side of the search picture in pixels, `kernel` that of the template in
    high cells. `decoder` only comes with the own network.
    """

    net: Backbone
    low: Level
    high: Level
    crop: int
    kernel: int
    windows: Windows
    alignment: Alignment
    semantic: Semantic | None
    decoder: Decoder | None

    @property
    def cells(self) -> int:
        """Side of the low response."""
        return self.windows.cells

    def pictures(self, crops: NDArray[np.uint8]) -> Tensor:
        """``(N, 3, side, side)`` float of uint8 ``(N, side, side, 3)``; one upload."""
        device = self.alignment.grid.device
        return torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float()

    def maps(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Raw low ``(N, K, rows, cols)`` and high maps, in float32."""
        found = self.net(pictures, (self.low.name, self.high.name))
        return found[self.low.name].float(), found[self.high.name].float()

    def fine(self, pictures: Tensor) -> Tensor:
        """Raw low maps alone: the layers above are not computed."""
        return self.net(pictures, (self.low.name,))[self.low.name].float()

    def fine_and_middle(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Low maps of all pictures, the high map ``(1, C, rows, cols)`` of the middle one."""
        index = len(pictures) // 2
        low, high = self.maps(pictures[index : index + 1])
        if len(pictures) == 1:
            return low, high
        others = self.fine(torch.cat([pictures[:index], pictures[index + 1 :]]))
        return torch.cat([others[:index], low, others[index:]]), high

    def prepare(self, low: Tensor, high: Tensor, params: EDCFParams) -> Preparation | None:
        """Statistics of the first frame's search picture."""
        if self.semantic is not None:
            return None
        flat = middle(low, self.cells)[0].flatten(1)
        mean = flat.mean(1, keepdim=True)
        centred = flat - mean
        values, vectors = torch.linalg.eigh(centred @ centred.T / centred.shape[1])
        count = min(params.low_channels, len(values))
        axes = vectors[:, -count:].flip(1).T
        power = values[-count:].flip(0).clamp(min=0) / values.sum().clamp(min=1e-12) + 1e-6
        axes = axes * power[:, None] ** (-params.low_whitening / 2)
        # The sign of a direction is arbitrary; the filter does not depend on it.
        spread = values.clamp(min=0).sum().sqrt().clamp(min=1e-6)
        return Preparation(
            mean.view(1, -1, 1, 1),
            (axes / spread).reshape(count, -1, 1, 1),
            high.mean((0, 2, 3), keepdim=True),
        )

    def thin(self, low: Tensor, preparation: Preparation | None) -> Tensor:
        """Low features as the filter takes them."""
        if preparation is None:
            return low
        return nnf.conv2d(low - preparation.low_mean, preparation.low_axes)

    def template(self, high: Tensor, preparation: Preparation | None) -> Tensor:
        """The kernel ``(1, C, m, m)`` of high features of the target's own picture."""
        if preparation is None:
            return middle(high, self.kernel)
        kernel = middle(high - preparation.high_mean, self.kernel)
        return kernel / torch.linalg.vector_norm(kernel).clamp(min=1e-6)

    def logits(
        self, kernel: Tensor, high: Tensor, preparation: Preparation | None, params: EDCFParams
    ) -> Tensor:
        """``f`` ``(N, R, R)``: how much every place of the high maps is like the template.

        Of the own network Eq. 3 with its learned gain and offset, else the cosine with
        the fixed ones of `params`.
        """
        if self.semantic is not None:
            return self.semantic(kernel, high)
        assert preparation is not None
        centred = high - preparation.high_mean
        energy = centred.square().sum(1, keepdim=True)
        around = nnf.avg_pool2d(energy, self.kernel, stride=1)[:, 0] * self.kernel**2
        cosine = correlate(kernel, centred) / around.clamp(min=1e-6).sqrt()
        return params.semantic_gain * (cosine - params.semantic_middle)


def build(params: EDCFParams, services: Services) -> Extractor:
    """The extractor that `params.features` names.

    Raises
    ------
    WeightsError
        If its weights are missing, damaged or of another network.
    """
    if params.features == "own":
        return _own(params, services)
    return _imagenet(params, services)


def _own(params: EDCFParams, services: Services) -> Extractor:
    tensors = weights.load("edcf", services.weights.get("edcf"))
    encoder, semantic = Encoder(), Semantic()
    if _part(tensors, "encoder.trunk."):
        weights.fill(encoder, _part(tensors, "encoder."), where="EDCF's encoder")
        weights.fill(semantic, _part(tensors, "semantic."), where="EDCF's correlation")
    else:
        _fill_fine_branch(encoder, tensors, params)
    decoder = None
    if _part(tensors, "decoder."):
        decoder = Decoder()
        weights.fill(decoder, _part(tensors, "decoder."), where="EDCF's decoder")
        decoder = decoder.eval().requires_grad_(requires_grad=False).to(services.device)
    net = backbones.ready(encoder, device=services.device)
    return _extractor(
        net,
        ("low", "high"),
        CROP,
        KERNEL,
        services.device,
        semantic.requires_grad_(requires_grad=False).to(services.device),
        decoder,
    )


def _fill_fine_branch(encoder: Encoder, tensors: dict[str, Tensor], params: EDCFParams) -> None:
    """The stem alone: the coarse response is flat then, and decides nothing."""
    if params.branches == "high":
        raise WeightsError(
            "These weights of EDCF's own network hold the fine branch alone.",
            "Set branches = low, or use features = imagenet.",
        )
    weights.fill(encoder.stem, _part(tensors, "encoder.stem."), where="EDCF's fine branch")
    for parameter in encoder.trunk.parameters():
        nn.init.zeros_(parameter)


def _imagenet(params: EDCFParams, services: Services) -> Extractor:
    key = "efficientnet-lite0"
    net = backbones.build(
        key,
        services.weights.get(key),
        device=services.device,
        half=params.half,
        depth=_BLOCKS[params.high_level],
    )
    stride = net.levels[params.high_level].stride
    # An odd number of cells, as near the target's size as that allows.
    kernel = 2 * round((IMAGENET_CROP / PADDING * params.template_size / stride - 1) / 2) + 1
    names = (params.low_level, params.high_level)
    return _extractor(net, names, IMAGENET_CROP, max(kernel, 1), services.device, None, None)


def _extractor(
    net: Backbone,
    names: tuple[str, str],
    crop: int,
    kernel: int,
    device: torch.device,
    semantic: Semantic | None,
    decoder: Decoder | None,
) -> Extractor:
    low, high = (net.levels[name] for name in names)
    windows = Windows.of(crop, low.stride, _LOW_CELLS[low.stride])
    # The first cell is centred at the offset, the last one mirrors it at most.
    side = int((crop - 2 * high.offset) // high.stride) + 1
    alignment = Alignment.of(windows.cells, low.stride, side - kernel + 1, high.stride, device)
    return Extractor(net, low, high, crop, kernel, windows, alignment, semantic, decoder)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix) and not name.endswith("num_batches_tracked")
    }
