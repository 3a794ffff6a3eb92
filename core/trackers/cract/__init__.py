"""Cascaded regression, alignment and classification of a Siamese network's proposals."""

from core.trackers.cract.tracker import CractTracker

__all__ = ["CractTracker"]
