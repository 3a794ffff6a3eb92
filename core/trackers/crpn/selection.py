"""From the stages' outputs to one box: the cascade at inference and SiamRPN's choice.

The grid never changes its size, so removing an anchor is masking it. The penalties and
the window are those of SiamRPN (Li et al., CVPR 2018, Sec. 4.3). Everything stays on
the device; what the host needs of a frame is packed into one row (:data:`FACTS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.trackers.crpn import geometry, losses
from core.trackers.crpn.geometry import MapGrid
from core.trackers.crpn.network import StageOutput
from core.trackers.crpn.params import CRPNParams

_APART = 0.1  # overlap below which a second box is another object
FACTS = ("finite", "kept", "cx", "cy", "w", "h", "probability", "calibrated", "penalty",
         "windowed", "rival", "index")  # fmt: skip
"""Names of the packed row's first values; the share kept by each stage follows."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """All anchors of a frame after the cascade; L stages, N anchors.

    `boxes` ``(L, N, 4)`` after each stage's regression; `probabilities` ``(L, N)`` of
    the target; `kept` ``(L, N)`` bool, whether no stage so far ruled the anchor out;
    `anchors` ``(N, 4)`` where they started; `margin` ``(N,)`` the last stage's logit of
    the target over the background.
    """

    anchors: Tensor
    boxes: Tensor
    probabilities: Tensor
    kept: Tensor
    margin: Tensor


@dataclass(frozen=True, slots=True)
class Ranking:
    """The scores that choose: ``(N,)`` each, 0 where an anchor was ruled out.

    `score` is the plain probability, `penalised` after the penalty, `windowed` after
    the window; `penalty` itself in (0, 1].
    """

    score: Tensor
    penalty: Tensor
    penalised: Tensor
    windowed: Tensor


def cascade(outputs: Sequence[StageOutput], anchors: Tensor, theta: float) -> Candidates:
    """Filter and refine the anchors stage by stage (Sec. 3.3); one picture at a time."""
    current = anchors
    kept = torch.ones(len(anchors), dtype=torch.bool, device=anchors.device)
    boxes, probabilities, masks = [], [], []
    for output in outputs:
        cls = output.cls[0]
        # Softmax of two logits, at a fifth of its time on a CPU.
        probabilities.append(torch.sigmoid(cls[:, 1] - cls[:, 0]))
        kept = losses.filtered(kept, cls, None, theta)
        current = losses.refined(current, output.loc[0])
        boxes.append(current)
        masks.append(kept)
    last = outputs[-1].cls[0]
    return Candidates(
        anchors,
        torch.stack(boxes),
        torch.stack(probabilities),
        torch.stack(masks),
        last[:, 1] - last[:, 0],
    )


def change_penalty(sizes: Tensor, size: tuple[float, float], k: float) -> Tensor:
    """Penalty ``(N,)`` in (0, 1] on boxes of other size or shape than the target had.

    ``exp(-k (s · r - 1))`` with s and r the changes of size (with context) and of
    aspect ratio, each at least 1.

    Parameters
    ----------
    sizes
        ``(N, 2)`` (w, h) in crop pixels.
    size
        The target's last (w, h), in crop pixels too.
    """
    w, h = sizes[:, 0], sizes[:, 1]
    pad = (w + h) / 2
    side = ((w + pad) * (h + pad)).sqrt()
    scale = _change(side / geometry.context_side(*size))
    shape = _change((size[0] / size[1]) / (w / h))
    return torch.exp(-k * (scale * shape - 1))


def _change(ratio: Tensor) -> Tensor:
    return torch.maximum(ratio, 1 / ratio)


def rank(
    found: Candidates, grid: MapGrid, size: tuple[float, float], params: CRPNParams
) -> Ranking:
    """Score every anchor; those ruled out get 0, unless that is all of them."""
    probability = found.probabilities
    score = probability.mean(0) if params.final_score == "mean" else probability[-1]
    kept = found.kept[-1]
    playing = kept | ~kept.any()
    penalty = change_penalty(found.boxes[-1][:, 2:], size, params.penalty_k)
    penalised = penalty * score
    centers = found.anchors if params.window_place == "grid" else found.boxes[-1]
    window = geometry.hann_at(centers[:, :2], grid)
    share = params.window_influence
    windowed = (1 - share) * penalised + share * window
    return Ranking(score * playing, penalty, penalised * playing, windowed * playing)


def packed(found: Candidates, ranking: Ranking, temperature: float) -> Tensor:
    """What the host must know of a frame, as one row; see :data:`FACTS`.

    `rival` is the highest probability of a box that is another object; `kept` whether
    any anchor survived all stages; `finite` whether every number of the network was.
    """
    index = ranking.windowed.argmax().reshape(1)
    box = found.boxes[-1].index_select(0, index)
    overlap = losses.overlap(found.boxes[-1][None], box)[0]
    rival = (ranking.score * (overlap < _APART)).max()
    numbers = (found.boxes.sum(), found.probabilities.sum(), found.margin.sum())
    finite = torch.stack(numbers).isfinite().all()
    chosen = [
        values.index_select(0, index)[0]
        for values in (
            ranking.score,
            torch.sigmoid(found.margin / temperature),
            ranking.penalty,
            ranking.windowed,
        )
    ]
    shares = found.kept.float().mean(dim=1)
    row = [finite.float(), found.kept[-1].any().float(), *box[0], *chosen, rival, index[0].float()]
    return torch.cat([torch.stack(row), shares])
