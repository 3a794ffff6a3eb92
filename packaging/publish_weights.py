"""Make a shipped weights file of a trained one, and say what the halving of it changes.

    python packaging/publish_weights.py cract out/training/cract/best.safetensors --data DATA
        [--only OTB/Crossing OTB/Deer] [--tolerance 0.02]

Tensors go to half precision into ``resources/weights/KEY.safetensors``, with the facts of
the training beside them. Then the tracker runs over benchmark sequences with both files:
the change of the AUC and the overlap of the two runs' boxes are printed with the checksum
and the size that belong into ``resources/weights/manifest.toml``. Where a box of one run
overlaps that of the other by less than 1 - `--tolerance`, the file is kept in full precision.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core import weights
from core.evaluate.layouts import find_sequences
from core.evaluate.metrics import Scores
from core.evaluate.parallel import Failure, Work, evaluate_all
from core.evaluate.protocol import SequenceRun, Settings
from core.evaluate.sequences import BenchmarkSequence, select
from core.geometry import iou_rows
from core.trackers import load_all, registry
from core.weights.reading import read_facts

SHIPPED = Path(__file__).resolve().parents[1] / "resources" / "weights"


def main() -> int:
    """Halve, compare, report."""
    args = arguments()
    load_all()
    target = SHIPPED / weights.entry(args.key).name
    spec = next(s for s in registry.trackers.values() if args.key in s.weights)
    halve(args.trained, target)
    sequences = select(find_sequences(args.data), args.only)
    full, half = (run(spec.key, args.key, file, sequences) for file in (args.trained, target))
    worst = 0.0
    for name, first in full.items():
        second = half[name]
        scores = [one.measured.scores for one in (first, second)]
        auc = [one.auc for one in scores if isinstance(one, Scores)]  # one pass, no resets
        both = np.isfinite(first.boxes).all(axis=1) & np.isfinite(second.boxes).all(axis=1)
        shared = iou_rows(first.boxes[both], second.boxes[both])
        worst = max(worst, 1 - float(shared.min()))
        print(f"{name}: AUC {auc[0]:.4f} → {auc[1]:.4f}; the boxes overlap by "
              f"{shared.mean():.4f} (least {shared.min():.4f})")  # fmt: skip
    if worst > args.tolerance:
        print(f"Boxes overlap by as little as {1 - worst:.3f}: kept in full precision.")
        save_file(load_file(args.trained), target, read_facts(args.trained))
    target.chmod(0o644)
    content = target.read_bytes()
    print(f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbytes = {len(content)}')
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("key", help="entry of the list of weights")
    parser.add_argument("trained", type=Path, help="what training left: best.safetensors")
    parser.add_argument("--data", type=Path, required=True, help="benchmark sequences")
    parser.add_argument("--only", nargs="*", default=[], metavar="A/B")
    parser.add_argument("--tolerance", type=float, default=0.02, metavar="SHARE")
    return parser.parse_args()


def halve(trained: Path, target: Path) -> None:
    """Floating-point tensors in half precision, the others as they are."""
    tensors = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(trained).items()
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target, read_facts(trained))


def run(
    tracker: str, key: str, file: Path, sequences: list[BenchmarkSequence]
) -> dict[str, SequenceRun]:
    """Every sequence with the weights `file`."""
    settings = Settings(weights={key: file})
    found: dict[str, SequenceRun] = {}
    for result in evaluate_all([Work(s, tracker) for s in sequences], settings):
        if isinstance(result, Failure):
            raise SystemExit(f"{result.key}: {result.message} {result.hint}")
        found[result.key] = result
    return found


if __name__ == "__main__":
    raise SystemExit(main())
