"""Who plays in a composited clip, and how they move about the target.

What a tracker must learn is to tell its target from what looks like it nearby. So
distractors are made from the target itself (recoloured, resized, mirrored), from its
class, and from other objects; they keep within a few target sizes of it, cross its way,
or stand on the ground and are passed. Occluders cross in front.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.train.data.composite.actors import Actor
from core.train.data.composite.backdrops import Camera
from core.train.data.composite.cutouts import Cutout
from core.train.data.composite.library import Entry, Library, Poses
from core.train.data.composite.motion import Path1D, constant, wander
from core.train.data.composite.params import CompositeParams

Image = NDArray[np.uint8]
Rng = np.random.Generator
_GRAY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Actors from back to front; `front` are those before the target."""

    behind: tuple[Actor, ...]
    target: Actor
    front: tuple[Actor, ...]

    @property
    def all(self) -> tuple[Actor, ...]:
        return (*self.behind, self.target, *self.front)


def draw_cast(
    rng: Rng, library: Library, params: CompositeParams, camera: Camera, photograph: Image
) -> Cast:
    """Choose target, distractors and occluder, and how they move."""
    entry = _target_entry(rng, library, params)
    target = _target(rng, library, entry, params, photograph)
    others = _distractors(rng, library, entry, target, params, photograph)
    others = [_companion(rng, actor, target, params, camera) for actor in others]
    front = [actor for actor in others if rng.random() < 0.25]
    behind = [actor for actor in others if not any(actor is other for other in front)]
    if rng.random() < params.occluder:
        front.append(_occluder(rng, library, target, params, photograph))
    return Cast(tuple(behind), target, tuple(front))


def _distractors(
    rng: Rng,
    library: Library,
    entry: Entry,
    target: Actor,
    params: CompositeParams,
    photograph: Image,
) -> list[Actor]:
    """Doubles of the target, others of its class, and strangers; not yet placed."""
    doubles = [_look_alike(rng, target) for _ in range(_some(rng, params.look_alikes))]
    kin = [library.entries[number] for number in library.by_category.get(entry.category, ())]
    kin = [other for other in kin if other is not entry]
    chosen = [kin[int(rng.integers(len(kin)))] for _ in range(_some(rng, params.relatives)) if kin]
    chosen += [
        library.entries[int(rng.integers(len(library)))]
        for _ in range(_some(rng, params.strangers))
    ]
    others = [_dressed(rng, library, other, target, photograph, params) for other in chosen]
    return doubles + others


def _target_entry(rng: Rng, library: Library, params: CompositeParams) -> Entry:
    draw = rng.random()
    sprite, posed = draw < params.sprites, draw > 1 - params.posed
    pool = library.pool(sprite=sprite, posed=posed)
    if not len(pool):
        return library.entries[int(rng.integers(len(library)))]
    return pool.draw(rng)


def _target(
    rng: Rng, library: Library, entry: Entry, params: CompositeParams, photograph: Image
) -> Actor:
    extent = math.exp(rng.uniform(math.log(params.smallest), math.log(params.largest)))
    # A decade of speeds: most targets move a little, some leap.
    speed = params.speed * extent * float(10 ** rng.uniform(-0.7, 0.6))
    margin = -0.3 if rng.random() < params.leaving else 0.75
    room_x = max(params.width / 2 - margin * extent, 0.15 * params.width)
    room_y = max(params.height / 2 - margin * extent, 0.15 * params.height)
    sway_x, sway_y = rng.uniform(0.3, 1.0, 2)
    gain, offset = _matched(rng, library.cutout(entry.poses[0]), photograph, params.match)
    return Actor(
        poses=_poses(rng, library, entry),
        x=_within(rng, params.width / 2, room_x, sway_x * room_x, speed),
        y=_within(rng, params.height / 2, room_y, sway_y * room_y, 0.7 * speed),
        size=wander(rng, float(rng.uniform(0.05, 0.45)), 0.012, start=math.log(extent)),
        turn=_turn(rng),
        tilt_x=wander(rng, float(rng.uniform(0, params.tilt)), 0.01),
        tilt_y=wander(rng, float(rng.uniform(0, params.tilt)), 0.01),
        bend=wander(rng, float(rng.uniform(0, params.bend)), 0.01),
        pace=float(rng.uniform(0.2, 1.0)),
        mirrored=bool(rng.random() < 0.5),
        gain=gain,
        offset=offset,
    )


