"""What an evaluation found, as JSON, CSV, Markdown and a table for the terminal.

The JSON holds ``trackers → NAME → {mean, sequences}`` with the columns of
:mod:`core.evaluate.columns`; beside it ``datasets`` (means per data set),
``details`` (curves, further numbers), ``settings``, ``versions``, ``errors``. A report that
was read back equals the one that was written, so a run can be continued.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluate import tables
from core.evaluate.columns import Column, columns
from core.evaluate.conventions import BOXTRAIL, CONVENTIONS
from core.evaluate.judged import FrameErrors, from_text
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure
from core.evaluate.protocol import SequenceRun
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.supervised import Judged, SupervisedScores, summarize
from core.storage import atomic_write
from core.version import VERSION

Row = Scores | SupervisedScores


@dataclass
class Report:
    """Scores by tracker and sequence, growing as results come in.

    `settings` must be equal for results to be mixed; `versions` is for the record. `sources`
    says where each sequence's clip and true boxes were, so that a viewer can open them.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, Row]] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        """By which protocol the results were made (``ope``, ``tre``, ``sre``, ``vot``)."""
        return protocol_of(self.settings)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The numbers that every row has."""
        return columns(self.protocol, self.settings.get("counting", "toolkit"))

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

    def note(self, sequence: BenchmarkSequence) -> None:
        """Keep what is difficult in a sequence, and where it is."""
        if sequence.attributes:
            self.attributes[sequence.key] = list(sequence.attributes)
        clip = sequence.video or sequence.pictures[0]
        self.sources[sequence.key] = {
            "clip": str(clip.resolve()),
            "truth": str(sequence.truth_file.resolve()),
        }

    def frames_of(self, tracker: str, key: str) -> FrameErrors | None:
        """The frame-wise errors of the first run; None where the report has none."""
        detail = self.details.get(tracker, {}).get(key, {})
        try:
            return from_text(detail["per_frame"]) if "per_frame" in detail else None
        except (KeyError, TypeError, ValueError, AttributeError):
            return None  # written by hand or by another version: as good as not there

    def facts(self) -> list[tuple[str, str]]:
        """Settings and versions as words, those that say nothing left out."""
        found: list[tuple[str, str]] = []
        for name, value in self.settings.items():
            if name == "params" and isinstance(value, Mapping):
                found += [
                    (tracker, ", ".join(f"{k} = {v}" for k, v in values.items()))
                    for tracker, values in value.items()
                    if isinstance(values, Mapping)
                ]
            elif value not in ("", {}, None):
                found.append((str(name), str(value)))
        return found + [(f"version of {k}", str(v)) for k, v in self.versions.items()]

    def has(self, tracker: str, key: str) -> bool:
        """Whether this result is there already."""
        return key in self.scores.get(tracker, {})

    def mean(self, tracker: str, dataset: str | None = None) -> Any:
        """The numbers over the sequences (of one data set)."""
        keys = self.scores[tracker]
        return self.over(tracker, [k for k in keys if dataset in (None, k.split("/")[0])])

    def over(self, tracker: str, keys: Sequence[str]) -> Any:
        """The numbers of `tracker` over some sequences.

        Means with each sequence counting the same, unless the metrics say otherwise; EAO and
        its kin are computed from all runs together.
        """
        rows, details = self.scores[tracker], self.details.get(tracker, {})
        if self.protocol == "vot":
            groups = self.judged(tracker, keys)
            year, counting = self.settings.get("year", 2018), self.settings.get("counting")
            speeds = [rows[key].fps for key in keys]
            return summarize(groups, year, counting or "toolkit", speeds)
        frames = None
        if CONVENTIONS[self.settings.get("metrics", BOXTRAIL.name)].pooled:
            frames = [details[key]["ao_frames"] for key in keys]
        return Scores.mean([row for k in keys if isinstance(row := rows[k], Scores)], frames)

    def judged(self, tracker: str, keys: Sequence[str] | None = None) -> list[list[Judged]]:
        """The reset-based runs of a tracker: repetitions by sequence."""
        details = self.details[tracker]
        chosen = sorted(details) if keys is None else keys
        return [[_judged(row) for row in details[key]["repetitions"]] for key in chosen]

    def attribute_keys(self, tracker: str) -> dict[str, list[str]]:
        """Sequences with results by attribute, in order of the words."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.scores.get(tracker, {})):
            for word in self.attributes.get(key, ()):
                found.setdefault(word, []).append(key)
        return dict(sorted(found.items()))

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
        if self.attributes:
            value["attributes"] = self.attributes
        if self.sources:
            value["sources"] = self.sources
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
            kind = SupervisedScores if protocol_of(value["settings"]) == "vot" else Scores
            scores = {
                name: {key: _scores(row, kind) for key, row in tracker["sequences"].items()}
                for name, tracker in value["trackers"].items()
            }
            attributes = {key: list(words) for key, words in value.get("attributes", {}).items()}
            sources = {key: dict(places) for key, places in value.get("sources", {}).items()}
            report = cls(
                value["settings"],
                value["versions"],
                scores,
                value["details"],
                attributes=attributes,
                sources=sources,
            )
            report.as_dict()  # whatever is amiss shows now
            return report
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise DatasetError(
                f"“{path.name}” is not an evaluation report that can be continued.",
                "Choose another file for --json or leave out --resume.",
                f"{path}: {error!r}",
            ) from error

    def rows(self) -> Iterable[tuple[str, str, Row]]:
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
        """Comma-separated values; see :func:`core.evaluate.tables.csv`."""
        return tables.csv(self)

    def markdown(self) -> str:
        """Markdown tables; see :func:`core.evaluate.tables.markdown`."""
        return tables.markdown(self)

    def latex(self) -> str:
        """LaTeX tables; see :func:`core.evaluate.tables.latex`."""
        return tables.latex(self)

    def table(self) -> str:
        """Aligned columns for a terminal."""
        return tables.plain(self)


def protocol_of(settings: Mapping[str, Any]) -> str:
    """The protocol that settings name; reports of the first version called OPE “one-pass”."""
    name = settings.get("protocol", "ope")
    return "ope" if name == "one-pass" else str(name)


def versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    return {
        "boxtrail": VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "machine": platform.machine(),
    }


def _plain(scores: Row) -> dict[str, float | None]:
    return {key: None if math.isnan(v) else v for key, v in scores.as_dict().items()}


def _scores(row: Mapping[str, float | None], kind: type[Scores] | type[SupervisedScores]) -> Row:
    names = [f.name for f in fields(kind)]
    values = {name: row[name] for name in names}
    return kind(**{k: float("nan") if v is None else float(v) for k, v in values.items()})


def _judged(row: Mapping[str, Any]) -> Judged:
    overlaps = _numbers(row["overlaps"])
    smaller = row.get("eao_overlaps")
    return Judged(
        overlaps,
        overlaps if smaller is None else _numbers(smaller),
        tuple(row["starts"]),
        tuple(row["failures"]),
        tuple(row["skipped"]),
    )


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
