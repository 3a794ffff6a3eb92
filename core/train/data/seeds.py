"""Random numbers that depend on what is drawn, not on who draws it or when.

Sample `index` of epoch `epoch` always comes from the same Philox stream, so that training
resumes exactly and the number of worker processes changes nothing. There is no global
generator anywhere in :mod:`core.train.data`.
"""

from __future__ import annotations

import hashlib

import numpy as np

_VALIDATION_EPOCH = 2**31 - 1


def generator(seed: int, epoch: int, index: int, stream: int = 0) -> np.random.Generator:
    """The generator of one sample.

    Parameters
    ----------
    seed, epoch, index
        Not negative; together they name the sample.
    stream
        Separates independent uses within one sample.
    """
    sequence = np.random.SeedSequence([seed, epoch, index, stream])
    return np.random.Generator(np.random.Philox(sequence))


def validation_generator(seed: int, index: int) -> np.random.Generator:
    """The generator of a validation sample: the same in every epoch, unused by training."""
    return generator(seed, _VALIDATION_EPOCH, index)


def hashed_share(text: str, salt: str = "") -> float:
    """A number in [0, 1) that is a fixed function of `text` on every machine."""
    digest = hashlib.sha256(f"{salt}\0{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
