"""The training loop: exact resumption, early choice, refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from core import params as parameters
from core.errors import TrainingError
from core.train.loop import Hooks, Report, Run
from core.train.recipe import Exported
from core.train.settings import TrainSettings

SETTINGS = TrainSettings(
    epochs=3, epoch_pairs=80, batch=8, rate=0.05, warmup=3, backbone_rate=0.5, backbone_from=1
)


def losses(run: Run) -> list[str]:
    return [row["fit"] for row in run.log.rows if row["kind"] == "train"]


def stop_after(count: int) -> Hooks:
    seen = iter(range(10**6))
    return Hooks(stop=lambda: next(seen) + 1 >= count)


def test_that_training_lowers_the_loss(recipe: Any, material: Any, tmp_path: Path) -> None:
    run = Run(recipe, material(), SETTINGS, tmp_path)
    run.train()
    found = [float(loss) for loss in losses(run)]
    assert len(found) == 12  # ten steps of the first epoch, then the ends of the others
    assert found[-1] < found[0] * 0.6


def test_that_the_same_seed_gives_the_same_losses(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    runs = [Run(recipe, material(), SETTINGS, tmp_path / name) for name in "ab"]
    torch.manual_seed(99)  # what happened before in the process does not matter …
    first, second = (losses(run) for run in runs if [torch.manual_seed(0), run.train()])
    assert first == second
    other = Run(recipe, material(), parameters.with_values(SETTINGS, {"seed": 1}), tmp_path / "c")
    other.train()
    assert losses(other) != first


@pytest.mark.parametrize("stopped_after", [1, 4, 10, 17])
def test_that_a_resumed_run_equals_an_uninterrupted_one(
    recipe: Any, material: Any, tmp_path: Path, stopped_after: int
) -> None:
    whole = Run(recipe, material(), SETTINGS, tmp_path / "whole")
    whole.train()
    Run(recipe, material(), SETTINGS, tmp_path / "cut").train(stop_after(stopped_after))
    torch.manual_seed(12345)
    source = material()
    resumed = Run(recipe, source, SETTINGS, tmp_path / "cut")
    resumed.resume()
    resumed.train()
    assert source.asked[0] == divmod(stopped_after, 10)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name])
        assert torch.equal(whole.average.tensors[name], resumed.average.tensors[name])
    assert load_file(whole.best_file)["head.bias"].equal(load_file(resumed.best_file)["head.bias"])


def test_that_a_killed_run_goes_on_from_its_checkpoint(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    script = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path; import os, signal\n"
        "from conftest import ToyRecipe, ToyMaterial\n"
        "from test_loop import SETTINGS, Run, Hooks\n"
        "from core import params\n"
        "settings = params.with_values(SETTINGS, {'save_every': 0})\n"
        "def tell(r):\n"
        "    if r.progress.epoch == 0 and r.progress.step == 7:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "Run(ToyRecipe(), ToyMaterial(), settings, Path(sys.argv[1])).train(Hooks(report=tell))\n"
    )
    here = Path(__file__).parent
    folders = [str(here), str(here.parents[2])]
    command = [sys.executable, "-c", script, str(tmp_path / "cut"), *folders]
    done = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == -signal.SIGKILL
    settings = parameters.with_values(SETTINGS, {"save_every": 0})
    resumed = Run(recipe, material(), settings, tmp_path / "cut")
    resumed.resume()
    assert resumed.progress.step == 6
    resumed.train()
    whole = Run(recipe, material(), settings, tmp_path / "whole")
    whole.train()
    assert losses(resumed) == losses(whole)


def test_that_the_best_validation_is_kept_with_its_mean_weights(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    scores, seen = iter([0.2, 0.7, 0.4]), []

    def validate(exported: Exported) -> dict[str, float]:
        seen.append({name: tensor.clone() for name, tensor in exported.tensors.items()})
        return {"score": next(scores), "extra": 1.0}

    run = Run(recipe, material(), SETTINGS, tmp_path, validate=validate)
    reports: list[Report] = []
    end = run.train(Hooks(report=reports.append))
    assert (end.best, end.best_epoch, end.worse) == (0.7, 1, 1)
    assert load_file(run.best_file)["head.weight"].equal(seen[1]["head.weight"])
    with safe_open(run.best_file, "pt") as file:
        assert file.metadata() == {"kind": "toy"}
    assert not seen[2]["head.weight"].equal(run.network.state_dict()["head.weight"])
    told = [r.validation["score"] for r in reports if r.validation]
    assert told == [0.2, 0.7, 0.4]
    rows = [row for row in run.log.rows if row["kind"] == "validation"]
    assert [row["score"] for row in rows] == ["0.2", "0.7", "0.4"]


def test_that_training_ends_when_nothing_gets_better(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    settings = parameters.with_values(SETTINGS, {"epochs": 50, "patience": 2})
    run = Run(recipe, material(), settings, tmp_path, validate=lambda _: {"score": 0.5})
    assert run.train().epoch == 3


def test_that_the_backbone_waits_for_its_epoch(recipe: Any, material: Any, tmp_path: Path) -> None:
    run = Run(recipe, material(), SETTINGS, tmp_path)
    before = {k: v.clone() for k, v in run.network.state_dict().items()}
    run.train(stop_after(10))
    assert run.network.state_dict()["backbone.weight"].equal(before["backbone.weight"])
    assert not run.network.state_dict()["head.weight"].equal(before["head.weight"])
    run.train(stop_after(5))
    assert not run.network.state_dict()["backbone.weight"].equal(before["backbone.weight"])


def test_that_a_loss_that_is_no_number_stops_the_run(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    run = Run(recipe, material(spoiled=5), SETTINGS, tmp_path)
    with pytest.raises(TrainingError, match="not a number"):
        run.train()


def test_that_other_settings_are_refused_on_resume(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    Run(recipe, material(), SETTINGS, tmp_path).train(stop_after(2))
    longer = parameters.with_values(SETTINGS, {"epochs": 5})
    Run(recipe, material(), longer, tmp_path).resume()
    other = parameters.with_values(SETTINGS, {"batch": 4})
    with pytest.raises(TrainingError, match="batch 8 → 4"):
        Run(recipe, material(), other, tmp_path).resume()


class _Hostile:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


def test_that_a_hostile_checkpoint_is_refused_and_not_run(
    recipe: Any, material: Any, tmp_path: Path
) -> None:
    run = Run(recipe, material(), SETTINGS, tmp_path)
    torch.save({"version": 1, "progress": _Hostile(tmp_path / "owned")}, run.last_file)
    with pytest.raises(TrainingError, match="cannot be read"):
        run.resume()
    assert not (tmp_path / "owned").exists()
    run.last_file.write_bytes(run.last_file.read_bytes()[:100])
    with pytest.raises(TrainingError, match="cannot be read"):
        run.resume()
    torch.save({"version": 1}, run.last_file)
    with pytest.raises(TrainingError, match="incomplete"):
        run.resume()
    run.last_file.unlink()
    with pytest.raises(TrainingError, match="no checkpoint"):
        run.resume()
