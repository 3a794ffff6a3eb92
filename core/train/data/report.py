"""What was found and what had to be left out, counted by kind.

Readers meet bad data in bulk: one missing disk gives ten thousand missing files. Each
kind of fault is therefore one line with a count and the first example, never a line per
file. A command prints :meth:`Report.lines`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import DatasetError


class Fault(StrEnum):
    """Kinds of bad data; the value is what people read."""

    MISSING = "files that are listed but not there"
    UNREADABLE = "files that cannot be read"
    LAYOUT = "folders in another layout than expected"
    NO_BOX = "objects without a usable box"
    TINY = "boxes under two pixels"
    OUTSIDE = "boxes outside their picture"
    CROWD = "boxes of crowds or difficult objects"
    EVALUATION = "sequences of an evaluation set, which is never trained on"
    EXCLUDED = "entries on the list of what to leave out"
    BAD_RECORD = "annotation records that cannot be understood"
    POOR_CUTOUT = "cut-outs too small, broken or cut off by the picture's edge"


@dataclass
class Report:
    """Counts of what was used and skipped, with the first example of each fault."""

    used: Counter[str] = field(default_factory=Counter)
    skipped: Counter[Fault] = field(default_factory=Counter)
    examples: dict[Fault, str] = field(default_factory=dict)
    progress: Callable[[int], None] | None = None
    """Called with the number of usable things found so far."""

    def skip(self, fault: Fault, example: object, count: int = 1) -> None:
        """Count a fault; the first `example` is kept."""
        if count > 0:
            self.skipped[fault] += count
            self.examples.setdefault(fault, str(example))

    def use(self, what: str, count: int = 1) -> None:
        """Count something usable, e.g. ``videos of GOT-10k``."""
        self.used[what] += count
        if self.progress is not None:
            self.progress(sum(self.used.values()))

    def lines(self) -> list[str]:
        """Sentences for people: what is used, then what was skipped."""
        used = [f"{count} {what}" for what, count in self.used.items()]
        bad = [
            f"skipped {count} {fault.value} (first: {self.examples[fault]})"
            for fault, count in self.skipped.most_common()
        ]
        return used + bad

    def require_any(self, where: object, found: int) -> None:
        """Refuse material in which nothing is left.

        Raises
        ------
        DatasetError
            If `found` is zero; the reasons are in its message.
        """
        if found > 0:
            return
        reasons = "; ".join(self.lines()[len(self.used) :]) or "no known files were found"
        raise DatasetError(
            f"There is nothing to train on in “{where}”: {reasons}.",
            "See docs/training-data.md for the layouts that are understood.",
        )
