"""EDCF's own network: shapes, geometry, windows, losses, and that it can be trained."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.trackers.edcf import losses
from core.trackers.edcf.network import (
    CROP,
    WINDOWS,
    Decoder,
    EDCFNet,
    Encoder,
    Semantic,
    Windows,
    correlate,
    middle,
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder().eval()


def picture(side: int, seed: int = 0, count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator) * 255


def test_that_the_encoder_has_the_sizes_the_paper_states(encoder: Encoder) -> None:
    with torch.inference_mode():
        found = encoder(picture(CROP), ("low", "high"))
    assert found["low"].shape == (1, 8, 125, 125)
    assert found["high"].shape == (1, 256, 22, 22)
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    poolings = [m for m in encoder.modules() if isinstance(m, nn.MaxPool2d)]
    assert (len(convolutions), len(poolings)) == (5, 2)


def test_that_the_decoder_mirrors_the_encoder_step_by_step() -> None:
    decoder = Decoder().eval()
    sides = []
    deconvolutions = [m for m in decoder.modules() if isinstance(m, nn.ConvTranspose2d)]
    for layer in deconvolutions:
        layer.register_forward_hook(lambda _m, _i, out: sides.append(out.shape[-1]))
    with torch.inference_mode():
        made = decoder(torch.zeros(1, 256, 22, 22))
    assert len(deconvolutions) == 7
    assert sides == [24, 28, 58, 62, 125, 127, 255]
    assert made.shape == (1, 3, 255, 255)


def test_that_the_levels_say_what_a_cell_sees(encoder: Encoder) -> None:
    low, high = encoder.levels["low"], encoder.levels["high"]
    assert (low.stride, low.channels, high.stride, high.channels) == (2, 8, 8, 256)
    # The low cells lie symmetrically about the picture's middle.
    assert low.center(62) == pytest.approx(CROP / 2)
    image = picture(CROP).requires_grad_()
    for name, cell in (("low", 40), ("high", 9)):
        level = encoder.levels[name]
        (gradient,) = torch.autograd.grad(encoder(image, (name,))[name][0, :, cell, cell].sum(),
                                          image)  # fmt: skip
        seen = gradient[0].abs().sum((0, 1)).nonzero().flatten()
        assert seen.min().item() >= level.center(cell) - level.receptive_field / 2
        assert seen.max().item() + 1 <= level.center(cell) + level.receptive_field / 2
        assert (seen.max() + 1 + seen.min()).item() / 2 == pytest.approx(level.center(cell), abs=3)


def test_that_windows_of_the_wide_map_are_maps_of_the_windows(encoder: Encoder) -> None:
    wide = picture(WINDOWS.side)
    with torch.inference_mode():
        whole = encoder(wide, ("low",))["low"]
        cut = torch.cat([WINDOWS.target(whole), WINDOWS.contexts(whole)[0]])
        offsets = [(0, 0), *WINDOWS.offsets()]
        start = (WINDOWS.side - CROP) // 2
        for window, (dy, dx) in zip(cut, offsets, strict=True):
            row, col = start + 2 * dy, start + 2 * dx
            alone = encoder(wide[:, :, row : row + CROP, col : col + CROP], ("low",))["low"][0]
            torch.testing.assert_close(window, alone, rtol=1e-4, atol=1e-5)


def test_that_context_windows_lie_one_target_size_away() -> None:
    assert Windows.of(CROP, 2, 125) == WINDOWS
    assert WINDOWS.side == CROP + 2 * 2 * WINDOWS.shift
    assert WINDOWS.shift * 2 == pytest.approx(CROP / 3, abs=1)
    ups, lefts, downs, rights = WINDOWS.offsets()
    assert ups == (-WINDOWS.shift, 0)
    assert lefts == (0, -WINDOWS.shift)
    assert (downs, rights) == ((WINDOWS.shift, 0), (0, WINDOWS.shift))


def test_that_the_semantic_response_is_eq_3_by_hand() -> None:
    generator = torch.Generator().manual_seed(1)
    kernel = torch.randn(2, 3, 2, 2, generator=generator)
    search = torch.randn(2, 3, 5, 5, generator=generator)
    found = Semantic()(kernel, search)
    for n in range(2):
        for u in range(4):
            for v in range(4):
                product = (kernel[n] * search[n, :, u : u + 2, v : v + 2]).sum()
                assert found[n, u, v].item() == pytest.approx(1e-3 * product.item(), abs=1e-6)
    torch.testing.assert_close(correlate(kernel[:1], search)[1], correlate(
        kernel[:1].expand(2, -1, -1, -1), search)[1])  # fmt: skip


def test_that_a_training_step_moves_every_part_of_the_network() -> None:
    torch.manual_seed(3)
    net = EDCFNet().train()
    wide, search = picture(WINDOWS.side, 1, 2), picture(CROP, 2, 2)
    search[0] = middle(wide, CROP)[0]
    outputs = net(wide, search)
    assert outputs.low.shape == (2, 125, 125)
    assert outputs.high.shape == (2, 17, 17)
    still = torch.zeros(2, 2)
    loss = losses.low_loss(outputs.low, losses.low_label(still))
    loss = loss + losses.high_loss(outputs.high, losses.high_label(still))
    pictures = (middle(wide, CROP), search)
    reconstructions = (outputs.target_picture, outputs.search_picture)
    for made, seen in zip(reconstructions, pictures, strict=True):
        assert made is not None
        loss = loss + losses.reconstruction_loss(made, net.encoder.normalized(seen))
    loss.backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    # Eq. 9 on the exemplar itself gives the label back, up to the context's damping.
    row, col = divmod(int(outputs.low[0].argmax()), 125)
    assert (row, col) == (62, 62)
    assert outputs.low[0, 62, 62].item() > 0.5


def test_that_labels_follow_the_displacement() -> None:
    moved = torch.tensor([[8.0, -24.0]])
    low = losses.low_label(moved)[0]
    assert divmod(int(low.argmax()), 125) == (62 + 4, 62 - 12)
    assert low.max().item() == pytest.approx(1.0)
    high = losses.high_label(moved)[0]
    assert high[8 + 1, 8 - 3] == 1
    assert high[8, 8] == -1
    # Radius 16 px at stride 8: the 13 cells within two cells' distance.
    assert int((high > 0).sum()) == 13


def test_that_the_low_label_wraps_around_like_the_response() -> None:
    low = losses.low_label(torch.tensor([[0.0, 124.0]]))[0]
    assert low[62, 0] == pytest.approx(low[62, 123].item(), rel=0.2)


def test_that_both_signs_weigh_one_half_in_the_high_loss() -> None:
    label = losses.high_label(torch.zeros(1, 2))
    right = losses.high_loss(20 * label, label)
    one_sided = losses.high_loss(torch.full_like(label, 20.0), label)
    assert right.item() == pytest.approx(0.0, abs=1e-6)
    assert one_sided.item() == pytest.approx(10.0, abs=1e-3)
    lonely = -torch.ones(1, 17, 17)
    assert losses.high_loss(torch.zeros(1, 17, 17), lonely).item() == pytest.approx(
        0.6931, abs=1e-3
    )


def test_that_the_reconstruction_is_shown_in_pixels() -> None:
    torch.manual_seed(0)
    net = EDCFNet().eval()
    with torch.inference_mode():
        made = net.decoder.picture(torch.zeros(1, 256, 22, 22), net.encoder)
    assert made.shape == (1, 255, 255, 3)
    assert made.dtype == torch.uint8


def test_that_normalised_pictures_and_pixels_are_each_others_inverse() -> None:
    net = EDCFNet()
    seen = picture(8)
    back = net.encoder.normalized(seen) * net.encoder.std + net.encoder.mean
    torch.testing.assert_close(back, seen)
