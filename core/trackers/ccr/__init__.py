"""Cascaded Correlation Refinement with HOG and colour names."""

from core.trackers.ccr.tracker import CCRTracker

__all__ = ["CCRTracker"]
