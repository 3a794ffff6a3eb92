"""``boxtrail proxy``, and what ``boxtrail info`` says of clips that need it."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from core.cli import main
from core.video import proxy, seeking
from core.video.open import open_source


@pytest.fixture
def long_group(tmp_path: Path, clip, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test clip as a video with one full picture."""
    monkeypatch.setattr(proxy, "cache_dir", lambda: tmp_path / "cache")
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "999", "crf": "10"})
        height, width = clip.images[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for image in clip.images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.array(image), "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_that_the_copy_goes_beside_the_clip_and_has_its_frames(long_group, clip, capsys):
    assert main(["proxy", str(long_group)]) == 0
    target = long_group.with_name("clip-steps-fast.mp4")
    out = capsys.readouterr().out
    assert out.startswith(f"{target}: 15 frames, ")
    video = open_source(target)
    try:
        assert video.info.frame_count == 15
        for k in (0, 7, 14):
            errors = [
                np.abs(video.read(k).image.astype(int) - image).mean() for image in clip.images
            ]
            assert int(np.argmin(errors)) == k
    finally:
        video.close()


def test_that_a_file_that_exists_is_replaced_only_when_told(long_group, tmp_path, capsys):
    target = tmp_path / "copy.mp4"
    target.write_bytes(b"older")
    assert main(["proxy", str(long_group), "-o", str(target)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert target.read_bytes() == b"older"
    assert main(["proxy", str(long_group), "-o", str(target), "--overwrite"]) == 0
    assert target.stat().st_size > 1000


def test_that_wrong_names_are_answered_with_a_way_out(long_group, tmp_path, capsys):
    assert main(["proxy", str(long_group), "-o", str(tmp_path / "copy.avi")]) == 2
    assert "copy.mp4" in capsys.readouterr().err
    assert main(["proxy", str(tmp_path / "none.mp4")]) == 2
    assert "Check the path" in capsys.readouterr().err


def test_that_info_names_the_command_for_a_clip_that_seeks_badly(long_group, capsys, monkeypatch):
    assert main(["info", str(long_group), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["longest run-in"] == 15
    assert facts["seeks badly"] is False
    assert not any("proxy" in note for note in facts["notes"])
    monkeypatch.setattr(seeking, "LIMIT_SECONDS", 0.0005)
    assert main(["info", str(long_group), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["seeks badly"] is True
    assert facts["notes"][-1] == (
        "Stepping back is slow in this file: up to 15 frames lie between full pictures. "
        "“boxtrail proxy clip.mkv” makes a copy that steps fast."
    )
