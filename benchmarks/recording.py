"""What a recording costs: size, the tracker's slow-down, and random access on replay.

Run: python benchmarks/recording.py [--frames 10000] [--track 150] [--json FILE]
     [--trackers KEY ...] [--data FOLDER] [--precision compact ...] [--rounds 3]
The slow-down is a ratio within one run: the same frames are tracked with and without the
recorder in turns, both with the maps made. Sizes and reading times are of recordings of
`--frames` frames with three maps, of the maps of real trackers on the demo clip, or with
`--data` on the first `--track` frames of every sequence in that folder (repeated until there
are enough), and of made-up noisy ones of 33, 57 and 81 cells a side. `--rounds 0` leaves the
slow-down out. Limits: 60 MB, 10 %, 5 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from core import weights
from core.engine.runner import FrameResult
from core.evaluate.layouts import find_sequences
from core.geometry import Box, Placement
from core.recording import about
from core.recording.coding import Precision
from core.recording.recorder import Recorder
from core.recording.recording import Recording
from core.states import TargetState
from core.trackers import load_all, registry
from core.trackers.base import ResponseMap, TrackResult
from core.video.demo import demo_ground_truth, demo_path
from core.video.open import open_source
from core.video.source import Frame, VideoInfo

EMPTY = np.zeros((1, 1, 3), np.uint8)
TRACKERS = {
    "ccr": ("response", "stage1.hog", "stage1.cn"),
    "drvt": ("final", "cf.scale1", "fc_prob"),
    "edcf": ("fused", "low", "high"),
    "ccr-deep": ("response", "stage1.deep", "stage1.hog"),
    "crpn": ("final", "stage1.score", "stage1.kept"),
    "cract": ("final", "rpn_score", "coarse"),
}
INFO = VideoInfo(Path("made-up"), 640, 360, 0, 30.0, np.zeros(0), "")


def track(
    key: str, frames: Sequence[Frame], recorder: Recorder | None, start: Box | None = None
) -> list[FrameResult]:
    """Track `frames` from `start`, into `recorder` if there is one; the results."""
    tracker = registry.find(key).create()
    tracker.want_maps = frozenset(TRACKERS[key])
    results = []
    with torch.inference_mode():
        for frame in frames:
            began = time.perf_counter()
            seed = not results
            image = frame.image
            answer = (
                tracker.init(image, start or demo_ground_truth().initial_box)
                if seed
                else tracker.update(image)
            )
            item = FrameResult(1, frame, answer, time.perf_counter() - began, seed)
            if recorder is not None:
                recorder.take(item)
            results.append(item)
    return results


def slow_down(key: str, frames: Sequence[Frame], folder: Path, rounds: int) -> dict[str, float]:
    """Seconds per frame with and without a recorder, in turns, and their ratio."""
    times: dict[bool, list[float]] = {False: [], True: []}
    track(key, frames[:10], None)
    for turn in range(2 * rounds):
        recorded = turn % 2 == (turn // 2) % 2
        began = time.perf_counter()
        if recorded:
            with Recorder(folder / "s.h5", about.started(INFO), registry.find(key).maps) as sink:
                track(key, frames, sink)
        else:
            track(key, frames, None)
        times[recorded].append((time.perf_counter() - began) / len(frames))
    plain, full = (statistics.median(times[k]) for k in (False, True))
    return {"plain_ms": plain * 1e3, "recorded_ms": full * 1e3, "ratio": full / plain}


def made_up(count: int) -> list[FrameResult]:
    """Results with three noisy maps of 33, 57 and 81 cells a side."""
    rng = np.random.default_rng(0)
    results = []
    for index in range(count):
        maps = {}
        for side in (33, 57, 81):
            noise = cv2.GaussianBlur(rng.normal(size=(side, side)).astype(np.float32), (0, 0), 2)
            place = Placement.covering(
                Box(rng.uniform(0, 99), rng.uniform(0, 99), 200, 200), noise.shape
            )
            maps[f"map{side}"] = ResponseMap(np.asarray(noise, np.float32), place)
        numbers = {f"scalar{k}": float(v) for k, v in enumerate(rng.normal(size=15))}
        answer = TrackResult(Box(1, 2, 3, 4), 0.5, TargetState.TRACKING, "", numbers, maps)
        results.append(FrameResult(1, Frame(index, 0.0, EMPTY), answer, 0.01))
    return results


def stored(
    items: Sequence[FrameResult], count: int, path: Path, precision: Precision
) -> dict[str, float]:
    """Size, writing and random reading of `count` frames that repeat `items`."""
    maps = sorted({key for item in items for key in item.result.maps})
    began = time.perf_counter()
    with Recorder(path, about.started(INFO), (), precision=precision) as recorder:
        for index in range(count):
            item = items[index % len(items)]
            frame = Frame(index, index / 30, EMPTY)
            recorder.take(FrameResult(1, frame, item.result, item.seconds, index == 0))
    seconds = time.perf_counter() - began
    return {
        "MB": path.stat().st_size / 1e6,
        "write_ms": seconds / count * 1e3,
        **read(path, maps),
    }


def read(path: Path, maps: Sequence[str], reads: int = 300) -> dict[str, float]:
    """Milliseconds for all maps of a random frame, and for opening."""
    began = time.perf_counter()
    with Recording(path) as recording:
        for key in maps:
            recording.map_places(key)
        opened = time.perf_counter() - began
        times = []
        for row in np.random.default_rng(1).integers(1, len(recording), reads):
            began = time.perf_counter()
            for key in maps:
                recording.map(key, int(row))
            times.append(time.perf_counter() - began)
    return {
        "open_ms": opened * 1e3,
        "read_ms": statistics.median(times) * 1e3,
        "read_ms_p99": float(np.quantile(times, 0.99)) * 1e3,
    }


def sequence_frames(folder: Path, count: int) -> dict[str, tuple[list[Frame], Box]]:
    """The first `count` frames of every sequence in `folder`, and its first box."""
    found = {}
    for sequence in find_sequences(folder):
        frames = []
        for index, path in enumerate(sequence.pictures[:count]):
            picture = cv2.imread(str(path))
            if picture is not None:
                image = np.ascontiguousarray(picture[:, :, ::-1], np.uint8)
                frames.append(Frame(index, index / 30, image))
        found[sequence.name] = frames, Box(*map(float, sequence.boxes[0]))
    return found


def sources_of(
    key: str, demo: Sequence[Frame], sequences: Mapping[str, tuple[list[Frame], Box]]
) -> dict[str, list[FrameResult]]:
    """Results of a tracker to be stored, by name; the first frame has no response yet."""
    if not sequences:
        return {key: track(key, demo, None)[1:]}
    return {
        f"{key} {name}": track(key, frames, None, start)[1:]
        for name, (frames, start) in sequences.items()
    }


def show(name: str, values: dict[str, float]) -> dict[str, float]:
    """Print one line of figures."""
    print(f"{name:<24}" + "".join(f"  {k} {v:9.3f}" for k, v in values.items()), flush=True)
    return values


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--track", type=int, default=150, help="frames per round of tracking")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trackers", nargs="*", default=list(TRACKERS), choices=TRACKERS)
    parser.add_argument("--data", type=Path, help="folder with benchmark sequences")
    parser.add_argument("--precision", nargs="*", default=list(Precision), type=Precision)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    load_all()
    video = open_source(demo_path())
    video.wait_ready()
    frames = list(video.frames(0, args.track))
    sequences = sequence_frames(args.data, args.track) if args.data else {}
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = {"made-up": made_up(200)}
        for key in args.trackers:
            if weights.missing(registry.find(key).weights):
                print(f"{key}: left out, its weights are not installed")
                continue
            if args.rounds:
                name = f"{key} slow-down"
                found[name] = show(name, slow_down(key, frames, Path(folder), args.rounds))
            sources |= sources_of(key, frames, sequences)
        for key, items in sources.items():
            for precision in args.precision:
                name, path = f"{key} {precision}", Path(folder) / "r.h5"
                found[name] = show(name, stored(items, args.frames, path, precision))
    video.close()
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
