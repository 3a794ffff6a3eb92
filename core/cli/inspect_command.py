"""``boxtrail inspect``: what a recording holds, its curves as a table, one map as a file."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cli.options import UsageError, not_negative, require_writable
from core.geometry import Box
from core.recording import summary
from core.recording.recording import Recording
from core.render.maps import COLORMAPS, color_table, normalized
from core.states import TargetState
from core.storage import atomic_write

_BOX = ("x", "y", "w", "h")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("file", type=Path, metavar="FILE.h5", help="a recording")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE.csv", help="write boxes, scores and all curves"
    )
    parser.add_argument(
        "--frame", type=not_negative, metavar="N", help="the frame of --map or --patch"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--map", metavar="KEY", help="take this map out (needs --frame and -o)")
    what.add_argument("--patch", metavar="NAME", help="take this patch out, the same way")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to: .npy for the values, .png for a picture of the cells",
    )
    parser.add_argument(
        "--colormap", choices=COLORMAPS, default=COLORMAPS[0], help="of the picture"
    )


def run(args: argparse.Namespace) -> int:
    """Print, or write what was asked for."""
    _check(args)
    with Recording(args.file) as recording:
        if args.csv is not None:
            _write_csv(recording, args.csv)
        if args.map is not None:
            _write_map(recording, args)
        if args.patch is not None:
            _write_patch(recording, args)
        if args.csv is None and args.map is None and args.patch is None:
            facts = summary.facts(recording)
            if args.json:
                print(json.dumps(facts, indent=1, ensure_ascii=False))
            else:
                print("\n".join(_lines(facts)))
    return 0


def _check(args: argparse.Namespace) -> None:
    taken = args.map is not None or args.patch is not None
    given = [args.frame is not None, taken, args.output is not None]
    if any(given) and not all(given):
        raise UsageError(
            "--frame, --map (or --patch) and -o belong together.",
            "Write e.g. --frame 120 --map response -o map.png.",
        )
    if args.output is not None and args.output.suffix.lower() not in (".png", ".npy"):
        raise UsageError(
            f"“{args.output.name}” does not say what to write.", "Name a .png or a .npy file."
        )
    require_writable(args.output)
    require_writable(args.csv)


# ---- tables ---------------------------------------------------------------------------------


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    for title, part in facts.items():
        yield "" if title != "recording" else title
        if title != "recording":
            yield title
        if isinstance(part, dict):
            yield from (f"  {name:<22} {_shown(value)}" for name, value in part.items())
        elif part and isinstance(part[0], dict):
            yield from _table(part)
        else:
            yield from (f"  {item}" for item in part or ["none"])


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    heads = list(rows[0])
    cells = [heads, *([_shown(row[head]) for head in heads] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(heads))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(padded).rstrip()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_shown(item)}" for name, item in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "–"
    return str(value) if value not in ("", None) else "–"


# ---- taking out -----------------------------------------------------------------------------


def _write_csv(recording: Recording, path: Path) -> None:
    table = recording.table
    names = [*recording.scalar_names, *(f"seconds.{name}" for name in recording.timing_names)]
    columns = [recording.scalars(name) for name in recording.scalar_names]
    columns += [recording.timings(name) for name in recording.timing_names]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "time", *_BOX, "score", "state", "reason", "run", "seconds", *names])
    for row, entry in enumerate(table):
        values = [column[row] for column in columns]
        writer.writerow(
            [
                int(entry["index"]),
                _number(entry["time"]),
                *map(_number, entry["box"]),
                _number(entry["score"]),
                TargetState(int(entry["state"])).name.lower(),
                recording.reason(row),
                int(entry["run"]),
                _number(entry["seconds"]),
                *("" if np.isnan(value) else _number(value) for value in values),
            ]
        )
    with atomic_write(path, text=True) as stream:
        stream.write(text.getvalue())
    print(f"{path}: {len(table)} rows, {len(names)} curves")


def _number(value: Any) -> str:
    return repr(float(value))


def _write_map(recording: Recording, args: argparse.Namespace) -> None:
    found = recording.map(args.map, recording.row_of(args.frame))
    if found is None:
        recording.map_places(args.map)  # says so if the recording never has it
        raise UsageError(
            f"Frame {args.frame} has no map “{args.map}”.",
            f"It is there from frame {_nearest(recording, args)} on."
            if _nearest(recording, args) is not None
            else "Choose an earlier frame.",
        )
    if args.output.suffix.lower() == ".npy":
        _save(found.values, args.output)
    else:
        levels = (normalized(found) * 255 + 0.5).astype(np.uint8)
        _save_png(color_table(args.colormap)[levels], args.output)
    rows, cols = found.values.shape
    extent = found.placement.extent((rows, cols))
    print(f"{args.output}: {rows} × {cols} cells over {_place(extent)} of frame {args.frame}")


def _write_patch(recording: Recording, args: argparse.Namespace) -> None:
    patches = recording.result(recording.row_of(args.frame), ("patches",)).patches
    if args.patch not in patches:
        there = ", ".join(patches) or "none"
        raise UsageError(f"Frame {args.frame} has no patch “{args.patch}”.", f"It has: {there}.")
    patch = patches[args.patch]
    if args.output.suffix.lower() == ".npy":
        _save(patch.image if patch.values is None else patch.values, args.output)
    else:
        _save_png(patch.image, args.output)
    rows, cols = patch.image.shape[:2]
    extent = patch.placement.extent((rows, cols))
    print(f"{args.output}: {rows} × {cols} pixels over {_place(extent)} of frame {args.frame}")


def _place(extent: Box) -> str:
    return f"x={extent.x:g} y={extent.y:g} w={extent.w:g} h={extent.h:g}"


def _nearest(recording: Recording, args: argparse.Namespace) -> int | None:
    frames = recording.frames_with(args.map)
    later = frames[frames > args.frame]
    return int(later[0]) if len(later) else None


def _save(values: NDArray[Any], path: Path) -> None:
    with atomic_write(path) as stream:
        np.save(stream, values, allow_pickle=False)


def _save_png(picture: NDArray[np.uint8], path: Path) -> None:
    done, data = cv2.imencode(".png", picture[:, :, ::-1])
    if not done:
        raise UsageError("The picture could not be made.", "Write the values as .npy instead.")
    with atomic_write(path) as stream:
        stream.write(data.tobytes())
