"""The tree of compartments of a cell of level 2, and its cable: geometry in, conductances out.

The name of a table says where a dendrite sits:

=========== ===================================== ======================
table       dendrite                              grows from
=========== ===================================== ======================
``basal``   basal dendrites                       the soma
``trunk``   apical trunk                          the soma
``oblique`` oblique dendrites                     the trunk
``nexus``   where trunk and tuft meet             the trunk
``tuft``    branches of the apical tuft           the nexus, or the trunk
=========== ===================================== ======================

Each table holds as many equal `branches` as it says, each cut into `segments` compartments that are
numbered from the soma outwards: ``basal_1_0`` is the inner half of the second basal branch of two
segments. Branches of one segment are ``tuft_0``, ``tuft_1``; of trunk and nexus there is one each,
so these go without the branch's number. One more branch:
``model.with_values({"basal.branches": 4})``.

A compartment of length `l` and diameter `d` has the membrane ``pi d l``; its middle is joined to
that of the next by the axial resistance in between, half of which lies in either. The soma has no
axial resistance. With many segments this is the cable equation; the tests hold it to the closed
forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError
from htm_brian.mechanisms.interface import Compartment
from htm_brian.parameters import Key, Model

MEMBRANE = "membrane"
MEMBRANE_KEYS = {
    "specific_capacitance": Key("farad/metre**2", "of the dendrites, spines included"),
    "specific_resistance": Key("ohm*metre**2", "of the dendrites, spines included"),
    "axial_resistivity": Key("ohm*metre", "of the dendrites' inside"),
}
DENDRITE_KEYS = {
    "branches": Key("1", "how many of them there are"),
    "segments": Key("1", "compartments of each branch"),
    "length": Key("metre", "of one branch"),
    "diameter": Key("metre", "of one branch"),
}
ROOTS = {
    "basal": ("soma",),
    "trunk": ("soma",),
    "oblique": ("trunk",),
    "nexus": ("trunk",),
    "tuft": ("nexus", "trunk"),
}
"""Kinds of dendrites, each with what it may grow from, the first of these that the model has."""

COUNTS = ("branches", "segments")
"""Keys of a dendrite that say which compartments a cell has; the others are its geometry."""

SINGLE = ("trunk", "nexus")
"""Kinds of which a cell has one: others grow from it."""


LEVEL = 2
"""Of the models whose cells have a tree; the reduced cell's dendrites are mechanisms."""

TABLES = (MEMBRANE, *ROOTS)
"""Tables of a model file that the tree is made of."""


def tables(model: Model) -> dict[str, Mapping[str, Key]]:
    """Return the tables and keys that a model must have for the dendrites that it has.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict of str to mapping of str to Key
        Keys with their units and meanings, by table.
    """
    found: dict[str, Mapping[str, Key]] = {kind: DENDRITE_KEYS for kind in kinds(model)}
    # A membrane without dendrites is no unknown table: `faults` says what it lacks.
    alone = model.level == LEVEL and MEMBRANE in model
    return found | ({MEMBRANE: MEMBRANE_KEYS} if found or alone else {})


def faults(model: Model) -> Iterator[str]:
    """Yield what is wrong with the tables of the dendrites together, in one line.

    Parameters
    ----------
    model : Model

    Yields
    ------
    str
        One line for each.
    """
    if model.level == LEVEL and MEMBRANE in model and not kinds(model):
        yield (
            f"[{MEMBRANE}] is that of dendrites; it needs one of [{'], ['.join(ROOTS)}], or must "
            f"go ({model.file})"
        )


def kinds(model: Model) -> list[str]:
    """Return the kinds of dendrites that a model has, those nearer to the soma first.

    Parameters
    ----------
    model : Model

    Returns
    -------
    list of str
        Some of `ROOTS`; none where the model is not of level 2.
    """
    return [kind for kind in ROOTS if kind in model] if model.level == LEVEL else []


def compartments(model: Model) -> list[Compartment]:
    """Return all compartments but the soma, each after its parent.

    Parameters
    ----------
    model : Model
        With a table of `DENDRITE_KEYS` for each kind of dendrite.

    Returns
    -------
    list of Compartment
        As many as the branches of all kinds have segments.

    Raises
    ------
    InputError
        If a number of branches or segments is none, or a dendrite has nothing to grow from.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> [part.name for part in compartments(load_model("passive"))][:2]
    ['basal_0_0', 'basal_0_1']
    """
    found: list[Compartment] = []
    ends = {"soma": "soma"}
    for kind in kinds(model):
        branches, segments = _count(model, kind, "branches"), _count(model, kind, "segments")
        parent_kind = _root(model, kind)
        for branch in range(branches):
            parent, link = ends[parent_kind], f"{kind}_root_conductance"
            for segment in range(segments):
                name = _name(kind, branch, segment, segments)
                found.append(Compartment(name, kind, parent, link))
                parent, link = name, f"{kind}_axial_conductance"
            ends[kind] = parent
    return found


