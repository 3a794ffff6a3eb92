"""Which clips count as slow to jump in."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.video import seeking
from core.video.file import VideoFile
from core.video.source import Access


@pytest.mark.parametrize(
    ("kind", "count", "run_in"),
    [("one key frame mp4", 90, 90), ("cfr mp4", 90, 48), ("mjpeg avi", 90, 1)],
)
def test_that_the_longest_way_to_a_frame_is_known(kind, count, run_in, clip, opened):
    assert opened(clip(kind, count)).info.run_in == run_in


def test_that_a_file_without_trustworthy_index_is_entered_at_its_start(clip, opened, monkeypatch):
    monkeypatch.setattr("core.video.file.seeking_works", lambda reader, table: False)
    source = opened(clip("cfr mp4"))
    assert source.access is Access.SEQUENTIAL
    assert source.info.run_in == 90
    assert "only be read from its start" in seeking.why(source)


def test_that_the_run_in_is_unknown_while_the_clip_is_checked(clip, opened):
    source: VideoFile = opened(clip("one key frame mp4"), check_seconds=0.0)
    if source.access is Access.CHECKING:
        assert not seeking.seeks_badly(source)
    source.wait_ready()
    assert source.info.run_in == 90


@pytest.mark.parametrize(
    ("size", "run_in", "slow"),
    [
        ((1920, 1080), 250, False),  # the usual distance of x264
        ((1920, 1080), 320, True),
        ((3840, 2160), 250, True),
        ((320, 240), 2000, False),
        ((320, 240), 6000, True),
        ((3840, 2160), 12, False),
        ((7680, 4320), 0, False),  # numbered pictures
    ],
)
def test_that_a_jump_of_a_second_is_slow(size, run_in, slow, clip, opened):
    info = replace(opened(clip("cfr mp4")).info, width=size[0], height=size[1], run_in=run_in)
    video = SimpleNamespace(info=info, access=Access.VERIFIED)
    assert seeking.seeks_badly(video) is slow  # type: ignore[arg-type]
    video.access = Access.CHECKING
    assert not seeking.seeks_badly(video)  # type: ignore[arg-type]
