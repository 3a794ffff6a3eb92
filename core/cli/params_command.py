"""``boxtrail params``: the trackers and their parameters, for people, programs and the docs."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from core.cli.options import UsageError, find_tracker
from core.params import ParamInfo, Value, describe
from core.storage import atomic_write
from core.trackers import load_all, registry
from core.trackers.registry import TrackerSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this sub-command."""
    parser.add_argument("tracker", nargs="?", help="which tracker (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as a Markdown table")
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="put the tables between <!-- params:TRACKER --> and <!-- /params --> of FILE",
    )


def run(args: argparse.Namespace) -> int:
    """Print or write the parameters."""
    load_all()
    if args.tracker:
        specs = [find_tracker(args.tracker)]
    else:
        specs = [registry.trackers[key] for key in sorted(registry.trackers)]
    if args.write:
        return _update(args.write, specs)
    if args.json:
        value = {spec.key: as_json(spec) for spec in specs}
        print(json.dumps(value, indent=1, ensure_ascii=False))
    elif args.markdown:
        print("\n".join(f"### {spec.title} (`{spec.key}`)\n\n{markdown(spec)}" for spec in specs))
    else:
        print("\n".join(text(spec) for spec in specs), end="")
    return 0


def text(spec: TrackerSpec) -> str:
    """The parameters for a terminal."""
    reference = spec.reference
    lines = [
        f"{spec.key}  {spec.title}",
        f"  {spec.summary}",
        f"  {reference.authors}: {reference.title}. {reference.venue} {reference.year}.",
        "  maps: " + ", ".join(info.key for info in spec.maps),
        "",
    ]
    group = None
    for info in describe(spec.params):
        if info.group != group:
            group = info.group
            lines += [f"  {group}"] if group else []
        live = "  (live)" if info.live else ""
        lines.append(f"    {info.name} = {shown(info.default)}  {allowed(info)}{live}".rstrip())
        lines.append(f"        {info.doc}" + (f" {info.ref}" if info.ref else ""))
    return "\n".join(lines) + "\n"


def markdown(spec: TrackerSpec) -> str:
    """The parameters as a Markdown table."""
    lines = [
        "| parameter | default | allowed | live | what it is | where |",
        "|---|---|---|---|---|---|",
    ]
    for info in describe(spec.params):
        unit = f" {info.unit}" if info.unit else ""
        cells = [
            f"`{info.name}`",
            f"{shown(info.default)}{unit}",
            allowed(info),
            "yes" if info.live else "",
            info.doc,
            info.ref,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def as_json(spec: TrackerSpec) -> dict[str, object]:
    """Everything known about a tracker, JSON-ready."""
    fields = ("name", "default", "doc", "bounds", "choices", "unit", "ref", "live", "group")
    return {
        "title": spec.title,
        "summary": spec.summary,
        "params": [
            {"type": info.type.__name__, **{f: getattr(info, f) for f in fields}}
            for info in describe(spec.params)
        ],
        "maps": [{"key": m.key, "title": m.title, "doc": m.doc} for m in spec.maps],
    }


def allowed(info: ParamInfo) -> str:
    """Limits or choices in words."""
    if info.choices:
        return ", ".join(info.choices)
    if info.bounds is not None:
        return f"{info.bounds[0]:g} … {info.bounds[1]:g}"
    return "yes, no" if info.type is bool else ""


def shown(value: Value) -> str:
    """A default for people: ``yes`` instead of ``True``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _update(path: Path, specs: list[TrackerSpec]) -> int:
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"“{path}” cannot be read.", "Check the path.", str(error)) from error
    after, changed = before, 0
    for spec in specs:
        pattern = rf"(<!-- params:{re.escape(spec.key)} -->\n)(.*?)(<!-- /params -->)"
        table = "\n" + markdown(spec) + "\n"
        after, count = re.subn(pattern, lambda m, t=table: m[1] + t + m[3], after, flags=re.DOTALL)
        changed += count
    if not changed:
        wanted = ", ".join(f"<!-- params:{spec.key} -->" for spec in specs)
        raise UsageError(
            f"“{path.name}” has no place for the table.",
            f"Put {wanted} and <!-- /params --> on lines of their own.",
        )
    if after != before:
        with atomic_write(path, text=True) as stream:
            stream.write(after)
    print(f"{path}: {changed} table(s) up to date")
    return 0
