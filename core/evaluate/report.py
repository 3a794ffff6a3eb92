"""What an evaluation found, as JSON, CSV, Markdown and a table for the terminal.

The JSON holds ``trackers → NAME → {mean, sequences}`` with the columns of
:data:`core.evaluate.metrics.KEYS`; beside it ``datasets`` (means per data set),
``details`` (curves, further numbers), ``settings``, ``versions``, ``errors``. A report that
was read back equals the one that was written, so a run can be continued.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy
import torch

from core.errors import DatasetError
from core.evaluate.metrics import KEYS, Scores
from core.evaluate.parallel import Failure
from core.evaluate.protocol import SequenceRun
from core.storage import atomic_write
from core.version import VERSION

_TITLES = {
    "auc": "AUC",
    "p20": "P@20",
    "np": "NP",
    "ao": "AO",
    "sr50": "SR.50",
    "sr75": "SR.75",
    "fps": "fps",
    "p95_ms": "p95 ms",
}


@dataclass
class Report:
    """Scores by tracker and sequence, growing as results come in.

    `settings` must be equal for results to be mixed; `versions` is for the record.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, Scores]] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, result: SequenceRun | Failure) -> None:
        """Take one more result."""
        if isinstance(result, Failure):
            self.failures.append(result)
            return
        details = {
            **result.measured.details,
            "frames": len(result.boxes),
            "tracked_frames": len(result.seconds),
            "init_ms": result.init_seconds * 1e3,
            "wall_s": result.wall_seconds,
        }
        self.scores.setdefault(result.tracker, {})[result.key] = result.measured.scores
        self.details.setdefault(result.tracker, {})[result.key] = details

    def has(self, tracker: str, key: str) -> bool:
        """Whether this result is there already."""
        return key in self.scores.get(tracker, {})

    def mean(self, tracker: str, dataset: str | None = None) -> Scores:
        """Mean over the sequences (of one data set), each counting the same."""
        rows = self.scores[tracker].items()
        return Scores.mean([s for k, s in rows if dataset in (None, k.split("/")[0])])

    def datasets(self, tracker: str) -> list[str]:
        """Names of the data sets with results, sorted."""
        return sorted({key.split("/")[0] for key in self.scores[tracker]})

    def as_dict(self) -> dict[str, Any]:
        """The JSON value; numbers that do not exist are null."""
        trackers = {
            name: {
                "mean": _plain(self.mean(name)),
                "sequences": {key: _plain(rows[key]) for key in sorted(rows)},
            }
            for name, rows in self.scores.items()
        }
        datasets = {
            name: {d: _plain(self.mean(name, d)) for d in self.datasets(name)}
            for name in self.scores
        }
        value: dict[str, Any] = {
            "trackers": trackers,
            "datasets": datasets,
            "settings": self.settings,
            "versions": self.versions,
            "details": _finite(self.details),
        }
        if self.failures:
            value["errors"] = [asdict(failure) for failure in self.failures]
        return value

    def write_json(self, path: Path) -> None:
        """Write the report whole or not at all; see :func:`core.storage.atomic_write`."""
        with atomic_write(path, text=True) as stream:
            json.dump(self.as_dict(), stream, indent=1, ensure_ascii=False, allow_nan=False)
            stream.write("\n")

    @classmethod
    def read_json(cls, path: Path) -> Report:
        """A report from its file, without the failures (they are tried again).

        Raises
        ------
        DatasetError
            If the file is not a report.
        """
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            scores = {
                name: {key: _scores(row) for key, row in tracker["sequences"].items()}
                for name, tracker in value["trackers"].items()
            }
            return cls(value["settings"], value["versions"], scores, value["details"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(
                f"“{path.name}” is not an evaluation report that can be continued.",
                "Choose another file for --json or leave out --resume.",
                f"{path}: {error!r}",
            ) from error

    def rows(self) -> Iterable[tuple[str, str, Scores]]:
        """``(tracker, what, scores)``: sequences, then means per data set, then the mean."""
        for tracker, rows in self.scores.items():
            for key in sorted(rows):
                yield tracker, key, rows[key]
            datasets = self.datasets(tracker)
            if len(datasets) > 1:
                for dataset in datasets:
                    yield tracker, f"mean {dataset}", self.mean(tracker, dataset)
            yield tracker, "mean", self.mean(tracker)

    def csv(self) -> str:
        """Comma-separated values with a header, one line per row."""
        lines = [",".join(["tracker", "sequence", *KEYS])]
        for tracker, name, scores in self.rows():
            numbers = ["" if math.isnan(v) else f"{v:.6g}" for v in scores.as_dict().values()]
            lines.append(",".join([tracker, name, *numbers]))
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """A Markdown table."""
        lines = ["| tracker | sequence | " + " | ".join(_TITLES.values()) + " |"]
        lines.append("|---|---|" + "---:|" * len(KEYS))
        for tracker, name, scores in self.rows():
            bold = "**" if name.startswith("mean") else ""
            cells = [f"{bold}{text}{bold}" for text in (name, *_texts(scores))]
            lines.append(f"| {tracker} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def table(self) -> str:
        """Aligned columns for a terminal."""
        body = [(tracker, name, *_texts(scores)) for tracker, name, scores in self.rows()]
        table = [("tracker", "sequence", *_TITLES.values()), *body]
        widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
        lines = []
        for number, row in enumerate(table):
            names = [t.ljust(w) for t, w in zip(row[:2], widths, strict=False)]
            cells = names + [t.rjust(w) for t, w in zip(row[2:], widths[2:], strict=True)]
            if number == 1 or (number > 1 and row[0] != table[number - 1][0]):
                lines.append("-" * (sum(widths) + 2 * len(widths) - 2))
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines) + "\n"


def versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    return {
        "boxtrail": VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "opencv": cv2.__version__,
        "machine": platform.machine(),
    }


def _texts(scores: Scores) -> list[str]:
    texts = []
    for key, value in scores.as_dict().items():
        digits = 1 if key in ("fps", "p95_ms") else 3
        texts.append("–" if math.isnan(value) else f"{value:.{digits}f}")
    return texts


def _plain(scores: Scores) -> dict[str, float | None]:
    return {key: None if math.isnan(v) else v for key, v in scores.as_dict().items()}


def _scores(row: Mapping[str, float | None]) -> Scores:
    values = (row[key] for key in KEYS)
    return Scores(*(float("nan") if value is None else float(value) for value in values))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
