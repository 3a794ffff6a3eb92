"""What the evaluation panel shows: the open clip's runs, or a report of `boxtrail evaluate`.

Both give the same things: numbers, plots, and the frames behind a point of a plot. A frame of a
report's sequence is reached by opening that sequence where the report says it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.project import Project
from app.controller.runs import Runs
from app.controller.truth import GroundTruth
from app.jobs.background import Background
from core.errors import BoxtrailError, DatasetError
from core.evaluate import figures
from core.evaluate.columns import ONE_PASS, Column
from core.evaluate.judged import THRESHOLDS, FrameErrors, Kind
from core.evaluate.plots import Plot
from core.evaluate.report import Report
from core.ground_truth import files_of
from core.wording import counted

ALL, ATTRIBUTE, SEQUENCE = "all", "attribute", "sequence"
_COLUMNS = tuple(column for column in ONE_PASS if column.key not in ("fps", "p95_ms"))
_UNITS = {"success": "", "precision": " px", "normalized_precision": ""}


@dataclass(frozen=True, slots=True)
class Numbers:
    """One row of numbers, NaN where there is none."""

    name: str
    values: tuple[float, ...]
    tip: str = ""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames ``first..last`` of a sequence (empty: the open clip), `low..high` their values."""

    key: str
    first: int
    last: int
    low: float
    high: float
    unit: str = ""


class Comparison(QObject):
    """See the module docstring; `changed` tells that other numbers and plots are there."""

    changed = Signal()
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        truth: GroundTruth,
        runs: Runs,
        playback: Playback,
        project: Project,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._truth, self._runs = desk, truth, runs
        self._playback, self._project, self._background = playback, project, background
        self._wanted: tuple[Path, int] | None = None  # clip that is being opened, its frame
        self.report: Report | None = None
        self.path: Path | None = None
        self.shows_report = False
        self.part: tuple[str, str] = (ALL, "")
        truth.measured.connect(self._on_measured)
        project.opened.connect(self._on_opened)

    # ---- where from ---------------------------------------------------------------------

    def open_report(self, path: Path) -> None:
        """Read a report of `boxtrail evaluate` (a JSON file, or a folder with one)."""

        def then(found: tuple[Path, Report]) -> None:
            self.path, self.report = found
            self.part = (ALL, "")
            self.show_source(report=True)
            count = len({key for rows in self.report.scores.values() for key in rows})
            told = counted(len(self.report.scores), "tracker"), counted(count, "sequence")
            self._desk.say(f"{self.path.name}: {', '.join(told)}.")

        self._background.run(lambda: read_report(path), then, self._on_failed)

    def show_source(self, *, report: bool) -> None:
        """Show the report that was opened last, or the clip's runs."""
        self.shows_report = report and self.report is not None
        self.changed.emit()

    def show_part(self, kind: str, word: str) -> None:
        """Show all of a report, an attribute's sequences, or one sequence."""
        self.part = (kind, word)
        self.changed.emit()

    def parts(self) -> list[tuple[str, str]]:
        """What of a report can be shown alone."""
        report = self.report
        if report is None or not self.shows_report:
            return [(ALL, "")]
        words = figures.by_attribute(report) if report.protocol != "vot" else {}
        keys = sorted({key for rows in report.scores.values() for key in rows})
        return [
            (ALL, ""),
            *((ATTRIBUTE, word) for word in words),
            *((SEQUENCE, key) for key in keys),
        ]

    # ---- what there is ------------------------------------------------------------------

    def columns(self) -> tuple[Column, ...]:
        """The numbers of every row."""
        if self.report is not None and self.shows_report:
            return tuple(c for c in self.report.columns if c.key not in ("fps", "p95_ms"))
        return _COLUMNS

    def numbers(self) -> list[Numbers]:
        """The rows: trackers of the report, or the object and the runs on the clip."""
        keys = [column.key for column in self.columns()]
        if self.report is not None and self.shows_report:
            found = []
            for name in self.report.scores:
                members = self._members(name)
                if members:
                    values = self.report.over(name, members).as_dict()
                    tip = counted(len(members), "sequence")
                    found.append(Numbers(name, tuple(values[k] for k in keys), tip))
            return found
        return [
            Numbers(
                name,
                tuple(measured.scores.as_dict().get(key, math.nan) for key in keys),
                self.tr("%d frames count") % measured.details["counted_frames"],
            )
            for name, (measured, _) in self._truth.compared().items()
        ]

    def plots(self, ticked: Sequence[str]) -> dict[str, Plot]:
        """The plots of the rows called `ticked`, by kind."""
        if self.report is None or not self.shows_report:
            compared = self._truth.compared()
            return figures.of_runs({n: compared[n] for n in ticked if n in compared})
        report = _only(self.report, ticked)
        kind, word = self.part
        if kind == ALL or report.protocol == "vot":
            return figures.of_report(report)
        keys = sorted({key for name in report.scores for key in self._members(name)})
        return figures.of_keys(report, keys, word)

    def ranges(self, kind: str, name: str, x: float, rule: str) -> list[FrameRange]:
        """The frames of row `name` at point `x` of curve `kind`; `rule` near or missed."""
        if kind == "ar":
            kind, x, rule = "success", figures.FAILED_BELOW, "missed"
        if kind not in THRESHOLDS:
            return []
        found: list[FrameRange] = []
        for key, errors in self._errors(name):
            frames = (errors.near if rule == "near" else errors.missed)(_kind(kind), x)
            found += _ranges(key, frames, errors.values(_kind(kind)), _UNITS[kind])
        return found

    def has_frames(self, name: str) -> bool:
        """Whether the frames behind the plots of row `name` are known."""
        return bool(self._errors(name))

    def _errors(self, name: str) -> list[tuple[str, FrameErrors]]:
        if self.report is None or not self.shows_report:
            compared = self._truth.compared()
            return [("", compared[name][1])] if name in compared else []
        pairs = ((key, self.report.frames_of(name, key)) for key in self._members(name))
        return [(key, errors) for key, errors in pairs if errors is not None]

    def _members(self, name: str) -> list[str]:
        report = self.report
        if report is None or name not in report.scores:
            return []
        keys = sorted(report.scores[name])
        kind, word = self.part
        if kind == ATTRIBUTE:
            return [key for key in keys if word in report.attributes.get(key, ())]
        return [key for key in keys if kind == ALL or key == word]

    # ---- going there --------------------------------------------------------------------

    def go(self, key: str, frame: int) -> None:
        """Show a frame; that of a report's sequence opens the sequence first."""
        if not key:
            self._seek(frame)
            return
        place = self.report.sources.get(key, {}).get("clip", "") if self.report else ""
        clip = Path(place)
        if not place or not clip.exists():
            self._desk.say(
                self.tr("The clip of %s is not where it was evaluated.") % key,
                self.tr("Open its pictures yourself; the frame is %d.") % frame,
                "warning",
            )
            return
        offset = self._offset_in_open_clip(clip)
        if offset is not None:
            self._seek(offset + frame)
            return
        self._wanted = (clip, frame)
        self._project.open(clip)

    def _seek(self, frame: int) -> None:
        self._runs.user_moved()
        self._playback.user_go(frame)

    def _offset_in_open_clip(self, clip: Path) -> int | None:
        """Where the sequence's first frame is in the open clip; None when it is another."""
        session = self._desk.session
        if session is None:
            return None
        files = files_of(session.video)
        if files:
            return files.index(clip) if clip in files else None
        return 0 if session.video.info.path.resolve() == clip else None

    @Slot()
    def _on_opened(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            offset = self._offset_in_open_clip(wanted[0])
            if offset is not None:
                self._playback.go(offset + wanted[1])

    @Slot()
    def _on_measured(self) -> None:
        if not self.shows_report:
            self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)


