"""Job files: which clips, and a first box (or several) for each.

CSV with a header: ``video,frame,x,y,w,h`` and, where wanted, ``label``, ``object`` and
``project``; one line per box, lines of one video belong together. JSON:
``{"clips": [{"video": …, "boxes": [{"frame": 0, "box": [x, y, w, h]}]}]}`` with the same
names. Paths are relative to the job file. A file is refused as a whole, with the place of
the mistake, before any work is done.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.batch.tasks import Seed, Task
from core.collection.gather import free_project
from core.document import media, project_file
from core.document.checked import Node, parse_json, read_text
from core.errors import BoxtrailError, FormatError
from core.geometry import Box

SIZE_LIMIT = 64 << 20
_KIND, _HINT = "job file", "See docs/projects.md for what a job file holds."
_NEEDED = ("video", "frame", "x", "y", "w", "h")
_OPTIONAL = ("label", "object", "project")


@dataclass(slots=True)
class _Entry:
    video: Path | None
    project: Path | None
    seeds: list[Seed] = field(default_factory=list)


def read_job(path: Path, folder: Path) -> list[Task]:
    """The clips of a job file; projects that it does not name will lie in `folder`.

    Raises
    ------
    FormatError
        If it cannot be read or something in it cannot be used, with the place.
    """
    text = read_text(path, SIZE_LIMIT, FormatError, _KIND)
    base = media.absolute(path).parent
    entries = _of_json(text, path, base) if text.lstrip()[:1] in "{[" else _of_csv(text, path, base)
    if not entries:
        raise FormatError(f"“{path.name}” names no clips.", _HINT)
    for entry in entries:
        _require_distinct(entry, path)
    return _tasks(entries, folder)


def _require_distinct(entry: _Entry, path: Path) -> None:
    seen: set[tuple[int, str]] = set()
    for seed in entry.seeds:
        key = seed.frame, seed.object or seed.label
        if key in seen:
            name = entry.video or entry.project
            raise FormatError(
                f"“{path.name}” has two boxes of one object on frame {seed.frame} of "
                f"“{name.name if name else ''}”.",
                "Tell objects apart by names in “object”.",
            )
        seen.add(key)


def _tasks(entries: Iterable[_Entry], folder: Path) -> list[Task]:
    taken: set[Path] = set()
    tasks = []
    for entry in entries:
        project = entry.project
        if project is None:
            stem = entry.video.stem if entry.video else "clip"
            project = _place(stem, folder, taken)
        taken.add(project)
        tasks.append(Task(project, entry.video, tuple(entry.seeds)))
    return tasks


def _place(stem: str, folder: Path, taken: set[Path]) -> Path:
    """Where a clip's project goes: the same place each time the job is run."""
    for number in range(1, len(taken) + 2):
        suffix = f"-{number}" if number > 1 else ""
        path = folder / f"{stem}{suffix}{project_file.SUFFIX}"
        if path not in taken:
            return path
    return free_project(folder, stem, taken)


# ---- CSV ----------------------------------------------------------------------------


def _of_csv(text: str, path: Path, base: Path) -> list[_Entry]:
    delimiter = (
        ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    )
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise FormatError(
            f"“{path.name}” is not a {_KIND}: its first line has no column “{missing[0]}”.",
            f"The first line names the columns: {', '.join(_NEEDED + _OPTIONAL)}.",
        )
    reader.fieldnames = names
    entries: dict[tuple[str, str], _Entry] = {}
    for row in reader:
        values = {name: (row.get(name) or "").strip() for name in (*_NEEDED, *_OPTIONAL)}
        if not any(values.values()):
            continue
        key = values["video"], values["project"]
        try:
            entry = entries.setdefault(key, _Entry(_path(key[0], base), _path(key[1], base)))
            if any(values[name] for name in _NEEDED[1:]):
                entry.seeds.append(_seed(values))
            elif entry.project is None:
                raise ValueError("there is no box")
            if entry.video is None and entry.project is None:
                raise ValueError("there is no video")
        except (ValueError, BoxtrailError) as error:
            raise FormatError(
                f"“{path.name}” cannot be used: {error} (line {reader.line_num}).", _HINT
            ) from error
    return list(entries.values())


def _seed(values: dict[str, str]) -> Seed:
    try:
        frame = int(values["frame"])
        box = Box(*(float(values[name]) for name in ("x", "y", "w", "h")))
    except ValueError:
        raise ValueError("frame, x, y, w and h must be numbers") from None
    return _checked(frame, box, values["label"], values["object"])


def _checked(frame: int, box: Box, label: str, name: str) -> Seed:
    if frame < 0:
        raise ValueError("frames are counted from 0")
    if not all(map(math.isfinite, box.as_tuple())) or box.w <= 0 or box.h <= 0:
        raise ValueError("a box has no size")
    return Seed(frame, box, label, name)


def _path(stored: str, base: Path) -> Path | None:
    return Path(media.resolved(stored.replace("\\", "/"), base)) if stored else None


# ---- JSON ---------------------------------------------------------------------------


def _of_json(text: str, path: Path, base: Path) -> list[_Entry]:
    value = parse_json(text, path.name, FormatError, _KIND)
    root = Node(value, "", FormatError, _KIND, _HINT)
    clips = root if isinstance(value, list) else root.field("clips")
    return [_entry(node, base) for node in clips.elements()]


def _entry(node: Node, base: Path) -> _Entry:
    if isinstance(node.value, str):
        return _Entry(None, _path(node.text(), base))
    video = _path(node.field("video", "").text(), base)
    entry = _Entry(video, _path(node.field("project", "").text(), base))
    if video is None and entry.project is None:
        raise node.fail("it names neither video nor project")
    for box in node.field("boxes", []).elements():
        row = box.field("box")
        numbers = [row.at(k).number() for k in range(4)]
        try:
            label, name = box.field("label", "").text(), box.field("object", "").text()
            seed = _checked(box.field("frame", 0).integer(), Box(*numbers), label, name)
        except (ValueError, BoxtrailError) as error:
            raise row.fail(str(error)) from error
        entry.seeds.append(seed)
    if not entry.seeds and entry.project is None:
        raise node.fail("it has no boxes")
    return entry
