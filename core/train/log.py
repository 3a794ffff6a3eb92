"""The record of a run: a CSV file with a row per logged step and per validation."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from core.storage import storage_error

_FIRST = ("kind", "epoch", "step", "rate", "pairs_per_second", "seconds")


class RunLog:
    """Appends rows to ``log.csv``; columns that come later widen the table.

    Rows from a place that a resumed run goes through again are dropped first, so the
    table always reads as if the run had never been stopped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, str]] = []
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as stream:
                self._rows = [dict(row) for row in csv.DictReader(stream)]

    def drop_from(self, epoch: int, step: int) -> None:
        """Forget rows at or after `step` of `epoch`."""
        self._rows = [row for row in self._rows if _place(row) < (epoch, step)]
        self._write_all()

    def add(self, values: Mapping[str, float | int | str]) -> None:
        """Append one row.

        Raises
        ------
        StorageError
            If the file cannot be written.
        """
        row = {name: _text(value) for name, value in values.items()}
        known = set(self._columns())
        self._rows.append(row)
        if set(row) <= known and self._path.is_file():
            self._append(row)
        else:
            self._write_all()

    @property
    def rows(self) -> list[dict[str, str]]:
        """All rows, oldest first."""
        return self._rows

    def _columns(self) -> list[str]:
        later = {name: None for row in self._rows for name in row if name not in _FIRST}
        return [*_FIRST, *later]

    def _append(self, row: Mapping[str, str]) -> None:
        text = io.StringIO()
        csv.DictWriter(text, self._columns(), lineterminator="\n").writerow(dict(row))
        self._save("a", text.getvalue())

    def _write_all(self) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        self._save("w", text.getvalue())

    def _save(self, mode: str, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open(mode, newline="", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise storage_error(self._path, error) from error


def _text(value: float | int | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _place(row: Mapping[str, str]) -> tuple[int, int]:
    try:
        return int(row["epoch"]), int(row["step"])
    except (KeyError, ValueError):
        return (-1, -1)