def outermost(model: Model, kind: str, branch: int = 0) -> str:
    """Return the name of the last compartment of a branch.

    Parameters
    ----------
    model : Model
        With a table for the kind.
    kind : str
        One of `kinds`.
    branch : int
        From 0 on.

    Returns
    -------
    str
        One of the cell's compartments.

    Raises
    ------
    InputError
        If the number of segments is none.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> outermost(load_model("l5_thick_tufted"), "basal", 1)
    'basal_1_1'
    """
    segments = _count(model, kind, "segments")
    return _name(kind, branch, segments - 1, segments)


def _name(kind: str, branch: int, segment: int, segments: int) -> str:
    name = kind if kind in SINGLE else f"{kind}_{branch}"
    return f"{name}_{segment}" if segments > 1 else name


def _root(model: Model, kind: str) -> str:
    for root in ROOTS[kind]:
        if root == "soma" or root in model:
            return root
    raise InputError(
        f"[{kind}] grows from [{'] or ['.join(ROOTS[kind])}], which the model lacks ({model.file})"
    )


def _count(model: Model, kind: str, key: str) -> int:
    value = model[kind][key]
    where = model[kind].parameter(key).where
    if value != int(value) or value < 1:
        raise InputError(f"{key} must be a whole number of at least 1, got {value:g}{where}")
    if key == "branches" and kind in SINGLE and value != 1:
        raise InputError(f"a cell has one {kind}, got branches = {value:g}{where}")
    return int(value)


def cable(model: Model, kind: str) -> dict[str, Quantity]:
    """Return the electrical constants of the compartments of one kind.

    Parameters
    ----------
    model : Model
        With the tables ``[membrane]`` and of the dendrites.
    kind : str
        One of `kinds`.

    Returns
    -------
    dict of str to Quantity
        ``capacitance``, ``leak_conductance``, ``root_conductance`` (from the first compartment of
        a branch to what it grows from) and, where a branch has several, ``axial_conductance``.

    Raises
    ------
    InputError
        If a number of branches or segments is none, or the dendrite has nothing to grow from.

    Notes
    -----
    A compartment is a cylinder: its membrane is pi × diameter × length, its axial resistance the
    resistivity × length over pi × diameter² / 4; half of each of two neighbours lies between them.
    """
    membrane = model[MEMBRANE]
    whole = axial_resistance(model, kind)
    root = _root(model, kind)
    to_root = whole / 2 if root == "soma" else (whole + axial_resistance(model, root)) / 2
    constants = {
        "capacitance": membrane["specific_capacitance"] * area(model, kind),
        "leak_conductance": area(model, kind) / membrane["specific_resistance"],
        "root_conductance": 1 / to_root,
    }
    if _count(model, kind, "segments") > 1:
        constants["axial_conductance"] = 1 / whole
    return constants


def area(model: Model, kind: str) -> Quantity:
    """Return the membrane of one compartment of a kind.

    Parameters
    ----------
    model : Model
    kind : str
        One of `kinds`.

    Returns
    -------
    Quantity
        In square metres: of a cylinder without its ends.
    """
    table = model[kind]
    return np.pi * table["diameter"] * table["length"] / _count(model, kind, "segments")


def axial_resistance(model: Model, kind: str) -> Quantity:
    """Return the resistance along one compartment of a kind.

    Parameters
    ----------
    model : Model
        With a table ``[membrane]``.
    kind : str
        One of `kinds`.

    Returns
    -------
    Quantity
        In ohm: of a cylinder.
    """
    table = model[kind]
    length = table["length"] / _count(model, kind, "segments")
    return model[MEMBRANE]["axial_resistivity"] * length / (np.pi * table["diameter"] ** 2 / 4)


def constants(model: Model) -> dict[str, Quantity]:
    """Return what the geometry gives all dendrites, by the variable of a group.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict of str to Quantity
        What `cable` gives, and the area, of each kind: ``basal_capacitance``.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> sorted(constants(load_model("l5_thick_tufted")))[:3]
    ['basal_area', 'basal_axial_conductance', 'basal_capacitance']
    """
    return {
        f"{kind}_{name}": value
        for kind in kinds(model)
        for name, value in {**cable(model, kind), "area": area(model, kind)}.items()
    }


def depending(model: Model, path: str) -> frozenset[str]:
    """Return the variables of `constants` that depend on a parameter; none where it is no geometry.

    Parameters
    ----------
    model : Model
    path : str
        Table and key: ``"tuft.length"``.

    Returns
    -------
    frozenset of str
        Names of variables.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> sorted(depending(load_model("l5_thick_tufted"), "tuft.length"))
    ['tuft_area', 'tuft_capacitance', 'tuft_leak_conductance', 'tuft_root_conductance']
    """
    table, _, key = path.partition(".")
    if table not in TABLES or table not in model or key not in model[table]:
        return frozenset()
    if key in COUNTS:
        return frozenset()
    named = constants(model)
    if table == MEMBRANE:
        ends = {
            "specific_capacitance": ("_capacitance",),
            "specific_resistance": ("_leak_conductance",),
            "axial_resistivity": ("_root_conductance", "_axial_conductance"),
        }[key]
        return frozenset(name for name in named if name.endswith(ends))
    grown = {f"{kind}_root_conductance" for kind in kinds(model) if _root(model, kind) == table}
    return frozenset(name for name in named if name.startswith(f"{table}_")) | grown
