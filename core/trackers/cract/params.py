"""Everything of CRACT that can be set, with the paper's symbols."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class CractParams:
    """Parameters of Cascaded Regression-Align-Classification."""

    # Network
    backbone: str = param(
        "efficientnet-lite0",
        "Network that computes the features; each has its own weights.",
        choices=("efficientnet-lite0", "resnet18"),
        group="Network",
        ref="Sec. 4 (ResNet-18)",
    )
    half: bool = param(
        False,
        "Compute the backbone in half precision (on CUDA only).",
        group="Network",
        label="Half precision",
    )
    # Proposals
    proposals: int = param(
        10,
        "Boxes that are refined per frame.",
        bounds=(2, 64),
        live=True,
        group="Proposals",
        ref="Sec. 4, N",
        label="Boxes refined",
    )
    nms_overlap: float = param(
        0.5,
        "A proposal that overlaps a better one by more than this is dropped.",
        bounds=(0.1, 0.95),
        live=True,
        group="Proposals",
        ref="IoU of NMS",
    )
    min_share: float = param(
        0.1,
        "A proposal below this share of the best coarse score is dropped.",
        bounds=(0.0, 1.0),
        live=True,
        group="Proposals",
        label="Drop below",
    )
    penalty: float = param(
        0.225,
        "How strongly a changed size or shape lowers a coarse score.",
        bounds=(0.0, 1.0),
        live=True,
        group="Proposals",
        ref="SiamRPN, k",
        label="Size penalty",
    )
    window: float = param(
        0.435,
        "Share of the cosine window in the coarse score.",
        bounds=(0.0, 0.9),
        live=True,
        group="Proposals",
        ref="SiamRPN",
        label="Window share",
    )
    # Refinement
    align: bool = param(
        True,
        "Classify proposals on features of the refined boxes; off: regress and classify in "
        "parallel, as the paper's comparison.",
        live=True,
        group="Refinement",
        ref="Eq. 5, Table 7",
    )
    alpha: float = param(
        0.244,
        "Share of the identifier in the refined score; the rest is the discriminator's.",
        bounds=(0.0, 1.0),
        live=True,
        group="Refinement",
        ref="Eq. 9, α",
        label="Share of identifier",
    )
    beta: float = param(
        0.533,
        "Share of the refined score in the final one; the rest is the coarse score.",
        bounds=(0.0, 1.0),
        live=True,
        group="Refinement",
        ref="Eq. 10, β",
        label="Share of refined score",
    )
    size_rate: float = param(
        0.232,
        "Share of a fully believed box's size in the new size.",
        bounds=(0.0, 1.0),
        live=True,
        group="Refinement",
        ref="SiamRPN, lr",
        label="Size learning rate",
    )
    calibrate: bool = param(
        True,
        "Learn on the first frame how the refined box differs from the drawn one, and undo it "
        "from then on.",
        group="Refinement",
        label="Learn box habits",
    )
    # Discriminator
    d_channels: int = param(
        16,
        "Channels of its convolution.",
        bounds=(2, 128),
        group="Discriminator",
        label="Discriminator channels",
    )
    d_hidden: int = param(
        32,
        "Width of its hidden layer.",
        bounds=(2, 512),
        group="Discriminator",
        label="Discriminator width",
    )
    init_decay: float = param(
        3e-3,
        "Weight of the squared parameters in the first frame, whose samples are all alike.",
        bounds=(1e-6, 10.0),
        group="Discriminator",
        ref="Eq. 8, λ",
        label="First weight decay",
    )
    decay: float = param(
        1e-3,
        "Weight of the squared parameters in updates.",
        bounds=(1e-6, 10.0),
        live=True,
        group="Discriminator",
        ref="Eq. 8, λ",
        label="Weight decay",
    )
    init_positives: int = param(
        200,
        "Samples of the target in the first frame.",
        bounds=(8, 1000),
        group="Discriminator",
        ref="Sec. 3.4",
        label="First target samples",
    )
    init_negatives: int = param(
        1000,
        "Samples of the ground in the first frame.",
        bounds=(16, 5000),
        group="Discriminator",
        ref="Sec. 3.4",
        label="First ground samples",
    )
    init_steps: int = param(
        6, "Gauss-Newton steps in the first frame.", bounds=(1, 20), group="Discriminator",
        ref="ATOM",
        label="First Newton steps",
    )  # fmt: skip
    init_cg: int = param(
        10,
        "Conjugate-gradient iterations of each of them.",
        bounds=(1, 50),
        group="Discriminator",
        ref="ATOM",
        label="First CG iterations",
    )
    # Update
    update_every: int = param(
        10,
        "Believed frames from one update to the next.",
        bounds=(1, 200),
        unit="frames",
        live=True,
        group="Update",
        ref="Sec. 4, K",
    )
    positives: int = param(
        50,
        "Samples of the target per update.",
        bounds=(4, 500),
        group="Update",
        ref="Sec. 4, n⁺",
        label="Target samples",
    )
    negatives: int = param(
        200,
        "Samples of the ground per update.",
        bounds=(8, 1000),
        group="Update",
        ref="Sec. 4, n⁻",
        label="Ground samples",
    )
    update_cg: int = param(
        5,
        "Conjugate-gradient iterations per update.",
        bounds=(1, 50),
        group="Update",
        ref="ATOM",
        label="CG iterations",
    )
    update_rate: float = param(
        1.0,
        "How far an update goes from the old weights to the new solution.",
        bounds=(0.0, 1.0),
        live=True,
        group="Update",
        label="Update strength",
    )
    hard_negatives: int = param(
        96,
        "Samples of the ground most like the target that count more.",
        bounds=(1, 1024),
        group="Update",
        ref="MDNet",
        label="Hard ground samples",
    )
    hard_share: float = param(
        0.5,
        "Their extra share of the ground's importance.",
        bounds=(0.0, 1.0),
        live=True,
        group="Update",
        ref="Sec. 3.4, hard negative mining",
        label="Extra share of hard",
    )
    first_share: float = param(
        0.25,
        "Least share of the frames a person gave in the importance of all samples.",
        bounds=(0.0, 1.0),
        live=True,
        group="Update",
        ref="ATOM",
        label="Share of your frames",
    )
    long_memory: int = param(
        100,
        "Believed frames whose samples of the target are kept.",
        bounds=(1, 1000),
        unit="frames",
        group="Update",
        ref="MDNet",
        label="Target memory",
    )
    short_memory: int = param(
        30,
        "Believed frames whose samples of the ground are kept, and that a short-term update uses.",
        bounds=(1, 1000),
        unit="frames",
        group="Update",
        ref="MDNet",
        label="Ground memory",
    )
    # Failure
    success: float = param(
        0.246,
        "Refined score from which a frame is believed and learned from.",
        bounds=(0.0, 1.0),
        live=True,
        group="Failure",
        label="Believed from",
    )
    lost_below: float = param(
        0.2,
        "Refined score below which the target counts as lost and the box stays.",
        bounds=(0.0, 1.0),
        live=True,
        group="Failure",
    )
    lost_after: int = param(
        5,
        "Unbelieved frames in a row after which the target counts as lost.",
        bounds=(1, 1000),
        unit="frames",
        live=True,
        group="Failure",
    )
    search_growth: float = param(
        1.03,
        "Growth of the search region's side per unbelieved frame.",
        bounds=(1.0, 1.5),
        unit="×",
        live=True,
        group="Failure",
        ref="MDNet",
        label="Search grows by",
    )
    search_limit: float = param(
        1.5,
        "Most it may grow.",
        bounds=(1.0, 2.0),
        unit="×",
        live=True,
        group="Failure",
        ref="MDNet",
        label="Search grows up to",
    )
    rival_ratio: float = param(
        0.97,
        "A separate box this close to the best one's final score makes the frame uncertain.",
        bounds=(0.5, 1.0),
        live=True,
        group="Failure",
        label="Rival from",
    )
