"""Widths of Helvetica's characters, in thousandths of its size (Adobe's font metrics, core 14).

Every PDF reader has this font or one with the same widths. Characters beyond Latin-1 take a
letter's mean width.
"""

from __future__ import annotations

_PLAIN = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 "
    "556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 "
    "556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 "
    "556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 "
    "500 500 500 334 260 334 584 "
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 "
    "556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 "
    "611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 "
    "611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 "
    "556 556 500 389 280 389 584 "
)
_WIDTHS = {False: [int(w) for w in _PLAIN.split()], True: [int(w) for w in _BOLD.split()]}
_OTHER = {"…": 1000, "–": 556, "—": 1000, "·": 278, "×": 584, "−": 584, "“": 333, "”": 333}
_MEAN = 560


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in points."""
    widths = _WIDTHS[bold]
    total = sum(widths[ord(c) - 32] if 32 <= ord(c) < 127 else _OTHER.get(c, _MEAN) for c in text)
    return total * size / 1000