def read_report(path: Path) -> tuple[Path, Report]:
    """The report at `path`: a JSON file, or the one report in a folder.

    Raises
    ------
    DatasetError
        If there is none, or it cannot be read.
    """
    if not path.is_dir():
        return path, Report.read_json(path)
    for file in sorted(path.glob("*.json")):
        try:
            if "trackers" in json.loads(file.read_text(encoding="utf-8")):
                return file, Report.read_json(file)
        except (OSError, ValueError, TypeError):
            continue
    raise DatasetError(
        f"There is no evaluation report in “{path.name}”.",
        "Write one with: boxtrail evaluate FOLDER --json report.json.",
        str(path),
    )


def _only(report: Report, names: Sequence[str]) -> Report:
    scores = {name: report.scores[name] for name in report.scores if name in names}
    details = {name: report.details.get(name, {}) for name in scores}
    return Report(report.settings, report.versions, scores, details, attributes=report.attributes)


def _kind(kind: str) -> Kind:
    return next(known for known in THRESHOLDS if known == kind)


def _ranges(
    key: str, frames: NDArray[np.intp], values: NDArray[np.float64], unit: str
) -> list[FrameRange]:
    if not len(frames):
        return []
    cuts = np.flatnonzero(np.diff(frames) > 1) + 1
    found = []
    for part in np.split(frames, cuts):
        inside = values[part]
        low, high = float(inside.min()), float(inside.max())
        found.append(FrameRange(key, int(part[0]), int(part[-1]), low, high, unit))
    return found
