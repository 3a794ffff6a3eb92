"""Everything of DRVT that can be set, with the paper's symbols."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class DRVTParams:
    """Parameters of dual-regression tracking."""

    # Trunk
    trunk: str = param(
        "efficientnet-lite0",
        "Network whose frozen layers feed both streams.",
        choices=("efficientnet-lite0", "vgg-m"),
        group="Trunk",
        ref="Table 1",
    )
    fc_level: str = param(
        "block7+block10",
        "Level of EfficientNet-Lite0 below the convolutional stream (VGG-M has conv3 only).",
        choices=("block4", "block7", "block10", "block7+block10"),
        group="Trunk",
        ref="Table 1, conv3",
        label="Classifier level",
    )
    cf_level: str = param(
        "block2",
        "Level of EfficientNet-Lite0 below the correlation filter (VGG-M has pool1 only).",
        choices=("stem", "block0", "block2"),
        group="Trunk",
        ref="Sec. 4, feat1",
        label="Filter level",
    )
    dense: bool = param(
        False,
        "Keep stride 8 in EfficientNet-Lite0 by dilation: four times as many cells.",
        group="Trunk",
    )
    input_side: int = param(
        0,
        "Side of the resampled crop; 0 takes the trunk's own (257 or 331).",
        bounds=(0, 513),
        unit="px",
        group="Trunk",
        ref="Sec. 4, 331",
        label="Crop side",
    )
    half: bool = param(
        False,
        "Compute the trunk in half precision (on a GPU only).",
        group="Trunk",
        label="Half precision",
    )
    # Search
    search_scale: float = param(
        3.0,
        "Root of the search window's area over the root of the target's.",
        bounds=(2.0, 6.0),
        unit="×",
        group="Search",
        ref="Sec. 4",
        label="Search window",
    )
    squareness: float = param(
        0.5,
        "Shape of the search window: 0 the target's, 1 a square.",
        bounds=(0.0, 1.0),
        group="Search",
        label="Squareness of search",
    )
    window_influence: float = param(
        0.1,
        "Share of a Hann prior in the choice of the classifier's cell.",
        bounds=(0.0, 1.0),
        live=True,
        group="Search",
        label="Window share",
    )
    # Fusion
    mask_radius: float = param(
        1.0,
        "Cells of the classifier that the mask reaches beyond its best one (paper: 0).",
        bounds=(0.0, 15.0),
        unit="cells",
        live=True,
        group="Fusion",
        ref="Eq. 5",
        label="Mask reaches",
    )
    psr_threshold: float = param(
        5.0,
        "Peak-to-sidelobe ratio below which the filter is not believed.",
        bounds=(0.0, 50.0),
        live=True,
        group="Fusion",
        ref="Eq. 8",
        label="Filter believed from",
    )
    psr_threshold_paper: float = param(
        0.1,
        "The same for the ratio over the whole map, as printed; hardly ever reached.",
        bounds=(0.0, 20.0),
        live=True,
        group="Fusion",
        ref="Eq. 8, δ",
        label="The same, as printed",
    )
    agreement_threshold: float = param(
        0.0,
        "Least height of the filter's peak in the mask over its peak anywhere.",
        bounds=(0.0, 1.0),
        live=True,
        group="Fusion",
        label="Agreement needed",
    )
    # Scale
    scale_penalty: float = param(
        0.93,
        "Factor on the responses of the other sizes.",
        bounds=(0.5, 1.0),
        live=True,
        group="Scale",
        ref="Eq. 10, p",
        label="Cost of another size",
    )
    scale_refine: bool = param(
        False,
        "Where the present size wins, take the top of the parabola through the three.",
        live=True,
        group="Scale",
        label="Refine the size",
    )
    scale_regression: bool = param(
        True,
        "Correct the size afterwards by a regression over sizes.",
        group="Scale",
        ref="Danelljan et al., BMVC 2014",
        label="Size regression",
    )
    scale_count: int = param(
        17,
        "Sizes the regression spans (odd).",
        bounds=(5, 65),
        group="Scale",
        label="Sizes compared",
    )
    scale_step: float = param(
        1.02,
        "Ratio of its neighbouring sizes.",
        bounds=(1.005, 1.1),
        unit="×",
        group="Scale",
        label="Ratio of sizes",
    )
    scale_rate: float = param(
        0.025,
        "Share of the newest frame in it.",
        bounds=(0.0, 1.0),
        live=True,
        group="Scale",
        label="Size learning rate",
    )
    scale_gain: float = param(
        0.25,
        "Share of the change it reads that is followed in one frame.",
        bounds=(0.0, 1.0),
        live=True,
        group="Scale",
        label="Size follows by",
    )
    scale_limit: float = param(
        0.04,
        "Most that it may change the size in one frame.",
        bounds=(0.0, 0.3),
        live=True,
        group="Scale",
        label="Most change per frame",
    )
    # Correlation filter
    cf_rate: float = param(
        0.02,
        "Share of the newest frame in the correlation filter.",
        bounds=(0.0, 1.0),
        live=True,
        group="Correlation filter",
        ref="Sec. 4, [31]",
        label="Filter learning rate",
    )
    cf_ridge: float = param(
        1e-4,
        "Weight of the penalty on the filter.",
        bounds=(1e-8, 10.0),
        group="Correlation filter",
        ref="Eq. 3, λ",
        label="Filter penalty",
    )
    cf_sigma: float = param(
        0.1,
        "Width of the desired response over the root of the target's area.",
        bounds=(0.01, 0.5),
        unit="×",
        group="Correlation filter",
        label="Filter label width",
    )
    # Classifier
    hidden: int = param(
        256,
        "Channels of conv4 and conv5.",
        bounds=(16, 1024),
        group="Classifier",
        ref="Table 1",
        label="Hidden channels",
    )
    initial_gain: float = param(
        1.0,
        "Spread of the initial weights over He's.",
        bounds=(0.01, 3.0),
        group="Classifier",
        label="First weights",
    )
    dropout: float = param(
        0.5,
        "Share of units dropped while training.",
        bounds=(0.0, 0.9),
        live=True,
        group="Classifier",
        ref="Sec. 3.2",
    )
    initial_rate: float = param(
        0.01,
        "Learning rate in the first frame.",
        bounds=(0.0, 0.2),
        live=True,
        group="Classifier",
        ref="Sec. 4",
        step=0.001,
        label="First learning rate",
    )
    online_rate: float = param(
        0.01,
        "Learning rate afterwards.",
        bounds=(0.0, 0.2),
        live=True,
        group="Classifier",
        ref="Sec. 4",
        step=0.001,
        label="Later learning rate",
    )
    initial_iterations: int = param(
        30,
        "Iterations in the first frame.",
        bounds=(0, 200),
        group="Classifier",
        ref="Sec. 4",
        label="First iterations",
    )
    online_iterations: int = param(
        5,
        "Iterations of a later training session.",
        bounds=(0, 100),
        live=True,
        group="Classifier",
        ref="Sec. 4",
        label="Later iterations",
    )
    train_every: int = param(
        10,
        "Frames between training sessions.",
        bounds=(1, 1000),
        unit="frames",
        live=True,
        group="Classifier",
        ref="Alg. 1",
    )
    cool_down: int = param(
        2,
        "Frames after a session in which distractors start no other.",
        bounds=(0, 100),
        unit="frames",
        live=True,
        group="Classifier",
        label="Rest after training",
    )
    batch_positives: int = param(
        32,
        "Positives per iteration.",
        bounds=(1, 256),
        group="Classifier",
        ref="Sec. 4",
        label="Positives per step",
    )
    batch_negatives: int = param(
        96,
        "Negatives per iteration.",
        bounds=(1, 1024),
        group="Classifier",
        ref="Sec. 4",
        label="Negatives per step",
    )
    positive_overlap: float = param(
        0.7,
        "Overlap above which a cell is a positive.",
        bounds=(0.5, 1.0),
        group="Classifier",
        ref="Sec. 4",
        label="Positive above",
    )
    negative_overlap: float = param(
        0.5,
        "Overlap up to which a cell is a negative.",
        bounds=(0.0, 0.7),
        group="Classifier",
        ref="Sec. 4",
        label="Negative up to",
    )
    initial_crops: int = param(
        12,
        "Crops of the first frame, moved, resized and mirrored at random.",
        bounds=(1, 64),
        group="Classifier",
        label="First-frame crops",
    )
    mining_rounds: int = param(
        5,
        "Searches for hard negatives per session; 0 draws them at random.",
        bounds=(0, 20),
        live=True,
        group="Classifier",
        ref="Sec. 4",
    )
    mining_frames: int = param(
        8,
        "Stored maps looked through in each search.",
        bounds=(1, 100),
        unit="frames",
        live=True,
        group="Classifier",
        label="Maps mined",
    )
    # Memory
    positive_frames: int = param(
        100,
        "Frames whose positives are remembered, besides the first.",
        bounds=(1, 500),
        unit="frames",
        group="Memory",
        ref="Alg. 1, ω",
        label="Positives remembered",
    )
    negative_frames: int = param(
        20,
        "Frames whose maps are remembered for their negatives, besides the first.",
        bounds=(1, 100),
        unit="frames",
        group="Memory",
        ref="Alg. 1, ω",
        label="Negatives remembered",
    )
    # Reliability
    learn_above: float = param(
        0.5,
        "Probability of the target below which a frame teaches nothing.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
    )
    distractor_above: float = param(
        0.5,
        "Probability above which a cell away from the target is a distractor.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
    )
    lost_below: float = param(
        0.3,
        "Probability of the target below which a frame is a miss.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        label="Missed below",
    )
    lost_after: int = param(
        3,
        "Misses in a row after which the target counts as lost.",
        bounds=(1, 100),
        unit="frames",
        live=True,
        group="Reliability",
    )
    lost_growth: float = param(
        1.2,
        "Factor on the search window per frame while lost; 1 keeps it.",
        bounds=(1.0, 2.0),
        unit="×",
        live=True,
        group="Reliability",
        label="Search grows by",
    )
    lost_window: float = param(
        1.5,
        "Largest search window while lost, over the usual one.",
        bounds=(1.0, 4.0),
        unit="×",
        live=True,
        group="Reliability",
        label="Search grows up to",
    )
    correction_rate: float = param(
        0.5,
        "Share of a corrected frame in the correlation filter when it is added.",
        bounds=(0.0, 1.0),
        live=True,
        group="Correlation filter",
        label="Share of a correction",
    )
