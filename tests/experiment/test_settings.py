from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from brian2 import Quantity, ms, nA, pA

from htm_brian.errors import InputError
from htm_brian.experiment.protocol import quantity
from htm_brian.experiment.settings import with_settings


@dataclass(frozen=True)
class Parameters:
    period: Quantity = quantity(50 * ms)
    currents: tuple[Quantity, ...] = field(default_factory=lambda: (1 * pA, 2 * pA))
    cells: int = 8
    share: float = 0.5
    learn: bool = True
    model: str = "l5_reduced"
    file: Path | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.cells < 1:
            raise ValueError(f"cells must be at least 1, got {self.cells}")


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("period=20ms", "period", 20 * ms),
        ("period = 2e1 * ms", "period", 20 * ms),
        ("period=-0.02 second", "period", -20 * ms),
        ("currents=3 pA,4*nA", "currents", (3 * pA, 4 * nA)),
        ("cells=3", "cells", 3),
        ("share=1e-3", "share", 1e-3),
        ("share=0", "share", 0.0),
        ("learn=no", "learn", False),
        ("model=mine.toml", "model", "mine.toml"),
        ("file=a.csv", "file", Path("a.csv")),
        ("limit=0", "limit", 0),
    ],
)
def test_text_becomes_what_the_default_is(setting: str, name: str, value: object) -> None:
    changed = getattr(with_settings(Parameters(), [setting]), name)
    assert changed == value
    assert type(changed) is type(value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("cells=1.5", "cells must be an integer, got '1.5'"),
        ("share=half", "share must be a number, got 'half'"),
        ("learn=2", "learn must be true or false, got '2'"),
        ("period=20", "period must be a number with a unit like ms, got '20'"),
        ("period=20 mV", "period must have a unit like ms, got '20 mV'"),
        ("period=1.2.3 ms", "period must be a number with a unit like ms, got '1.2.3 ms'"),
        ("currents=1 pA,2", "currents must be a number with a unit like pA, got '2'"),
        ("perod=20 ms", "unknown parameter 'perod'; did you mean period?"),
        ("zzz=1", "unknown parameter 'zzz'; known: period, currents, cells"),
        ("cells", "'cells' is not a setting; write it as name=value"),
    ],
)
def test_bad_settings_are_one_line(setting: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        with_settings(Parameters(), [setting])
    assert str(caught.value).startswith(message)


def test_the_protocols_own_checks_apply() -> None:
    with pytest.raises(ValueError, match="cells must be at least 1, got 0"):
        with_settings(Parameters(), ["cells=0"])
