"""Rendered clips: their truth is exact and the pictures agree with it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from core.errors import FrameUnavailable, VideoError
from core.geometry import Box
from core.video.scene import Actor, Pose, Scene, Sprite
from core.video.synthetic import EASY, HARD, ClipConfig, SyntheticClip


def square_scene(pose: Pose, side: int = 20, *, size: tuple[int, int] = (80, 60)) -> Scene:
    """A white square on black."""
    rgba = np.zeros((side + 8, side + 8, 4), np.uint8)
    rgba[..., :3] = 255
    rgba[4:-4, 4:-4, 3] = 255
    black = np.zeros((size[1], size[0], 3), np.uint8)
    return Scene(*size, black, (Actor(Sprite(rgba), lambda _t: pose),))


def measured_box(image: np.ndarray) -> Box:
    """Extent of a bright rectangle on black from the sums of its grey levels."""
    light = image[..., 0].astype(float) / 255
    w, h = light.sum(axis=1).max(), light.sum(axis=0).max()
    total = light.sum()
    cx = (light.sum(axis=0) * (np.arange(light.shape[1]) + 0.5)).sum() / total
    cy = (light.sum(axis=1) * (np.arange(light.shape[0]) + 0.5)).sum() / total
    return Box.from_center(cx, cy, w, h)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.8125])
def test_that_pixels_lie_where_the_truth_says(scale, shift):
    scene = square_scene(Pose(40 + shift, 30 - shift, scale))
    truth = scene.truth(0).box
    assert truth is not None
    assert truth.as_tuple() == pytest.approx(
        Box.from_center(40 + shift, 30 - shift, 20 * scale, 20 * scale).as_tuple()
    )
    seen = measured_box(scene.render(0))
    assert seen.cx == pytest.approx(truth.cx, abs=0.05)
    assert seen.cy == pytest.approx(truth.cy, abs=0.05)
    assert seen.w == pytest.approx(truth.w, abs=0.15)
    assert seen.h == pytest.approx(truth.h, abs=0.15)


def test_that_the_box_of_a_turned_square_is_its_diagonal():
    scene = square_scene(Pose(40, 30, 1.0, 45))
    box = scene.truth(0).box
    assert box is not None
    assert box.w == pytest.approx(20 * math.sqrt(2))
    light = scene.render(0)[..., 0].astype(float) / 255
    assert light.sum() == pytest.approx(400, rel=0.02)
    assert light[30, 24] < 0.1
    assert light[30, 29] > 0.9


def test_that_positive_angles_turn_clockwise():
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[:4, :, 0] = 255  # red along the top
    black = np.zeros((40, 40, 3), np.uint8)
    image = Scene(40, 40, black, (Actor(Sprite(rgba), lambda _t: Pose(20, 20, 1, 90)),)).render(0)
    assert image[20, 28, 0] > 200  # now on the right
    assert image[20, 11, 0] < 50


@pytest.mark.parametrize("config", [EASY, HARD])
def test_that_the_same_config_gives_the_same_pictures(config):
    first, second = SyntheticClip(config), SyntheticClip(config)
    for index in (7, 3, 40):
        assert np.array_equal(first.read(index).image, second.scene.render(index))


def test_that_seeds_give_different_pictures():
    one, two = SyntheticClip(ClipConfig(seed=1)), SyntheticClip(ClipConfig(seed=2))
    assert not np.array_equal(one.read(0).image, two.read(0).image)
    assert one.info.fingerprint != two.info.fingerprint


def test_that_a_translation_moves_by_the_asked_step():
    clip = SyntheticClip(ClipConfig(velocity=(1.5, -0.5), start=(50, 70)))
    truths = clip.truths()
    for before, after in pairwise(truths[:21]):
        assert before.box is not None
        assert after.box is not None
        assert after.box.cx - before.box.cx == pytest.approx(1.5)
        assert after.box.cy - before.box.cy == pytest.approx(-0.5)
        assert (after.box.w, after.box.h) == pytest.approx((32, 24))


def test_that_the_target_grows_by_the_asked_factor():
    truths = SyntheticClip(ClipConfig(scale_per_frame=1.01)).truths()
    assert truths[50].box is not None
    assert truths[50].box.w == pytest.approx(32 * 1.01**50)


def test_that_an_occlusion_hides_all_of_the_target_in_its_range_only():
    clip = SyntheticClip(ClipConfig(occlusions=((20, 25),), sway=(20, 10, 40), blur=0.6))
    truths = clip.truths()
    assert [k for k, t in enumerate(truths) if t.occluded] == list(range(20, 25))
    assert all(t.box is not None for t in truths)
    assert truths[19].visible == pytest.approx(1, abs=0.02)
    hidden, box = clip.read(22).image, truths[22].box
    assert box is not None
    bare = SyntheticClip(ClipConfig(sway=(20, 10, 40), blur=0.6)).read(22).image
    inside = np.s_[int(box.y) + 1 : int(box.bottom), int(box.x) + 1 : int(box.right)]
    assert np.abs(hidden[inside].astype(int) - bare[inside]).mean() > 10


def test_that_a_target_that_leaves_has_no_box():
    truths = SyntheticClip(ClipConfig(velocity=(4, 0))).truths()
    gone = [k for k, t in enumerate(truths) if t.box is None]
    assert gone == list(range(24, 60))  # left edge 64 + 4 k reaches 160 at k = 24
    assert 0 < truths[20].visible < 1
    assert not truths[30].occluded


def test_that_a_distractor_looks_like_the_target_but_not_quite():
    plain = SyntheticClip(ClipConfig()).read(30).image.astype(int)
    crowded = SyntheticClip(ClipConfig(distractors=1)).read(30).image.astype(int)
    changed = np.abs(plain - crowded).max(axis=2) > 25
    assert 150 < changed.sum() < 32 * 24 * 1.5
    box = SyntheticClip(ClipConfig()).truth(30).box
    assert box is not None
    inside = changed[int(box.y) : int(box.bottom), int(box.x) : int(box.right)]
    assert inside.mean() < 0.1


def test_that_light_blur_shake_and_noise_do_something():
    still = ClipConfig(velocity=(3, 0))
    base = SyntheticClip(still).read(10).image.astype(int)
    for change in ({"light": 0.3}, {"blur": 1.0}, {"shake": 3.0}, {"noise": 5.0}):
        other = SyntheticClip(ClipConfig(velocity=(3, 0), **change)).read(10).image.astype(int)
        assert np.abs(base - other).max() > 15, change


def test_that_camera_shake_moves_the_truth_with_the_picture():
    clip = SyntheticClip(ClipConfig(shake=4.0))
    centres = [t.box.cx for t in clip.truths() if t.box]
    assert 2 < np.ptp(centres) < 9


def test_that_it_is_a_source_like_the_others():
    clip = SyntheticClip(EASY)
    assert [f.index for f in clip.frames(50, 70, 4)] == [50, 54, 58]
    assert [f.index for f in clip.frames(3, -5, -1)] == [3, 2, 1, 0]
    assert clip.read(2).time == pytest.approx(0.08)
    assert not clip.read(2).image.flags.writeable
    assert clip.initial_box == clip.truth(0).box
    assert clip.cached_ranges() == [(0, 4), (50, 51), (54, 55), (58, 59)]
    with pytest.raises(FrameUnavailable):
        clip.read(60)
    clip.close()
    with pytest.raises(VideoError, match="closed"):
        clip.read(0)
