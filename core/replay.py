"""A recording opened as a session: everything of an open clip, and the recording itself.

The video is looked for by the path that the recording names, then beside the recording;
without it the recording is replayed on a neutral ground. No tracker, no weights and no
graphics card are needed.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from pathlib import Path, PurePosixPath

from core.document import project_file
from core.document.store import DocumentStore
from core.errors import VideoError
from core.recording import replay
from core.recording.about import ClipFacts
from core.recording.recording import Recording
from core.recording.schema import SUFFIX
from core.session import Session, video_ref
from core.video.blank import BlankVideo
from core.video.fingerprint import file_fingerprint
from core.video.open import DEFAULT_CACHE_BYTES, open_source
from core.video.source import VideoSource

SUFFIXES = (SUFFIX, ".hdf5")
"""Of files that are opened as recordings."""

_LOOKED_AT = 200  # files whose content is compared


class ReplaySession(Session):
    """A session over a recording's clip, with the recorded boxes as its document.

    Attributes
    ----------
    recording
        Open as long as the session is.
    missing
        Why there are no pictures; empty when there are.
    rows
        What curves are drawn from.
    """

    def __init__(self, recording: Recording, video: VideoSource, missing: str = "") -> None:
        document = replay.document_of(recording)
        super().__init__(video, document)
        self.store = DocumentStore(replace(document, video=video_ref(video)))
        self.recording = recording
        self.missing = missing
        self.rows = replay.rows_of(recording)
        self.step = replay.step_of(recording)

    @classmethod
    def of_recording(
        cls,
        path: Path,
        *,
        video_path: Path | None = None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> ReplaySession:
        """Open a recording and its clip (`video_path` when it is elsewhere).

        Raises
        ------
        RecordingError
            If it cannot be read, or says nothing about a clip that is not there.
        VideoError
            If there is nothing readable at `video_path`.
        """
        recording = Recording(path)
        try:
            video, missing = _video_of(recording, video_path, cache_bytes)
            return cls(recording, video, missing)
        except BaseException:
            recording.close()
            raise

    def close(self) -> None:
        """Release the video and the recording."""
        super().close()
        self.recording.close()


def is_recording(path: Path) -> bool:
    """Whether a file is to be opened as a recording, by its name."""
    return path.suffix.lower() in SUFFIXES


def _video_of(
    recording: Recording, given: Path | None, cache_bytes: int
) -> tuple[VideoSource, str]:
    if given is not None:
        return open_source(given, cache_bytes=cache_bytes), ""
    try:
        found = _located(recording)
        return open_source(found, cache_bytes=cache_bytes), ""
    except VideoError as error:
        missing = error.message
    except project_file.VideoMoved as error:
        missing = error.message.replace(" of this project", " of this recording")
    return BlankVideo(replay.clip_info(recording)), missing


def _located(recording: Recording) -> Path:
    try:
        return project_file.locate_video(replay.document_of(recording), recording.path)
    except project_file.VideoMoved:
        found = _same_content(recording.path.absolute().parent, recording.clip)
        if found is None:
            raise
        return found


def _same_content(folder: Path, clip: ClipFacts) -> Path | None:
    """A file in `folder` with the clip's content, whatever it is called now."""
    suffix = PurePosixPath(clip.path).suffix.lower()
    if not (suffix and clip.fingerprint):
        return None
    with contextlib.suppress(OSError):
        alike = (file for file in sorted(folder.iterdir()) if file.suffix.lower() == suffix)
        for file in itertools.islice(alike, _LOOKED_AT):
            if file.is_file() and file_fingerprint(file) == clip.fingerprint:
                return file
    return None
