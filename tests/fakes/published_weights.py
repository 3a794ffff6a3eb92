"""Weights in the publishers' own names, and those nets written as plainly as possible.

The references share no code with :mod:`core.nets`: they compute from the published names
alone, so that a wrong translation or a wrong layer gives another result.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

State = dict[str, Tensor]

RESNETS = {"resnet18": ((2, 2, 2, 2), False), "resnet50": ((3, 4, 6, 3), True)}


def _draw(generator: torch.Generator, *shape: int) -> Tensor:
    fan = max(int(np.prod(shape[1:])), 1)
    return torch.randn(*shape, generator=generator) / fan**0.5


def _norm(state: State, name: str, channels: int, generator: torch.Generator) -> None:
    state[f"{name}.weight"] = 0.5 + torch.rand(channels, generator=generator)
    state[f"{name}.bias"] = 0.2 * torch.randn(channels, generator=generator)
    state[f"{name}.running_mean"] = 0.2 * torch.randn(channels, generator=generator)
    state[f"{name}.running_var"] = 0.5 + torch.rand(channels, generator=generator)
    state[f"{name}.num_batches_tracked"] = torch.tensor(1)


def resnet(name: str, seed: int = 0) -> State:
    """A state dict as torchvision's ``resnet18`` and ``resnet50`` have it."""
    generator = torch.Generator().manual_seed(seed)
    counts, bottleneck = RESNETS[name]
    state: State = {"conv1.weight": _draw(generator, 64, 3, 7, 7)}
    _norm(state, "bn1", 64, generator)
    inputs = 64
    for layer, count in enumerate(counts, start=1):
        width = 32 * 2**layer
        outputs = width * 4 if bottleneck else width
        for block in range(count):
            place = f"layer{layer}.{block}"
            sizes = (
                [(width, inputs, 1), (width, width, 3), (outputs, width, 1)]
                if bottleneck
                else [(width, inputs, 3), (width, width, 3)]
            )
            for number, (out, into, kernel) in enumerate(sizes, start=1):
                state[f"{place}.conv{number}.weight"] = _draw(generator, out, into, kernel, kernel)
                _norm(state, f"{place}.bn{number}", out, generator)
            if block == 0 and (layer > 1 or inputs != outputs):
                state[f"{place}.downsample.0.weight"] = _draw(generator, outputs, inputs, 1, 1)
                _norm(state, f"{place}.downsample.1", outputs, generator)
            inputs = outputs
    state["fc.weight"] = torch.zeros(1000, inputs)
    state["fc.bias"] = torch.zeros(1000)
    return state


def _batch_norm(state: State, name: str, x: Tensor) -> Tensor:
    return nnf.batch_norm(
        x,
        state[f"{name}.running_mean"],
        state[f"{name}.running_var"],
        state[f"{name}.weight"],
        state[f"{name}.bias"],
    )


def resnet_forward(state: State, x: Tensor, last: str) -> Tensor:
    """The output of block `last` (``layer3.4``) of a normalised picture."""
    x = nnf.conv2d(x, state["conv1.weight"], stride=2, padding=3)
    x = nnf.max_pool2d(nnf.relu(_batch_norm(state, "bn1", x)), 3, 2, 1)
    deep = "layer1.0.conv3.weight" in state
    for layer in (1, 2, 3):
        block = 0
        while (place := f"layer{layer}.{block}") + ".conv1.weight" in state:
            stride = 2 if layer > 1 and block == 0 else 1
            out = nnf.conv2d(
                x,
                state[f"{place}.conv1.weight"],
                stride=1 if deep else stride,
                padding=0 if deep else 1,
            )
            out = nnf.relu(_batch_norm(state, f"{place}.bn1", out))
            out = nnf.conv2d(
                out, state[f"{place}.conv2.weight"], stride=stride if deep else 1, padding=1
            )
            out = _batch_norm(state, f"{place}.bn2", out)
            if deep:
                out = nnf.conv2d(nnf.relu(out), state[f"{place}.conv3.weight"])
                out = _batch_norm(state, f"{place}.bn3", out)
            if f"{place}.downsample.0.weight" in state:
                x = nnf.conv2d(x, state[f"{place}.downsample.0.weight"], stride=stride)
                x = _batch_norm(state, f"{place}.downsample.1", x)
            x = nnf.relu(x + out)
            if place == last:
                return x
            block += 1
    raise KeyError(last)


