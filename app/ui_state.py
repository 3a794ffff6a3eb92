"""What the window is doing right now, as one frozen value.

The controller replaces it; actions ask it whether they are available; views never
see it. Keeping it apart from the document means that undo never changes where
the user is looking, and that "is this action enabled" is a pure function.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.views.layer_types import LayerStack
from app.views.view_types import OverlaySettings

# The picture must stay readable below the map, so the low end is nearly clear; peaks of
# a healthy response are 0.5 to 1 of its range, so the colours end at 0.6.
_LAYERS = LayerStack((OverlaySettings(opacity=0.85, fade=0.8, high=0.6),))


class RunStatus(enum.StrEnum):
    """Where the tracking run stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSING = "pausing"  # asked to hold; the frame in work is being finished
    PAUSED = "paused"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class UiState:
    """Mode, place, selection and what runs.

    `frame` is the playhead: the frame asked for. `track` is the selected track's id.
    `box_here` and `any_boxes` follow from the document, `can_undo` and `can_redo` from
    the undo stack; they are here so that one value answers every "may I?". `lacks` says
    why the chosen tracker cannot run, empty when it can. `solo` is the only track that is
    shown, None for all that are visible. `propose` says that runs become proposals,
    `proposed` that one waits for the selected track, `together` that several trackers'
    proposals wait side by side.
    """

    has_clip: bool = False
    frame: int = 0
    frame_count: int = 0
    track: int | None = None
    mode: str = "select"
    playing: bool = False
    run: RunStatus = RunStatus.IDLE
    trackers_ready: bool = False
    lacks: str = ""
    box_here: bool = False
    any_boxes: bool = False
    any_tracks: bool = False
    can_undo: bool = False
    can_redo: bool = False
    dirty: bool = False
    layers: LayerStack = _LAYERS
    solo: int | None = None
    propose: bool = False
    proposed: bool = False
    together: bool = False
    has_list: bool = False  # several clips: a list of them is open
    in_list: bool = False  # the open clip is one of them
    batch: bool = False  # they are being tracked in the background

    @property
    def overlay(self) -> OverlaySettings:
        """The edited layer; visible only if the layers are shown at all."""
        return self.layers.current

    @property
    def is_running(self) -> bool:
        """Whether a tracking run exists, moving or held."""
        return self.run is not RunStatus.IDLE

    @property
    def can_track(self) -> bool:
        """Whether a run may start from the box on this frame."""
        return self.may_run and self.box_here

    @property
    def may_run(self) -> bool:
        """Whether a run may start at all."""
        startable = self.run in (RunStatus.IDLE, RunStatus.PAUSED) and not self.lacks
        return self.has_clip and self.trackers_ready and startable
