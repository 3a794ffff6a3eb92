"""An endless supply of clips: each drawn from a seed, each frame rendered on demand.

:class:`Compositor` draws who moves where; :class:`SyntheticVideo` renders any of its frames
without the ones before it, so a training pair costs two frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.train.data.composite.actors import Actor
from core.train.data.composite.backdrops import Backdrops, Camera
from core.train.data.composite.casting import Cast, draw_cast
from core.train.data.composite.library import Library
from core.train.data.composite.motion import Path1D, wander
from core.train.data.composite.params import CompositeParams
from core.train.data.composite.render import Shadow, Shot, Truth, cast, layer, paint, truth_of

Image = NDArray[np.uint8]
_GRAIN_ROOM = 256


@dataclass(frozen=True, slots=True)
class Finish:
    """What the camera does to a clip: constant over its frames.

    Attributes
    ----------
    light, slope_x, slope_y
        Path of the logarithm of the brightness; its slope across the frame.
    blur, noise
        Standard deviations of defocus (px) and noise (levels).
    quality
        JPEG quality, 0 for none.
    exposure
        Share of the frame interval during which light comes in.
    """

    light: Path1D
    slope_x: float
    slope_y: float
    blur: float
    noise: float
    quality: int
    exposure: float
    shadow: Shadow | None


class SyntheticVideo:
    """One composited clip.

    Attributes
    ----------
    length
        Number of frames.
    category, group
        Of the target's cut-out.
    """

    def __init__(
        self, backdrops: Backdrops, camera: Camera, cast_: Cast, finish: Finish,
        params: CompositeParams, grain: NDArray[np.float32], salt: int,
    ) -> None:  # fmt: skip
        self._backdrops, self._camera, self._cast = backdrops, camera, cast_
        self._finish, self._params, self._grain, self._salt = finish, params, grain, salt
        self.length = params.length
        first = cast_.target.poses[0]
        self.category, self.group = first.category, first.group

    def render(self, t: int) -> Shot:
        """Frame `t` and its truth.

        Raises
        ------
        DatasetError
            If the background cannot be read.
        """
        params, finish = self._params, self._finish
        size = (params.width, params.height)
        canvas = self._ground(t)
        parts = {
            id(actor): layer(actor, t, finish.exposure, self._gain_at(actor, t), size)
            for actor in self._cast.all
        }
        for actor in self._cast.all:
            part = parts[id(actor)]
            if part is None:
                continue
            if finish.shadow is not None:
                cast(canvas, part, finish.shadow)
            paint(canvas, part)
        target = parts[id(self._cast.target)]
        if target is None:
            box = self._cast.target.warp(t).box(self._cast.target.pose(t))
            truth = Truth(box, None, 0.0, 0.0)
        else:
            over = [parts[id(actor)] for actor in self._cast.front]
            truth = truth_of(target, [part for part in over if part is not None], size)
        return Shot(self._finished(canvas, t), truth)

    def _ground(self, t: int) -> NDArray[np.float32]:
        params = self._params
        view = self._camera.view(
            self._backdrops.picture(self._camera.picture), t, params.width, params.height
        )
        dx, dy = self._camera.velocity(t)
        dx, dy = dx * self._finish.exposure, dy * self._finish.exposure
        if math.hypot(dx, dy) >= 2:
            view = cv2.filter2D(view, -1, _line(dx, dy), borderType=cv2.BORDER_REPLICATE)
        return view.astype(np.float32)

    def _gain_at(self, actor: Actor, t: int) -> float:
        finish, params = self._finish, self._params
        x = min(max(actor.x.at(t) / params.width, 0.0), 1.0) - 0.5
        y = min(max(actor.y.at(t) / params.height, 0.0), 1.0) - 0.5
        return math.exp(finish.slope_x * x + finish.slope_y * y)

    def _finished(self, canvas: NDArray[np.float32], t: int) -> Image:
        finish = self._finish
        if finish.blur > 0.3:
            canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), finish.blur), np.float32)
        brightness = math.exp(finish.light.at(t))
        noise = self._noise(t, canvas.shape)
        # One pass; the conversion rounds and saturates.
        image = cv2.addWeighted(canvas, brightness, noise, finish.noise, 0.0, dtype=cv2.CV_8U)
        if finish.quality:
            # Channel order does not matter to the artefacts.
            options = [cv2.IMWRITE_JPEG_QUALITY, finish.quality]
            image = cv2.imdecode(cv2.imencode(".jpg", image, options)[1], cv2.IMREAD_COLOR)
        return np.ascontiguousarray(image, np.uint8)

    def _noise(self, t: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        rng = np.random.Generator(np.random.Philox([self._salt, t]))
        y, x = map(int, rng.integers(0, _GRAIN_ROOM, 2))
        return self._grain[y : y + shape[0], x : x + shape[1]]


class Compositor:
    """Draws clips from a stock of cut-outs and photographs."""

    def __init__(
        self, library: Library, backdrops: Backdrops, params: CompositeParams | None = None
    ) -> None:
        self.library, self.backdrops = library, backdrops
        self.params = params or CompositeParams()
        grain = np.random.Generator(np.random.Philox(7))
        shape = (self.params.height + _GRAIN_ROOM, self.params.width + _GRAIN_ROOM, 3)
        self._grain = grain.standard_normal(shape, np.float32)

    def video(self, rng: np.random.Generator) -> SyntheticVideo:
        """The clip that `rng` draws; equal generators give equal clips.

        Raises
        ------
        DatasetError
            If a background cannot be read.
        """
        params = self.params
        camera = self._camera(rng)
        photograph = self.backdrops.picture(camera.picture)
        cast_ = draw_cast(rng, self.library, params, camera, photograph)
        finish = self._finish(rng)
        salt = int(rng.integers(2**31))
        return SyntheticVideo(self.backdrops, camera, cast_, finish, params, self._grain, salt)

    def _camera(self, rng: np.random.Generator) -> Camera:
        params = self.params
        number = int(rng.integers(len(self.backdrops)))
        rows, cols = self.backdrops.picture(number).shape[:2]
        # Between the whole photograph and a third of it fills the frame.
        zoom = math.log(max(params.width / cols, params.height / rows))
        zoom += float(rng.uniform(-0.25, 0.55))
        speed = params.camera * float(rng.choice([0.0, 0.3, 1.0, 2.0], p=[0.3, 0.3, 0.3, 0.1]))
        speed /= math.exp(zoom)
        return Camera(
            number,
            wander(rng, 0.35 * cols, speed, start=float(rng.uniform(0.3, 0.7)) * cols),
            wander(rng, 0.25 * rows, 0.6 * speed, start=float(rng.uniform(0.35, 0.65)) * rows),
            wander(rng, 0.15, 0.004, start=zoom),
            wander(rng, float(rng.choice([0.02, 0.15])), 0.004),
        )

    def _finish(self, rng: np.random.Generator) -> Finish:
        params = self.params
        slopes = rng.uniform(-params.light, params.light, 2)
        shadow = None
        if rng.random() < params.shadow:
            shadow = Shadow(
                float(rng.uniform(-0.25, 0.25)), float(rng.uniform(0.02, 0.3)),
                float(rng.uniform(0.2, 0.6)), float(rng.uniform(0.02, 0.12)),
            )  # fmt: skip
        jpeg = rng.random() < params.jpeg
        quality = int(rng.integers(30, 92)) if jpeg else 0
        blur = float(rng.uniform(0.4, 1.6)) if rng.random() < params.defocus else 0.0
        return Finish(
            light=wander(rng, float(rng.uniform(0, params.light)), 0.01),
            slope_x=float(slopes[0]),
            slope_y=float(slopes[1]),
            blur=blur,
            noise=float(rng.uniform(0, 1)) ** 2 * params.noise,
            quality=quality,
            exposure=float(rng.uniform(0, params.exposure)),
            shadow=shadow,
        )


def _line(dx: float, dy: float) -> NDArray[np.float32]:
    """A motion blur kernel along (dx, dy)."""
    longest = min(max(abs(dx), abs(dy)), 14.0)
    half = int(longest / 2) + 1
    scale = longest / max(abs(dx), abs(dy))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for part in np.linspace(-0.5, 0.5, 2 * half + 1):
        kernel[half + round(dy * scale * part), half + round(dx * scale * part)] += 1
    return kernel / kernel.sum()
