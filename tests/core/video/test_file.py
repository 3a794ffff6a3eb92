"""A video file as a source: iteration, caches, threads, the stored index, the check."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from video_matrix import number_in

from core.errors import FrameUnavailable, VideoError
from core.video import index_store, verify
from core.video.decoder import Decoder
from core.video.source import Access

FRAME_BYTES = 160 * 120 * 3


def numbers(frames) -> list[int]:
    """Frame numbers, after a look at the pictures themselves."""
    seen = []
    for frame in frames:
        assert number_in(frame.image) == frame.index
        seen.append(frame.index)
    return seen


@pytest.mark.parametrize(
    "wanted",
    [
        range(90),
        range(10, 60, 7),
        range(89, -1, -1),
        range(70, 10, -9),
        range(80, 200),
        range(5, 5),
        range(120, 60, -1),
        range(3, -5, -1),
    ],
)
@pytest.mark.parametrize("kind", ["cfr mp4", "open gop mp4", "vfr ts", "h264 avi"])
def test_that_iteration_gives_the_frames_of_the_range(kind, wanted, clip, opened):
    source = opened(clip(kind), cache_bytes=0)
    expected = [k for k in wanted if 0 <= k < 90]
    assert numbers(source.frames(wanted.start, wanted.stop, wanted.step)) == expected


def test_that_backward_pieces_smaller_than_a_group_are_joined(clip, opened, monkeypatch):
    monkeypatch.setattr("core.video.stream._PIECE_BYTES", 7 * FRAME_BYTES)
    source = opened(clip("one key frame mp4"), cache_bytes=0)
    assert numbers(source.frames(80, 20, -1)) == list(range(80, 20, -1))


def test_that_a_step_of_zero_is_refused(clip, opened):
    with pytest.raises(ValueError, match="step"):
        next(iter(opened(clip("cfr mp4")).frames(0, 5, 0)))


def test_that_pictures_are_read_only_and_never_reused(clip, opened):
    source = opened(clip("cfr mp4"), cache_bytes=0)
    first = source.read(3).image
    copy = first.copy()
    assert not first.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0
    for index in range(4, 40):
        source.read(index)
    list(source.frames(0, 40))
    assert np.array_equal(first, copy)


@pytest.mark.parametrize("index", [-1, 90, 10**9])
def test_that_a_frame_outside_the_clip_is_refused(index, clip, opened):
    with pytest.raises(FrameUnavailable, match="no frame"):
        opened(clip("cfr mp4")).read(index)


def test_that_stepping_back_decodes_a_group_once(clip, opened, monkeypatch):
    source = opened(clip("cfr mp4"))
    decoded = 0
    plain_next = Decoder.next

    def counting(self: Decoder):
        nonlocal decoded
        decoded += 1
        return plain_next(self)

    monkeypatch.setattr(Decoder, "next", counting)
    for index in range(89, 47, -1):
        assert number_in(source.read(index).image) == index
    assert decoded <= 90 - 48 + 4  # the group once, not once per step


def test_that_the_cache_stays_within_its_bytes(clip, opened):
    budget = 10 * FRAME_BYTES
    source = opened(clip("cfr mp4"), cache_bytes=budget)
    for index in (5, 80, 40, 41, 12, 89, 0):
        source.read(index)
        assert source.cached_bytes <= budget
    list(source.frames(0, 90))
    assert 0 < source.cached_bytes <= budget


def test_that_cached_ranges_name_the_frames_in_memory(clip, opened):
    source = opened(clip("cfr mp4"))
    assert source.cached_ranges() == []
    source.read(50)  # decoded from the key frame 48
    source.read(2)
    assert source.cached_ranges() == [(0, 3), (48, 51)]


def test_that_a_cached_frame_needs_no_decoder(clip, opened, monkeypatch):
    source = opened(clip("cfr mp4"))
    before = source.read(50).image
    monkeypatch.setattr(Decoder, "next", lambda self: pytest.fail("decoded again"))
    assert source.read(50).image is before
    assert number_in(source.read(49).image) == 49


def test_that_scrubbing_and_tracking_do_not_disturb_each_other(clip, opened):
    source = opened(clip("cfr mp4"), cache_bytes=4 * FRAME_BYTES)
    errors: list[BaseException] = []

    def scrub(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            for index in rng.integers(0, 90, 60):
                assert number_in(source.read(int(index)).image) == index
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=scrub, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    assert numbers(source.frames(0, 90)) == list(range(90))
    assert numbers(source.frames(89, -1, -1)) == list(range(89, -1, -1))
    for thread in threads:
        thread.join()
    assert not errors


def test_that_leaving_a_loop_early_stops_its_thread(clip, opened):
    source = opened(clip("cfr mp4"))
    for frame in source.frames(0, 90):
        if frame.index == 3:
            break
    deadline = time.monotonic() + 5
    while any(t.name == "boxtrail-read-ahead" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_that_a_slow_consumer_holds_the_decoder_back(clip, opened, monkeypatch):
    source = opened(clip("cfr mp4", 300))
    decoded = 0
    plain_next = Decoder.next

    def counting(self: Decoder):
        nonlocal decoded
        decoded += 1
        return plain_next(self)

    monkeypatch.setattr(Decoder, "next", counting)
    frames = source.frames(0, 300)
    next(frames)
    time.sleep(0.4)
    assert decoded < 40
    frames.close()


def test_that_closing_ends_threads_and_refuses_reads(clip, opened):
    source = opened(clip("cfr mp4"))
    frames = source.frames(0, 90)
    next(frames)
    source.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("boxtrail-")]
    with pytest.raises(VideoError, match="closed"):
        source.read(0)
    with pytest.raises(VideoError, match="closed"):
        list(frames)
    with pytest.raises(VideoError, match="closed"):
        list(source.frames(0, 2))
    source.close()


def test_that_the_second_opening_uses_the_stored_index(clip, opened, monkeypatch):
    path = clip("cfr mp4")
    first = opened(path).info
    monkeypatch.setattr(verify.SequentialPass, "run", lambda self: pytest.fail("checked again"))
    again = opened(path)
    assert again.access is Access.VERIFIED
    assert again.info == first
    assert np.array_equal(again.info.times, first.times)
    assert numbers(again.frames(40, 60)) == list(range(40, 60))


@pytest.mark.parametrize("damage", ["text", "cut", "empty", "pickle"])
def test_that_a_corrupt_index_is_rebuilt(damage, clip, opened, tmp_path):
    path = clip("cfr mp4")
    opened(path)
    (stored,) = (tmp_path / "index").glob("*.npz")
    good = stored.read_bytes()
    if damage == "pickle":
        np.savez(stored, times=np.array([object()], dtype=object))
    else:
        stored.write_bytes(
            {"text": b"no index", "cut": good[: len(good) // 2], "empty": b""}[damage]
        )
    source = opened(path)
    assert source.info.frame_count == 90
    assert numbers(source.frames(0, 90, 10)) == list(range(0, 90, 10))
    assert index_store.load_table(tmp_path / "index", source.info.fingerprint, path) is not None


def test_that_an_index_of_a_changed_file_is_not_used(clip, opened, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip("cfr mp4").read_bytes())
    fingerprint = opened(path).info.fingerprint
    stamp = path.stat().st_mtime_ns + 5_000_000_000
    import os

    os.utime(path, ns=(stamp, stamp))
    assert index_store.load_table(tmp_path / "index", fingerprint, path) is None


def test_that_an_unwritable_index_folder_is_no_obstacle(clip, opened, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert opened(clip("cfr mp4"), index_dir=blocked).info.frame_count == 90


def test_that_a_wrong_index_never_gives_a_wrong_picture(clip, opened, tmp_path):
    """The stored table is evidence, not authority: pictures that contradict it are refused."""
    path = clip("cfr mp4")
    source = opened(path)
    table = source._table
    for place in range(30, 60):
        table.signatures[place] ^= 1
    source.close()
    index_store.save_table(tmp_path / "index", source.info.fingerprint, path, table)
    again = opened(path, cache_bytes=0)
    for index in range(0, 90, 7):
        try:
            image = again.read(index).image
        except FrameUnavailable:
            assert 30 <= index < 60
        else:
            assert number_in(image) == index


def test_that_a_copy_under_another_name_has_the_same_fingerprint(clip, opened, tmp_path):
    path = clip("cfr mp4")
    copy = tmp_path / "Ünïcödé – 動画 #1 (50%).mp4"
    copy.write_bytes(path.read_bytes())
    other = opened(clip("cfr mkv"))
    assert opened(path).info.fingerprint == opened(copy).info.fingerprint
    assert other.info.fingerprint != opened(path).info.fingerprint
    assert number_in(opened(copy).read(33).image) == 33


def test_that_a_name_with_a_colon_is_a_file(clip, opened, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = tmp_path / "take:1.mp4"
    try:
        name.write_bytes(clip("cfr mp4").read_bytes())
    except OSError:
        pytest.skip("this system does not allow colons in names")
    assert opened("take:1.mp4").info.frame_count == 90


@pytest.fixture
def held_check(monkeypatch):
    """Holds the sequential pass after 50 pictures until the event is set."""
    gate = threading.Event()
    count = 0
    plain = verify.signature

    def slow(frame) -> int:
        nonlocal count
        count += 1
        if count > 50:
            assert gate.wait(20)
        return plain(frame)

    monkeypatch.setattr(verify, "signature", slow)
    monkeypatch.setattr(verify, "_SAFE_DISTANCE", 4)
    monkeypatch.setattr("core.video.file._READ_WAIT", 0.05)
    yield gate
    gate.set()


def test_that_a_clip_can_be_used_while_it_is_checked(held_check, clip, opened):
    ready = threading.Event()
    source = opened(clip("cfr mp4"), check_seconds=0.3)
    source.on_ready(ready.set)
    assert source.access is Access.CHECKING
    assert source.info.frame_count == 90  # estimated
    assert source.checked < 50
    assert number_in(source.read(20).image) == 20
    assert not source.wait_ready(0.01)
    with pytest.raises(FrameUnavailable, match="not checked yet"):
        source.read(80)
    assert not ready.is_set()
    held_check.set()
    assert source.wait_ready(20)
    assert ready.wait(5)
    assert source.access is Access.VERIFIED
    assert source.checked == source.info.frame_count == 90
    assert number_in(source.read(80).image) == 80


def test_that_an_iterator_waits_for_the_check(held_check, clip, opened):
    source = opened(clip("cfr mp4"), check_seconds=0.3)
    frames = source.frames(0, 200)
    early = [next(frames).index for _ in range(30)]
    held_check.set()
    assert early + [f.index for f in frames] == list(range(90))


@pytest.mark.parametrize("fault", [VideoError("gone", "look"), OSError(5, "I/O error"), None])
def test_that_a_check_that_breaks_off_leaves_what_it_saw(fault, held_check, clip, opened):
    source = opened(clip("cfr mp4"), check_seconds=0.3)
    source._reader.close()

    def broken(_self: object) -> object:
        if fault is None:
            return None  # the file ends early
        raise fault

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decoder, "next", broken)
        held_check.set()
        if fault is None:
            assert source.wait_ready(20)
        else:
            with pytest.raises(VideoError):
                source.wait_ready(20)
    seen = source.checked
    assert 40 < seen < 90
    assert source.info.frame_count == seen
    assert number_in(source.read(seen - 1).image) == seen - 1
    with pytest.raises(VideoError):
        source.read(seen + 5)


def test_that_closing_during_the_check_ends_it(held_check, clip, opened):
    source = opened(clip("cfr mp4"), check_seconds=0.3)
    threading.Timer(0.2, held_check.set).start()
    source.close()
    with pytest.raises(VideoError, match="closed"):
        source.wait_ready(1)


def test_that_opening_can_wait_for_the_whole_check(clip, opened):
    assert opened(clip("cfr mp4"), check_seconds=math.inf).access is Access.VERIFIED


def test_that_progress_ends_at_one(clip, opened):
    seen: list[float] = []
    opened(clip("cfr mp4"), progress=seen.append)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)
    assert len(seen) > 3


def test_that_a_file_replaced_while_open_is_noticed(clip, opened, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip("cfr mp4").read_bytes())
    source = opened(path, cache_bytes=0)
    source.read(0)
    path.unlink()
    path.write_bytes(clip("open gop mp4").read_bytes()[:-10])
    source._reader.close()  # a fresh handle sees the new file
    with pytest.raises(VideoError):
        source.read(70)
