"""A canvas of known size with a known screen scaling, and ways to look at its pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from app.views.video_view import VideoView
from app.views.view_types import BoxView, to_display
from core.geometry import Box
from core.states import Flag, Source, TargetState


@pytest.fixture
def make_canvas(qtbot, monkeypatch: pytest.MonkeyPatch) -> Callable[..., VideoView]:
    """Canvas of 800 × 600 points showing a grey frame, on a screen of the given ratio."""

    def make(width: int = 640, height: int = 480, *, ratio: float = 1.0, level: int = 90):
        view = VideoView()
        qtbot.addWidget(view)
        monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio)
        view.resize(800, 600)
        with qtbot.waitExposed(view):
            view.show()
        view.show_frame(to_display(0, np.full((height, width, 3), level, np.uint8)))
        return view

    return make


@pytest.fixture
def make_box() -> Callable[..., BoxView]:
    """A selected green box by hand, unless said otherwise."""

    def make(box: Box, **changes) -> BoxView:
        values = {
            "track_id": 1,
            "box": box,
            "color": "#00ff00",
            "title": "",
            "source": Source.MANUAL,
            "state": TargetState.TRACKING,
            "flags": Flag.NONE,
            "score": 1.0,
            "selected": True,
            "locked": False,
        }
        return BoxView(**(values | changes))

    return make


@pytest.fixture
def photograph() -> Callable[..., NDArray[np.int16]]:
    """Pixels of a canvas as a screen of the given ratio would show them, (H, W, 3) RGB."""

    def take(view: VideoView, ratio: float = 1.0) -> NDArray[np.int16]:
        size = view.viewport().size() * ratio
        image = QImage(size, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.black)
        view.viewport().render(image, QPoint())
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
        return pixels[:, : image.width(), 2::-1].astype(np.int16)

    return take
