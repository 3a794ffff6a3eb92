"""Pairs for training: a template of a target, and a search crop with (or without) it.

:meth:`PairSampler.pair` is a function of (seed, epoch, index) alone. Kinds of material are
mixed by share, data sets within a kind by a power of their number of groups (a hundred
objects of one scene are one scene), objects within a data set evenly. A picture that cannot
be read is counted and another pair is drawn in its place, by the same random stream, so
the result stays the same on every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.geometry import Box
from core.train.data import augment, crops
from core.train.data.composite.scene import Compositor, Shot
from core.train.data.frames import read_picture
from core.train.data.items import Item, Kind, Track
from core.train.data.params import PairParams, source_weights
from core.train.data.report import Fault, Report
from core.train.data.seeds import generator

Image = NDArray[np.uint8]
Rng = np.random.Generator
_ATTEMPTS = 40
_TEMPLATE_SHOWN = 0.75


class Origin(StrEnum):
    """Where a pair comes from."""

    VIDEO = "videos"
    STILL = "stills"
    COMPOSITE = "composites"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One training sample.

    Attributes
    ----------
    template, search
        ``(size, size, 3)`` uint8 RGB crops.
    template_box, search_box
        ``(4,)`` float32 (cx, cy, w, h) in crop pixels about the crop's middle. In a
        negative pair `search_box` is the other object's.
    negative
        Whether the target is not in the search crop.
    redrawn
        How many draws were given up before (unreadable pictures, unsuitable views).
    origin, source, category
        Where it comes from.
    group, target
        Footage and object of the template; two pairs with the same `target` show the same
        object. "" for a composited target, which is no one else's.
    """

    template: Image
    search: Image
    template_box: NDArray[np.float32]
    search_box: NDArray[np.float32]
    negative: bool
    redrawn: int
    origin: Origin
    source: str
    category: str
    group: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A picture with one target in it."""

    image: Image
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class _Object:
    """A track of an item, and its usable frames."""

    item: Item
    track: Track
    frames: NDArray[np.int32]


class PairSampler:
    """Draws pairs from items and composited clips.

    Parameters
    ----------
    items
        Videos and stills with boxes; other kinds are left aside.
    params
        Settings.
    compositor
        Source of composited clips; without one their share goes to the others.
    seed
        Of all randomness.

    Raises
    ------
    DatasetError
        If no material is left for any kind that has a share.
    """

    def __init__(
        self, items: Sequence[Item], params: PairParams | None = None,
        compositor: Compositor | None = None, *, seed: int = 0,
    ) -> None:  # fmt: skip
        self.params = params or PairParams()
        self.report = Report()
        self._compositor, self._seed = compositor, seed
        self._objects = [o for item in items for o in _objects(item, self.params.smallest)]
        self._pools = {
            Origin.VIDEO: _Pool(self._objects, Kind.VIDEO, self.params),
            Origin.STILL: _Pool(self._objects, Kind.STILL, self.params),
        }
        self._classes: dict[str, list[_Object]] = {}
        for thing in self._objects:
            if thing.track.category:
                self._classes.setdefault(thing.track.category, []).append(thing)
        self._shares = self._mixture()

    def __len__(self) -> int:
        """Number of real objects, without composites."""
        return len(self._objects)

    def pair(self, epoch: int, index: int) -> Pair:
        """Sample `index` of `epoch`.

        Raises
        ------
        DatasetError
            If nothing readable was found in many attempts.
        """
        return self.drawn(generator(self._seed, epoch, index))

    def drawn(self, rng: Rng) -> Pair:
        """The pair that `rng` draws."""
        origin = self._origin(rng)
        for attempt in range(_ATTEMPTS):
            # The kind is kept, so that what is refused does not change the mixture.
            if attempt == _ATTEMPTS // 2:
                origin = self._origin(rng)
            try:
                pair = self._attempt(rng, origin)
            except DatasetError as error:
                self.report.skip(Fault.UNREADABLE, error.details or error.message)
                continue
            if pair is not None:
                return replace(pair, redrawn=attempt)
        reasons = "; ".join(self.report.lines()) or "no target is large enough"
        raise DatasetError(f"No pair could be drawn: {reasons}.", "Check the training material.")

    def _mixture(self) -> dict[Origin, float]:
        params = self.params
        shares = {
            Origin.VIDEO: params.videos if len(self._pools[Origin.VIDEO]) else 0.0,
            Origin.STILL: params.stills if len(self._pools[Origin.STILL]) else 0.0,
            Origin.COMPOSITE: params.composites if self._compositor is not None else 0.0,
        }
        total = sum(shares.values())
        if total <= 0:
            raise DatasetError(
                "There is nothing to draw pairs from.",
                "Give videos, stills or cut-outs, and a share to one of them.",
            )
        return {origin: share / total for origin, share in shares.items()}

    def _attempt(self, rng: Rng, origin: Origin) -> Pair | None:
        negative = bool(rng.random() < self.params.negative)
        if origin is Origin.COMPOSITE:
            return self._composited(rng, negative=negative)
        thing = self._pools[origin].draw(rng)
        first, second = self._two_frames(rng, thing)
        template = _view(thing, first)
        source, category = thing.item.source, thing.track.category
        if negative:
            other = self._other(rng, thing)
            if other is None:
                return None
            search = _view(other, int(rng.choice(other.frames)))
        else:
            search = template if second == first else _view(thing, second)
        pair = self._finished(rng, template, search, negative, origin, source, category)
        number = next(k for k, track in enumerate(thing.item.tracks) if track is thing.track)
        target = f"{thing.item.key}#{number}"
        return pair and replace(pair, group=thing.item.group, target=target)

    def _origin(self, rng: Rng) -> Origin:
        draw = rng.random()
        for origin, share in self._shares.items():
            draw -= share
            if draw < 0:
                return origin
        return next(origin for origin, share in self._shares.items() if share > 0)

    def _two_frames(self, rng: Rng, thing: _Object) -> tuple[int, int]:
        first = int(rng.choice(thing.frames))
        near = thing.frames[np.abs(thing.frames - first) <= self.params.max_gap]
        return first, int(rng.choice(near))

    def _other(self, rng: Rng, thing: _Object) -> _Object | None:
        """Another object, never of the same footage or individual."""
        kin = self._classes.get(thing.track.category, [])
        same = rng.random() < self.params.same_category
        origin = Origin.VIDEO if thing.item.kind is Kind.VIDEO else Origin.STILL
        for attempt in range(8):
            if same and len(kin) > 1 and attempt < 4:
                other = kin[int(rng.integers(len(kin)))]
            else:
                other = self._pools[origin].draw(rng)
            if other.item.group != thing.item.group:
                return other
        return None

    def _composited(self, rng: Rng, *, negative: bool) -> Pair | None:
        if self._compositor is None:
            return None
        clip = self._compositor.video(rng)
        first = int(rng.integers(clip.length))
        template = clip.render(first)
        if template.truth.shown < _TEMPLATE_SHOWN:
            return None
        other = self._compositor.video(rng) if negative else clip
        if negative and other.group == clip.group:
            return None
        gap = min(self.params.composite_gap, clip.length - 1)
        low, high = max(first - gap, 0), min(first + gap, clip.length - 1)
        search = other.render(int(rng.integers(low, high + 1)))
        if search.truth.shown < self.params.least_shown:
            return None
        views = (_shot_view(template), _shot_view(search))
        origin, source = Origin.COMPOSITE, "composites"
        pair = self._finished(rng, *views, negative, origin, source, clip.category)
        return pair and replace(pair, group=clip.group)

    def _finished(
        self, rng: Rng, template: _View, search: _View, negative: bool, origin: Origin,
        source: str, category: str,
    ) -> Pair | None:  # fmt: skip
        params = self.params
        size_z, size_x = params.template_size, params.search_size
        smallest = min(template.box.w, template.box.h, search.box.w, search.box.h)
        if smallest < params.smallest:
            return None
        region_z = crops.jittered(
            crops.region_of(template.box, size_z, params),
            size_z,
            _jitter(rng, params.template_shift, params.template_scale, 0.0),
        )
        region_x = crops.jittered(
            crops.region_of(search.box, size_x, params),
            size_x,
            _jitter(rng, params.search_shift, params.search_scale, params.search_aspect),
        )
        if _picture_share(region_x, search.image) < params.content * float(rng.random()) ** 0.5:
            return None
        # A tracker fills with the first frame's colour. Where the search frame is of other
        # footage that would give the negatives away.
        fill = crops.fill_colour(template.image, params.fill)
        fill_x = crops.fill_colour(search.image, params.fill) if negative else fill
        crop_z = crops.cut_crop(template.image, region_z, size_z, fill)
        crop_x = crops.cut_crop(search.image, region_x, size_x, fill_x)
        row_z = crops.in_crop(template.box, region_z, size_z)
        row_x = crops.in_crop(search.box, region_x, size_x)
        library = self._compositor.library if self._compositor is not None else None
        if rng.random() < params.occluder:
            crop_x = augment.occluded(rng, crop_x, row_x, library)
        crop_z, crop_x = self._recoloured(rng, crop_z, crop_x)
        if rng.random() < params.flip:
            crop_z = np.ascontiguousarray(crop_z[:, ::-1])
            crop_x = np.ascontiguousarray(crop_x[:, ::-1])
            row_z[0], row_x[0] = -row_z[0], -row_x[0]
        return Pair(crop_z, crop_x, row_z, row_x, negative, 0, origin, source, category)

    def _recoloured(self, rng: Rng, template: Image, search: Image) -> tuple[Image, Image]:
        params = self.params
        if rng.random() < params.gray:
            template, search = augment.grayed(template), augment.grayed(search)
        template = augment.coloured(rng, template, params.colour)
        search = augment.coloured(rng, search, params.colour)
        if rng.random() < params.blur:
            search = augment.blurred(rng, search)
        return template, search


class _Pool:
    """Objects of one kind: data sets by weight, objects of a data set evenly."""

    def __init__(self, objects: Sequence[_Object], kind: Kind, params: PairParams) -> None:
        self._sets: dict[str, list[_Object]] = {}
        for thing in objects:
            if thing.item.kind is kind:
                self._sets.setdefault(thing.item.source, []).append(thing)
        factors = source_weights(params.weights)
        weights = [
            len({thing.item.group for thing in things}) ** params.balance * factors.get(source, 1.0)
            for source, things in self._sets.items()
        ]
        total = sum(weights)
        self._bounds = np.cumsum(weights) / total if total > 0 else np.zeros(0)
        self._lists = list(self._sets.values()) if total > 0 else []

    def __len__(self) -> int:
        return sum(len(things) for things in self._lists)

    def draw(self, rng: Rng) -> _Object:
        number = int(np.searchsorted(self._bounds, rng.random(), side="right"))
        things = self._lists[min(number, len(self._lists) - 1)]
        return things[int(rng.integers(len(things)))]


def _objects(item: Item, smallest: float) -> list[_Object]:
    if item.kind not in (Kind.VIDEO, Kind.STILL):
        return []
    found = []
    for track in item.tracks:
        large = np.nan_to_num(track.boxes[:, 2:]).min(axis=1) >= smallest
        frames = np.flatnonzero(large).astype(np.int32)
        if len(frames):
            found.append(_Object(item, track, frames))
    return found


def _view(thing: _Object, frame: int) -> _View:
    image = read_picture(thing.item.frames, frame)
    box = thing.track.box(frame)
    clipped = box.clipped(image.shape[1], image.shape[0]) if box is not None else Box(0, 0, 0, 0)
    if min(clipped.w, clipped.h) < 2:
        raise DatasetError("A box lies outside its picture.", "", thing.item.frames.name(frame))
    return _View(image, clipped)


def _picture_share(region: Box, image: Image) -> float:
    """Share of a region that lies inside the picture."""
    return region.clipped(image.shape[1], image.shape[0]).area / region.area


def _shot_view(shot: Shot) -> _View:
    # As people annotate: what is covered belongs to the target, what is outside does not.
    rows, cols = shot.image.shape[:2]
    return _View(shot.image, shot.truth.box.clipped(cols, rows))


def _jitter(rng: Rng, shift: float, scale: float, aspect: float) -> crops.Jitter:
    dx, dy = rng.uniform(-shift, shift, 2)
    if aspect > 0:
        common = 1 + float(rng.uniform(-scale, scale))
        x, y = common * (1 + rng.uniform(-aspect, aspect, 2))
    else:
        x, y = 1 + rng.uniform(-scale, scale, 2)
    return crops.Jitter(float(dx), float(dy), float(x), float(y))