def _within(rng: Rng, middle: float, room: float, sway: float, speed: float) -> Path1D:
    start = middle + float(rng.uniform(-1, 1)) * (room - sway)
    return wander(rng, sway, speed, start=start)


def _turn(rng: Rng) -> Path1D:
    kind = rng.random()
    if kind < 0.65:
        return wander(rng, 0.25, 0.015, start=float(rng.normal(0, 0.08)))
    if kind < 0.92:
        return wander(rng, 0.8, 0.03, start=float(rng.normal(0, 0.3)))
    spin = float(rng.uniform(-0.12, 0.12))
    return replace(constant(float(rng.uniform(0, 2 * math.pi))), drift=spin)


def _poses(rng: Rng, library: Library, entry: Entry) -> Poses:
    numbers = entry.poses
    if len(numbers) > 1 and rng.random() < 0.5:
        numbers = numbers[::-1]
    return Poses(library, numbers)


def _matched(
    rng: Rng, cut: Cutout, photograph: Image, most: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gain and offset that draw a cut-out's colours some way towards the ground's."""
    inside = cut.image[..., 3] > 127
    own = cut.image[..., :3][inside].astype(np.float32)
    ground = photograph[::8, ::8].reshape(-1, 3).astype(np.float32)
    part = np.float32(rng.uniform(0, most))
    contrast = float(np.clip(ground.std() / max(own.std(), 8.0), 0.6, 1.4)) ** float(part)
    mean = own.mean(axis=0)
    # Brightness follows the ground more than hue does.
    goal = mean + part * (0.6 * (ground.mean() - mean.mean()) + 0.3 * (ground.mean(axis=0) - mean))
    gain = np.full(3, contrast, np.float32)
    return gain, (goal - gain * mean).astype(np.float32)


def _look_alike(rng: Rng, target: Actor) -> Actor:
    """The target's double: the same cut-out in other colours, another size, mirrored.

    Few keep its colours: from one picture nobody can tell an exact copy from the target, and
    calling it background would teach nothing.
    """
    kind = rng.random()
    mixing, tint = None, np.repeat(_tint(rng, 1), 3) ** 1.5
    if kind < 0.65:
        # Grays stay gray under a turn of hues: a tint changes them too.
        mixing, tint = _recolouring(rng), _tint(rng, 3)
    elif kind < 0.85:
        mixing, tint = np.outer(np.ones(3, np.float32), _GRAY), np.repeat(_tint(rng, 1), 3)
    own = target.gain if target.gain is not None else np.ones(3, np.float32)
    return replace(
        target,
        mixing=mixing,
        mirrored=bool(rng.random() < 0.5),
        size=target.size.moved(float(rng.uniform(-0.35, 0.3))),
        turn=_turn(rng),
        gain=(own * tint).astype(np.float32),
        pace=float(rng.uniform(0.2, 1.0)),
    )


def _tint(rng: Rng, channels: int) -> NDArray[np.float64]:
    """Gains clearly off 1, darker or lighter, ``(channels,)``."""
    return np.exp(rng.choice([-1.0, 1.0], channels) * rng.uniform(0.15, 0.45, channels))


def _recolouring(rng: Rng) -> NDArray[np.float32]:
    """A turn of the hues that keeps grays gray."""
    angle = float(rng.uniform(0.5, 2 * math.pi - 0.5))
    axis = np.ones(3) / math.sqrt(3)
    cross = np.array(
        [[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]], np.float64
    )
    turn = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turn.astype(np.float32)


def _dressed(
    rng: Rng, library: Library, entry: Entry, target: Actor, photograph: Image,
    params: CompositeParams,
) -> Actor:  # fmt: skip
    """Another object of about the target's size."""
    gain, offset = _matched(rng, library.cutout(entry.poses[0]), photograph, params.match)
    return replace(
        target,
        poses=_poses(rng, library, entry),
        size=target.size.moved(float(rng.uniform(-0.5, 0.5))),
        turn=_turn(rng),
        bend=constant(0.0),
        mirrored=bool(rng.random() < 0.5),
        gain=gain,
        offset=offset,
        pace=float(rng.uniform(0.2, 1.0)),
    )


def _companion(
    rng: Rng, actor: Actor, target: Actor, params: CompositeParams, camera: Camera
) -> Actor:
    """Let `actor` move near the target: beside it, across its way, or stand on the ground."""
    extent = math.exp(target.size.start)
    kind = rng.random()
    if kind < 0.45:  # goes along, circling it
        far = float(rng.uniform(0.9, 2.4)) * extent
        angle = float(rng.uniform(0, 2 * math.pi))
        spin = float(rng.normal(0, 0.06))
        x, y = _circling(target, far, angle, spin)
    elif kind < 0.75:  # crosses
        when = float(rng.uniform(0, params.length))
        x, y = _crossing(rng, target, when, float(rng.uniform(0.03, 0.15)) * extent)
    else:  # stands on the ground where the target passes
        when = float(rng.uniform(0, params.length))
        away, angle = float(rng.uniform(0.8, 2.5)) * extent, float(rng.uniform(0, 2 * math.pi))
        zoom = math.exp(camera.zoom.start)
        at_x = target.x.at(when) + away * math.cos(angle)
        at_y = target.y.at(when) + away * math.sin(angle)
        x = _grounded(camera.x, zoom, at_x, when)
        y = _grounded(camera.y, zoom, at_y, when)
    return replace(actor, x=x, y=y)


def _circling(target: Actor, far: float, angle: float, spin: float) -> tuple[Path1D, Path1D]:
    def added(path: Path1D, phase: float) -> Path1D:
        return replace(
            path,
            amplitudes=np.append(path.amplitudes, far),
            rates=np.append(path.rates, spin),
            phases=np.append(path.phases, phase),
        )

    return added(target.x, angle + math.pi / 2), added(target.y, angle)


def _crossing(rng: Rng, target: Actor, when: float, speed: float) -> tuple[Path1D, Path1D]:
    """A way that meets the target's at `when`, closing in at `speed` px a frame."""
    angle = float(rng.uniform(0, 2 * math.pi))
    dx, dy = speed * math.cos(angle), speed * math.sin(angle)
    x = replace(target.x, start=target.x.start - dx * when, drift=target.x.drift + dx)
    y = replace(target.y, start=target.y.start - dy * when, drift=target.y.drift + dy)
    return x, y


def _grounded(camera: Path1D, zoom: float, at: float, when: float) -> Path1D:
    """Moves with the ground: against the camera, and is at `at` at time `when`."""
    path = Path1D(0.0, -zoom * camera.drift, -zoom * camera.amplitudes, camera.rates, camera.phases)
    return replace(path, start=at - path.at(when))


def _occluder(
    rng: Rng, library: Library, target: Actor, params: CompositeParams, photograph: Image
) -> Actor:
    """Something large that passes in front of the target once."""
    entry = library.entries[int(rng.integers(len(library)))]
    actor = _dressed(rng, library, entry, target, photograph, params)
    extent = math.exp(target.size.start)
    when = float(rng.uniform(0.1, 0.9)) * params.length
    x, y = _crossing(rng, target, when, float(rng.uniform(0.06, 0.3)) * extent)
    aside = rng.normal(0, 0.25, 2) * extent
    grown = float(rng.uniform(0.0, 0.7))
    return replace(
        actor,
        x=x.moved(float(aside[0])),
        y=y.moved(float(aside[1])),
        size=target.size.moved(grown),
    )


def _some(rng: Rng, mean: float) -> int:
    return min(int(rng.poisson(mean)), 4)
