"""A spiking memory that was saved goes on bit for bit, and a file that is none is refused."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, PoissonGroup, SpikeMonitor, prefs

from htm_brian.abstract import saving
from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.saving import write_archive
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.network import checkpoint, event_layer
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.calcium_on_branches import CalciumOnBranches
from htm_brian.synapses.plasticity.eligibility_trace import EligibilityTrace
from htm_brian.synapses.plasticity.local_up_down import LocalUpDown

PROGRAM = Path(__file__).with_name("resumed.py")
_spec = importlib.util.spec_from_file_location("resumed", PROGRAM)
assert _spec is not None
assert _spec.loader is not None
resumed = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(resumed)
answers, elements, noisy = resumed.answers, resumed.elements, resumed.noisy


def goes_on(tm: SpikingTemporalMemory, path: Path, before: int, after: int) -> None:
    """Save in the middle, and compare the rest of the run with that of the loaded memory."""
    columns = elements(before + after)
    answers(tm, columns[:before])
    tm.save(path)
    known = tm.export_segments()
    rest = answers(tm, columns[before:])
    loaded = SpikingTemporalMemory.load(path)
    assert loaded.export_segments() == known
    assert loaded.network.t < tm.network.t
    assert answers(loaded, columns[before:]) == rest
    assert loaded.export_segments() == tm.export_segments()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="noise, release failures and sleep"),
        pytest.param({"neurons_per_cell": 3, "sleeping": False}, id="ensembles"),
        pytest.param({"rule": LocalUpDown(0.1, 0.05, 0.01)}, id="local rule"),
        pytest.param({"rule": CalciumOnBranches()}, id="rule with a model"),
    ],
)
def test_the_next_elements_equal_those_of_the_uninterrupted_run(
    options: dict[str, Any], tmp_path: Path
) -> None:
    goes_on(noisy(**options), tmp_path / "memory.npz", 3, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="sleep"),
        pytest.param({"sleeping": False}, id="no sleep"),
        pytest.param({"rule": EligibilityTrace()}, id="trace"),
    ],
)
def test_sixty_elements_equal_those_of_the_uninterrupted_run(
    options: dict[str, Any], tmp_path: Path
) -> None:
    goes_on(noisy(**options), tmp_path / "memory.npz", 20, 60)


@pytest.mark.slow
@pytest.mark.compiled
def test_numbers_that_compiled_code_has_drawn_in_advance_come_back(tmp_path: Path) -> None:
    prefs.codegen.target = "cython"
    tm = noisy(sleeping=False)
    goes_on(tm, tmp_path / "memory.npz", 20, 60)
    tm.network.store()
    columns = elements(60)
    once = answers(tm, columns)
    tm.network.restore(restore_random_state=True)
    assert answers(tm, columns) == once


def test_a_loaded_memory_has_the_room_that_branches_had_outgrown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_layer, "INITIAL_BRANCHES", 2)
    tm = noisy()
    answers(tm, elements(3))
    assert tm.layer.dendrites.capacity > 2
    goes_on(tm, tmp_path / "memory.npz", 1, 2)


def test_the_dead_stay_dead(tmp_path: Path) -> None:
    tm = noisy(sleeping=False)
    first = elements(1)[0]
    answers(tm, [first])
    tm.kill_cells([4 * first[0], 4 * first[0] + 1])
    goes_on(tm, tmp_path / "memory.npz", 1, 2)


@pytest.mark.slow
def test_a_process_that_was_killed_is_resumed_by_another(tmp_path: Path) -> None:
    number, path = 7, tmp_path / "memory.npz"
    whole = [answers_of for answers_of in one_by_one(noisy(), number)]
    command = [sys.executable, str(PROGRAM), str(path), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        lines = [first.stdout.readline() for _ in range(3)]
        first.kill()
    assert [json.loads(line) for line in lines] == whole[:3]
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    rest = [json.loads(line) for line in second.stdout.splitlines()]
    assert 1 <= len(rest) <= number - 3
    assert rest == whole[-len(rest) :]


def one_by_one(tm: SpikingTemporalMemory, number: int) -> list[Any]:
    return [json.loads(json.dumps(answers(tm, [columns]))) for columns in elements(number)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a memory that has not run."""
    prefs.codegen.target = "numpy"
    path = tmp_path_factory.mktemp("saved") / "memory.npz"
    SpikingTemporalMemory(32, 4, **resumed.SMALL).save(path)
    return path


