"""What a training run can be told, apart from its material and its network."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of the loop: length, optimisation, averaging, validation."""

    # Length
    epochs: int = param(50, "Passes.", bounds=(1, 10_000), unit="epochs", group="Length")
    epoch_pairs: int = param(
        20_000, "Pairs drawn in one pass.", bounds=(1, 10_000_000), unit="pairs", group="Length"
    )
    batch: int = param(32, "Pairs per step.", bounds=(1, 4096), unit="pairs", group="Length")
    bank: int = param(
        0,
        "Pairs of which the features of a frozen backbone are computed once, kept on disk and "
        "dealt anew; 0 computes features at every step.",
        bounds=(0, 10_000_000),
        unit="pairs",
        group="Length",
    )
    bank_parts: str = param(
        "",
        "Origins of the kept pairs that are dealt, e.g. “videos,composites”; empty for all.",
        group="Length",
    )
    # Optimisation
    optimiser: str = param(
        "sgd", "How steps are made.", choices=("sgd", "adamw"), group="Optimisation"
    )
    rate: float = param(
        1e-2, "Learning rate at its highest.", bounds=(1e-8, 10.0), group="Optimisation"
    )
    rate_end: float = param(
        1e-5, "Learning rate at the end.", bounds=(0.0, 10.0), group="Optimisation"
    )
    schedule: str = param(
        "geometric",
        "How the rate falls from one to the other.",
        choices=("geometric", "cosine"),
        group="Optimisation",
    )
    warmup: int = param(
        200,
        "Steps in which the rate rises to its highest.",
        bounds=(0, 1_000_000),
        unit="steps",
        group="Optimisation",
    )
    momentum: float = param(0.9, "Momentum of SGD.", bounds=(0.0, 0.999), group="Optimisation")
    decay: float = param(1e-4, "Weight decay.", bounds=(0.0, 1.0), group="Optimisation")
    clip: float = param(
        10.0, "Largest norm of the gradient; 0 for any.", bounds=(0.0, 1e6), group="Optimisation"
    )
    backbone_rate: float = param(
        0.0,
        "Rate of the backbone over that of the heads; 0 keeps it as it is.",
        bounds=(0.0, 1.0),
        unit="×",
        group="Optimisation",
    )
    backbone_from: int = param(
        10,
        "First epoch that changes the backbone.",
        bounds=(0, 10_000),
        unit="epochs",
        group="Optimisation",
    )
    precision: str = param(
        "float32",
        "Number format of the network's products; float16 on CUDA only.",
        choices=("float32", "bfloat16", "float16"),
        group="Optimisation",
    )
    # Averaging
    average: float = param(
        0.999,
        "Share of the past in the running mean of the weights; 0 takes the last ones.",
        bounds=(0.0, 0.999999),
        group="Averaging",
    )
    # Validation
    validate_every: int = param(
        1, "Epochs between validations.", bounds=(1, 10_000), unit="epochs", group="Validation"
    )
    patience: int = param(
        0,
        "Validations without a better one after which training ends; 0 for never.",
        bounds=(0, 10_000),
        group="Validation",
    )
    save_every: float = param(
        120.0,
        "Seconds between checkpoints within an epoch.",
        bounds=(0.0, 86_400.0),
        unit="s",
        group="Validation",
    )
    seed: int = param(0, "For everything that is drawn.", bounds=(0, 2**31 - 1), group="Length")

    @property
    def steps(self) -> int:
        """Steps in one epoch; the last batch of an epoch is never a short one."""
        return max(1, self.epoch_pairs // self.batch)
