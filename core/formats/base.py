"""A format: how documents become files and files become documents.

A format is one module with one codec class: :meth:`Codec.render` turns the chosen
boxes into pairs of file name and text, :meth:`Codec.parse` gathers boxes from files.
All the rest is here, once for all formats: choosing boxes, safe writing, the
manifest, and the statement of what a format cannot hold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import params as parameters
from core.document.document import Document
from core.document.track import Columns
from core.errors import FormatError
from core.formats import attribute_values, manifest
from core.formats.context import ExportContext, ExportReport, ImportContext
from core.formats.options import ExportOptions, chosen, edge_effects, frame_range
from core.formats.publish import publish
from core.states import Flag, Source, TargetState
from core.wording import counted

log = logging.getLogger(__name__)

File = tuple[str, str]
"""Path relative to the target (empty for the target itself) and a piece of its text."""

BOXES, IDS, LABELS, SCORES = "boxes", "ids", "labels", "scores"
STATES, ABSENCE, OCCLUSION, TRUNCATION = "states", "absence", "occlusion", "truncation"
PROVENANCE, CONFIRMED, RUNS, COLORS, NAMES = "provenance", "confirmed", "runs", "colors", "names"
ATTRIBUTES = "attributes"


class Codec:
    """Base of all formats' codecs; the class docstring of each cites its specification.

    A codec holds no state. `can_write` or `can_read` is False where a direction makes
    no sense.
    """

    can_read: bool = True
    can_write: bool = True

    def render(self, document: Document, options: Any, ctx: ExportContext) -> Iterator[File]:
        """The files of a document that holds exactly the boxes to write.

        Pieces of one file come one after the other, in a stable order.
        """
        raise NotImplementedError

    def main_file(self, document: Document, options: Any) -> str | None:
        """For formats of folders: the file that can stand alone, or None.

        Raises
        ------
        FormatError
            If this document needs more than one.
        """
        del document, options

    def parse(self, path: Path, options: Any, ctx: ImportContext) -> Document:
        """The document in a file or folder; what cannot be used goes to `ctx.skip`."""
        raise NotImplementedError

    def detect(self, path: Path) -> float:
        """How surely `path` is in this format, 0..1; never raises, reads little."""
        raise NotImplementedError

    def kept(self, options: Any, keeps: frozenset[str]) -> frozenset[str]:
        """What the format keeps with these options."""
        return keeps


@dataclass(frozen=True, slots=True)
class Format:
    """One annotation format.

    Parameters
    ----------
    suffixes
        Of the files, the usual one first.
    options
        Dataclass of parameters, see :mod:`core.params`.
    keeps
        What survives writing and reading with default options, of ``boxes ids labels
        scores states absence occlusion truncation provenance confirmed runs colors names
        attributes``.
    precision
        Largest error of a coordinate in pixels after writing and reading (for pictures
        up to 10,000 px) with default options.
    folder
        Whether it makes a folder of files. Some such formats write their main file
        alone when the target's name ends in one of `suffixes`, see :meth:`alone`.
    """

    key: str
    title: str
    suffixes: tuple[str, ...]
    options: type[ExportOptions]
    keeps: frozenset[str]
    precision: float
    folder: bool
    codec: Codec

    @property
    def can_read(self) -> bool:
        return self.codec.can_read

    @property
    def can_write(self) -> bool:
        return self.codec.can_write

    def kept(self, options: ExportOptions) -> frozenset[str]:
        """What the format keeps with these options."""
        return self.codec.kept(options, self.keeps)

    def alone(self, to: Path) -> bool:
        """Whether writing to `to` makes one file, although the format is of folders."""
        able = type(self.codec).main_file is not Codec.main_file
        return self.folder and able and to.suffix.lower() in self.suffixes and not to.is_dir()

    def losses(self, document: Document, options: ExportOptions | None = None) -> list[str]:
        """What of `document` will not be in the file, in words, for the person to see."""
        options = options or self.options()
        cut, left_out = edge_effects(document, options)
        return [
            *_losses(chosen(document, options), self.kept(options)),
            *([f"the parts of {counted(cut, 'box', 'boxes')} beyond the frame"] if cut else []),
            *([f"{counted(left_out, 'box', 'boxes')} beyond the frame"] if left_out else []),
        ]

    def detect(self, path: Path) -> float:
        """How surely `path` is in this format, 0..1."""
        if path.is_file() and path.suffix.lower() not in self.suffixes:
            return 0.0
        try:
            return self.codec.detect(path)
        except (OSError, ValueError, FormatError) as error:
            log.debug("%s is not %s: %s", path, self.key, error)
            return 0.0

    def write(
        self,
        document: Document,
        to: Path,
        options: ExportOptions | None = None,
        ctx: ExportContext | None = None,
    ) -> ExportReport:
        """Write the chosen boxes of `document` to the file or folder `to`.

        Nothing is left behind when it fails; an earlier export is replaced whole.

        Raises
        ------
        FormatError
            If the document cannot be written in this format, or `to` holds foreign files.
        StorageError
            If it cannot be written.
        """
        options, ctx = options or self.options(), ctx or ExportContext()
        if not isinstance(options, self.options):
            raise TypeError(f"{self.key} takes {self.options.__name__}")
        resolved = chosen(document, options)
        lost = self.losses(document, options)
        count = sum(len(track) for track in resolved.tracks)
        facts = manifest.facts(
            self.key,
            resolved,
            frame_range(options, document),
            parameters.to_dict(options),
            lost,
            ctx,
        )
        pieces = self.codec.render(resolved, options, ctx)
        if self.alone(to):
            main = self.codec.main_file(resolved, options)
            pieces = (("", text) for name, text in pieces if name == main)
        files = publish(to, pieces, facts, folder=self.folder and not self.alone(to))
        warnings = [f"{self.title} does not keep: {', '.join(lost)}."] if lost else []
        if not count:
            warnings.append("No boxes were written: nothing fits the chosen options.")
        ctx.progress(1.0)
        return ExportReport(tuple(files), count, tuple(warnings))

    def read(self, path: Path, options: ExportOptions | None, ctx: ImportContext) -> Document:
        """Read a file or folder as a document for the clip of `ctx`.

        What could not be used is listed in ``ctx.skipped``.

        Raises
        ------
        FormatError
            If it is not in this format, or nothing in it can be used.
        """
        options = options or self.options()
        if not path.exists():
            raise FormatError(f"“{path.name}” does not exist.", "Choose another file.", str(path))
        document = self.codec.parse(path, options, ctx)
        if ctx.skipped and not any(len(track) for track in document.tracks):
            raise FormatError(
                f"Nothing in “{path.name}” can be used as {self.title}.",
                ctx.summary(),
                str(path),
            )
        difference = manifest.other_video(path, self.key, ctx.video)
        if difference:
            ctx.warn(difference)
        return replace(document, video=ctx.video)


def _losses(document: Document, kept: frozenset[str]) -> list[str]:
    """What `document` holds and a format does not, each with how often."""
    tracks, columns = document.tracks, [track.columns for track in document.tracks]

    def rows(test: Callable[[Columns], NDArray[np.bool_]]) -> int:
        return sum(int(test(c).sum()) for c in columns)

    def flagged(flag: Flag) -> int:
        return rows(lambda c: (c.flags & flag) != 0)

    unsure = rows(lambda c: c.states != TargetState.TRACKING)
    machine = rows(lambda c: c.sources != Source.MANUAL)
    values = attribute_values.count(document)
    found = [
        (LABELS, sum(bool(t.label) for t in tracks), "label", "labels"),
        (NAMES, sum(bool(t.name) for t in tracks), "name of an object", "names of objects"),
        (COLORS, sum(bool(document.color_of(t)) for t in tracks), "colour", "colours"),
        (SCORES, rows(lambda c: c.scores != 1), "score", "scores"),
        (STATES, unsure, "tracker state", "tracker states"),
        (OCCLUSION, flagged(Flag.OCCLUDED), "occlusion mark", "occlusion marks"),
        (TRUNCATION, flagged(Flag.TRUNCATED), "truncation mark", "truncation marks"),
        (ABSENCE, flagged(Flag.ABSENT), "frame marked absent", "frames marked absent"),
        (PROVENANCE, machine, "mark of a machine-made box", "marks of machine-made boxes"),
        (CONFIRMED, flagged(Flag.CONFIRMED), "confirmation", "confirmations"),
        (RUNS, len(document.runs), "record of a tracker run", "records of tracker runs"),
        (ATTRIBUTES, values, "value of an attribute", "values of attributes"),
    ]
    lost = [counted(n, one, many) for key, n, one, many in found if key not in kept and n]
    mixed = IDS not in kept and len(tracks) > 1
    return ["which box belongs to which object", *lost] if mixed else lost
