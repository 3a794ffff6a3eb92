"""The legend shows every shape there is, and no two lines that look the same."""

from __future__ import annotations

from PySide6.QtGui import QImage

from app.views.timeline_legend import TimelineLegend, samples
from core.states import IntervalMode, Source


def test_that_every_line_looks_different_without_colour(qtbot) -> None:
    legend = TimelineLegend()
    qtbot.addWidget(legend)
    legend.resize(300, 900)
    legend.show()
    seen: dict[bytes, str] = {}
    lines = [child for child in legend.findChildren(object) if type(child).__name__ == "_Line"]
    for line in lines:
        image = line.grab().toImage().copy(0, 0, 80, 24)
        image = image.convertToFormat(QImage.Format.Format_Grayscale8)
        picture = bytes(image.constBits())
        assert picture not in seen, f"{line.accessibleName()} looks like {seen.get(picture)}"
        seen[picture] = line.accessibleName()
    assert len(seen) == sum(len(group) for _, group in samples(str))


def test_that_all_sources_and_modes_are_explained() -> None:
    lanes = [sample.lane for _, group in samples(str) for sample in group]
    assert {Source(int(s)) for lane in lanes for s in lane.columns.sources} == set(Source)
    modes = {i.mode for lane in lanes for i in lane.intervals}
    assert modes == set(IntervalMode) - {IntervalMode.TRACKED}
