"""Write the tables of settings in docs/training-data.md from their declarations.

Run from the repository root::

    python packaging/training_tables.py            # rewrites the page
    python packaging/training_tables.py --check    # fails when it is not current
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from core.params import ParamInfo, describe
from core.train.data.cache import CacheParams
from core.train.data.composite.params import CompositeParams
from core.train.data.params import PRESETS, PairParams

PAGE = Path(__file__).resolve().parent.parent / "docs" / "training-data.md"
TABLES = {"pairs": PairParams, "composites": CompositeParams, "cache": CacheParams}


def main() -> int:
    """Rewrite or check the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    check = parser.parse_args().check
    before = PAGE.read_text(encoding="utf-8")
    after = updated(before)
    if check and after != before:
        print("docs/training-data.md is not current: run python packaging/training_tables.py")
        return 1
    if after != before:
        PAGE.write_text(after, encoding="utf-8")
    return 0


def updated(text: str) -> str:
    """The page with its tables made anew."""
    parts = {f"params:{name}": table(cls) for name, cls in TABLES.items()}
    parts["presets"] = presets()
    for name, content in parts.items():
        pattern = rf"(<!-- {re.escape(name)} -->\n)(.*?)(<!-- /{re.escape(name)} -->)"
        text = re.sub(pattern, lambda m, c=content: m[1] + c + m[3], text, flags=re.DOTALL)
    return text


def table(cls: type) -> str:
    """All settings of a class as a Markdown table."""
    lines = ["| setting | default | allowed | what it is | where |", "|---|---|---|---|---|"]
    for info in describe(cls):
        unit = f" {info.unit}" if info.unit else ""
        cells = (
            f"`{info.name}`",
            f"{shown(info.default)}{unit}",
            allowed(info),
            info.doc,
            info.ref,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n" + "\n".join(lines) + "\n\n"


def presets() -> str:
    """What the presets change."""
    names = sorted({name for values in PRESETS.values() for name in values})
    lines = ["| setting | " + " | ".join(PRESETS) + " |", "|---" * (len(PRESETS) + 1) + "|"]
    for name in names:
        cells = [shown(values[name]) if name in values else "" for values in PRESETS.values()]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n" + "\n".join(lines) + "\n\n"


def allowed(info: ParamInfo) -> str:
    """Limits or choices in words."""
    if info.choices:
        return ", ".join(info.choices)
    return f"{info.bounds[0]:g} … {info.bounds[1]:g}" if info.bounds is not None else ""


def shown(value: object) -> str:
    """A value for people."""
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
