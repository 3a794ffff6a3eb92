"""Cutting objects out of pictures, and the stock they are kept in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.training_material import PALETTE, cutout, noise, write, write_palette

from core.errors import DatasetError
from core.train.data.composite.cutouts import from_mask, from_sprite
from core.train.data.composite.library import cut_all, in_memory, load, save
from core.train.data.frames import FolderFrames, PngMasks
from core.train.data.items import Item, Kind, Track
from core.train.data.report import Fault, Report


def masked(folder: Path, labels: np.ndarray, *, red_ground: bool = False) -> Item:
    """A still whose objects are the values of `labels`."""
    image = noise(*labels.shape, seed=4)
    if red_ground:
        image[labels == 0] = (255, 0, 0)
        image[labels > 0, 0] //= 4
    write(folder / "picture.png", image)
    write_palette(folder / "mask.png", labels, PALETTE)
    tracks = []
    for value in range(1, int(labels.max()) + 1):
        rows, cols = np.nonzero(labels == value)
        box = (cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1)
        tracks.append(Track(f"c{value}", np.array([box], np.float64), value))
    masks = PngMasks(FolderFrames(folder, ("mask.png",)))
    frames = FolderFrames(folder, ("picture.png",))
    return Item("s/one", "s/one", "s", Kind.STILL, frames, tuple(tracks), masks)


def blob(rows: int = 120, cols: int = 160) -> np.ndarray:
    labels = np.zeros((rows, cols), np.uint8)
    labels[40:80, 50:110] = 1
    return labels


def test_that_nothing_of_the_old_ground_is_left_at_the_edge(tmp_path):
    (cut,) = from_mask(masked(tmp_path, blob(), red_ground=True), 0)
    shown = cut.image[cut.image[..., 3] > 0]
    assert (shown[:, 0] < 100).all()
    assert cut.outline[:, 0].max() - cut.outline[:, 0].min() == pytest.approx(58, abs=1)


@pytest.mark.parametrize(
    "spoil",
    ["tiny", "cut off", "in pieces", "holes", "behind another", "flat"],
)
def test_that_poor_cut_outs_are_refused(tmp_path, spoil):
    labels = blob()
    if spoil == "tiny":
        labels[:] = 0
        labels[50:60, 50:65] = 1
    elif spoil == "cut off":
        labels[:] = 0
        labels[60:, :100] = 1
    elif spoil == "in pieces":
        labels[40:80, 74:86] = 0
    elif spoil == "holes":
        labels[50:70, 60:100] = 0
    elif spoil == "behind another":
        labels[25:40, 45:115] = 2
        labels[80:95, 45:115] = 2
        labels[30:90, 110:125] = 2
    item = masked(tmp_path, labels)
    if spoil == "flat":
        write(tmp_path / "picture.png", np.full((120, 160, 3), 90, np.uint8))
    assert [cut.category for cut in from_mask(item, 0) if cut.category == "c1"] == []


def test_that_a_picture_without_transparency_is_no_sprite(tmp_path):
    opaque = np.dstack([noise(40, 40), np.full((40, 40), 255, np.uint8)])
    write(tmp_path / "a.png", opaque)
    frames = FolderFrames(tmp_path, ("a.png",))
    assert from_sprite(Item("p/a", "p/a", "p", Kind.SPRITE, frames)) is None
    write(tmp_path / "a.png", cutout((40, 50), hard=False).image)
    cut = from_sprite(Item("p/a", "p/a", "p", Kind.SPRITE, frames))
    assert cut is not None
    assert cut.sprite


def test_that_a_stock_gives_back_what_was_saved(tmp_path):
    cuts = [cutout(seed=k, key=f"k{k // 2}", category="c") for k in range(5)]
    save(tmp_path / "stock.bin", cuts)
    stock = load(tmp_path / "stock.bin")
    assert [len(entry.poses) for entry in stock.entries] == [2, 2, 1]
    for number, cut in enumerate(cuts):
        back = stock.cutout(number)
        assert np.array_equal(back.image, cut.image)
        assert np.array_equal(back.outline, cut.outline)
        assert (back.key, back.category) == (cut.key, cut.category)
    first = (tmp_path / "stock.bin").read_bytes()
    save(tmp_path / "stock.bin", cuts)
    assert (tmp_path / "stock.bin").read_bytes() == first


@pytest.mark.parametrize(
    "content", [b"", b"not a stock of cut-outs, certainly", b"BTCUT001" + b"\xff" * 20]
)
def test_that_a_damaged_stock_is_refused_in_words(tmp_path, content):
    (tmp_path / "stock.bin").write_bytes(content)
    with pytest.raises(DatasetError, match="stock"):
        load(tmp_path / "stock.bin")


def test_that_unreadable_masks_are_counted_and_passed_over(tmp_path):
    good = masked(tmp_path / "good", blob())
    bad = masked(tmp_path / "bad", blob())
    (tmp_path / "bad" / "mask.png").write_bytes(b"nothing")
    report = Report()
    assert len(cut_all([good, bad], report)) == 1
    assert report.skipped[Fault.UNREADABLE] == 1


def test_that_classes_are_drawn_by_the_root_of_their_size():
    cuts = [cutout(seed=k, key=f"k{k}", category="many" if k < 16 else "few") for k in range(17)]
    pool = in_memory(cuts).pool(sprite=False, posed=False)
    rng = np.random.default_rng(0)
    few = np.mean([pool.draw(rng).category == "few" for _ in range(2000)])
    assert few == pytest.approx(1 / 5, abs=0.03)


def test_that_a_limited_stock_is_the_same_whatever_the_order_of_reading(tmp_path):
    items = []
    for k in range(6):
        item = masked(tmp_path / str(k), blob())
        items.append(replace(item, key=f"s/{k}", group=f"s/{k}"))
    first = [cut.key for cut in cut_all(items, Report(), most=3)]
    again = [cut.key for cut in cut_all(items[::-1], Report(), most=3)]
    assert first == again
    assert len(first) == 3
    assert len(cut_all(items, Report())) == 6
