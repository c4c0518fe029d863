"""Series of many kinds, for tests: what each holds is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

START = np.datetime64("2021-03-01T00:00", "s")  # a Monday


def load(minutes: int = 5, days: int = 14, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Electric load with a daily and a weekly course and 1 % of noise."""
    rng = np.random.default_rng(seed)
    n = days * 24 * 60 // minutes
    hours = np.arange(n) * minutes / 60
    weekend = (hours // 24) % 7 >= 5
    course = 100 - 30 * np.cos(2 * np.pi * (hours - 4) / 24) - 20 * weekend
    stamps = START + np.arange(n) * np.timedelta64(60 * minutes, "s")
    return stamps, np.round(course * rng.normal(1, 0.01, n), 2)


def irregular(n: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A daily course, read at times that are 1 to 20 minutes apart."""
    rng = np.random.default_rng(seed)
    seconds = np.cumsum(rng.integers(60, 1200, n))
    values = 20 + 5 * np.sin(2 * np.pi * seconds / 86400) + rng.normal(0, 0.2, n)
    return START + seconds * np.timedelta64(1, "s"), np.round(values, 2)


def constant(n: int = 600) -> np.ndarray:
    """The same value again and again: no order to learn."""
    return np.full(n, 7.0)


def noisy_sine(n: int = 3000, period: int = 40, seed: int = 0) -> np.ndarray:
    """A sine with noise of a twentieth of its amplitude."""
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * np.arange(n) / period) + rng.normal(0, 0.05, n)


def random_walk(n: int = 3000, seed: int = 0) -> np.ndarray:
    """Sum of independent steps: the next value is near the last one."""
    return np.cumsum(np.random.default_rng(seed).normal(size=n))


def white_noise(n: int = 600, seed: int = 0) -> np.ndarray:
    """Independent values: nothing to learn."""
    return np.random.default_rng(seed).normal(size=n)


def english(n: int = 3000) -> str:
    """Return prose: the documentation of NumPy's functions, white space as one blank."""
    names = ("linspace", "percentile", "histogram", "einsum", "interp", "unique", "average")
    text = " ".join(" ".join(str(getattr(np, name).__doc__).split()) for name in names)
    letters = "".join(c for c in text if c.isascii() and (c.isalpha() or c in " .,"))
    return " ".join(letters.split())[:n]


def never_repeated(n: int = 400) -> str:
    """`n` symbols, each once."""
    return "".join(chr(0x4E00 + i) for i in range(n))


def write(path: Path, values: np.ndarray | str, stamps: np.ndarray | None = None) -> Path:
    """Write a series as a table, or a text as it is."""
    if isinstance(values, str):
        path.write_text(values, encoding="utf-8")
        return path
    if stamps is None:
        rows = [f"{value:.12g}" for value in values]
        path.write_text("value\n" + "\n".join(rows) + "\n")
    else:
        rows = [f"{stamp},{value:.12g}" for stamp, value in zip(stamps, values, strict=True)]
        path.write_text("stamp,value\n" + "\n".join(rows) + "\n")
    return path
