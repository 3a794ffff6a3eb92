"""Annotation files of a clip after a batch tracked it."""

from __future__ import annotations

from pathlib import Path

from core.batch.tasks import Options, Task
from core.formats import load_all, registry
from core.render.overlay import render_video
from core.session import Session

OVERLAY = "overlay"


def export_all(session: Session, task: Task, options: Options) -> list[Path]:
    """Write every format of `options`; returns what was made.

    Raises
    ------
    FormatError, StorageError, VideoError
        If one cannot be written.
    """
    made = []
    for key in options.exports:
        path = place_of(key, task, options.folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        if key == OVERLAY:
            render_video(session.video, session.store.current, path)
        else:
            session.export(key, path)
        made.append(path)
    return made


def place_of(key: str, task: Task, folder: Path | None) -> Path:
    """Where the annotations of a clip go: a file, or a folder for formats of many files.

    Raises
    ------
    FormatError
        If there is no format `key`.
    """
    parent = (folder or task.project.parent) / key if folder else task.project.parent
    stem = task.project.stem
    if key == OVERLAY:
        return parent / f"{stem}.mp4"
    load_all()
    form = registry.find(key)
    if form.folder:
        return parent / (stem if folder else f"{stem}-{key}")
    suffix = form.suffixes[0]
    return parent / (f"{stem}{suffix}" if folder else f"{stem}-{key}{suffix}")
