"""Keyed draws: uniform, independent of one another, binomial by their quantiles."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, device, prefs, set_device
from scipy import stats

from htm_brian.synapses.release.draws import FUNCTIONS, normal, quantile, uniform


def splitmix(state: int, word: int) -> int:
    mask = 2**64 - 1
    h = (state + 0x9E3779B97F4A7C15 * ((word & 0xFFFFFFFF) + 1)) & mask
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & mask
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & mask
    return h ^ (h >> 31)


def test_the_hash_equals_the_one_in_whole_numbers() -> None:
    for words in itertools.product([-5, 2**31 - 1], [7, -(2**31)], [0, 9], [1, -1], [0], [3, 4]):
        low, high, *key = words
        state = (high & 0xFFFFFFFF) << 32 | low & 0xFFFFFFFF
        for word in key:
            state = splitmix(state, word)
        assert float(uniform(*words)) == ((state >> 11) + 0.5) * 2.0**-53


@pytest.mark.parametrize("argument", range(6))
def test_uniform_along_every_argument(argument: int) -> None:
    words: list[object] = [11, 12, 13, 14, 0, 16]
    words[argument] = np.arange(100_000)
    draws = np.asarray(uniform(*words))
    assert stats.kstest(draws, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4 / np.sqrt(draws.size)
    assert draws.min() > 0 and draws.max() < 1


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (5, 0.37), (27, 0.8), (200, 0.5), (1000, 0.97)])
def test_quantiles_are_those_of_the_binomial_distribution(n: int, p: float) -> None:
    u = (np.arange(2000) + 0.5) / 2000
    expected = stats.binom.ppf(u, n, p)
    found = quantile(u, n, p)
    # For p above one half the upper tail is summed: the same law, from the other end.
    edge = np.abs(stats.binom.cdf(expected, n, p) - u) < 1e-9
    assert np.array_equal(found[~edge], expected[~edge])


def test_certain_outcomes() -> None:
    assert quantile(0.5, 7, 0.0) == 0 and quantile(0.5, 7, 1.0) == 7 and quantile(0.5, 0, 0.5) == 0
    assert quantile([0.1, 0.9], [3, 4], [1.0, 0.0]).tolist() == [3, 0]


HOST = """
#include <cmath>
#include <cstdio>
#define __host__
#define __device__
using std::pow;
%s
int main()
{
    for (int n = 0; n < 200; n++)
    {
        const double u = keyed_uniform(-5, 7, 3, n, 1, 2*n);
        const double z = keyed_normal(0.5, -5, 7, 3, n, 1, n);
        std::printf("%%.17g %%d %%.17g\\n", u, binomial_quantile(u, n %% 30, 0.005*n), z);
    }
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_what_a_graphics_card_runs_gives_the_same_numbers(tmp_path: Path) -> None:
    """Its code, compiled for the host that CUDA writes it for as well."""
    codes = [function.implementations["cuda"].get_code(None) for function in FUNCTIONS.values()]
    assert all("__device__" in code for code in codes)
    source, program = tmp_path / "draws.cpp", tmp_path / "draws"
    source.write_text(HOST % "".join(codes))
    subprocess.run(["g++", "-O0", "-o", str(program), str(source)], check=True)
    told = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    found = np.array([line.split() for line in told.splitlines()], dtype=float)
    n = np.arange(200)
    np.testing.assert_array_equal(found[:, 0], uniform(-5, 7, 3, n, 1, 2 * n))
    np.testing.assert_array_equal(found[:, 1], quantile(found[:, 0], n % 30, 0.005 * n))
    np.testing.assert_allclose(found[:, 2], normal(0.5, -5, 7, 3, n, 1, n), rtol=1e-12)


def drawn() -> np.ndarray:
    """Return normal numbers, in code that names no other draw."""
    cells = NeuronGroup(50, "x : 1", name="drawing")
    cells.namespace.update(FUNCTIONS)
    cells.run_regularly("x = keyed_normal(0.5, -5, 7, 3, i, 1, 9)")
    Network(cells).run(defaultclock.dt)
    return np.array(cells.x[:])


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.standalone
def test_a_draw_that_rests_on_another_is_the_same_on_every_path(tmp_path: Path) -> None:
    expected = normal(0.5, -5, 7, 3, np.arange(50), 1, 9)
    np.testing.assert_array_equal(drawn(), expected)
    prefs.codegen.target = "cython"
    np.testing.assert_allclose(drawn(), expected, rtol=1e-12)
    set_device("cpp_standalone", directory=str(tmp_path / "program"))
    np.testing.assert_allclose(drawn(), expected, rtol=1e-12)
    assert device.has_been_run
