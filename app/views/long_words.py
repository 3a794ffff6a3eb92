"""Names of files and labels that have no blank: where a line may break all the same.

A wrapped label is as wide as its longest word; one long name would widen a panel and with
it the whole window.
"""

from __future__ import annotations

import re

LONG = 24
_EVERY = 12
_BREAK = "\u200b"  # no width


def breakable(text: str) -> str:
    """`text` with places to break in words of more than :data:`LONG` characters."""
    return re.sub(rf"\S{{{LONG + 1},}}", lambda found: _broken(found.group()), text)


def _broken(word: str) -> str:
    parts = re.findall(rf"[^_\-./\\]{{1,{_EVERY}}}[_\-./\\]?|[_\-./\\]", word)
    return _BREAK.join(parts)
