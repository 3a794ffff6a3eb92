"""Publishers' weights give the publishers' features: names, layers and input order."""

from __future__ import annotations

import pytest
import torch
from fakes import published_weights as published
from torch import Tensor

from core.errors import WeightsError
from core.nets import backbones


@pytest.fixture
def picture() -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(2, 3, 161, 129, generator=generator) * 255


def _same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3 * float(theirs.abs().max()))


@pytest.mark.parametrize(
    ("name", "level", "block"),
    [
        ("resnet18", "layer1", "layer1.1"),
        ("resnet18", "layer2", "layer2.1"),
        ("resnet18", "layer3", "layer3.1"),
        ("resnet50", "layer1", "layer1.2"),
        ("resnet50", "layer3.4", "layer3.4"),
        ("resnet50", "layer3", "layer3.5"),
    ],
)
def test_that_torchvisions_weights_give_torchvisions_features(
    picture: Tensor, name: str, level: str, block: str
) -> None:
    state = published.resnet(name)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    theirs = published.resnet_forward(state, (picture / 255 - mean) / std, block)
    net = backbones.build(name, state)
    with torch.inference_mode():
        _same(net(picture, [level])[level], theirs)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_that_dense_samples_the_same_features_more_finely(name: str) -> None:
    state = published.resnet(name)
    image = torch.rand(1, 3, 129, 129, generator=torch.Generator().manual_seed(1)) * 255
    with torch.inference_mode():
        coarse = backbones.build(name, state)(image, ["layer3"])["layer3"]
        fine = backbones.build(name, state, dense=True)(image, ["layer3"])["layer3"]
    assert fine.shape[2:] == (17, 17)
    _same(fine[..., ::2, ::2], coarse)


@pytest.mark.parametrize("naming", ["features", "layers"])
def test_that_a_pysot_checkpoint_gives_its_features_for_our_rgb(
    picture: Tensor, naming: str
) -> None:
    theirs = published.alexnet_forward(published.alexnet("features"), picture.flip(1))
    heads = {"rpn_head.cls.weight": torch.zeros(3)} if naming == "layers" else {}
    net = backbones.build("alexnet", {**published.alexnet(naming), **heads})
    with torch.inference_mode():
        _same(net(picture, ["conv5"])["conv5"], theirs)


def test_that_the_order_of_channels_matters_to_that_test(picture: Tensor) -> None:
    state = published.alexnet("features")
    right = published.alexnet_forward(state, picture.flip(1))
    wrong = published.alexnet_forward(state, picture)
    assert (right - wrong).abs().max() > 0.1 * right.abs().max()


@pytest.mark.parametrize("name", ["resnet18", "alexnet"])
def test_that_weights_in_our_own_names_are_read_as_they_are(picture: Tensor, name: str) -> None:
    state = published.resnet(name) if name == "resnet18" else published.alexnet("layers")
    ours = backbones.checked(name, state)
    level = {"resnet18": "layer3", "alexnet": "conv5"}[name]
    with torch.inference_mode():
        direct = backbones.build(name, state)(picture, [level])[level]
        again = backbones.build(name, ours)(picture, [level])[level]
    assert torch.equal(direct, again)


@pytest.mark.parametrize("name", ["resnet18", "alexnet", "vgg-m", "efficientnet-lite0"])
def test_that_folding_changes_nothing(picture: Tensor, name: str) -> None:
    net = backbones.make(name).eval()
    generator = torch.Generator().manual_seed(2)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.running_mean, module.weight, module.bias):
                assert tensor is not None
                tensor.data.normal_(0.5, 0.1, generator=generator)
            assert module.running_var is not None
            module.running_var.uniform_(0.5, 2, generator=generator)
    deepest = list(net.levels)[-1]
    with torch.inference_mode():
        before = net(picture, [deepest])[deepest]
        after = backbones.ready(net)(picture, [deepest])[deepest]
    assert float((before - after).abs().max()) <= 1e-5 * float(before.abs().max())


