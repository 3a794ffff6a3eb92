"""YOLO: a folder with ``labels/<picture>.txt``, ``classes.txt`` and ``data.yaml``.

https://docs.ultralytics.com/datasets/detect: one box per line, ``class cx cy w h``,
class from 0, centre and size divided by the frame's width and height. The edges of
the picture are 0 and 1, so nothing is added or subtracted; boxes are cut at the
picture's edge. A score and a track id may follow, as Ultralytics' ``save_txt`` writes
them. A file without lines is a picture without objects; it is written for frames
where the target is stated to be absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.document.document import Document
from core.document.track import Keyframe
from core.errors import FormatError
from core.formats.base import BOXES, IDS, LABELS, SCORES, Codec, File
from core.formats.context import ExportContext, ImportContext
from core.formats.gather import Gatherer, imported
from core.formats.options import (
    HOW,
    OUTSIDE,
    OUTSIDE_DOC,
    OUTSIDE_LABELS,
    ExportOptions,
    require_size,
)
from core.formats.registry import register
from core.formats.rows import (
    by_frame,
    class_names,
    class_of,
    fields_of_lines,
    file_text,
    label_of,
    to_float,
    to_int,
)
from core.geometry import Box
from core.params import param

_CLASSES, _YAML = "classes.txt", "data.yaml"
_NOT_LABELS = {_CLASSES, "obj.names", "train.txt", "val.txt", "test.txt"}


@dataclass(frozen=True, slots=True)
class YoloOptions(ExportOptions):
    """Options of YOLO folders."""

    outside: str = param(
        "clip",
        OUTSIDE_DOC,
        choices=OUTSIDE,
        choice_labels=OUTSIDE_LABELS,
        group=HOW,
        label="Beyond the frame",
    )
    decimals: int = param(
        7, "Digits after the point.", bounds=(4, 12), group=HOW, label="Decimal places"
    )
    scores: bool = param(
        False, "Write the score after the box.", group=HOW, label="Scores after the boxes"
    )
    track_ids: bool = param(
        False,
        "Write the track's id at the end of the line.",
        group=HOW,
        label="Track ids at the end",
    )


@register(
    key="yolo",
    title="YOLO text",
    suffixes=(".txt",),
    options=YoloOptions,
    keeps=frozenset({BOXES, LABELS}),
    precision=0.002,
    folder=True,
)
class Yolo(Codec):
    """See the module docstring."""

    def kept(self, options: YoloOptions, keeps: frozenset[str]) -> frozenset[str]:
        """Scores and ids on demand."""
        more = {SCORES: options.scores, IDS: options.track_ids}
        return keeps | {name for name, chosen in more.items() if chosen}

    def render(
        self, document: Document, options: YoloOptions, ctx: ExportContext
    ) -> Iterator[File]:
        """One text file per frame, and the classes."""
        size = require_size(document.video.width, document.video.height)
        names = class_names(document)
        for frame, boxes in by_frame(document, ctx):
            lines = [
                _line(key, names.index(class_of(track)), track.id, size, options)
                for track, key in boxes
                if not key.is_absent
            ]
            yield f"labels/{ctx.frame_names.stem(frame)}.txt", "".join(lines)
        yield _CLASSES, "".join(f"{name}\n" for name in names)
        quoted = "".join(f"  {i}: {_quoted(name)}\n" for i, name in enumerate(names))
        yield _YAML, f"path: .\ntrain: images\nval: images\nnames:\n{quoted or '  {}'}"

    def parse(self, path: Path, options: YoloOptions, ctx: ImportContext) -> Document:
        """All label files of a folder."""
        require_size(ctx.video.width, ctx.video.height)
        files = _label_files(path)
        if not files and not (path / _YAML).is_file():
            raise FormatError(
                f"“{path.name}” holds no label files.",
                "Choose the folder that holds “labels” or the text files themselves.",
                str(path),
            )
        names = _names(path)
        find = ctx.frame_names.lookup()
        gathered = Gatherer(ctx)
        for done, file in enumerate(files):
            ctx.progress(done / len(files))
            frame = find(file.name)
            if frame is None:
                ctx.skip(file.name, "picture whose frame cannot be told")
                continue
            try:
                for where, fields in fields_of_lines(file, "YOLO label file"):
                    self._take(where, frame, fields, names, gathered, ctx)
            except FormatError as error:
                ctx.skip(file.name, error.message)
        return gathered.document()

    def _take(
        self,
        where: str,
        frame: int,
        fields: list[str],
        names: list[str],
        gathered: Gatherer,
        ctx: ImportContext,
    ) -> None:
        row = [to_float(text) for text in fields]
        index = to_int(fields[0])
        numbers = [v for v in row if v is not None]
        if index is None or len(numbers) != len(row) or not 5 <= len(row) <= 7:
            ctx.skip(where, "not five to seven numbers")
            return
        width, height = ctx.video.width, ctx.video.height
        cx, cy, w, h = numbers[1:5]
        box = Box.from_center(cx * width, cy * height, w * width, h * height)
        score, track_id = _extras(fields[5:])
        key = imported(frame, box, score=score)
        label = label_of(names[index] if 0 <= index < len(names) else f"class {index}")
        if track_id:
            gathered.add(where, track_id, key, label)
        else:
            gathered.add_loose(where, key, label)

    def detect(self, path: Path) -> float:
        """A folder with a list of classes and label files."""
        if not path.is_dir():
            return 0.0
        has_names = any((path / name).is_file() for name in (_CLASSES, _YAML, "obj.names"))
        has_labels = any(True for _ in (path / "labels").glob("*.txt"))
        return 0.9 if has_names and has_labels else 0.6 if has_labels or has_names else 0.0


def _line(
    key: Keyframe, index: int, track_id: int, size: tuple[int, int], options: YoloOptions
) -> str:
    width, height = size
    box = key.box
    values = (box.cx / width, box.cy / height, box.w / width, box.h / height)
    fields = [str(index), *(f"{v:.{options.decimals}f}" for v in values)]
    if options.scores:
        fields.append(f"{key.score:.6f}")
    if options.track_ids:
        fields.append(str(track_id))
    return " ".join(fields) + "\n"


def _extras(fields: list[str]) -> tuple[float, int]:
    """Score and track id from what follows the box: a score has a point, an id has none."""
    score, track_id = 1.0, 0
    for text in fields:
        if "." in text or "e" in text.lower():
            score = float(text)
        else:
            track_id = to_int(text) or 0
    return score, track_id


def _label_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    folder = path / "labels" if (path / "labels").is_dir() else path
    return sorted(f for f in folder.glob("*.txt") if f.name not in _NOT_LABELS)


def _names(path: Path) -> list[str]:
    for folder in (path, path.parent):
        for name in (_CLASSES, "obj.names"):
            if (folder / name).is_file():
                text = file_text(folder / name, "list of classes")
                return [line.strip() for line in text.splitlines() if line.strip()]
        if (folder / _YAML).is_file():
            return _yaml_names(file_text(folder / _YAML, "data.yaml"))
    return []


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)  # a JSON string is a YAML string


def _yaml_names(text: str) -> list[str]:
    """The list ``names`` of a data.yaml, in the three ways people write it."""
    _, _, rest = ("\n" + text).partition("\nnames:")
    inline = re.match(r"\s*\[(.*?)\]", rest, re.DOTALL)
    if inline:
        parts = inline[1].split(",")
    else:
        parts = []
        for line in rest.splitlines()[1:]:
            item = re.match(r"\s*(?:-|\d+\s*:)\s*(.+)", line)
            if not item:
                break
            parts.append(item[1])
    return [_unquoted(part.strip()) for part in parts if part.strip()]


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text.strip("\"'")
