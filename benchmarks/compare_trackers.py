"""All trackers and OpenCV's CSRT on a folder of benchmark sequences, as one table.

    python benchmarks/compare_trackers.py DATA [--trackers ccr,edcf] [--jobs 2] [--fresh]

Every sequence is tracked once from its first box with default parameters (the one-pass
protocol of ``boxtrail evaluate``). Results are kept per tracker under ``out/compare`` and
taken from there next time, unless the tracker's code, weights or parameters have changed;
so a run that was interrupted goes on. The table replaces what stands between the marks
``<!-- comparison -->`` and ``<!-- /comparison -->`` of docs/trackers/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import math
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import csrt

from core import device as devices
from core import params as parameters
from core import weights
from core.cli.progress import ProgressLine
from core.errors import BoxtrailError
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import Settings
from core.evaluate.report import Report, versions
from core.evaluate.sequences import BenchmarkSequence, select
from core.storage import atomic_write
from core.trackers import load_all, registry
from core.trackers.registry import TrackerSpec

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "trackers" / "README.md"
OPEN, CLOSE = "<!-- comparison -->", "<!-- /comparison -->"


@dataclass(frozen=True, slots=True)
class Column:
    """One tracker's results."""

    title: str
    report: Report
    key: str

    def scores(self, sequence: str) -> Scores | None:
        found = self.report.scores.get(self.key, {}).get(sequence)
        return found if isinstance(found, Scores) else None

    def each(self, names: Iterable[str], of: Callable[[Scores], float]) -> list[float]:
        """`of` the scores of those sequences that have some."""
        found = (self.scores(name) for name in names)
        return [of(scores) for scores in found if scores is not None]


# --- results ------------------------------------------------------------------------


def fingerprint(spec: TrackerSpec) -> str:
    """Hash of everything that decides the boxes: code and weights files."""
    package = ROOT / Path(*spec.build.__module__.split(".")[:3])
    folders = [package, *(ROOT / "core" / name for name in ("dsp", "nets", "weights"))]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    for key in spec.weights:
        path = weights.installed(key)
        digest.update(path.read_bytes() if path else b"")
    return digest.hexdigest()[:16]


def evaluated(
    spec: TrackerSpec, sequences: list[BenchmarkSequence], args: argparse.Namespace
) -> Report:
    """Results of one tracker, measured where they are not at hand."""
    values = parameters.to_dict(spec.params())
    settings = Settings({spec.key: values}, args.device, args.threads)
    facts = {
        "params": {spec.key: values},
        "device": args.device,
        "threads": args.threads,
        "code": fingerprint(spec),
    }
    path = args.out / f"{spec.key}.json"
    report = Report(facts, versions())
    if path.is_file() and not args.fresh:
        before = Report.read_json(path)
        if before.settings == facts:
            report = before
    work = [Work(s, spec.key) for s in sequences if not report.has(spec.key, s.key)]
    said = "at hand" if not work else f"{len(work)} of {len(sequences)} sequences to track"
    print(f"{spec.key}: {said}", flush=True)
    line = ProgressLine(sum(len(item.sequence) for item in work))
    results = evaluate_all(work, settings, jobs=args.jobs, progress=line.update)
    with contextlib.closing(results):
        for result in results:
            line.clear()
            report.add(result)
            report.write_json(path)
            if isinstance(result, Failure):
                print(f"  {result.key}: {result.message} {result.hint}", flush=True)
            else:
                scores = result.measured.scores
                assert isinstance(scores, Scores)  # one pass, no resets
                print(f"  {result.key}: AUC {scores.auc:.3f}, {scores.fps:.1f} fps", flush=True)
    line.clear()
    return report


def columns(
    keys: list[str], sequences: list[BenchmarkSequence], args: argparse.Namespace
) -> tuple[list[Column], list[str]]:
    """The results of all trackers, and what is to be said below the table."""
    found, notes = [], []
    for key in keys:
        spec = registry.find(key)
        try:
            spec.create()
        except BoxtrailError as missing:
            print(f"{key}: left out. {missing}", flush=True)
            notes.append(f"{spec.title} is left out: {missing.message}")
            continue
        report = evaluated(spec, sequences, args)
        notes += [f"{spec.title} failed on {f.key}: {f.message}" for f in report.failures]
        found.append(Column(spec.title, report, key))
    python = None if args.no_csrt else csrt.interpreter(args.csrt)
    if python is not None:
        print("CSRT", flush=True)
        path = args.out / "csrt.json"
        if args.fresh:
            path.unlink(missing_ok=True)
        report = csrt.measured(python, args.data, [s.key for s in sequences], path)
        found.append(Column("CSRT (OpenCV)", report, csrt.KEY))
    elif not args.no_csrt:
        print(csrt.HOW_TO_GET, flush=True)
        notes.append("CSRT is left out: no OpenCV contrib build was found.")
    return found, notes


