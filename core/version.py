"""The product's version, from the installed package's metadata."""

from __future__ import annotations

import importlib.metadata

try:
    VERSION = importlib.metadata.version("boxtrail")
except importlib.metadata.PackageNotFoundError:  # run from a source tree that is not installed
    VERSION = "0+source"
