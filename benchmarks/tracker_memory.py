"""Does a tracker's memory grow over a long run? Thousands of frames, then a verdict.

    python benchmarks/tracker_memory.py [--trackers ccr,edcf] [--frames 5000] [--threads 1]

Each tracker runs in a process of its own over a synthetic clip, in the product's loop with
its checkpoints, as a run in the window does. After a warm-up the process's memory, the
number of live tensors and what the snapshots hold are noted at regular frames. The exit
code is 1 when memory grew by more than 5 % and 8 MB, or tensors by more than 5 % and 50.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import device as devices
from core.engine.checkpoints import Checkpoints, size_of
from core.engine.control import Control
from core.engine.runner import FrameResult, Start, run
from core.errors import WeightsError
from core.trackers import load_all, registry
from core.trackers.base import Tracker
from core.video.source import Frame
from core.video.synthetic import ClipConfig, SyntheticClip

CLIP = ClipConfig(
    width=320, height=240, frames=400, target_size=(44, 34), sway=(90.0, 50.0, 200.0),
    others=2, light=0.2, noise=2.0,
)  # fmt: skip
MEGA = 1 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """State of the process after a frame."""

    frame: int
    megabytes: float
    tensors: int
    tensor_megabytes: float
    snapshot_megabytes: float


def read(frame: int, tracker: Tracker) -> Reading:
    gc.collect()
    alive = [item for item in gc.get_objects() if issubclass(type(item), torch.Tensor)]
    used = psutil.Process().memory_info().rss / MEGA
    total = sum(tensor.nbytes for tensor in alive)
    held = size_of(tracker.snapshot())
    return Reading(frame, used, len(alive), total / MEGA, held / MEGA)


def endless(clip: SyntheticClip, count: int) -> Iterator[Frame]:
    """`count` frames: the clip forwards and backwards, so that the target never jumps."""
    last = clip.info.frame_count - 1
    for index in range(count):
        place = index % (2 * last)
        frame = clip.read(min(place, 2 * last - place))
        yield Frame(index, frame.time, frame.image)


def measure(key: str, count: int, warm_up: int, every: int) -> list[Reading]:
    """Readings of one tracker; `count` frames after `warm_up`."""
    clip = SyntheticClip(CLIP)
    tracker = registry.find(key).create()
    readings: list[Reading] = []
    checkpoints = Checkpoints(keep=8)  # full long before the warm-up ends

    def look(item: FrameResult) -> None:
        checkpoints.offer(item.frame.index, tracker)
        beyond = item.frame.index - warm_up
        if beyond >= 0 and beyond % every == 0:
            readings.append(read(item.frame.index, tracker))

    pictures = endless(clip, warm_up + count + 1)
    end = run(1, pictures, tracker, Start(0, clip.initial_box), Control(), (look,))
    if end.error is not None:
        raise end.error
    return readings


def trend(readings: list[Reading], name: str) -> float:
    """Growth of a reading over the run: the median slope between any two of them.

    What a tracker holds goes up and down with its updates; only a trend is a leak.
    """
    slopes = [
        (getattr(b, name) - getattr(a, name)) / (b.frame - a.frame)
        for a, b in itertools.combinations(readings, 2)
    ]
    return statistics.median(slopes) * (readings[-1].frame - readings[0].frame)


def verdict(key: str, readings: list[Reading]) -> bool:
    """Print what was found; True when nothing grew."""
    print(f"{key}: frame, process MB, tensors, their MB, one snapshot's MB")
    for row in readings:
        print(
            f"  {row.frame:>6} {row.megabytes:>8.1f} {row.tensors:>6} "
            f"{row.tensor_megabytes:>8.1f} {row.snapshot_megabytes:>8.2f}"
        )
    megabytes, tensors = trend(readings, "megabytes"), trend(readings, "tensors")
    start = statistics.median(row.megabytes for row in readings)
    bad = megabytes > max(0.05 * start, 8) or tensors > max(
        0.05 * statistics.median(row.tensors for row in readings), 50
    )
    print(
        f"  {'GROWS' if bad else 'steady'}: trend {megabytes:+.1f} MB ({megabytes / start:+.1%}), "
        f"{tensors:+.0f} tensors over {readings[-1].frame - readings[0].frame} frames"
    )
    return not bad


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--trackers", default="", help="keys with commas; all by default")
    parser.add_argument("--frames", type=int, default=5000, help="after the warm-up")
    # Memories of samples are full after about a thousand frames.
    parser.add_argument("--warm-up", type=int, default=1200)
    parser.add_argument("--every", type=int, default=500, help="frames between two readings")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    devices.set_threads(args.threads)
    load_all()
    keys = [key for key in args.trackers.split(",") if key] or sorted(registry.trackers)
    if args.child:
        try:
            readings = measure(keys[0], args.frames, args.warm_up, args.every)
        except WeightsError as missing:
            print(json.dumps({"missing": str(missing)}))
            return 0
        print(json.dumps({"readings": [asdict(row) for row in readings]}))
        return 0
    return max([0, *(in_a_process(key, args) for key in keys)])


def in_a_process(key: str, args: argparse.Namespace) -> int:
    """Measure `key` where no other tracker's memory is counted."""
    command = [sys.executable, str(Path(__file__).resolve()), "--child", "--trackers", key]
    for name in ("frames", "warm_up", "every", "threads"):
        command += ["--" + name.replace("_", "-"), str(getattr(args, name))]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{key}: failed")
        return 1
    answer = json.loads(done.stdout)
    if "missing" in answer:
        print(f"{key}: left out: {answer['missing']}")
        return 0
    steady = verdict(key, [Reading(**row) for row in answer["readings"]])
    print(f"  {time.perf_counter() - began:.0f} s", flush=True)
    return 0 if steady else 1


if __name__ == "__main__":
    sys.exit(main())
