"""EDCF's own network: encoder, decoder and the two correlations, ready for training.

The encoder is the plainest chain of five convolutions and two poolings that has both
sizes the paper states, 125×125×8 after conv2 and 22×22×256 after conv5, for 255×255
pictures. No layer is padded, so a window of a map is the map of a window. The decoder
mirrors it with seven transposed convolutions, one per convolution and pooling.

For training, :class:`EDCFNet` takes the exemplar as one *wide* crop that holds the target's
window and its four context windows (:class:`Windows`), and returns what Eq. 15 needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry
from core.trackers.edcf import filter as filters

CROP = 255
"""Side of a search picture in pixels; it shows three times the target's width and height."""

PADDING = 3.0
"""Side of the crop over the target's side (the paper's padding of 2)."""

KERNEL = 6
"""Side of the template in cells of the high level."""

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
LABEL_SIGMA = 0.1
"""Width of the low branch's label over the target's side, as in DCFNet."""


class Encoder(Backbone):
    """Five convolutions; levels ``low`` (125×125×8) and ``high`` (22×22×256) at 255 px."""

    name = "edcf"

    def __init__(self) -> None:
        super().__init__()
        self.normalise_with(MEAN, STD)
        geometry = Geometry()
        geometry.layer(3, 2)
        geometry.layer(3)
        low = geometry.level("low", 8)
        for kernel, stride in ((3, 2), (5, 1), (3, 2), (5, 1), (3, 1)):
            geometry.layer(kernel, stride)
        self.levels = {"low": low, "high": geometry.level("high", 256)}
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 8, 3),
            nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0),
        )
        self.trunk = nn.Sequential(
            nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 256, 5, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 5, bias=False),
            nn.BatchNorm2d(384),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3),
        )

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """See :meth:`Backbone.features`."""
        low = self.stem(normalised)
        found = {"low": low} if "low" in wanted else {}
        if "high" in wanted:
            found["high"] = self.trunk(low)
        return found

    def normalized(self, pictures: Tensor) -> Tensor:
        """Pictures 0..255 as the decoder reconstructs them: zero mean, unit spread."""
        return (pictures - self.mean) / self.std


class Decoder(nn.Module):
    """The encoder mirrored: ``(N, 256, 22, 22)`` back to ``(N, 3, 255, 255)``.

    The output is in the units of :meth:`Encoder.normalized`; :meth:`picture` gives pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        steps = (  # inputs, outputs, kernel, stride: sides 22 24 28 58 62 125 127 255
            (256, 384, 3, 1),
            (384, 256, 5, 1),
            (256, 256, 4, 2),
            (256, 8, 5, 1),
            (8, 8, 3, 2),
            (8, 32, 3, 1),
        )
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, stride in steps:
            layers += [nn.ConvTranspose2d(inputs, outputs, kernel, stride), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(32, 3, 3, 2))
        self.layers = nn.Sequential(*layers)

    def forward(self, high: Tensor) -> Tensor:
        """Normalised pictures ``(N, 3, 255, 255)`` of high features ``(N, 256, 22, 22)``."""
        return self.layers(high)

    def picture(self, high: Tensor, encoder: Encoder) -> Tensor:
        """The reconstruction as uint8 RGB ``(N, 255, 255, 3)``."""
        values = self(high) * encoder.std + encoder.mean
        return values.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


class Semantic(nn.Module):
    """Eq. 3 with a learned gain and offset: ``f = a · corr + b``, a logit."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(1e-3))
        self.b = nn.Parameter(torch.tensor(0.0))

    def forward(self, kernel: Tensor, search: Tensor) -> Tensor:
        """``(N, R, R)`` logits of kernels ``(N or 1, C, m, m)`` on maps ``(N, C, H, H)``."""
        return self.a * correlate(kernel, search) + self.b


def correlate(kernel: Tensor, search: Tensor) -> Tensor:
    """Eq. 3: inner products ``(N, R, C)`` of templates with all windows of `search`."""
    count, channels = search.shape[:2]
    if kernel.shape[0] == 1:
        return nnf.conv2d(search, kernel)[:, 0]
    flat = search.reshape(1, count * channels, *search.shape[2:])
    return nnf.conv2d(flat, kernel, groups=count)[0]


def middle(features: Tensor, size: int) -> Tensor:
    """The central ``size × size`` cells of maps ``(..., rows, cols)``."""
    row = (features.shape[-2] - size) // 2
    col = (features.shape[-1] - size) // 2
    return features[..., row : row + size, col : col + size]


