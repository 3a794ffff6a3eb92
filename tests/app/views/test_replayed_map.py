"""The window paints a replayed map as it painted the live one."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.recorded import a_map, a_result, an_item, record
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsScene

from app.views.response_item import ResponseItem
from app.views.view_types import OverlaySettings
from core.recording.coding import Precision, as_recorded
from core.recording.recording import Recording
from core.trackers.base import ResponseMap

SETTINGS = [
    OverlaySettings(visible=True),
    OverlaySettings(visible=True, smooth=False, opacity=1.0, colormap="magma", gamma=0.5),
    OverlaySettings(visible=True, auto_levels=False, low=-0.1, high=0.05, gamma=2.0),
]


def _painted(response: ResponseMap, settings: OverlaySettings) -> np.ndarray:
    item, scene = ResponseItem(), QGraphicsScene(0, 0, 64, 48)
    scene.addItem(item)
    item.set_settings(settings)
    item.set_map(response, 0)
    image = QImage(256, 192, QImage.Format.Format_RGB32)
    image.fill(0xFF203040)
    painter = QPainter(image)
    scene.render(painter)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(192, 256, 4).copy()


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("precision", list(Precision))
def test_that_pixels_are_equal(qtbot, tmp_path, precision, settings):
    given = [an_item(k, a_result(k, maps={"response": a_map(25)})) for k in range(5)]
    record(tmp_path / "a.h5", given, precision=precision)
    with Recording(tmp_path / "a.h5") as recording:
        for row, item in enumerate(given):
            live = as_recorded(item.result.maps["response"], precision)
            before = _painted(live, settings)
            replayed = recording.map("response", row)
            assert replayed is not None
            assert len(np.unique(before.reshape(-1, 4), axis=0)) > 20
            assert np.array_equal(_painted(replayed, settings), before)
