"""Made-up reset-based runs: polygons that turn and sway, results that drift and are lost.

Pure formulas, so that the numbers that toolkits gave for them stay comparable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SIZE = (160, 120)
SKIP = 5


@dataclass(frozen=True)
class Made:
    """Truth and results of one sequence: per repetition a list of codes and regions."""

    name: str
    truth: list[list[float]]
    results: list[list[int | list[float]]]


def sequences() -> list[Made]:
    return [
        _made("turning", 130, speed=0.05, drift=0.55, polygon=True, repetitions=3),
        _made("upright", 150, speed=0.03, drift=0.05, polygon=False, repetitions=3),
        _made("quick", 64, speed=0.11, drift=2.1, polygon=True, repetitions=3),
        _made("steady", 170, speed=0.02, drift=0.02, polygon=True, repetitions=3),
        _made("edge", 90, speed=0.07, drift=1.3, polygon=False, repetitions=3, x0=12.0),
    ]


def _made(name, frames, *, speed, drift, polygon, repetitions, x0=80.0) -> Made:
    truth, boxes = [], []
    for k in range(frames):
        cx = x0 + 30 * math.sin(speed * k)
        cy = 60 + 22 * math.sin(0.7 * speed * k + 1)
        w, h = 30 + 6 * math.sin(0.031 * k), 22 + 5 * math.cos(0.023 * k)
        boxes.append((cx, cy, w, h))
        truth.append(_polygon(cx, cy, w, h, 0.01 * k) if polygon else _rect(cx, cy, w, h))
    results = [_run(boxes, frames, drift * (1 + 0.35 * r), r) for r in range(repetitions)]
    return Made(name, truth, results)


def _run(boxes, frames, drift, repetition) -> list[int | list[float]]:
    states: list[int | list[float]] = []
    k = 0
    while k < frames:
        states.append(1)
        start, k = k, k + 1
        while k < frames:
            cx, cy, w, h = boxes[k]
            off = drift * (k - start) * math.cos(0.05 * k + repetition)
            if abs(off) > 0.9 * min(w, h):
                states.append(2)
                states += [0] * min(SKIP - 1, frames - k - 1)
                k += SKIP
                break
            shrink = 1 + 0.1 * math.sin(0.2 * k)
            states.append(_rect(cx + off, cy - 0.6 * off, w * shrink, h * shrink))
            k += 1
    return states[:frames]


def _rect(cx, cy, w, h) -> list[float]:
    return [round(v, 2) for v in (cx - w / 2, cy - h / 2, w, h)]


def _polygon(cx, cy, w, h, angle) -> list[float]:
    u, v = (
        np.array([math.cos(angle), math.sin(angle)]),
        np.array([-math.sin(angle), math.cos(angle)]),
    )
    center = np.array([cx, cy])
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    points = [center + a * u * w / 2 + b * v * h / 2 for a, b in signs]
    return [round(float(value), 2) for point in points for value in point]
