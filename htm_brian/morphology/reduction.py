"""A model of level 2 from a reconstruction: its geometry, the mechanisms of another model.

Of each kind of dendrite the model has some equal branches, as long as the mean way to a tip and as
thick as the mean: one such branch has the input resistance and the delay of a real one. What is
not simulated of basal and oblique dendrites goes into the soma's capacitance and leak; of the tuft
it is lost. Trunk and nexus are one compartment each, the nexus the last stretch of the trunk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from htm_brian.cells import assembly, tree
from htm_brian.errors import InputError
from htm_brian.morphology.dendrites import Arbour, Dendrites, measure
from htm_brian.morphology.swc import SomaSurface, read_swc, soma_surface
from htm_brian.parameters import Model, Parameter, Table

BRANCHES = 6
"""Of each kind that are simulated, if not said otherwise."""

NEXUS = 100.0
"""um; half of the zone of Hay et al. 2011, but at most a third of the trunk."""

LONGEST_SEGMENT = 75.0
"""um of a compartment, as in l5_thick_tufted."""


@dataclass(frozen=True)
class Reduced:
    """A model, and what of the reconstruction it has not.

    Attributes
    ----------
    model : Model
    lost : list of str
        One line each.
    """

    model: Model
    lost: list[str]


def reduce_swc(path: Path, name: str, like: Model, branches: int = BRANCHES) -> Reduced:
    """Return the model that a reconstruction and the mechanisms of another model make.

    Parameters
    ----------
    path : Path
        An SWC file.
    name : str
        Of the model.
    like : Model
        A cell of level 2 with dendrites: its mechanisms and its membrane are taken.
    branches : int
        Most branches of a kind.

    Returns
    -------
    Reduced
        The model, and what was lost.

    Raises
    ------
    InputError
        If the file is no reconstruction, has no soma or no dendrite, or `like` is no such cell.
    """
    if like.kind != "cell" or like.level != tree.LEVEL or tree.MEMBRANE not in like:
        raise InputError(
            f"the mechanisms must be those of a cell of level 2 with dendrites, such as "
            f"l5_thick_tufted; got {like.name} ({like.file})"
        )
    if branches < 1:
        raise InputError(f"branches must be at least 1, got {branches}")
    swc = read_swc(path)
    soma, dendrites = soma_surface(swc), measure(swc)
    geometry, rest, lost = _geometry(dendrites, branches, swc.file)
    if not geometry:
        raise InputError(f"{path} has no dendrite that hangs on its soma (types 3 and 4)")
    tables = [_soma(like, soma, rest, swc.file), like[tree.MEMBRANE], *geometry]
    description = f"Reduced from {swc.file}, mechanisms of {like.name}."
    bare = Model(name, like.level, like.kind, description, tuple(tables), f"{name}.toml")
    model, without = _with_mechanisms(bare, like)
    lost += [
        f"[{table}] of {like.name}: it needs dendrites that are not there" for table in without
    ]
    if swc.thin:
        lost.append(f"{swc.thin} points without a radius: as thick as the point before them")
    lost.append(f"mechanisms: those of {like.name} as they are, which were set for its geometry")
    return Reduced(model, [*_left_out(soma, dendrites), *lost])


def _geometry(
    dendrites: Dendrites, branches: int, file: str
) -> tuple[list[Table], float, list[str]]:
    """Return the tables of the dendrites, the surface for the soma (um2), and what is lost."""
    found: list[Table] = []
    lost: list[str] = []
    rest = 0.0
    if dendrites.basal is not None:
        table, left = _branches("basal", dendrites.basal, branches, file)
        found.append(table)
        rest += left
        lost += _told("basal", dendrites.basal, table, left, "the soma's capacitance and leak")
    if dendrites.trunk is None:
        return found, rest, lost
    nexus = min(NEXUS, dendrites.trunk.length / 3) if dendrites.tuft is not None else 0.0
    trunk = dendrites.trunk.length - nexus
    diameter = dendrites.trunk.diameter
    found.append(_table("trunk", 1, 1, trunk, diameter, f"{file}: the trunk, mean diameter"))
    if dendrites.oblique is not None:
        table, left = _branches("oblique", dendrites.oblique, branches, file)
        found.append(table)
        rest += left
        lost += _told("oblique", dendrites.oblique, table, left, "the soma's capacitance and leak")
        lost.append("where along the trunk the obliques leave it: all leave at its end")
    if dendrites.tuft is not None:
        source = f"{file}: the end of the trunk, mean diameter of the trunk"
        found.append(_table("nexus", 1, 1, nexus, diameter, source))
        table, left = _branches("tuft", dendrites.tuft, branches, file)
        found.append(table)
        lost += _told("tuft", dendrites.tuft, table, left, "")
    lost.append("how diameters taper along a dendrite, and forks within a branch")
    return found, rest, lost


def _branches(kind: str, arbour: Arbour, branches: int, file: str) -> tuple[Table, float]:
    """Return the table of a kind of dendrites, and the surface (um2) that it has not."""
    one = np.pi * arbour.diameter * arbour.reach
    n = max(1, min(branches, arbour.tips, round(arbour.area / one)))
    source = f"{file}: {arbour.tips} tips, mean way to a tip, mean diameter"
    segments = max(1, round(arbour.reach / LONGEST_SEGMENT))
    table = _table(kind, n, segments, arbour.reach, arbour.diameter, source)
    return table, max(0.0, arbour.area - n * one)


def _table(
    kind: str, branches: int, segments: int, length: float, diameter: float, source: str
) -> Table:
    numerics = f"numerics: compartments of some {LONGEST_SEGMENT:g} um"
    chosen = "assumption: as many as are simulated"
    single = kind in tree.SINGLE
    rows = (
        ("branches", branches, "1", "definition" if single else chosen, 1, 1 if single else 200),
        ("segments", segments, "1", numerics, 1, 200),
        ("length", round(length, 2), "um", source, 0.1, 5000),
        ("diameter", round(diameter, 4), "um", source, 0.05, 30),
    )
    return Table(kind, tuple(Parameter(kind, *row) for row in rows))


def _soma(like: Model, soma: SomaSurface, rest: float, file: str) -> Table:
    """Return the soma's table: its own surface and that of dendrites that are not simulated."""
    membrane = like[tree.MEMBRANE]
    per_area = float(membrane["specific_capacitance"]), float(membrane["specific_resistance"])
    area = (soma.area + rest) * 1e-12
    source = f"{file}: soma ({soma.convention}) of {soma.area:.0f} um2"
    if rest > 0:
        source += f" and {rest:.0f} um2 of dendrites that are not simulated"
    source += f", by the membrane of {like.name}"
    new = {
        "membrane_capacitance": (round(per_area[0] * area * 1e12, 3), "pF", 0.1, 20_000),
        "leak_conductance": (round(area / per_area[1] * 1e9, 4), "nS", 0.001, 2000),
    }
    made = [
        Parameter("soma", each.key, value, unit, source, low, high)
        for each in like["soma"].parameters
        if each.key in new
        for value, unit, low, high in [new[each.key]]
    ]
    made += [each for each in like["soma"].parameters if each.key not in new]
    return Table("soma", tuple(made))


