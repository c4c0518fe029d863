"""Run a protocol at its time step and at half of it, and compare what it checks."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

from brian2 import ms
from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import list_protocols, load_protocol
from htm_brian.parameters import list_models, load_model

SHARE = 0.02
"""Of the value, by which it may change."""


class Change(NamedTuple):
    """What half the step does to one check."""

    whole: Check
    half: Check

    @property
    def allowed(self) -> float:
        """2 % of the value, or a tenth of the band where it has two ends."""
        low, high = self.whole.low, self.whole.high
        band = high - low if low is not None and high is not None else 0.0
        return max(SHARE * abs(self.whole.value), band / 10)

    @property
    def small(self) -> bool:
        """Whether the change is within what is allowed; of NaN it never is."""
        return abs(self.half.value - self.whole.value) <= self.allowed

    def __str__(self) -> str:
        return (
            f"{self.whole.name}: {self.whole.value:.6g} -> {self.half.value:.6g} {self.whole.unit}"
            f" (allowed: {self.allowed:.3g})"
        )


def level_2_protocols() -> list[str]:
    """Return the protocols that have a time step and run a cell model of level 2."""
    detailed = {name for name in list_models() if load_model(name).level == 2}
    found = []
    for name in list_protocols():
        parameters = load_protocol(name).parameters
        models = {
            v for f in fields(parameters) if isinstance(v := getattr(parameters, f.name), str)
        }
        if models & detailed and time_steps(parameters):
            found.append(name)
    return found


def time_steps(parameters: object) -> list[str]:
    """Return the fields that are time steps."""
    return [
        field.name
        for field in fields(parameters)  # type: ignore[arg-type]
        if field.name.endswith("time_step")
        and have_same_dimensions(getattr(parameters, field.name), ms)
    ]


def halve(name: str, **changes: object) -> list[Change]:
    """Run a protocol twice, the second time with half of every time step.

    Distances from an exact solution ("less exact") are left out: the step is what they measure.

    Parameters
    ----------
    name : str
        Of the protocol.
    **changes
        Other values of its parameters, for both runs.
    """
    kind = load_protocol(name)
    parameters = replace(kind.parameters, **changes)
    finer = replace(
        parameters, **{step: getattr(parameters, step) / 2 for step in time_steps(parameters)}
    )
    whole, half = (kind(each).run(SilentProgress()).checks for each in (parameters, finer))
    assert [check.name for check in whole] == [check.name for check in half]
    changes = [Change(*pair) for pair in zip(whole, half, strict=True)]
    return [change for change in changes if "less exact" not in change.whole.name]
