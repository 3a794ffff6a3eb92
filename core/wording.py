"""Numbers in sentences: one box, two boxes.

The one idea: whoever tells a count says what is counted, so that “1 boxes” is never read.
"""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`number` with its word: ``1 frame``, ``1,204 frames``; `many` is `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
