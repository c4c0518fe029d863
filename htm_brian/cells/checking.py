"""Check a model file of a cell from end to end, without making a group."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from htm_brian.cells.assembly import assemble
from htm_brian.errors import InputError
from htm_brian.parameters import Model

KIND = "cell"
"""What ``kind`` says in the model file of a cell."""


def check_model(model: Model, packages: Sequence[ModuleType] = ()) -> Model:
    """Check that a cell can be put together from a model.

    Parameters
    ----------
    model : Model
        Of kind "cell", and of level 1 or 2.
    packages : sequence of module
        Where further mechanisms are, see `htm_brian.mechanisms.finding.find`.

    Returns
    -------
    Model
        This model.

    Raises
    ------
    InputError
        In one line that names file, table and key, and what would be right: if the model is of
        another kind or level, if a table or key is unknown or missing, if a unit has the wrong
        dimension, if a mechanism lacks what it needs, or if dendrites have a wrong number or place.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> check_model(load_model("l5_thick_tufted")).name
    'l5_thick_tufted'
    """
    if model.kind != KIND:
        raise InputError(f"kind must be {KIND!r}, got {model.kind!r} ({model.file}, [model])")
    assemble(model, packages=packages)
    return model
