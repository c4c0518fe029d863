"""A cell put together from its model file: its membranes, and the mechanisms that have a table.

Nothing here names a mechanism. Each says of itself where it lives and what it gives
(`htm_brian.mechanisms.interface`); those that the file has tables for are asked in turn. Cells of
level 2 have a tree of dendrites beside (`htm_brian.cells.tree`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import ModuleType

from brian2.equations.equations import SUBEXPRESSION, Equations, SingleEquation
from brian2.units.fundamentalunits import Quantity

from htm_brian.cells import tree
from htm_brian.cells.design import Design, vary_by_cell
from htm_brian.errors import InputError
from htm_brian.mechanisms import dendrite
from htm_brian.mechanisms.finding import find
from htm_brian.mechanisms.interface import SOMA, Compartment, Mechanism, Site
from htm_brian.parameters import Key, Model

METHODS = {1: "euler", 2: None}
"""Brian2's integration method by level; None is that of `htm_brian.engine.integration`."""

GEOMETRY = {"area": tree.area}
"""What a mechanism may ask of a kind of dendrite beside the constants of its cable."""


def require(model: Model, packages: Sequence[ModuleType] = ()) -> tuple[Mechanism, ...]:
    """Check that a model of a cell has what it must, and return the mechanisms that it has.

    Parameters
    ----------
    model : Model
        Of level 1 or 2.
    packages : sequence of module
        Where further mechanisms are, see `htm_brian.mechanisms.finding.find`.

    Raises
    ------
    InputError
        If the model is of another level, if a table or key is unknown, missing or of the wrong
        dimension, or if a mechanism lacks what it needs.
    """
    if model.level not in METHODS:
        raise InputError(
            f"a pyramidal cell is of level 1 or 2, got level {model.level} ({model.file}, [model])"
        )
    for fault in model.faults(
        tables(model, packages), optional=known_tables(model.level, packages)
    ):
        raise InputError(fault)
    for fault in tree.faults(model):
        raise InputError(fault)
    present = mechanisms(model, packages)
    for mechanism in present:
        for other in mechanism.needs:
            if other not in model:
                raise InputError(f"[{mechanism.table}] needs a table [{other}] ({model.file})")
        if mechanism.check is not None:
            mechanism.check(model[mechanism.table])
    return present


def mechanisms(model: Model, packages: Sequence[ModuleType] = ()) -> tuple[Mechanism, ...]:
    """Return the mechanisms that a cell of this model has, or lacks though it must have them."""
    return tuple(
        each
        for each in find(packages)
        if each.level == model.level and (each.required or each.table in model)
    )


def tables(model: Model, packages: Sequence[ModuleType] = ()) -> dict[str, Mapping[str, Key]]:
    """Return the tables and keys that a model must have, given those that it has."""
    its = {each.table: each.keys for each in mechanisms(model, packages)}
    return {**tree.tables(model), **its}


def known_tables(level: int, packages: Sequence[ModuleType] = ()) -> set[str]:
    """Return the names of the tables that the model of a cell of a level may have."""
    found = {each.table for each in find(packages) if each.level == level}
    return found | set(tree.TABLES) if level == tree.LEVEL else found


def compartments(model: Model, present: Sequence[Mechanism]) -> list[Compartment]:
    """Return the compartments of a cell that has these mechanisms, the soma first."""
    brought = [place for mechanism in present for place in mechanism.brings if place != SOMA]
    return [SOMA, *tree.compartments(model), *brought]


def sites(model: Model, present: Sequence[Mechanism]) -> dict[str, Site]:
    """Return where each mechanism lives, by its table, and what flows into the compartments."""
    everywhere = compartments(model, present)
    inward: dict[str, list[str]] = {place.name: [] for place in everywhere}
    for part in tree.compartments(model):
        inward[part.parent].append(f"axial_current_{part.name}")
    held = any(mechanism.holds for mechanism in present)
    found = {}
    for mechanism in present:
        site = Site(mechanism.places(everywhere), inward, held)
        if mechanism.single:
            _require_single(model, mechanism, site)
        for place, current in mechanism.flows(site).items():
            inward[place].append(current)
        found[mechanism.table] = site
    return found


