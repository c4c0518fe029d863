"""What a rule makes of trains of spikes, from event to event and without time steps.

The rule's own text runs, on arrays with one number for each synapse, at the events of each synapse
in their order; nothing is written a second time. Times are exact instead of rounded to a grid, and
hours without a spike cost nothing, so that a whole protocol takes milliseconds. A number of the
rule may be an array, too: many parameter sets are tried at once.

What is seen here is one synapse by itself: text that reads variables of the cells needs Brian2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.core.functions import Function
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION, Equations
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.online import OnlineRule

Numbers = NDArray[np.float64]
Synapses = NDArray[np.int64]
Times = Sequence[ArrayLike]

LOOK = "look"

LANGUAGE: dict[str, Any] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "cos": np.cos,
    "clip": np.clip,
    "abs": np.abs,
    "sign": np.sign,
    "int": lambda value: np.asarray(value).astype(int),
    "pi": np.pi,
    "second": 1.0,
    "Hz": 1.0,
    "ms": 1e-3,
}
"""Functions and units of Brian2's language, on arrays of SI numbers."""


@dataclass(frozen=True)
class Events:
    """All events of all synapses, in the order of each synapse.

    Attributes
    ----------
    kinds : list of str
        Names of the kinds.
    kind, time, arrival : ndarray of shape (n_rounds, n_synapses)
        The k-th event of each synapse: number of its kind, -1 where there is none; seconds; whether
        a presynaptic spike releases.
    """

    kinds: list[str]
    kind: NDArray[np.int64]
    time: Numbers
    arrival: NDArray[np.int64]

    @classmethod
    def of(cls, trains: Mapping[str, tuple[Times, Times | None]], n: int) -> Events:
        """Put the events of each synapse in order; of simultaneous ones by the order of kinds.

        Parameters
        ----------
        trains : dict of str to (times, arrivals)
            By kind, the times at each synapse, and whether each releases; all do where it is None.
        n : int
            Number of synapses.
        """
        parts = [np.empty((4, 0))]
        for number, (each, arrivals) in enumerate(trains.values()):
            if len(each) != n:
                raise InputError(f"there must be {n} trains, one for each synapse, got {len(each)}")
            spikes = [np.asarray(train, dtype=float).ravel() for train in each]
            lengths = [len(train) for train in spikes]
            part = np.empty((4, sum(lengths)))
            part[0], part[1], part[3] = np.repeat(np.arange(n), lengths), number, 1
            part[2] = np.concatenate(spikes)
            if arrivals is not None:
                part[3] = np.concatenate([np.ravel(arrival) for arrival in arrivals])
            parts.append(part)
        whole = np.concatenate(parts, axis=1)
        whole = whole[:, np.lexsort((whole[1], whole[2], whole[0]))]
        synapse, number_of = whole[0].astype(int), whole[1].astype(int)
        rank = np.arange(whole.shape[1]) - np.searchsorted(synapse, synapse)
        shape = int(rank.max(initial=-1)) + 1, n
        kind, when = np.full(shape, -1), np.zeros(shape)
        released = np.zeros(shape, dtype=int)
        kind[rank, synapse], when[rank, synapse] = number_of, whole[2]
        released[rank, synapse] = whole[3].astype(int)
        return cls(list(trains), kind, when, released)

    def __iter__(self) -> Iterator[tuple[str, Synapses, Numbers, NDArray[np.int64]]]:
        """Yield kind, synapses, times and arrivals of what may be done together."""
        for kind, time, arrival in zip(self.kind, self.time, self.arrival, strict=True):
            for number, name in enumerate(self.kinds):
                who = np.flatnonzero(kind == number)
                if who.size:
                    yield name, who, time[who], arrival[who]


