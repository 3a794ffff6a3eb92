"""Are seeks exact, and how fast is reading? Prints tables; needs no data.

    python benchmarks/video_seek.py                 # all
    python benchmarks/video_seek.py exact --reads 1000
    python benchmarks/video_seek.py speed

`exact`: random reads against sequential decoding for every kind of file in the test
matrix (``tests/core/video/video_matrix.py``). `speed`: 1080p clips with key frames
every 12 and every 250 frames, and the opening of a clip of 10,000 frames.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "core" / "video")]

from video_matrix import KINDS, Kind  # noqa: E402

from core.video.file import VideoFile  # noqa: E402
from core.video.open import open_source  # noqa: E402

MEGABYTE = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description="Exactness and speed of frame access.")
    parser.add_argument("what", nargs="?", choices=("exact", "speed", "all"), default="all")
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.what in ("exact", "all"):
            exactness(folder, options.frames, options.reads)
        if options.what in ("speed", "all"):
            speed(folder)
            opening(folder)


def exactness(folder: Path, frames: int, reads: int) -> None:
    print(f"| kind | frames | access | wrong of {reads:,} | ms per read |")
    print("|---|--:|---|--:|--:|")
    for name, kind in KINDS.items():
        path = kind.write(folder / f"{name.replace(' ', '_')}{kind.suffix}", frames)
        source = open_file(path, folder, cache_bytes=MEGABYTE)
        with av.open(str(path)) as container:
            plain = [
                np.rot90(f.to_ndarray(format="rgb24"), -kind.turn)
                for f in container.decode(video=0)
            ]
        rng = random.Random(1)
        wanted = [rng.randrange(source.info.frame_count) for _ in range(reads)]
        start = time.perf_counter()
        pictures = ((k, source.read(k).image) for k in wanted)
        wrong = sum(not np.array_equal(image, plain[k]) for k, image in pictures)
        each = (time.perf_counter() - start) / reads * 1000
        count = source.info.frame_count
        assert count == len(plain)
        print(f"| {name} | {count} | {source.access} | {wrong} | {each:.1f} |", flush=True)
        source.close()


def speed(folder: Path) -> None:
    print("\n| 1080p H.264, 500 frames | key every 12 | key every 250, B-frames |")
    print("|---|--:|--:|")
    options = ({"g": "12", "bf": "0"}, {"g": "250", "bf": "3"})
    columns = [measure(write_hd(folder / f"hd{k}.mp4", o), folder) for k, o in enumerate(options)]
    for row in columns[0]:
        print(f"| {row} | " + " | ".join(f"{column[row]:.1f}" for column in columns) + " |")


def measure(path: Path, folder: Path) -> dict[str, float]:
    """Figures for one clip; caches are emptied by opening it anew for each."""
    rows: dict[str, float] = {}
    start = time.perf_counter()
    source = open_file(path, folder)
    rows["check of the clip, frames/s"] = 500 / (time.perf_counter() - start)
    rows["sequential, frames/s"] = 400 / timed(lambda: sum(1 for _ in source.frames(0, 400)))
    source.close()

    source = open_file(path, folder)
    rows["backward, frames/s"] = 400 / timed(lambda: sum(1 for _ in source.frames(450, 50, -1)))
    source.close()

    source = open_file(path, folder, cache_bytes=0)
    rng = random.Random(2)
    jumps = [rng.randrange(500) for _ in range(25)]
    rows["random read, ms"] = timed(lambda: [source.read(k) for k in jumps]) / 25 * 1000
    source.close()

    source = open_file(path, folder)
    source.read(470)
    steps = [timed(lambda k=k: source.read(k)) * 1000 for k in range(469, 400, -1)]
    rows["step back, median ms"] = float(np.median(steps))
    rows["step back, worst ms"] = max(steps)
    steps = [timed(lambda k=k: source.read(k)) * 1000 for k in range(401, 460)]
    rows["step forward again, median ms"] = float(np.median(steps))
    process = psutil.Process()
    before = process.memory_info().rss
    for k in range(0, 500, 9):
        source.read(k)
    rows["cache after 56 more reads, MB"] = source.cached_bytes / MEGABYTE
    rows["growth of the process, MB"] = (process.memory_info().rss - before) / MEGABYTE
    source.close()
    return rows


def opening(folder: Path) -> None:
    path = Kind(".mp4", options={"g": "48", "bf": "2", "preset": "ultrafast"}).write(
        folder / "long.mp4", 10_000
    )
    print("\n| 10,000 frames, 160 × 120 | s |\n|---|--:|")
    index = folder / "long-index"
    results: list[VideoFile] = []

    def opened(**options: float) -> None:
        results.append(open_source(path, index_dir=index, **options))  # type: ignore[arg-type]

    print(f"| until frame 0 can be shown | {timed(lambda: opened(check_seconds=0)):.2f} |")
    print(f"| until checked | {timed(results[0].wait_ready):.2f} |")
    assert results[0].info.frame_count == 10_000
    print(f"| second opening | {timed(lambda: opened(check_seconds=math.inf)):.2f} |")
    for source in results:
        source.close()


def write_hd(path: Path, options: dict[str, str]) -> Path:
    """500 frames of a moving picture with detail."""
    rng = np.random.default_rng(0)
    wide = cv2.resize(rng.integers(0, 255, (270, 960, 3), np.uint8), (3840, 1080))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "26", "sc_threshold": "0", **options}
        for number in range(500):
            picture = np.ascontiguousarray(wide[:, number * 3 : number * 3 + 1920], dtype=np.uint8)
            cv2.putText(picture, str(number), (200, 500), 0, 9, (255, 255, 255), 12)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def open_file(path: Path, folder: Path, **options: Any) -> VideoFile:
    source = open_source(path, index_dir=folder / "index", check_seconds=math.inf, **options)
    assert isinstance(source, VideoFile)
    return source


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
