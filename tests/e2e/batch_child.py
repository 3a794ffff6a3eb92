"""``boxtrail batch`` with the test tracker at hand, for tests that kill it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fakes import template_match  # noqa: F401  (registers the tracker)

from core.cli import main

if __name__ == "__main__":
    sys.exit(main(["batch", *sys.argv[1:]]))
