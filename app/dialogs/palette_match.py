"""How well a few typed letters fit a name: all of them in order, better at starts of words."""

from __future__ import annotations

_START, _RUN, _GAP, _LATE = 8.0, 4.0, 0.4, 0.05


def match(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """Score and places of the letters of `query` in `text`; None when they do not all fit.

    Blanks in `query` do not count. The best of all ways to place the letters counts:
    letters at the start of words and letters in a row weigh more, skipped letters less.
    """
    wanted = [c for c in query.casefold() if not c.isspace()]
    if not wanted:
        return 0.0, ()
    low = [c.casefold() for c in text]
    # best[j]: best way that puts the letters so far with the last one at j.
    best: dict[int, tuple[float, tuple[int, ...]]] = {}
    for number, letter in enumerate(wanted):
        now: dict[int, tuple[float, tuple[int, ...]]] = {}
        for j, other in enumerate(low):
            if other != letter:
                continue
            worth = 1.0 + (_START if j == 0 or not text[j - 1].isalnum() else 0.0)
            if number == 0:
                now[j] = worth - _LATE * j, (j,)
                continue
            ways = [
                (score + worth + (_RUN if i == j - 1 else -_GAP * min(j - i, 10)), places)
                for i, (score, places) in best.items()
                if i < j
            ]
            if ways:
                score, places = max(ways)
                now[j] = score, (*places, j)
        best = now
    return max(best.values()) if best else None
