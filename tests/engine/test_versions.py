"""An untried Brian2 is refused or left alone, in one line, before anything is compiled."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import brian2
import pytest
from brian2 import NeuronGroup, SpikeMonitor, Synapses, ms
from brian2.synapses.synapses import SynapticPathway

from htm_brian.engine import versions
from htm_brian.engine.processor import keep_apart
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError
from htm_brian.experiment.protocol import load_protocol
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.synapses.structural import StructuralSynapses

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    yield
    versions._absent_parts.cache_clear()
    versions._warn_once.cache_clear()


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    versions._warn_once.cache_clear()
    monkeypatch.setattr(brian2, "__version__", "2.12.3")


def test_this_brian2_was_tried() -> None:
    assert versions.objection() == ""
    versions.require("tests")
    assert versions.usable("tests")


def test_what_is_installed_with_the_package_was_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first, last = versions.TRIED[0], versions.TRIED[-1].split(".")
    wanted = f"brian2>={first},<{last[0]}.{int(last[1]) + 1}"
    assert wanted in project["dependencies"]


@pytest.mark.usefixtures("untried")
def test_rewiring_is_refused_in_one_line() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, on_pre="v_post += 1", delay=0 * ms)
    with pytest.raises(InputError) as refusal:
        StructuralSynapses(synapses, 4)
    assert str(refusal.value) == (
        "synapses that are rewired need parts of Brian2: Brian2 2.12.3 was not tried, only 2.9 to "
        "2.11; pip install 'brian2>=2.9,<2.12'"
    )
    assert len(synapses) == 0
    SteppedNetwork(cells, synapses)


@pytest.mark.usefixtures("untried")
def test_a_spiking_memory_is_refused_before_anything_is_made() -> None:
    for refused in (lambda: SpikingTemporalMemory(8, 2), load_protocol("validate")):
        with pytest.raises(InputError, match=r"^spiking memories need parts of Brian2: .*'$"):
            refused()


@pytest.mark.usefixtures("untried")
def test_stretches_become_runs_with_one_line_of_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cells = NeuronGroup(2, "v : 1", threshold="i == 1", reset="v += 1")
    keep_apart(cells)
    spikes = SpikeMonitor(cells)
    network = SteppedNetwork(cells, spikes)
    for _ in range(3):
        network.advance(1 * ms)
    assert cells.v[:].tolist() == [0, 30]
    assert spikes.num_spikes == 30
    assert network.measure() == {}
    assert [record.getMessage() for record in caplog.records] == [
        "stretches of a run are left to Brian2: Brian2 2.12.3 was not tried, only 2.9 to 2.11"
    ]


def test_a_part_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(SynapticPathway, "push_spikes")
    versions._absent_parts.cache_clear()
    with pytest.raises(InputError, match=r"lacks SynapticPathway\.push_spikes; pip install"):
        versions.require("tests")
