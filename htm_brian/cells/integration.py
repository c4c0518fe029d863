"""Exponential Euler for cells of many compartments, in a form that compilers make fast.

Each state variable `x` obeys ``dx/dt = A x + B``. Over a step `A` and `B` stand still, and the
step is exact for them: ``x exp(A dt) + B (exp(A dt) - 1)/A``. This is Brian2's
``exponential_euler``; two things differ.

What depends on `x` in another way, such as the share of NMDA receptors that magnesium leaves
unblocked, must stand still too. Brian2 keeps such a subexpression, flagged ``constant over dt``, in
an array that an object of its own fills before each step. Here it is a local variable of the step:
of the thick-tufted cell's 73 arrays twelve are not needed.

And no cell's number is divided by another. Before each such division Brian2's Cython code asks
whether the divisor is zero, and with a branch in its loop no compiler uses wide registers. A power
of -1 says the same without the question, and every target turns it into a division.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from brian2.core.variables import Variable
from brian2.equations.equations import PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system


def standing_still(equations: Equations) -> tuple[str, ...]:
    """Return the subexpressions of each cell that are flagged ``constant over dt``."""
    return tuple(
        equation.varname
        for equation in equations.values()
        if equation.type == SUBEXPRESSION
        and "constant over dt" in equation.flags
        and "shared" not in equation.flags
    )


def without_flag(equations: Equations, names: tuple[str, ...]) -> Equations:
    """Return the equations with `names` as plain subexpressions, which have no array."""
    return Equations(
        [
            SingleEquation(SUBEXPRESSION, each.varname, each.dim, each.var_type, each.expr)
            if each.varname in names
            else each
            for each in equations.values()
        ]
    )


class ExponentialEuler(StateUpdateMethod):
    """Brian2 integration method: exponential Euler with some subexpressions standing still.

    Parameters
    ----------
    frozen : tuple of str
        Subexpressions that keep over a step the value that they have at its start.

    Examples
    --------
    >>> from brian2 import NeuronGroup, ms
    >>> model = '''dx/dt = -gate*x/(10*ms) : 1
    ...            gate = 1/(1 + exp(-x)) : 1'''
    >>> group = NeuronGroup(1, model, method=ExponentialEuler(("gate",)))
    """

    def __init__(self, frozen: tuple[str, ...] = ()) -> None:
        self.frozen = frozen

    def __call__(
        self,
        equations: Equations,
        variables: Mapping[str, Variable] | None = None,
        method_options: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the abstract code of one step.

        Raises
        ------
        UnsupportedEquationsException
            If a variable's derivative is not linear in it, or stochastic.
        """
        if equations.is_stochastic:
            raise UnsupportedEquationsException("exponential Euler does not solve noise")
        scalars = _scalars(equations, variables or {})
        lines = []
        for name in self.frozen:
            value = str_to_sympy(equations[name].expr.code, variables)
            lines += _assign(f"_held_{name}", value, scalars)
        held = Equations(
            [
                SingleEquation(PARAMETER, each.varname, each.dim, each.var_type)
                if each.varname in self.frozen
                else each
                for each in equations.values()
            ]
        )
        known = {k: v for k, v in (variables or {}).items() if k not in self.frozen}
        try:
            system = get_conditionally_linear_system(held, known)
        except ValueError as error:
            raise UnsupportedEquationsException(str(error)) from None
        local = {_symbol(name): _symbol(f"_held_{name}") for name in self.frozen}
        for name, pair in system.items():
            slope, offset = (sympy.sympify(each).subs(local) for each in pair)
            lines += _step(name, slope, offset, scalars)
        return "\n".join([*lines, *(f"{name} = _next_{name}" for name in system)])


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


def _scalars(equations: Equations, variables: Mapping[str, Variable]) -> set[str]:
    """Return the names of what is one number for the group."""
    stated = {name for name, equation in equations.items() if "shared" in equation.flags}
    known = {name for name, variable in variables.items() if getattr(variable, "scalar", False)}
    return {"t", "dt"} | stated | known


def _step(name: str, slope: sympy.Expr, offset: sympy.Expr, scalars: set[str]) -> list[str]:
    """Return the statements that give `_next_name` from ``d name/dt = slope name + offset``."""
    x, dt = _symbol(name), _symbol("dt")
    if slope == 0:
        return _assign(f"_next_{name}", x + offset * dt, scalars)
    decay = sympy.exp(slope * dt)
    if offset == 0:
        return _assign(f"_next_{name}", x * decay, scalars)
    steady = _symbol(f"_steady_{name}")
    return [
        *_assign(steady.name, -offset / slope, scalars),
        *_assign(f"_next_{name}", steady + (x - steady) * decay, scalars),
    ]


def _clip(x: sympy.Expr, low: sympy.Expr, high: sympy.Expr) -> sympy.Expr:
    """Return `x` kept within bounds, by arithmetic alone: Cython thinks that a call may raise."""
    return (low + high + sympy.Abs(x - low) - sympy.Abs(x - high)) / 2


def _assign(name: str, value: sympy.Expr, scalars: set[str]) -> list[str]:
    """Return the statements that give `name` its value, divisors that vary by cell apart."""
    value = value.replace(lambda e: e.func.__name__ == "clip", lambda e: _clip(*e.args))
    divisors = {
        power.base
        for power in value.atoms(sympy.Pow)
        if power.exp == -1 and not {symbol.name for symbol in power.free_symbols} <= scalars
    }
    lines: list[str] = []
    for divisor in sorted(divisors, key=str):
        reciprocal = f"({sympy_to_str(divisor)})**(-1)"
        if value == 1 / divisor:
            return [f"{name} = {reciprocal}"]
        inverse = _symbol(f"_inverse_{len(lines)}_{name}")
        lines.append(f"{inverse} = {reciprocal}")
        value = value.subs(1 / divisor, inverse)
    return [*lines, f"{name} = {sympy_to_str(value)}"]
