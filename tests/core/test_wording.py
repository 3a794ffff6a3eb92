"""Numbers in sentences."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.wording import counted


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("frame",), "0 frames"),
        (1, ("frame",), "1 frame"),
        (1204, ("box", "boxes"), "1,204 boxes"),
        (1, ("box", "boxes"), "1 box"),
    ],
)
def test_that_one_is_never_told_as_many(number: int, words: tuple[str, ...], text: str) -> None:
    assert counted(number, *words) == text


def test_that_no_notice_puts_a_bare_number_before_boxes_or_clips() -> None:
    # Such a text says “1 boxes” one day; counted() knows better.
    bare = re.compile(r"(?<!of )(%d|\{n[^}]*\}) (boxes|objects|tracks|disagreements|alarms)\b")
    found, root = [], Path(__file__).parents[2] / "app"
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "tr" and node.args:
                text = ast.unparse(node.args[0])
                if bare.search(text):
                    found.append(f"{path.name}:{node.lineno} {text}")
    assert [one for one in found if "said; the worst" not in one and "%d objects" not in one] == []
