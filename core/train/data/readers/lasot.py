"""LaSOT for training: ``CLASS/CLASS-N`` with ``img/`` and ``groundtruth.txt``.

Which sequences are for testing is not written in the folders but in the lists of LaSOT's
toolkit. Without ``testing_set.txt`` or ``training_set.txt`` in the root the set is refused,
so that nobody trains on the test sequences by accident (Fan et al., CVPR 2019).
"""

from __future__ import annotations

from pathlib import Path

from core.errors import DatasetError
from core.evaluate.layouts import lasot
from core.train.data.items import Item
from core.train.data.readers.sequences import read_folder, subfolders
from core.train.data.report import Fault, Report

TESTING, TRAINING = "testing_set.txt", "training_set.txt"


def recognised(folder: Path) -> bool:
    """Whether `folder` has class folders with sequences named after them."""
    return any(
        sequence.name.startswith(f"{group.name}-") and (sequence / "groundtruth.txt").is_file()
        for group in subfolders(folder)[:5]
        for sequence in subfolders(group)[:3]
    )


def read(folder: Path, report: Report) -> list[Item]:
    """The training sequences at `folder`.

    Raises
    ------
    DatasetError
        If there is no list that says which sequences are for testing.
    """
    testing, training = _names(folder / TESTING), _names(folder / TRAINING)
    if testing is None and training is None:
        raise DatasetError(
            f"It is not known which sequences of “{folder.name}” are LaSOT's test set.",
            f"Put {TESTING} or {TRAINING} of LaSOT's toolkit into the folder.",
            str(folder),
        )
    items = []
    for group in subfolders(folder):
        for sequence in subfolders(group):
            name = sequence.name
            if name in (testing or ()) or (training is not None and name not in training):
                report.skip(Fault.EVALUATION, name)
                continue
            key = f"LaSOT/{name}"
            item = read_folder(sequence, lasot.read, report, category=group.name, group=key)
            if item is not None:
                items.append(item)
                report.use("videos of LaSOT")
    return items


def _names(path: Path) -> frozenset[str] | None:
    if not path.is_file():
        return None
    try:
        return frozenset(path.read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"“{path}” cannot be read.", "Check the file.", str(error)) from error
