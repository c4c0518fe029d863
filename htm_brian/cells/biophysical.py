"""Cells of level 2: a tree of compartments, and the mechanisms that the model file has tables for.

Only the soma must be there: with dendrites it is a pyramidal cell, without them a cell of a single
compartment, such as an interneuron or a relay cell. `htm_brian.cells.group.Cells` makes the group.

===================== ================= =====================================================
table                 lives in          drives, or is driven by
===================== ================= =====================================================
``soma``              soma              `injected_current`
``membrane``          all dendrites     the geometry of ``basal``, ``trunk``, ... (see `tree`)
``spike``             soma              threshold and reset
``adaptation``        soma              each spike adds to it
``slow_adaptation``   soma              each spike adds to it
``ampa``              everywhere        ``ampa_c += ampa_unitary_conductance``
``gaba``              everywhere        ``gaba_c += gaba_unitary_conductance``
``nmda``              soma, basal,      ``nmda_c += nmda_unitary_conductance``
                      oblique, tuft
``backpropagation``   trunk, nexus      each spike of the soma
``calcium_spike``     nexus             the nexus's potential
``hcn``               trunk, nexus,     the potential there
                      tuft
``metabotropic``      soma              ``metabotropic_calcium += ...``; each spike
``t_current``         soma              the soma's potential
``dendrite``          dendrite          the whole apical dendrite in one: each spike of the soma
``tonic_inhibition``  dendrite          a conductance that stays open
``c_background``      c: soma, nexus,   a fluctuating current
                      dendrite
===================== ================= =====================================================

Every mechanism but the soma may be left out; dendrites and membrane need each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from brian2.equations.equations import Equations, SingleEquation
from brian2.units.fundamentalunits import Quantity

from htm_brian.cells import tree
from htm_brian.errors import InputError
from htm_brian.mechanisms import (
    active_dendrite,
    adaptation,
    ampa,
    background,
    backpropagation,
    calcium_spike,
    dendrite,
    gaba,
    hcn,
    metabotropic,
    nmda,
    soma,
    spike,
    t_current,
    tonic_inhibition,
)
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Key, Model

NMDA_KINDS = ("basal", "oblique", "tuft")
"""Kinds of dendrites that have NMDA receptors. The soma has them for those not simulated."""

BACKGROUND_PLACES = ("soma", calcium_spike.COMPARTMENT, active_dendrite.COMPARTMENT)
"""Where a background current may flow into."""

OPTIONAL: dict[str, ModuleType] = {
    **{
        module.TABLE: module
        for module in (
            spike,
            adaptation,
            ampa,
            gaba,
            nmda,
            backpropagation,
            calcium_spike,
            hcn,
            metabotropic,
            t_current,
            active_dendrite,
            tonic_inhibition,
        )
    },
    adaptation.SLOW_TABLE: adaptation,
    **{background.table(place): background for place in BACKGROUND_PLACES},
}
NEEDS = {
    adaptation.TABLE: (spike.TABLE,),
    adaptation.SLOW_TABLE: (spike.TABLE,),
    nmda.TABLE: (ampa.TABLE,),
    backpropagation.TABLE: (spike.TABLE, *backpropagation.COMPARTMENTS),
    calcium_spike.TABLE: (calcium_spike.COMPARTMENT,),
    hcn.TABLE: hcn.KINDS,
    active_dendrite.TABLE: (spike.TABLE,),
    tonic_inhibition.TABLE: (active_dendrite.TABLE,),
    background.table("nexus"): ("nexus",),
    background.table("dendrite"): (active_dendrite.TABLE,),
}
"""What a mechanism needs beside its own table."""

SOMATIC = {
    adaptation.TABLE: "(-adaptation)",
    adaptation.SLOW_TABLE: "(-slow_adaptation)",
    metabotropic.TABLE: "metabotropic_current",
    t_current.TABLE: "t_current",
    active_dendrite.TABLE: "dendrite_current",
}
"""Currents into the soma, by the mechanism that makes them."""


@dataclass(frozen=True)
class Design:
    """What a `NeuronGroup` of these cells is made of.

    Attributes
    ----------
    equations : Equations
        All of the cell.
    threshold, reset : str or None
        None where the cell does not spike.
    variables : dict of str to str
        What each variable that is no parameter of the model file means.
    compartments : list of str
        Their names, the soma first.
    method : str or None
        Brian2's integration method; None is that of `htm_brian.engine.integration`.
    constants : dict of str to Quantity
        Values of parameters that are taken from the geometry.
    at_rest : dict of str to str or Quantity
        What the state variables are set to that are not 0 at rest, as `NeuronGroup` takes it.
    background : tuple of str
        Compartments with a background current, which `htm_brian.mechanisms.background` updates.
    """

    equations: Equations
    threshold: str | None
    reset: str | None
    variables: dict[str, str]
    compartments: list[str]
    method: str | None
    constants: dict[str, Quantity] = field(default_factory=dict)
    at_rest: dict[str, str | Quantity] = field(default_factory=dict)
    background: tuple[str, ...] = ()


def mechanisms(model: Model) -> dict[str, dict[str, Key]]:
    """Return the tables and keys that a model of level 2 must have, given those that it has."""
    required: dict[str, dict[str, Key]] = {soma.TABLE: soma.KEYS}
    if tree.kinds(model):
        required[tree.MEMBRANE] = tree.MEMBRANE_KEYS
    known = {
        **{kind: tree.DENDRITE_KEYS for kind in tree.ROOTS},
        **{name: module.KEYS for name, module in OPTIONAL.items()},
    }
    return required | {name: keys for name, keys in known.items() if name in model}


def require(model: Model) -> Model:
    """Check that a model of level 2 has what its mechanisms need, each of the right dimension."""
    known = {soma.TABLE, tree.MEMBRANE, *tree.ROOTS, *OPTIONAL}
    # An unknown table is told with all that are known, so that a slip of the pen finds its like.
    unknown = [table.name for table in model.tables if table.name not in known]
    if not unknown and tree.MEMBRANE in model and not tree.kinds(model):
        raise InputError(
            f"[{tree.MEMBRANE}] is that of dendrites; it needs one of "
            f"[{'], ['.join(tree.ROOTS)}], or must go ({model.file})"
        )
    model.require({name: {} for name in known} if unknown else mechanisms(model))
    for name, needed in NEEDS.items():
        for other in needed:
            if name in model and other not in model:
                raise InputError(f"[{name}] needs a table [{other}] ({model.file})")
    return model


def compartments(model: Model) -> list[str]:
    """Return the names of the compartments, the soma first."""
    active = [active_dendrite.COMPARTMENT] if active_dendrite.TABLE in model else []
    return ["soma", *(part.name for part in tree.compartments(model)), *active]


def synaptic_compartments(model: Model) -> dict[str, list[str]]:
    """Return the names of the compartments that have AMPA, GABA-A and NMDA receptors."""
    parts = tree.compartments(model)
    places = {name: compartments(model) for name in (ampa.TABLE, gaba.TABLE) if name in model}
    if nmda.TABLE in model:
        places[nmda.TABLE] = ["soma", *(part.name for part in parts if part.kind in NMDA_KINDS)]
    return places


def background_places(model: Model) -> list[str]:
    """Return the names of the compartments that a background current flows into."""
    return [place for place in BACKGROUND_PLACES if background.table(place) in model]


def on_glutamate(compartment: str, receptors: Collection[str] = ("ampa", "nmda")) -> str:
    """Return what a presynaptic spike does in a compartment, as `on_pre` of a `Synapses`.

    Parameters
    ----------
    compartment : str
        Its name, as in `PyramidalCells.compartments`.
    receptors : collection of str
        Some of ``"ampa"`` and ``"nmda"``.

    Examples
    --------
    >>> print(on_glutamate("basal_0_1"))
    ampa_basal_0_1_post += ampa_unitary_conductance_post
    nmda_basal_0_1_post += nmda_unitary_conductance_post
    """
    return "\n".join(
        f"{name}_{compartment}_post += {name}_unitary_conductance_post" for name in receptors
    )


def design(model: Model, per_cell: Collection[str] = ()) -> Design:
    """Put a cell together.

    Parameters
    ----------
    model : Model
        Of level 2.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"nmda.magnesium"``.
    """
    require(model)
    parts = tree.compartments(model)
    synapses = synaptic_compartments(model)
    inward = _inward(model, parts, synapses)
    charging = " + ".join(inward["soma"]) or "0*amp"
    held = active_dendrite.TABLE in model
    whole = soma.equations(model[soma.TABLE], charging, share=spike.HOLD if held else "")
    meanings = dict(soma.VARIABLES)
    geometry: dict[str, Quantity] = {}
    for part in parts:
        outer = [other.name for other in parts if other.parent == part.name]
        whole += dendrite.equations(part, outer, inward[part.name])
        meanings |= dendrite.variables(part)
    for kind in tree.kinds(model):
        constants = tree.cable(model, kind)
        whole += dendrite.declare_cable(kind, list(constants))
        meanings |= {f"{kind}_{name}": dendrite.MEANINGS[name] for name in constants}
        geometry |= {f"{kind}_{name}": value for name, value in constants.items()}
    for name in OPTIONAL:
        if name in model:
            equations, its_meanings = _optional(name, model, inward)
            whole += equations
            meanings |= its_meanings
    if hcn.TABLE in model:
        geometry |= {f"{kind}_area": tree.area(model, kind) for kind in hcn.KINDS}
        meanings |= {f"{kind}_area": hcn.AREA for kind in hcn.KINDS}
    if held:  # last: Brian2 wants what is shared by all cells computed first
        whole += spike.hold()
        meanings |= spike.HOLD_VARIABLES
    return Design(
        vary_by_cell(whole, model, per_cell),
        spike.THRESHOLD if spike.TABLE in model else None,
        _on_spike(model) if spike.TABLE in model else None,
        meanings,
        compartments(model),
        None,
        geometry,
        _at_rest(model),
        background=tuple(background_places(model)),
    )


def _optional(
    name: str, model: Model, inward: Mapping[str, list[str]]
) -> tuple[Equations, dict[str, str]]:
    """Return the equations of a mechanism, and what its variables mean."""
    module, table = OPTIONAL[name], model[name]
    if module is background:
        place = name.removesuffix(background.SUFFIX)
        return background.equations(table), background.variables(place)
    if module is adaptation:
        return adaptation.equations(table), adaptation.variables(name)
    if module is hcn:
        parts = _with_hcn(model)
        meanings = {k: v for part in parts for k, v in hcn.variables(part).items()}
        return hcn.equations(table, parts), hcn.SHARED | meanings
    if module in (ampa, gaba, nmda):
        places = synaptic_compartments(model)[name]
        meanings = {k: v for place in places for k, v in module.variables(place).items()}
        if module is nmda:
            meanings |= nmda.SHARED
        return module.equations(table, places), meanings
    if module is active_dendrite:
        charging = inward[active_dendrite.COMPARTMENT]
        return active_dendrite.equations(table, charging), active_dendrite.VARIABLES
    return module.equations(table), module.VARIABLES


def _with_hcn(model: Model) -> list[tree.Compartment]:
    """Return the compartments that an h-current flows into."""
    parts = tree.compartments(model) if hcn.TABLE in model else []
    return [part for part in parts if part.kind in hcn.KINDS]


def _at_rest(model: Model) -> dict[str, str | Quantity]:
    """Return what the state variables are set to that are not 0 at rest."""
    found: dict[str, str | Quantity] = {}
    if t_current.TABLE in model:
        found |= t_current.AT_REST
    for part in _with_hcn(model):
        found |= hcn.at_rest(part)
    return found


def _inward(
    model: Model, parts: list[tree.Compartment], synapses: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Return the variables of the currents that charge each compartment, beside leak and cable."""
    inward: dict[str, list[str]] = {name: [] for name in compartments(model)}
    inward["soma"] += [f"axial_current_{part.name}" for part in parts if part.parent == "soma"]
    for module in (ampa, gaba, nmda):
        for name in synapses.get(module.TABLE, ()):
            inward[name].append(module.current(name))
    inward["soma"] += [current for table, current in SOMATIC.items() if table in model]
    for name in background_places(model):
        where = _only(parts, name) if name == calcium_spike.COMPARTMENT else name
        inward[where].append(background.current(name))
    if tonic_inhibition.TABLE in model:
        inward[active_dendrite.COMPARTMENT].append("tonic_inhibition_current")
    if backpropagation.TABLE in model:
        for name in backpropagation.COMPARTMENTS:
            inward[_only(parts, name)].append(f"backpropagation_current_{name}")
    if calcium_spike.TABLE in model:
        inward[_only(parts, calcium_spike.COMPARTMENT)].append("calcium_spike_current")
    for part in _with_hcn(model):
        inward[part.name].append(hcn.current(part))
    return inward


