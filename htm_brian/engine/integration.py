"""Integration of cells of many compartments: all potentials in one implicit step, gates between.

A step has two halves. First everything but the potentials, such as conductances and gates, goes
from `t` to ``t + dt`` with the potentials held: each is linear in itself, ``dx/dt = A x + B``, and
solved exactly for `A` and `B` (exponential Euler). What does not depend on a potential acts on the
potentials with its mean over the step. What does, such as the activation of the calcium spike, is
half a step ahead of them all the time, in staggered steps (Hines 1984), and acts with its new
value.

Then the potentials ``dv/dt = f(v)`` go ahead together, by one linear system with the Jacobian `J`
of `f`. With 1/2 for every theta it is the linearly implicit midpoint rule, second order in
`dt` (Rosenbrock 1963)::

    change_i (1 + theta_i y_i) + sum_j theta_ij dt J_ij (change_i - change_j) = dt f_i(v)

``y_i`` is what of ``-dt J_ii`` is no current to a neighbour: leak and synapses. Every theta is
``(z + 3)/(z + 6)``, 1/2 and some ``z/12``, which keeps the order: with ``z = y_i`` for the membrane
and ``z = dt (J_ij + J_ji)`` for a link. Alone, a membrane decays, or two neighbours equalise, by
the (1, 2) Pade approximant of ``exp(-z)``: third order, and at its end where ``z`` is large; with
1/2 it would swing about that. Both ends of a link have one theta, so no charge is lost on the way.
The Jacobian holds what the nonlinear currents do: the share of NMDA receptors that magnesium leaves
unblocked is not held, but follows its tangent.

No cell's number is divided by another. Before each such division Brian2's Cython code asks whether
the divisor is zero, and with a branch in its loop no compiler uses wide registers. A power of -1
says the same without the question, and every target turns it into a division.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import sympy
from brian2.core.variables import Variable
from brian2.equations.equations import PARAMETER, SUBEXPRESSION, Equations, SingleEquation
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

from htm_brian.engine import elimination


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


class LinearlyImplicit(StateUpdateMethod):
    """Brian2 integration method: potentials implicitly and together, the rest exponentially.

    Parameters
    ----------
    potentials : sequence of str
        Variables that are coupled, by currents that go with the difference of two of them. Each
        must be linear in itself where `held` stands still. Leaves of a tree go last.
    held : sequence of str
        Subexpressions that are computed once in a step, from the values at its start. The
        potentials see them with their tangent, the rest as they are.

    Examples
    --------
    >>> from brian2 import NeuronGroup, ms
    >>> model = '''dv/dt = (w - v - gate*v)/(10*ms) : 1
    ...            dw/dt = (v - w)/(5*ms) : 1
    ...            gate = 1/(1 + exp(-v)) : 1'''
    >>> group = NeuronGroup(1, model, method=LinearlyImplicit(("v", "w"), ("gate",)))
    """

    def __init__(self, potentials: Sequence[str] = (), held: Sequence[str] = ()) -> None:
        self.potentials = tuple(potentials)
        self.held = tuple(held)

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
            raise UnsupportedEquationsException("this method does not solve noise")
        known = variables or {}
        key = (
            self.potentials,
            self.held,
            tuple(_identity(each) for each in equations.values()),
            frozenset(_scalars(equations, known)),
        )
        if key not in _WRITTEN:
            _WRITTEN[key] = "\n".join(_Step(self, equations, known).lines)
        return _WRITTEN[key]


_WRITTEN: dict[Hashable, str] = {}
"""Code by method, equations and names of what is one number: a tree's takes half a second."""


def _identity(equation: SingleEquation) -> Hashable:
    return equation.type, equation.varname, equation.var_type, str(equation), *equation.flags


