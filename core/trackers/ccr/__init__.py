"""Cascaded Correlation Refinement, with and without a network's features."""

from core.trackers.ccr.deep_tracker import CCRDeepTracker
from core.trackers.ccr.tracker import CCRTracker

__all__ = ["CCRDeepTracker", "CCRTracker"]
