"""Level 1 on a graphics card: spikes and vesicles as in C++ standalone, or one line why not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import brian2
import jinja2
import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, defaultclock, device, ms, pA, prefs, set_device
from brian2.codegen.templates import Templater
from numpy.typing import NDArray
from scipy import stats

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine import cuda
from htm_brian.errors import InputError
from tests.cells.test_code_paths import DURATION as LONGER
from tests.cells.test_code_paths import GRADED, Net, Result, same
from tests.engine.cuda_circuit import (
    AXONS,
    DRAWS,
    DURATION,
    KEPT,
    NOISE,
    RECEIVERS,
    SENDERS,
    SYNAPSES,
    TRANSMISSION,
    Circuit,
    Run,
    built_for,
    runs,
    spikes_of,
)

WHY_NOT = cuda.objection()
needs_card = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

# Brian2CUDA leaves it to Python to close the files that it has written.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

SEEDS = range(12)
OTHER_SEEDS = range(100, 112)
LEVEL = 0.999


def in_cpp() -> list[Run]:
    return runs(False, tuple(SEEDS))


def on_card() -> list[Run]:
    return runs(True, (SEEDS[0], *OTHER_SEEDS))


def same_spikes(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(mine[:, 0], theirs[:, 0])
    np.testing.assert_allclose(mine[:, 1], theirs[:, 1], atol=1e-6)


def summary(run: Run) -> dict[str, float]:
    noisy = np.arange(RECEIVERS) >= RECEIVERS // 2
    return {
        "releases of a branch": float(run.tally.mean()),
        "plateaus of a branch": float(run.plateaus.mean()),
        "spikes of a quiet receiver": float(run.spikes[~noisy].mean()),
        "spikes of a noisy receiver": float(run.spikes[noisy].mean()),
        "latency of a quiet receiver, ms": float(np.nanmean(run.latency[~noisy])),
        "latency of a noisy receiver, ms": float(np.nanmean(run.latency[noisy])),
    }


def binomial_fit(tallies: NDArray[np.float64]) -> float:
    """Return the p-value of the tallies under Binomial(20, 0.65), rare ones taken together."""
    low, high = 8, 18
    cells = np.bincount(np.clip(tallies, low, high).astype(int), minlength=high + 1)[low:]
    law = stats.binom(SYNAPSES, TRANSMISSION)
    share = law.pmf(np.arange(low, high + 1))
    share[0], share[-1] = law.cdf(low), law.sf(high - 1)
    return float(stats.chisquare(cells, share * cells.sum()).pvalue)


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_the_circuit_does_something() -> None:
    """Of the reference itself: what is compared below is neither nothing nor everything."""
    every = in_cpp()
    first = every[0]
    assert np.bincount(first.senders[:, 0].astype(int)).tolist() == [4] * SENDERS
    assert 0.1 < np.mean([run.plateaus.mean() for run in every]) / 4 < 0.9
    assert np.ptp(first.latency[: RECEIVERS // 2]) > 2, "a plateau lets a cell spike earlier"
    assert np.isfinite(first.latency[: RECEIVERS // 2]).all()
    assert len(first.certain) > 4 * 12, "some burst"
    assert binomial_fit(np.concatenate([run.tally for run in every])) > 1e-3
    noise = np.concatenate([run.current[RECEIVERS // 2 :] for run in every])
    assert abs(noise.std() / (NOISE / np.sqrt(1 - KEPT**2)) - 1) < 0.05
    check_draws(every)


def check_draws(every: list[Run]) -> None:
    """Every synapse has a number of its own, in every run."""
    for way in (0, 1):
        draws = np.array([run.draws[way] for run in every])
        assert len(np.unique(draws)) == draws.size
        assert stats.kstest(draws.ravel(), "uniform").pvalue > 1 - LEVEL
        by_axon = draws[0].reshape(AXONS, DRAWS)
        assert np.abs(np.corrcoef(by_axon) - np.eye(AXONS)).max() < 6 / np.sqrt(DRAWS)


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_what_has_no_chance_in_it_is_the_same_to_rounding() -> None:
    here, there = on_card()[0], in_cpp()[0]
    same_spikes(here.certain, there.certain)
    for name, value in there.certain_state.items():
        np.testing.assert_allclose(here.certain_state[name], value, rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(here.heard, there.heard, rtol=1e-12)


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_trees_of_level_2_are_the_same_to_rounding() -> None:
    """They are stepped by this package's own integration method."""
    spikes, states = [], []
    for card in (True, False):
        with built_for(card) as folder:
            defaultclock.dt = 0.1 * ms
            cells = PyramidalCells(3, "l5_thick_tufted", name="trees")
            cells.injected_current = [300, 600, 900] * pA
            monitor = SpikeMonitor(cells, "last_spike_time")
            Network(cells, monitor).run(DURATION * ms)
            device.build(directory=folder, with_output=False)
            spikes.append(spikes_of(monitor))
            names = sorted(cells.equations.diff_eq_names)
            states.append({name: np.array(getattr(cells, f"{name}_")) for name in names})
    assert len(spikes[0]) > 5
    same_spikes(*spikes)
    for name, value in states[1].items():
        np.testing.assert_allclose(states[0][name], value, rtol=1e-6, atol=1e-25, err_msg=name)


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_graded_plateaus_on_a_clock_of_their_own_are_those_of_numpy() -> None:
    """Nothing runs on Brian2's default clock; late synapses prolong a plateau by another event."""
    reference = Net(*GRADED)
    reference.net.run(LONGER * ms)
    expected = reference.result()
    with built_for(card=True) as folder:
        net = Net(*GRADED)
        net.net.run(LONGER * ms)
        device.build(directory=folder, with_output=False)
        same(in_order(net.result()), in_order(expected))


