"""``boxtrail track --check`` and ``--second``: doubts of a second tracker are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.alarms.kinds import Alarm
from core.alarms.thresholds import Checkers
from core.cli import main
from core.document import project_file
from core.engine.check import SPREAD
from core.geometry import Box, iou
from core.trackers import registry
from core.trackers.base import TrackResult

CLIP = moving_patch(40, velocity=(2, 1))


class Still(TemplateMatch):
    """Says that the target never moves."""

    def update(self, image: np.ndarray) -> TrackResult:
        found = super().update(image)
        return TrackResult(CLIP.boxes[0], found.score, found.state)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = registry.find("template-match")
    if "still" not in registry.trackers:
        registry.register(
            key="still", title="Still", summary="For tests.", params=TemplateMatchParams,
            reference=spec.reference, maps=spec.maps,
        )(Still)  # fmt: skip
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


def _run(clip: Path, out: Path, *options: str) -> np.ndarray:
    box = ",".join(f"{v:g}" for v in CLIP.boxes[0].as_tuple())
    command = ["track", str(clip), "--box", box, "--tracker", "template-match", "--out", str(out)]
    assert main([*command, *options]) == 0
    columns = project_file.load(out).tracks[0].columns
    return columns.frames[(columns.alarms & int(Alarm.SECOND)) != 0]


def test_that_a_check_doubts_what_another_tracker_does_not_say(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doubted = _run(clip, tmp_path / "a.boxtrail", "--check", "still")
    boxes = project_file.load(tmp_path / "a.boxtrail").tracks[0].columns
    apart = [f for f in boxes.frames if iou(Box(*boxes.boxes[f]), CLIP.boxes[0]) < Checkers().below]
    assert 1 < apart[0] < 10
    assert list(doubted) == list(range(max(apart[0] - SPREAD, 1), 40))
    assert "39 boxes checked with still" in capsys.readouterr().out
    assert not len(_run(clip, tmp_path / "b.boxtrail", "--check", "template-match"))
    assert not len(_run(clip, tmp_path / "c.boxtrail"))
    both = _run(clip, tmp_path / "d.boxtrail", "--check", "still,template-match")
    assert "checked with still and template-match" in capsys.readouterr().out
    assert len(both) < len(doubted), "of two the mean counts: one of them agrees"


def test_that_a_second_tracker_beside_the_run_stops_it(clip: Path, tmp_path: Path) -> None:
    _run(clip, tmp_path / "a.boxtrail", "--second", "still", "--until-unsure")
    last = project_file.load(tmp_path / "a.boxtrail").tracks[0].columns.frames[-1]
    assert 1 < last < 12


def test_that_an_unknown_second_tracker_is_told(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = ",".join(f"{v:g}" for v in CLIP.boxes[0].as_tuple())
    command = ["track", str(clip), "--box", box, "--out", str(tmp_path / "a.csv")]
    assert main([*command, "--check", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
