"""Start of the program: `python main.py [FILE]`, and what the frozen app runs."""

from __future__ import annotations

import multiprocessing
import sys

from app.main import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
