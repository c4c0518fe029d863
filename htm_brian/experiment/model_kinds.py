"""What a model file must hold, by its kind and level; all of it checked before a run begins.

`check_file` finds every fault of a file; `load_checked` gives a model that has none, and is of the
kind and level that a protocol needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from htm_brian.errors import InputError, did_you_mean, listed
from htm_brian.parameters import Key, Model, Parameter, Reading, list_models, load_model, read_model
from htm_brian.units import parse_unit

Tables = Mapping[str, Mapping[str, Key]]

FAR = 10.0
"""A value with a unit may lie so many times outside the widest range that a model here gives it."""


@dataclass(frozen=True)
class Kind:
    """One kind of model.

    Parameters
    ----------
    words : str
        What it is, for people.
    tables : function
        Gives the tables and keys that a model must have, given those that it has.
    check : function
        Raises an `InputError` where the tables do not fit together.
    optional : function
        Gives the names of tables that a model may have.
    """

    words: str
    tables: Callable[[Model], Tables]
    check: Callable[[Model], object]
    optional: Callable[[], Collection[str]] = tuple


def check_file(name_or_path: str | os.PathLike[str]) -> Reading:
    """Read a model and find every fault of its file, by the schema of its kind and level.

    Parameters
    ----------
    name_or_path : str or path
        As for `htm_brian.parameters.load_model`.

    Returns
    -------
    Reading
        Its faults are one line each; there are none where the model is right.
    """
    reading = read_model(name_or_path)
    if reading.model is not None:
        reading.faults += _faults(reading.model, reading)
    return reading


def load_checked(name_or_path: str | os.PathLike[str], kind: str, level: int) -> Model:
    """Return a model without fault, of a kind and a level.

    Parameters
    ----------
    name_or_path : str or path
        As for `htm_brian.parameters.load_model`.
    kind : str
        What the caller needs: "cell", "synapse", "plasticity", "network", "memory", "pooler",
        "credit", "burst_network", "thalamus", "budget".
    level : int
        And of which level.

    Raises
    ------
    InputError
        With the first fault, or what the model is and what is needed.
    """
    reading = read_model(name_or_path)
    model = reading.model
    if model is not None and (model.kind, model.level) != (kind, level):
        such = [
            each.name
            for each in map(load_model, list_models())
            if (each.kind, each.level) == (kind, level)
        ]
        raise InputError(
            f"{name_or_path} is a {model.kind} of level {model.level} where a {kind} of level "
            f"{level} is needed, such as {listed(such)} ({model.file}, [model])"
        )
    if model is not None:
        reading.faults += _faults(model, reading)
    if reading.faults:
        raise InputError(reading.faults[0])
    assert model is not None
    return model


def describe(model: Model) -> str:
    """Say in one line what a model is."""
    n = len(model.rows())
    words = KINDS[model.kind, model.level].words
    return f"{model.file}: {words}, {len(model.tables)} tables, {n} parameters, all right"


def _faults(model: Model, reading: Reading) -> list[str]:
    """Return what is wrong with a model that could be read."""
    if (model.kind, model.level) not in KINDS:
        return [_unknown_kind(model)]
    kind = KINDS[model.kind, model.level]
    faults = list(model.faults(kind.tables(model), reading.faulty, kind.optional()))
    if faults or reading.faults:
        return faults
    try:
        kind.check(model)
    except InputError as error:
        return [str(error)]
    return list(_far_out(model))


def _unknown_kind(model: Model) -> str:
    levels = [level for kind, level in KINDS if kind == model.kind]
    if levels:
        wanted = " or ".join(str(level) for level in sorted(levels))
        fault = f"level of a {model.kind} must be {wanted}, got {model.level}"
    else:
        hint = did_you_mean(model.kind, (kind for kind, _ in KINDS))
        fault = f"unknown kind {model.kind!r}{hint}"
    return f"{fault} ({model.file}, [model])"


def _far_out(model: Model) -> Iterator[str]:
    """Yield which values lie far outside what the package's models allow: a slip in the unit."""
    if Path(model.file).parent == Path("models"):
        return
    like = [
        each
        for each in map(load_model, list_models())
        if (each.kind, each.level) == (model.kind, model.level)
    ]
    for table in model.tables:
        for parameter in table.parameters:
            others = [
                each[table.name].parameter(parameter.key)
                for each in like
                if table.name in each and parameter.key in each[table.name]
            ]
            if parameter.unit != "1" and others:
                yield from _far_from(parameter, others)


def _far_from(parameter: Parameter, others: list[Parameter]) -> Iterator[str]:
    ends = [
        (abs(end) * float(parse_unit(other.unit)), f"{end:g} {other.unit}")
        for other in others
        for end in (other.low, other.high)
    ]
    size = abs(parameter.value) * float(parse_unit(parameter.unit))
    (most, shown_most), (least, shown_least) = max(ends), min(ends)
    one_sided = all(other.low > 0 or other.high < 0 for other in others)
    if size > FAR * most:
        yield (
            f"{parameter.key} = {parameter.text} is more than {FAR:g} times what models of its "
            f"kind allow, {shown_most}; is the unit right?{parameter.where}"
        )
    elif one_sided and 0 < size < least / FAR:
        yield (
            f"{parameter.key} = {parameter.text} is less than a {FAR:g}th of what models of its "
            f"kind allow, {shown_least}; is the unit right?{parameter.where}"
        )


