"""Errors that are part of the product's language.

Every expected failure is a :class:`BoxtrailError`: `message` says what happened in
the user's words, `hint` says what to do next, `details` is for the report. Front
ends show `message` and `hint` as they are; anything that is *not* a
`BoxtrailError` is a defect and gets a traceback.
"""

from __future__ import annotations


class BoxtrailError(Exception):
    """Base of all expected errors.

    Parameters
    ----------
    message
        What happened, one sentence, no trailing hint.
    hint
        What the person can do about it.
    details
        Technical facts for a report (paths, versions, numbers).
    """

    def __init__(self, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[BoxtrailError], tuple[str, str, str]]:
        # Worker processes send errors home by pickling; keep all three parts.
        return type(self), (self.message, self.hint, self.details)


class VideoError(BoxtrailError):
    """A video or image sequence cannot be opened or decoded."""


class FrameUnavailable(VideoError):
    """One frame cannot be read; the rest of the clip may be fine."""


class ParamError(BoxtrailError):
    """A parameter has an unknown name, a wrong type or a value out of bounds."""


class BoxError(BoxtrailError):
    """A box cannot be used: zero size, not finite, or wholly outside the frame."""


class EditError(BoxtrailError):
    """An edit cannot be carried out as asked; nothing was changed."""


class TrackerError(BoxtrailError):
    """A tracker is unknown, or failed in a way it can explain."""


class WeightsError(BoxtrailError):
    """A weights file is missing, damaged, or of another network."""


class TrainingError(BoxtrailError):
    """A training run cannot start, go on, or be read back."""


class FormatError(BoxtrailError):
    """An annotation file cannot be read, or a document cannot be written in a format."""


class ProjectError(BoxtrailError):
    """A project file is unreadable, too new, or inconsistent."""


class RecordingError(BoxtrailError):
    """A recording is unreadable, too new, or not one of ours."""


class StorageError(BoxtrailError):
    """A file cannot be written: full disk, read-only folder, missing rights."""


class DeviceError(BoxtrailError):
    """The asked-for compute device is not there or ran out of memory."""


class DatasetError(BoxtrailError):
    """A benchmark folder is not in a layout that is understood."""
