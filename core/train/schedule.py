"""The learning rate over a run: warm-up, then a geometric or cosine fall."""

from __future__ import annotations

import math

from core.train.settings import TrainSettings


def rate(settings: TrainSettings, step: int) -> float:
    """Learning rate of the heads at `step`, counted from the start of the run."""
    total = settings.epochs * settings.steps
    if step < settings.warmup:
        return settings.rate * (step + 1) / settings.warmup
    share = min((step - settings.warmup) / max(total - 1 - settings.warmup, 1), 1.0)
    if settings.schedule == "cosine":
        wave = (1 + math.cos(math.pi * share)) / 2
        return settings.rate_end + (settings.rate - settings.rate_end) * wave
    end = max(settings.rate_end, settings.rate * 1e-6)  # a geometric fall never reaches 0
    return settings.rate * (end / settings.rate) ** share
