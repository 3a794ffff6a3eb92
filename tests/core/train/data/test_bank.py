"""Banks of features: what is kept is what a backbone says, and what is dealt fits together."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import TrainingError
from core.nets import backbones
from core.train.data import bank as banks
from core.train.data.bank import Bank, BankMaterial, BankSpec
from core.train.data.composite.params import CompositeParams
from core.train.data.material import prepare
from core.train.data.params import PairParams
from core.train.data.report import Report
from core.train.settings import TrainSettings

PAIRS = PairParams(
    template_size=33, search_size=65, exemplar=31.0, negative=0.4, composites=0.0, content=0.0
)
LEVELS = ("block10", "block4")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banks, "SHARD", 6)


@pytest.fixture
def spec(pack: Path, tmp_path: Path) -> BankSpec:
    return BankSpec(
        (str(pack),), str(tmp_path / "cache"), PAIRS, CompositeParams(), 4,
        "efficientnet-lite0", {"depth": 11, "dense": True}, LEVELS,
    )  # fmt: skip


def test_that_a_bank_holds_the_backbones_features_of_the_drawn_pairs(
    spec: BankSpec, tmp_path: Path
) -> None:
    bank = banks.build(spec, tmp_path / "bank", 2)
    assert len(bank) == 12
    material, _ = prepare([Path(spec.data[0])], Report(), place=tmp_path / "cache").divided()
    # The second shard is the mirrored one.
    pairs = dataclasses.replace(PAIRS, negative=0.0, flip=1.0, gray=0.0)
    pair = material.sampler(pairs, spec.composites, seed=4).pair(0, 8)
    assert np.array_equal(bank.search_box[8], pair.search_box)
    assert bank.target[8] == pair.target != ""
    body = backbones.build("efficientnet-lite0", depth=11, dense=True)
    picture = torch.from_numpy(np.moveaxis(pair.search, -1, 0).copy())[None].float()
    wanted = body(picture, LEVELS)
    for level in LEVELS:
        found = torch.from_numpy(bank.read("search", level, [8])).float()
        torch.testing.assert_close(found, wanted[level], rtol=2e-3, atol=2e-3)


def test_that_what_is_dealt_fits_together(spec: BankSpec, tmp_path: Path) -> None:
    bank = banks.build(spec, tmp_path / "bank", 8)
    material = BankMaterial(bank, PAIRS, TrainSettings(batch=6, epoch_pairs=24, seed=1))
    kinds = [banks.kind_of_shard(i // 6, PAIRS) for i in range(len(bank))]
    assert len(set(kinds)) == 3  # plain, mirrored, and mirrored in gray
    dealt = [material._dealt(epoch, k) for epoch in range(4) for k in range(24)]
    # 96 pairs from a bank of 48: every search crop twice, once before any comes again.
    for lap in (dealt[:48], dealt[48:]):
        assert sorted(search for _, search, _ in lap) == list(range(48))
    negatives = 0
    for template, search, negative in dealt:
        assert kinds[template] == kinds[search]
        if negative:
            assert bank.group[template] != bank.group[search]
            negatives += 1
        else:
            assert bank.target[template] == bank.target[search]
    assert 20 < negatives < 60
    assert any(t != s and not negative for t, s, negative in dealt)  # another crop of the object


def test_that_batches_are_the_same_each_time_and_from_anywhere(
    spec: BankSpec, tmp_path: Path
) -> None:
    bank = banks.build(spec, tmp_path / "bank", 2)
    material = BankMaterial(bank, PAIRS, TrainSettings(batch=2, epoch_pairs=8))
    whole = list(material.batches(3, 0, 4))
    again = list(BankMaterial(bank, PAIRS, TrainSettings(batch=2, epoch_pairs=8)).batches(3, 2, 4))
    assert len(whole) == 4
    for a, b in zip(whole[2:], again, strict=True):
        assert all(torch.equal(a[name], b[name]) for name in a)
    assert whole[0]["search.block4"].shape == (2, 40, 9, 9)
    assert whole[0]["template.block10"].shape == (2, 112, 5, 5)


def test_that_only_missing_shards_are_made(spec: BankSpec, tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    banks.build(spec, folder, 2)
    first = folder / "00000.npz"
    before = first.stat().st_mtime_ns
    (folder / "00001.npz").unlink()  # as if killed while it was made
    counts: list[tuple[int, int]] = []
    bank = banks.build(spec, folder, 3, progress=lambda done, total: counts.append((done, total)))
    assert counts == [(1, 3), (2, 3), (3, 3)]
    assert first.stat().st_mtime_ns == before
    assert len(bank) == 18


def test_that_a_bank_of_other_pairs_or_levels_is_refused(spec: BankSpec, tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    banks.build(spec, folder, 1)
    for changed in (
        dataclasses.replace(spec, seed=5),
        dataclasses.replace(spec, pairs=dataclasses.replace(PAIRS, search_shift=9.0)),
        dataclasses.replace(spec, levels=("block7",)),
    ):
        with pytest.raises(TrainingError, match="other pairs"):
            banks.build(changed, folder, 1)
    fewer = dataclasses.replace(
        spec, levels=("block4",), pairs=dataclasses.replace(PAIRS, negative=0.0)
    )
    assert banks.build(fewer, folder, 1).levels == ("block4",)


def test_that_damaged_or_pickled_features_are_refused_in_words(
    spec: BankSpec, tmp_path: Path
) -> None:
    folder = tmp_path / "bank"
    banks.build(spec, folder, 1)
    file = folder / "00000.search.block4.npy"
    np.save(file, np.array([{"a": 1}], dtype=object))
    with pytest.raises(TrainingError, match="cannot be read"):
        Bank(folder, LEVELS, [0]).read("search", "block4", [0])
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(TrainingError, match="cannot be read"):
        Bank(folder, LEVELS, [0]).read("search", "block4", [0])


def test_that_only_the_parts_asked_for_are_dealt(spec: BankSpec, tmp_path: Path) -> None:
    bank = banks.build(spec, tmp_path / "bank", 4)
    settings = TrainSettings(batch=6, epoch_pairs=24, seed=1, bank_parts="stills")
    dealt = [BankMaterial(bank, PAIRS, settings)._dealt(0, k) for k in range(24)]
    used = {index for template, search, _ in dealt for index in (template, search)}
    assert {bank.origin[index] for index in used} == {"stills"}
    assert set(bank.origin) > {"stills"}
    with pytest.raises(TrainingError, match="bank_parts"):
        BankMaterial(bank, PAIRS, dataclasses.replace(settings, bank_parts="films"))
