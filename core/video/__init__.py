"""Clips as numbered frames: `open.open_source` opens one, `source` says what it can do."""