@dataclass(frozen=True, slots=True)
class Windows:
    """The target's window and four context windows inside one wider low map.

    Context lies one target size up, left, down and right (CACF), rounded to a whole
    cell: then all five are cut from the features of one picture of `side` pixels, which
    costs less than half of five pictures. Between unpadded layers that is exact.

    Attributes
    ----------
    cells
        Side of one window in low cells.
    shift
        Distance of a context window from the target's, in cells.
    side
        Side in pixels of the wide picture; it is centred like the search picture, of
        `crop` pixels.
    """

    cells: int
    shift: int
    side: int
    crop: int

    @classmethod
    def of(cls, crop: int, stride: int, cells: int) -> Windows:
        """For search pictures of `crop` pixels and a low level of `stride`."""
        shift = round(crop / PADDING / stride)
        return cls(cells, shift, crop + 2 * shift * stride, crop)

    def target(self, wide: Tensor) -> Tensor:
        """``(..., K, cells, cells)`` of ``(..., K, rows, cols)``."""
        return middle(wide, self.cells)

    def contexts(self, wide: Tensor) -> Tensor:
        """``(..., 4, K, cells, cells)``: up, left, down, right."""
        row = (wide.shape[-2] - self.cells) // 2
        col = (wide.shape[-1] - self.cells) // 2
        cut = [
            wide[..., row + dy : row + dy + self.cells, col + dx : col + dx + self.cells]
            for dy, dx in self.offsets()
        ]
        return torch.stack(cut, dim=-4)

    def offsets(self) -> tuple[tuple[int, int], ...]:
        """(rows, cols) of the context windows against the target's, in cells."""
        return (-self.shift, 0), (0, -self.shift), (self.shift, 0), (0, self.shift)


WINDOWS = Windows.of(CROP, 2, 125)
"""Of the own network: a wide crop of 427 px gives a low map of 211 cells."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What :class:`EDCFNet` returns for a batch of pairs.

    Attributes
    ----------
    low
        ``g`` ``(N, 125, 125)``, zero displacement at cell (62, 62).
    high
        Logits ``f`` ``(N, 17, 17)``, zero displacement at cell (8, 8); None when not asked for.
    target_picture, search_picture
        Reconstructions ``(N, 3, 255, 255)``, normalised; None when not asked for.
    """

    low: Tensor
    high: Tensor | None
    target_picture: Tensor | None
    search_picture: Tensor | None


class EDCFNet(nn.Module):
    """Encoder, decoder and both correlations: everything that Eq. 15 trains.

    Parameters
    ----------
    lam1, lam2, denominator
        Of the correlation filter, see :func:`core.trackers.edcf.filter.solve`.
    """

    def __init__(self, *, lam1: float = 1e-4, lam2: float = 0.1, denominator: str = "sum") -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.semantic = Semantic()
        self.lam1, self.lam2, self.denominator = lam1, lam2, denominator
        sigma = LABEL_SIGMA * CROP / PADDING / self.encoder.levels["low"].stride
        label = filters.gaussian_label(WINDOWS.cells, sigma)
        self.register_buffer("label", label, persistent=False)
        self.label: Tensor

    def forward(
        self, wide: Tensor, search: Tensor, *, semantic: bool = True, reconstruct: bool = True
    ) -> Outputs:
        """Both responses, and the reconstructions, for pairs of pictures.

        Parameters
        ----------
        wide
            ``(N, 3, 427, 427)`` RGB 0..255 around the target: its window and contexts.
            The middle 255 × 255 are the exemplar ``z'``.
        search
            ``(N, 3, 255, 255)``, the search picture ``x'``.
        semantic, reconstruct
            Whether to run the upper layers for the high response, and the decoder.
        """
        wide_low = self.encoder(wide, ("low",))["low"]
        target = WINDOWS.target(wide_low)
        deep = semantic or reconstruct
        found = self.encoder(search, ("low", "high") if deep else ("low",))
        filter_hat = filters.correlation_filter(
            target,
            WINDOWS.contexts(wide_low),
            self.label,
            self.lam1,
            self.lam2,
            self.denominator,
        )
        low = filters.centered(filters.respond(found["low"], filter_hat))
        if not deep:
            return Outputs(low, None, None, None)
        kernel_map = self.encoder.trunk(target)
        high = self.semantic(middle(kernel_map, KERNEL), found["high"])
        pictures = (None, None)
        if reconstruct:
            pictures = (self.decoder(kernel_map), self.decoder(found["high"]))
        return Outputs(low, high, *pictures)
