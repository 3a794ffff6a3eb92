"""A whole run from the command line, on a data set of a few drawn pictures."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.cli import main
from core.errors import ParamError, TrainingError
from core.train import config as configs

SMALL = [
    "network.channels=8",
    "network.template_size=65",
    "network.search_size=129",
    "pairs.exemplar=63",
    "network.base_side=32",
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ten pictures with one box each, in Pascal VOC's layout."""
    root = tmp_path / "VOC2012"
    (root / "Annotations").mkdir(parents=True)
    (root / "JPEGImages").mkdir()
    rng = np.random.default_rng(0)
    for k in range(10):
        coarse = rng.integers(0, 256, (8, 10, 3), np.uint8)
        image = cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC)
        image[40:80, 50:100] = rng.integers(0, 256, (1, 1, 3))
        cv2.imwrite(str(root / "JPEGImages" / f"{k:03d}.jpg"), image)
        (root / "Annotations" / f"{k:03d}.xml").write_text(
            f"<annotation><filename>{k:03d}.jpg</filename><size><width>160</width>"
            "<height>120</height><depth>3</depth></size><object><name>thing</name><bndbox>"
            "<xmin>51</xmin><ymin>41</ymin><xmax>100</xmax><ymax>80</ymax></bndbox></object>"
            "</annotation>"
        )
    return root


def arguments(data: Path, *more: str) -> list[str]:
    texts = ["train", "crpn", "--data", str(data), "--cache", str(data.parent / "cache")]
    for text in (*SMALL, "train.epochs=2", "train.epoch_pairs=4", "train.batch=2"):
        texts += ["--set", text]
    return [*texts, *more]


def test_that_a_run_leaves_weights_a_log_and_a_card(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(arguments(data, "--out", str(out))) == 0
    said = capsys.readouterr().out
    assert "epoch 0/2 step 1/2" in said
    assert str(out / "best.safetensors") in said
    assert (out / "best.safetensors").stat().st_size > 1000
    card = json.loads((out / "card.json").read_text())
    assert (card["key"], card["steps"], card["pairs"]) == ("crpn", 4, 8)
    told = json.loads((out / "config.json").read_text())
    assert told["given"]["network"]["channels"] == 8
    assert (out / "log.csv").read_text().count("\ntrain,") == 3


def test_that_a_run_is_not_overwritten_but_resumed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(arguments(data, "--out", str(out))) == 0
    assert main(arguments(data, "--out", str(out))) == 2
    assert "--resume" in capsys.readouterr().err
    longer = ["--out", str(out), "--resume", "--set", "train.epochs=3"]
    assert main(arguments(data, *longer)) == 0
    said = capsys.readouterr().out
    assert "epoch 2/3" in said
    assert "epoch 1/3" not in said


def test_that_a_smoke_run_says_that_it_works(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(data, "--smoke", "--set", "train.epochs=1")) == 0
    assert "It works." in capsys.readouterr().out


def test_that_an_empty_folder_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["train", "crpn", "--data", str(tmp_path / "empty"), "--out", str(tmp_path)]) == 2
    assert "boxtrail:" in capsys.readouterr().err


def test_that_settings_come_from_a_file_and_from_assignments(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[train]\nepochs = 7\nschedule = "cosine"\n[network]\nchannels = 24\n')
    tables = configs.with_assignments(configs.read(path), ["train.epochs=9", "pairs.fill=edge"])
    config = configs.build("crpn", tables)
    assert (config.train.epochs, config.train.schedule) == (9, "cosine")
    assert config.pairs.fill == "edge"
    assert config.pairs.template_size == 129
    with pytest.raises(ParamError, match="epoch_pairs"):
        configs.build("crpn", {"train": {"epoch_pair": 3}})
    for wrong in ("epochs=3", "train.epochs", "nothing.x=1"):
        with pytest.raises(TrainingError):
            configs.with_assignments({}, [wrong])
    path.write_text("[trian]\n")
    with pytest.raises(TrainingError, match="trian"):
        configs.read(path)
    path.write_text("epochs = = 3")
    with pytest.raises(TrainingError, match="not a configuration"):
        configs.read(path)


def test_that_kept_features_train_the_same_way_twice_and_are_shared(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.train.data.bank.SHARD", 8)
    monkeypatch.setattr("core.train.session.SHARD", 8)
    shared = ["--features", str(tmp_path / "bank"), "--set", "train.bank=8", "--clips", "0"]
    logs = []
    for name in ("a", "b"):
        out = tmp_path / name
        assert main(arguments(data, *shared, "--out", str(out))) == 0
        rows = (out / "log.csv").read_text().splitlines()
        columns = rows[0].split(",")
        drop = {columns.index("pairs_per_second"), columns.index("seconds")}
        logs.append([[v for k, v in enumerate(r.split(",")) if k not in drop] for r in rows])
    assert logs[0] == logs[1]
    assert len(list((tmp_path / "bank").glob("*.npz"))) == 1


def test_that_a_trained_backbone_has_no_features_to_keep(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--set", "train.bank=8", "--set", "train.backbone_rate=0.1"]
    assert main(arguments(data, *told, "--out", str(tmp_path / "run"))) == 2
    assert "backbone" in capsys.readouterr().err
