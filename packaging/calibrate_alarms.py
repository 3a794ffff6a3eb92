"""Choose each tracker's alarm thresholds from benchmark sequences.

    python packaging/calibrate_alarms.py record --data FOLDER --cache CACHE --tracker ccr edcf
    python packaging/calibrate_alarms.py record-back --data FOLDER --cache CACHE --tracker ccr edcf
    python packaging/calibrate_alarms.py choose --cache CACHE [--write]

`record` runs the trackers and keeps, per frame, everything alarms are made of together
with the overlap with the true box; a tracker that has lost its target for good starts
again from the true box, as a person would make it. `record-back` lets trackers go back
along their records. `choose` reads these records only, so thresholds can be chosen again
in seconds. The rules are in docs/alarms.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from calibrate_alarms_back import Back, back_chosen, record_back  # noqa: E402
from calibrate_alarms_check import Answers, check_chosen  # noqa: E402
from calibrate_alarms_record import run_record  # noqa: E402
from scipy.optimize import minimize  # noqa: E402

from core import params as parameters  # noqa: E402
from core.alarms.kinds import ALARMS, Alarm, AlarmInfo  # noqa: E402
from core.alarms.thresholds import SIGNS, Calibration, Thresholds, Weights  # noqa: E402
from core.alarms.watcher import Watcher  # noqa: E402
from core.geometry import Box  # noqa: E402
from core.states import TargetState  # noqa: E402
from core.trackers.base import TrackResult  # noqa: E402

OTHERS = (Alarm.TOGETHER, Alarm.ROUND_TRIP, Alarm.SECOND)
"""Alarms that are not chosen one by one: from all signs, and from beyond the run."""

# ---- choosing ---------------------------------------------------------------------------

GOOD, BAD = 0.6, 0.5
"""Overlap from which a frame counts as good, and below which as bad; between, neither."""

LOST = 0.2
"""Overlap below which the target is plainly missed; reported apart."""

RATE = 0.02
"""Share of good frames that may be flagged in all."""

SINGLE = 0.002
"""Share of good frames on which one alarm alone may ring."""

EVIDENCE = {
    "ccr": "peak", "edcf": "match_ratio", "drvt": "probability", "crpn": "probability",
    "cract": "coarse",
}  # fmt: skip
"""Per method, the scalar that says how well the target was found (1: perfectly)."""

TELLING = (Alarm.SCORE, Alarm.PSR, Alarm.APCE, Alarm.RIVAL, Alarm.STILL)
"""Alarms from the response, and the box that stands still: where they ring on right boxes as
often as on wrong ones they say that a picture is hard, or that the target paused, not that the
box is wrong. Then they never ring by themselves."""

CALM = {
    Alarm.EDGE: 0.25, Alarm.ASPECT: 1.25, Alarm.SIZE: 1.25, Alarm.JUMP: 0.6, Alarm.STILL: 0.1,
}  # fmt: skip
"""Values up to which (for one that rings below: down to which) nothing rings by itself, however
steady the sequences were: a box that is only slow does not stand still."""

RIDGE = 0.01
"""Weight of the penalty on the weights of the logistic function."""

LEAST_BAD = 80
"""Bad frames without which a tracker gets no thresholds of its own."""


@dataclass(eq=False)
class Judged:
    """Values per alarm and signs of all frames of some sequences, with their overlaps."""

    values: dict[Alarm, np.ndarray]
    signs: np.ndarray
    own: np.ndarray
    overlap: np.ndarray
    sequence: np.ndarray
    onset: np.ndarray  # frames since the run of bad frames began, -1 on others

    @property
    def good(self) -> np.ndarray:
        return self.overlap >= GOOD

    @property
    def bad(self) -> np.ndarray:
        return self.overlap < BAD

    def only(self, mask: np.ndarray) -> Judged:
        """Some of the frames."""
        values = {alarm: column[mask] for alarm, column in self.values.items()}
        return Judged(
            values, self.signs[mask], self.own[mask], self.overlap[mask],
            self.sequence[mask], self.onset[mask],
        )  # fmt: skip


def judged(folder: Path, evidence: str) -> Judged:
    """Replay all records of one tracker through the watcher."""
    rows: list[tuple[dict[Alarm, float], dict[str, float], float, float, str, int]] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            rows += _replayed({name: data[name] for name in data.files}, path.stem, evidence)
    values = {
        alarm: np.array([row[0].get(alarm, np.nan) for row in rows], np.float64) for alarm in ALARMS
    }
    signs = np.array([[row[1].get(name, 0.0) for name in SIGNS] for row in rows])
    return Judged(
        values,
        signs,
        np.array([row[2] for row in rows]) > 0,
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
        np.array([row[5] for row in rows]),
    )


def _replayed(
    data: dict[str, np.ndarray], name: str, evidence: str
) -> list[tuple[dict[Alarm, float], dict[str, float], float, float, str, int]]:
    scalars = [key for key in data if key.startswith("scalar.")]
    width, height = (int(v) for v in data["size"])
    found = []
    watcher, onset = None, -1
    for k in range(len(data["frame"])):
        told = {key[7:]: float(data[key][k]) for key in scalars if np.isfinite(data[key][k])}
        state = TargetState(int(data["state"][k]))
        box = Box(*(float(v) for v in data["boxes"][k]))
        result = TrackResult(box, float(data["score"][k]), state, "", told)
        if data["seed"][k]:
            watcher, onset = Watcher(Calibration(evidence=evidence)), -1
        if watcher is None:
            raise ValueError(f"{name}: the record does not begin with a seed")
        verdict = watcher.judge(data["cuts"][k].astype(np.float32), (width, height), result)
        overlap = float(data["iou"][k])
        onset = onset + 1 if overlap < BAD else -1
        if not data["seed"][k]:
            row = (verdict.values, verdict.signs, float(state), overlap, name, onset)
            found.append((dict(row[0]), dict(row[1]), *row[2:]))
    return found


def fitted(data: Judged) -> Weights:
    """Weights of a logistic function that tells bad from good frames; none negative.

    Good and bad count the same in all, and so does every sequence within each.
    """
    keep = data.good | data.bad
    signs, bad, names = data.signs[keep], data.bad[keep], data.sequence[keep]
    share = np.zeros(len(bad))
    for kind in (bad, ~bad):
        for name in np.unique(names[kind]):
            here = kind & (names == name)
            share[here] = 1.0 / np.sqrt(here.sum())
        share[kind] /= share[kind].sum()
    spread = signs.std(axis=0) + 1e-6
    scaled, sense = signs / spread, np.where(bad, 1.0, -1.0)

    def loss(theta: np.ndarray) -> float:
        margin = sense * (scaled @ theta[:-1] + theta[-1])
        return float(np.sum(share * np.logaddexp(0, -margin)) + RIDGE * np.sum(theta[:-1] ** 2))

    bounds = [(0.0, None)] * len(SIGNS) + [(None, None)]
    best = minimize(loss, np.zeros(len(SIGNS) + 1), bounds=bounds).x
    weights = {n: round(float(w / s), 3) for n, w, s in zip(SIGNS, best, spread, strict=False)}
    return Weights(round(float(best[-1]), 3), {n: w for n, w in weights.items() if w > 0})


def together(data: Judged, weights: Weights) -> np.ndarray:
    """Doubt from all signs together, per frame."""
    row = np.array([weights.values.get(name, 0.0) for name in SIGNS])
    return 1 / (1 + np.exp(-(data.signs @ row + weights.bias)))


def chosen(data: Judged, weights: Weights, rate: float = RATE) -> Thresholds:
    """Thresholds by the rule: single alarms are rare, and all in all few good frames ring."""
    good = data.good
    limits: dict[str, float] = {}
    for alarm, info in ALARMS.items():
        column = data.values[alarm][good]
        column = column[np.isfinite(column)]
        if alarm in OTHERS or not len(column):
            continue
        limits[info.field] = _single(column, info)
        if alarm in TELLING and not _tells(data, alarm, limits[info.field]):
            limits[info.field] = info.high if info.above else info.low
    limits[ALARMS[Alarm.TOGETHER].field] = 1.0
    # A tracker that often calls itself unsure where it is right says nothing by that.
    own_word = bool(data.own[good].mean() <= rate)
    base = parameters.from_dict(Thresholds, {**limits, "own_word": own_word})
    doubt, single = together(data, weights), flags(data, base)
    left = rate * good.sum() - (single & good).sum()
    calm = np.sort(doubt[good & ~single])
    at = min(max(len(calm) - 1 - max(int(left), 0), 0), len(calm) - 1)
    return parameters.with_values(base, {"together_above": round(float(calm[at]) + 5e-4, 3)})


def _single(good: np.ndarray, info: AlarmInfo) -> float:
    """The threshold of one alarm from its values on good frames: it rarely rings there."""
    limit = np.quantile(good, 1 - SINGLE if info.above else SINGLE)
    rare = _outward(float(limit), info)
    calm = CALM.get(info.alarm, rare)
    return max(rare, calm) if info.above else min(rare, calm)


def _tells(data: Judged, alarm: Alarm, limit: float) -> bool:
    """Whether most of the frames on which an alarm rings are bad, in more than one sequence.

    What a single sequence teaches may be its own peculiarity.
    """
    with np.errstate(invalid="ignore"):
        column = data.values[alarm]
        ringing = column > limit if ALARMS[alarm].above else column < limit
    rightly = ringing & data.bad
    witnesses = len(np.unique(data.sequence[rightly]))
    return bool(rightly.sum() * 2 > ringing.sum()) and witnesses > 1


def _outward(limit: float, info: AlarmInfo) -> float:
    # Rounded away from the good values; never beyond the range, where it would not ring.
    step = 0.01
    rounded = np.ceil(limit / step) * step if info.above else np.floor(limit / step) * step
    return round(float(np.clip(rounded, info.low, info.high)), 2)


def flags(data: Judged, thresholds: Thresholds, doubt: np.ndarray | None = None) -> np.ndarray:
    """Which frames ring."""
    ringing = data.own.copy() if thresholds.own_word else np.zeros(len(data.own), bool)
    for alarm, info in ALARMS.items():
        column = doubt if alarm is Alarm.TOGETHER else data.values[alarm]
        if column is None or alarm in (Alarm.ROUND_TRIP, Alarm.SECOND):
            continue
        limit = thresholds.of(alarm)
        with np.errstate(invalid="ignore"):
            ringing |= column > limit if info.above else column < limit
    return ringing


def measured(data: Judged, ringing: np.ndarray) -> dict[str, float]:
    """How good the flags are; `caught`: bad frames at or after the first flag of their run."""
    bad, good = data.bad, data.overlap >= BAD
    caught, since = np.zeros(len(bad), bool), False
    for k in range(len(bad)):
        since = bad[k] and (ringing[k] or (since and data.onset[k] > 0))
        caught[k] = since
    return {
        "frames": float(len(bad)),
        "bad": float(bad.sum()),
        "recall": _share(ringing[bad]),
        "caught": _share(caught[bad]),
        "recall_lost": _share(ringing[data.overlap < LOST]),
        "caught_lost": _share(caught[data.overlap < LOST]),
        "precision": _share(bad[ringing]),
        "false_flags": _share(ringing[good]),
        "false_flags_good": _share(ringing[data.good]),
    }


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else 1.0


def left_out(data: Judged, rate: float) -> dict[str, float]:
    """The same measures where each sequence was judged with thresholds chosen on the others."""
    ringing = np.zeros(len(data.overlap), bool)
    for name in np.unique(data.sequence):
        here = data.sequence == name
        weights = fitted(data.only(~here))
        thresholds = chosen(data.only(~here), weights, rate)
        part = data.only(here)
        ringing[here] = flags(part, thresholds, together(part, weights))
    return measured(data, ringing)


def run_choose(args: argparse.Namespace) -> int:
    """The sub-command ``choose``."""
    tables: dict[str, str] = {}
    for folder in sorted(p for p in args.cache.iterdir() if p.is_dir()):
        evidence = EVIDENCE.get(folder.name.split("-")[0], "")
        data = judged(folder, evidence)
        if data.bad.sum() < LEAST_BAD:
            print(f"{folder.name}: {int(data.bad.sum())} bad frames are too few")
            continue
        weights = fitted(data)
        thresholds = chosen(data, weights, args.rate)
        ringing = flags(data, thresholds, together(data, weights))
        found = measured(data, ringing)
        for title, values in (("chosen", found), ("left out", left_out(data, args.rate)),
                              ("own word", measured(data, data.own))):  # fmt: skip
            print(f"{folder.name:9s} {title:9s} " + _line(values), flush=True)
        if args.each:
            _print_each(data, ringing)
        answers = _checkers(args, folder.name, ringing, data.sequence)
        for name, answer in answers.items():
            found |= answer.measured(name)
        back = back_chosen(folder, ringing, data.sequence, LEAST_BAD)
        if back is not None:
            print(f"{folder.name:9s} {back.line()}", flush=True)
        chosen_table = table(folder.name, thresholds, weights, evidence, found, answers, back)
        tables[folder.name] = chosen_table
    if args.write:
        header = (
            "# Alarms per tracker; written by packaging/calibrate_alarms.py, see docs/alarms.md.\n"
        )
        text = "\n".join([header, FALLBACK_TABLE, *tables.values()])
        (ROOT / "resources" / "alarms.toml").write_text(text, encoding="utf-8", newline="\n")
    return 0


def _checkers(
    args: argparse.Namespace, tracker: str, ringing: np.ndarray, sequence: np.ndarray
) -> dict[str, Answers]:
    """The best checkers: the one that is ``quick``, the two that are ``thorough``."""
    best = {}
    for count, name in enumerate(("quick", "thorough"), 1):
        found = check_chosen(args.cache, tracker, ringing, sequence, count)
        for answer in found if args.each else found[:1]:
            print(f"{tracker:9s} " + answer.line(), flush=True)
        if found:
            best[name] = found[0]
    return best


def _line(values: dict[str, float]) -> str:
    return "  ".join(
        f"{n} {v:.0f}" if n in ("frames", "bad") else f"{n} {v:.1%}" for n, v in values.items()
    )


def _print_each(data: Judged, ringing: np.ndarray) -> None:
    for name in np.unique(data.sequence):
        here = data.sequence == name
        print(f"    {name:28s} " + _line(measured(data.only(here), ringing[here])))


FALLBACK_TABLE = "[default.thresholds]\n"


def table(
    key: str,
    thresholds: Thresholds,
    weights: Weights,
    evidence: str,
    found: dict[str, float],
    answers: dict[str, Answers] | None = None,
    back: Back | None = None,
) -> str:
    """One tracker's part of the file."""
    calm = Thresholds()
    values = parameters.to_dict(thresholds)
    moved = {n: v for n, v in values.items() if v != getattr(calm, n)}
    lines = [f"[{key}]", f'evidence = "{evidence}"']
    for name, answer in (answers or {}).items():
        keys = ", ".join(f'"{key}"' for key in answer.seconds)
        lines += ["", f"[{key}.{name}]", f"trackers = [{keys}]", f"below = {answer.below}"]
    if back is not None:
        lines += ["", f"[{key}.back]", f"below = {back.below}"]
    lines += ["", f"[{key}.thresholds]"]
    lines += [f"{name} = {str(value).lower()}" for name, value in moved.items()]
    lines += ["", f"[{key}.weights]", f"bias = {weights.bias}"]
    lines += [f"{name} = {value}" for name, value in weights.values.items()]
    lines += ["", f"[{key}.measured]"]
    lines += [f"{name} = {round(value, 4)}" for name, value in found.items()]
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="run trackers and keep what they say")
    recording.add_argument("--data", type=Path, required=True)
    recording.add_argument("--cache", type=Path, required=True)
    recording.add_argument("--tracker", nargs="+", required=True)
    recording.add_argument("--only", nargs="*", default=[])
    recording.add_argument("--limit", type=int, default=100_000, help="frames per sequence")
    recording.add_argument("--threads", type=int, default=1)
    recording.set_defaults(run=run_record)
    backing = commands.add_parser("record-back", help="let them go back along their records")
    backing.add_argument("--data", type=Path, required=True)
    backing.add_argument("--cache", type=Path, required=True)
    backing.add_argument("--tracker", nargs="+", required=True)
    backing.add_argument("--limit", type=int, default=100_000, help="frames per sequence")
    backing.add_argument("--threads", type=int, default=1)
    backing.set_defaults(run=record_back)
    choosing = commands.add_parser("choose", help="choose thresholds from the records")
    choosing.add_argument("--cache", type=Path, required=True)
    choosing.add_argument("--write", action="store_true", help="write resources/alarms.toml")
    choosing.add_argument("--rate", type=float, default=RATE, help="of good frames flagged")
    choosing.add_argument("--each", action="store_true", help="say it for each sequence")
    choosing.set_defaults(run=run_choose)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    raise SystemExit(main())
