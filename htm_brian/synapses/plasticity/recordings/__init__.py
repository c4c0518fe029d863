"""Recorded pairings of spikes, and the trains that were given.

A row of ``pairings.csv`` is one experiment; see the README beside it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

L5 = "L5TTPC->L5TTPC"

_POSTSYNAPTIC = {
    "sjs07_01": 0.2 / 11 * np.arange(11),
    "sjs07_02": np.empty(0),
    "ltz06_02": 0.005 * np.arange(3),
    "ltz06_03": 0.005 * np.arange(3),
    "ltz06_04": 0.005 * np.arange(-2, 1),
    "zlb09_06": 0.02 * np.arange(-9, 1),
    "zlb09_07": 0.02 * np.arange(-9, 1),
}
"""Seconds from the postsynaptic spike that `dt` tells, where there were several; from the notes."""


@dataclass(frozen=True)
class Pairing:
    """One experiment.

    Attributes
    ----------
    name, pathway, condition, source, note : str
    frequency : float
        Of the pairs in a sweep, hertz.
    interval : float
        Postsynaptic minus presynaptic spike, seconds.
    pairs, sweeps : int
        Pairs in a sweep, and sweeps.
    period : float
        From sweep to sweep, seconds.
    calcium : float
        Of the bath, millimolar.
    ratio, sem : float
        Mean potential after over that before, and its standard error.
    """

    name: str
    pathway: str
    condition: str
    source: str
    note: str
    frequency: float
    interval: float
    pairs: int
    sweeps: int
    period: float
    calcium: float
    ratio: float
    sem: float

    def trains(self) -> tuple[Times, Times]:
        """Return the presynaptic and postsynaptic spike times, in seconds from 1 s on."""
        # A pair each 10 s is a sweep of one pair.
        within = np.arange(self.pairs) / self.frequency
        starts = 1.0 + self.period * np.arange(self.sweeps)
        presynaptic = (starts[:, None] + within).ravel()
        around = _POSTSYNAPTIC.get(self.name, np.zeros(1))
        postsynaptic = (presynaptic[:, None] + self.interval + around).ravel()
        return presynaptic, np.sort(postsynaptic)

    @property
    def until(self) -> float:
        """When the experiment is over, seconds."""
        return 1.0 + self.period * self.sweeps


@cache
def pairings() -> tuple[Pairing, ...]:
    """Return all experiments, in the order of the file.

    Examples
    --------
    >>> first = pairings()[0]
    >>> first.name, first.frequency, first.ratio
    ('mrk97_01', 2.0, 0.9886)
    """
    file = resources.files(__package__) / "pairings.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(
        Pairing(
            name=row["id"],
            pathway=row["pathway"],
            condition=row["condition"],
            source=row["source"],
            note=row["note"],
            frequency=float(row["frequency_hz"]),
            interval=float(row["dt_ms"]) / 1e3,
            pairs=int(row["pairs_per_sweep"]),
            sweeps=int(row["sweeps"]),
            period=float(row["sweep_period_s"]),
            calcium=float(row["calcium_mM"]),
            ratio=float(row["ratio"]),
            sem=float(row["sem"]),
        )
        for row in csv.DictReader(lines)
    )


def layer5_controls() -> tuple[Pairing, ...]:
    """Return the 15 control experiments of layer-5 pairs with spikes only."""
    papers = ("mrk97", "sjs01", "sjh06")
    return tuple(
        each
        for each in pairings()
        if each.pathway == L5 and each.condition == "control" and each.name[:5] in papers
    )


def paper(pairing: Pairing) -> str:
    """Return the short name of an experiment's paper."""
    return pairing.name[:5]
