"""The columns of reports: keys, titles, digits, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a report; `best` says whether high or low is better (or neither)."""

    key: str
    title: str
    digits: int = 3
    best: Literal["high", "low", ""] = "high"


ONE_PASS = (
    Column("auc", "AUC"),
    Column("p20", "P@20"),
    Column("np", "NP"),
    Column("ao", "AO"),
    Column("sr50", "SR.50"),
    Column("sr75", "SR.75"),
    Column("fps", "fps", 1),
    Column("p95_ms", "p95 ms", 1, "low"),
)
SUPERVISED = (
    Column("eao", "EAO"),
    Column("accuracy", "A"),
    Column("robustness", "R"),
    Column("failures", "failures", 1, "low"),
    Column("frames", "frames", 0, ""),
    Column("fps", "fps", 1),
)


def columns(protocol: str, counting: str = "toolkit") -> tuple[Column, ...]:
    """The columns of a protocol; pysot's robustness counts failures, so low is better."""
    if protocol != "vot":
        return ONE_PASS
    if counting != "pysot":
        return SUPERVISED
    low = Column("robustness", "R", 3, "low")
    return tuple(low if column.key == "robustness" else column for column in SUPERVISED)
