"""What a program that is going to be killed says of its work, and what must be left of it.

:class:`Told` runs in that program. It writes one line per event, each with a single
system call, so that a line that is there is whole:

* ``state CLIP N DIGEST CLOCK``: the document became this one; N counts all of them;
* ``opened CLIP N DIGEST``: this is how a clip came back, after anything was restored;
* ``try`` and ``safe`` ``MEDIUM CLIP N DIGEST [FILE]``: a journal or a project with this
  document is about to be written, and is; N is the state it holds (-1: somebody else's);
* ``gone FILE``: a journal is about to be removed or put by;
* ``stall SECONDS CLOCK``: the event loop had to wait this long for its next turn;
* ``did ACTION``; ``recorded FILE FRAMES``; ``defect ERROR``.

:class:`Heard` reads them. The rule: a medium holds the last document that was said to be
safe in it, or a later one of which the writing had begun; nothing in between, nothing torn.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.document import autosave, project_file
from core.document.autosave import Autosave, Recovery
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns

Running = tuple[Run, Columns] | None

_KEPT = 300
_STALL = 0.3
RECOVERY, PROJECT = "journal", "project"


def digest(document: Document) -> str:
    """Of everything that a document says but where its clip lies."""
    text = "".join(project_file.parts(replace(document, video=VideoRef("")), "kill", 1))
    # 9 and 9.0 are one number, and members have no order.
    same = json.dumps(json.loads(text, parse_int=float), sort_keys=True)
    return hashlib.blake2b(same.encode(), digest_size=10).hexdigest()


def say(*words: object) -> None:
    """One line."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Told:
    """Reports of one program; see the module docstring."""

    def __init__(self) -> None:
        self._states: list[tuple[int, Document]] = []
        self._count = 0
        self._turn = time.monotonic()
        self._wrap_journal()
        self._wrap_project()

    def state(self, clip: str, document: Document) -> None:
        """The document is this one from now on."""
        self._count += 1
        self._states = [*self._states[-_KEPT:], (self._count, document)]
        say("state", clip, self._count, digest(document), f"{time.monotonic():.3f}")

    def turn(self) -> None:
        """The event loop took another turn."""
        now, before = time.monotonic(), self._turn
        self._turn = now
        if now - before > _STALL:
            say("stall", f"{now - before:.3f}", f"{now:.3f}")

    def opened(self, clip: str, document: Document) -> None:
        """A clip is on the desk, and what was to be restored is."""
        self.state(clip, document)
        say("opened", clip, self._count, digest(document))

    def number(self, document: Document) -> int:
        """The state that a document to be written holds, rows of a run under way aside."""
        for number, known in reversed(self._states):
            same = document.tracks is known.tracks and document.labels is known.labels
            begun = document.proposals[: len(known.proposals)]
            if same and all(a is b for a, b in zip(begun, known.proposals, strict=True)):
                return number
        return -1

    def _wrap_journal(self) -> None:
        write, clear, whole = Autosave.write, Autosave.clear, Autosave._with_running
        discard, put_by = autosave.discard, autosave.put_by
        last = dict[int, tuple[object, ...]]()

        def with_running(this: Autosave, document: Document, running: Running) -> Document:
            found = whole(this, document, running)
            clip = _clip_of(this._project or document.video.path)
            last[id(this)] = RECOVERY, clip, self.number(document), digest(found)
            say("try", *last[id(this)])
            return found

        def written(this: Autosave, document: Document, running: Running = None) -> bool:
            done = write(this, document, running)
            say("safe", *last[id(this)], this.path.name if this.path is not None else "")
            return done

        def cleared(this: Autosave) -> None:
            if this.path is not None:
                say("gone", this.path.name)
            clear(this)

        def discarded(recovery: Recovery) -> None:
            say("gone", recovery.path.name)
            discard(recovery)

        def hidden(recovery: Recovery) -> None:
            say("gone", recovery.path.name)
            put_by(recovery)

        Autosave._with_running = with_running  # type: ignore[method-assign]
        Autosave.write, Autosave.clear = written, cleared  # type: ignore[method-assign]
        autosave.discard, autosave.put_by = discarded, hidden

    def _wrap_project(self) -> None:
        save = project_file.save

        def saved(document: Document, path: Path) -> None:
            what = PROJECT, _clip_of(path), self.number(document), digest(document)
            say("try", *what)
            save(document, path)
            say("safe", *what)

        project_file.save = saved


def _clip_of(path: str | Path) -> str:
    return Path(path).stem


