"""Questions that only a person can answer, as an interface.

The window answers with dialogs, tests with prepared answers; the controller knows
only these methods, so no code path needs a display.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from app.controller.batch_wish import BatchWish
from core.document.autosave import Recovery


class Prompts(Protocol):
    """Each method asks once and waits for the answer."""

    def save_changes(self, name: str) -> Literal["save", "discard", "cancel"]:
        """What to do with unsaved changes of `name`."""
        ...

    def path_to_open(self) -> Path | None:
        """A video, picture or project to open."""
        ...

    def folder_to_open(self) -> Path | None:
        """A folder of pictures to open."""
        ...

    def path_to_save(self, suggested: Path) -> Path | None:
        """Where to save the project."""
        ...

    def copy_to_make(self, suggested: Path) -> Path | None:
        """Where the copy of a clip goes."""
        ...

    def path_to_import(self) -> Path | None:
        """An annotation file or folder to read."""
        ...

    def weights_file(self, title: str) -> Path | None:
        """A file with the weights `title`."""
        ...

    def list_to_make(self, suggested: Path) -> Path | None:
        """Where to keep a new list of clips."""
        ...

    def clips_to_add(self) -> list[Path]:
        """Videos and projects for the list of clips."""
        ...

    def batch_wish(self, clips: int, tracker: str, known: BatchWish) -> BatchWish | None:
        """How to track `clips` clips; `known` is what was chosen last."""
        ...

    def number(self, question: str, value: int, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`; `value` is suggested."""
        ...

    def one_of(self, question: str, options: Sequence[tuple[int, str]]) -> int | None:
        """The number of the chosen option."""
        ...

    def moved_video(self, message: str, stored: str) -> Path | None:
        """Where the project's video is now."""
        ...

    def accept_other_video(self, difference: str) -> bool:
        """Whether to go on although the video is not the annotated one."""
        ...

    def recover(
        self, recovery: Recovery, difference: str
    ) -> Literal["restore", "discard", "later"]:
        """What to do with unsaved work that was found."""
        ...
