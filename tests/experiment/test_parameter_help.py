from __future__ import annotations

from dataclasses import dataclass, fields

import pytest
from brian2 import Quantity, ms

from htm_brian.experiment.parameter_checks import choice, within
from htm_brian.experiment.parameter_help import meanings, parameter_list, parameter_table
from htm_brian.experiment.protocol import Outcome, Protocol, list_protocols, load_protocol, quantity


@dataclass(frozen=True)
class Parameters:
    """What a run depends on.

    Parameters
    ----------
    period : Quantity
        From one volley to the next;
        see Notes.
    low, high : float
        Ends of the band.

    Notes
    -----
    low : not this
    """

    period: Quantity = quantity(50 * ms)
    low: float = within(0.5, 0.1, 0.9)
    high: float = within(2.0, 1.0)
    mode: str = choice("both", "apart")
    sizes: tuple[int, ...] = tuple(range(9))
    file: str | None = None


class Small(Protocol):
    name, claim, source = "small", "nothing", "nobody"
    parameters = Parameters()

    def run(self, progress: object) -> Outcome:
        raise NotImplementedError


def test_a_row_says_default_unit_bounds_and_meaning() -> None:
    assert parameter_table(Small).rows == [
        ["period", "50", "ms", "", "From one volley to the next; see Notes."],
        ["low", "0.5", "", "0.1 to 0.9", "Ends of the band."],
        ["high", "2", "", "≥ 1.0", "Ends of the band."],
        ["mode", "both", "", "both, apart", ""],
        ["sizes", "0, 1, 2, 3, 4, 5, …", "", "", ""],
        ["file", "none", "", "", ""],
    ]
    first = parameter_list(Small)[0]
    assert first == {
        "name": "period",
        "value": 50.0,
        "unit": "ms",
        "meaning": "From one volley to the next; see Notes.",
    }


WITH_OPTIONS = ("validate",)
"""Whose parameters are options of a command of their own, with a help text each."""


@pytest.mark.parametrize("name", sorted({*list_protocols()} - {*WITH_OPTIONS}))
def test_every_parameter_of_every_protocol_has_a_meaning(name: str) -> None:
    parameters = load_protocol(name).parameters
    told = meanings(type(parameters))
    assert [each.name for each in fields(parameters) if not told.get(each.name)] == []
    assert set(told) == {each.name for each in fields(parameters)}
