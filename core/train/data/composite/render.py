"""Drawing one frame of a composited clip, and saying exactly where the target is.

Order: ground, shadows and objects from back to front, then what a camera does to them all
(light, defocus, noise, compression). The truth comes from the geometry: the box of the
whole target from its outline, what is visible of it from the drawn alphas.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box
from core.train.data.composite.actors import Actor
from core.train.data.items import box_of_mask

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
_LONGEST_STREAK = 24


@dataclass(frozen=True, slots=True)
class Truth:
    """Where the target is.

    Attributes
    ----------
    box
        Box of the whole target (alpha over ½), also where it is covered or outside;
        frame pixels.
    visible
        Box of what can be seen of it, None when nothing can.
    shown
        Share of its area that can be seen, 0..1.
    covered
        Share of its area that lies behind occluders, 0..1.
    """

    box: Box
    visible: Box | None
    shown: float
    covered: float


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A rendered frame: ``(H, W, 3)`` uint8 RGB, and its truth."""

    image: Image
    truth: Truth


@dataclass(frozen=True, slots=True)
class Shadow:
    """A soft shadow: where it falls (in extents of the object), how dark and how soft."""

    dx: float
    dy: float
    strength: float
    softness: float


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An actor as drawn at one moment."""

    colours: Array
    alpha: Array
    sharp: NDArray[np.bool_]
    at: tuple[int, int]
    box: Box


def layer(
    actor: Actor, t: float, exposure: float, gain: float, frame: tuple[int, int]
) -> Layer | None:
    """Draw an actor; None where it lies wholly outside the ``(width, height)`` frame."""
    warp, cut = actor.warp(t), actor.pose(t)
    box = warp.box(cut)
    dx, dy = actor.x.velocity(t) * exposure, actor.y.velocity(t) * exposure
    reach_x, reach_y = abs(dx) / 2 + 2, abs(dy) / 2 + 2
    if box.right + reach_x < 0 or box.x - reach_x > frame[0]:
        return None
    if box.bottom + reach_y < 0 or box.y - reach_y > frame[1]:
        return None
    drawn, at = warp.draw(cut.image, box)
    alpha = drawn[..., 3] * np.float32(1 / 255)
    colours = _coloured(drawn[..., :3], actor, gain)
    sharp = alpha > 0.5
    if max(abs(dx), abs(dy)) >= 1.5:
        colours, alpha, at = _streaked(colours, alpha, at, dx, dy)
        grown = np.zeros(alpha.shape, bool)
        top, left = (alpha.shape[0] - sharp.shape[0]) // 2, (alpha.shape[1] - sharp.shape[1]) // 2
        grown[top : top + sharp.shape[0], left : left + sharp.shape[1]] = sharp
        sharp = grown
    else:
        colours = np.multiply(colours, alpha[..., None], dtype=np.float32)
    return Layer(colours, alpha, sharp, at, box)


def _coloured(colours: Array, actor: Actor, gain: float) -> Array:
    if actor.mixing is not None:
        colours = colours @ actor.mixing.T
    own = np.float32(gain) if actor.gain is None else actor.gain * np.float32(gain)
    colours = colours * own
    if actor.offset is not None:
        colours = colours + actor.offset
    return np.clip(colours, 0, 255).astype(np.float32, copy=False)


def _streaked(
    colours: Array, alpha: Array, at: tuple[int, int], dx: float, dy: float
) -> tuple[Array, Array, tuple[int, int]]:
    """Average over the way (dx, dy) centred on now; colours come back premultiplied."""
    longest = max(abs(dx), abs(dy))
    if longest > _LONGEST_STREAK:
        dx, dy = dx * _LONGEST_STREAK / longest, dy * _LONGEST_STREAK / longest
        longest = _LONGEST_STREAK
    steps = min(int(longest) + 1, 12)
    pad_x, pad_y = int(abs(dx) / 2) + 1, int(abs(dy) / 2) + 1
    rows, cols = alpha.shape
    whole = np.dstack([colours * alpha[..., None], alpha])
    out = np.zeros((rows + 2 * pad_y, cols + 2 * pad_x, 4), np.float32)
    for part in (np.arange(steps) + 0.5) / steps - 0.5:
        x, y = pad_x + round(dx * part), pad_y + round(dy * part)
        out[y : y + rows, x : x + cols] += whole
    out *= np.float32(1 / steps)
    return out[..., :3], out[..., 3], (at[0] - pad_x, at[1] - pad_y)


def paint(canvas: Array, part: Layer) -> None:
    """Put a layer over the ``(H, W, 3)`` float32 canvas, in place."""
    window = _window(canvas.shape, part.at, part.alpha.shape)
    if window is None:
        return
    there, here = window
    cover = part.alpha[here][..., None]
    canvas[there] += part.colours[here] - canvas[there] * cover


def cast(canvas: Array, part: Layer, shadow: Shadow) -> None:
    """Darken the ground under a layer's shadow, in place."""
    extent = np.sqrt(max(part.box.area, 1.0))
    radius = max(shadow.softness * extent, 0.8)
    pad = int(2 * radius) + 1
    dark = cv2.copyMakeBorder(part.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    dark = cv2.GaussianBlur(dark, (0, 0), radius).astype(np.float32)
    at = (
        part.at[0] - pad + round(shadow.dx * extent),
        part.at[1] - pad + round(shadow.dy * extent),
    )
    window = _window(canvas.shape, at, dark.shape)
    if window is not None:
        there, here = window
        canvas[there] *= 1 - np.float32(shadow.strength) * dark[here][..., None]


def truth_of(target: Layer, over: list[Layer], frame: tuple[int, int]) -> Truth:
    """What can be seen of the target under the layers `over` it."""
    seen = target.sharp.copy()
    whole = max(int(seen.sum()), 1)
    for other in over:
        window = _overlap(target, other)
        if window is not None:
            own, its = window
            seen[own] &= other.alpha[its] <= 0.5
    covered = 1 - int(seen.sum()) / whole
    inside = np.zeros_like(seen)
    window = _window((frame[1], frame[0]), target.at, seen.shape)
    if window is not None:
        inside[window[1]] = seen[window[1]]
    box = box_of_mask(inside)
    if box is not None:
        box = box.shifted(*target.at)
    return Truth(target.box, box, int(inside.sum()) / whole, covered)


def _window(
    shape: tuple[int, ...], at: tuple[int, int], size: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Slices of a canvas of `shape` and of a patch of `size` lying at `at`, where they meet."""
    x0, y0 = max(at[0], 0), max(at[1], 0)
    x1, y1 = min(at[0] + size[1], shape[1]), min(at[1] + size[0], shape[0])
    if x0 >= x1 or y0 >= y1:
        return None
    there = (slice(y0, y1), slice(x0, x1))
    here = (slice(y0 - at[1], y1 - at[1]), slice(x0 - at[0], x1 - at[0]))
    return there, here


def _overlap(a: Layer, b: Layer) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    return _window(a.alpha.shape, (b.at[0] - a.at[0], b.at[1] - a.at[1]), b.alpha.shape)
