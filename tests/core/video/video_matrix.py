"""Small videos of every kind that seeking has been known to get wrong.

Every picture carries its number as a bar code of 12 black or white blocks along the
bottom, coarse enough to survive compression, so a reader cannot hide behind pictures
that look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 12
BAR = 16  # height of the code, pixels


def paint(number: int, width: int, height: int) -> np.ndarray:
    """Picture `number`: moving gradient, bar code of the number below. RGB uint8."""
    x = np.arange(width)[None, :]
    y = np.arange(height)[:, None]
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0] = (x * 2 + number * 3) % 200 + 20
    image[..., 1] = (y * 2 + number) % 200 + 20
    image[..., 2] = (x + y) % 200 + 20
    edges = np.linspace(0, width, BITS + 1).round().astype(int)
    for bit in range(BITS):
        value = 235 if number >> bit & 1 else 20
        image[height - BAR :, edges[bit] : edges[bit + 1]] = value
    return image


def number_in(image: np.ndarray) -> int:
    """The number painted into a decoded picture."""
    height, width = image.shape[:2]
    edges = np.linspace(0, width, BITS + 1).round().astype(int)
    row = image[height - BAR // 2].mean(axis=1)
    middles = (edges[:-1] + edges[1:]) // 2
    return sum(1 << bit for bit, at in enumerate(middles) if row[at] > 128)


def steady(number: int) -> int:
    return number


def jumpy(number: int) -> int:
    """Uneven timestamps in ticks of 1/1000 s, the mean rate near 27 per second."""
    return number * 33 + (number // 7) * 20 + (number % 3) * 4 + (number // 50) * 300


@dataclass(frozen=True)
class Kind:
    """How to make one file of the matrix."""

    suffix: str
    codec: str = "libx264"
    pixels: str = "yuv420p"
    size: tuple[int, int] = (160, 120)
    options: dict[str, str] = field(default_factory=lambda: {"g": "48", "bf": "2"})
    muxer: dict[str, str] = field(default_factory=dict)
    ticks: Callable[[int], int] = steady
    tick: Fraction = Fraction(1, 30)
    start: int = 0
    turn: int = 0  # quarter turns clockwise in the display matrix (mp4 only)
    still: int = 1  # pictures repeat in runs of this length

    def write(self, path: Path, count: int) -> Path:
        """Make the file with `count` frames."""
        width, height = self.size
        with av.open(str(path), "w", options=self.muxer) as container:
            stream = container.add_stream(self.codec, rate=30)
            stream.width, stream.height, stream.pix_fmt = width, height, self.pixels
            stream.options = dict(self.options)
            stream.time_base = self.tick
            stream.codec_context.time_base = self.tick
            stream.codec_context.thread_count = 1
            for number in range(count):
                shown = number - number % self.still
                picture = av.VideoFrame.from_ndarray(paint(shown, width, height), "rgb24")
                picture = picture.reformat(format=self.pixels)
                picture.pts = self.start + self.ticks(number)
                picture.time_base = self.tick
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        if self.turn:
            set_turn(path, self.turn)
        return path


def set_turn(path: Path, turns: int) -> None:
    """Write a display matrix of `turns` clockwise quarter turns into an mp4's track header."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 4 * 5 + 8 + 8  # version 0 layout up to the matrix
    one, wide = 0x10000, 0x40000000
    a, b, c, d = {1: (0, one, -one, 0), 2: (-one, 0, 0, -one), 3: (0, -one, one, 0)}[turns]
    for place, value in enumerate((a, b, 0, c, d, 0, 0, 0, wide)):
        data[at + 4 * place : at + 4 * place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(data)


MILLISECOND = Fraction(1, 1000)
_JUMPY = {"ticks": jumpy, "tick": MILLISECOND}

KINDS: dict[str, Kind] = {
    "cfr mp4": Kind(".mp4"),
    "cfr mkv": Kind(".mkv"),
    "open gop mp4": Kind(
        ".mp4", options={"g": "24", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}
    ),
    "start offset mp4": Kind(".mp4", start=100),
    "start offset mkv": Kind(".mkv", start=100),
    "edit list mp4": Kind(".mp4", start=-7),
    "vfr mp4": Kind(".mp4", **_JUMPY),
    "vfr mkv": Kind(".mkv", **_JUMPY),
    "cfr ts": Kind(".ts"),
    "vfr ts": Kind(".ts", **_JUMPY),
    "h264 avi": Kind(".avi"),
    "mpeg4 avi": Kind(".avi", codec="mpeg4", options={"g": "24", "bf": "2"}),
    "vp9 webm": Kind(".webm", codec="libvpx-vp9", options={"g": "48", "deadline": "realtime"}),
    "vp9 hidden frames webm": Kind(
        ".webm",
        codec="libvpx-vp9",
        options={"g": "48", "auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "8"},
    ),
    "mpeg1 ps": Kind(".mpg", codec="mpeg1video", options={"g": "15", "bf": "2"}),
    "mpeg2 open gop ps": Kind(".mpg", codec="mpeg2video", options={"g": "15", "bf": "2"}),
    "hevc mp4": Kind(
        ".mp4", codec="libx265", options={"x265-params": "keyint=24:open-gop=1:log-level=none"}
    ),
    "mjpeg avi": Kind(".avi", codec="mjpeg", pixels="yuvj420p", options={}),
    "prores mov": Kind(".mov", codec="prores_ks", pixels="yuv422p10le", options={}),
    "fragmented mp4": Kind(".mp4", muxer={"movflags": "frag_keyframe+empty_moov"}),
    "intra refresh mp4": Kind(".mp4", options={"g": "48", "x264-params": "intra-refresh=1"}),
    "one key frame mp4": Kind(".mp4", options={"g": "9999", "bf": "2"}),
    "stills mp4": Kind(".mp4", still=5),
    "rotated mp4": Kind(".mp4", turn=1),
    "odd size mp4": Kind(".mp4", pixels="yuv444p", size=(161, 121)),
    "odd size webm": Kind(
        ".webm", codec="libvpx-vp9", size=(161, 121), options={"g": "48", "deadline": "realtime"}
    ),
    "10 bit mp4": Kind(".mp4", pixels="yuv420p10le"),
    "grey mp4": Kind(".mp4", pixels="gray"),
    "grey ffv1 mkv": Kind(".mkv", codec="ffv1", pixels="gray", options={}),
    "raw h264": Kind(".h264"),
}