def alexnet(naming: str, seed: int = 0) -> State:
    """A PySOT checkpoint's tensors; `naming` is ``features`` or ``layers``."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(96, 3, 11), (256, 96, 5), (384, 256, 3), (384, 384, 3), (256, 384, 3)]
    flat = [(0, 1), (4, 5), (8, 9), (11, 12), (14, 15)]
    state: State = {}
    for number, (out, into, kernel) in enumerate(sizes):
        conv, norm = (
            (f"features.{flat[number][0]}", f"features.{flat[number][1]}")
            if naming == "features"
            else (f"module.backbone.layer{number + 1}.0", f"module.backbone.layer{number + 1}.1")
        )
        state[f"{conv}.weight"] = _draw(generator, out, into, kernel, kernel)
        state[f"{conv}.bias"] = 0.1 * torch.randn(out, generator=generator)
        _norm(state, norm, out, generator)
    return state


def alexnet_forward(state: State, bgr: Tensor) -> Tensor:
    """Its last features for a picture ``(N, 3, H, W)`` in BGR, 0 to 255."""
    x = bgr
    for number, place in enumerate((0, 4, 8, 11, 14)):
        conv = f"features.{place}"
        x = nnf.conv2d(x, state[f"{conv}.weight"], state[f"{conv}.bias"], 2 if number == 0 else 1)
        x = _batch_norm(state, f"features.{place + 1}", x)
        if number < 2:
            x = nnf.max_pool2d(x, 3, 2)
        if number < 4:
            x = nnf.relu(x)
    return x


def vgg_m_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Filters as MatConvNet holds them: rows, columns, inputs, outputs."""
    random = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for number, shape in enumerate([(7, 7, 3, 96), (5, 5, 96, 256), (3, 3, 256, 512)], start=1):
        scale = np.prod(shape[:3]) ** -0.5
        arrays[f"conv{number}"] = (random.standard_normal(shape) * scale).astype(np.float32)
        arrays[f"bias{number}"] = random.standard_normal((shape[3], 1)).astype(np.float32) * 0.1
    return arrays


def write_vgg_m(path: Path, arrays: dict[str, np.ndarray], *, old: bool = False) -> None:
    """A file in the structure of ``imagenet-vgg-m.mat``; `old` as the first releases."""
    from scipy.io import savemat

    cells = []
    for number in (1, 2, 3):
        weights = np.empty((1, 2), object)
        weights[0, 0], weights[0, 1] = arrays[f"conv{number}"], arrays[f"bias{number}"]
        layer = {"type": "conv", "name": f"conv{number}", "stride": [[2.0, 2.0]]}
        if old:
            layer |= {"filters": weights[0, 0], "biases": weights[0, 1]}
        else:
            layer |= {"weights": weights}
        cells += [layer, {"type": "relu", "name": f"relu{number}"}]
        if number < 3:
            cells += [{"type": "lrn", "name": f"norm{number}"}, {"type": "pool", "name": "pool"}]
    layers = np.empty((1, len(cells)), object)
    for index, cell in enumerate(cells):
        layers[0, index] = cell
    average = np.zeros((4, 4, 3), np.float32) + np.array([123.0, 117.0, 104.0], np.float32)
    normalization = {"averageImage": average, "imageSize": [[224.0, 224.0, 3.0]]}
    meta = {"normalization": normalization}
    savemat(path, {"layers": layers, **(meta if old else {"meta": meta})}, do_compression=True)
