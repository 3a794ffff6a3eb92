"""Work that survives a crash: a recovery journal per open document.

:meth:`Autosave.write` appends the difference to what it wrote last (one line, see
:mod:`core.document.journal`), so that frequent saves of big documents are cheap; a
journal that has grown is replaced by a snapshot. It starts no thread and keeps no
clock: the front end calls it at least every :data:`INTERVAL` seconds while there is
something new. A journal whose program still lives is nobody else's business; one
that cannot be read is set aside, never deleted, and never stops a start. Which of
several is to be offered: :mod:`core.document.leftovers`.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.document import journal
from core.document.document import Document, Run
from core.document.lockfile import LockFile, is_held
from core.document.track import Columns
from core.errors import ProjectError
from core.storage import atomic_write, storage_error, sweep
from core.wording import counted

log = logging.getLogger(__name__)

INTERVAL = 5.0
"""Seconds between two writes while there are changes: what a crash can cost at most."""

SUFFIX = ".recovery"
OLDER_SUFFIX = ".older"
_LOCK_SUFFIX = ".lock"
_COMPACT_BYTES = 4 << 20


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Autosave:
    """The recovery journal of one open document. Use from one thread at a time.

    Parameters
    ----------
    folder
        Where all journals lie (``paths.state_dir() / "autosave"``).
    project
        The project file; None for a document that was never saved.
    now
        Clock, in UTC.
    """

    def __init__(
        self,
        folder: Path,
        project: Path | None = None,
        *,
        now: Callable[[], datetime.datetime] = _now,
    ) -> None:
        self._folder = folder
        self._project = _absolute(project) if project else ""
        self._now = now
        self._lock: LockFile | None = None
        self._path: Path | None = None
        self._written: Document | None = None
        self._size = 0
        self._snapshot_size = 0
        self._running: tuple[Run, Columns] | None = None

    @property
    def path(self) -> Path | None:
        """The journal, once there is one."""
        return self._path

    def write(self, document: Document, running: tuple[Run, Columns] | None = None) -> bool:
        """Make `document` and the rows of a running tracker recoverable.

        Parameters
        ----------
        document
            The current document.
        running
            The run in progress and its rows so far, or only those since the last
            call: rows of one run add up. None when nothing runs.

        Returns
        -------
        bool
            False when there was nothing new.

        Raises
        ------
        StorageError
            If it cannot be written. What was written before stays readable, and the
            next call writes everything anew.
        """
        document = self._with_running(document, running)
        if self._written is not None and self._is_intact():
            change = journal.difference(self._written, document)
            if not change:
                self._written = document
                return False
            if self._size - self._snapshot_size < max(_COMPACT_BYTES, self._snapshot_size):
                self._append(change)
                self._written = document
                return True
        self._write_snapshot(document)
        self._written = document
        return True

    def clear(self) -> None:
        """Forget everything: the work is safe in the project file, or given up."""
        self._written = None
        self._running = None
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """:meth:`clear`, and let go of the journal's name. The object is done."""
        self.clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _with_running(self, document: Document, running: tuple[Run, Columns] | None) -> Document:
        if running is None:
            self._running = None
            return document
        run, rows = running
        if self._running is not None and self._running[0].id == run.id:
            rows = self._running[1].overlaid(rows)
        self._running = (run, rows)
        if not len(rows) or not document.has_track(run.track_id):
            return document
        return document.with_run(run, rows)

    def _is_intact(self) -> bool:
        try:
            return self._path is not None and self._path.stat().st_size == self._size
        except OSError:
            return False

    def _append(self, change: journal.Record) -> None:
        assert self._path is not None
        line = journal.seal({"at": self._stamp(), **change})
        try:
            with self._path.open("ab") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            # Half a line may be there; the size will not fit then, and all is written anew.
            raise storage_error(self._path, error) from error
        self._size += len(line)

    def _write_snapshot(self, document: Document) -> None:
        path = self._claimed(document)
        header = journal.Header(self._project, document.video.path, self._stamp())
        change = journal.difference(journal.NOTHING, document)
        content = journal.seal(header.record()) + journal.seal({"at": self._stamp(), **change})
        with atomic_write(path) as stream:
            stream.write(content)
        self._size = self._snapshot_size = len(content)

    def _claimed(self, document: Document) -> Path:
        if self._path is not None:
            return self._path
        base = self._project or document.video.path
        key = hashlib.blake2b(base.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        path = self._folder / f"{key}-{secrets.token_hex(4)}{SUFFIX}"
        lock = LockFile(_lock_path(path))
        try:
            lock.acquire()
        except OSError as error:
            raise storage_error(path, error) from error
        self._lock, self._path = lock, path
        return path

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="milliseconds")


