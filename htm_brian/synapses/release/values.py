"""What the numbers of release synapses may be: checked when they are set, and before each run.

Brian2 takes what it is given; a release probability of 1.5 or NaN would run to the end and be wrong
without a word.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from brian2.core.variables import ArrayVariable, VariableView
from brian2.equations.equations import EquationError, Equations
from brian2.groups.group import Group
from brian2.synapses.synapses import Synapses
from brian2.units import second
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    Quantity,
    get_dimensions,
    get_unit,
)
from numpy.typing import NDArray

from htm_brian.arguments import check_text, shown
from htm_brian.errors import InputError
from htm_brian.synapses.release.draws import MAX_TRIALS

LONGEST_DELAY = 60.0
"""Seconds; Brian2 keeps a list for each time step of the longest delay."""


class Bound(NamedTuple):
    """Range of a variable in its base unit, both ends included, and whether it counts things."""

    low: float
    high: float
    whole: bool = False


BOUNDS = {
    "sites": Bound(1, MAX_TRIALS, whole=True),
    "release_probability": Bound(0, 1),
    "quantal_size": Bound(-1, 1),
    "quantal_variation": Bound(0, 10),
    "recovery_time": Bound(0, 1e6),
    "facilitation_time": Bound(0, 1e6),
    "spontaneous_rate": Bound(0, 1e6),
    "empty": Bound(0, MAX_TRIALS, whole=True),
    "utilisation": Bound(0, 1),
    "draws": Bound(0, 2**31 - 8, whole=True),
    "last_spike": Bound(-1e9, 1e9),
    "last_refill": Bound(-1e9, 1e9),
    "delay": Bound(0, LONGEST_DELAY),
}
"""Variables that a user may set."""


class CheckedView(VariableView):
    """A state variable of `group` that looks at what it is given: ``group.sites[:3] = 2``."""

    def set_item(self, item: Any, value: Any, level: int = 0, namespace: Any = None) -> None:
        """Set the variable where `item` says, as Brian2 does."""
        if not isinstance(value, str):
            check_given(self.group_name, self.name, value, self.dim)
        try:
            super().set_item(item, value, level=level + 1, namespace=namespace)
        except SyntaxError:
            raise InputError(
                f"{self.name} of {self.group_name} must be a number, a quantity or an expression "
                f"in Brian2's language, got {shown(value)}"
            ) from None
        if isinstance(value, str):
            check_known(self.group_name, self.name, self.variable)


def checked_view(view: Any) -> Any:
    """Return the view of a state variable as one that checks what it is given."""
    if not isinstance(view, VariableView) or view.name not in BOUNDS:
        return view
    return CheckedView(view.name, view.variable, view.group, dimensions=view.dim)


class CheckedSynapses(Synapses):
    """Brian2's `Synapses`, whose variables of `BOUNDS` look at what they are given."""

    delay = property(
        lambda self: checked_view(self._get_delay(with_unit=True)),
        doc="From a presynaptic spike to its effect.",
    )
    delay_ = property(
        lambda self: checked_view(self._get_delay(with_unit=False)),
        doc="The same in seconds, without its unit.",
    )

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as Brian2's `Synapses` does."""
        # One frame more between the caller, whose variables a condition may name, and Brian2.
        super().connect(*args, **kwargs | {"level": kwargs.get("level", 0) + 1})

    def state(self, name: str, use_units: bool = True, level: int = 0) -> Any:
        """Return a state variable, which checks what it is given where it is one of `BOUNDS`."""
        return checked_view(super().state(name, use_units, level=level + 1))

    def __setattr__(self, name: str, value: Any, level: int = 0) -> None:
        ready = "_group_attribute_access_active" in self.__dict__
        if ready and name.removesuffix("_") in BOUNDS:
            getattr(self, name).set_item(slice(None), value, level=level + 1)
        else:
            super().__setattr__(name, value, level=level + 1)


def check_given(owner: str, name: str, value: Any, dimensions: Dimension | None) -> None:
    """Refuse a value of a wrong unit or type, or out of range, before the variable has it.

    `dimensions` are those of the variable; None where it is set without its unit.
    """
    what = f"{name} of {owner}"
    try:
        values, found = np.asarray(value), get_dimensions(value)
    except (TypeError, ValueError):
        values, found = np.asarray(None), DIMENSIONLESS
    if values.dtype.kind not in "iuf":
        raise InputError(f"{what} must be a number, got {shown(value)}")
    zero = found is DIMENSIONLESS and not np.any(values)  # Brian2, too, takes a 0 for any unit
    if dimensions is not None and found != dimensions and not zero:
        wanted = "a plain number"
        if dimensions is not DIMENSIONLESS:
            wanted = f"a quantity in {get_unit(dimensions)!s}"
        raise InputError(f"{what} must be {wanted}, got {shown(value)}")
    check_range(owner, name, values)


