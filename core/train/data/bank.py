"""Features of pairs, computed once and kept: for backbones that training leaves as they are.

On a CPU a frozen backbone takes most of a step, and gives the same answer for the same
crop each time. A bank holds the backbone's levels of many drawn pairs in half precision,
and :class:`BankMaterial` deals new pairs from it: another search crop of the same object
to a template, or, as a negative, one of another object. So a bank of n pairs is worth
more than n.

Every shard of a bank is drawn either mirrored or not, in colour or in shades of gray, and
only crops of one kind are put together, as a sampler would have drawn them.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core import params as parameters
from core.errors import TrainingError
from core.nets import backbones
from core.storage import atomic_write
from core.train.data.composite.params import CompositeParams
from core.train.data.material import prepare
from core.train.data.params import PairParams
from core.train.data.report import Report
from core.train.data.sampler import Origin, Pair, PairSampler
from core.train.data.seeds import generator
from core.train.recipe import Batch
from core.train.settings import TrainSettings

SHARD = 256
"""Pairs in one shard."""
SIDES = ("template", "search")
_FORMAT = 1
_GRAY_SHARDS = 8  # every so many shards one is gray, where gray pairs are asked for


@dataclass(frozen=True, slots=True)
class BankSpec:
    """What a bank is made of and by; two runs with equal specs can share one.

    `levels` may be more than a run needs.
    """

    data: tuple[str, ...]
    cache: str | None
    pairs: PairParams
    composites: CompositeParams
    seed: int
    backbone: str
    options: Mapping[str, Any]
    levels: tuple[str, ...]

    def identity(self) -> str:
        """Changes with everything that changes the features, apart from the levels."""
        pairs = dataclasses.replace(self.pairs, negative=0.0, same_category=0.0)
        told = {
            "format": _FORMAT,
            "data": [Path(folder).name for folder in self.data],
            "pairs": parameters.to_dict(pairs),
            "composites": parameters.to_dict(self.composites),
            "seed": self.seed,
            "backbone": self.backbone,
            "options": dict(self.options),
        }
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def kind_of_shard(shard: int, pairs: PairParams) -> tuple[bool, bool]:
    """Whether a shard is mirrored, and whether it is gray."""
    gray = pairs.gray > 0 and shard % _GRAY_SHARDS == _GRAY_SHARDS - 1
    return pairs.flip > 0 and shard % 2 == 1, gray


def build(
    spec: BankSpec,
    folder: Path,
    shards: int,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Bank:
    """Fill `folder` up to `shards` shards; those that are there already stay.

    Parameters
    ----------
    workers
        Processes, each on one thread.
    progress
        Called with the shards that exist, and the total.

    Raises
    ------
    TrainingError
        If the folder holds a bank of other features.
    StorageError, DatasetError
        If there is no room, or nothing to draw from.
    """
    _claim(spec, folder)
    missing = [k for k in range(shards) if not _meta_file(folder, k).exists()]
    progress(shards - len(missing), shards)
    if missing and workers > 1:
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers, _start_worker, (spec, folder)) as pool:
            for done, _ in enumerate(pool.imap_unordered(_work, missing), start=1):
                progress(shards - len(missing) + done, shards)
    elif missing:
        maker = _Maker(spec, folder)
        for done, shard in enumerate(missing, start=1):
            maker.make(shard)
            progress(shards - len(missing) + done, shards)
    return Bank(folder, spec.levels, range(shards))


class _Maker:
    """Draws pairs and computes their features."""

    def __init__(self, spec: BankSpec, folder: Path) -> None:
        self._spec, self._folder = spec, folder
        self._backbone = backbones.build(spec.backbone, **spec.options)
        cache = Path(spec.cache) if spec.cache is not None else None
        material = prepare([Path(path) for path in spec.data], Report(), place=cache)
        self._material, _ = material.divided()
        self._sampler = functools.lru_cache(self._make_sampler)

    def _make_sampler(self, *, flip: bool, gray: bool) -> PairSampler:
        pairs = dataclasses.replace(
            self._spec.pairs, negative=0.0, flip=float(flip), gray=float(gray)
        )
        return self._material.sampler(pairs, self._spec.composites, seed=self._spec.seed)

    def make(self, shard: int) -> None:
        """Write one shard; its description last, so that half a shard is none."""
        flip, gray = kind_of_shard(shard, self._spec.pairs)
        sampler = self._sampler(flip=flip, gray=gray)
        pairs = [sampler.pair(0, shard * SHARD + k) for k in range(SHARD)]
        for side in SIDES:
            found = [self._features(getattr(pair, side)) for pair in pairs]
            for level in self._spec.levels:
                with atomic_write(_level_file(self._folder, shard, side, level)) as stream:
                    np.save(stream, np.stack([features[level] for features in found]))
        with atomic_write(_meta_file(self._folder, shard)) as stream:
            np.savez(stream, **_described(pairs))

    def _features(self, crop: NDArray[np.uint8]) -> dict[str, NDArray[np.float16]]:
        picture = torch.from_numpy(np.moveaxis(crop, -1, 0).copy())[None].float()
        with torch.no_grad():
            levels = self._backbone(picture, self._spec.levels)
        # 65504 is the largest half; a linear layer's output could be beyond it.
        return {
            name: values[0].clamp(-6e4, 6e4).half().contiguous().numpy()
            for name, values in levels.items()
        }


_worker: _Maker | None = None


def _start_worker(spec: BankSpec, folder: Path) -> None:
    global _worker
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _worker = _Maker(spec, folder)


def _work(shard: int) -> None:
    if _worker is not None:
        _worker.make(shard)


def _described(pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "template_box": np.stack([pair.template_box for pair in pairs]),
        "search_box": np.stack([pair.search_box for pair in pairs]),
        "category": np.array([pair.category for pair in pairs]),
        "group": np.array([pair.group for pair in pairs]),
        "target": np.array([pair.target for pair in pairs]),
        "origin": np.array([pair.origin.value for pair in pairs]),
    }


class Bank:
    """The features of a finished bank.

    Parameters
    ----------
    folder
        Where it lies.
    levels
        The levels to read.
    shards
        Which of its shards.
    """

    def __init__(self, folder: Path, levels: Sequence[str], shards: Sequence[int]) -> None:
        self._folder, self.levels, self._shards = folder, tuple(levels), list(shards)
        described = [_loaded(_meta_file(folder, k)) for k in self._shards]
        columns = {name: np.concatenate([d[name] for d in described]) for name in described[0]}
        self.template_box: NDArray[np.float32] = columns["template_box"]
        self.search_box: NDArray[np.float32] = columns["search_box"]
        self.group: NDArray[np.str_] = columns["group"]
        self.category: NDArray[np.str_] = columns["category"]
        self.target: NDArray[np.str_] = columns["target"]
        self.origin: NDArray[np.str_] = columns["origin"]
        self._open: dict[tuple[int, str, str], NDArray[np.float16]] = {}

    def __len__(self) -> int:
        return len(self.target)

    def shard(self, index: int) -> int:
        """The number of the shard that holds pair `index`."""
        return self._shards[index // SHARD]

    def read(self, side: str, level: str, indices: Sequence[int]) -> NDArray[np.float16]:
        """Features ``(n, C, H, W)`` of some pairs' templates or searches."""
        return np.stack([self._shard(i, side, level)[i % SHARD] for i in indices])

    def _shard(self, index: int, side: str, level: str) -> NDArray[np.float16]:
        key = (index // SHARD, side, level)
        if key not in self._open:
            path = _level_file(self._folder, self.shard(index), side, level)
            self._open[key] = _loaded(path, mmap_mode="r")
        return self._open[key]


class BankMaterial:
    """Pairs dealt from a bank; see :class:`core.train.recipe.Material`.

    Batches have ``template.LEVEL`` and ``search.LEVEL`` float16 instead of pictures.

    Parameters
    ----------
    bank
        The features.
    pairs
        Its ``negative`` and ``same_category`` are followed here.
    settings
        The size of a batch, the number of batches in an epoch, and the seed.
    """

    def __init__(self, bank: Bank, pairs: PairParams, settings: TrainSettings) -> None:
        self._bank, self._pairs, self._seed = bank, pairs, settings.seed
        self._batch, self._epoch_pairs = settings.batch, settings.batch * settings.steps
        self._lap: tuple[int, NDArray[np.intp]] = (-1, np.zeros(0, np.intp))
        kinds = [kind_of_shard(bank.shard(i), pairs) for i in range(0, len(bank), SHARD)]
        self._kind = np.repeat(np.array(kinds, bool) @ [1, 2], SHARD)[: len(bank)]
        self._dealt_from = _of_parts(bank.origin, settings.bank_parts)
        self._same: dict[tuple[int, str], NDArray[np.intp]] = self._gathered(bank.target)
        self._kin: dict[tuple[int, str], NDArray[np.intp]] = self._gathered(bank.category)

    def batches(self, epoch: int, first: int, steps: int) -> Iterator[Batch]:
        """Batches `first` to ``steps - 1`` of `epoch`."""
        for step in range(first, steps):
            start = step * self._batch
            yield self._batch_of([self._dealt(epoch, start + k) for k in range(self._batch)])

    def _gathered(self, names: NDArray[np.str_]) -> dict[tuple[int, str], NDArray[np.intp]]:
        found: dict[tuple[int, str], list[int]] = {}
        for index in self._dealt_from:
            if names[index]:
                key = (int(self._kind[index]), str(names[index]))
                found.setdefault(key, []).append(int(index))
        return {key: np.array(indices) for key, indices in found.items()}

    def _dealt(self, epoch: int, number: int) -> tuple[int, int, bool]:
        """Template, search, and whether they show different objects."""
        # Every pair's search crop is seen once before any is seen again.
        lap, within = divmod(epoch * self._epoch_pairs + number, len(self._dealt_from))
        search = int(self._order(lap)[within])
        rng = generator(self._seed, epoch, number)
        if rng.random() < self._pairs.negative:
            other = self._other(rng, search)
            if other is not None:
                return other, search, True
        same = self._same.get((int(self._kind[search]), str(self._bank.target[search])))
        return (int(rng.choice(same)) if same is not None else search), search, False

    def _order(self, lap: int) -> NDArray[np.intp]:
        if self._lap[0] != lap:
            self._lap = (lap, generator(self._seed, lap, 0, 1).permutation(self._dealt_from))
        return self._lap[1]

    def _other(self, rng: np.random.Generator, search: int) -> int | None:
        """A template of other footage, as often of the same class as asked for."""
        bank = self._bank
        kin = self._kin.get((int(self._kind[search]), str(bank.category[search])))
        for attempt in range(8):
            if kin is not None and attempt < 4 and rng.random() < self._pairs.same_category:
                other = int(rng.choice(kin))
            else:
                other = int(rng.choice(self._dealt_from))
            if bank.group[other] != bank.group[search] and self._kind[other] == self._kind[search]:
                return other
        return None

    def _batch_of(self, dealt: Sequence[tuple[int, int, bool]]) -> Batch:
        bank = self._bank
        templates = [template for template, _, _ in dealt]
        searches = [search for _, search, _ in dealt]
        batch = {
            "template_box": torch.from_numpy(bank.template_box[templates]),
            "search_box": torch.from_numpy(bank.search_box[searches]),
            "negative": torch.tensor([negative for _, _, negative in dealt]),
        }
        for side, indices in zip(SIDES, (templates, searches), strict=True):
            for level in bank.levels:
                read = torch.from_numpy(bank.read(side, level, indices))
                batch[f"{side}.{level}"] = read
        return batch


def _of_parts(origin: NDArray[np.str_], parts: str) -> NDArray[np.intp]:
    """The pairs whose origin is named in `parts`; all of them if nothing is."""
    names = {name.strip() for name in parts.split(",") if name.strip()}
    unknown = names - {kind.value for kind in Origin}
    found = np.flatnonzero(np.isin(origin, sorted(names)) if names else np.ones(len(origin), bool))
    if unknown or not len(found):
        raise TrainingError(
            f"train.bank_parts: there are no kept pairs of “{parts}”.",
            f"Name one or more of {', '.join(kind.value for kind in Origin)}.",
        )
    return found


def _claim(spec: BankSpec, folder: Path) -> None:
    """Mark the folder as this bank's, or refuse it."""
    path = folder / "bank.json"
    mine = {"identity": spec.identity(), "levels": list(spec.levels), "backbone": spec.backbone}
    if path.exists():
        there = json.loads(path.read_text(encoding="utf-8"))
        if there.get("identity") != mine["identity"] or not set(spec.levels) <= set(
            there.get("levels", ())
        ):
            raise TrainingError(
                f"“{folder}” holds features of other pairs, or of another backbone.",
                "Choose another folder with --features, or remove that one.",
            )
        return
    with atomic_write(path, text=True) as stream:
        json.dump(mine, stream, indent=2)


def _loaded(path: Path, **options: Any) -> Any:
    try:
        return np.load(path, allow_pickle=False, **options)
    except (OSError, ValueError, EOFError) as error:
        raise TrainingError(
            f"The kept features “{path.name}” cannot be read.",
            f"Remove the folder “{path.parent}”; they are computed anew.",
            str(error),
        ) from error


def _level_file(folder: Path, shard: int, side: str, level: str) -> Path:
    return folder / f"{shard:05d}.{side}.{level}.npy"


def _meta_file(folder: Path, shard: int) -> Path:
    return folder / f"{shard:05d}.npz"
