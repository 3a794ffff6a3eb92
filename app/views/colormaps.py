"""Colour maps for response maps: the very tables that videos and figures use."""

from __future__ import annotations

from core.render.colormaps import COLORMAPS, DIVERGING, colormap_table

__all__ = ["COLORMAPS", "DIVERGING", "colormap_table"]