def check_range(owner: str, name: str, values: NDArray[Any]) -> None:
    """Refuse values out of range."""
    low, high, whole = BOUNDS[name]
    wrong = ~((values >= low) & (values <= high))
    if whole:
        wrong |= values != np.rint(values)
    if np.any(wrong):
        found = np.atleast_1d(values)[np.atleast_1d(wrong)][0]
        number = "be an integer and lie" if whole else "lie"
        raise InputError(f"{name} of {owner} must {number} in [{low:g}, {high:g}], got {found:g}")


def known_values(variable: ArrayVariable) -> NDArray[Any] | None:
    """Return a variable's values; None in C++ standalone before the program has run."""
    try:
        return np.asarray(variable.get_value())
    except NotImplementedError:
        return None


def check_known(owner: str, name: str, variable: ArrayVariable) -> None:
    """Refuse a variable whose values are known and out of range."""
    values = known_values(variable)
    if values is not None:
        check_range(owner, name, values)


def check_before_run(synapses: Synapses) -> None:
    """Refuse values out of range, whichever way they were set.

    Parameters
    ----------
    synapses : Synapses
        With the variables of `BOUNDS`.
    """
    for name in BOUNDS:
        if name != "delay":
            check_known(synapses.name, name, synapses.variables[name])
    check_known(synapses.name, "delay", synapses.pre.variables["delay"])
    empty, sites, *latest = (
        known_values(synapses.variables[name])
        for name in ("empty", "sites", "last_spike", "last_refill")
    )
    if empty is not None and sites is not None and np.any(empty > sites):
        raise InputError(f"empty of {synapses.name} must be at most its sites, got {empty.max()}")
    start = known_values(synapses.clock.variables["t"])
    for name, times in zip(("last_spike", "last_refill"), latest, strict=True):
        # A millisecond, since clocks differ.
        if start is not None and times is not None and np.any(times > start + 1e-3):
            raise InputError(
                f"{name} of {synapses.name} must not lie after the start of the run at "
                f"{start.item():g} s, got {times.max():g} s; call rest() before another network"
            )


def check_delay(value: Any, name: str = "delay") -> Quantity:
    """Return a delay from spike to release, or another duration, or refuse it."""
    if getattr(value, "dim", None) != second.dim or np.ndim(value) > 0:
        raise InputError(f"{name} must be one time such as 1*ms, got {shown(value)}")
    if not 0 <= float(value) <= LONGEST_DELAY:
        raise InputError(f"{name} must lie in [0, {LONGEST_DELAY:g}] s, got {shown(value)}")
    return value


def check_ends(source: Any, target: Any) -> None:
    """Refuse a source that cannot spike, and a target without variables."""
    if "_spikespace" not in getattr(source, "variables", {}):
        raise InputError(f"source must be a group that spikes, got {shown(source)}")
    if not isinstance(target, Group):
        raise InputError(f"target must be a Brian2 group, got {shown(target)}")


def check_language(equations: str, taken: Collection[str], **statements: str) -> None:
    """Refuse equations and statements that Brian2 cannot read, and variables defined anew."""
    try:
        defined = set(Equations(equations)) if equations.strip() else set()
    except (EquationError, SyntaxError) as error:
        why = shown(" ".join(str(error).split()))
        raise InputError(
            f"equations must be Brian2's, such as 'w : 1', got {shown(equations)} ({why})"
        ) from None
    if defined & set(taken):
        name = min(defined & set(taken))
        raise InputError(f"equations must not define {name}, which the synapses have already")
    for name, text in statements.items():
        try:
            ast.parse(inspect.cleandoc(text))
        except SyntaxError:
            raise InputError(
                f"{name} must hold statements of Brian2's such as 'v_post += 1*mV', "
                f"got {shown(text)}"
            ) from None


def check_texts(**texts: object) -> None:
    """Refuse arguments that are not text."""
    for name, text in texts.items():
        check_text(name, text)
