"""``boxtrail track --until-unsure`` stops where the target is gone and writes what is certain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import template_match  # noqa: F401  (registers the test tracker)
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip

from core.cli import main
from core.document import project_file

CLIP = moving_patch(50, velocity=(1, 1))
GONE = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [np.array(image) for image in CLIP.images]
    blank = np.random.default_rng(0).integers(0, 40, images[0].shape, np.uint8)
    images[GONE:] = [blank] * (len(images) - GONE)
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", images)


def _frames(clip: Path, out: Path, *options: str) -> list[int]:
    box = ",".join(str(v) for v in CLIP.boxes[0].as_tuple())
    plain = ["track", str(clip), "--box", box, "--tracker", "template-match", "--out", str(out)]
    assert main([*plain, *options]) == 0
    return project_file.load(out).tracks[0].columns.frames.tolist()


def test_that_the_doubtful_end_is_left_out_or_kept(clip: Path, tmp_path: Path, capsys) -> None:
    cut = _frames(clip, tmp_path / "cut.boxtrail", "--until-unsure")
    assert GONE - 1 <= cut[-1] <= GONE + 6
    assert f"unsure from frame {cut[-1] + 1} on" in capsys.readouterr().out
    kept = _frames(clip, tmp_path / "kept.boxtrail", "--until-unsure", "--keep-tail")
    assert cut[-1] < kept[-1] < 49


def test_that_without_it_the_clip_is_tracked_to_its_end(clip: Path, tmp_path: Path) -> None:
    assert _frames(clip, tmp_path / "all.boxtrail")[-1] == 49
    document = project_file.load(tmp_path / "all.boxtrail")
    assert document.tracks[0].columns.alarms[GONE + 10] != 0
    assert document.tracks[0].columns.alarms[: GONE - 1].sum() == 0


def test_that_its_options_need_it(clip: Path, tmp_path: Path, capsys) -> None:
    code = main(
        ["track", str(clip), "--box", "1,1,9,9", "--out", str(tmp_path / "a.csv"), "--keep-tail"]
    )
    assert code == 2
    assert "--until-unsure" in capsys.readouterr().err
