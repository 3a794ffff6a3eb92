"""A whole training run: material in, checkpoints, log, best weights and a card out."""

from __future__ import annotations

import functools
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core import params as parameters
from core.errors import TrainingError
from core.geometry import Box
from core.storage import atomic_write
from core.trackers import load_all
from core.train.config import Config
from core.train.data import bank as bank_of_features
from core.train.data.bank import SHARD, BankMaterial, BankSpec
from core.train.data.material import Material, prepare
from core.train.data.report import Report
from core.train.data.validation import ValidationClip, validation_clips
from core.train.loop import Hooks, Run
from core.train.material import PairMaterial
from core.train.recipe import Material as Source
from core.train.start import start_from
from core.train.validation import Clip, Validator
from core.version import VERSION


@dataclass(frozen=True, slots=True)
class Options:
    """Where a run reads and writes, and what it may use.

    `clips` is the number of validation clips, of at most `clip_length` frames; `keeps`
    is False when `folder` goes away after the run. `features` is the folder of the bank of
    features, by default one in `folder`; several runs can share it. `start` is a
    weights file to begin with.
    """

    data: Sequence[Path]
    folder: Path
    device: torch.device
    workers: int = 0
    cache: Path | None = None
    clips: int = 24
    clip_length: int = 60
    resume: bool = False
    keeps: bool = True
    features: Path | None = None
    start: Path | None = None


def train(
    config: Config,
    options: Options,
    hooks: Hooks,
    *,
    prepared: Callable[[str, int, int], None] = lambda step, done, total: None,
    told: Callable[[Report], None] = lambda report: None,
) -> Run:
    """Train `config` in `options.folder`, to the end or until told to stop.

    Parameters
    ----------
    prepared
        Progress of reading and packing the material.
    told
        Gets the count of what was found in the data, and of what was skipped.

    Raises
    ------
    TrainingError, DatasetError, WeightsError, StorageError
        In words; what was trained so far is in the folder.
    """
    _require_new_or_resumed(options)
    load_all()
    report = Report()
    material = prepare(options.data, report, place=options.cache, progress=prepared)
    training, kept = material.divided()
    told(report)
    if config.train.bank:
        source: Source = _banked(config, options, prepared)
    else:
        sampler = training.sampler(config.pairs, config.composites, seed=config.train.seed)
        source = PairMaterial(sampler, config.train, workers=options.workers)
    run = Run(
        config.recipe,
        source,
        config.train,
        options.folder,
        device=options.device,
        validate=_validator(config, kept, options),
        start=functools.partial(_start, config, options.start),
    )
    if options.resume:
        run.resume()
    _write_config(config, options)
    began = time.time()
    run.train(hooks)
    _write_card(config, options, run, began)
    return run


def _start(config: Config, path: Path | None, network: nn.Module) -> None:
    if path is not None:
        start_from(config.recipe, network, path)


def _banked(
    config: Config, options: Options, prepared: Callable[[str, int, int], None]
) -> BankMaterial:
    """Pairs from a bank of features, built or added to where it has to be."""
    frozen = config.recipe.frozen()
    if frozen is None:
        raise TrainingError(
            f"{config.name} trains its backbone, so its features cannot be kept.",
            "Leave out train.bank, or set train.backbone_rate to 0.",
        )
    spec = BankSpec(
        tuple(str(folder.resolve()) for folder in options.data),
        None if options.cache is None else str(options.cache),
        config.pairs,
        config.composites,
        config.train.seed,
        frozen.name,
        frozen.options,
        frozen.levels,
    )
    bank = bank_of_features.build(
        spec,
        options.features or options.folder / "features",
        -(-config.train.bank // SHARD),
        workers=options.workers,
        progress=lambda done, total: prepared("Features", done, total),
    )
    return BankMaterial(bank, config.pairs, config.train)


def _require_new_or_resumed(options: Options) -> None:
    exists = (options.folder / "last.pt").exists()
    if exists and not options.resume:
        raise TrainingError(
            f"“{options.folder}” holds a training run already.",
            "Go on with --resume, or choose another folder.",
        )
    if options.resume and not exists:
        raise TrainingError(f"“{options.folder}” holds no training run.", "Start without --resume.")


def _validator(config: Config, kept: Material, options: Options) -> Validator | None:
    if options.clips == 0:
        return None
    found = validation_clips(kept, composites=options.clips // 2, length=options.clip_length)
    real = [clip for clip in found if not clip.name.startswith("composites")]
    made = [clip for clip in found if clip.name.startswith("composites")]
    chosen = [*real[: options.clips - len(made)], *made]
    if not chosen:
        return None
    recipe = config.recipe
    clips = [_clip(clip) for clip in chosen]
    return Validator(recipe.key, recipe.tracker, clips, config.tracker, options.device)


def _clip(clip: ValidationClip) -> Clip:
    boxes = [Box(*map(float, row)) if np.isfinite(row).all() else None for row in clip.boxes]
    return Clip(clip.name, clip.images, boxes)


def _write_config(config: Config, options: Options) -> None:
    """What the run was told, complete, for whoever finds the folder."""
    values = {
        "recipe": config.name,
        "version": VERSION,
        "given": config.tables,
        "train": parameters.to_dict(config.train),
        "pairs": parameters.to_dict(config.pairs),
        "composites": parameters.to_dict(config.composites),
    }
    with atomic_write(options.folder / "config.json", text=True) as stream:
        json.dump(values, stream, indent=2, sort_keys=True)


def _write_card(config: Config, options: Options, run: Run, began: float) -> None:
    """Facts for the weights' entry: steps, pairs, hours, device, best validation."""
    progress = run.progress
    facts: dict[str, Any] = {
        "recipe": config.name,
        "key": config.recipe.key,
        "version": VERSION,
        "data": [folder.name for folder in options.data],
        "start": None if options.start is None else options.start.name,
        "epochs": progress.epoch,
        "steps": progress.epoch * config.train.steps + progress.step,
        "pairs": progress.pairs,
        "hours": round(progress.seconds / 3600, 3),
        "device": _device_name(options.device),
        "best_epoch": progress.best_epoch,
        "best_validation": progress.best if np.isfinite(progress.best) else None,
        "finished": time.strftime("%Y-%m-%d", time.gmtime(began)),
    }
    with atomic_write(options.folder / "card.json", text=True) as stream:
        json.dump(facts, stream, indent=2)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({platform.machine()}), {torch.get_num_threads()} threads"