class _Step:
    """The statements of one step, as they come about."""

    def __init__(
        self,
        method: LinearlyImplicit,
        equations: Equations,
        variables: Mapping[str, Variable],
    ) -> None:
        self.lines: list[str] = []
        self._scalars = _scalars(equations, variables)
        self._potentials = [_symbol(name) for name in method.potentials]
        self._held: dict[sympy.Symbol, dict[sympy.Symbol, sympy.Expr]] = {}
        for name in method.held:
            value = str_to_sympy(equations[name].expr.code, variables)
            symbol = self._assign(f"_held_{name}", value)
            near = value.free_symbols & set(self._potentials)
            self._held[symbol] = {each: _slope_of(value, symbol, each) for each in near}
        rates = _rates(equations, variables, method.held)
        others = _in_order({k: rate for k, rate in rates.items() if k not in method.potentials})
        self._acting: dict[sympy.Symbol, sympy.Expr] = {}
        self._ahead: set[sympy.Symbol] = set()
        self._mean: dict[sympy.Symbol, sympy.Expr] = {}
        self._theta: dict[tuple[str, str], sympy.Symbol] = {}
        for name in others:
            self._advance(name, rates[name])
        acted_on = {name: rates[name].xreplace(self._acting) for name in method.potentials}
        links = self._link(acted_on)
        for name, rate in acted_on.items():
            self._row(name, rate, {at[1]: pull for at, pull in links.items() if at[0] == name})
        self.lines += elimination.solve(method.potentials, set(links))
        self.lines += [f"{name} = _next_{name}" for name in others]
        self.lines += [f"{name} = {name} + _change_{name}" for name in method.potentials]

    def _assign(self, name: str, value: sympy.Expr) -> sympy.Symbol:
        """Give a local variable a value, divisors that vary by cell apart."""
        value = sympy.sympify(value)
        value = value.replace(lambda e: e.func.__name__ == "clip", lambda e: _clip(*e.args))
        divisors = {
            power.base
            for power in value.atoms(sympy.Pow)
            if power.exp == -1 and not self._is_scalar(power)
        }
        for place, divisor in enumerate(sorted(divisors, key=str)):
            reciprocal = f"({sympy_to_str(divisor)})**(-1)"
            if value == 1 / divisor:
                self.lines.append(f"{name} = {reciprocal}")
                return _symbol(name)
            inverse = _symbol(f"_inverse_{place}_{name}")
            self.lines.append(f"{inverse} = {reciprocal}")
            value = value.subs(1 / divisor, inverse)
        self.lines.append(f"{name} = {sympy_to_str(value)}")
        return _symbol(name)

    def _is_scalar(self, value: sympy.Expr) -> bool:
        return {symbol.name for symbol in value.free_symbols} <= self._scalars

    def _advance(self, name: str, rate: sympy.Expr) -> None:
        """Take a variable that is no potential over the step, and note how it acts."""
        x, dt = _symbol(name), _symbol("dt")
        reasons = rate.free_symbols
        ahead = any(self._depends_on_potential(symbol) for symbol in reasons)
        slope, offset = _linear(name, rate.xreplace(self._mean))
        end, mean = _symbol(f"_next_{name}"), _symbol(f"_mean_{name}")
        if slope == 0:
            self._assign(end.name, x + offset * dt)
            mean = (x + end) / 2
        elif self._is_scalar(slope):
            decay, constant = sympy.exp(slope * dt), -1 / slope
            share = constant * (1 - decay) / dt
            self._assign(end.name, x * decay + offset * (constant * (1 - decay)))
            self._assign(mean.name, x * share + offset * (constant * (1 - share)))
        else:
            steady = self._assign(f"_steady_{name}", -offset / slope)
            self._assign(end.name, steady + (x - steady) * sympy.exp(slope * dt))
            mean = (x + end) / 2
        if ahead:
            self._ahead.add(x)
        self._mean[x] = mean
        self._acting[x] = end if ahead else mean

    def _depends_on_potential(self, symbol: sympy.Symbol) -> bool:
        if symbol in self._potentials or symbol in self._ahead:
            return True
        return bool(self._held.get(symbol))

    def _link(self, rates: Mapping[str, sympy.Expr]) -> dict[tuple[str, str], sympy.Expr]:
        """Return how each potential's rate changes with each other; write each link's theta."""
        found = {}
        for name, rate in rates.items():
            seen = rate.free_symbols.union(
                *(self._held.get(each, ()) for each in rate.free_symbols)
            )
            for other in self._potentials:
                if other.name == name or other not in seen:
                    continue
                pull = rate.diff(other) + self._tangent(rate, other)
                if pull != 0:
                    found[name, other.name] = pull
        for (name, other), pull in found.items():
            if (other, name) in found and name > other:
                continue  # both ends of a link have one theta, so that no charge is lost
            z = self._assign(
                f"_z_{name}_{other}", _symbol("dt") * (pull + found.get((other, name), 0))
            )
            theta = self._assign(f"_theta_{name}_{other}", (z + 3) / (z + 6))
            self._theta[name, other] = self._theta[other, name] = theta
        return found

    def _row(self, name: str, rate: sympy.Expr, near: Mapping[str, sympy.Expr]) -> None:
        """Write a potential's row of the linear system; `near` is how the others pull."""
        x, dt = _symbol(name), _symbol("dt")
        of_cells = [symbol for symbol in rate.free_symbols if not self._is_scalar(symbol)]
        common, rate = sympy.factor_terms(rate).as_independent(*of_cells, as_Add=False)
        scale = self._assign(f"_scale_{name}", dt * common)
        pulls = {other: scale * sympy.cancel(value / common) for other, value in near.items()}
        slope, offset = _linear(name, rate)
        away = sum(pulls.values(), sympy.Integer(0))
        membrane = sympy.expand(slope + away / scale)
        parts, known = sympy.cse([membrane, offset, self._tangent(rate, x)])
        local = {symbol: _symbol(f"_part_{symbol}_{name}") for symbol, _ in parts}
        for symbol, value in parts:
            self._assign(local[symbol].name, value.xreplace(local))
        membrane, offset, tangent = (value.xreplace(local) for value in known)
        damping = self._assign(f"_damping_{name}", scale * -membrane)
        flow = self._assign(f"_flow_{name}", away)
        push = self._assign(f"_push_{name}", scale * offset - (damping + flow) * x)
        z = self._assign(f"_z_{name}", damping - scale * tangent) if tangent != 0 else damping
        less = self._assign(f"_less_{name}", z + 3)
        more = self._assign(f"_more_{name}", z + 6)
        weighted = {other: self._theta[name, other] * pull for other, pull in pulls.items()}
        held = self._assign(f"_stay_{name}", 1 + sum(weighted.values(), sympy.Integer(0)))
        self._assign(f"_diagonal_{name}", z * less + more * held)
        self._assign(f"_right_{name}", more * push)
        for other, pull in weighted.items():
            linked = self._assign(f"_link_{name}_{other}", -pull)
            self._assign(f"_entry_{name}_{other}", more * linked)

    def _tangent(self, rate: sympy.Expr, potential: sympy.Symbol) -> sympy.Expr:
        """Return how a rate changes with a potential by way of what is held."""
        total: sympy.Expr = sympy.Integer(0)
        for symbol in sorted(rate.free_symbols & set(self._held), key=str):
            if potential in self._held[symbol]:
                total += rate.diff(symbol) * self._held[symbol][potential]
        return total


