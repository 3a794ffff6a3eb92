"""The pictures of docs/tutorial-drift.md: a drift on a clip of our own, walked through.

    python packaging/tutorial_pictures.py [--out docs/images]

Paints the clip of ``drift_clip.py``, evaluates two trackers on it, and writes the report's first
page, the failure's card enlarged, and the figure of the frames around it. Everything is made by
what people use: evaluation, recording, figure. Works without a display.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import drift_clip

from core.cli import main as boxtrail
from core.drawing.raster import raster
from core.evaluate.failures import gallery
from core.evaluate.layouts import find_sequences
from core.evaluate.pictures import of_failures
from core.evaluate.printed import drawn
from core.evaluate.protocol import Settings, evaluate_sequence
from core.evaluate.report import Report, versions
from core.trackers import load_all

FRAMES = "4,9,12,14,17"


def main() -> None:
    """Paint, track, and write the pictures."""
    parser = argparse.ArgumentParser(description="The pictures of the tutorial.")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    out = parser.parse_args().out.resolve()
    load_all()
    with tempfile.TemporaryDirectory() as place:
        folder = drift_clip.write(Path(place) / "beetle")
        report_page(folder, out / "drift-report.png")
        figure(folder, out / "drift-frames.png")


def report_page(folder: Path, path: Path) -> None:
    """The first page of the report of two trackers, as a picture."""
    [sequence] = find_sequences(folder)
    report = Report({"protocol": "ope", "metrics": "boxtrail"}, versions())
    pictures = {}
    for tracker in ("ccr", "edcf"):
        run = evaluate_sequence(sequence, tracker, Settings(maps=True))
        report.add(run)
        # How fast it was depends on the machine: a picture in the docs shall not.
        timeless = replace(run.measured.scores, fps=math.nan, p95_ms=math.nan)
        report.scores[tracker][run.key] = timeless
        found = gallery(run, sequence)
        report.details[tracker][run.key].update(found.details())
        pictures |= of_failures(run, sequence, found)
        for failure in found.failures:
            sys.stdout.write(f"{tracker}: frame {failure.start}, {failure.length} frames: ")
            sys.stdout.write(f"{failure.reason}; {failure.words or '–'}\n")
        scores = report.mean(tracker).as_dict()
        shown = ", ".join(f"{k} {v:.3f}" for k, v in scores.items() if isinstance(v, float))
        sys.stdout.write(f"{tracker}: {shown}\n")
    page = raster(drawn(report, pictures)[0], 110)
    ink = np.flatnonzero((page[:-120] < 250).any(axis=(1, 2)))  # the foot stays away
    _write(path, page[: int(ink.max()) + 24])


def figure(folder: Path, path: Path) -> None:
    """Frames around the failure with their maps, and curves below."""
    recording = folder.parent / "beetle.h5"
    truth = (folder / "groundtruth.txt").read_text(encoding="utf-8").splitlines()
    box = truth[0]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = boxtrail(
            ["record", str(folder / "color"), "--box", box, "--tracker", "ccr", "--maps", "all",
             "--patches", "-o", str(recording), "--quiet"]
        )  # fmt: skip
        code = code or boxtrail(
            ["figure", str(recording), "--frames", FRAMES, "--panels", "overlay,map,curves",
             "--curves", "score,overlap,error,psr", "--truth", str(folder / "groundtruth.txt"),
             "--set", "crop=6", "--set", "dpi=150", "-o", str(path)]
        )  # fmt: skip
        code = code or boxtrail(["inspect", str(recording), "--csv", str(recording) + ".csv"])
    if code:
        raise SystemExit(said.getvalue())
    sys.stdout.write(said.getvalue())
    rows = Path(str(recording) + ".csv").read_text(encoding="utf-8").splitlines()
    head = rows[0].split(",")
    names = [name for name in ("frame", "score", "psr", "reason") if name in head]
    for row in rows[1:22]:
        values = dict(zip(head, row.split(","), strict=False))
        sys.stdout.write("  ".join(f"{name} {values[name]}" for name in names) + "\n")


def _write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(
        str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9]
    )


if __name__ == "__main__":
    main()
