"""What composited clips look like, declared once."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class CompositeParams:
    """Ranges from which every composited clip draws its own values."""

    width: int = param(320, "Width of the frames.", bounds=(64, 1920), unit="px", group="Frame")
    height: int = param(240, "Height of the frames.", bounds=(48, 1080), unit="px", group="Frame")
    length: int = param(60, "Frames of a clip.", bounds=(2, 1000), unit="frames", group="Frame")
    smallest: float = param(
        18.0, "Smallest target (square root of its area).", bounds=(6, 200), unit="px",
        group="Target",
    )  # fmt: skip
    largest: float = param(
        90.0, "Largest target (square root of its area).", bounds=(6, 600), unit="px",
        group="Target",
    )  # fmt: skip
    sprites: float = param(
        0.3, "Share of targets that are sprites, often drawn; the others are cut from photographs.",
        bounds=(0, 1), group="Target",
    )  # fmt: skip
    posed: float = param(
        0.25, "Share of targets with several poses, cut from a video with masks.",
        bounds=(0, 1), group="Target",
    )  # fmt: skip
    speed: float = param(
        0.09, "Typical speed of the target, in its own sizes per frame (spread over a decade).",
        bounds=(0, 2), unit="sizes/frame", group="Motion",
    )  # fmt: skip
    camera: float = param(
        3.0, "Typical speed of the camera.", bounds=(0, 30), unit="px/frame", group="Motion"
    )
    tilt: float = param(
        0.18, "Largest perspective foreshortening across the target.", bounds=(0, 0.4),
        group="Motion",
    )  # fmt: skip
    bend: float = param(
        0.06, "Largest bending of a cut-out, in its own heights.", bounds=(0, 0.3), group="Motion"
    )
    leaving: float = param(
        0.12, "Share of clips in which the target's way crosses the frame's border.",
        bounds=(0, 1), group="Motion",
    )  # fmt: skip
    look_alikes: float = param(
        1.0, "Mean number of distractors made from the target itself.", bounds=(0, 6),
        group="Distractors",
    )  # fmt: skip
    relatives: float = param(
        0.6, "Mean number of distractors of the target's class.", bounds=(0, 6),
        group="Distractors",
    )  # fmt: skip
    strangers: float = param(
        1.0, "Mean number of other objects.", bounds=(0, 6), group="Distractors"
    )
    occluder: float = param(
        0.4, "Share of clips in which something passes in front of the target.", bounds=(0, 1),
        group="Distractors",
    )  # fmt: skip
    shadow: float = param(0.4, "Share of clips with soft shadows.", bounds=(0, 1), group="Light")
    match: float = param(
        0.5, "How far an object's colours may be drawn towards the background's.", bounds=(0, 1),
        group="Light",
    )  # fmt: skip
    light: float = param(
        0.25, "Largest change of light over time and across the frame.", bounds=(0, 0.8),
        group="Light",
    )  # fmt: skip
    exposure: float = param(
        0.8, "Longest exposure, as a share of the frame interval: motion blur.", bounds=(0, 1),
        group="Camera",
    )  # fmt: skip
    noise: float = param(
        7.0, "Largest standard deviation of the noise.", bounds=(0, 40), unit="levels",
        group="Camera",
    )  # fmt: skip
    jpeg: float = param(
        0.5, "Share of clips with compression artefacts.", bounds=(0, 1), group="Camera"
    )
    defocus: float = param(
        0.2, "Share of clips that are out of focus.", bounds=(0, 1), group="Camera"
    )
