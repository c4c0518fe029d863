"""Series of several kinds; what is drawn is drawn anew with every seed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from htm_brian.randomness import stream

Numbers = NDArray[np.float64]

BUNDLED = "electricity demand"
TEXTS = {"sonnets": "sonnets_1609.txt", "Genesis": "genesis_1611.txt"}


def sine_in_noise(length: int, rng: Generator) -> Numbers:
    """Return a sine of 50 steps, with noise of a fifth of its amplitude."""
    return np.asarray(_sine(length, 50.0) + rng.normal(0, 0.2, length))


def two_sines_in_noise(length: int, rng: Generator) -> Numbers:
    """Return sines of 37 and 111 steps, the second half as large, with noise of a tenth."""
    both = _sine(length, 37.0) + 0.5 * _sine(length, 111.0)
    return np.asarray(both + rng.normal(0, 0.1, length))


def random_walk(length: int, rng: Generator) -> Numbers:
    """Return sums of normal variates: where it is tells where it goes next, and nothing else."""
    return np.cumsum(rng.normal(0, 1, length))


def returning_walk(length: int, rng: Generator) -> Numbers:
    """Return a walk that is drawn back by a twentieth of its distance in each step."""
    value, values = 0.0, np.empty(length)
    for step, push in enumerate(rng.normal(0, 1, length)):
        value = 0.95 * value + push
        values[step] = value
    return values


def switching_cycle(length: int, rng: Generator) -> Numbers:
    """Return cycles of 24 steps with two shapes, drawn by turns: the start tells which."""
    phase = np.arange(24) / 24
    shapes = np.array(
        [np.sin(2 * np.pi * phase), np.where(phase < 0.5, 4 * phase - 1, 3 - 4 * phase)]
    )
    chosen = rng.integers(2, size=length // 24 + 1)
    values = shapes[chosen].ravel()[:length]
    return np.asarray(values + rng.normal(0, 0.05, length))


def _sine(length: int, period: float) -> Numbers:
    return np.sin(2 * np.pi * np.arange(length) / period)


DRAWN: dict[str, Callable[[int, Generator], Numbers]] = {
    "sine in noise": sine_in_noise,
    "random walk": random_walk,
    "two sines in noise": two_sines_in_noise,
    "returning walk": returning_walk,
    "switching cycle": switching_cycle,
}
SERIES = (BUNDLED, "sonnets", "sine in noise", "random walk", "Genesis", *list(DRAWN)[2:])
"""On the first four, or on others of their kind, the network was looked at while it was made."""


def write_series(name: str, length: int, seed: int, folder: Path) -> Path | None:
    """Put a series into a file, as anyone would who has one.

    Parameters
    ----------
    name : str
        One of `SERIES`, or the path of a file.
    length : int
        Values of a series that is drawn.
    seed : int
        Of what is drawn.
    folder : Path
        For the file.

    Returns
    -------
    Path or None
        None: the series that is bundled.
    """
    if name == BUNDLED:
        return None
    if name in TEXTS:
        text = (resources.files("htm_brian.streams.datasets") / TEXTS[name]).read_text("utf-8")
        path = folder / TEXTS[name]
        path.write_text(text, encoding="utf-8")
        return path
    if name in DRAWN:
        path = folder / f"{name.replace(' ', '_')}_{seed}.csv"
        values = DRAWN[name](length, stream(seed, "series", name))
        np.savetxt(path, values, fmt="%.9g", header="value", comments="")
        return path
    return Path(name)
