"""Drawings for print: lines, text and pictures in millimetres, written as SVG, PDF or PNG."""

from core.drawing.drawing import Drawing, Ink
from core.drawing.writing import SUFFIXES, write

__all__ = ["SUFFIXES", "Drawing", "Ink", "write"]
