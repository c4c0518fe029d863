"""A mechanism is one file: whoever has it, in this package or in another, names it nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from brian2 import Network, ms, nA, nS

from htm_brian import mechanisms
from htm_brian.cells.group import Cells
from htm_brian.errors import InputError
from htm_brian.mechanisms import finding
from htm_brian.parameters import load_model

LEAK = '''
"""A leak of the basal dendrites, and a count of the cell's spikes."""

from brian2.equations.equations import Equations

from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.interface import Mechanism
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key

TABLE = "extra_leak"
KEYS = {"conductance": Key("siemens", "of each compartment")}


def equations(table, site):
    lines = ["extra_spikes : 1"]
    for name in site.names:
        drive = f"extra_leak_conductance*(resting_potential - {potential(name)})"
        lines.append(f"extra_leak_{name} = {drive} : amp")
    return Equations("\\n".join(lines)) + declare(TABLE, KEYS)


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("spike",),
        kinds=("basal",),
        equations=equations,
        variables={"extra_spikes": "how often the cell has spiked"},
        currents=lambda site: {name: f"extra_leak_{name}" for name in site.names},
        on_spike="extra_spikes += 1",
    ),
)
'''
TABLE = """
[extra_leak]
conductance = { value = 100, unit = "nS", source = "definition", low = 0, high = 1000 }
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package of somebody else's, with one module."""
    folder = tmp_path / "their_mechanisms"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "extra_leak.py").write_text(LEAK)
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("their_mechanisms")
    for name in [name for name in sys.modules if name.startswith("their_mechanisms")]:
        del sys.modules[name]


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    file = tmp_path / "leaky.toml"
    text = (resources.files("htm_brian.models") / "l5_thick_tufted.toml").read_text("utf-8")
    file.write_text(text.replace('name = "l5_thick_tufted"', 'name = "leaky"') + TABLE)
    return file


def test_every_module_that_declares_mechanisms_is_found() -> None:
    folder = Path(mechanisms.__path__[0])
    declaring = [file for file in folder.glob("*.py") if "\nMECHANISMS" in file.read_text()]
    found = {each.table for each in finding.find()}
    assert len(declaring) > 10
    for file in declaring:
        own = import_module(f"htm_brian.mechanisms.{file.stem}").MECHANISMS
        assert {each.table for each in own} <= found


def test_a_file_of_somebody_elses_is_all_that_a_mechanism_takes(
    package: ModuleType, model_file: Path
) -> None:
    leaky = Cells(2, str(model_file), mechanisms=[package], name="leaky_cells")
    usual = Cells(2, "l5_thick_tufted", name="usual_cells")
    leaky.injected_current = usual.injected_current = [0, 3] * nA
    network = Network(leaky, usual)
    network.run(25 * ms)
    assert leaky.extra_spikes[1] > 0 == leaky.extra_spikes[0]
    # The soma's steady potential tells the leak; in closed form it would need the whole tree.
    leaky.to_rest()
    usual.to_rest()
    leaky.injected_current = usual.injected_current = 0.1 * nA
    network.run(60 * ms)
    assert float(usual.v[0] - leaky.v[0]) > 1e-3
    leaky.extra_leak_conductance = 0 * nS
    leaky.to_rest()
    usual.to_rest()
    network.run(10 * ms)
    np.testing.assert_allclose(np.asarray(leaky.v), np.asarray(usual.v), atol=1e-12)
    assert "extra_spikes : 1  # how often the cell has spiked" in leaky.describe()


def test_without_it_the_table_is_unknown(model_file: Path) -> None:
    with pytest.raises(InputError, match=r"extra_leak"):
        Cells(1, str(model_file))


def test_what_a_mechanism_needs_is_asked_for(package: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "spikeless.toml"
    text = (resources.files("htm_brian.models") / "passive.toml").read_text("utf-8")
    file.write_text(text.replace('name = "passive"', 'name = "spikeless"') + TABLE)
    with pytest.raises(InputError, match=r"\[extra_leak\] needs .*\[spike\]"):
        Cells(1, str(file), mechanisms=[package])


def test_two_mechanisms_for_one_table_are_refused(tmp_path: Path) -> None:
    twice = ModuleType("twice")
    twice.MECHANISMS = load_ampa()  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"two mechanisms of level 2 read the table \[ampa\]"):
        finding.find([twice])


def load_ampa() -> tuple[object, ...]:
    from htm_brian.mechanisms import ampa

    return ampa.MECHANISMS


@pytest.mark.parametrize("wrong", ["their_mechanisms", load_model])
def test_what_is_no_module_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="mechanisms must be modules or packages"):
        finding.find([wrong])  # type: ignore[list-item]


def test_a_module_without_mechanisms_is_refused() -> None:
    with pytest.raises(InputError, match="no mechanism in empty; a module declares MECHANISMS"):
        finding.find([ModuleType("empty")])
