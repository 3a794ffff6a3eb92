"""Encoder-decoder correlation filter: fine adaptive filter plus coarse fixed template."""

from core.trackers.edcf.tracker import EDCFTracker

__all__ = ["EDCFTracker"]
