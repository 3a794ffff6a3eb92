"""Parts of the program that attach themselves to the window, each in a file of its own."""

from __future__ import annotations

from app.features.attributes import AttributesFeature
from app.features.checking import CheckingFeature
from app.features.clips import ClipsFeature
from app.features.consensus import ConsensusFeature
from app.features.curves import CurvesFeature
from app.features.feature import Feature, Parts
from app.features.figures import FiguresFeature
from app.features.frame_check import FrameCheckFeature
from app.features.gallery import GalleryFeature
from app.features.history import HistoryFeature
from app.features.keyboard import KeyboardFeature
from app.features.layers import LayersFeature
from app.features.legend import LegendFeature
from app.features.patches import PatchesFeature
from app.features.probe import ProbeFeature
from app.features.proxy import ProxyFeature
from app.features.recording import RecordingFeature
from app.features.reinit import ReinitFeature
from app.features.truth import TruthFeature
from app.features.what_if import WhatIfFeature

FEATURES: tuple[type[Feature], ...] = (
    AttributesFeature,
    ClipsFeature,
    FrameCheckFeature,
    ProxyFeature,
    KeyboardFeature,
    HistoryFeature,
    LegendFeature,
    LayersFeature,
    PatchesFeature,
    ProbeFeature,
    CheckingFeature,
    ConsensusFeature,
    RecordingFeature,
    WhatIfFeature,
    ReinitFeature,
    TruthFeature,
    CurvesFeature,
    GalleryFeature,
    FiguresFeature,
)


def attach_all(parts: Parts) -> list[Feature]:
    """Make every feature, in the order of the list."""
    return [kind(parts) for kind in FEATURES]