def _slope_of(value: sympy.Expr, held: sympy.Symbol, potential: sympy.Symbol) -> sympy.Expr:
    """Return the derivative of a held expression, of a sigmoid by its own value.

    For ``S = 1/(1 + E)`` with an exponential `E` it is ``-S (1 - S) (log E)'``: no further
    exponential, and finite where `E` is not.
    """
    exponential = 1 / value - 1
    growth = sympy.simplify(exponential.diff(potential) / exponential)
    if potential not in growth.free_symbols:
        return -held * (1 - held) * growth
    return value.diff(potential)


def _rates(
    equations: Equations, variables: Mapping[str, Variable], held: Collection[str]
) -> dict[str, sympy.Expr]:
    """Return the derivative of each variable, of what is held the symbol."""
    parameters = Equations(
        [
            SingleEquation(PARAMETER, each.varname, each.dim, each.var_type)
            if each.varname in held
            else each
            for each in equations.values()
        ]
    )
    known = {name: value for name, value in variables.items() if name not in held}
    local = {_symbol(name): _symbol(f"_held_{name}") for name in held}
    return {
        name: str_to_sympy(expression.code, known).xreplace(local)
        for name, expression in parameters.get_substituted_expressions(known)
    }


def _in_order(rates: Mapping[str, sympy.Expr]) -> list[str]:
    """Return variables in an order in which each comes after those that it depends on.

    Those that depend on each other go in the order in which they are.
    """
    left = list(rates)
    found: list[str] = []
    while left:
        waiting = {_symbol(name) for name in left}
        free = [name for name in left if rates[name].free_symbols & waiting <= {_symbol(name)}]
        found += free or left[:1]
        left = [name for name in left if name not in found]
    return found


def _linear(name: str, rate: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """Return `A` and `B` of ``A x + B``."""
    x = _symbol(name)
    slope = rate.diff(x)
    if x in sympy.expand(slope).free_symbols:
        raise UnsupportedEquationsException(f"the derivative of {name} is not linear in {name}")
    return slope, rate.subs(x, 0)


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


def _scalars(equations: Equations, variables: Mapping[str, Variable]) -> set[str]:
    """Return the names of what is one number for the group."""
    stated = {name for name, equation in equations.items() if "shared" in equation.flags}
    known = {name for name, variable in variables.items() if getattr(variable, "scalar", False)}
    return {"t", "dt"} | stated | known


def _clip(x: sympy.Expr, low: sympy.Expr, high: sympy.Expr) -> sympy.Expr:
    """Return `x` kept within bounds, by arithmetic alone: Cython thinks that a call may raise."""
    return (low + high + sympy.Abs(x - low) - sympy.Abs(x - high)) / 2
