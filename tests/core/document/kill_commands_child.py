"""A program that carries out every edit there is, at random, to be killed.

Arguments: folder, seed, bytes at which a journal is compacted. Before each command its
number goes to standard output, after each autosave the number that is safe; commands
follow from the seed, so that the parent can make every state again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from fakes.random_commands import random_command, start

from core.document import autosave, project_file
from core.document.document import Document


def states(seed: int):
    """The documents after 0, 1, 2, … commands."""
    rng = np.random.default_rng(seed)
    document: Document = start()
    while True:
        yield document
        document = random_command(document, rng).after


def main(folder: Path, seed: int, compact: int) -> None:
    autosave._COMPACT_BYTES = compact
    project = folder / "a.boxtrail"
    saver = autosave.Autosave(folder / "autosave", project)
    chance = np.random.default_rng(seed + 1)
    for number, document in enumerate(states(seed)):
        os.write(1, b"at %d\n" % number)
        if number == 0 or chance.random() < 0.05:
            project_file.save(document, project)
            saver.clear()
        elif chance.random() < 0.5:
            saver.write(document)
        else:
            continue
        os.write(1, b"safe %d\n" % number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
