"""The small vocabularies shared by trackers, documents and formats."""

from __future__ import annotations

import enum


class TargetState(enum.IntEnum):
    """What a tracker says of the target, from its own evidence."""

    TRACKING = 0
    UNCERTAIN = 1
    LOST = 2


class Source(enum.IntEnum):
    """Where a box came from. Only :attr:`MANUAL` was entered by a person."""

    MANUAL = 0
    TRACKED = 1
    INTERPOLATED = 2
    IMPORTED = 3


class Flag(enum.IntFlag):
    """Facts about one box that are independent of its source."""

    NONE = 0
    CONFIRMED = 1  # a person looked at a machine's box and accepted it
    OCCLUDED = 2
    TRUNCATED = 4  # reaches beyond the frame
    ABSENT = 8  # the target is not in the picture; the box is only a placeholder
    OUT_OF_VIEW = 16  # only together with ABSENT: it left the picture, it is not hidden in it
    DISMISSED = 32  # a person looked at the alarm on this frame and said it is none


class IntervalMode(enum.StrEnum):
    """Where the boxes between two neighbouring keys come from.

    ``TRACKED``: whatever trackers gave, the usual case. ``LINEAR`` and ``SMOOTH``: they
    follow from the keys and move with them. ``GAP``: there are none.
    """

    TRACKED = "tracked"
    LINEAR = "linear"
    SMOOTH = "smooth"
    GAP = "gap"


class RunKind(enum.StrEnum):
    """How a run went through its frames."""

    ONE_WAY = "one_way"
    TWO_WAY = "two_way"  # from both ends, the boxes fused
    CONSENSUS = "consensus"  # several trackers from the same box: one of them, or fused


class CorrectionPolicy(enum.StrEnum):
    """How a tracker takes a box that a person corrected.

    ``NEW_TEMPLATE`` forgets everything and starts from the corrected box;
    ``KEEP_TEMPLATE`` moves to the box and leaves the appearance model as it is;
    ``ADD_TEMPLATE`` moves there and learns the new appearance beside the old one.
    """

    NEW_TEMPLATE = "new_template"
    KEEP_TEMPLATE = "keep_template"
    ADD_TEMPLATE = "add_template"
