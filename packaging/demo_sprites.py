"""The ladybird, leaves and flowers of the demo clip, painted shape by shape."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video.scene import Sprite
from core.video.synthetic import texture

FINE = 4  # sprites are painted at four times their size

Rgba = NDArray[np.uint8]
Colour = tuple[float, float, float]


def canvas(width: int, height: int) -> Rgba:
    return np.zeros((height, width, 4), np.uint8)


def ladybird(shell: Colour, spots: list[tuple[float, float, float]]) -> tuple[Sprite, Sprite]:
    """Body sprite (head up, 56 × 72 px at scale 1 / FINE) and its soft shadow."""
    w, h = 72 * FINE, 84 * FINE
    big = canvas(w * 2, h * 2)  # painted twice as fine again, for smooth edges
    cx, unit = w, 2.0 * FINE
    top, middle = 10 * unit, 47 * unit
    dark = (26, 22, 24, 255)
    for side in (-1, 1):  # antennae
        tip = (int(cx + side * 11 * unit), int(top - 5 * unit))
        cv2.line(big, (int(cx + side * 4 * unit), int(top + 4 * unit)), tip, dark, int(1.6 * unit))
        cv2.circle(big, tip, int(1.7 * unit), dark, -1)
    _ellipse(big, (cx, top + 8 * unit), (11 * unit, 9 * unit), (34, 29, 31, 255))
    _ellipse(big, (cx, top + 15 * unit), (19 * unit, 11 * unit), dark)
    for side in (-1, 1):
        _ellipse(
            big,
            (cx + side * 12.5 * unit, top + 13 * unit),
            (4.6 * unit, 4 * unit),
            (240, 236, 224, 255),
        )
        _ellipse(
            big,
            (cx + side * 4.6 * unit, top + 3.5 * unit),
            (2.2 * unit, 1.8 * unit),
            (240, 236, 224, 255),
        )
    _ellipse(big, (cx, middle), (27 * unit, 30 * unit), (*shell, 255))
    for x, y, r in spots:
        for side in (-1, 1) if x else (1,):
            place = (cx + side * x * 27 * unit, middle + y * 30 * unit)
            _ellipse(big, place, (r * 27 * unit, r * 30 * unit), dark)
    cv2.line(
        big,
        (int(cx), int(middle - 29 * unit)),
        (int(cx), int(middle + 30 * unit)),
        dark,
        int(1.5 * unit),
        cv2.LINE_AA,
    )
    _round(big, (cx, middle), (27 * unit, 30 * unit))
    small = _halved(big)
    shade = canvas(w, h)
    _ellipse(shade, (w / 2, middle / 2), (29 * unit / 2, 33 * unit / 2), (8, 14, 6, 150))
    return Sprite(small, _outline(small)), Sprite(soften(shade, 4.0 * FINE))


def legs(phase: int) -> Sprite:
    """Six legs in one of two steps; a sprite of the body's size, drawn below it."""
    w, h = 72 * FINE, 84 * FINE
    big = canvas(w * 2, h * 2)
    unit = 2.0 * FINE
    for row, (base, reach) in enumerate(((31, -13), (46, 0), (60, 13))):
        for side in (-1, 1):
            forward = 5 if (row + (side > 0) + phase) % 2 else -3
            hip = (w + side * 22 * unit, base * unit)
            knee = (w + side * 31 * unit, (base + 0.5 * reach - forward) * unit)
            foot = (w + side * 35 * unit, (base + reach - 1.6 * forward) * unit)
            for a, b in ((hip, knee), (knee, foot)):
                cv2.line(
                    big,
                    (int(a[0]), int(a[1])),
                    (int(b[0]), int(b[1])),
                    (30, 25, 24, 255),
                    int(2.4 * unit),
                    cv2.LINE_AA,
                )
    return Sprite(_halved(big))


def _halved(image: Rgba) -> Rgba:
    height, width = image.shape[:2]
    half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return half.astype(np.uint8, copy=False)


def _ellipse(
    image: Rgba, centre: tuple[float, float], radii: tuple[float, float], colour: tuple[float, ...]
) -> None:
    box = (int(centre[0]), int(centre[1])), (int(radii[0]), int(radii[1]))
    cv2.ellipse(image, *box, 0, 0, 360, colour, -1, cv2.LINE_AA)


def _round(image: Rgba, centre: tuple[float, float], radii: tuple[float, float]) -> None:
    """Light from the upper left: the shell brightens there and darkens at its rim."""
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    u, v = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    inside = (u * u + v * v) <= 1.0
    gain = 1.12 - 0.55 * np.clip(u * u + v * v, 0, 1) ** 1.6 - 0.16 * (u + v)
    shine = 150 * np.exp(-(((u + 0.36) / 0.2) ** 2 + ((v + 0.42) / 0.13) ** 2))
    colour = image[..., :3] * gain[..., None] + shine[..., None]
    image[..., :3] = np.where(inside[..., None], np.clip(colour, 0, 255), image[..., :3])


