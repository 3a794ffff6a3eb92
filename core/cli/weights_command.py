"""``boxtrail weights``: which there are, getting, checking, converting and averaging them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from core import weights
from core.cli import EXIT_PARTIAL
from core.cli.options import UsageError
from core.cli.progress import ProgressLine
from core.nets import backbones
from core.weights import average, convert, download, verify
from core.weights.files import how_to_get
from core.weights.verify import Health

_MEGA = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be done with them."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listing = actions.add_parser("list", help="show all weights and where they are")
    listing.add_argument("--json", action="store_true", help="as JSON")
    getting = actions.add_parser("get", help="get a file from its publisher, or add your own")
    getting.add_argument("key", metavar="KEY", help="which weights (see “boxtrail weights list”)")
    getting.add_argument(
        "--file", type=Path, metavar="FILE", help="take this file instead of the publisher's"
    )
    getting.add_argument("--quiet", action="store_true", help="only errors")
    checking = actions.add_parser("verify", help="compare the files with their checksums")
    checking.add_argument("keys", nargs="*", metavar="KEY", help="which weights (default: all)")
    converting = actions.add_parser("convert", help="turn a .pth, .pt or .mat into safetensors")
    converting.add_argument("source", type=Path, metavar="IN", help="the file to read")
    converting.add_argument("target", type=Path, metavar="OUT.safetensors", help="where to write")
    converting.add_argument(
        "--as",
        dest="key",
        metavar="KEY",
        help="check it against this network and store it under its names: "
        + ", ".join(sorted(backbones.RECIPES)),
    )
    averaging = actions.add_parser("average", help="make one network of several trainings")
    averaging.add_argument("sources", type=Path, nargs="+", metavar="IN", help="the trainings")
    averaging.add_argument(
        "--out", type=Path, required=True, metavar="OUT.safetensors", help="where to write"
    )
    averaging.add_argument(
        "--shares", type=float, nargs="+", metavar="N", help="weight of each (default: equal)"
    )
    for action in actions.choices.values():
        action.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 when a file is damaged, see :func:`core.cli.main`."""
    actions = {
        "list": _list,
        "get": _get,
        "verify": _verify,
        "convert": _convert,
        "average": _average,
    }
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> int:
    rows = [_facts(known) for known in weights.entries().values()]
    if args.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    wide = max(len(str(row["key"])) for row in rows)
    for row in rows:
        print(f"{row['key']:<{wide}}  {row['title']}, {row['size']}, licence: {row['licence']}")
        print(f"{'':<{wide}}  {row['where']}")
        print(f"{'':<{wide}}  {row['trust']}")
    return 0


_TRUST = {
    weights.Trust.PINNED: "checked against its SHA-256",
    weights.Trust.SHORT: "checked against the publisher's short hash, all that is known",
    weights.Trust.UNVERIFIED: "unverified: no checksum is known",
}


def _facts(known: weights.Entry) -> dict[str, str | None]:
    path = weights.installed(known.key)
    level = weights.trust(path or Path(known.name), known)
    text = _TRUST[level]
    if path is not None and level is weights.Trust.UNVERIFIED and known.sha256:
        text = "unverified: a file of your own"
    size = path.stat().st_size if path else known.bytes
    return {
        "key": known.key,
        "title": known.title,
        "size": f"{size / _MEGA:.1f} MB" if size else "size unknown",
        "licence": known.licence,
        "path": str(path) if path else None,
        "where": f"in {path}" if path else f"missing. {how_to_get(known)}",
        "trust": text,
        "made": known.made,
        "data": known.data,
        "score": known.score,
        "source": known.source,
    }


def _get(args: argparse.Namespace) -> int:
    known = weights.entry(args.key)
    if args.file is None and verify.check(args.key).health is Health.WHOLE:
        _say(args, f"{known.key} is there already: {weights.installed(known.key)}")
        return 0
    line = ProgressLine(max(known.bytes // _MEGA, 1), "MB", shown=not args.quiet)
    fit = _fit(args.key) if args.key in backbones.RECIPES else None
    try:
        path = download.get(
            known, file=args.file, fit=fit, progress=lambda done, total: line.update(done // _MEGA)
        )
    finally:
        line.clear()
    level = weights.trust(path, known)
    note = "" if level is weights.Trust.PINNED else f" ({_TRUST[level]})"
    _say(args, f"{known.key}: {path}{note}")
    used = weights.installed(known.key)
    if used != path:
        print(f"note: {used} comes first and is used; move it away to use this.", file=sys.stderr)
    return 0


def _say(args: argparse.Namespace, text: str) -> None:
    if not args.quiet:
        print(text)


def _verify(args: argparse.Namespace) -> int:
    keys = args.keys or list(weights.entries())
    findings = [verify.check(key) for key in keys]
    wrong = {Health.DAMAGED, Health.MISSING} if args.keys else {Health.DAMAGED}
    wide = max(len(key) for key in keys)
    for finding in findings:
        where = f"  {finding.path}" if finding.path else ""
        details = f"\n{'':<{wide}}  {finding.details}" if finding.details else ""
        stream = sys.stderr if finding.health in wrong else sys.stdout
        print(f"{finding.entry.key:<{wide}}  {finding.health}{where}{details}", file=stream)
    return EXIT_PARTIAL if any(finding.health in wrong for finding in findings) else 0


def _convert(args: argparse.Namespace) -> int:
    if args.key is not None and args.key not in backbones.RECIPES:
        known = ", ".join(sorted(backbones.RECIPES))
        raise UsageError(f"There is no network “{args.key}”.", f"Use one of {known}.")
    tensors = convert.convert(args.source, args.target, _fit(args.key) if args.key else None)
    count = sum(tensor.numel() for tensor in tensors.values())
    print(f"{args.target}: {len(tensors)} tensors, {count / 1e6:.1f} million numbers")
    return 0


def _average(args: argparse.Namespace) -> int:
    tensors = average.average(args.sources, args.out, args.shares)
    print(f"{args.out}: {len(tensors)} tensors, the mean of {len(args.sources)} files")
    return 0


def _fit(key: str) -> convert.Fit:
    def fit(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return backbones.checked(key, tensors)

    return fit