def test_that_the_normalisation_of_the_file_wins_over_the_lists() -> None:
    state = backbones.checked("resnet18", published.resnet("resnet18"))
    assert state["mean"].tolist() == pytest.approx([123.675, 116.28, 103.53])
    state["mean"], state["std"] = torch.tensor([1.0, 2, 3]), torch.tensor([4.0, 5, 6])
    net = backbones.build("resnet18", state)
    assert net.mean.flatten().tolist() == [1, 2, 3]
    assert net.std.flatten().tolist() == [4, 5, 6]


def test_that_weights_of_another_net_are_refused_with_the_difference() -> None:
    with pytest.raises(WeightsError, match=r"not those of resnet50.*missing.*another shape"):
        backbones.build("resnet50", published.resnet("resnet18"))


def test_that_a_net_to_train_on_has_its_normalisation_layers_and_gradients() -> None:
    net = backbones.pretrained("resnet18", published.resnet("resnet18"))
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())
    fixed = backbones.ready(net)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fixed.modules())
    assert not any(parameter.requires_grad for parameter in fixed.parameters())


def test_that_half_precision_is_for_cuda_only() -> None:
    net = backbones.build("resnet18", published.resnet("resnet18"), half=True)
    assert net.dtype == torch.float32


def test_that_half_weights_keep_an_exact_normalisation() -> None:
    net = backbones.make("resnet18").half()
    assert net.dtype == torch.float16
    assert net.mean.flatten().tolist() == pytest.approx([123.675, 116.28, 103.53], abs=1e-5)


def test_that_response_normalisation_survives_large_half_values() -> None:
    from core.nets.vgg_m import LocalResponseNorm

    x = torch.full((1, 8, 2, 2), 1000.0)
    norm = LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
    torch.testing.assert_close(norm(x.half()).float(), norm(x), rtol=2e-3, atol=0)


@pytest.mark.gpu
@pytest.mark.parametrize("name", sorted(backbones.RECIPES))
def test_that_half_precision_on_cuda_stays_close(name: str, picture: Tensor) -> None:
    net = backbones.make(name).eval()
    deepest = list(net.levels)[-1]
    device = torch.device("cuda")
    with torch.inference_mode():
        exact = backbones.ready(net)(picture, [deepest])[deepest]
        fast = backbones.ready(net, device=device, half=True)(picture.to(device), [deepest])
    assert fast[deepest].dtype == torch.float16
    _close = (fast[deepest].float().cpu() - exact).abs().max()
    assert float(_close) < 0.02 * float(exact.abs().max())


def test_that_a_trackers_tensors_lie_over_the_backbones() -> None:
    state = published.resnet("resnet18")
    fine_tuned = torch.full((256, 256, 3, 3), 0.5)
    own = {"layers.2.1.body.3.weight": fine_tuned}
    net = backbones.tuned("resnet18", own, state, where="heads")
    assert torch.equal(net.get_parameter("layers.2.1.body.3.weight"), fine_tuned)
    assert torch.equal(
        net.get_parameter("layers.2.1.body.0.weight"), state["layer3.1.conv1.weight"]
    )


def test_that_a_whole_backbone_of_a_trackers_needs_no_other() -> None:
    whole = backbones.pretrained("resnet18", published.resnet("resnet18")).state_dict()
    own = {name: tensor for name, tensor in whole.items() if "num_batches" not in name}
    net = backbones.tuned("resnet18", own, where="heads")  # ImageNet's are not installed
    assert torch.equal(
        net.state_dict()["layers.0.0.body.0.weight"], own["layers.0.0.body.0.weight"]
    )


def test_that_tensors_for_another_backbone_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"“heads” replace “blocks.0.weight”, which resnet18"):
        backbones.tuned("resnet18", {"blocks.0.weight": torch.ones(1)}, where="heads")


def test_that_an_unknown_backbone_is_said_with_the_known_ones() -> None:
    with pytest.raises(WeightsError, match=r"no backbone “resnet101”.*resnet50"):
        backbones.make("resnet101")
