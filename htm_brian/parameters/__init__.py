"""Model files: every number of biology with its unit, its source and its physical range.

A model file is TOML. Its table ``[model]`` says what it is; every other table belongs to one
mechanism and holds parameters only, each an inline table::

    [soma]
    leak_conductance = { value = 23.1, unit = "nS", source = "Paper 2018", low = 5, high = 100 }

``low`` and ``high`` bound the physical range, in the same unit; the unit of a plain number is "1".
``note`` is optional, and so is ``same_as = "other_model:table.key"``: the value is that of another
model, which is checked. ``free = { low = 10, high = 40, source = "..." }`` lets a fit choose the
value within a range of the literature. A value outside its range, a missing source or a wrong unit
is refused with one line that names file, table and key.

=====================================  =========================================================
module                                 what it holds
=====================================  =========================================================
`htm_brian.parameters.values`          parameters, which check themselves
`htm_brian.parameters.tables`          tables of parameters, and models, which check themselves
`htm_brian.parameters.faults`          what is wrong with a parameter, in words
`htm_brian.parameters.files`           the reading of a file, and all that is wrong with it
`htm_brian.parameters.links`           values that are those of another model
`htm_brian.parameters.by_numbers`      models as keys of what was computed from them
=====================================  =========================================================
"""

from htm_brian.parameters.faults import FreeRange
from htm_brian.parameters.files import Reading, list_models, load_model, read_model
from htm_brian.parameters.tables import Model, Table
from htm_brian.parameters.values import Key, Parameter, ParameterRow, Value

__all__ = [
    "FreeRange",
    "Key",
    "Model",
    "Parameter",
    "ParameterRow",
    "Reading",
    "Table",
    "Value",
    "list_models",
    "load_model",
    "read_model",
]
