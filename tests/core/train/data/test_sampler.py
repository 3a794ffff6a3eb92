"""Pairs: exact boxes through all geometric changes, shares, repeatability, bad pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.training_material import library, still, video, write

from core.errors import DatasetError, ParamError
from core.geometry import Box
from core.params import from_dict
from core.train.data import augment
from core.train.data.composite.params import CompositeParams
from core.train.data.composite.scene import Compositor
from core.train.data.frames import FolderFrames
from core.train.data.items import Item, Kind, Track
from core.train.data.params import PRESETS, PairParams, source_weights
from core.train.data.report import Fault
from core.train.data.sampler import Origin, Pair, PairSampler
from core.train.data.seeds import generator

GEOMETRY = PairParams(
    blur=0.0, colour=0.0, gray=0.0, occluder=0.0, negative=0.0, composites=0.0, content=0.0
)  # fmt: skip


def planted(
    folder: Path, box: tuple[int, int, int, int], *, size: tuple[int, int] = (240, 320)
) -> Item:
    """A white rectangle on black, in a picture of its own."""
    image = np.zeros((*size, 3), np.uint8)
    x, y, w, h = box
    image[y : y + h, x : x + w] = 255
    path = write(folder / f"{x}-{y}-{w}-{h}.png", image)
    frames = FolderFrames(folder, (path.name,))
    track = Track("planted", np.array([box], np.float64))
    return Item(f"planted/{path.stem}", path.stem, "planted", Kind.STILL, frames, (track,))


def edges(line: np.ndarray) -> tuple[float, float]:
    """Where a profile of a bright bar crosses one half, in pixels (edges)."""
    line = np.pad(line, 1)
    half = line.max() / 2
    inside = np.flatnonzero(line > half)
    first, last = inside[0], inside[-1]
    start = first - 0.5 + (half - line[first - 1]) / (line[first] - line[first - 1])
    stop = last + 0.5 + (line[last] - half) / (line[last] - line[last + 1])
    return start - 1, stop - 1  # the padding


def assert_at(image: np.ndarray, row: np.ndarray, within: float) -> None:
    gray = image[..., 0].astype(float)
    middle_x = image.shape[1] / 2 + row[0]
    middle_y = image.shape[0] / 2 + row[1]
    left, right = edges(gray[int(middle_y)])
    top, bottom = edges(gray[:, int(middle_x)])
    assert (left + right) / 2 == pytest.approx(middle_x, abs=within)
    assert (top + bottom) / 2 == pytest.approx(middle_y, abs=within)
    assert right - left == pytest.approx(row[2], abs=2 * within)
    assert bottom - top == pytest.approx(row[3], abs=2 * within)


@pytest.mark.parametrize("preset", ["crpn", "edcf"])
@pytest.mark.parametrize("box", [(120, 90, 80, 40), (150, 100, 24, 30), (97, 61, 130, 101)])
def test_that_a_planted_target_lies_where_the_boxes_say(tmp_path, preset, box):
    params = replace(from_dict(PairParams, PRESETS[preset]), **{
        name: getattr(GEOMETRY, name)
        for name in ("blur", "colour", "gray", "occluder", "negative", "composites", "content")
    }, fill="zero", search_shift=40.0)  # fmt: skip
    sampler = PairSampler([planted(tmp_path, box)], params)
    flipped = 0
    for index in range(25):
        pair = sampler.pair(0, index)
        assert_at(pair.template, pair.template_box, 0.5)
        assert_at(pair.search, pair.search_box, 0.5)
        flipped += pair.search_box[0] > 0
    assert 2 < flipped < 23  # shifts go both ways


def test_that_context_crops_have_siamfcs_scale(tmp_path):
    params = replace(
        GEOMETRY, template_shift=0.0, template_scale=0.0, search_shift=0.0, search_scale=0.0,
        search_aspect=0.0,
    )  # fmt: skip
    pair = PairSampler([planted(tmp_path, (120, 90, 60, 40))], params).pair(0, 0)
    side = np.sqrt((60 + 50) * (40 + 50))
    assert pair.template_box == pytest.approx((0, 0, 60 * 127 / side, 40 * 127 / side), abs=1e-3)
    assert pair.search_box == pytest.approx(pair.template_box, abs=1e-3)


def test_that_target_crops_scale_each_axis_for_itself(tmp_path):
    params = from_dict(PairParams, {
        **PRESETS["edcf"], "search_shift": 0, "search_scale": 0, "search_aspect": 0, "blur": 0,
        "negative": 0, "occluder": 0, "content": 0,
    })  # fmt: skip
    pair = PairSampler([planted(tmp_path, (120, 90, 60, 30))], params).pair(0, 0)
    assert pair.template.shape == (427, 427, 3)
    assert pair.template_box == pytest.approx((0, 0, 85, 85), abs=1e-3)
    assert pair.search_box == pytest.approx((0, 0, 85, 85), abs=1e-3)
    # The exemplar is the middle of the wide crop, at the search crop's scale.
    middle = pair.template[86:341, 86:341].astype(int)
    assert np.abs(middle[..., 0] > 128).mean() == pytest.approx((85 / 255) ** 2, rel=0.05)
    assert_at(pair.template, pair.template_box, 0.5)


def test_that_mirroring_turns_both_crops_and_both_boxes(tmp_path):
    item = planted(tmp_path, (120, 90, 60, 30))
    plain = PairSampler([item], replace(GEOMETRY, flip=0.0)).pair(0, 3)
    turned = PairSampler([item], replace(GEOMETRY, flip=1.0)).pair(0, 3)
    assert np.array_equal(turned.search, plain.search[:, ::-1])
    assert np.array_equal(turned.template, plain.template[:, ::-1])
    assert turned.search_box == pytest.approx(plain.search_box * (-1, 1, 1, 1))
    assert turned.template_box == pytest.approx(plain.template_box * (-1, 1, 1, 1))


def test_that_crops_are_those_of_the_trackers(tmp_path):
    from core.trackers.crpn import geometry
    from core.trackers.edcf.model import window_box
    from core.train.data.crops import region_of

    box = Box(30, 40, 60, 25)
    crpn = from_dict(PairParams, PRESETS["crpn"])
    assert region_of(box, 257, crpn).as_tuple() == pytest.approx(
        geometry.region(box.cx, box.cy, geometry.pixel_size(box.w, box.h), 257).as_tuple()
    )
    edcf = from_dict(PairParams, PRESETS["edcf"])
    assert region_of(box, 255, edcf).as_tuple() == pytest.approx(window_box(box).as_tuple())
    wide = region_of(box, edcf.template_size, edcf)
    assert wide.as_tuple() == pytest.approx(window_box(box, 427 / 255).as_tuple())


def test_that_a_pair_depends_on_seed_epoch_and_index_alone(tmp_path, backdrops):
    items = [video(tmp_path, "a"), video(tmp_path, "b", seed=1)]
    items += [still(tmp_path, f"s{k}", seed=k) for k in range(4)]
    compositor = Compositor(library(), backdrops, CompositeParams(width=160, height=120))
    one, other = (PairSampler(items, compositor=compositor, seed=3) for _ in range(2))
    for index in range(20):
        one.pair(0, index)
    for key in ((0, 5), (1, 5), (0, 6)):
        assert same(one.pair(*key), other.pair(*key))
    assert not same(one.pair(0, 5), one.pair(1, 5))
    assert not same(one.pair(0, 5), PairSampler(items, compositor=compositor, seed=4).pair(0, 5))


def same(a: Pair, b: Pair) -> bool:
    return (
        np.array_equal(a.template, b.template)
        and np.array_equal(a.search, b.search)
        and np.array_equal(a.search_box, b.search_box)
        and a.origin is b.origin
    )


def test_that_kinds_come_in_their_shares(tmp_path, backdrops):
    items = [video(tmp_path, "a"), *(still(tmp_path, f"s{k}", seed=k) for k in range(3))]
    compositor = Compositor(library(), backdrops, CompositeParams(width=160, height=120))
    params = replace(
        PairParams(), videos=0.5, stills=0.3, composites=0.2, negative=0.0, content=0.0
    )
    sampler = PairSampler(items, params, compositor)
    counts = Counter(sampler.pair(0, index).origin for index in range(150))
    assert counts[Origin.VIDEO] == pytest.approx(75, abs=18)
    assert counts[Origin.COMPOSITE] == pytest.approx(30, abs=14)


def test_that_the_frames_of_a_pair_are_near(tmp_path):
    clip = video(tmp_path, "a", count=30)
    params = replace(GEOMETRY, max_gap=3)
    sampler = PairSampler([clip], params)
    gaps = []
    for index in range(60):
        rng = generator(0, 0, index)
        first, second = sampler._two_frames(rng, sampler._objects[0])
        gaps.append(abs(first - second))
    assert max(gaps) == 3
    assert min(gaps) == 0


def test_that_negatives_are_never_of_the_same_group(tmp_path):
    group = [replace(still(tmp_path, f"g{k}", seed=k), group="one") for k in range(3)]
    params = replace(GEOMETRY, negative=1.0)
    with pytest.raises(DatasetError):
        PairSampler(group, params).pair(0, 0)
    other = still(tmp_path, "other", seed=9, category="other")
    pairs = [PairSampler([*group, other], params).pair(0, index) for index in range(10)]
    assert all(pair.negative for pair in pairs)


def test_that_negatives_prefer_the_templates_class(tmp_path):
    items = [
        still(tmp_path, f"s{k}", seed=k, category="cat" if k < 2 else f"c{k}") for k in range(12)
    ]
    sampler = PairSampler(items, replace(GEOMETRY, same_category=1.0))
    thing = sampler._objects[0]
    chosen = [sampler._other(generator(0, 0, k), thing) for k in range(30)]
    assert sum(o is not None and o.track.category == "cat" for o in chosen) > 20


def test_that_a_broken_picture_is_counted_and_another_pair_is_drawn(tmp_path):
    good, bad = still(tmp_path, "good"), still(tmp_path, "bad", seed=2)
    Path(bad.frames.name(0)).write_bytes(b"gone")
    sampler = PairSampler([good, bad], GEOMETRY)
    redrawn = [sampler.pair(0, index).redrawn for index in range(20)]
    assert sum(redrawn) > 0
    assert sampler.report.skipped[Fault.UNREADABLE] == sum(redrawn)
    with pytest.raises(DatasetError, match="No pair could be drawn"):
        PairSampler([bad], GEOMETRY).pair(0, 0)


def test_that_a_box_outside_its_picture_is_not_trained_on(tmp_path):
    item = still(tmp_path, "a")
    outside = replace(item, tracks=(Track("x", np.array([[500.0, 20, 30, 30]])),))
    with pytest.raises(DatasetError):
        PairSampler([outside], GEOMETRY).pair(0, 0)


def test_that_nothing_to_draw_from_is_said(tmp_path):
    with pytest.raises(DatasetError, match="nothing to draw"):
        PairSampler([], GEOMETRY)


def test_that_pairs_with_little_picture_are_rare(tmp_path):
    small = planted(tmp_path / "a", (140, 100, 20, 20))
    filling = planted(tmp_path / "b", (10, 10, 300, 220))
    sampler = PairSampler([small, filling], replace(GEOMETRY, content=0.6))
    wide = [sampler.pair(0, index).search_box for index in range(60)]
    sides = Counter(bool(abs(row[2] - row[3]) < 12) for row in wide)
    assert sides[True] > 1.5 * sides[False]


def test_that_data_sets_are_weighed_by_the_root_of_their_size_and_by_hand(tmp_path):
    many = [still(tmp_path, f"m{k}", seed=k) for k in range(16)]
    few = replace(still(tmp_path, "few", seed=40), source="few", key="few/few")
    sampler = PairSampler([*many, few], GEOMETRY)
    drawn = [sampler.pair(0, k).source for k in range(200)]
    assert drawn.count("few") == pytest.approx(40, abs=16)
    never = PairSampler([*many, few], replace(GEOMETRY, weights="few=0"))
    assert all(never.pair(0, k).source == "stills" for k in range(30))


@pytest.mark.parametrize("text", ["few", "few=much", "few=-1", "few=nan"])
def test_that_weights_that_cannot_be_understood_are_refused(text):
    with pytest.raises(ParamError):
        source_weights(text)


def test_that_changes_of_colour_keep_size_and_differ(tmp_path):
    image = np.asarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)), np.uint8)
    rng = generator(0, 0, 0)
    for changed in (
        augment.coloured(rng, image, 0.2),
        augment.grayed(image),
        augment.blurred(rng, image),
        augment.occluded(rng, image, np.array([0, 0, 30, 30], np.float32), library()),
        augment.occluded(rng, image, np.array([0, 0, 30, 30], np.float32), None),
    ):
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8
        assert not np.array_equal(changed, image)


@pytest.mark.parametrize("length", [2.0, 5.5, 12.0])
def test_that_blur_along_a_line_moves_nothing(length):
    for angle in np.linspace(0, np.pi, 7):
        kernel = augment.line_kernel(length, float(angle))
        rows, cols = np.indices(kernel.shape)
        assert (kernel * rows).sum() == pytest.approx((kernel.shape[0] - 1) / 2, abs=1e-4)
        assert (kernel * cols).sum() == pytest.approx((kernel.shape[1] - 1) / 2, abs=1e-4)
        assert kernel.sum() == pytest.approx(1.0, abs=1e-5)


def test_that_an_occluder_leaves_a_part_of_the_target(tmp_path):
    image = np.zeros((100, 100, 3), np.uint8)
    image[30:70, 30:70] = 255
    stock = library()
    for seed in range(30):
        pasted = augment.occluded(
            generator(0, 0, seed), image, np.array([0, 0, 40, 40], np.float32), stock
        )
        changed = (pasted[30:70, 30:70] != 255).any(axis=2).mean()
        assert changed < 0.7


def test_that_composited_pairs_show_the_target(backdrops):
    compositor = Compositor(library(), backdrops, CompositeParams(width=160, height=120))
    params = replace(PairParams(), videos=0, stills=0, composites=1, negative=0)
    sampler = PairSampler([], params, compositor)
    for index in range(15):
        pair = sampler.pair(0, index)
        assert pair.origin is Origin.COMPOSITE
        cx, _, w, h = pair.search_box
        assert abs(cx) <= params.search_shift + 1
        assert min(w, h) > 3