def _tables_of_cell(model: Model) -> Tables:
    from htm_brian.cells import assembly

    return assembly.tables(model)


def _optional_of_tree() -> Collection[str]:
    from htm_brian.cells import assembly

    return assembly.known_tables(2)


def _check_cell(model: Model) -> object:
    from htm_brian.cells.checking import check_model

    return check_model(model)


def _tables_of_synapse(model: Model) -> Tables:
    from htm_brian.synapses.release.stochastic import MECHANISMS

    return MECHANISMS


def _check_synapse(model: Model) -> object:
    from htm_brian.synapses.release.epsp import TimeCourse

    _check_release(model)
    try:
        return TimeCourse.of(model["epsp"])
    except InputError as error:
        raise InputError(f"{error} ({model.file}, [epsp])") from None


def _check_release(model: Model) -> object:
    from htm_brian.synapses.release.transmission import transmission_of

    sites = model["release"].parameter("sites")
    if sites.value != int(sites.value):
        raise InputError(f"sites must be a whole number, got {sites.text}{sites.where}")
    try:
        return transmission_of(model["release"])
    except InputError as error:
        raise InputError(f"{error}{sites.where}") from None


def _check_network(model: Model) -> object:
    from htm_brian.synapses.release.transmission import check_site_growth

    _check_release(model)
    try:
        return check_site_growth(model["distal"])
    except InputError as error:
        raise InputError(f"{error}{model['distal'].parameter('site_growth').where}") from None


def _tables_of_network(model: Model) -> Tables:
    from htm_brian.network.event_layer import KEYS

    return KEYS


def _tables_of_tree_network(model: Model) -> Tables:
    from htm_brian.network.tree_layer import KEYS

    return KEYS


def _tables_of_memory(model: Model) -> Tables:
    from htm_brian.network.one_shot_memory import KEYS

    return KEYS


def _tables_of_pooler(model: Model) -> Tables:
    from htm_brian.network.pooler_network import KEYS

    return KEYS


def _tables_of_distal_rule(model: Model) -> Tables:
    from htm_brian.synapses.plasticity.calcium_on_branches import KEYS, TABLE

    return {TABLE: KEYS}


def _tables_of_credit(model: Model) -> Tables:
    from htm_brian.credit.table import KEYS

    return KEYS


def _tables_of_ensembles(model: Model) -> Tables:
    from htm_brian.network.bursting_ensembles import KEYS

    return KEYS


def _tables_of_thalamus(model: Model) -> Tables:
    from htm_brian.network.thalamus import KEYS

    return KEYS


def _tables_of_budget(model: Model) -> Tables:
    from htm_brian.synapses.release.energy import BUDGET

    return BUDGET


def _tables_of_rule(model: Model) -> Tables:
    from htm_brian.synapses.plasticity.finding import rules

    # Of a model that no rule reads every table is unknown.
    return {name: rules()[name].keys for name in rules() if name in model}


def _optional_of_rule() -> Collection[str]:
    from htm_brian.synapses.plasticity.finding import rules

    return rules()


def _check_rule(model: Model) -> object:
    from htm_brian.synapses.plasticity.finding import online_rule

    return online_rule(model)


# Imported when used: a look at one model shall not wait for all of the package.
KINDS: dict[tuple[str, int], Kind] = {
    ("cell", 1): Kind("a reduced pyramidal cell (level 1)", _tables_of_cell, _check_cell),
    ("cell", 2): Kind(
        "a biophysical cell (level 2)", _tables_of_cell, _check_cell, _optional_of_tree
    ),
    ("synapse", 1): Kind("a releasing synapse (level 1)", _tables_of_synapse, _check_synapse),
    ("network", 1): Kind("a network of minicolumns (level 1)", _tables_of_network, _check_network),
    ("network", 2): Kind(
        "a network of minicolumns of trees (level 2)", _tables_of_tree_network, _check_network
    ),
    ("plasticity", 1): Kind(
        "a rule of plasticity by spike times (level 1)",
        _tables_of_rule,
        _check_rule,
        _optional_of_rule,
    ),
    ("plasticity", 2): Kind(
        "a rule of plasticity by calcium or potential (level 2)",
        _tables_of_rule,
        _check_rule,
        _optional_of_rule,
    ),
    ("distal_plasticity", 1): Kind(
        "a rule of permanences at distal synapses (level 1)",
        _tables_of_distal_rule,
        lambda model: model,
    ),
    ("memory", 1): Kind(
        "a memory of cells that plateaus teach (level 1)", _tables_of_memory, lambda model: model
    ),
    ("pooler", 1): Kind(
        "a spatial pooler of spiking cells (level 1)", _tables_of_pooler, _check_release
    ),
    ("credit", 0): Kind(
        "rules of credit on rates (level 0)", _tables_of_credit, lambda model: model
    ),
    ("burst_network", 1): Kind(
        "ensembles that bursts teach (level 1)", _tables_of_ensembles, lambda model: model
    ),
    ("thalamus", 1): Kind(
        "a thalamus around a layer (level 1)", _tables_of_thalamus, lambda model: model
    ),
    ("budget", 3): Kind("a budget of energy (level 3)", _tables_of_budget, lambda model: model),
}
"""Every kind of model, by what ``kind`` and ``level`` say in its table ``[model]``."""
