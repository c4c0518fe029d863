"""A pathway with a queue of ours serves every target, and leaves Brian2's own pathways alone."""

from __future__ import annotations

import pytest
from brian2 import Network, NeuronGroup, Synapses, ms
from brian2.synapses.synapses import SynapticPathway

from htm_brian.engine import rewired_pathway
from htm_brian.engine.rewired_pathway import RewiredCythonCode, RewiredPathway, pathways
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError
from htm_brian.synapses.structural import StructuralSynapses


def two() -> tuple[Network, Synapses, Synapses]:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    one, other = (Synapses(cells, cells, on_pre="v_post += 1", delay=0 * ms) for _ in range(2))
    return SteppedNetwork(cells, one, other), one, other


def test_only_the_pathways_of_rewired_synapses_are_taken_over() -> None:
    network, one, other = two()
    StructuralSynapses(one, 3)
    assert [type(pathway) for pathway in pathways(one)] == [RewiredPathway]
    assert [type(pathway) for pathway in pathways(other)] == [SynapticPathway]
    assert network.t_ == 0


def test_the_template_is_ours_and_extends_brian2s() -> None:
    source = RewiredCythonCode.templater.synapses.template_source
    assert "_queue.peek()" in source and "extends 'common_group.pyx'" in source
    assert RewiredCythonCode.templater.synapses.variables == {"_queue"}
    assert "main(_namespace)" in RewiredCythonCode.templater.common_group.template_source


def test_another_device_than_the_runtime_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network, one, _ = two()
    monkeypatch.setattr(rewired_pathway, "get_device", object)
    with pytest.raises(InputError, match="cannot be rewired on a standalone device"):
        StructuralSynapses(one, 3)
    assert len(network.objects) == 3
