"""Peaks and readout are painted where they belong."""

from __future__ import annotations

import numpy as np

from core.render.peaks import Peak

PEAKS = (Peak(200.0, 150.0, 0, 0, 1.0, 1.0), Peak(400.0, 300.0, 0, 0, 0.6, 0.6))
LINES = [("frame", "x 1  y 2", ""), ("Response", "0.5", "cell 3, 4")]


def changed(view, before: np.ndarray, after: np.ndarray, x: float, y: float, reach: int) -> bool:
    at = view.frame_to_view(x, y).toPoint()
    part = np.s_[at.y() - reach : at.y() + reach + 1, at.x() - reach : at.x() + reach + 1]
    return bool((np.abs(after[part] - before[part]).max(axis=2) > 40).any())


def test_that_every_peak_has_its_mark_and_nothing_else_has(make_canvas, photograph) -> None:
    view = make_canvas(level=90)
    plain = photograph(view)
    view.show_peaks(PEAKS)
    marked = photograph(view)
    for peak in PEAKS:
        assert changed(view, plain, marked, peak.x, peak.y, 12)
    assert not changed(view, plain, marked, 300, 225, 12)
    view.show_peaks(())
    assert (photograph(view) == plain).all()


def test_that_the_readout_stands_beside_the_pointer_and_inside_the_view(
    make_canvas, photograph
) -> None:
    view = make_canvas(level=90)
    plain = photograph(view)
    view.show_probe(LINES, 320.0, 240.0)
    told = photograph(view)
    assert changed(view, plain, told, 320 + 40, 240 + 40, 12)
    assert not changed(view, plain, told, 320 - 40, 240 - 40, 12)
    view.show_probe(LINES, 639.0, 479.0)
    corner = photograph(view)
    rows, cols = np.nonzero(np.abs(corner - plain).max(axis=2) > 40)
    assert cols.max() < corner.shape[1] - 2, "pushed back inside"
    assert rows.max() < corner.shape[0] - 2
    view.show_probe((), 0.0, 0.0)
    assert (photograph(view) == plain).all()
