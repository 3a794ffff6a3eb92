"""Paint and encode the demo clip: a ladybird on its way through a garden.

Everything is drawn by this script with `core.video.scene`, so the boxes in
``groundtruth.json`` are exact. Run from the repository root::

    python packaging/make_demo.py            # writes resources/demo
    python packaging/make_demo.py --out DIR  # elsewhere
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from core.video.scene import Actor, Pose, Scene, Sprite, Truth
from core.video.synthetic import texture

WIDTH, HEIGHT, FRAMES, FPS = 640, 360, 300, 30
SEED = 20
PAN = 400  # scene pixels the camera travels
MARGIN = 40  # ground around what the camera sees
FINE = 4  # sprites are painted at four times their size

Rgba = NDArray[np.uint8]
PoseOf = Callable[[float], Pose]
Colour = tuple[float, float, float]


def main() -> None:
    """Write the clip, its ground truth, and nothing else."""
    parser = argparse.ArgumentParser(description="Paint and encode the demo clip.")
    default = Path(__file__).resolve().parent.parent / "resources" / "demo"
    parser.add_argument("--out", type=Path, default=default)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    scene = demo_scene()
    encode(scene, folder / "demo.mp4")
    truths = [scene.truth(index) for index in range(FRAMES)]
    (folder / "groundtruth.json").write_text(truth_text(truths), encoding="utf-8")


def encode(scene: Scene, path: Path) -> None:
    """H.264, one key frame a second, so that seeking is quick."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        stream.options = {"crf": "20", "preset": "slow", "g": "30", "bf": "2"}
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(scene.render(index), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def truth_text(truths: list[Truth]) -> str:
    """The ground truth as JSON, one frame a line."""
    rows = []
    for index, truth in enumerate(truths):
        box = [round(v, 3) for v in truth.box.as_tuple()] if truth.box else None
        row = {
            "frame": index,
            "box": box,
            "visible": round(truth.visible, 3),
            "occluded": truth.occluded,
        }
        rows.append(json.dumps(row))
    first = truths[0].box
    head = {
        "video": "demo.mp4",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
        "coordinates": "x, y, w, h in frame pixels; pixel (0, 0) covers [0, 1) x [0, 1)",
        "target": "ladybird: body, head and antennae, without legs",
        "initial_box": [round(v, 3) for v in first.as_tuple()] if first else None,
    }
    body = ",\n    ".join(rows)
    return json.dumps(head, indent=2)[:-2] + f',\n  "frames": [\n    {body}\n  ]\n}}\n'


# -- motion ------------------------------------------------------------------------


def way(time: float) -> tuple[float, float]:
    """Centre of the ladybird in the scene at a time in frames."""
    t = time / FRAMES
    x = 110 + 790 * t + 46 * math.sin(2 * math.pi * 2 * t)
    y = 205 + 78 * math.sin(2 * math.pi * 1.55 * t - 0.5) + 14 * math.sin(2 * math.pi * 5 * t)
    return x, y


def heading(time: float) -> float:
    """Direction of walking in degrees clockwise from up."""
    (x0, y0), (x1, y1) = way(time - 6), way(time + 6)
    return math.degrees(math.atan2(x1 - x0, y0 - y1))


def ladybird_pose(time: float) -> Pose:
    x, y = way(time)
    wobble = 2.5 * math.sin(time * 0.8)
    size = 1 + 0.13 * math.sin(2 * math.pi * time / 230)
    return Pose(x, y, size / FINE, heading(time) + wobble)


def camera(time: float) -> tuple[float, float]:
    t = time / FRAMES
    ease = t * t * (3 - 2 * t)
    hand_x = 1.6 * math.sin(time * 0.21) + 0.7 * math.sin(time * 0.53 + 1)
    hand_y = 1.4 * math.sin(time * 0.17 + 2) + 0.6 * math.sin(time * 0.61)
    return PAN * (0.35 * t + 0.65 * ease) + hand_x, hand_y


def light(time: float) -> float:
    """A small cloud passes."""
    return 1.02 - 0.2 * math.exp(-(((time - 232) / 26) ** 2))


def far_pose(time: float) -> Pose:
    """Another look-alike, always at a distance."""
    swing = time * 0.03
    return Pose(
        860 - 0.75 * time, 86 + 20 * math.sin(swing), 0.8 / FINE, -80 + 14 * math.cos(swing)
    )


def shadow_of(pose_of: PoseOf) -> PoseOf:
    """The shadow lies to the lower right."""

    def pose(time: float) -> Pose:
        above = pose_of(time)
        return Pose(above.cx + 5, above.cy + 7, above.scale, above.angle)

    return pose


def standing(place: Pose) -> PoseOf:
    """Always at one place of the scene."""
    return lambda _time: place


def stepping(pose_of: PoseOf, phase: int) -> Callable[[float], Pose | None]:
    """Legs of one of two phases, which take turns every four frames."""
    return lambda time: pose_of(time) if int(time // 4) % 2 == phase else None


def rival_pose(time: float) -> Pose:
    """A look-alike that crosses just ahead of the ladybird around frame 100."""
    meeting = 100.0
    x, y = way(meeting + 20)
    along = 2.5 * (time - meeting)
    turn = 10 * math.sin(time * 0.05)
    return Pose(
        x + 14 - 0.42 * along, y + along, 0.96 / FINE, 180 + 22 + turn + 2 * math.sin(time * 0.7)
    )


# -- painting ----------------------------------------------------------------------


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
    return Sprite(small, _outline(small)), Sprite(_soften(shade, 4.0 * FINE))


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


def _soften(image: Rgba, sigma: float) -> Rgba:
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


def lay(ground: NDArray[np.float32], picture: Rgba, pose: Pose, shadow: float = 0.45) -> None:
    """Put a picture on the ground, with a soft shadow to the lower right."""
    height, width = ground.shape[:2]
    if shadow:
        dark = picture.copy()
        dark[..., :3] = (10, 18, 8)
        dark[..., 3] = (dark[..., 3] * shadow).astype(np.uint8)
        below = Pose(pose.cx + 6, pose.cy + 8, pose.scale, pose.angle)
        lay(ground, _soften(np.pad(dark, ((16, 16), (16, 16), (0, 0))), 5), below, shadow=0)
    drawn = Sprite(picture, np.zeros((1, 2))).draw(pose, width, height)
    if drawn is not None:
        region, layer = drawn
        ground[region] = ground[region] * (1 - layer[..., 3:]) + layer[..., :3] * 255


def garden() -> NDArray[np.uint8]:
    """The ground: moss, leaves in three layers, daisies."""
    random = np.random.default_rng(SEED)
    width, height = WIDTH + PAN + 2 * MARGIN, HEIGHT + 2 * MARGIN
    moss = texture(width, height, SEED, grain=26, contrast=0.5).astype(np.float32)
    fine = texture(width, height, SEED + 1, grain=3, contrast=0.5).astype(np.float32)
    tone = 0.75 * moss.mean(axis=2) + 0.25 * fine.mean(axis=2)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    glow = 0.82 + 0.3 * np.exp(-(((x - 0.45 * width) / 420) ** 2 + ((y - 0.4 * height) / 260) ** 2))
    base = (tone / 128 * glow)[..., None]
    ground = np.clip(base * np.array([70, 98, 44], np.float32), 0, 255).astype(np.float32)
    layers = (
        (46, (52, 92, 44), (70, 130), 2.2, 0.5),
        (40, (84, 132, 58), (70, 150), 1.0, 0.45),
        (24, (122, 164, 72), (80, 160), 0.0, 0.4),
    )
    for count, tint, lengths, blur, shadow in layers:
        for _ in range(count):
            length = int(random.uniform(*lengths))
            colour = tuple(float(c * random.uniform(0.85, 1.15)) for c in tint)
            picture = leaf(
                length,
                int(length * random.uniform(0.34, 0.5)),
                (colour[0], colour[1], colour[2]),
                int(random.integers(1 << 30)),
            )
            place = Pose(
                random.uniform(0, width), random.uniform(0, height), 1.0, random.uniform(0, 360)
            )
            lay(ground, picture, place, shadow)
        if blur:
            ground = cv2.GaussianBlur(ground, (0, 0), blur).astype(np.float32)
    for x0, y0, radius in (
        (150, 70, 40),
        (420, 395, 44),
        (640, 60, 34),
        (905, 372, 40),
        (1010, 90, 46),
        (300, 300, 26),
        (800, 205, 24),
        (60, 330, 30),
    ):
        lay(ground, daisy(radius * 2, x0), Pose(x0, y0, 0.5, float(x0)), 0.4)
    return np.clip(ground + 0.5, 0, 255).astype(np.uint8)


def blade(length: int, width: int, seed: int) -> Sprite:
    """A blade of grass near the lens, a little out of focus."""
    picture = leaf(length, width, (104, 158, 60), seed, veins=False)
    return Sprite(_soften(np.pad(picture, ((12, 12), (12, 12), (0, 0))), 1.6))


def demo_scene() -> Scene:
    """The garden, the ladybird, its rivals, and grass in front."""
    red, red_shadow = ladybird(
        (206, 38, 30),
        [(0.0, -0.72, 0.2), (0.42, -0.36, 0.17), (0.62, 0.18, 0.17), (0.3, 0.52, 0.16)],
    )
    rival, rival_shadow = ladybird(
        (222, 84, 28),
        [(0.36, -0.5, 0.13), (0.68, -0.1, 0.13), (0.3, 0.06, 0.14), (0.5, 0.48, 0.13)],
    )
    steps = (legs(0), legs(1))

    actors: list[Actor] = []
    for picture, shade, pose_of in (
        (rival, rival_shadow, far_pose),
        (rival, rival_shadow, rival_pose),
        (red, red_shadow, ladybird_pose),
    ):
        actors.append(Actor(shade, shadow_of(pose_of)))
        actors += [Actor(step, stepping(pose_of, phase)) for phase, step in enumerate(steps)]
        actors.append(Actor(picture, pose_of))
    target = len(actors) - 1
    grass_x, grass_y = way(176)
    blades = (
        (blade(430, 38, 5), Pose(grass_x, grass_y + 30, 1.0, 78)),
        (blade(330, 30, 6), Pose(grass_x + 190, 20, 1.0, 118)),
        (blade(360, 38, 7), Pose(250, 400, 1.0, -62)),
    )
    actors += [Actor(sprite, standing(place)) for sprite, place in blades]
    return Scene(
        WIDTH,
        HEIGHT,
        garden(),
        tuple(actors),
        target=target,
        origin=(MARGIN, MARGIN),
        camera=camera,
        light=light,
        shutter=0.4,
        noise=1.2,
        seed=SEED,
    )


if __name__ == "__main__":
    main()
