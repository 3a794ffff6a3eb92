"""See :mod:`fakes.listed_weights`."""

from __future__ import annotations

from fakes.listed_weights import folder, listed, no_names, server

__all__ = ["folder", "listed", "no_names", "server"]