def in_order(result: Result) -> Result:
    """Return the spikes cell by cell; within a step a card has no order."""
    order = np.lexsort((result.times, result.cells))
    return result._replace(cells=result.cells[order], times=result.times[order])


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_the_same_seed_releases_the_same_vesicles() -> None:
    here, there = on_card()[0], in_cpp()[0]
    np.testing.assert_array_equal(here.quanta, there.quanta)
    np.testing.assert_array_equal(here.tally, there.tally)
    np.testing.assert_array_equal(here.plateaus, there.plateaus)
    np.testing.assert_allclose(here.amplitudes, there.amplitudes, rtol=1e-9)
    np.testing.assert_allclose(here.keyed, there.keyed, rtol=1e-9)
    assert abs(here.keyed.std() - 1) < 0.05
    quiet = slice(RECEIVERS // 2)
    np.testing.assert_array_equal(here.spikes[quiet], there.spikes[quiet])
    np.testing.assert_allclose(here.latency[quiet], there.latency[quiet], atol=1e-6)


@needs_card
@pytest.mark.slow
@pytest.mark.standalone
def test_other_seeds_differ_by_chance_alone() -> None:
    """Means over twelve seeds a side, and the laws of releases, noise and latencies."""
    here, there = on_card()[1:], in_cpp()
    for name in summary(here[0]):
        mine, theirs = ([summary(run)[name] for run in side] for side in (here, there))
        test = stats.ttest_ind(mine, theirs, equal_var=False)
        low, high = test.confidence_interval(LEVEL)
        told = f"{name}: {np.mean(mine):.4f} on the card, {np.mean(theirs):.4f} in C++, "
        told += f"difference in [{low:.4f}, {high:.4f}]"
        print(told)
        assert low <= 0 <= high, told
        assert high - low < 0.2 * np.mean(theirs), f"too wide to tell anything: {told}"
    assert binomial_fit(np.concatenate([run.tally for run in here])) > 1 - LEVEL
    noisy = slice(RECEIVERS // 2, None)
    for name, of in (("latency", noisy), ("current", noisy), ("amplitudes", slice(None))):
        mine, theirs = (np.concatenate([getattr(r, name)[of] for r in s]) for s in (here, there))
        both = [values[np.isfinite(values)] for values in (mine, theirs)]
        found = stats.ks_2samp(*both)
        print(f"{name}: Kolmogorov-Smirnov distance {found.statistic:.4f}, p {found.pvalue:.3f}")
        assert found.pvalue > 1 - LEVEL, name
    check_draws(here)
    assert len({run.current[-1] for run in here}) == len(here), "no two runs have one noise"


@pytest.mark.slow
@pytest.mark.standalone
@pytest.mark.skipif(
    cuda._installed("brian2cuda") is None, reason="Brian2CUDA is not installed (Python 3.12 only)"
)
def test_cuda_code_is_written_where_there_is_no_card(tmp_path: Path) -> None:
    cuda.prepare()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nvcc").touch()
    backend = "devices.cuda_standalone.cuda_backend"
    for name, value in (
        ("detect_gpus", False),
        ("gpu_id", 0),
        ("compute_capability", 9.0),
        ("cuda_runtime_version", 13.0),
        ("cuda_path", str(tmp_path)),
        ("detect_cuda", False),
    ):
        prefs[f"{backend}.{name}"] = value
    set_device("cuda_standalone", directory=str(tmp_path / "program"), build_on_run=False)
    circuit = Circuit()
    circuit.network.run(DURATION * ms)
    device.build(compile=False, run=False, directory=str(tmp_path / "program"))
    written = (tmp_path / "program" / "code_objects").glob("distal_pre_codeobject*.cu")
    text = "".join(path.read_text() for path in written)
    assert "__device__ double keyed_uniform(" in text
    assert "_brian_atomicAdd(&_ptr_array_branches_tally" in text, "no race, and not one by one"


def templates(**changed: str) -> Templater:
    """Return templates that hold what the mends look for, but for those that are `changed`."""
    templater = Templater("brian2", ".cu", templates_dir="codegen/runtime/numpy_rt/templates")
    texts = {name: "".join(old for old, _ in changes) for name, changes in cuda.MENDS.items()}
    templater.env.loader = jinja2.DictLoader(texts | {"other.cu": "as it was"} | changed)
    return templater


def test_templates_are_mended_once_and_others_left() -> None:
    templater = templates()
    cuda.mend(templater)
    cuda.mend(templater)
    source = templater.env.loader.get_source
    assert source(templater.env, "other.cu")[0] == "as it was"
    for name, changes in cuda.MENDS.items():
        text = source(templater.env, name)[0]
        assert all(text.count(new) == 1 for _, new in changes)


def test_another_template_than_the_one_tried_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        cuda.mend(templates(**{"reset.cu": "all is new"}))
    assert str(refusal.value) == (
        "Brian2CUDA's template reset.cu is another than that of 1.0b1, which was tried: "
        "pip install 'brian2cuda==1.0b1'"
    )


def pretend(
    monkeypatch: pytest.MonkeyPatch, package: str | None, brian: str = "2.10.1", nvcc: bool = True
) -> None:
    monkeypatch.setattr(cuda, "_installed", lambda name: package)
    monkeypatch.setattr(brian2, "__version__", brian)
    monkeypatch.setattr(cuda, "_has_compiler", lambda: nvcc)


def driver(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    monkeypatch.setattr(cuda.shutil, "which", lambda name: f"/usr/bin/{name}")
    answer = subprocess.CompletedProcess([], status, said, "")
    monkeypatch.setattr(cuda.subprocess, "run", lambda *args, **kwds: answer)


def test_why_there_is_no_card_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, None)
    assert cuda.objection().startswith("Brian2CUDA is not installed; it needs Python 3.12 and ")
    with pytest.raises(InputError, match="^nothing can run on a graphics card: Brian2CUDA is not"):
        cuda.use_cuda()
    pretend(monkeypatch, "1.1")
    assert cuda.objection() == "brian2cuda 1.1 was not tried with a card, only 1.0b1"
    pretend(monkeypatch, "1.0b1", brian="2.11.0")
    assert cuda.objection() == "brian2 2.11.0 was not tried with a card, only 2.10.1"
    pretend(monkeypatch, "1.0b1", nvcc=False)
    assert cuda.objection().startswith("there is no CUDA compiler: put nvcc on the path")
    pretend(monkeypatch, "1.0b1")
    driver(monkeypatch, 9, "No devices were found\n")
    assert cuda.objection() == "nvidia-smi finds no graphics card (No devices were found)"
    driver(monkeypatch, 0, "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)\n")
    assert cuda.objection() == ""