def _only(parts: list[tree.Compartment], kind: str) -> str:
    """Return the one compartment of a kind that an active mechanism lives in."""
    names = [part.name for part in parts if part.kind == kind]
    if names != [kind]:
        raise InputError(
            f"an active mechanism of the {kind} needs it in one segment, got {len(names)}"
        )
    return kind


def _on_spike(model: Model) -> str:
    """Return the reset statements of the mechanisms that a model has."""
    held = active_dendrite.TABLE in model  # at its reset, for the refractory period
    statements = [spike.ON_SPIKE if held else spike.CARRY_ON_SPIKE]
    tables = (adaptation.TABLE, adaptation.SLOW_TABLE)
    statements += [adaptation.on_spike(name) for name in tables if name in model]
    if metabotropic.TABLE in model:
        statements.append(metabotropic.ON_SPIKE)
    return "\n".join(each.strip() for each in statements)


def vary_by_cell(equations: Equations, model: Model, per_cell: Collection[str]) -> Equations:
    """Return the equations with some parameters declared for each cell, not for the group.

    Parameters
    ----------
    equations : Equations
        As the mechanisms return them.
    model : Model
        Whose parameters they are.
    per_cell : collection of str
        Paths, ``table.key``, of parameters that stand in the equations.
    """
    if isinstance(per_cell, str):
        raise InputError(f"per_cell must be a list of parameters, got the text {per_cell!r}")
    names = {}
    for path in per_cell:
        table, _, key = path.partition(".")
        name = variable_name(table, key)
        if path not in {row.path for row in model.rows()} or name not in equations:
            known = ", ".join(
                row.path for row in model.rows() if variable_name(*row.path.split(".")) in equations
            )
            raise InputError(
                f"unknown parameter {path!r} in per_cell; known: {known} ({model.file})"
            )
        names[name] = path
    varied = _depending(equations, set(names))
    return Equations(
        [_of_each_cell(each) if each.varname in varied else each for each in equations.values()]
    )


def _depending(equations: Equations, names: set[str]) -> set[str]:
    """Return `names` and the shared expressions that depend on them."""
    while True:
        more = {
            each.varname
            for each in equations.values()
            if "shared" in each.flags and each.expr is not None and each.identifiers & names
        }
        if more <= names:
            return names
        names = names | more


def _of_each_cell(equation: SingleEquation) -> SingleEquation:
    """Return a shared parameter or expression as one of each cell."""
    flags = [flag for flag in equation.flags if flag != "shared"]
    return SingleEquation(
        equation.type, equation.varname, equation.dim, equation.var_type, equation.expr, flags
    )
