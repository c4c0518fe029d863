"""Which rules of efficacy there are: the subclasses of `OnlineRule` in this package's modules."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from htm_brian.errors import InputError, listed
from htm_brian.parameters import Model, list_models, load_model
from htm_brian.synapses import plasticity
from htm_brian.synapses.plasticity.online import KIND, OnlineRule


@cache
def rules() -> dict[str, type[OnlineRule]]:
    """Return the rules by the table of a model that each reads."""
    found = {}
    for entry in pkgutil.iter_modules(plasticity.__path__):
        module = import_module(f"{plasticity.__name__}.{entry.name}")
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, OnlineRule) and value is not OnlineRule:
                found[value.table_name()] = value
    return found


def rule_class(model: Model) -> type[OnlineRule]:
    """Return the rule that reads a model.

    Parameters
    ----------
    model : Model
        Of kind "plasticity".

    Returns
    -------
    type
        A subclass of `OnlineRule`.

    Raises
    ------
    InputError
        Where none does.
    """
    for table in model.tables:
        if table.name in rules():
            return rules()[table.name]
    raise InputError(
        f"no plasticity rule reads {model.name}; a rule's table is one of "
        f"{listed(sorted(rules()))} ({model.file})"
    )


def online_rule(model: str | Model | OnlineRule) -> OnlineRule:
    """Return the rule of a model, with the model's numbers.

    Parameters
    ----------
    model : str, path, Model or OnlineRule
        Of kind "plasticity", such as ``"pair_stdp"``; a rule is returned as it is.

    Returns
    -------
    OnlineRule
        Of the class that reads the model.

    Raises
    ------
    InputError
        If there is no such model, it has a fault, or no rule reads it.

    Examples
    --------
    >>> online_rule("pair_stdp").table["potentiation_time"]
    20. * msecond
    """
    if isinstance(model, OnlineRule):
        return model
    loaded = load_model(model)
    return rule_class(loaded)(loaded)


def list_rule_models() -> list[str]:
    """Return the names of the models of rules that come with the package, sorted.

    Returns
    -------
    list of str
        As `online_rule` takes them.
    """
    return [name for name in list_models() if load_model(name).kind == KIND]
