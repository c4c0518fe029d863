"""Nested values as text (JSON) and named arrays, and back: what a file without pickle can hold.

======================================  ============================================================
value                                   in the text
======================================  ============================================================
None, bool, int, str, finite float      itself
another float                           ``{"float": "inf"}``
list, tuple, dict with names for keys   ``[...]``, ``{"tuple": [...]}``, ``{"dict": {...}}``
ndarray, number of NumPy                ``{"array": NAME}``, ``{"number": NAME}``
quantity, in SI units                   ``{"quantity": value, "dimensions": {"second": 1.0}}``
dataclass of this package               ``{"record": "module:Class", "fields": {...}}``
======================================  ============================================================

The name of an array is its path in the value: ``state/objects/pyramidal_cells/variables/v``. From a
text only dataclasses of this package are made, so a file runs no code of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_or_create_dimension
from numpy.typing import NDArray

from htm_brian.arguments import shown
from htm_brian.errors import InputError

Arrays = dict[str, NDArray[Any]]
_PACKAGE = __name__.split(".")[0]
_UNITS = ("metre", "kilogram", "second", "ampere", "kelvin", "mole", "candle")


def to_plain(value: Any, path: str, arrays: Arrays) -> Any:
    """Return a value as JSON takes it, and put its arrays into `arrays`.

    Parameters
    ----------
    value : object
        See the module.
    path : str
        Of the value; the names of its arrays begin with it.
    arrays : dict
        Gets the arrays.

    Returns
    -------
    object

    Raises
    ------
    InputError
        Where there is something else in the value.

    Examples
    --------
    >>> arrays = {}
    >>> to_plain({"cells": np.arange(3), "window": (0.5, None)}, "state", arrays)
    {'dict': {'cells': {'array': 'state/cells'}, 'window': {'tuple': [0.5, None]}}}
    >>> from_plain({"array": "state/cells"}, arrays)
    array([0, 1, 2])
    """
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Quantity):
        plain = to_plain(np.asarray(value)[()], path, arrays)
        powers = {unit: float(value.dim.get_dimension(unit)) for unit in _UNITS}
        return {"quantity": plain, "dimensions": {unit: n for unit, n in powers.items() if n}}
    if isinstance(value, np.ndarray | np.generic) and value.dtype != object:
        arrays[path] = np.asarray(value)
        return {"array" if isinstance(value, np.ndarray) else "number": path}
    if isinstance(value, list | tuple):
        parts = [to_plain(each, f"{path}/{k}", arrays) for k, each in enumerate(value)]
        return parts if isinstance(value, list) else {"tuple": parts}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": _each(value, path, arrays)}
    kind = type(value)
    if is_dataclass(kind) and kind.__module__.startswith(f"{_PACKAGE}."):
        given = {field.name: getattr(value, field.name) for field in fields(kind) if field.init}
        record = f"{kind.__module__}:{kind.__qualname__}"
        return {"record": record, "fields": _each(given, path, arrays)}
    raise InputError(
        f"{path} must be made of numbers, arrays and dataclasses of {_PACKAGE} to be saved, got "
        f"{shown(value)}"
    )


def from_plain(plain: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return the value that `to_plain` was given.

    Parameters
    ----------
    plain : object
        As it was read from JSON.
    arrays : mapping of str to ndarray

    Returns
    -------
    object

    Raises
    ------
    InputError
        Where a class is none of this package.
    """
    if isinstance(plain, list):
        return [from_plain(each, arrays) for each in plain]
    if not isinstance(plain, dict):
        return plain
    if "record" in plain:
        given = {key: from_plain(each, arrays) for key, each in plain["fields"].items()}
        return _class_of(plain["record"])(**given)
    if "quantity" in plain:
        dimensions = get_or_create_dimension(**plain["dimensions"])
        return Quantity(from_plain(plain["quantity"], arrays), dim=dimensions)
    ((kind, content),) = plain.items()
    if kind == "dict":
        return {key: from_plain(each, arrays) for key, each in content.items()}
    if kind == "tuple":
        return tuple(from_plain(each, arrays) for each in content)
    if kind == "float":
        return float(content)
    return arrays[content] if kind == "array" else arrays[content][()]


def _each(values: Mapping[str, Any], path: str, arrays: Arrays) -> dict[str, Any]:
    return {key: to_plain(each, f"{path}/{key}", arrays) for key, each in values.items()}


def _class_of(record: str) -> type[Any]:
    """Return the dataclass that a text names."""
    module, _, name = record.partition(":")
    found = None
    if module.startswith(f"{_PACKAGE}."):
        try:
            found = getattr(import_module(module), name, None)
        except ModuleNotFoundError:
            found = None
    if not (isinstance(found, type) and is_dataclass(found) and found.__module__ == module):
        raise InputError(f"there is no class {record} in this {_PACKAGE}")
    return found
