"""Recorded pairings of spikes, and the trains that were given.

A row of ``pairings.csv`` is one experiment, and so is one of ``held_out.csv``, which no rule was
fitted to; see the README beside them.
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
    "wng05_07": np.array([0, 0.010]),
    "wng05_08": np.array([0, 0.020]),
    "wng05_09": np.array([0, 0.020]),
    "wng05_10": np.array([0, 0.020]),
    "wng05_11": np.array([0, 0.085]),
    "wng05_12": np.array([0, 0.090]),
    "wng05_13": np.array([0, 0.030]),
}
"""Seconds from the postsynaptic spike that `dt` tells, where there were several; from the notes."""

_PRESYNAPTIC = {
    "wng05_03": np.array([0, 0.010]),
    "wng05_04": np.array([0, 0.020]),
    "wng05_05": np.array([0, 0.020]),
    "wng05_06": np.array([0, 0.020]),
    "wng05_11": np.array([0, 0.095]),
    "wng05_12": np.array([0, 0.080]),
    "wng05_13": np.array([0, 0.020]),
}
"""Seconds from the first presynaptic spike of a pair, where there were several."""


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
        before, after = (
            (presynaptic[:, None] + around.get(self.name, np.zeros(1))).ravel()
            for around in (_PRESYNAPTIC, _POSTSYNAPTIC)
        )
        return np.sort(before), np.sort(after + self.interval)

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
    return _read("pairings.csv")


@cache
def held_out() -> tuple[Pairing, ...]:
    """Return the experiments that were collected after the fit; no rule here has seen them.

    Examples
    --------
    >>> len(held_out()), held_out()[0].name
    (26, 'mrk97_04')
    """
    return _read("held_out.csv")


def _read(name: str) -> tuple[Pairing, ...]:
    file = resources.files(__package__) / name
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