class Trains:
    """Synapses that learn by a rule from trains of spikes.

    Parameters
    ----------
    rule : OnlineRule
    n : int
        Number of synapses.
    constants : dict of str to array_like of float, optional
        Numbers of the rule, in SI units, that differ between synapses; delays may not.
    seed : int
        Names the draws of a noisy rule.

    Attributes
    ----------
    state : dict of str to ndarray of shape (n,)
        Of the synapses, SI units; may be changed.
    constants : dict of str to number, array or function
        What the text calls by name, SI units.

    Examples
    --------
    >>> from htm_brian.synapses.plasticity.finding import online_rule
    >>> trains = Trains(online_rule("pair_stdp"), 2)
    >>> _ = trains.run([[0.010], [0.010]], [[0.015], [0.005]])
    >>> (trains.state["efficacy"] - 0.5).round(6)
    array([ 0.003894, -0.004089])
    """

    def __init__(
        self,
        rule: OnlineRule,
        n: int,
        *,
        constants: Mapping[str, ArrayLike] | None = None,
        seed: int = 0,
    ) -> None:
        self.rule, self.n = rule, n
        self.constants: dict[str, Any] = numbers_of(rule) | {
            name: np.broadcast_to(np.asarray(value, dtype=float), n).copy()
            for name, value in (constants or {}).items()
        }
        equations = Equations(rule.equations)
        self._expressions = {
            each.varname: str(each.expr)
            for each in equations.values()
            if each.type == SUBEXPRESSION
        }
        self.state: dict[str, NDArray[Any]] = {
            name: np.zeros(n, dtype=int if each.var_type == "integer" else float)
            for name, each in equations.items()
            if each.type != SUBEXPRESSION
        }
        for name, value in rule.initial_state().items():
            self.state[name][:] = (
                eval(value, {"t": 0.0}) if isinstance(value, str) else float(value)
            )
        if rule.noisy:
            self.state["noise_low"][:] = seed
        self._last = np.zeros(n)
        texts = {name: later.text for name, later in rule.later.items()}
        texts |= {"pre": rule.on_pre, "post": rule.on_post, "plateau": rule.on_plateau}
        texts |= rule.on_target_event
        decay = _decay(equations)
        self._code = {
            name: compile(f"{decay}\n{text}", name, "exec") for name, text in texts.items() if text
        }
        self._code[LOOK] = compile(f"{decay}\n{rule.catch_up}", LOOK, "exec")

    def run(
        self,
        presynaptic: Sequence[ArrayLike],
        postsynaptic: Sequence[ArrayLike],
        *,
        released: Sequence[ArrayLike] | None = None,
        look_at: ArrayLike | Sequence[ArrayLike] = (),
        look: str = "efficacy",
        **events: Sequence[ArrayLike],
    ) -> Numbers:
        """Let the spikes come.

        Parameters
        ----------
        presynaptic, postsynaptic : sequence of array_like of float, length n
            Times of the spikes at each synapse, seconds; none before the end of the run before.
        released : sequence of array_like of int, length n, optional
            Whether each presynaptic spike releases, 1 or 0; all do when left out.
        look_at : array_like of float
            Times at which the state is brought to the present and looked at, after the events of
            these times; one list for all synapses, or one of equal length for each.
        look : str
            What is looked at: a variable, or a subexpression of the rule's equations.
        **events : sequence of array_like of float, length n
            Times of other events of the postsynaptic cell, such as ``plateau``.

        Returns
        -------
        ndarray of float, shape (n_looks, n)
            What was seen.
        """
        when = np.asarray(look_at, dtype=float)
        looks = np.broadcast_to(when, (self.n, when.shape[-1]))
        trains: dict[str, tuple[Times, Times | None]] = {}
        for name in (*sorted(self.rule.later), "pre"):
            wait = float(self.rule.later[name].after) if name in self.rule.later else 0.0
            late = [np.asarray(times, dtype=float) + wait for times in presynaptic]
            trains[name] = (late, released)
        for name, times in {"post": postsynaptic, **events, LOOK: list(looks)}.items():
            trains[name] = (times, None)
        unknown = events.keys() - self._code.keys()
        if unknown:
            raise InputError(f"{type(self.rule).__name__} has no event {min(unknown)}")
        plan = {name: train for name, train in trains.items() if name in self._code}
        seen, place = np.zeros(looks.T.shape), np.zeros(self.n, dtype=int)
        for name, who, time, arrival in Events.of(plan, self.n):
            self._do(name, who, time, arrival)
            if name == LOOK:
                seen[place[who], who] = self.value(look)[who]
                place[who] += 1
        return seen

    def value(self, name: str) -> Numbers:
        """Return a variable, or a subexpression, of all synapses, at the last event of each."""
        if name in self.state:
            return self.state[name].astype(float)
        names = LANGUAGE | self.constants | self.state
        return np.broadcast_to(eval(self._expressions[name], names), self.n).astype(float)

    def _do(self, name: str, who: Synapses, time: Numbers, arrival: NDArray[np.int64]) -> None:
        """Run the text of an event at some synapses."""
        names: dict[str, Any] = {key: value[who] for key, value in self.state.items()}
        names |= {
            key: value[who] if isinstance(value, np.ndarray) else value
            for key, value in self.constants.items()
        }
        names |= {"t": time, "_passed": time - self._last[who], "arrival": arrival}
        names |= {"i": who, "j": who, "contact": 0}
        exec(self._code[name], LANGUAGE, names)
        for key, value in self.state.items():
            value[who] = names[key]
        self._last[who] = time


def numbers_of(rule: OnlineRule) -> dict[str, Any]:
    """Return a rule's constants as plain SI numbers and Python functions, by name."""
    return {
        name: value.pyfunc if isinstance(value, Function) else float(value)
        for name, value in rule.constants().items()
    }


def _decay(equations: Equations) -> str:
    """Return text that brings the rule's event-driven equations to the present.

    Each must be linear in its own variable, with coefficients that do not change between events.
    """
    lines = []
    for name, equation in equations.items():
        if equation.type != DIFFERENTIAL_EQUATION:
            continue
        variable = sympy.Symbol(name, real=True)
        slope = str_to_sympy(str(equation.expr)).expand()
        rate = slope.coeff(variable, 1)
        drive = sympy.simplify(slope - rate * variable)
        if drive.has(variable) or rate.has(variable):
            raise InputError(f"the equation of {name} must be linear in {name} to be run by events")
        goal = sympy_to_str(sympy.simplify(-drive / rate))
        lines.append(f"{name} = ({goal}) + ({name} - ({goal}))*exp(({sympy_to_str(rate)})*_passed)")
    return "\n".join(lines)
