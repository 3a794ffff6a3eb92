"""OpenCV's CSRT under this product's protocol: what the other benchmarks compare with.

    python benchmarks/csrt.py DATA --json FILE [--only OTB/Crossing ...]

CSRT is in OpenCV's contrib build, which must not live beside the headless one, so this
runs in an environment of its own (see README.md here). The report it writes reads like
one of ``boxtrail evaluate``; what FILE holds already is kept.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import device as devices
from core.errors import TrackerError
from core.evaluate.layouts import find_sequences
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import Settings
from core.evaluate.report import Report, versions
from core.evaluate.sequences import select
from core.geometry import Box
from core.states import TargetState
from core.trackers import registry
from core.trackers.base import Image, Services, TrackResult

KEY = "csrt"
ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".venv-bench" / "bin" / "python"
HOW_TO_GET = (
    "CSRT needs OpenCV's contrib build in an environment of its own:\n"
    "    python -m venv .venv-bench\n"
    "    .venv-bench/bin/pip install torch numpy av h5py platformdirs safetensors"
    " opencv-contrib-python-headless"
)


def interpreter(named: Path | None = None) -> Path | None:
    """A Python whose OpenCV has CSRT, or None."""
    for candidate in (named or BENCH, Path(sys.executable)):
        if not candidate.is_file():
            continue
        check = "import cv2, safetensors; cv2.TrackerCSRT_create"
        if subprocess.run([candidate, "-c", check], capture_output=True, check=False).returncode:
            continue
        return candidate
    return None


def measured(python: Path, data: Path, only: list[str], report: Path) -> Report:
    """Run this script with `python` and read the report it wrote."""
    command = [str(python), str(Path(__file__).resolve()), str(data), "--json", str(report)]
    if only:
        command += ["--only", *only]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, check=True, env=environment)
    return Report.read_json(report)


@dataclass(frozen=True, slots=True)
class CSRTParams:
    """CSRT is run with OpenCV's defaults."""


class CSRTTracker:
    """The part of our tracker contract that evaluation needs."""

    def __init__(self, params: CSRTParams, services: Services) -> None:
        self.want_maps: frozenset[str] = frozenset()
        self._params = params
        self._tracker: Any = None
        self._box = Box(0, 0, 1, 1)

    @property
    def params(self) -> CSRTParams:
        return self._params

    def init(self, image: Image, box: Box) -> TrackResult:
        self._tracker, self._box = cv2.TrackerCSRT_create(), box  # type: ignore[attr-defined]
        x, y, w, h = (round(v) for v in box.as_tuple())
        self._tracker.init(image[:, :, ::-1].copy(), (x, y, max(w, 1), max(h, 1)))
        return TrackResult(box, 1.0, TargetState.TRACKING)

    def update(self, image: Image) -> TrackResult:
        found, box = self._tracker.update(image[:, :, ::-1].copy())
        if not found:  # OpenCV gives an empty box then; its last one is the fairer answer
            return TrackResult(self._box, 0.0, TargetState.LOST, "CSRT has lost the target.")
        self._box = Box(*(float(v) for v in box))
        return TrackResult(self._box, 1.0, TargetState.TRACKING)

    def correct(self, image: Image, box: Box, policy: object) -> TrackResult:
        raise TrackerError("CSRT cannot be corrected.")

    def snapshot(self) -> object:
        return None  # the loop keeps it, evaluation never goes back to it

    def restore(self, state: object) -> None:
        raise TrackerError("CSRT cannot go back.")

    def tune(self, params: object) -> None:
        raise TrackerError("CSRT has no parameters here.")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args()
    devices.set_threads(1)
    registry.register(
        key=KEY,
        title="CSRT (OpenCV)",
        summary="Channel and spatial reliability.",
        params=CSRTParams,
        reference=registry.Reference("Lukežič et al.", "CSR-DCF", "CVPR", 2017),
        maps=(),
    )(CSRTTracker)
    settings = Settings()
    report = Report({"device": "cpu", "threads": 1, "opencv": cv2.__version__}, versions())
    if args.json.is_file():
        before = Report.read_json(args.json)
        report = before if before.settings == report.settings else report
    chosen = select(find_sequences(args.data), args.only)
    work = [Work(sequence, KEY) for sequence in chosen if not report.has(KEY, sequence.key)]
    for result in evaluate_all(work, settings):
        report.add(result)
        report.write_json(args.json)
        if isinstance(result, Failure):
            print(f"CSRT on {result.key}: {result.message} {result.hint}", file=sys.stderr)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