def _with_mechanisms(bare: Model, like: Model) -> tuple[Model, list[str]]:
    """Return the model with every mechanism of another that its dendrites allow, and the rest."""
    waiting = [table for table in like.tables if table.name not in (*tree.TABLES, "soma")]
    model = bare
    while True:
        left = []
        for table in waiting:
            tried = replace(model, tables=(*model.tables, table))
            try:
                assembly.assemble(tried)
            except InputError:
                left.append(table)
            else:
                model = tried
        if len(left) in (0, len(waiting)):
            return model, [table.name for table in left]
        waiting = left


def _told(kind: str, arbour: Arbour, table: Table, left: float, into: str) -> list[str]:
    n = int(table["branches"])
    tips = "1 tip" if arbour.tips == 1 else f"{arbour.tips} tips"
    line = (
        f"{kind}: {tips}, ways of {arbour.shortest:.0f} to {arbour.longest:.0f} um "
        f"-> {n} equal {'branch' if n == 1 else 'branches'} of {arbour.reach:.0f} um"
    )
    share = left / arbour.area
    if share > 0.005:
        line += f"; {share:.0%} of the surface " + (f"-> {into}" if into else "is not there")
    return [line]


def _left_out(soma: SomaSurface, dendrites: Dendrites) -> list[str]:
    """Return what of the file is not simulated at all, and how the soma was taken."""
    lost = [f"soma: {soma.convention} -> a sphere's surface of {soma.area:.0f} um2"]
    for length, what in (
        (dendrites.axon, "axon"),
        (dendrites.other, "types other than soma, axon, basal and apical dendrite"),
    ):
        if length > 0:
            lost.append(f"{what}: {length:.0f} um left out")
    if dendrites.loose_pieces:
        n, length = dendrites.loose_pieces, dendrites.loose
        lost.append(f"{n} {'piece' if n == 1 else 'pieces'} off the soma: {length:.0f} um left out")
    if dendrites.apical_trees > 1:
        lost.append(
            f"{dendrites.apical_trees} apical dendrites: the largest has the trunk, the others "
            "count as basal"
        )
    if dendrites.apical_trees == 0:
        lost.append("no apical dendrite (type 4): the cell has none")
    elif dendrites.tuft is None:
        lost.append("the apical dendrite does not fork into a tuft: the cell has no nexus, no tuft")
    return lost
