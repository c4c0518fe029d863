from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from brian2 import Quantity, ms, nA, pA

from htm_brian.errors import InputError
from htm_brian.experiment.parameter_checks import check_parameters, choice, within
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
    time_step: Quantity = quantity(10 * ms)
    seed: int = 42
    codegen: str = "auto"
    ratio: float = within(0.5, 0.1, 0.9)

    def __post_init__(self) -> None:
        if self.cells < 1:
            raise InputError(f"cells must be at least 1, got {self.cells}")


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("period=20ms", "period", 20 * ms),
        ("period = 2e1 * ms", "period", 20 * ms),
        ("period=0.02 second", "period", 20 * ms),
        ("currents=3 pA,.4*nA", "currents", (3 * pA, 0.4 * nA)),
        ("cells=3", "cells", 3),
        ("share=1e-3", "share", 1e-3),
        ("share=0", "share", 0.0),
        ("learn=no", "learn", False),
        ("model=l5_reduced_fitted", "model", "l5_reduced_fitted"),
        ("limit=none", "limit", None),
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
        ("zzz=1", "unknown parameter 'zzz'; known: cells, codegen, currents"),
        ("cells", "'cells' is not a setting; write it as name=value"),
        ("share=nan", "share must be a finite number, got nan"),
        ("share=1e308", "share = 1e+308 is more than 1000 times its default, 0.5; is the unit"),
        ("share=-1", "share must not be negative, got -1"),
        ("cells=99999999999", "cells must be at most 2147483647, got 99999999999"),
        ("cells=" + "9" * 5000, "cells must be an integer, got '999"),
        ("cells=-3", "cells must not be negative, got -3"),
        ("period=1e308 ms", "period = 1e+308 ms is more than 1000 times its default, 50. ms"),
        ("period=1e999 ms", "period must be a finite quantity like 50. ms, got inf ms"),
        ("period=-1 ms", "period must not be negative, got -1 ms"),
        ("time_step=5 us", "time_step = 0.005 ms is less than a 1000th of its default, 10. ms"),
        ("time_step=0 ms", "time_step must be positive, got 0 ms"),
        ("currents=", "currents must be a number with a unit like pA, got ''"),
        ("limit=x", "limit must be an integer, got 'x'"),
        ("seed=4294967296", "seed must lie in [0, 4294967295], got 4294967296"),
        ("seed=-1", "seed must lie in [0, 4294967295], got -1"),
        ("codegen=x", "codegen must be one of auto, cython, numpy, got 'x'"),
        ("codegen=cyton", "codegen must be one of auto, cython, numpy, got 'cyton'; did you mean"),
        ("model=minicolumns", "minicolumns is a network of level 1 where a cell of level 1 is"),
        ("model=l5_thick_tufted", "l5_thick_tufted is a cell of level 2 where a cell of level 1"),
        ("model=l5_reducd", "unknown model 'l5_reducd'; did you mean l5_reduced?"),
        ("model=nowhere.toml", "cannot read the model file nowhere.toml: No such file"),
        ("ratio=0.95", "ratio must lie in [0.1, 0.9], got 0.95"),
    ],
)
def test_bad_settings_are_one_line(setting: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        with_settings(Parameters(), [setting])
    assert str(caught.value).startswith(message)


def test_the_protocols_own_checks_apply() -> None:
    with pytest.raises(ValueError, match="cells must be at least 1, got 0"):
        with_settings(Parameters(), ["cells=0"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": 20}, "period must have a unit like ms, got 20"),
        ({"period": "1 s"}, "period must have a unit like ms, got '1 s'"),
        ({"period": [1, 2] * ms}, "period must be one quantity like 50. ms"),
        ({"currents": 3 * pA}, "currents must"),
        ({"currents": ()}, "currents must hold at least one value, got none"),
        ({"currents": "1 pA"}, "currents must be a list, got '1 pA'"),
        ({"share": 50 * ms}, "share must be a plain number, got 50. * msecond"),
        ({"share": "0.5"}, "share must be a plain number, got '0.5'"),
        ({"cells": 2.5}, "cells must be an integer, got 2.5"),
        ({"cells": True}, "cells must be an integer, got True"),
        ({"learn": 1}, "learn must be true or false, got 1"),
        ({"model": 3}, "model must be text, got 3"),
    ],
)
def test_parameters_given_in_python_are_held_to_the_same(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_parameters(Parameters(**change))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_numpy_numbers_are_numbers() -> None:
    check_parameters(Parameters(cells=np.int64(3), share=np.float32(0.25)))


def test_a_choice_is_one_of_those_declared() -> None:
    @dataclass(frozen=True)
    class Chosen:
        mode: str = choice("both", "apart")

    check_parameters(Chosen("apart"))
    with pytest.raises(InputError, match=r"^mode must be one of both, apart, got 'aprt'; did you"):
        check_parameters(Chosen("aprt"))