# --- table --------------------------------------------------------------------------


def table(found: list[Column], names: list[str]) -> str:
    """AUC by sequence, then means and speed."""

    def row(title: str, members: list[str]) -> list[str]:
        return [title, *(_number(column.each(members, _auc)) for column in found)]

    rows = [["AUC", *(column.title for column in found)], *(row(name, [name]) for name in names)]
    parts = sorted({name.split("/")[0] for name in names})
    for part in parts if len(parts) > 1 else ():
        members = [name for name in names if name.split("/")[0] == part]
        if len(members) > 1:
            rows.append(row(f"mean of {part} ({len(members)})", members))
    means = [
        (f"mean AUC of all {len(names)}", _auc),
        ("mean AO", lambda s: s.ao),
        ("mean P@20", lambda s: s.p20),
    ]
    for title, of in means:
        cells = (_number(column.each(names, of)) for column in found)
        rows.append([f"**{title}**", *(f"**{cell}**" for cell in cells)])
    rows.append(["fps, median", *(_speed(column, names) for column in found)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---|" + "---:|" * len(found))
    return "\n".join(lines)


def _auc(scores: Scores) -> float:
    return scores.auc


def _number(values: list[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return f"{statistics.mean(known):.3f}".lstrip("0") if known else "–"


def _speed(column: Column, names: list[str]) -> str:
    known = [v for v in column.each(names, lambda s: s.fps) if not math.isnan(v)]
    return f"{statistics.median(known):.0f}" if known else "–"


def machine(device: str) -> str:
    """What the speed was measured on, without names."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = platform.machine().replace("x86_64", "x86-64").replace("AMD64", "x86-64")
    gpu = torch.cuda.get_device_name() if device != "cpu" else "no GPU"
    return f"{cores}-core {kind}, {gpu}"


def page_with(text: str, body: str) -> str:
    """`text` with `body` between the marks, which are added at the end where missing."""
    if OPEN not in text:
        text = f"{text.rstrip()}\n\n{OPEN}\n{CLOSE}\n"
    head, rest = text.split(OPEN, 1)
    return f"{head}{OPEN}\n\n{body.strip()}\n\n{CLOSE}{rest.split(CLOSE, 1)[1]}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with benchmark sequences")
    parser.add_argument("--trackers", default="", help="keys with commas; all by default")
    parser.add_argument("--only", nargs="*", default=[], help="data sets or sequences")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--threads", type=int, default=1, help="torch threads of each")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--fresh", action="store_true", help="measure all anew")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "compare")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table goes")
    parser.add_argument("--csrt", type=Path, help="a Python whose OpenCV has CSRT")
    parser.add_argument("--no-csrt", action="store_true")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    devices.set_threads(args.threads)
    load_all()
    keys = [key for key in args.trackers.split(",") if key] or sorted(registry.trackers)
    sequences = select(find_sequences(args.data), args.only)
    found, notes = columns(keys, sequences, args)
    if not found:
        return 1
    command = " ".join(["python benchmarks/compare_trackers.py DATA", *_told(args)])
    how = (
        f"One pass from the first box, default parameters, one run each; {machine(args.device)}, "
        f"{args.jobs} at a time with {args.threads} thread{'s' if args.threads > 1 else ''} each. "
        f"Made by `{command}`."
    )
    below = "\n".join(f"- {note}" for note in notes)
    body = f"{how}\n\n{table(found, [s.key for s in sequences])}\n\n{below}"
    old = args.page.read_text(encoding="utf-8") if args.page.is_file() else ""
    with atomic_write(args.page, text=True) as stream:
        stream.write(page_with(old, body))
    print(f"{table(found, [s.key for s in sequences])}\n{args.page}")
    return 1 if any(column.report.failures for column in found) else 0


def _told(args: argparse.Namespace) -> list[str]:
    told = [f"--jobs {args.jobs}"] if args.jobs > 1 else []
    told += [f"--threads {args.threads}"] if args.threads > 1 else []
    told += [f"--device {args.device}"] if args.device != "cpu" else []
    told += ["--only " + " ".join(args.only)] if args.only else []
    return told


if __name__ == "__main__":
    sys.exit(main())
