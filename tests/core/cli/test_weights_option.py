"""``--weights KEY=FILE`` of track and evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from fakes.array_video import moving_patch
from fakes.listed_weights import CONTENT, folder, listed
from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.cli import main
from core.trackers import load_all, registry
from core.trackers.base import Services
from core.trackers.registry import Reference

__all__ = ["folder", "listed"]


class Needy(TemplateMatch):
    """Needs the weights “plain” and remembers what it was given."""

    given: list[dict[str, object]] = []  # noqa: RUF012  (emptied by the fixture)

    def __init__(self, params: TemplateMatchParams, services: Services) -> None:
        super().__init__(params, services)
        self.given.append(dict(services.weights))


@pytest.fixture(autouse=True)
def needy(monkeypatch: pytest.MonkeyPatch) -> None:
    load_all()
    monkeypatch.setattr(registry, "_specs", own := dict(registry._specs))
    monkeypatch.setattr(registry, "trackers", own)
    registry.register(
        key="needy",
        title="Needy",
        summary="Needs weights.",
        params=TemplateMatchParams,
        reference=Reference("Doe", "On Needs", "Tests", 2021),
        maps=registry.find("template-match").maps,
        weights=("plain",),
    )(Needy)
    Needy.given.clear()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root, records = tmp_path / "bench", []
    for name, seed in (("a", 1), ("b", 2)):
        clip = moving_patch(5, seed=seed)
        frames = []
        for k, image in enumerate(clip.images):
            path = root / name / f"{k:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image[:, :, ::-1])
            frames.append(f"{name}/{k:03d}.png")
        boxes = [b.as_tuple() for b in clip.boxes]
        records.append({"dataset": "Set", "name": name, "frames": frames, "boxes": boxes})
    (root / "manifest.json").write_text(json.dumps(records))
    return root


def _track(shots: Path, box: str, tmp_path: Path, *more: str) -> int:
    out = str(tmp_path / "boxes.csv")
    command = ["track", str(shots), "--box", box, "--tracker", "needy", "--out", out]
    return main([*command, "--quiet", *more])


def test_that_tracking_without_weights_ends_before_it_begins(capsys, shots, box, tmp_path, listed):
    listed()
    assert _track(shots, box, tmp_path) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "boxtrail: needy needs weights that are not installed: “Plain weights”."
    assert "--weights plain=FILE" in lines[1]
    assert not (tmp_path / "boxes.csv").exists()


def test_that_a_named_file_reaches_the_tracker(shots, box, tmp_path, listed, mine):
    listed()
    assert _track(shots, box, tmp_path, "--weights", f"plain={mine}") == 0
    assert Needy.given == [{"plain": mine}]


def test_that_installed_weights_will_do(shots, box, tmp_path, listed, folder):
    listed()
    folder.mkdir(parents=True)
    (folder / "plain-1.safetensors").write_bytes(CONTENT)
    assert _track(shots, box, tmp_path) == 0
    assert Needy.given == [{}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "names no weights"),
        ("plain=", "names no weights"),
        ("plain=/no/such/file", "There is no file"),
        ("plane=/no/such/file", "Did you mean “plain”"),
    ],
)
def test_that_a_wrong_option_is_explained(capsys, shots, box, tmp_path, listed, text, said):
    listed()
    assert _track(shots, box, tmp_path, "--weights", text) == 2
    assert said in capsys.readouterr().err


def test_that_evaluation_passes_them_on_and_notes_their_checksum(dataset, tmp_path, listed, mine):
    entry = listed()
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), "--trackers", "needy", "--json", str(out), "--quiet"]
    assert main(command) == 2
    assert main([*command, "--weights", f"plain={mine}"]) == 0
    assert Needy.given == [{"plain": mine}] * 2
    assert json.loads(out.read_text())["settings"]["weights"] == {"plain": entry.sha256}


def test_that_results_of_other_weights_are_not_mixed(capsys, dataset, tmp_path, listed, mine):
    listed()
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), "--trackers", "needy", "--json", str(out), "--quiet"]
    assert main([*command, "--only", "Set/a", "--weights", f"plain={mine}"]) == 0
    mine.write_bytes(CONTENT + b" ")
    assert main([*command, "--resume", "--weights", f"plain={mine}"]) == 2
    assert "other weights files" in capsys.readouterr().err


def test_that_named_files_travel_to_worker_processes(dataset, tmp_path, mine):
    # An entry that worker processes know too; the tracker does not use it.
    out = tmp_path / "r.json"
    command = ["evaluate", str(dataset), "--trackers", "template-match", "--json", str(out)]
    options = ["--weights", f"resnet18={mine}", "--jobs", "2", "--quiet"]
    assert main([*command, *options]) == 0
    value = json.loads(out.read_text())
    assert set(value["trackers"]["template-match"]["sequences"]) == {"Set/a", "Set/b"}
