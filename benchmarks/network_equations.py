"""C++ of a cell's and a branch's equations, for the bare loop of network_loop.cpp."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from brian2.equations.equations import Equations

from htm_brian.cells import pyramidal
from htm_brian.engine import derivation
from htm_brian.engine.derivation import symbol
from htm_brian.mechanisms import branch
from htm_brian.parameters import Model


@dataclass(frozen=True)
class DerivedCode:
    """What the loop includes.

    Attributes
    ----------
    parameters : list of str
        Names of the parameters that the functions read.
    functions : str
        ``update_cells``, ``update_branches``, the same of one cell and one branch,
        ``membrane_current`` and ``branch_conductance``.
    """

    parameters: list[str]
    functions: str


def derived_code(model: Model) -> DerivedCode:
    """Return the state updates as Brian2 makes them: Euler's for cells, exact for branches."""
    cell, branches = pyramidal.equations(model), branch.equations(model[branch.TABLE])
    dt = symbol("dt")
    cells_next = {name: symbol(name) + dt * rate for name, rate in derivation.rates(cell).items()}
    branches_next = {
        name: _exponential(name, rate, symbol("branch_step"))
        for name, rate in derivation.rates(branches).items()
    }
    current = derivation.expression(cell, "membrane_current")
    conductance = derivation.expression(branches, "conductance")
    used = derivation.names_in(
        [*cells_next.values(), *branches_next.values(), current, conductance]
    )
    shared = {name for part in (cell, branches) for name in part if "shared" in part[name].flags}
    # By value: the compiler then knows that no array overlaps the parameters. The loops over all
    # have the statements of one in them: calls of it, by reference, take twice as long.
    functions = f"""
static inline void update_cell(const Network &p, int64_t i) {{
{_statements(cells_next, cell)}
}}

static inline void update_branch(const Network &p, int64_t i) {{
    const double branch_step = p.steps_per_branch_step * p.dt;
{_statements(branches_next, branches)}
}}

static void update_cells(const Network p) {{
    for (int64_t i = 0; i < p.n_cells; i++) {{
{_statements(cells_next, cell)}
    }}
}}

static void update_branches(const Network p) {{
    const double branch_step = p.steps_per_branch_step * p.dt;
    for (int64_t i = 0; i < p.n_branches; i++) {{
{_statements(branches_next, branches)}
    }}
}}

static double membrane_current(const Network &p, int64_t i) {{
    return {_text(current, cell)};
}}

static double branch_conductance(const Network &p, int64_t i, double t) {{
    return {_text(conductance, branches)};
}}
"""
    return DerivedCode([name for name in used if name in shared], functions)


def _exponential(name: str, rate: sympy.Expr, step: sympy.Symbol) -> sympy.Expr:
    """Return a variable after a step in which all others stand still."""
    slope, offset = derivation.linear({name: rate}, [name])
    steady = -offset[0] / slope[0]
    return steady + (symbol(name) - steady) * sympy.exp(slope[0] * step)


def _statements(following: dict[str, sympy.Expr], equations: Equations) -> str:
    """Return statements that replace variables, all from what was there before."""
    parts, values = sympy.cse(list(following.values()), symbols=sympy.numbered_symbols("part_"))
    made = [f"const double {name} = {_text(value, equations)};" for name, value in parts]
    names = list(following)
    made += [
        f"const double next_{n} = {_text(v, equations)};"
        for n, v in zip(names, values, strict=True)
    ]
    made += [f"p.{name}[i] = next_{name};" for name in names]
    return "\n".join(f"        {line}" for line in made)


def _text(value: sympy.Expr, equations: Equations) -> str:
    """Return an expression in C++: parameters and arrays are members of `p`."""
    members = {
        symbol(name): sympy.Symbol(f"p.{name}" if "shared" in each.flags else f"p.{name}[i]")
        for name, each in equations.items()
    }
    members[symbol("dt")] = sympy.Symbol("p.dt")
    code: str = sympy.ccode(value.xreplace(members), user_functions={"int_": "double"})
    return code