# ---- recovery -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recovery:
    """Unsaved work that a program left behind.

    `project` is the project file it belongs to (empty: never saved), `saved_at` ISO
    8601 in UTC. `complete` is False when a part of the journal is damaged, so that
    the last changes are missing. `states` are the documents that the journal still
    tells with their times, the newest (`document`) last.
    """

    path: Path
    saved_at: str
    project: str
    video: str
    document: Document
    complete: bool
    states: tuple[tuple[str, Document], ...] = ()

    @property
    def summary(self) -> str:
        """What it holds, for a list: ``clip.mp4: 3 tracks, 412 boxes``."""
        name = Path(self.project or self.video).name or "unnamed"
        tracks, boxes = len(self.document.tracks), sum(map(len, self.document.tracks))
        text = f"{name}: {counted(tracks, 'object')}, {counted(boxes, 'box', 'boxes')}"
        return text if self.complete else text + " (the last changes are damaged)"

    @property
    def when(self) -> str:
        """`saved_at` as a clock on the wall showed it."""
        try:
            at = datetime.datetime.fromisoformat(self.saved_at)
        except ValueError:
            return self.saved_at
        return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def candidates(folder: Path, *, project: Path | None = None, video: str = "") -> list[Recovery]:
    """Journals of programs that ended without saving, newest first.

    Journals of living programs are left alone; unreadable ones are renamed to
    ``*.damaged`` (see :func:`damaged_files`) and logged. Never raises for the content
    of the folder.

    Parameters
    ----------
    project, video
        Only what belongs to this project file, or to this clip and to no project.
        Everything when neither is given.
    """
    return _read(_abandoned(folder), project, video)


def older_copies(folder: Path, *, project: Path | None = None, video: str = "") -> list[Recovery]:
    """What :func:`put_by` put by, newest first; parameters as of :func:`candidates`."""
    return _read(sorted(folder.glob(f"*{OLDER_SUFFIX}")), project, video)


def put_by(recovery: Recovery) -> None:
    """Offer a copy no more unasked, and keep it: see :func:`older_copies`."""
    with contextlib.suppress(OSError):
        recovery.path.rename(recovery.path.with_name(recovery.path.name + OLDER_SUFFIX))


def _read(paths: Iterable[Path], project: Path | None, video: str) -> list[Recovery]:
    found: list[Recovery] = []
    for path in paths:
        try:
            header = journal.read_header(path)
            if not _belongs(header, project, video):
                continue
            state = journal.replay(path)
        except (journal.NewerJournal, OSError) as error:
            log.warning("recovery file %s is left alone: %s", path, error)
            continue
        except ProjectError as error:
            log.warning("recovery file %s is set aside: %s", path, error)
            set_aside(path)
            continue
        found.append(
            Recovery(
                path,
                state.saved_at,
                header.project,
                header.video,
                state.document,
                state.complete,
                state.states,
            )
        )
    return sorted(found, key=lambda recovery: recovery.saved_at, reverse=True)


def _belongs(header: journal.Header, project: Path | None, video: str) -> bool:
    if project is None and not video:
        return True
    if header.project:
        return project is not None and header.project == _absolute(project)
    return bool(video) and header.video == video


def _abandoned(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        sweep(path)  # a snapshot that a killed program did not finish
        if path.suffix == SUFFIX and path.is_file() and not is_held(_lock_path(path)):
            yield path


def discard(recovery: Recovery) -> None:
    """Remove a recovery file once its work is safe elsewhere or was declined.

    One that is damaged in the middle is set aside instead: a specialist may still
    find the rest.
    """
    if not recovery.complete:
        set_aside(recovery.path)
        return
    with contextlib.suppress(OSError):
        recovery.path.unlink(missing_ok=True)


def set_aside(path: Path) -> Path | None:
    """Rename a file to ``*.damaged`` without replacing another; None if that fails."""
    for number in range(1, 1000):
        target = path.with_name(path.name + (f".{number}" if number > 1 else "") + ".damaged")
        if not target.exists():
            try:
                return path.rename(target)
            except OSError as error:
                log.warning("%s cannot be set aside: %s", path, error)
                return None
    return None


def damaged_files(folder: Path) -> list[Path]:
    """Recovery files that were set aside."""
    return sorted(folder.glob("*.damaged"))


def describe_difference(a: Document, b: Document, *, since: str = "") -> str:
    """What `b` has that `a` has not, in words.

    ``"37 boxes entered or edited, 412 tracked frames since 10:42"``; `since` is
    appended as it is. Empty when the documents are equal.
    """
    known = {track.id: track for track in a.tracks}
    now = {track.id: track for track in b.tracks}
    added = len(now.keys() - known.keys())
    removed_tracks = len(known.keys() - now.keys())
    by_hand = by_machine = removed = renamed = said = 0
    for track_id, track in now.items():
        old = known.get(track_id)
        if old is track:
            continue
        gone, rows = journal.changed_rows(old.columns if old else Columns.empty(), track.columns)
        manual = int(rows.protected().sum())
        by_hand, by_machine = by_hand + manual, by_machine + len(rows) - manual
        removed += len(gone)
        if old is not None:
            renamed += (old.label, old.name) != (track.label, track.name)
            said += (old.attributes, old.steps) != (track.attributes, track.steps)
    texts = [
        added and counted(added, "new object"),
        removed_tracks and f"{counted(removed_tracks, 'object')} removed",
        renamed and f"{counted(renamed, 'object')} renamed",
        by_hand and f"{counted(by_hand, 'box', 'boxes')} entered or edited",
        by_machine and counted(by_machine, "tracked frame"),
        removed and f"{counted(removed, 'box', 'boxes')} removed",
        said and f"attributes of {counted(said, 'object')} changed",
        a.notes != b.notes and "changed notes",
        a.labels != b.labels and "changed labels",
    ]
    text = ", ".join(part for part in texts if part)
    if not text and a != b:
        text = "changed properties"
    return f"{text} since {since}" if text and since else text


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + _LOCK_SUFFIX)


def _absolute(path: Path) -> str:
    return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100  (resolve() follows links)
