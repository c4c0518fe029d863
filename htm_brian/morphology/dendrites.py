"""Dendrites of a reconstruction, measured: paths, surfaces, tips, and the parts of the apical one.

The way from the soma's middle to the first point of a dendrite lies in the soma and is no dendrite.
The apical dendrite is followed from the soma: at each fork the way goes on into the longer of the
two, and the other is an oblique, until that other has `SHARE` of what lies beyond. There the tuft
begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.morphology.swc import APICAL, AXON, BASAL, SOMA, Swc, areas

SHARE = 1 / 3
"""Of the dendrite beyond a fork, that its smaller side has where the tuft begins."""


@dataclass(frozen=True)
class Arbour:
    """Dendrites of one kind; micrometres.

    Attributes
    ----------
    tips : int
        Ends.
    length, area : float
        Of all of them together.
    reach : float
        Mean length of the way from their beginning to a tip.
    shortest, longest : float
        Of these ways.
    """

    tips: int
    length: float
    area: float
    reach: float
    shortest: float
    longest: float

    @property
    def diameter(self) -> float:
        """Mean, by length."""
        return self.area / (np.pi * self.length)


@dataclass(frozen=True)
class Dendrites:
    """What a reconstruction holds beside its soma; what is not there is None.

    Attributes
    ----------
    basal, oblique, tuft : Arbour or None
    trunk : Arbour or None
        From the soma to where the tuft begins.
    apical_trees : int
        How many apical dendrites leave the soma; the largest has the trunk, the others count as
        basal.
    axon, other, loose : float
        Lengths that are left out: of axon, of other types, and of pieces that hang on nothing.
    loose_pieces : int
    """

    basal: Arbour | None
    trunk: Arbour | None
    oblique: Arbour | None
    tuft: Arbour | None
    apical_trees: int
    axon: float
    other: float
    loose: float
    loose_pieces: int


class Measured:
    """The dendrites that hang on the soma, as a tree.

    Parameters
    ----------
    swc : Swc
        With a soma.
    """

    def __init__(self, swc: Swc) -> None:
        self.kind, self.parent = swc.kind, swc.parent
        self.hangs = _hanging(swc)
        self.length, self.area = swc.lengths.copy(), areas(swc)
        # From the soma to the first point of a dendrite there is none.
        stem = (swc.parent >= 0) & (swc.kind[swc.parent] == SOMA)
        self.stems = np.flatnonzero(stem & self.hangs & np.isin(swc.kind, (BASAL, APICAL)))
        self.length[stem], self.area[stem] = 0.0, 0.0
        self.children: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.hangs & np.isin(swc.kind, (BASAL, APICAL))).tolist():
            self.children.setdefault(int(swc.parent[row]), []).append(row)
        self.below = np.zeros(len(swc.kind))
        for row in range(len(swc.kind) - 1, -1, -1):
            for child in self.children.get(row, ()):
                self.below[row] += self.below[child] + self.length[child]

    def arbour(self, roots: Sequence[tuple[int, bool]]) -> Arbour | None:
        """Return dendrites together; each from a point, or, if so said, from its parent on.

        Parameters
        ----------
        roots : sequence of (int, bool)
            Points, and whether the way from the parent counts.

        Returns
        -------
        Arbour or None
            None where there is no length.
        """
        length = area = 0.0
        ways: list[float] = []
        for root, with_own in roots:
            waiting = [(root, self.length[root] if with_own else 0.0)]
            area += self.area[root] if with_own else 0.0
            length += self.length[root] if with_own else 0.0
            while waiting:
                row, way = waiting.pop()
                further = self.children.get(row, [])
                if not further:
                    ways.append(way)
                for child in further:
                    length += self.length[child]
                    area += self.area[child]
                    waiting.append((child, way + self.length[child]))
        ways = [way for way in ways if way > 0]
        if not ways:
            return None
        return Arbour(len(ways), length, area, float(np.mean(ways)), min(ways), max(ways))

    def apical_parts(self, stem: int) -> tuple[Arbour, list[int], list[int]]:
        """Return the trunk, and the points from which obliques and the tuft begin.

        Parameters
        ----------
        stem : int
            The first point of an apical dendrite.

        Returns
        -------
        trunk : Arbour
            One way, without its side branches.
        obliques, tuft : list of int
            Points; no tuft where no fork begins one.
        """
        obliques: list[int] = []
        length = area = 0.0
        row = stem
        while True:
            further = sorted(
                self.children.get(row, []), key=lambda k: self.below[k] + self.length[k]
            )
            if not further:
                break
            *smaller, onwards = further
            beyond = [self.below[each] + self.length[each] for each in further]
            if smaller and sum(beyond[:-1]) >= SHARE * sum(beyond):
                return Arbour(1, length, area, length, length, length), obliques, further
            obliques += smaller
            row = onwards
            length += self.length[row]
            area += self.area[row]
        return Arbour(1, length, area, length, length, length), obliques, []


def measure(swc: Swc) -> Dendrites:
    """Return the dendrites of a reconstruction.

    Parameters
    ----------
    swc : Swc
        With a soma.

    Returns
    -------
    Dendrites
        Lengths in micrometres.
    """
    tree = Measured(swc)
    length = swc.lengths
    own = swc.parent >= 0
    hangs = tree.hangs
    pieces = (swc.parent < 0) & (swc.kind != SOMA)
    stems = {kind: [int(s) for s in tree.stems if swc.kind[s] == kind] for kind in (BASAL, APICAL)}
    apical = sorted(stems[APICAL], key=lambda stem: -tree.below[stem])
    trunk = oblique = tuft = None
    if apical:
        found, obliques, beyond = tree.apical_parts(apical[0])
        trunk = found if found.length > 0 else None
        oblique = tree.arbour([(row, True) for row in obliques])
        tuft = tree.arbour([(row, True) for row in beyond])
    others = np.isin(swc.kind, (SOMA, AXON, BASAL, APICAL), invert=True)
    return Dendrites(
        tree.arbour([(stem, False) for stem in [*stems[BASAL], *apical[1:]]]),
        trunk,
        oblique,
        tuft,
        len(apical),
        float(length[own & hangs & (swc.kind == AXON)].sum()),
        float(length[own & hangs & others].sum()),
        float(length[own & ~hangs].sum()),
        int(pieces.sum()),
    )


def _hanging(swc: Swc) -> NDArray[np.bool_]:
    """Return which points hang on the soma; a point comes after its parent."""
    hangs = swc.kind == SOMA
    for row in range(len(hangs)):
        if swc.parent[row] >= 0 and hangs[swc.parent[row]]:
            hangs[row] = True
    return hangs
