"""Everything a training run draws from: items, the stock of cut-outs, backgrounds.

:func:`prepare` reads the data sets once, packs them (:mod:`core.train.data.cache`), cuts out what
can be cut out, and from then on opens the packed copy at once. The division into
training and held-out material covers all three alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.paths import cache_dir
from core.train.data import cache, split
from core.train.data.cache import CacheParams
from core.train.data.composite import library as stock
from core.train.data.composite.backdrops import Backdrops
from core.train.data.composite.library import Library
from core.train.data.composite.params import CompositeParams
from core.train.data.composite.scene import Compositor
from core.train.data.items import Item, Kind, of_kind
from core.train.data.params import PairParams
from core.train.data.readers import read_all
from core.train.data.report import Report
from core.train.data.sampler import PairSampler

_CUTOUTS = "cutouts.bin"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Items and the cut-outs made from them."""

    items: Sequence[Item]
    library: Library

    def divided(self, share: float = split.SHARE) -> tuple[Material, Material]:
        """What to train on, and what is held out; no group is on both sides."""
        training, kept = split.divide(self.items, share)
        return (
            Material(training, self.library.subset(lambda e: not split.held_out(e.group, share))),
            Material(kept, self.library.subset(lambda e: split.held_out(e.group, share))),
        )

    def compositor(self, params: CompositeParams | None = None) -> Compositor | None:
        """Composited clips from this material; None where it has no cut-outs or no pictures."""
        pictures = of_kind(self.items, Kind.BACKGROUND, Kind.STILL)
        if not pictures or not len(self.library):
            return None
        backdrops = Backdrops([(item.frames, 0) for item in pictures])
        return Compositor(self.library, backdrops, params)

    def sampler(
        self,
        params: PairParams | None = None,
        composites: CompositeParams | None = None,
        *,
        seed: int = 0,
    ) -> PairSampler:
        """Pairs from this material.

        Raises
        ------
        DatasetError
            If there is nothing to draw from.
        """
        return PairSampler(self.items, params, self.compositor(composites), seed=seed)


def prepare(
    folders: Iterable[Path],
    report: Report,
    *,
    place: Path | None = None,
    params: CacheParams | None = None,
    exclude: Iterable[str] = (),
    progress: Progress = lambda step, done, total: None,
) -> Material:
    """Open data sets through the packed cache, building it where it is not there yet.

    Parameters
    ----------
    folders
        Root folders of data sets.
    report
        Takes the counts; those of the build when a finished cache is opened.
    place
        Folder of the cache; by default one under the user's cache folder, named by `folders`.
    params
        How much is kept.
    exclude
        Patterns of items to leave out.
    progress
        Called with the name of the step, the count done and the total.

    Raises
    ------
    DatasetError, StorageError
        If there is nothing to read, or no room to write.
    """
    folders, exclude = [Path(folder).resolve() for folder in folders], sorted(exclude)
    params = params or CacheParams()
    place = place or default_place(folders, exclude)
    cutouts = place / _CUTOUTS
    if cache.complete(place, params) and cutouts.is_file():
        items = cache.load(place)
        for item in items:
            report.use(f"{item.kind.value}s of {item.source}")
        cache.recall(place, report)
        return Material(items, stock.load(cutouts))
    found = read_all(folders, report, exclude)
    cut = stock.cut_all(
        found,
        report,
        lambda done, total: progress("Cutting out", done, total),
        most=params.cutouts,
    )
    stock.save(cutouts, cut)
    items = cache.build(
        found, place, params, report, lambda done, total: progress("Packing", done, total)
    )
    return Material(items, stock.load(cutouts))


def read_directly(folders: Iterable[Path], report: Report) -> Material:
    """Open data sets without a cache: cut-outs are made anew and kept in memory."""
    items = read_all(folders, report)
    return Material(items, stock.in_memory(stock.cut_all(items, report)))


def default_place(folders: Sequence[Path], exclude: Sequence[str] = ()) -> Path:
    """Where the cache of some data sets lies; another place once their root files change."""
    digest = hashlib.sha256()
    for folder in folders:
        digest.update(str(folder).encode() + b"\0")
        for path in (folder, *sorted(folder.glob("*.json*")), folder / "annotations"):
            if path.exists():
                digest.update(f"{path.name}\0{path.stat().st_mtime_ns}\0".encode())
    digest.update("\0".join(exclude).encode())
    return cache_dir() / "training" / digest.hexdigest()[:16]
