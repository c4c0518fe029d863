"""Spatial pooler: against a plain reference, and the properties its paper claims.

Claims: Cui, Ahmad and Hawkins (2017), The HTM Spatial Pooler, Front. Comput. Neurosci. 11:111.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON, IncidenceRate, PermanenceRule, UpDown
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


@dataclass(frozen=True)
class UpdateOnly:
    """A rule that the compiled loops do not know, so that `update` must be called."""

    rule: PermanenceRule
    kernel_parameters = None

    @property
    def connected_permanence(self) -> float:
        return self.rule.connected_permanence

    @property
    def initial_permanence(self) -> float:
        return self.rule.initial_permanence

    @property
    def prune_below(self) -> float:
        return self.rule.prune_below

    def update(
        self, permanence: NDArray[np.float32], active: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        return self.rule.update(permanence, active)


class PlainPooler:
    """The published algorithm, one column and one synapse at a time."""

    def __init__(self, pooler: SpatialPooler) -> None:
        self.p = pooler
        self.permanence = pooler.permanence.copy()
        self.boost = np.ones(pooler.columns, dtype=np.float32)
        self.active_duty = np.zeros(pooler.columns)
        self.steps = 0

    def compute(self, sdr: SDR, learn: bool) -> tuple[list[int], list[int]]:
        pooler, on = self.p, set(sdr.sparse.tolist())
        overlaps = []
        for column in range(pooler.columns):
            threshold = np.float32(pooler.connected_permanence - EPSILON)
            synapses = zip(pooler.potential[column], self.permanence[column], strict=True)
            overlaps.append(sum(int(i) in on for i, p in synapses if p >= threshold))
        rank = {
            column: (overlaps[column] * self.boost[column], priority)
            for column, priority in enumerate(pooler._priority)
            if overlaps[column] >= pooler.stimulus_threshold
        }
        n_winners = max(1, round(pooler.density * pooler.columns))
        reach = pooler._inhibition_width // 2
        if pooler._inhibition_width < pooler.columns:
            places = [(column, range(-reach, reach + 1)) for column in range(pooler.columns)]
            shares = [
                np.mean([(column + away) % pooler.columns in rank for away in around])
                for column, around in places
            ]
            supply = sum(min(pooler.density, share) for share in shares)
            n_winners = max(1, round(supply))

        def standing(column: int) -> tuple[int, tuple[float, int]]:
            around = [(column + away) % pooler.columns for away in range(-reach, reach + 1)]
            stronger = sum(rank[other] > rank[column] for other in set(around) & set(rank))
            return -stronger, rank[column]

        winners = sorted(sorted(rank, key=standing)[-n_winners:])
        if learn:
            self._learn(winners, sdr)
        return overlaps, winners

    def _learn(self, winners: list[int], sdr: SDR) -> None:
        pooler = self.p
        for column in winners:
            active = sdr.dense[pooler.potential[column]]
            updated = pooler.permanence_rule.update(self.permanence[column], active)
            self.permanence[column] = updated
        self.steps += 1
        period = min(pooler.duty_cycle_period, self.steps)
        won = np.isin(np.arange(pooler.columns), winners)
        self.active_duty = self.active_duty * (1 - 1 / period) + won / period
        excess = pooler.density - self.active_duty
        self.boost = np.exp(pooler.boost_strength * excess).astype(np.float32)


rules = st.sampled_from([UpDown(0.1, 0.02), IncidenceRate(5.0, 0.2), UpdateOnly(UpDown(0.05, 0.1))])


@settings(max_examples=120)
@given(
    rule=rules,
    input_size=st.integers(2, 100),
    columns=st.integers(1, 40),
    density=st.floats(0.02, 1.0),
    fraction=st.floats(0.5, 1.0),
    radius=st.none() | st.integers(1, 40),
    inhibition=st.none() | st.integers(0, 30),
    stimulus_threshold=st.integers(0, 5),
    boost=st.sampled_from([0.0, 3.0]),
    seed=st.integers(0, 2**32),
)
def test_every_step_equals_the_plain_reference(
    rule: PermanenceRule,
    input_size: int,
    columns: int,
    density: float,
    fraction: float,
    radius: int | None,
    inhibition: int | None,
    stimulus_threshold: int,
    boost: float,
    seed: int,
) -> None:
    pooler = SpatialPooler(
        input_size,
        columns,
        potential_fraction=fraction,
        potential_radius=radius,
        density=density,
        inhibition_radius=inhibition,
        stimulus_threshold=stimulus_threshold,
        permanence_rule=rule,
        boost_strength=boost,
        duty_cycle_period=8,
        min_overlap_duty_cycle=0.0,
        seed=seed,
    )
    plain = PlainPooler(pooler)
    rng = np.random.default_rng(seed)
    for step in range(8):
        sdr = SDR.random(input_size, int(rng.integers(0, input_size + 1)), seed=step)
        learn = bool(rng.random() < 0.7)
        overlaps, winners = plain.compute(sdr, learn)
        assert pooler.compute(sdr, learn).sparse.tolist() == winners
        assert pooler.overlaps.tolist() == overlaps
        assert np.array_equal(pooler.permanence, plain.permanence)


@pytest.mark.parametrize(("fraction", "radius", "size"), [(0.5, None, 100), (0.75, 10, 16)])
def test_pools_have_exactly_their_size_and_reach(
    fraction: float, radius: int | None, size: int
) -> None:
    pooler = SpatialPooler(200, 50, potential_fraction=fraction, potential_radius=radius)
    assert pooler.potential.shape == pooler.permanence.shape == (50, size)
    assert pooler.permanence.dtype == np.float32
    for column, pool in enumerate(pooler.potential):
        assert np.all(np.diff(pool) > 0) or np.unique(pool).size == size
        if radius is not None:
            away = np.abs(pool - (4 * column + 2))
            assert np.minimum(away, 200 - away).max() <= radius


def test_overlap_counts_connected_inputs_of_the_pool_only() -> None:
    pooler = SpatialPooler(300, 40, potential_fraction=0.3, seed=2)
    sdr = SDR.random(300, 90, seed=1)
    pooler.compute(sdr, learn=False)
    for column in range(40):
        inputs = pooler.connected_inputs(column)
        assert set(inputs) <= set(pooler.potential[column])
        assert pooler.overlaps[column] == sdr.overlap(SDR(300, inputs))


def test_half_of_the_synapses_start_connected() -> None:
    pooler = SpatialPooler(1000, 200, initial_connected_fraction=0.5)
    share = np.mean([pooler.connected_inputs(column).size / 500 for column in range(200)])
    # 100,000 fair draws: standard error 0.0016.
    assert share == pytest.approx(0.5, abs=0.008)
    none = SpatialPooler(100, 20, initial_connected_fraction=0.0)
    assert len(none.compute(SDR.random(100, 50, seed=0))) == 0


@pytest.mark.parametrize(
    "options",
    [
        {"density": 0.02},
        {"density": 0.02, "boost_strength": 10.0},
        {"density": 0.02, "inhibition_radius": 40},
        {"density": 0.05, "inhibition_radius": 100, "potential_radius": 120},
        # Pools so small that a third of the columns have no overlap at all.
        {"density": 0.05, "inhibition_radius": 25, "potential_radius": 30},
        {"density": 0.02, "inhibition_radius": 25, "potential_radius": 15},
    ],
)
def test_winners_at_target_density_within_a_tenth_of_a_point(options: dict[str, Any]) -> None:
    """Claim: "the SP achieves a fixed sparsity of the output despite varying input sparsity"."""
    pooler = SpatialPooler(1024, 1024, seed=5, **options)
    rng = np.random.default_rng(8)
    shares = [
        pooler.compute(SDR.random(1024, int(rng.integers(60, 200)), seed=step)).sparsity
        for step in range(300)
    ]
    print(f"density {np.mean(shares):.5f}, wanted {options['density']}")
    assert np.mean(shares) == pytest.approx(options["density"], abs=0.001)
    if "inhibition_radius" not in options:
        assert set(shares) == {round(options["density"] * 1024) / 1024}


def test_where_no_column_has_an_input_none_wins() -> None:
    """Neighbourhoods without input supply no winners, and the others not more for that."""
    pooler = SpatialPooler(1024, 1024, density=0.05, inhibition_radius=25, potential_radius=30)
    rng = np.random.default_rng(8)
    for _ in range(20):
        code = pooler.compute(SDR(1024, np.sort(rng.choice(512, 100, replace=False))))
        # On the ring, pools reach 30 beyond either end of the half that has input.
        assert not ((code.sparse > 512 + 30) & (code.sparse < 1024 - 31)).any()
        # Neighbourhoods reach 25 further.
        assert 0.05 * 512 <= len(code) <= 0.05 * (512 + 2 * (30 + 25))


def mean_overlap(pooler: SpatialPooler, inputs: list[SDR], noise: float) -> float:
    """Return the share of winners that stay when that share of on-bits moves."""
    shares = []
    for number, sdr in enumerate(inputs):
        code = pooler.compute(sdr, learn=False)
        noisy = pooler.compute(sdr.add_noise(noise, seed=number), learn=False)
        shares.append(code.overlap(noisy) / len(code))
    return float(np.mean(shares))


def test_learning_makes_codes_robust_to_noise() -> None:
    """Claim: "noise robustness improves with learning"."""
    pooler = SpatialPooler(512, 512, permanence_rule=UpDown(0.1, 0.02), seed=4)
    inputs = [SDR.random(512, 50, seed=number) for number in range(50)]
    before = [mean_overlap(pooler, inputs, noise) for noise in (0.0, 0.2, 0.4)]
    for _ in range(40):
        for sdr in inputs:
            pooler.compute(sdr)
    after = [mean_overlap(pooler, inputs, noise) for noise in (0.0, 0.2, 0.4)]
    print("share of winners kept at noise 0, 20, 40 %:", before, after)
    assert before[0] == after[0] == 1.0
    assert after[1] > max(0.9, before[1] + 0.2)
    assert after[2] > max(0.5, before[2] + 0.2)
    codes = [pooler.compute(sdr, learn=False) for sdr in inputs]
    others = [codes[a].overlap(codes[a + 1]) / 10 for a in range(49)]
    assert np.mean(others) < 0.1


def test_boosting_spreads_the_work() -> None:
    """Claim: "with boosting, columns are used more evenly" (entropy of active duty cycles)."""

    def entropy(boost_strength: float) -> float:
        pooler = SpatialPooler(400, 400, density=0.05, boost_strength=boost_strength, seed=7)
        # A few inputs are common, so that some columns would win nearly always.
        common = [SDR.random(400, 40, seed=number) for number in range(8)]
        for step in range(1500):
            pooler.compute(common[step % 8])
        share = pooler.active_duty_cycle.clip(1e-12, 1 - 1e-12)
        return float(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)).mean())

    plain, boosted = entropy(0.0), entropy(40.0)
    print(f"entropy {plain:.4f} bits without boosting, {boosted:.4f} with")
    assert boosted > plain + 0.05


def test_boosted_overlaps_leave_the_overlaps_as_they_are() -> None:
    pooler = SpatialPooler(200, 100, boost_strength=20.0, density=0.05, seed=3)
    sdr = SDR.random(200, 50, seed=0)
    for _ in range(30):
        pooler.compute(sdr)
    pooler.compute(sdr, learn=False)
    counted = [sdr.overlap(SDR(200, pooler.connected_inputs(c))) for c in range(100)]
    assert pooler.overlaps.tolist() == counted
    assert pooler.boost_factors.std() > 0


@pytest.mark.parametrize("rule", [UpDown(0.07, 0.03), IncidenceRate(10.0, 0.15)])
def test_compiled_learning_equals_the_rule_itself(rule: PermanenceRule) -> None:
    by_kernel, by_update = (
        SpatialPooler(150, 60, density=0.1, permanence_rule=given, seed=9)
        for given in (rule, UpdateOnly(rule))
    )
    for step in range(150):
        sdr = SDR.random(150, 30, seed=step % 20)
        assert by_kernel.compute(sdr) == by_update.compute(sdr)
    assert np.array_equal(by_kernel.permanence, by_update.permanence)
    assert by_kernel.connected_permanence == rule.connected_permanence


def test_seeds_decide_everything() -> None:
    def codes(seed: int) -> list[SDR]:
        pooler = SpatialPooler(200, 100, density=0.05, boost_strength=2.0, seed=seed)
        return [pooler.compute(SDR.random(200, 40, seed=step % 7)) for step in range(40)]

    assert codes(1) == codes(1) != codes(2)


def test_inference_changes_nothing() -> None:
    pooler = SpatialPooler(200, 100, density=0.05, boost_strength=2.0)
    sdrs = [SDR.random(200, 40, seed=step) for step in range(9)]
    for sdr in sdrs:
        pooler.compute(sdr)
    permanence, factors = pooler.permanence.copy(), pooler.boost_factors.copy()
    first = [pooler.compute(sdr, learn=False) for sdr in sdrs]
    assert first == [pooler.compute(sdr, learn=False) for sdr in sdrs]
    assert np.array_equal(pooler.permanence, permanence)
    assert np.array_equal(pooler.boost_factors, factors)


@pytest.mark.parametrize("inhibition_radius", [None, 10])
def test_columns_that_never_overlap_are_raised(inhibition_radius: int | None) -> None:
    pooler = SpatialPooler(
        100, 60, density=0.05, min_overlap_duty_cycle=0.1, inhibition_radius=inhibition_radius
    )
    pooler.permanence[7] = 0.0
    pooler._connect(np.array([7]))
    for step in range(400):
        pooler.compute(SDR.random(100, 20, seed=step))
    assert pooler.connected_inputs(7).size > 0
    assert pooler.overlap_duty_cycle[7] > 0


def test_stimulus_threshold_keeps_weak_columns_silent() -> None:
    pooler = SpatialPooler(100, 50, density=0.1, stimulus_threshold=6)
    code = pooler.compute(SDR(100, [1, 2, 3, 4, 5]))
    assert len(code) == 0
    assert len(SpatialPooler(100, 50, density=0.1).compute(SDR(100, []))) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_size": 0}, "input_size must be at least 1, got 0"),
        ({"columns": -5}, "columns must be at least 1, got -5"),
        ({"density": 0.0}, r"density must lie in \(0, 1\], got 0.0"),
        ({"density": 1.2}, "density must be at most 1, got 1.2"),
        ({"potential_fraction": 0.001}, "leaves empty pools"),
        ({"potential_radius": -1}, "potential_radius must be at least 0, got -1"),
        ({"connected_permanence": -0.1}, r"connected_permanence must lie in \(0, 1\], got -0.1"),
        ({"boost_strength": -1.0}, r"boost_strength must be at least 0, got -1.0"),
        ({"duty_cycle_period": 0}, "duty_cycle_period must be at least 1, got 0"),
        ({"initial_connected_fraction": 2.0}, "initial_connected_fraction must lie in"),
        ({"inhibition_radius": -1}, "inhibition_radius must be at least 0, got -1"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SpatialPooler(**({"input_size": 100, "columns": 50} | options))


def test_bad_inputs_are_named_and_change_nothing() -> None:
    pooler = SpatialPooler(100, 50)
    with pytest.raises(ValueError, match="sdr must have input_size 100 bits, got 99"):
        pooler.compute(SDR(99, [1]))
    with pytest.raises(InputError, match="sdr must be an SDR, got list"):
        pooler.compute([1, 2])  # type: ignore[arg-type]
    assert pooler.active_duty_cycle.max() == 0
