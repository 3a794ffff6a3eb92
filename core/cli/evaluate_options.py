"""Options of ``boxtrail evaluate``: protocols with their settings, and what is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.evaluate import html
from core.evaluate.conventions import CONVENTIONS, convention
from core.evaluate.pictures import NO_PICTURES, Pictures
from core.evaluate.printed import printed
from core.evaluate.protocol import PROTOCOLS, Settings
from core.evaluate.regions import OVERLAPS
from core.evaluate.report import Report
from core.evaluate.restarts import SHIFTS, temporal_starts
from core.evaluate.results.writing import WRITERS
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.supervised import INTERVALS
from core.storage import atomic_write


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """What is run and how it is counted."""
    group = parser.add_argument_group("protocol and metrics")
    group.add_argument(
        "--protocol",
        default="ope",
        choices=(*PROTOCOLS, "got10k"),
        help="ope, tre, sre (OTB), vot (starts anew after failures), got10k (default ope)",
    )
    group.add_argument(
        "--repetitions", type=int, metavar="N", help="runs with other seeds (got10k 3, vot 1)"
    )
    group.add_argument(
        "--metrics",
        metavar="NAME",
        help="count as this toolkit does: " + ", ".join(CONVENTIONS),
    )
    group.add_argument(
        "--year",
        type=int,
        default=2018,
        choices=sorted(INTERVALS),
        help="vot: whose EAO interval (default 2018)",
    )
    group.add_argument(
        "--counting", default="toolkit", choices=("toolkit", "pysot"), help="vot: whose formulas"
    )
    group.add_argument(
        "--overlap", default="", choices=("", *OVERLAPS), help="vot: pixels or exact areas"
    )
    group.add_argument(
        "--regions",
        default="polygon",
        choices=("polygon", "upright"),
        help="vot: true polygons as they are, or the upright boxes around them",
    )
    group.add_argument(
        "--results", type=Path, metavar="FOLDER", help="score these result files, run nothing"
    )


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Where reports and result files go."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", type=Path, metavar="FILE", help="write the report here")
    group.add_argument("--csv", type=Path, metavar="FILE", help="write a table with commas")
    group.add_argument("--markdown", type=Path, metavar="FILE", help="write Markdown tables")
    group.add_argument("--latex", type=Path, metavar="FILE", help="write LaTeX tables")
    group.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots")
    group.add_argument("--pdf", type=Path, metavar="FILE", help="write the report as a PDF")
    group.add_argument(
        "--pictures",
        action="store_true",
        help="put pictures of failures and of the maps there into --html and --pdf (frames of the "
        "benchmark: mind its licence; making maps takes some of the measured time)",
    )
    group.add_argument("--plots", type=Path, metavar="FOLDER", help="write the plots as SVG")
    group.add_argument(
        "--save-boxes", type=Path, metavar="FOLDER", help="write each run's boxes and times"
    )
    group.add_argument(
        "--layout",
        metavar="NAME",
        help="layout of --save-boxes: " + ", ".join(WRITERS) + " (default boxtrail, vot for vot)",
    )


def protocol_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of :class:`Settings` that the options name.

    Raises
    ------
    DatasetError
        If there are no such metrics.
    """
    preset = args.protocol == "got10k"
    protocol = "ope" if preset else args.protocol
    default = "got10k" if preset else "boxtrail"
    args.layout = args.layout or (protocol if protocol == "vot" else default)
    repetitions = args.repetitions if args.repetitions is not None else (3 if preset else 1)
    return {
        "protocol": protocol,
        "repetitions": max(repetitions, 1),
        "metrics": convention(args.metrics or default).name,
        "year": args.year,
        "counting": args.counting,
        "overlap": args.overlap,
        "upright": args.regions == "upright",
    }


def protocol_facts(settings: Settings) -> dict[str, Any]:
    """What of the settings matters for VOT's numbers alone, for the report."""
    if settings.protocol != "vot":
        return {}
    return {
        "year": settings.year,
        "counting": settings.counting,
        "overlap": settings.overlap or settings.counting,
        "regions": "upright" if settings.upright else "polygon",
    }


def runs_of(sequence: BenchmarkSequence, settings: Settings) -> int:
    """How many frames a protocol tracks, at most, for the progress line."""
    frames = len(sequence)
    if settings.protocol == "sre":
        frames *= len(SHIFTS)
    elif settings.protocol == "tre":
        frames = sum(len(sequence) - k for k in temporal_starts(sequence.boxes)) or frames
    return frames * settings.repetitions


def output_paths(args: argparse.Namespace) -> tuple[Path | None, ...]:
    """All that will be written."""
    files = (args.json, args.csv, args.markdown, args.latex, args.html, args.pdf)
    folders = tuple(f / "x" if f else None for f in (args.plots, args.save_boxes))
    return (*files, *folders)


def write_outputs(
    args: argparse.Namespace, report: Report, pictures: Pictures = NO_PICTURES
) -> None:
    """Write the report in all the forms that were asked for.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    if args.json:
        report.write_json(args.json)
    if not report.scores:
        return
    for path, text in (
        (args.csv, report.csv),
        (args.markdown, report.markdown),
        (args.latex, report.latex),
        (args.html, lambda: html.page(report, pictures)),
    ):
        if path:
            _write(path, text())
    if args.pdf:
        data = printed(report, pictures)
        with atomic_write(args.pdf) as stream:
            stream.write(data)
    for name, text in html.plots_of(report).items() if args.plots else ():
        _write(args.plots / f"{name}.svg", text)


def _write(path: Path, text: str) -> None:
    with atomic_write(path, text=True) as stream:
        stream.write(text)
