"""The page on training data shows the settings as they are declared."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import core

ROOT = Path(core.__file__).resolve().parent.parent


def test_that_the_tables_of_settings_are_current():
    script = ROOT / "packaging" / "training_tables.py"
    spec = importlib.util.spec_from_file_location("training_tables", script)
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = tables.PAGE.read_text(encoding="utf-8")
    assert "`search_shift`" in text
    assert tables.updated(text) == text, "run: python packaging/training_tables.py"
