"""``boxtrail info``: what a video or a project file holds."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.options import UsageError
from core.collection import file as collection_file
from core.collection.summary import Summaries, totals
from core.document import project_file
from core.document.document import Document
from core.document.track import Track
from core.session import video_ref
from core.states import Source, TargetState
from core.video import seeking
from core.video.open import open_source
from core.video.source import Access, VideoSource


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("file", type=Path, help="a video, picture folder, project or list")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    if args.file.suffix.lower() == collection_file.SUFFIX:
        return _list(args)
    project = args.file.suffix.lower() == project_file.SUFFIX
    facts = project_facts(args.file) if project else video_facts(args.file)
    if args.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(facts)))
    return 0


def _list(args: argparse.Namespace) -> int:
    """The clips of a list with their numbers, and their sum."""
    standings = Summaries().standings(collection_file.load(args.file).clips)
    if args.json:
        facts = [
            {"clip": s.clip.title, "project": str(s.clip.project), "video": str(s.clip.video),
             "status": s.status.value, **asdict(s.summary), "problem": s.problem}
            for s in standings
        ]  # fmt: skip
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return 0
    print(
        f"{'status':<10} {'frames':>7} {'objects':>7} {'boxes':>8} {'manual':>6} {'left':>6}  clip"
    )
    for s in standings:
        n, note = s.summary, f"  ({s.problem})" if s.problem else ""
        row = f"{n.frames:>7} {n.tracks:>7} {n.boxes:>8} {n.manual:>6} {n.left:>6}"
        print(f"{s.status.value:<10} {row}  {s.clip.title}{note}")
    total = totals(standings)
    n = total.summary
    states = ", ".join(f"{count} {state.value}" for state, count in total.by_status.items())
    print(f"{total.clips} clips ({states}): {n.frames} frames, {n.boxes} boxes, {n.left} left")
    return 0


def video_facts(path: Path) -> dict[str, Any]:
    """Everything about a clip, after it was checked to its end."""
    video = _opened(path)
    try:
        return _video(video)
    finally:
        video.close()


def project_facts(path: Path) -> dict[str, Any]:
    """Tracks, runs and the clip of a project."""
    document = project_file.load(path)
    facts: dict[str, Any] = {
        "project": str(path),
        "tracks": [_track(document, track) for track in document.tracks],
        "labels": [label.name for label in document.labels],
        "runs": [
            {
                "id": run.id,
                "track": run.track_id,
                "tracker": run.tracker,
                "frames": [run.start, run.end],
                "policy": str(run.policy),
                "seconds": round(run.seconds, 3),
                "created": run.created,
            }
            for run in document.runs
        ],
    }
    if document.notes:
        facts["notes"] = document.notes
    try:
        place = project_file.locate_video(document, path)
    except project_file.VideoMoved as error:
        return {**facts, "video found": False, "video": {"path": document.video.path},
                "warning": error.message}  # fmt: skip
    video = _opened(place)
    try:
        warning = project_file.video_differs(document, video_ref(video))
        facts |= {"video found": True, "video": _video(video)}
    finally:
        video.close()
    return facts | ({"warning": warning} if warning else {})


def _opened(path: Path) -> VideoSource:
    if not path.exists() and not any(c in path.name for c in "*?["):
        raise UsageError(f"There is no file “{path}”.", "Check the path.")
    video = open_source(path)
    video.wait_ready()
    return video


def _video(video: VideoSource) -> dict[str, Any]:
    info = video.info
    access = {
        Access.EXACT: "exact (numbered pictures)",
        Access.VERIFIED: "verified (index checked against sequential decoding)",
        Access.SEQUENTIAL: "sequential (no trustworthy index)",
        Access.CHECKING: "still being checked",
    }
    return {
        "path": str(info.path),
        "codec": info.codec,
        "size": f"{info.width} × {info.height}",
        "frames": info.frame_count,
        "fps": round(info.fps, 4),
        "seconds": round(float(info.times[-1]), 3) if len(info.times) else 0.0,
        "variable frame rate": info.variable_rate,
        "rotation": info.rotation,
        "access": access[video.access],
        "damaged frames": list(info.damaged),
        "fingerprint": info.fingerprint,
        "longest run-in": info.run_in,
        "seeks badly": seeking.seeks_badly(video),
        "notes": [*info.notes, *_advice(video)],
    }


def _advice(video: VideoSource) -> list[str]:
    if not seeking.seeks_badly(video):
        return []
    name = video.info.path.name
    return [f"{seeking.why(video)} “boxtrail proxy {name}” makes a copy that steps fast."]


def _track(document: Document, track: Track) -> dict[str, Any]:
    sources = Counter(Source(int(v)).name.lower() for v in track.columns.sources)
    states = Counter(TargetState(int(v)).name.lower() for v in track.columns.states)
    frames = track.columns.frames
    return {
        "id": track.id,
        "title": track.title,
        "label": track.label,
        "color": document.color_of(track),
        "boxes": len(track),
        "frames": [int(frames[0]), int(frames[-1])] if len(frames) else [],
        "by source": dict(sources),
        "by state": dict(states),
        "protected": int(track.columns.protected().sum()),
    }


def _lines(value: Any, indent: str = "") -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines += [f"{indent}{key}:", *_lines(item, indent + "  ")]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            for entry in item:
                lines += [f"{indent}{key.rstrip('s')}:", *_lines(entry, indent + "  ")]
        else:
            lines.append(f"{indent}{key + ':':<21} {_text(item)}")
    return lines


def _text(item: Any) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, list):
        sentences = any(str(part).endswith(".") for part in item)
        return (" " if sentences else ", ").join(map(str, item)) or "none"
    return str(item) if item not in ("", None) else "–"
