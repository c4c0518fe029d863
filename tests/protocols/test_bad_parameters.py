"""A parameter that cannot be is refused before any work starts, by one line that names it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import pytest
from brian2 import Quantity, kelvin

from htm_brian.errors import InputError
from htm_brian.experiment.protocol import load_protocol

PROTOCOLS = (
    "bistable_readout",
    "burst_credit",
    "consolidation",
    "dynamic_range",
    "fitted_network",
    "full_size",
    "network_release",
    "one_shot",
    "permanence_rules",
    "plasticity_in_the_network",
    "real_valued_layer",
    "release_cost",
    "scalar_vs_binary",
    "sequence_memory",
    "sine_prediction",
    "spaced_theta_bursts",
    "spatial_pooler_noise",
    "strength_and_permanence",
    "synaptic_sampling",
)


def bad_values(value: Any) -> Iterator[Any]:
    """Yield what no field with this default can be."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, Quantity):
        yield from (-value, math.nan * value, 300 * kelvin)
    elif isinstance(value, int):
        yield from (-1, 2.5, "many")
    elif isinstance(value, float):
        yield from (-1.0, math.nan, math.inf, "much")
    elif isinstance(value, str):
        yield "no such thing"
    elif isinstance(value, tuple) and not dataclasses.is_dataclass(value[0]):
        yield from ((), *((bad,) for bad in bad_values(value[0])))


CASES = [
    pytest.param(name, field.name, bad, id=f"{name}-{field.name}-{bad}")
    for name in PROTOCOLS
    for field in dataclasses.fields(load_protocol(name).parameters)
    for bad in bad_values(getattr(load_protocol(name).parameters, field.name))
]


@pytest.mark.parametrize(("name", "field", "bad"), CASES)
def test_what_cannot_be_is_refused(name: str, field: str, bad: object) -> None:
    kind = load_protocol(name)
    with pytest.raises(InputError) as error:
        kind(dataclasses.replace(kind.parameters, **{field: bad}))
    print(error.value)
    assert "\n" not in str(error.value)