@dataclass
class Left:
    """What a killed program left of one clip: digests of its journals, newest first, by file.

    `project` is the digest of the project file, empty where there is none.
    """

    journals: dict[str, str] = field(default_factory=dict)
    project: str = ""

    @property
    def comes_back(self) -> str:
        """What a window shows that restores what it is offered."""
        return next(iter(self.journals.values()), self.project)


@dataclass
class Heard:
    """The lines of one killed program, after what lay there `before` by clip."""

    before: dict[str, Left]
    states: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    begun: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    safe: dict[str, str] = field(default_factory=dict)  # by file name, of a project by clip
    files: dict[str, set[str]] = field(default_factory=dict)  # journals by clip
    removed: set[str] = field(default_factory=set)
    first: dict[str, str] = field(default_factory=dict)
    tracked: dict[str, str] = field(default_factory=dict)  # projects written before they opened
    done: Counter[str] = field(default_factory=Counter)
    recorded: dict[str, int] = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)
    stalls: list[tuple[float, float]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: list[str], before: dict[str, Left]) -> Heard:
        """Understand the lines."""
        heard = cls(before)
        for line in lines:
            kind, *words = line.split(" ")
            if kind in _KINDS:
                getattr(heard, f"_{kind}")(*words)
            elif kind in {"defect", "Traceback"}:
                heard.defects.append(line)
        return heard

    def lost(self, clip: str, at: float) -> tuple[int, float, float]:
        """Edits that nothing held when the program died, and the age of the oldest.

        Last the same age without the time for which the machine held the program up.
        """
        held = self.holds.get(clip, -1)
        gone = [when for number, when in self.states.get(clip, []) if number > held]
        if not gone:
            return 0, 0.0, 0.0
        stalled = sum(seconds for seconds, when in self.stalls if when > gone[0])
        return len(gone), at - gone[0], max(at - gone[0] - stalled, 0.0)

    def comes_back(self, clip: str) -> str:
        """What had to be shown when a clip was first opened, empty where nothing was known.

        The list may have tracked the clip before: then that is in its project.
        """
        before = self.before.get(clip, Left())
        return replace(before, project=self.tracked.get(clip, before.project)).comes_back

    def check(self, clip: str, project: Path, folder: Path) -> Left:
        """Hold what is there against what was said; raises AssertionError, else tells it."""
        found = autosave.candidates(folder, project=project)
        assert not autosave.damaged_files(folder), "a journal could not be read"
        assert all(recovery.complete for recovery in found), "a journal is torn in the middle"
        before = self.before.get(clip, Left())
        left = Left({recovery.path.name: digest(recovery.document) for recovery in found})
        begun = self.begun.get((RECOVERY, clip), set())
        for name, what in left.journals.items():
            known = self.safe.get(name, before.journals.get(name))
            assert what == known or what in begun, f"{name} holds a state that was not there"
        lost = (
            (self.files.get(clip, set()) | before.journals.keys())
            - self.removed
            - left.journals.keys()
        )
        assert not lost, f"journals are gone: {lost}"
        if project.exists():
            left.project = digest(project_file.load(project))
        known = self.safe.get(clip, before.project)
        begun = self.begun.get((PROJECT, clip), set())
        assert left.project == known or left.project in begun, "the project holds another state"
        return left

    def _state(self, clip: str, number: str, _: str, clock: str) -> None:
        self.states.setdefault(clip, []).append((int(number), float(clock)))

    def _opened(self, clip: str, number: str, what: str) -> None:
        if clip not in self.first and clip in self.safe:
            self.tracked[clip] = self.safe[clip]
        self.first.setdefault(clip, what)
        self.holds[clip] = int(number)

    def _try(self, medium: str, clip: str, _: str, what: str) -> None:
        self.begun.setdefault((medium, clip), set()).add(what)

    def _safe(self, medium: str, clip: str, number: str, what: str, name: str = "") -> None:
        self.begun[medium, clip] = set()
        self.safe[name or clip] = what
        self.holds[clip] = max(self.holds.get(clip, -1), int(number))
        if medium == RECOVERY:
            self.files.setdefault(clip, set()).add(name)

    def _gone(self, name: str) -> None:
        self.removed.add(name)

    def _stall(self, seconds: str, clock: str) -> None:
        self.stalls.append((float(seconds), float(clock)))

    def _did(self, action: str) -> None:
        self.done[action] += 1

    def _recorded(self, name: str, frames: str) -> None:
        self.recorded[name] = int(frames)


_KINDS = {"state", "opened", "try", "safe", "gone", "stall", "did", "recorded"}
