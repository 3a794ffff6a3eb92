"""Composited clips: boxes against what is really drawn, motion, repeatability."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from fakes.training_material import cutout, library

from core.geometry import Box, iou
from core.train.data.composite.actors import Actor
from core.train.data.composite.backdrops import Backdrops, Camera
from core.train.data.composite.casting import Cast
from core.train.data.composite.cutouts import Cutout
from core.train.data.composite.motion import constant, wander
from core.train.data.composite.params import CompositeParams
from core.train.data.composite.render import Shadow
from core.train.data.composite.scene import Compositor, Finish, SyntheticVideo
from core.train.data.seeds import generator

PARAMS = CompositeParams(width=200, height=150, length=20)
PLAIN = Finish(
    constant(0.0), 0.0, 0.0, blur=0.0, noise=0.0, quality=0, exposure=0.0, shadow=None
)  # fmt: skip
GRAIN = np.zeros((600, 600, 3), np.float32)


def actor(cut: Cutout, *, x: float = 100.0, y: float = 75.0, size: float = 40.0, **more) -> Actor:
    still = {
        "x": constant(x), "y": constant(y), "size": constant(math.log(size)),
        "turn": constant(0.0), "tilt_x": constant(0.0), "tilt_y": constant(0.0),
        "bend": constant(0.0),
    }  # fmt: skip
    return Actor(poses=[cut], **{**still, **more})


def clip(
    backdrops: Backdrops, target: Actor, *, front: tuple[Actor, ...] = (), finish: Finish = PLAIN
) -> SyntheticVideo:
    camera = Camera(0, constant(100.0), constant(80.0), constant(0.0), constant(0.0))
    return SyntheticVideo(backdrops, camera, Cast((), target, front), finish, PARAMS, GRAIN, 1)


def drawn_box(video: SyntheticVideo, t: int, backdrops: Backdrops) -> Box:
    """Where the rendered picture differs from the ground alone by at least half."""
    camera = Camera(0, constant(100.0), constant(80.0), constant(0.0), constant(0.0))
    ground = camera.view(backdrops.picture(0), t, PARAMS.width, PARAMS.height).astype(int)
    rows, cols = np.nonzero(np.abs(video.render(t).image.astype(int) - ground).max(axis=2) > 100)
    return Box.from_corners(cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)


def farthest(a: Box, b: Box) -> float:
    return max(abs(a.x - b.x), abs(a.y - b.y), abs(a.right - b.right), abs(a.bottom - b.bottom))


@pytest.fixture
def dark(tmp_path) -> Backdrops:
    from fakes.training_material import write

    from core.train.data.frames import FolderFrames

    file = write(tmp_path / "dark.png", np.full((160, 200, 3), 20, np.uint8))
    return Backdrops([(FolderFrames(file.parent, (file.name,)), 0)])


@pytest.fixture
def bright() -> Cutout:
    """A hard-edged white rectangle, so that the picture shows its extent."""
    cut = cutout((30, 44))
    image = cut.image.copy()
    image[..., :3] = 240
    return replace(cut, image=image)


@pytest.mark.parametrize(
    "motion",
    [
        {},
        {"turn": constant(0.5)},
        {"turn": constant(2.2)},
        {"tilt_x": constant(0.2), "tilt_y": constant(-0.15)},
        {"turn": constant(-0.4), "tilt_x": constant(0.25)},
        {"bend": constant(0.15)},
        {"bend": constant(-0.1), "turn": constant(0.8), "tilt_y": constant(0.2)},
        {"mirrored": True, "tilt_x": constant(0.3)},
    ],
)
@pytest.mark.parametrize(
    ("size", "x", "y"), [(18.0, 60.3, 50.8), (40.0, 100.0, 75.0), (64.0, 97.7, 71.2)]
)
def test_that_the_box_is_where_the_picture_shows_the_target(dark, bright, motion, size, x, y):
    video = clip(dark, actor(bright, size=size, x=x, y=y, **motion))
    truth = video.render(0).truth
    assert farthest(truth.box, drawn_box(video, 0, dark)) <= 1.0
    assert truth.visible is not None
    assert farthest(truth.box, truth.visible) <= 1.0
    assert truth.shown == pytest.approx(1.0)


def test_that_a_soft_cut_outs_box_is_where_its_alpha_crosses_one_half():
    alpha = np.zeros((9, 12), np.uint8)
    alpha[2:7, 3:9] = 255
    alpha[2:7, 9] = 64  # a quarter: the edge lies where 255 → 64 passes 127.5
    from core.train.data.composite.cutouts import outline_of

    points = outline_of(alpha)
    assert points[:, 0].min() == pytest.approx(3.0)
    assert points[:, 1].min() == pytest.approx(2.0)
    assert points[:, 1].max() == pytest.approx(7.0)
    assert points[:, 0].max() == pytest.approx(8.5 + (255 - 127.5) / (255 - 64))


def test_that_what_is_covered_is_counted_and_leaves_the_whole_box_alone(dark, bright):
    half = actor(bright, x=100 + 22, size=math.sqrt(44 * 30))
    target = actor(bright, size=math.sqrt(44 * 30))
    free, covered = clip(dark, target), clip(dark, target, front=(half,))
    assert covered.render(0).truth.box == free.render(0).truth.box
    assert covered.render(0).truth.covered == pytest.approx(0.5, abs=0.03)
    seen = covered.render(0).truth.visible
    assert seen is not None
    assert seen.w == pytest.approx(22, abs=1)


def test_that_a_target_leaving_the_frame_keeps_its_box_and_loses_its_visible_part(dark, bright):
    video = clip(dark, actor(bright, x=200.0, size=math.sqrt(44 * 30)))
    truth = video.render(0).truth
    assert truth.box.right == pytest.approx(222, abs=0.5)
    assert truth.visible is not None
    assert truth.visible.right <= 200
    assert truth.shown == pytest.approx(0.5, abs=0.03)
    assert truth.covered == pytest.approx(0.0, abs=0.01)
    gone = clip(dark, actor(bright, x=300.0)).render(0).truth
    assert gone.visible is None
    assert gone.shown == 0


def test_that_motion_blur_streaks_the_target_about_the_middle_of_its_box(dark, bright):
    moving = replace(constant(100.0), drift=16.0)
    target = actor(bright, x=0, size=30)
    target = replace(target, x=moving)
    sharp = clip(dark, target).render(0)
    video = clip(dark, target, finish=replace(PLAIN, exposure=1.0))
    streaked = video.render(0)
    assert streaked.truth.box == sharp.truth.box
    row = streaked.image[75].astype(float).mean(axis=1) - 20
    centre = (row * (np.arange(200) + 0.5)).sum() / row.sum()
    assert centre == pytest.approx(sharp.truth.box.cx, abs=0.8)
    assert (row > 5).sum() >= (sharp.image[75].mean(axis=1) > 25).sum() + 12


def test_that_a_shadow_darkens_the_ground_beside_the_target(backdrops, bright):
    target = actor(bright)
    shadow = Shadow(0.0, 0.5, 0.6, 0.05)
    with_it = clip(backdrops, target, finish=replace(PLAIN, shadow=shadow)).render(0).image
    without = clip(backdrops, target).render(0).image
    below = (slice(92, 105), slice(90, 110))
    assert with_it[below].mean() < 0.8 * without[below].mean()
    assert np.array_equal(with_it[:40], without[:40])


def test_that_every_frame_can_be_rendered_without_the_ones_before(backdrops):
    one, other = Compositor(library(), backdrops, PARAMS), Compositor(library(), backdrops, PARAMS)
    first, second = one.video(generator(1, 2, 3)), other.video(generator(1, 2, 3))
    in_order = [first.render(t).image for t in range(6)]
    assert np.array_equal(second.render(5).image, in_order[5])
    assert not np.array_equal(one.video(generator(1, 2, 4)).render(0).image, first.render(0).image)


def test_that_clips_hold_doubles_of_the_target_near_it(backdrops):
    params = replace(PARAMS, look_alikes=3.0, strangers=0.0, relatives=0.0, occluder=0.0)
    compositor = Compositor(library(), backdrops, params)
    near, seen = 0, 0
    for seed in range(30):
        cast = compositor.video(generator(0, 0, seed))._cast
        target = cast.target.warp(10).box(cast.target.pose(10))
        for other in (*cast.behind, *cast.front):
            assert other.pose(10).key == cast.target.pose(10).key
            box = other.warp(10).box(other.pose(10))
            far = math.hypot(box.cx - target.cx, box.cy - target.cy)
            near += far < 3 * math.sqrt(target.area)
            seen += 1
    assert seen > 50
    assert near > 0.6 * seen


def test_that_no_double_looks_exactly_like_the_target():
    from core.train.data.composite.casting import _look_alike

    gray = cutout(seed=3)
    image = gray.image.copy()
    image[..., :3] = image[..., 1:2]
    for cut in (cutout(seed=2), replace(gray, image=image)):
        target = actor(cut)
        own = cut.image[..., :3][cut.image[..., 3] > 127].astype(float)
        for seed in range(40):
            double = _look_alike(generator(0, 0, seed), target)
            mixed = own if double.mixing is None else own @ double.mixing.T.astype(float)
            assert double.gain is not None
            assert np.abs(mixed * double.gain - own).mean() > 8


def test_that_targets_move_and_change_size_within_reason(backdrops):
    compositor = Compositor(library(), backdrops, PARAMS)
    steps, sizes = [], []
    for seed in range(30):
        video = compositor.video(generator(5, 0, seed))
        a, b = video.render(4).truth.box, video.render(5).truth.box
        extent = math.sqrt(a.area)
        steps.append(math.hypot(b.cx - a.cx, b.cy - a.cy) / extent)
        sizes.append(math.sqrt(b.area) / extent)
    assert 0.02 < np.median(steps) < 0.3
    assert max(steps) > 0.2  # fast motion occurs
    assert all(0.8 < size < 1.25 for size in sizes)


def test_that_paths_keep_their_bound_and_their_speed():
    for seed in range(20):
        path = wander(generator(0, 0, seed), 30.0, 2.0, start=100.0)
        values = np.array([path.at(t) for t in range(2000)])
        assert np.abs(values - 100).max() <= 30.0 + 1e-9
        speeds = np.array([path.velocity(t) for t in range(2000)])
        assert np.sqrt((speeds**2).mean()) == pytest.approx(2.0, rel=0.35)
        assert speeds[7] == pytest.approx((path.at(7.001) - path.at(6.999)) / 0.002, rel=1e-3)


def test_that_colours_of_a_double_change_and_those_of_grays_do_not(dark, bright):
    from core.train.data.composite.casting import _recolouring

    mixing = _recolouring(generator(0, 0, 1))
    gray = clip(dark, actor(bright, mixing=mixing)).render(0).image
    assert np.abs(gray[75, 100].astype(int) - 240).max() <= 2
    colour = bright.image.copy()
    colour[..., :3] = (200, 60, 60)
    red = clip(dark, actor(replace(bright, image=colour), mixing=mixing)).render(0).image
    assert np.abs(red[75, 100].astype(int) - (200, 60, 60)).max() > 40


def test_that_a_posed_target_runs_through_its_poses_to_and_fro():
    cuts = [cutout(seed=k, key="one") for k in range(3)]
    moving = replace(actor(cuts[0]), poses=cuts, pace=1.0)
    assert [cuts.index(moving.pose(t)) for t in range(6)] == [0, 1, 2, 1, 0, 1]


def test_that_compression_and_noise_change_pixels_but_no_box(dark, bright):
    finish = replace(PLAIN, quality=35)
    spoilt, clean = clip(dark, actor(bright), finish=finish), clip(dark, actor(bright))
    assert spoilt.render(0).truth == clean.render(0).truth
    assert not np.array_equal(spoilt.render(0).image, clean.render(0).image)
    assert iou(drawn_box(spoilt, 0, dark), clean.render(0).truth.box) > 0.9


def test_that_the_ground_moves_against_the_camera(backdrops):
    camera = Camera(
        1, replace(constant(90.0), drift=3.0), constant(80.0), constant(0.0), constant(0.0)
    )
    photograph = backdrops.picture(1)
    a, b = (camera.view(photograph, t, 60, 60) for t in (0, 1))
    assert camera.velocity(0) == pytest.approx((-3.0, 0.0))
    assert np.abs(a[:, 3:].astype(int) - b[:, :-3]).max() <= 1
    assert cv2.norm(a, b) > 0
