"""The small parts: byte cache, frame table, read-ahead."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.video.cache import ByteCache, as_ranges
from core.video.read_ahead import ReadAhead
from core.video.table import FrameTable


def filled(signatures: list[int], times: list[int] | None = None) -> FrameTable:
    table = FrameTable()
    for k, signature in enumerate(signatures):
        time = k * 10 if times is None else times[k]
        table.append(time, signature, seek_time=time if k % 5 == 0 else None)
    table.finish()
    return table


def test_that_the_cache_drops_the_least_recently_used():
    cache: ByteCache[str] = ByteCache(30)
    for k in range(3):
        cache.put(k, str(k), 10)
    assert cache.get(0) == "0"
    cache.put(3, "3", 10)
    assert cache.indices() == [0, 2, 3]
    assert cache.used == 30


def test_that_an_item_larger_than_the_cache_is_not_kept():
    cache: ByteCache[str] = ByteCache(30)
    cache.put(1, "small", 10)
    cache.put(2, "large", 31)
    assert cache.indices() == [1]
    cache.put(1, "grown too large", 31)
    assert cache.indices() == []
    assert cache.used == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40)), max_size=60))
def test_that_the_cache_never_exceeds_its_limit(puts):
    cache: ByteCache[int] = ByteCache(100)
    sizes: dict[int, int] = {}
    for index, size in puts:
        cache.put(index, index, size)
        sizes[index] = size
        assert cache.used <= 100
        assert cache.used == sum(sizes[k] for k in cache.indices())


@given(st.sets(st.integers(0, 60)))
def test_that_ranges_cover_exactly_the_indices(indices):
    ranges = as_ranges(sorted(indices))
    assert {k for start, stop in ranges for k in range(start, stop)} == indices
    assert all(a[1] < b[0] for a, b in itertools.pairwise(ranges))


def test_that_a_unique_picture_is_recognised_without_its_time():
    assert filled([7, 8, 9]).identify(None, 8) == 1
    assert filled([7, 8, 9]).identify(10, 99) is None


def test_that_equal_pictures_are_told_apart_by_time_or_not_at_all():
    table = filled([7, 7, 9])
    assert table.identify(10, 7) == 1
    assert table.identify(None, 7) is None
    assert table.identify(15, 7) is None
    assert filled([7, 7, 9], times=[10, 0, 20]).identify(10, 7) is None  # disordered


def test_that_damaged_frames_are_never_recognised():
    table = FrameTable()
    table.append(0, 5, seek_time=0)
    table.append_damaged(10)
    assert table.checked == 2
    assert not table.is_frame(1, 0)
    assert table.identify(10, 0) is None


def test_that_groups_start_at_key_frames():
    table = filled(list(range(12)))
    assert [table.group_start(k) for k in (0, 4, 5, 9, 11)] == [0, 0, 5, 5, 10]


def test_that_times_start_at_zero_and_keep_unevenness():
    seconds = filled([1, 2, 3], times=[100, 150, 260]).seconds(0.001, 30)
    assert seconds.tolist() == pytest.approx([0, 0.05, 0.16])


def test_that_coding_order_times_are_sorted():
    seconds = filled([1, 2, 3, 4], times=[0, 300, 100, 200]).seconds(0.001, 0)
    assert seconds.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("times", [[5, 5, 5, 5], [None, 1, 2, 3]])
def test_that_useless_times_fall_back_to_the_rate(times):
    assert filled([1, 2, 3, 4], times=times).seconds(0.001, 10).tolist() == pytest.approx(
        [0, 0.1, 0.2, 0.3]
    )


def test_that_a_clock_that_jumps_back_falls_back_to_the_rate():
    times = [*range(1000, 1100), *range(100)]
    seconds = filled(list(range(200)), times=times).seconds(0.001, 10)
    assert np.diff(seconds) == pytest.approx(0.1)


def test_that_an_error_in_the_thread_reaches_the_consumer():
    def produce() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    ahead = ReadAhead(produce, 2, threading.Event())
    got = []
    with pytest.raises(KeyError):
        got.extend(ahead)
    assert got == [1]
    ahead.join()


def test_that_read_ahead_is_bounded_and_closes_its_source():
    made, closed = [], threading.Event()

    def produce() -> Iterator[int]:
        try:
            for k in range(1000):
                made.append(k)
                yield k
        finally:
            closed.set()

    ahead = ReadAhead(produce, 3, threading.Event())
    assert next(iter(ahead)) == 0
    time.sleep(0.3)
    assert len(made) <= 6
    ahead.join()
    assert closed.is_set()
