"""The packed cache, and material opened through it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.training_material import noise, video, write

from core.errors import DatasetError
from core.train.data import cache
from core.train.data.cache import CacheParams
from core.train.data.frames import FolderFrames, read_picture, read_rgba
from core.train.data.items import Item, Kind, Track
from core.train.data.material import default_place, prepare, read_directly
from core.train.data.readers import read_one
from core.train.data.report import Fault, Report
from core.train.data.validation import validation_clips


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_that_a_cache_gives_back_items_boxes_masks_and_pictures(pack, tmp_path):
    items = read_one(pack, Report())
    back = {item.key: item for item in cache.build(items, tmp_path / "cache")}
    for item in items:
        twin = back[item.key]
        assert (twin.group, twin.source, twin.kind) == (item.group, item.source, item.kind)
        assert [t.category for t in twin.tracks] == [t.category for t in item.tracks]
        reader = read_rgba if item.kind is Kind.SPRITE else read_picture
        assert np.array_equal(reader(twin.frames, 0), reader(item.frames, 0))
    clip, twin = items[0], back[items[0].key]
    kept = clip.tracks[0].present()
    assert len(twin) == len(kept)  # frames without an object are not kept
    assert np.array_equal(twin.tracks[0].boxes, clip.tracks[0].boxes[kept])
    assert twin.masks is not None
    assert clip.masks is not None
    assert np.array_equal(twin.masks.indexed(2), clip.masks.indexed(int(kept[2])))


def test_that_large_pictures_are_reduced_with_their_boxes(tmp_path):
    image = np.zeros((900, 1200, 3), np.uint8)
    image[300:600, 400:800] = 255
    write(tmp_path / "big.png", image)
    track = Track("a", np.array([[400.0, 300, 400, 300]]))
    frames = FolderFrames(tmp_path, ("big.png",))
    item = Item("s/big", "s/big", "s", Kind.STILL, frames, (track,))
    (small,) = cache.build([item], tmp_path / "cache", CacheParams(largest=300, detail=32))
    picture = read_picture(small.frames, 0)
    assert picture.shape == (225, 300, 3)
    assert small.tracks[0].boxes.tolist() == [[100, 75, 100, 75]]
    assert picture[76:149, 101:199].mean() > 240
    assert picture[:70].mean() < 5


def test_that_small_objects_keep_their_pixels(tmp_path):
    write(tmp_path / "big.png", noise(900, 1200))
    track = Track("a", np.array([[400.0, 300, 40, 40]]))
    frames = FolderFrames(tmp_path, ("big.png",))
    item = Item("s/big", "s/big", "s", Kind.STILL, frames, (track,))
    (kept,) = cache.build([item], tmp_path / "cache", CacheParams(largest=300, detail=127))
    assert read_picture(kept.frames, 0).shape == (900, 1200, 3)


def test_that_long_videos_are_thinned_evenly(tmp_path):
    item = video(tmp_path, "long", count=41, size=(90, 160))
    (kept,) = cache.build([item], tmp_path / "cache", CacheParams(frames=5))
    assert kept.tracks[0].boxes[:, 0].tolist() == [20, 40, 60, 80, 100]


def test_that_an_interrupted_build_goes_on_and_ends_the_same(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_ITEMS", 2)
    items = read_one(pack, Report())
    cache.build(items, tmp_path / "whole")

    def stop(done: int, total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.build(items, tmp_path / "cut", progress=stop)
    assert not cache.complete(tmp_path / "cut")
    first = next((tmp_path / "cut").glob("shard-00000*"))
    stamp = first.stat().st_mtime_ns
    cache.build(items, tmp_path / "cut")
    assert first.stat().st_mtime_ns == stamp  # what was there is not done again
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_that_damage_is_noticed_and_repaired(pack, tmp_path):
    items = read_one(pack, Report())
    place = tmp_path / "cache"
    cache.build(items, place)
    good = files(place)
    (shard,) = place.glob("shard-*")
    content = bytearray(shard.read_bytes())
    content[-10] ^= 255
    shard.write_bytes(content)
    cache.build(items, place)
    assert files(place) == good
    shard.write_bytes(good[shard.name][:-20])
    with pytest.raises(DatasetError, match="damaged"):
        cache.load(place)


def test_that_other_settings_or_items_make_another_cache(pack, tmp_path):
    items = read_one(pack, Report())
    place = tmp_path / "cache"
    cache.build(items, place)
    assert cache.complete(place, CacheParams())
    assert not cache.complete(place, CacheParams(quality=80))
    before = set(files(place))
    cache.build([*items[:2], replace(items[2], group="other")], place)
    after = set(files(place))
    assert before - after  # stale shards are swept
    assert len(cache.load(place)) == 3


def test_that_a_cache_of_another_version_is_refused(pack, tmp_path):
    place = tmp_path / "cache"
    cache.build(read_one(pack, Report()), place)
    index = json.loads((place / cache.INDEX).read_text())
    (place / cache.INDEX).write_text(json.dumps({**index, "version": 99}))
    assert not cache.complete(place)
    with pytest.raises(DatasetError, match="another version"):
        cache.load(place)
    with pytest.raises(DatasetError, match="no finished cache"):
        cache.load(tmp_path / "nothing")


def test_that_unreadable_pictures_are_counted_and_left_out(pack, tmp_path):
    items = read_one(pack, Report())
    Path(items[0].frames.name(4)).write_bytes(b"")
    report = Report()
    back = cache.build(items, tmp_path / "cache", report=report)
    assert report.skipped[Fault.UNREADABLE] == 1
    assert len(back[0]) == 4


def test_that_prepared_material_is_the_same_the_second_time(pack, tmp_path):
    steps: list[str] = []
    first = prepare(
        [pack],
        Report(),
        place=tmp_path / "c",
        progress=lambda step, done, total: steps.append(step),
    )
    report = Report()
    second = prepare([pack], report, place=tmp_path / "c", progress=lambda *_: pytest.fail("again"))
    assert {"Cutting out", "Packing"} == set(steps)
    assert report.used["stills of s"] == 4
    assert [item.key for item in first.items] == [item.key for item in second.items]
    assert len(first.library) == len(second.library) > 3
    direct = read_directly([pack], Report())
    assert [entry.key for entry in direct.library.entries] == [
        entry.key for entry in first.library.entries
    ]
    a, b = (m.sampler(seed=1).pair(0, 7) for m in (first, second))
    assert np.array_equal(a.search, b.search)


def test_that_what_was_skipped_is_said_again_when_the_cache_is_opened(pack, tmp_path):
    (pack / "images/s/1.jpg").unlink()
    (pack / "images/s/2.jpg").write_bytes(b"")
    first, second = Report(), Report()
    prepare([pack], first, place=tmp_path / "c")
    prepare([pack], second, place=tmp_path / "c")
    assert first.skipped[Fault.MISSING] == 1
    assert first.skipped[Fault.UNREADABLE] >= 1
    assert second.skipped == first.skipped
    assert second.examples == first.examples


def test_that_a_cache_lies_elsewhere_once_the_list_changes(pack, monkeypatch, tmp_path):
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path))
    before = default_place([pack])
    assert before.is_relative_to(tmp_path)
    assert default_place([pack]) == before
    (pack / "manifest.jsonl").write_text("{}")
    assert default_place([pack]) != before


def test_that_held_out_material_shares_nothing_with_training(pack):
    training, kept = read_directly([pack], Report()).divided(0.5)
    assert not {i.group for i in training.items} & {i.group for i in kept.items}
    assert not {e.group for e in training.library.entries} & {e.group for e in kept.library.entries}
    assert len(training.library) > 0
    assert len(kept.library) > 0


def test_that_validation_clips_start_on_the_target_and_repeat(pack):
    material = read_directly([pack], Report())
    clips = validation_clips(material, composites=2, length=8)
    assert [clip.name.split("/")[0] for clip in clips] == ["a", "composites", "composites"]
    for clip in clips:
        assert np.isfinite(clip.boxes[0]).all()
        assert len(list(clip.images())) == len(clip)
    real = clips[0]
    assert np.isnan(real.boxes[2]).all()
    again = validation_clips(material, composites=2, length=8)
    assert np.array_equal(clips[1].image(3), again[1].image(3))
    assert np.array_equal(clips[1].boxes, again[1].boxes, equal_nan=True)
