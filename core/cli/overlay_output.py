"""The overlay video of a run, written while it runs.

Forwards each frame is written as it comes. Backwards the frames come last to first, so
boxes and maps are kept (maps in half precision, without pictures) and the pictures are
read once more in order at the end.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from core.engine.runner import FrameResult
from core.render.boxes import DrawnBox, track_color
from core.render.overlay import compose
from core.render.video_file import VideoWriter
from core.session import RunPlan, Session
from core.states import Source
from core.trackers.base import ResponseMap


class OverlayOutput:
    """A context manager whose `take` is a sink of the run.

    The video appears when the block ends well; after Ctrl+C it holds what was tracked.
    """

    def __init__(self, path: Path, session: Session, plan: RunPlan) -> None:
        track = session.store.current.track(plan.run.track_id)
        self._writer = VideoWriter(path, session.video.info.fps)
        self._video = session.video
        self._forward = plan.step > 0
        self._color = session.store.current.color_of(track) or track_color(track.id)
        self._title = track.title
        self._kept: dict[int, tuple[DrawnBox, ResponseMap | None]] = {}

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def take(self, item: FrameResult) -> None:
        """Write (or keep) one frame."""
        drawn, response = self._drawn(item), next(iter(item.result.maps.values()), None)
        if self._forward:
            self._writer.write(compose(item.frame.image, [drawn], response))
            return
        if response is not None:
            response = replace(response, values=response.values.astype(np.float16))
        self._kept[item.frame.index] = (drawn, response)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write_kept()
        except BaseException as problem:
            self._writer.__exit__(type(problem), problem, problem.__traceback__)
            raise
        self._writer.__exit__(kind, error, trace)

    def _write_kept(self) -> None:
        if not self._kept:
            return
        for frame in self._video.frames(min(self._kept), max(self._kept) + 1):
            drawn, response = self._kept[frame.index]
            if response is not None:
                response = replace(response, values=response.values.astype(np.float32))
            self._writer.write(compose(frame.image, [drawn], response))

    def _drawn(self, item: FrameResult) -> DrawnBox:
        result = item.result
        source = Source.MANUAL if item.is_seed else Source.TRACKED
        score = None if item.is_seed else result.score
        return DrawnBox(result.box, self._color, self._title, source, result.state, score)
