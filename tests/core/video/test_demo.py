"""The bundled demo clip agrees with its ground truth and with the script that paints it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import VideoError
from core.video import demo
from core.video.demo import demo_ground_truth, demo_path
from core.video.source import Access

SCRIPT = Path(__file__).resolve().parents[3] / "packaging" / "make_demo.py"


@pytest.fixture(scope="module")
def painted():
    spec = importlib.util.spec_from_file_location("make_demo", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_demo"] = module
    spec.loader.exec_module(module)
    yield module.demo_scene()
    del sys.modules["make_demo"]


def test_that_the_clip_opens_and_is_small(opened):
    source = opened(demo_path())
    info = source.info
    assert (info.width, info.height, info.frame_count) == (640, 360, 300)
    assert info.fps == pytest.approx(30)
    assert source.access is Access.VERIFIED
    assert not info.notes
    assert demo_path().stat().st_size < 2_500_000


def test_that_every_frame_has_its_truth(opened):
    truth = demo_ground_truth()
    assert len(truth.frames) == opened(demo_path()).info.frame_count
    assert truth.initial_box == truth.boxes[0]
    visible = np.array([t.visible for t in truth.frames])
    assert visible[0] > 0.99
    assert 0.1 < visible.min() < 0.3  # nearly hidden once, never quite
    for box in truth.boxes:
        assert box is not None
        assert box.clipped(640, 360).as_tuple() == pytest.approx(box.as_tuple())


def test_that_clip_and_truth_are_what_the_script_paints(painted, opened):
    source, truth = opened(demo_path()), demo_ground_truth()
    for index in (0, 105, 174, 299):
        wanted = painted.truth(index)
        assert truth.frames[index].box.as_tuple() == pytest.approx(wanted.box.as_tuple(), abs=2e-3)
        assert truth.frames[index].visible == pytest.approx(wanted.visible, abs=2e-3)
        error = source.read(index).image.astype(float) - painted.render(index)
        assert np.sqrt((error**2).mean()) < 6


def test_that_the_target_is_red_inside_its_box(opened):
    source, truth = opened(demo_path()), demo_ground_truth()
    for index in range(0, 300, 30):
        box, visible = truth.boxes[index], truth.frames[index].visible
        image = source.read(index).image.astype(int)
        red = (image[..., 0] > 110) & (image[..., 1] < 60)
        inside = np.zeros_like(red)
        inside[round(box.y) : round(box.bottom), round(box.x) : round(box.right)] = True
        assert red[inside].mean() > 0.25 * visible
        assert red[~inside].mean() < 0.02


def test_that_a_missing_clip_is_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "resource", lambda *parts: tmp_path.joinpath(*parts))
    with pytest.raises(VideoError, match="missing"):
        demo_path()
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "groundtruth.json").write_text('{"frames": 3}')
    with pytest.raises(VideoError, match="damaged"):
        demo_ground_truth()
