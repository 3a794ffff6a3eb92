"""Opening a clip of a list: from its project, or from its video when there is none yet."""

from __future__ import annotations

from core.collection.collection import Clip
from core.document.project_file import VideoMoved
from core.session import Session
from core.video.open import DEFAULT_CACHE_BYTES


def session_of(clip: Clip, cache_bytes: int = DEFAULT_CACHE_BYTES) -> Session:
    """Open a clip of a list: its project, or its video with an empty document.

    Raises
    ------
    ProjectError, VideoError
        If it cannot be opened, or the video is not where it was.
    """
    if not clip.has_project:
        session = Session.of_video(clip.video, cache_bytes=cache_bytes)
        session.project_path = clip.project
        return session
    try:
        return Session.of_project(clip.project, cache_bytes=cache_bytes)
    except VideoMoved:  # the list may know better
        if not clip.video.exists():
            raise
        return Session.of_project(clip.project, video_path=clip.video, cache_bytes=cache_bytes)
