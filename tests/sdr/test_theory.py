"""Closed forms: against published values, counting and exact fractions."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.sdr import theory

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "data" / "sdr_math_reference.json").read_text(encoding="utf-8")
)
PUBLISHED: dict[str, Callable[[dict[str, float]], float | np.ndarray]] = {
    "false_positive": lambda c: theory.false_match(c["n"], c["a"], c["s"], c["theta"]),
    "false_negative_noise": lambda c: theory.miss_under_noise(c["a"], c["s"], c["theta"], c["v"]),
    "union_exact_match": lambda c: theory.union_exact_match(c["n"], c["w"], c["M"]),
    "synapse_failure_fn": lambda c: theory.miss_under_release_failure(
        c["s"], c["theta"], 1 - c["q"]
    ),
    "synapse_failure_fp": lambda c: theory.false_match_under_release_failure(
        c["n"], c["a"], c["s"], c["theta"], 1 - c["q"]
    ),
    "noise_and_failure_fn": lambda c: theory.miss_under_noise_and_release_failure(
        c["a"], c["s"], c["theta"], c["v"], 1 - c["q"]
    ),
}
CASES = [(kind, case) for kind, cases in REFERENCE.items() for case in cases]


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_published_values(kind: str, case: dict[str, float]) -> None:
    value = PUBLISHED[kind](case)
    assert value == pytest.approx(case["p"], rel=1e-6, abs=0), f"{kind} {case}: {value!r}"


def test_published_union_density() -> None:
    for case in REFERENCE["union_exact_match"]:
        density = theory.union_density(case["n"], case["w"], case["M"])
        assert density == pytest.approx(case["frac_on"], rel=1e-6)


def test_published_values_as_one_array() -> None:
    cases = REFERENCE["false_positive"]
    n, a, s, theta, p = (np.array([c[key] for c in cases]) for key in ("n", "a", "s", "theta", "p"))
    np.testing.assert_allclose(theory.false_match(n, a, s, theta), p, rtol=1e-6)


@st.composite
def populations(draw: st.DrawFn) -> tuple[int, int, int, int]:
    n = draw(st.integers(1, 8))
    return n, draw(st.integers(0, n)), draw(st.integers(0, n)), draw(st.integers(0, 9))


@st.composite
def patterns(draw: st.DrawFn) -> tuple[int, int, int, int]:
    a = draw(st.integers(0, 8))
    return a, draw(st.integers(0, a)), draw(st.integers(0, 9)), draw(st.integers(0, a))


PROBABILITIES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.01, 0.99))


def share(counts: list[int], threshold: int) -> float:
    return sum(count >= threshold for count in counts) / len(counts)


def transmitted(s: int, threshold: int, p: float) -> float:
    """Probability of at least `threshold` of `s`, by listing which synapses transmit."""
    outcomes = itertools.product([False, True], repeat=s)
    return math.fsum(
        math.prod(p if released else 1 - p for released in outcome)
        for outcome in outcomes
        if sum(outcome) >= threshold
    )


@given(populations(), PROBABILITIES)
@settings(deadline=None, max_examples=60)
def test_matches_equal_the_count_over_all_patterns(
    population: tuple[int, int, int, int], p: float
) -> None:
    n, a, s, threshold = population
    overlaps = [sum(c < s for c in cells) for cells in itertools.combinations(range(n), a)]
    assert theory.false_match(n, a, s, threshold) == pytest.approx(share(overlaps, threshold))
    thinned = np.mean([transmitted(overlap, threshold, p) for overlap in overlaps])
    assert theory.false_match_under_release_failure(n, a, s, threshold, p) == pytest.approx(
        thinned, rel=1e-9, abs=1e-300
    )


@given(patterns(), PROBABILITIES)
@settings(deadline=None, max_examples=60)
def test_misses_equal_the_count_over_all_segments(
    pattern: tuple[int, int, int, int], p: float
) -> None:
    a, s, threshold, replaced = pattern
    kept = [sum(c >= replaced for c in cells) for cells in itertools.combinations(range(a), s)]
    miss = 1 - share(kept, threshold)
    assert theory.miss_under_noise(a, s, threshold, replaced) == pytest.approx(miss, abs=1e-12)
    assert theory.subsample_match(a, s, threshold, a - replaced) == pytest.approx(
        1 - miss, abs=1e-12
    )
    both = 1 - np.mean([transmitted(overlap, threshold, p) for overlap in kept])
    assert theory.miss_under_noise_and_release_failure(
        a, s, threshold, replaced, p
    ) == pytest.approx(both, abs=1e-12)
    assert theory.miss_under_release_failure(s, threshold, p) == pytest.approx(
        1 - transmitted(s, threshold, p), abs=1e-12
    )


def test_union_equals_the_count_over_all_sequences_of_patterns() -> None:
    n, a, s = 5, 2, 3
    for m in range(4):
        sequences = itertools.product(itertools.combinations(range(n), a), repeat=m)
        covered = [sum(c < s for c in set().union(*map(set, sets))) for sets in sequences]
        for threshold in range(5):
            value = theory.union_false_match(n, a, m, s, threshold)
            assert value == pytest.approx(share(covered, threshold), abs=1e-14)


def test_union_of_one_pattern_is_a_false_match_and_density_its_mean() -> None:
    args = (2048, 40, 20, 13)
    assert theory.union_false_match(2048, 40, 1, 20, 13) == pytest.approx(theory.false_match(*args))
    single = theory.union_false_match(2048, 40, [0, 1, 7, 60], 1, 1)
    np.testing.assert_allclose(single, theory.union_density(2048, 40, [0, 1, 7, 60]), rtol=1e-9)


def exact_false_match(n: int, a: int, s: int, threshold: int) -> Fraction:
    ways = sum(math.comb(a, k) * math.comb(n - a, s - k) for k in range(threshold, s + 1))
    return Fraction(ways, math.comb(n, s))


def log10_of(fraction: Fraction) -> float:
    """Return the logarithm of a fraction too small for a float."""

    def log10(number: int) -> float:
        shift = max(number.bit_length() - 200, 0)
        return math.log10(number >> shift) + shift * math.log10(2)

    return log10(fraction.numerator) - log10(fraction.denominator)


@pytest.mark.parametrize(
    ("n", "a", "s", "threshold"),
    [(100_000, 2000, 200, 190), (100_000, 40, 40, 40), (100_000, 30_000, 500, 100)],
)
def test_exact_at_full_size_and_far_below_one(n: int, a: int, s: int, threshold: int) -> None:
    exact = exact_false_match(n, a, s, threshold)
    log10 = theory.false_match(n, a, s, threshold, log10=True)
    assert log10 == pytest.approx(log10_of(exact), rel=1e-9, abs=1e-9)
    value = theory.false_match(n, a, s, threshold)
    assert value == pytest.approx(float(exact), rel=1e-6, abs=0)


def test_probabilities_of_1e_minus_300_keep_their_digits() -> None:
    p, tail = Fraction(1, 10), Fraction(0)
    for k in range(300, 303):
        tail += math.comb(302, k) * p**k * (1 - p) ** (302 - k)
    miss = theory.miss_under_release_failure(302, 3, 0.9)
    assert 1e-299 < float(tail) < 1e-290
    assert miss == pytest.approx(float(tail), rel=1e-6, abs=0)
    assert theory.miss_under_noise_and_release_failure(302, 302, 3, 0, 0.9) == pytest.approx(
        float(tail), rel=1e-6, abs=0
    )
    assert theory.miss_under_release_failure(1000, 3, 0.9) == 0.0
    assert theory.miss_under_release_failure(1000, 1, 0.9, log10=True) == pytest.approx(-1000)


@given(st.integers(1, 100_000), st.floats(0, 1), st.floats(0, 1), st.integers(0, 60), PROBABILITIES)
@settings(deadline=None, max_examples=60)
@example(277, 0.0, 1.0, 15, 0.9375)  # 1.08352e-294, where SciPy's sum is off by 4e-6
def test_agrees_with_exact_arithmetic(
    n: int, active_share: float, synapse_share: float, threshold: int, p: float
) -> None:
    a, s = round(n * active_share), min(round(n * synapse_share), 300)
    ways = sum(
        math.comb(a, k) * math.comb(n - a, s - k) for k in range(min(threshold, s + 1), s + 1)
    )
    expected = float(Fraction(ways, math.comb(n, s)))
    assert theory.false_match(n, a, s, threshold) == pytest.approx(expected, rel=1e-6, abs=1e-300)
    kept, lost = Fraction(p), 1 - Fraction(p)
    missed = sum(
        (math.comb(s, k) * kept**k * lost ** (s - k) for k in range(min(threshold, s + 1))),
        Fraction(0),
    )
    assert theory.miss_under_release_failure(s, threshold, p) == pytest.approx(
        float(missed), rel=1e-6, abs=1e-300
    )


def test_a_grid_equals_its_points() -> None:
    threshold, p, s = np.arange(0, 24)[:, None, None], np.linspace(0, 1, 5)[:, None], [0, 12, 20]
    grid = theory.miss_under_noise_and_release_failure(40, s, threshold, 8, p)
    assert isinstance(grid, np.ndarray) and grid.shape == (24, 5, 3)
    for i, j, k in itertools.product(range(24), range(5), range(3)):
        point = theory.miss_under_noise_and_release_failure(40, s[k], i, 8, float(p[j, 0]))
        assert grid[i, j, k] == pytest.approx(point, rel=1e-10, abs=0)


def test_more_terms_than_fit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (2048, 40, np.arange(40), 5)
    whole = theory.false_match(*arguments)
    monkeypatch.setattr("htm_brian.sdr.log_probability._MAX_TERMS", 100)
    np.testing.assert_array_equal(theory.false_match(*arguments), whole)


def test_synapses_that_buy_back_one_percent() -> None:
    """20, 26, 40 and 71 synapses at threshold 13."""
    p = np.array([0.84, 0.7, 0.5, 0.3])
    needed = theory.synapses_needed(13, p, 0.01)
    assert list(needed) == [20, 26, 40, 71]  # type: ignore[call-overload]
    assert np.all(theory.miss_under_release_failure(needed, 13, p) <= 0.01)
    assert np.all(theory.miss_under_release_failure(np.asarray(needed) - 1, 13, p) > 0.01)
    assert theory.synapses_needed(0, 0.5, 0.01) == 0
    assert theory.synapses_needed(13, 1.0, 0.01) == 13


def test_a_burst_and_several_sites_are_the_same_chances() -> None:
    assert theory.burst_transmission(0.3, [0, 1, 2]) == pytest.approx([0, 0.3, 0.51])
    assert theory.burst_transmission(1e-18, 10) == pytest.approx(1e-17, rel=1e-12)
    assert theory.burst_transmission(1.0, 2) == 1.0


def test_capacity_counts_the_patterns() -> None:
    assert theory.capacity(2048, 40) == pytest.approx(math.comb(2048, 40), rel=1e-9)
    assert theory.capacity(100_000, 2000) == math.inf
    assert theory.capacity(100_000, 2000, log10=True) == pytest.approx(
        log10_of(Fraction(math.comb(100_000, 2000))), rel=1e-9
    )


def test_union_capacity_is_the_last_union_below_the_limit() -> None:
    m = theory.union_capacity(1024, 20, 15, 8, 1e-4)
    assert theory.union_false_match(1024, 20, m, 15, 8) <= 1e-4
    assert theory.union_false_match(1024, 20, m + 1, 15, 8) > 1e-4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.false_match(10, 11, 2, 1), "a must be at most n, got 11"),
        (lambda: theory.false_match(10, 2, [3, 12], 1), "s must be at most n, got 12"),
        (lambda: theory.false_match(-1, 0, 0, 1), "n must be at least 0, got -1"),
        (lambda: theory.false_match(10, 2, 3, -1), "threshold must be at least 0, got -1"),
        (lambda: theory.miss_under_noise(4, 5, 1, 0), "s must be at most a, got 5"),
        (lambda: theory.miss_under_noise(4, 2, 1, 5), "replaced must be at most a, got 5"),
        (lambda: theory.subsample_match(4, 2, 1, 5), "shared must be at most a, got 5"),
        (
            lambda: theory.miss_under_release_failure(20, 13, 1.3),
            "release_probability must lie in [0, 1], got 1.3",
        ),
        (
            lambda: theory.miss_under_release_failure(20, 13, float("nan")),
            "release_probability must lie in [0, 1], got nan",
        ),
        (
            lambda: theory.synapses_needed(13, 0.0, 0.01),
            "release_probability must be above 0, got 0.0",
        ),
        (lambda: theory.synapses_needed(13, 0.5, 0), "max_miss must be above 0, got 0.0"),
        (
            lambda: theory.union_capacity(100, 5, 4, 5, 0.1),
            "threshold must lie in [1, 4], got 5",
        ),
        (
            lambda: theory.false_match([10, 20, 30], [2, 3], 2, 1),
            "n of shape (3,), a of shape (2,), s of shape () do not broadcast",
        ),
        (
            lambda: theory.miss_under_noise_and_release_failure(40, [20, 21, 22], 1, [1, 2], 0.5),
            "a of shape (), s of shape (3,), replaced of shape (2,) do not broadcast",
        ),
        (
            lambda: theory.miss_under_release_failure([20, 30], 13, [0.1, 0.2, 0.3]),
            "s of shape (2,), threshold of shape (), release_probability of shape (3,) "
            "do not broadcast",
        ),
        (
            lambda: theory.synapses_needed([1, 2], 0.5, [0.1, 0.2, 0.3]),
            "threshold of shape (2,), release_probability of shape (), max_miss of shape (3,) "
            "do not broadcast",
        ),
        (
            lambda: theory.union_density(10, [1, 2], [1, 2, 3]),
            "n of shape (), a of shape (2,), patterns of shape (3,) do not broadcast",
        ),
        (
            lambda: theory.false_match([[10, 20], [30]], 2, 2, 1),
            "n must be an integer or an array of integers, got lists of unequal length",
        ),
        (
            lambda: theory.miss_under_release_failure(10**9, 5, 0.5),
            "s must be at most 10000000, got 1000000000",
        ),
        (lambda: theory.union_density(0, 0, 1), "n must be at least 1, got 0"),
    ],
)
def test_wrong_values_are_one_clear_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_cells_come_in_whole_numbers() -> None:
    with pytest.raises(
        InputError, match=r"^s must be an integer or an array of integers, got 2.5$"
    ):
        theory.false_match(10, 2, 2.5, 1)
    with pytest.raises(InputError, match=r"^n must be .*, got an array of float64$"):
        theory.false_match(np.full((50, 50), 2.5), 2, 2, 1)
    with pytest.raises(InputError, match=r"^release_probability must be .*, got an array of <U1$"):
        theory.miss_under_release_failure(20, 13, ["a", "b"])  # type: ignore[arg-type]


def test_no_brian2_is_needed() -> None:
    code = "import sys, htm_brian.sdr.theory; print('brian2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