def soften(image: Rgba, sigma: float) -> Rgba:
    """Blur colours and opacity together."""
    straight = image.astype(np.float32)
    weight = straight[..., 3:] / 255
    blurred = cv2.GaussianBlur(
        np.concatenate([straight[..., :3] * weight, weight], 2), (0, 0), sigma
    )
    colour = blurred[..., :3] / np.maximum(blurred[..., 3:], 1e-4)
    return np.concatenate([colour, blurred[..., 3:] * 255], 2).clip(0, 255).astype(np.uint8)


def _outline(image: Rgba) -> NDArray[np.float64]:
    rows, cols = np.nonzero(image[..., 3] > 127)
    corners = [np.stack([cols + dx, rows + dy], 1) for dx in (0, 1) for dy in (0, 1)]
    return cv2.convexHull(np.concatenate(corners).astype(np.float32))[:, 0].astype(float)


def leaf(length: int, width: int, colour: Colour, seed: int, *, veins: bool = True) -> Rgba:
    """A pointed leaf along x with a midrib and, if wanted, side veins."""
    random = np.random.default_rng(seed)
    image = canvas(length + 8, width + 8)
    x = np.linspace(0, 1, 60)
    half = width / 2 * np.sin(np.pi * x**0.8) ** 0.9
    bend = 0.06 * width * np.sin(2 * np.pi * x)
    middle = (width + 8) / 2
    edge = np.concatenate(
        [
            np.stack([4 + x * length, middle + bend - half], 1),
            np.stack([4 + x * length, middle + bend + half], 1)[::-1],
        ]
    )
    cv2.fillPoly(image, [np.round(edge * 16).astype(np.int32)], (*colour, 255), cv2.LINE_AA, 4)
    rows = np.arange(image.shape[0])[:, None]
    upper = (rows < middle)[..., None]
    shade = np.where(upper, 1.1, 0.86) * (0.9 + 0.2 * rows[..., None] / image.shape[0])
    grain = texture(image.shape[1], image.shape[0], seed, grain=5, contrast=0.16)
    image[..., :3] = np.clip(image[..., :3] * shade * (grain / 128.0), 0, 255)
    vein = tuple(min(255.0, c * 1.22 + 12) for c in colour)
    alpha = image[..., 3].copy()
    for k in np.arange(0.12, 0.92, 0.105) if veins else ():
        start = (int(4 + k * length), int(middle))
        reach = width * 0.42 * math.sin(math.pi * k**0.8)
        for side in (-1, 1):
            end = (int(start[0] + 0.10 * length), int(middle + side * reach))
            cv2.line(image, start, end, (*vein, 255), 1, cv2.LINE_AA)
    cv2.line(
        image,
        (4, int(middle)),
        (length, int(middle)),
        (*vein, 255),
        max(int(width / 26), 1),
        cv2.LINE_AA,
    )
    image[..., 3] = alpha
    image[..., :3] = np.clip(image[..., :3] * random.uniform(0.94, 1.06), 0, 255)
    return image


def daisy(radius: int, seed: int) -> Rgba:
    """White petals round a yellow heart."""
    random = np.random.default_rng(seed)
    size = 2 * radius + 8
    image = canvas(size, size)
    middle = size / 2
    count = 15
    for turn in (0.5, 0.0):
        for k in range(count):
            angle = 360 * (k + turn) / count + random.uniform(-5, 5)
            reach = radius * random.uniform(0.9, 1.0)
            place = (
                int(middle + 0.58 * reach * math.cos(math.radians(angle))),
                int(middle + 0.58 * reach * math.sin(math.radians(angle))),
            )
            tone = random.uniform(0.9, 1.0) - 0.12 * turn
            colour = (250 * tone, 248 * tone, 240 * tone, 255)
            cv2.ellipse(
                image,
                place,
                (int(0.42 * reach), int(0.13 * radius)),
                angle,
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
    cv2.circle(
        image, (int(middle), int(middle)), int(0.27 * radius), (236, 184, 40, 255), -1, cv2.LINE_AA
    )
    for _ in range(60):
        a, r = random.uniform(0, 2 * math.pi), 0.24 * radius * math.sqrt(random.uniform())
        dot = (int(middle + r * math.cos(a)), int(middle + r * math.sin(a)))
        cv2.circle(image, dot, max(radius // 26, 1), (206, 140, 24, 255), -1, cv2.LINE_AA)
    return image
