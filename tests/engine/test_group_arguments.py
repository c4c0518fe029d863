"""What every group takes is refused in one line, before Brian2 sees it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, ms, mV, prefs, second

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.errors import InputError
from htm_brian.synapses.release.stochastic import ReleaseSynapses
from htm_brian.synapses.release.terminals import TerminalSynapses


def cells(**arguments: Any) -> object:
    return PyramidalCells(2, **arguments)


def release(kind: type, **arguments: Any) -> Network:
    axon = SpikeGeneratorGroup(2, [0], [1] * ms)
    target = NeuronGroup(2, "x : 1")
    right = {"on_release": "x_post += amplitude", "name": "tested"}
    synapses = kind(axon, target, "layer5_pair", **right | arguments)
    synapses.connect()
    return Network(axon, target, synapses)


WRONG: list[tuple[str, tuple[Any, ...]]] = [
    ("name", ("", "a b", "1x", 5, None, "a-b", "a\n")),
    ("order", (1.5, "a", None, math.nan, True)),
]
CELLS: list[tuple[str, tuple[Any, ...]]] = [
    ("dt", (0.1, 0 * ms, -1 * ms, math.nan * second, math.inf * second, 1 * mV, "1*ms")),
    ("clock", (5, "a", 1 * ms)),
    ("method", ("nope", "", 5, "eulr")),
    ("per_cell", (5, 1.0)),
    ("mechanisms", (5, np)),
]
LANGUAGE: list[tuple[str, tuple[Any, ...]]] = [
    ("equations", ("a", "a : foo", "w : 1\nw : 1", "quanta : 1", "quantal_size : 1", 5, None)),
    ("on_release", ("x_post +=", "x_post += (1", "def", 5, None)),
]
CASES = [
    *((cells, name, value) for name, values in WRONG + CELLS for value in values),
    *(
        (lambda kind=kind, **given: release(kind, **given), name, value)
        for kind in (ReleaseSynapses, TerminalSynapses)
        for name, values in WRONG + LANGUAGE
        for value in values
    ),
]


@pytest.mark.parametrize(("make", "name", "value"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_argument_is_one_line_that_names_it(
    make: Callable[..., object], name: str, value: object
) -> None:
    prefs.codegen.target = "numpy"
    with pytest.raises(InputError) as caught:
        make(**{name: value})
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert len(message) < 300


def test_dt_beside_a_clock_is_refused() -> None:
    with pytest.raises(InputError, match="give dt or clock, got both"):
        cells(dt=1 * ms, clock=Clock(1 * ms))


def test_an_own_variable_and_indented_statements_are_taken() -> None:
    prefs.codegen.target = "numpy"
    text = """
    x_post += w*amplitude  # the weight counts
    w = 0.5*w
    """
    for kind in (ReleaseSynapses, TerminalSynapses):
        name = f"of_{kind.__name__}"
        release(kind, equations="w : 1", on_release=text, name=name).run(2 * ms)
