"""Write docs/keyboard.md to the standard output."""

import sys

from app.actions import markdown

if __name__ == "__main__":
    sys.stdout.write(markdown())
