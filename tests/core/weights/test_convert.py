from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torch.nn.functional as nnf
from fakes import published_weights as published
from safetensors import safe_open

from core.errors import WeightsError
from core.nets import backbones
from core.weights import convert, matconvnet
from core.weights.reading import read


def test_that_a_converted_file_holds_the_same_tensors(tmp_path: Path) -> None:
    whole = torch.rand(6, 4)
    state = {"a": whole, "b": whole[:, :2], "c": torch.tensor(3), "d": whole.half()}
    torch.save(state, tmp_path / "in.pth")
    convert.convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    result = read(tmp_path / "out.safetensors")
    assert set(result) == set(state)
    assert all(torch.equal(result[name], tensor) for name, tensor in state.items())


def test_that_it_remembers_what_it_was_made_from(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "in.pth")
    convert.convert(tmp_path / "in.pth", tmp_path / "out.safetensors")
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        facts = file.metadata()
    assert facts["made_from"] == "in.pth"
    digest = hashlib.sha256((tmp_path / "in.pth").read_bytes()).hexdigest()
    assert facts["made_from_sha256"] == digest


def test_that_a_file_of_another_network_is_not_written(tmp_path: Path) -> None:
    torch.save(published.resnet("resnet18"), tmp_path / "in.pth")
    with pytest.raises(WeightsError, match="not those of resnet50"):
        convert.convert(
            tmp_path / "in.pth",
            tmp_path / "out.safetensors",
            lambda tensors: backbones.checked("resnet50", tensors),
        )
    assert not (tmp_path / "out.safetensors").exists()


def test_that_the_name_must_say_safetensors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"Write to out\.safetensors"):
        convert.convert(tmp_path / "in.pth", tmp_path / "out.pth")


@pytest.mark.parametrize("old", [False, True])
def test_that_matconvnets_filters_keep_their_axes(tmp_path: Path, old: bool) -> None:
    arrays = published.vgg_m_arrays()
    published.write_vgg_m(tmp_path / "m.mat", arrays, old=old)
    tensors = matconvnet.read(tmp_path / "m.mat")
    assert tensors["conv2.weight"].shape == (256, 96, 5, 5)
    assert tensors["conv1.weight"][7, 2, 4, 1] == arrays["conv1"][4, 1, 2, 7]
    assert tensors["conv3.bias"][9] == arrays["bias3"][9, 0]
    assert tensors["average"].reshape(-1, 3)[0].tolist() == [123, 117, 104]


def test_that_vgg_m_computes_what_matconvnet_would(tmp_path: Path) -> None:
    arrays = published.vgg_m_arrays()
    published.write_vgg_m(tmp_path / "m.mat", arrays)
    target = tmp_path / "vgg-m.safetensors"
    convert.convert(tmp_path / "m.mat", target, lambda tensors: backbones.checked("vgg-m", tensors))
    names = {f"conv{n}.0.{part}" for n in (1, 2, 3) for part in ("weight", "bias")}
    assert set(read(target)) == names | {"mean", "std"}
    picture = torch.rand(1, 3, 115, 131, generator=torch.Generator().manual_seed(3)) * 255
    with torch.inference_mode():
        ours = backbones.build("vgg-m", target)(picture, ["conv3"])["conv3"]
    x = picture - torch.tensor([123.0, 117, 104]).view(1, 3, 1, 1)
    for number, stride in ((1, 2), (2, 2), (3, 1)):
        filters = torch.from_numpy(arrays[f"conv{number}"]).permute(3, 2, 0, 1)
        bias = torch.from_numpy(arrays[f"bias{number}"][:, 0])
        x = nnf.relu(nnf.conv2d(x, filters, bias, stride))
        if number < 3:
            # y = x · (κ + α Σ x²)^(−β) over five neighbouring channels
            padded = nnf.pad(x.square(), (0, 0, 0, 0, 2, 2))
            energy = torch.stack([padded[:, k : k + x.shape[1]] for k in range(5)]).sum(0)
            x = nnf.max_pool2d(x * (2 + 1e-4 * energy) ** -0.75, 3, 2)
    torch.testing.assert_close(ours, x, rtol=1e-3, atol=1e-4 * float(x.abs().max()))


def test_that_another_matlab_file_is_refused(tmp_path: Path) -> None:
    from scipy.io import savemat

    savemat(tmp_path / "m.mat", {"boxes": [1.0, 2, 3]})
    with pytest.raises(WeightsError, match="cannot be read as a MatConvNet model"):
        matconvnet.read(tmp_path / "m.mat")


def test_that_a_model_of_other_layers_is_refused_with_the_difference(tmp_path: Path) -> None:
    arrays = published.vgg_m_arrays()
    arrays["conv2"] = arrays["conv2"][:, :, :48]
    published.write_vgg_m(tmp_path / "m.mat", arrays)
    with pytest.raises(WeightsError, match=r"not those of vgg-m.*256×48×5×5 instead of 256×96×5×5"):
        backbones.checked("vgg-m", matconvnet.read(tmp_path / "m.mat"))
