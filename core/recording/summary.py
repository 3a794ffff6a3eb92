"""The facts of a recording as plain values: what ``boxtrail inspect`` prints."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recording import about
from core.recording.about import RunFacts
from core.recording.attachments import Kind
from core.recording.recording import Recording
from core.states import TargetState


def facts(recording: Recording) -> dict[str, Any]:
    """Tables by title: dictionaries of values, or lists of rows with the same names."""
    found: dict[str, Any] = {
        "recording": _general(recording),
        "clip": _clip(recording),
        "software": _software(recording),
    }
    for run in recording.runs:
        found[f"run {run.id}: {run.tracker}"] = _run(run)
    found["parameters"] = _params(recording.runs)
    found["weights"] = _weights(recording.runs)
    found["maps"] = [_map(recording, info.key) for info in recording.maps]
    found["patches and candidates"] = [_attached(kind) for kind in recording.attachment_kinds()]
    found["curves"] = _curves(recording)
    found["seconds per frame"] = _timings(recording)
    found["frames that are missing"] = [_span(*gap) for gap in recording.gaps()]
    return found


def _general(recording: Recording) -> dict[str, Any]:
    frames, size = recording.frames, recording.path.stat().st_size
    states = recording.table["state"]
    counts = {state.name.lower(): int((states == state).sum()) for state in TargetState}
    closing = [event for event in recording.events if about.kind(event) == about.CLOSED]
    general = {
        "file": str(recording.path),
        "bytes": size,
        "bytes per frame": size / max(len(recording), 1),
        "frames": len(recording.rows),
        "rows": len(recording),
        "first frame": int(frames.min()) if len(frames) else None,
        "last frame": int(frames.max()) if len(frames) else None,
        "states": {name: count for name, count in counts.items() if count},
        "precision of maps": str(recording.precision),
        "finished properly": recording.complete,
    }
    for event in closing[-1:]:
        general["frames without maps"] = event.field("left_out", 0).integer()
        general["waited for the disk"] = f"{event.field('waited', 0.0).number():.3g} s"
    return general


def _clip(recording: Recording) -> dict[str, Any]:
    clip = recording.clip
    return {
        "path": clip.path,
        "size": f"{clip.width} × {clip.height}",
        "frames": clip.frame_count,
        "fps": clip.fps,
        "fingerprint": clip.fingerprint,
    }


def _software(recording: Recording) -> dict[str, Any]:
    starts = [event for event in recording.events if about.kind(event) == about.START]
    if not starts:
        return {}
    software = starts[0].field("software")
    return {name: software.field(name).text() for name in software.mapping()}


def _run(run: RunFacts) -> dict[str, Any]:
    return {
        "object": run.object,
        "from frame": run.frame,
        "direction": "forward" if run.step > 0 else "backward",
        "box": list(run.box.as_tuple()),
        "correction": run.is_correction,
        "policy": str(run.policy),
        "device": run.device,
        "seed": run.seed,
        "recorded": list(run.wanted),
        "version": run.version,
        "code": run.code[:16],
    }


def _params(runs: tuple[RunFacts, ...]) -> list[dict[str, Any]]:
    return [
        {"run": run.id, "name": name, "value": value}
        for run in runs
        for name, value in run.params.items()
    ]


def _weights(runs: tuple[RunFacts, ...]) -> list[dict[str, Any]]:
    used = dict.fromkeys(item for run in runs for item in run.weights)
    return [
        {"key": item.key, "file": item.file, "sha256": item.sha256, "trust": item.trust}
        for item in used
    ]


def _map(recording: Recording, key: str) -> dict[str, Any]:
    places = recording.map_places(key)
    there = places["present"] == 1
    sizes = np.unique(np.column_stack([places["rows"][there], places["cols"][there]]), axis=0)
    return {
        "map": key,
        "cells": [f"{rows}×{cols}" for rows, cols in sizes],
        "frames": int(there.sum()),
        "rate": f"{there.mean():.1%}",
        "lowest": float(np.nanmin(places["low"][there])),
        "highest": float(np.nanmax(places["high"][there])),
    }


def _attached(kind: Kind) -> dict[str, Any]:
    sizes = [f"{rows}×{cols}" if kind.patch else str(rows) for rows, cols in kind.shapes]
    return {
        "name": kind.name,
        "kind": "patch" if kind.patch else "boxes with scores",
        "size": sizes if len(sizes) < 4 else [sizes[0], "…", sizes[-1]],
        "frames": kind.rows,
        "bytes": kind.size,
    }


def _curves(recording: Recording) -> list[dict[str, Any]]:
    rows = [_spread("score", recording.table["score"][recording.table["seed"] == 0])]
    rows += [_spread(name, recording.scalars(name)) for name in recording.scalar_names]
    return rows


def _timings(recording: Recording) -> list[dict[str, Any]]:
    rows = [_spread("whole", recording.table["seconds"])]
    rows += [_spread(name, recording.timings(name)) for name in recording.timing_names]
    return rows


def _spread(name: str, values: NDArray[np.float64]) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    low, middle, high = (
        (float(known.min()), float(np.median(known)), float(known.max()))
        if len(known)
        else (None, None, None)
    )
    return {"name": name, "frames": len(known), "min": low, "median": middle, "max": high}


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
