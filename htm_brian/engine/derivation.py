"""What follows from Brian2 equations by algebra: rates, linear systems, NumPy functions of them.

A cell's equations are written once, as Brian2 text. A propagator, a response in many copies at once
or a closed form of an interval is derived from that text here, by SymPy, and not written anew.

Symbols bear the names of the equations' variables. Units in an expression, such as ``0*mV``, become
numbers, so all values are in SI units.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from brian2.core.namespace import DEFAULT_UNITS
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.parsing.sympytools import str_to_sympy

Rates = dict[str, sympy.Expr]


def _clip(x: Any, low: Any, high: Any) -> Any:
    """Return `x` within bounds; `numpy.clip` takes several times as long on small arrays."""
    return np.minimum(np.maximum(x, low), high)


_FUNCTIONS = {"clip": _clip}
"""Functions of Brian2 that SymPy does not know, as NumPy has them."""


def symbol(name: str) -> sympy.Symbol:
    """Return the symbol of a variable, as Brian2 makes it."""
    if name in ("t", "dt"):
        return sympy.Symbol(name, real=True, positive=True)
    return sympy.Symbol(name, real=True)


def parsed(expression: str) -> sympy.Expr:
    """Return an expression of Brian2 text, in SI units.

    Examples
    --------
    >>> parsed("(rest - v + 2*mV)/tau")
    (rest - v + 0.002)/tau
    """
    found = str_to_sympy(expression)
    units = {
        each: sympy.Float(float(DEFAULT_UNITS[each.name]))
        for each in found.free_symbols
        if each.name in DEFAULT_UNITS
    }
    return found.xreplace(units)


def rates(equations: Equations) -> Rates:
    r"""Return the derivative of each state variable, in terms of state and parameters.

    Examples
    --------
    >>> rates(Equations("dv/dt = -current/c : volt\ncurrent = g*v : amp"))
    {'v': -g*v/c}
    """
    return {name: parsed(value.code) for name, value in equations.get_substituted_expressions()}


def expression(equations: Equations, name: str) -> sympy.Expr:
    """Return a subexpression in terms of state and parameters.

    Raises
    ------
    KeyError
        If the equations have no expression of that name.
    """
    known = dict(equations.get_substituted_expressions(include_subexpressions=True))
    return parsed(known[name].code)


def substituted(equations: Equations, whole: sympy.Expr) -> sympy.Expr:
    r"""Return an expression with the equations' subexpressions put in.

    Examples
    --------
    >>> substituted(Equations("gate = g*v : 1"), parsed("1 - gate"))
    -g*v + 1
    """
    known = dict(equations.get_substituted_expressions(include_subexpressions=True))
    inner = {
        each: parsed(known[each.name].code)
        for each in whole.free_symbols
        if each.name in equations and equations[each.name].type == SUBEXPRESSION
    }
    return whole.xreplace(inner)


def clipped(whole: sympy.Expr) -> sympy.Expr:
    """Return an expression with Brian2's `clip`, which SymPy does not know, as minima and maxima.

    Examples
    --------
    >>> clipped(parsed("clip(2*x, 0, 1)"))
    Max(0, Min(1, 2*x))
    """
    return whole.replace(
        lambda each: each.func.__name__ == "clip",
        lambda each: sympy.Max(each.args[1], sympy.Min(each.args[2], each.args[0])),
    )


def after(statements: str) -> Rates:
    r"""Return what statements leave in each variable, in terms of what was there before.

    Parameters
    ----------
    statements : str
        Assignments in Brian2's abstract code, such as a reset.

    Examples
    --------
    >>> after("w += b\nv = w + r")
    {'w': b + w, 'v': b + r + w}
    """
    known: Rates = {}
    for statement in ast.parse(statements).body:
        if isinstance(statement, ast.AugAssign):
            name = ast.unparse(statement.target)
            value: ast.expr = ast.BinOp(ast.Name(name), statement.op, statement.value)
        elif isinstance(statement, ast.Assign):
            name, value = ast.unparse(statement.targets[0]), statement.value
        else:
            raise ValueError(f"statements must be assignments, got {ast.unparse(statement)!r}")
        before = {symbol(each): found for each, found in known.items()}
        known[name] = parsed(ast.unparse(value)).xreplace(before)
    return known


def without(expressions: Mapping[str, sympy.Expr], zeros: Iterable[str]) -> Rates:
    """Return the expressions with some variables at 0; those that are state go."""
    gone = {symbol(name): sympy.Integer(0) for name in zeros}
    return {
        name: value.subs(gone) for name, value in expressions.items() if symbol(name) not in gone
    }


def leading_to(name: str, all_rates: Mapping[str, sympy.Expr]) -> Rates:
    """Return the rates of a state variable and of all that it depends on, it first."""
    found = [name]
    for each in found:
        needed = {other.name for other in all_rates[each].free_symbols} & set(all_rates)
        found += sorted(needed - set(found), key=list(all_rates).index)
    return {each: all_rates[each] for each in found}


def linear(
    expressions: Mapping[str, sympy.Expr], unknowns: Sequence[str]
) -> tuple[sympy.Matrix, sympy.Matrix]:
    """Return `A` and `b` of expressions that are ``A x + b``.

    Raises
    ------
    ValueError
        If they are not linear in the unknowns.
    """
    x = [symbol(name) for name in unknowns]
    matrix = sympy.Matrix([[value.diff(each) for each in x] for value in expressions.values()])
    curved = matrix.applyfunc(sympy.expand).free_symbols & set(x)
    if curved:
        raise ValueError(
            f"equations are not linear in {', '.join(sorted(each.name for each in curved))}"
        )
    offset = sympy.Matrix([value.subs(dict.fromkeys(x, 0)) for value in expressions.values()])
    return matrix, offset


def function(arguments: Sequence[str], results: Any) -> Callable[..., Any]:
    """Return a NumPy function of `arguments` that computes SymPy expressions.

    Parameters
    ----------
    arguments : sequence of str
        Names of variables, in the order of the function's arguments.
    results : Expr, Matrix or sequence of Expr
        What it returns; arrays are broadcast.
    """
    made: Callable[..., Any] = sympy.lambdify(
        [symbol(name) for name in arguments], results, modules=[_FUNCTIONS, "numpy"], cse=True
    )
    return made


def apart(
    expressions: Sequence[sympy.Expr], varying: Iterable[str]
) -> tuple[Rates, list[sympy.Expr]]:
    """Return expressions in which what does not vary has a name of its own.

    Parameters
    ----------
    expressions : sequence of Expr
    varying : iterable of str
        Variables that change from one evaluation to the next.

    Returns
    -------
    fixed : dict of str to Expr
        What is to be computed once.
    expressions : list of Expr
        The same as before, in terms of what varies and of `fixed`.

    Examples
    --------
    >>> apart([(parsed("v*(a + b)"))], ["v"])
    ({'fixed_0': a + b}, [fixed_0*v])
    """
    moving = {symbol(name) for name in varying}
    fixed: dict[sympy.Expr, sympy.Symbol] = {}

    def named(part: sympy.Expr) -> sympy.Expr:
        if part.is_Atom:
            return part
        return fixed.setdefault(part, symbol(f"fixed_{len(fixed)}"))

    def split(whole: sympy.Expr) -> sympy.Expr:
        if not whole.free_symbols & moving:
            return named(whole)
        if whole.is_Add or whole.is_Mul:
            still = [part for part in whole.args if not part.free_symbols & moving]
            others = [split(part) for part in whole.args if part.free_symbols & moving]
            return whole.func(named(whole.func(*still)), *others) if still else whole.func(*others)
        return whole.func(*map(split, whole.args)) if whole.args else whole

    found = [split(each) for each in expressions]
    return {each.name: part for part, each in fixed.items()}, found


def names_in(results: Iterable[sympy.Expr]) -> list[str]:
    """Return the names of all variables that expressions depend on, sorted."""
    return sorted({each.name for result in results for each in result.free_symbols})