def test_a_write_that_ends_early_leaves_the_old_file(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory.npz"
    path.write_bytes(saved.read_bytes())
    tm = SpikingTemporalMemory(32, 4, **resumed.SMALL)

    def stops(file: Any, **members: Any) -> None:
        file.write(b"PK")
        raise KeyboardInterrupt

    monkeypatch.setattr(saving.np, "savez", stops)
    with pytest.raises(KeyboardInterrupt):
        tm.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["memory.npz"]
    assert path.read_bytes() == saved.read_bytes()


def rewritten(path: Path, **changes: Any) -> None:
    """Write the file again with other members, and their checksum."""
    with np.load(path) as archive:
        members = {name: archive[name] for name in archive.files if name != "checksum"}
    write_archive(path, members | {name: np.array(value) for name, value in changes.items()})


def config_of(path: Path) -> dict[str, Any]:
    with np.load(path) as archive:
        config: dict[str, Any] = json.loads(str(archive["config"]))
    return config


def refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        SpikingTemporalMemory.load(path)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_checkpoint_are_refused(saved: Path, tmp_path: Path) -> None:
    path, content = tmp_path / "memory.npz", saved.read_bytes()
    refused(path, "cannot be read: No such file")
    path.write_bytes(b"")
    refused(path, "cut short or is not a saved memory")
    path.write_bytes(content[: len(content) // 2])
    refused(path, "cut short or is not a saved memory")
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 255
    path.write_bytes(damaged)
    refused(path, "cut short or is not|is damaged")
    np.savez(path, x=np.arange(3))
    refused(path, "is not a saved memory")
    TemporalMemory(8, 2).save(path)
    refused(path, "must hold a SpikingTemporalMemory, got a TemporalMemory")


def test_checkpoints_that_do_not_fit_are_refused(saved: Path, tmp_path: Path) -> None:
    path, content = tmp_path / "memory.npz", saved.read_bytes()
    path.write_bytes(content)
    rewritten(path, version=checkpoint.VERSION + 1)
    refused(path, f"format version {checkpoint.VERSION + 1}, but this htm_brian reads version")
    config = config_of(saved)
    rewritten(path, version=checkpoint.VERSION, config=json.dumps(config | {"code": "cython"}))
    refused(path, "draws other random numbers than numpy: set brian2.prefs.codegen.target")
    objects = config["state"]["dict"]["objects"]["dict"]
    rewritten(path, config=json.dumps(config))
    del objects["basal_branches"]
    rewritten(path, config=json.dumps(config))
    refused(path, "the state of another network: only this network has basal_branches .saved with")
    config = config_of(saved)
    arguments = config["arguments"]["dict"]
    arguments["cells_per_column"] = 2
    rewritten(path, config=json.dumps(config))
    refused(path, "the state of another network: .* values there, and ")
    arguments["rule"]["record"] = "os:system"
    rewritten(path, config=json.dumps(config))
    refused(path, "there is no class os:system")


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "memory.npz"
    tm = SpikingTemporalMemory(32, 4, **resumed.SMALL)
    tm.network.add(SpikeMonitor(tm.layer.cells))
    tm.save(path)
    loaded = SpikingTemporalMemory.load(path)
    assert len(loaded.network.sorted_objects) == len(tm.network.sorted_objects) - 1
    tm.network.add(PoissonGroup(2, rates=5 * Hz, name="mine"))
    with pytest.raises(InputError, match="but mine, mine_spike_thresholder were added"):
        tm.save(path)

    class Own(BetweenElements):
        pass

    rule = Own(UpDown())
    with pytest.raises(InputError, match="arguments/rule must be made of .* got "):
        SpikingTemporalMemory(32, 4, rule=rule, **resumed.SMALL).save(path)
    with pytest.raises(InputError, match="path must name a file in a folder that exists"):
        SpikingTemporalMemory(32, 4, **resumed.SMALL).save(tmp_path / "none" / "memory.npz")
