"""What an export says about itself: which clip, which frames, which options, what is lost.

A small JSON file beside every export. It holds no time and no machine's paths, so
that the same document exported twice gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from core.document import codec
from core.document.checked import Node
from core.document.document import Document, VideoRef
from core.document.schema import Attribute
from core.errors import FormatError
from core.formats.context import ExportContext

SUFFIX = ".manifest.json"
FORMAT = "boxtrail-export"
_LIMIT = 64 << 20


def path_of(to: Path, key: str, *, folder: bool) -> Path:
    """Where the manifest of an export to `to` in the format `key` lies.

    Exports in several formats may share a folder, so each has a manifest of its own.
    """
    return to / f"boxtrail-{key}{SUFFIX}" if folder else to.with_name(to.name + SUFFIX)


def facts(
    key: str,
    document: Document,
    frames: range,
    options: dict[str, Any],
    lost: list[str],
    ctx: ExportContext,
) -> dict[str, Any]:
    """The content of the manifest without the list of files.

    `document` holds exactly the boxes that are written.
    """
    video = document.video
    labelled = sorted({int(n) for track in document.tracks for n in track.columns.frames})
    return {
        "format": FORMAT,
        "version": 1,
        "written_as": key,
        "program": f"Boxtrail {ctx.version}".strip(),
        "video": {
            "name": PurePosixPath(video.path.replace("\\", "/")).name,
            "fingerprint": video.fingerprint,
            "width": video.width,
            "height": video.height,
            "frame_count": video.frame_count,
            "fps": codec.encode_video(video)["fps"],
        },
        "frames": {"first": frames.start, "last": frames.stop - 1, "step": frames.step},
        "times": {str(n): round(ctx.times[n], 6) for n in labelled if n < len(ctx.times)},
        "coordinates": "pixels of the frame; see the options for the index base in the files",
        "options": options,
        "tracks": [
            {"id": track.id, "label": track.label, "name": track.name, "boxes": len(track)}
            for track in document.tracks
        ],
        "lost": lost,
        **_schemas(document),
    }


def _schemas(document: Document) -> dict[str, Any]:
    encoded = [codec.encode_label(label) for label in document.labels if label.attributes]
    return {"attributes": {e["name"]: e["attributes"] for e in encoded}} if encoded else {}


def load(path: Path) -> dict[str, Any] | None:
    """A manifest, or None where there is none that can be read."""
    try:
        if path.stat().st_size > _LIMIT:
            return None
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("format") == FORMAT else None


def beside(path: Path, key: str) -> dict[str, Any] | None:
    """The manifest of an export, found from the exported file or folder."""
    own = path_of(path, key, folder=False)
    above = path.parents[:2] if path.is_file() else (path, *path.parents[:1])
    for place in (own, *(path_of(folder, key, folder=True) for folder in above)):
        found = load(place)
        if found is not None and found.get("written_as") == key:
            return found
    return None


def frame_range(path: Path, key: str) -> range | None:
    """The frames that an export covers, from its manifest."""
    found = beside(path, key)
    part = found.get("frames") if found else None
    if not isinstance(part, dict):
        return None
    values = [part.get(name) for name in ("first", "last", "step")]
    first, last, step = (v if type(v) is int and v >= 0 else -1 for v in values)
    return range(first, last + 1, step) if first >= 0 and step > 0 else None


def only_track(path: Path, key: str) -> int | None:
    """The id of the track in an export of boxes of only one, from its manifest."""
    found = beside(path, key)
    tracks = found.get("tracks") if found else None
    if not isinstance(tracks, list) or not all(isinstance(track, dict) for track in tracks):
        return None
    boxed = [track.get("id") for track in tracks if track.get("boxes")]
    number = boxed[0] if len(boxed) == 1 else None
    return number if type(number) is int and number > 0 else None


def labels(path: Path, key: str) -> dict[int, str]:
    """The label of each track, from the manifest."""
    found = beside(path, key)
    tracks = found.get("tracks") if found else None
    rows = [row for row in tracks if isinstance(row, dict)] if isinstance(tracks, list) else []
    pairs = [(row.get("id"), row.get("label")) for row in rows]
    return {n: label for n, label in pairs if type(n) is int and isinstance(label, str)}


def attributes(path: Path, key: str) -> dict[str, tuple[Attribute, ...]]:
    """The attributes that each label declares, from the manifest; empty where it is wrong."""
    found = beside(path, key)
    node = Node((found or {}).get("attributes", {}), "attributes", FormatError, "manifest", "")
    try:
        return {
            name: codec.decode_label(
                Node({"name": name, "attributes": value}, name, FormatError, "manifest", "")
            ).attributes
            for name, value in node.mapping().items()
        }
    except FormatError:
        return {}


def other_video(path: Path, key: str, video: VideoRef) -> str:
    """A warning if the manifest names another clip than `video`; else empty."""
    found = beside(path, key)
    made_for = found.get("video") if found else None
    if not isinstance(made_for, dict):
        return ""
    for name, words in (("fingerprint", "content"), ("frame_count", "number of frames")):
        theirs, ours = made_for.get(name), getattr(video, name)
        if theirs and ours and theirs != ours:
            return (
                f"These annotations were made for “{made_for.get('name', 'another video')}”, "
                f"which has another {words} than the open video."
            )
    return ""
