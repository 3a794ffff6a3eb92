"""Dual-regression tracking: a convolutional classifier and a correlation filter."""

from core.trackers.drvt.tracker import DRVTTracker

__all__ = ["DRVTTracker"]
