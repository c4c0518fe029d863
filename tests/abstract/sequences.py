"""Patterns, sequences and what a memory predicts on them, for the tests of behaviours."""

from dataclasses import dataclass, field

import numpy as np


class Patterns:
    """Random patterns of active columns, by number, each made once."""

    def __init__(self, columns, sizes, seed):
        self.columns = columns
        self.sizes = sizes
        self.rng = np.random.default_rng(seed)
        self.made = {}

    def __getitem__(self, number):
        if number not in self.made:
            size = int(self.rng.choice(self.sizes))
            self.made[number] = np.sort(self.rng.choice(self.columns, size, replace=False))
        return self.made[number]

    def moved(self, pattern, n):
        """Return the pattern with `n` of its columns moved to other ones."""
        others = np.setdiff1d(np.arange(self.columns), pattern)
        kept = self.rng.permutation(pattern)[n:]
        return np.sort(np.concatenate((kept, self.rng.choice(others, n, replace=False))))

    def noisy(self, pattern, share):
        """Return the pattern, each column replaced at probability `share` by any column.

        As NuPIC's pattern machine does it: the new column may be one of the pattern's.
        """
        anywhere = self.rng.integers(0, self.columns, len(pattern))
        return np.unique(np.where(self.rng.random(len(pattern)) < share, anywhere, pattern))


@dataclass
class Outcome:
    """Columns at each step after the first of a sequence, and of all steps by index."""

    unpredicted: list = field(default_factory=list)
    right: list = field(default_factory=list)
    extra: list = field(default_factory=list)
    extra_at: list = field(default_factory=list)
    cells_equal: list = field(default_factory=list)
    n_active: list = field(default_factory=list)


def feed(memory, sequences, learn=True, reset=True):
    """Show each sequence of patterns once, after a reset; return what was predicted of it."""
    outcome = Outcome()
    for sequence in sequences:
        if reset:
            memory.reset()
        for i, pattern in enumerate(sequence):
            predicted = memory.predictive_cells.tolist()
            memory.compute(pattern, learn)
            extra = len(np.setdiff1d(memory.predicted_columns, memory.active_columns))
            outcome.extra_at.append(extra)
            if i == 0 and reset:
                continue
            outcome.extra.append(extra)
            outcome.unpredicted.append(len(memory.column_bursts))
            outcome.right.append(len(memory.active_columns) - len(memory.column_bursts))
            outcome.cells_equal.append(predicted == memory.active_cells.tolist())
            outcome.n_active.append(len(memory.active_cells))
    return outcome