def _require_single(model: Model, mechanism: Mechanism, site: Site) -> None:
    for kind in mechanism.kinds or ():
        names = [place.name for place in site.places if place.kind == kind]
        if names != [kind]:
            raise InputError(
                f"[{mechanism.table}] needs the {kind} in one segment, got {len(names)} "
                f"({model.file}, [{kind}])"
            )


def assemble(
    model: Model, per_cell: Collection[str] = (), packages: Sequence[ModuleType] = ()
) -> Design:
    """Put a cell together.

    Parameters
    ----------
    model : Model
        Of level 1 or 2.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"nmda.magnesium"``. Of a
        parameter of the geometry, such as ``"nexus.length"``, the constants of the cable that
        depend on it may (`htm_brian.cells.tree.constants`).
    packages : sequence of module
        Where further mechanisms are, see `htm_brian.mechanisms.finding.find`.

    Raises
    ------
    InputError
        As `require`, or if a dendrite has a wrong number or place.
    """
    present = tuple(each for each in require(model, packages) if not _is_off(each, model))
    where = sites(model, present)
    lines: list[SingleEquation] = []
    meanings: dict[str, str] = {}
    at_rest: dict[str, str | Quantity] = {}
    thresholds, resets = [], []
    giving = [each for each in present if each.equations is not None]
    for mechanism in giving:
        table, site = model[mechanism.table], where[mechanism.table]
        assert mechanism.equations is not None
        lines += mechanism.equations(table, site).values()
        meanings |= mechanism.meanings(site)
        at_rest |= mechanism.resting(site)
        if mechanism.threshold is not None:
            thresholds.append(mechanism.threshold(table))
        resets.append(mechanism.reset(table, site).strip())
    constants = _geometry(model, giving, where)
    tree_lines, tree_meanings = _tree(model, where, constants)
    return Design(
        vary_by_cell(
            Equations(_shared_first([*lines, *tree_lines])),
            model,
            per_cell,
            {path: tree.depending(model, path) for path in per_cell},
        ),
        _either(thresholds),
        "\n".join(filter(None, resets)) if thresholds else None,
        meanings | tree_meanings,
        [place.name for place in compartments(model, present)],
        METHODS[model.level],
        {f"{kind}_{name}": value for kind in constants for name, value in constants[kind].items()},
        at_rest,
        tuple(each.table for each in giving),
        tuple(each.regularly for each in giving if each.regularly is not None),
    )


def _is_off(mechanism: Mechanism, model: Model) -> bool:
    return mechanism.off is not None and mechanism.off(model[mechanism.table])


def _either(conditions: Sequence[str]) -> str | None:
    """Return the condition that one of some holds; None where there is none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return " or ".join(f"({each})" for each in conditions)


def _geometry(
    model: Model, present: Sequence[Mechanism], where: Mapping[str, Site]
) -> dict[str, dict[str, Quantity]]:
    """Return what the geometry gives each kind of dendrite: its cable, and what is asked for."""
    constants = {kind: tree.cable(model, kind) for kind in tree.kinds(model)}
    for mechanism in present:
        for kind in {place.kind for place in where[mechanism.table].places} & set(constants):
            constants[kind] |= {name: GEOMETRY[name](model, kind) for name in mechanism.geometry}
    return constants


def _tree(
    model: Model, where: Mapping[str, Site], constants: Mapping[str, Mapping[str, Quantity]]
) -> tuple[list[SingleEquation], dict[str, str]]:
    """Return the equations of the dendrites' membranes, and what their variables mean."""
    lines: list[SingleEquation] = []
    meanings: dict[str, str] = {}
    site = where[SOMA.name]
    for part in tree.compartments(model):
        lines += dendrite.equations(part, site.charging(part.name)).values()
        meanings |= dendrite.variables(part)
    for kind, given in constants.items():
        lines += dendrite.declare_constants(kind, list(given)).values()
        meanings |= {f"{kind}_{name}": dendrite.MEANINGS[name] for name in given}
    return lines, meanings


def _shared_first(lines: Sequence[SingleEquation]) -> list[SingleEquation]:
    """Return the lines in an order in which Brian2 can compute what is constant over a step."""
    return sorted(lines, key=lambda each: each.type != SUBEXPRESSION or "shared" not in each.flags)
