"""Siamese cascaded region proposal networks."""

from core.trackers.crpn.tracker import CRPNTracker

__all__ = ["CRPNTracker"]
