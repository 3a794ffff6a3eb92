"""Clips rendered on demand with exact ground truth, for tests, demos and measurements.

`ClipConfig` says what should be hard (scale, turn, occlusion, look-alikes, light,
blur, shake); `SyntheticClip` is a `VideoSource` whose `truth(k)` is known to the
sub-pixel. The same config always gives the same pictures.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FrameUnavailable, VideoError
from core.geometry import Box
from core.video.cache import ByteCache, as_ranges
from core.video.scene import Actor, Pose, Scene, Sprite, Truth
from core.video.source import Access, Frame, Image, VideoInfo

_CACHE_BYTES = 64 << 20
_MARGIN = 2  # transparent border of sprites, so that their edges are smooth


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """What a synthetic clip shows. Lengths in pixels, times in frames.

    Parameters
    ----------
    width, height, frames, fps, seed
        Size, length, rate, and the seed of every texture.
    target_size
        ``(w, h)`` of the target in frame 0.
    start
        Centre of the target in frame 0; by default the frame's centre.
    velocity
        Motion per frame ``(dx, dy)``.
    sway
        Amplitude and period of an added sine ``(ax, ay, period)``.
    scale_per_frame, turn_per_frame
        Growth factor and turn in degrees per frame.
    occlusions
        Ranges ``(first, stop)`` in which a wall hides the target completely.
    distractors
        Number of look-alikes (the target's texture in slightly other colours) that
        pass near it.
    others
        Number of unlike things that move about.
    light
        Relative amplitude of a slow brightness change, 0 to 1.
    blur
        Shutter opening, 0 (none) to 1.
    shake
        Amplitude of camera shake.
    noise
        Standard deviation of the sensor noise, grey levels.
    """

    width: int = 160
    height: int = 120
    frames: int = 60
    fps: float = 25.0
    seed: int = 0
    target_size: tuple[int, int] = (32, 24)
    start: tuple[float, float] | None = None
    velocity: tuple[float, float] = (0.0, 0.0)
    sway: tuple[float, float, float] = (0.0, 0.0, 40.0)
    scale_per_frame: float = 1.0
    turn_per_frame: float = 0.0
    occlusions: tuple[tuple[int, int], ...] = ()
    distractors: int = 0
    others: int = 0
    light: float = 0.0
    blur: float = 0.0
    shake: float = 0.0
    noise: float = 0.0


EASY = ClipConfig(sway=(30.0, 12.0, 50.0))
HARD = ClipConfig(
    width=320,
    height=240,
    frames=150,
    target_size=(44, 34),
    sway=(90.0, 50.0, 120.0),
    scale_per_frame=1.002,
    turn_per_frame=0.3,
    occlusions=((70, 78),),
    distractors=1,
    others=3,
    light=0.25,
    blur=0.5,
    shake=1.5,
    noise=2.0,
)


def texture(
    width: int, height: int, seed: int, *, grain: float = 6.0, contrast: float = 1.0
) -> NDArray[np.uint8]:
    """Smooth coloured noise, ``(height, width, 3)`` uint8; `grain` is the blob size in pixels."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for octave, weight in ((1.0, 0.6), (3.0, 0.4)):
        cell = grain * octave
        shape = (max(int(height / cell), 1) + 3, max(int(width / cell), 1) + 3, 3)
        coarse = random.standard_normal(shape).astype(np.float32)
        size = (int(shape[1] * cell) + 1, int(shape[0] * cell) + 1)
        fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        total += weight * fine[:height, :width]
    return np.clip(128 + contrast * 60 * total, 0, 255).astype(np.uint8)


class SyntheticClip:
    """A rendered clip (implements `VideoSource`) with `truth` for every frame.

    Parameters
    ----------
    config
        What it shows; or give `scene` for a painted scene of your own.
    scene
        Overrides the scene that `config` describes; size must agree.
    """

    def __init__(self, config: ClipConfig = EASY, scene: Scene | None = None) -> None:
        self.config = config
        self.scene = build_scene(config) if scene is None else scene
        if (self.scene.width, self.scene.height) != (config.width, config.height):
            raise ValueError("the scene's size differs from the config's")
        self._cache: ByteCache[Image] = ByteCache(_CACHE_BYTES)
        self._closed = threading.Event()
        times = np.arange(config.frames) / config.fps
        times.flags.writeable = False
        name = blake2b(repr(config).encode(), digest_size=16)
        self._info = VideoInfo(
            path=Path(f"synthetic-{config.seed}"),
            width=config.width,
            height=config.height,
            frame_count=config.frames,
            fps=config.fps,
            times=times,
            fingerprint=name.hexdigest(),
            codec="synthetic",
        )

    @property
    def info(self) -> VideoInfo:
        """Facts."""
        return self._info

    @property
    def access(self) -> Access:
        """Always EXACT."""
        return Access.EXACT

    @property
    def checked(self) -> int:
        """All frames."""
        return self._info.frame_count

    def truth(self, index: int) -> Truth:
        """Box and visibility of the target in frame `index`."""
        return self.scene.truth(index)

    def truths(self) -> list[Truth]:
        """Ground truth of every frame."""
        return [self.truth(index) for index in range(self._info.frame_count)]

    @property
    def initial_box(self) -> Box:
        """The target's box in frame 0."""
        box = self.truth(0).box
        if box is None:
            raise VideoError("The target is not in frame 0.", "Start it inside the frame.")
        return box

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Nothing to wait for."""
        return True

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` now."""
        callback()

    def cached_ranges(self) -> list[tuple[int, int]]:
        """Runs ``(start, stop)`` of frames that are in memory, ascending."""
        return as_ranges(self._cache.indices())

    def read(self, index: int) -> Frame:
        """Frame `index`. See `VideoSource.read`."""
        index = int(index)
        if self._closed.is_set():
            raise VideoError("The clip is closed.", "Open it again.")
        if not 0 <= index < self._info.frame_count:
            raise FrameUnavailable(
                f"There is no frame {index}.",
                f"Frames are numbered 0 to {self._info.frame_count - 1}.",
            )
        image = self._cache.get(index)
        if image is None:
            image = self.scene.render(index)
            image.flags.writeable = False
            self._cache.put(index, image, image.nbytes)
        return Frame(index, float(self._info.times[index]), image)

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames ``range(start, stop, step)`` that exist."""
        for index in range(start, stop, step):
            if 0 <= index < self._info.frame_count:
                yield self.read(index)

    def close(self) -> None:
        """Release the cache; further reads raise."""
        self._closed.set()
        self._cache.clear()


def build_scene(config: ClipConfig) -> Scene:
    """The scene that `config` describes."""
    spare = int(4 * config.shake) + 8
    background = texture(
        config.width + 2 * spare, config.height + 2 * spare, config.seed, grain=9, contrast=0.55
    )
    target = _sprite(config.target_size, config.seed + 1)
    actors = [*_others(config), *_distractors(config), Actor(target, _target_path(config))]
    target_place = len(actors) - 1
    actors += [_wall(config, first, stop) for first, stop in config.occlusions]
    phases = np.random.default_rng(config.seed + 2).uniform(0, 2 * math.pi, 4)

    def camera(time: float) -> tuple[float, float]:
        a, b, c, d = phases
        return (
            config.shake * (math.sin(0.9 * time + a) + 0.5 * math.sin(2.3 * time + b)) / 1.5,
            config.shake * (math.sin(1.1 * time + c) + 0.5 * math.sin(2.9 * time + d)) / 1.5,
        )

    def light(time: float) -> float:
        return 1 + config.light * math.sin(2 * math.pi * time / 70)

    return Scene(
        config.width,
        config.height,
        background,
        tuple(actors),
        target=target_place,
        origin=(spare, spare),
        camera=camera,
        light=light,
        shutter=config.blur,
        noise=config.noise,
        seed=config.seed,
    )


def _target_path(config: ClipConfig) -> Callable[[float], Pose]:
    x0, y0 = config.start or (config.width / 2, config.height / 2)
    ax, ay, period = config.sway

    def path(time: float) -> Pose:
        swing = 2 * math.pi * time / period
        return Pose(
            x0 + config.velocity[0] * time + ax * math.sin(swing),
            y0 + config.velocity[1] * time + ay * math.sin(2 * swing),
            config.scale_per_frame**time,
            config.turn_per_frame * time,
        )

    return path


def _sprite(size: tuple[int, int], seed: int, *, tint: float = 0.0) -> Sprite:
    width, height = size
    picture = texture(width, height, seed, grain=4, contrast=1.5).astype(np.float32)
    picture[..., 0] += 50 * (1 - 2 * tint)
    picture[..., 2] -= 30 * (1 - 2 * tint)
    rgba = np.zeros((height + 2 * _MARGIN, width + 2 * _MARGIN, 4), np.uint8)
    rgba[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, :3] = np.clip(picture, 0, 255)
    rgba[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, 3] = 255
    # Colours reach into the transparent border, so that smooth edges have no dark rim.
    inner = rgba[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, :3]
    border = ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0))
    rgba[..., :3] = np.pad(inner, border, mode="edge")
    return Sprite(rgba)


def _distractors(config: ClipConfig) -> list[Actor]:
    random = np.random.default_rng(config.seed + 3)
    path = _target_path(config)
    actors: list[Actor] = []
    for number in range(config.distractors):
        meeting = config.frames * (number + 1) / (config.distractors + 1)
        angle = random.uniform(0, 2 * math.pi)
        gap = 1.1 * max(config.target_size)
        speed = (config.width / config.frames) * random.uniform(0.8, 1.3)
        passing = _passing(path(meeting), meeting, angle=angle, gap=gap, speed=speed)
        actors.append(Actor(_sprite(config.target_size, config.seed + 1, tint=0.25), passing))
    return actors


def _passing(
    at: Pose, meeting: float, *, angle: float, gap: float, speed: float
) -> Callable[[float], Pose]:
    """A straight way that passes `at` at distance `gap` at the time `meeting`."""
    across, along = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

    def pose(time: float) -> Pose:
        way = speed * (time - meeting)
        return Pose(
            at.cx + gap * across[0] + way * along[0], at.cy + gap * across[1] + way * along[1]
        )

    return pose


def _others(config: ClipConfig) -> list[Actor]:
    random = np.random.default_rng(config.seed + 4)
    actors: list[Actor] = []
    for number in range(config.others):
        size = tuple(int(s * random.uniform(0.6, 1.2)) + 4 for s in config.target_size)
        x, y = random.uniform(0, config.width), random.uniform(0, config.height)
        dx, dy = random.uniform(-1.5, 1.5, 2)
        spin = random.uniform(-2, 2)

        def pose(
            time: float, at: tuple[float, ...] = (x, y, dx, dy, spin), size: float = max(size)
        ) -> Pose:
            # Leaves on one side, comes back on the other.
            wide, high = config.width + 2 * size, config.height + 2 * size
            cx = (at[0] + at[2] * time + size) % wide - size
            cy = (at[1] + at[3] * time + size) % high - size
            return Pose(cx, cy, 1.0, at[4] * time)

        actors.append(Actor(_sprite((size[0], size[1]), config.seed + 10 + number), pose))
    return actors


def _wall(config: ClipConfig, first: int, stop: int) -> Actor:
    """A wall as large as the target's way during ``[first, stop)``, there only then."""
    path = _target_path(config)
    poses = [path(time) for time in range(first, max(stop, first + 1))]
    reach = math.hypot(*config.target_size) * max(p.scale for p in poses) + 6
    xs, ys = [p.cx for p in poses], [p.cy for p in poses]
    size = (int(max(xs) - min(xs) + reach), int(max(ys) - min(ys) + reach))
    centre = Pose((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    sprite = _sprite(size, config.seed + 50 + first)
    # Half a frame more on both sides, so that motion blur cannot look past it.
    return Actor(sprite, lambda time: centre if first - 0.5 <= time < stop - 0.5 else None)
