from dataclasses import asdict

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison import table as comparison
from htm_brian.comparison.ladder import MemoryParameters, run_abstract
from htm_brian.comparison.table import Row
from htm_brian.comparison.validation import summarise
from htm_brian.experiment.checks import Check
from htm_brian.sdr.ragged import Ragged

SOURCE = "these tests"


@pytest.fixture(scope="module")
def recordings():
    """Three abstract memories that differ in their seed, on a repeating sequence with noise."""
    rng = np.random.default_rng(0)
    patterns = [np.sort(rng.choice(64, 8, replace=False)) for _ in range(6)]
    steps = [patterns[step % 6] if rng.random() < 0.9 else patterns[0] for step in range(240)]
    parameters = asdict(MemoryParameters.for_size(64, 4, active=8))
    return [
        run_abstract(
            TemporalMemory(**parameters, seed=seed), Ragged.from_sets(steps), lambda done: True
        ).recording
        for seed in (0, 1, 2)
    ]


def row_of(rows, quantity):
    return next(row for row in rows if row.quantity == quantity)


def test_a_copy_of_the_reference_passes_every_check(recordings):
    first, second, _ = recordings
    rows = comparison.apart_rows([first, second], first, SOURCE)
    checks = comparison.checks_of(rows)
    agreements = {**comparison.AGREEMENTS, **comparison.PLATEAU_AGREEMENTS}
    assert len(checks) == len(agreements) + len(comparison.DIFFERENCES)
    assert all(check.passed for check in checks)
    row = row_of(rows, "predicted columns: Jaccard")
    assert row.spiking == pytest.approx((1 + row.abstract) / 2)  # with itself, and with the second
    assert comparison.checks_of(comparison.reliable_rows(first, first, SOURCE))[0].value == 1


def test_a_third_seed_is_as_good_as_the_second(recordings):
    """The ceiling is one that an abstract memory reaches: else no spiking one could."""
    rows = comparison.apart_rows(recordings[:2], recordings[2], SOURCE)
    jaccard = row_of(rows, "predicted columns: Jaccard")
    assert jaccard.difference == pytest.approx(0, abs=0.05)


def test_a_memory_that_learned_something_else_fails(recordings):
    first, second, _ = recordings
    early = first.part(0, 60)  # has learned little
    rows = comparison.apart_rows([first.part(180), second.part(180)], early, SOURCE)
    failed = {check.name for check in comparison.checks_of(rows) if not check.passed}
    for label in ("predicted columns: Jaccard", "columns with a plateau: Jaccard"):
        assert any(name.startswith(f"trained apart, {label}") for name in failed), label
    assert any(name.startswith("trained apart, anomaly: mean absolute") for name in failed)
    check = comparison.checks_of(comparison.reliable_rows(first.part(180), early, SOURCE))[0]
    assert not check.passed


def test_own_release_is_reported_but_not_judged(recordings):
    rows = comparison.own_release_rows(recordings[0], recordings[1])
    assert comparison.checks_of(rows) == []
    assert all(row.abstract is not None and row.spiking is not None for row in rows)


def test_table_has_the_columns_and_says_what_the_target_is_of(recordings):
    rows = [Row("A HEADING"), *comparison.apart_rows(recordings[:2], recordings[2], SOURCE)]
    table = comparison.to_table(rows, "title")
    assert list(table.columns) == [
        "quantity", "abstract", "spiking", "difference", "95 % interval", "target", "verdict",
    ]  # fmt: skip
    assert table.rows[0] == ["A HEADING", "", "", "", "", "", ""]
    targets = {row[0]: row[5] for row in table.rows}
    assert targets["predicted columns: Jaccard"] == "difference ≥ -0.05"
    assert targets["anomaly: mean absolute difference"] == "difference ≤ 0.05"
    assert targets["anomaly: mean"] == ""


def test_what_cannot_be_measured_fails():
    """Where neither level ever predicts, precision and recall have no value."""
    parameters = asdict(MemoryParameters.for_size(64, 4, active=8))
    rng = np.random.default_rng(0)
    noise = Ragged.from_sets(np.sort(rng.choice(64, 8, replace=False)) for _ in range(4))
    one, two, three = (
        run_abstract(TemporalMemory(**parameters, seed=s), noise, lambda done: True).recording
        for s in range(3)
    )
    rows = comparison.apart_rows([one, two], three, SOURCE)
    precision = row_of(rows, "predicted columns: precision")
    assert not precision.check.passed
    assert precision.cells()[1:5] == ["-", "-", "-", ""]
    assert precision.cells()[5].endswith("(no value: one of the memories never predicts)")


def test_every_agreement_carries_an_interval_round_its_difference(recordings):
    rows = comparison.apart_rows(recordings[:2], recordings[2], SOURCE)
    labelled = (comparison.AGREEMENTS, comparison.PLATEAU_AGREEMENTS, comparison.DIFFERENCES)
    for label in [label for labels in labelled for label in labels.values()]:
        row = row_of(rows, label)
        low, high = row.interval
        assert row.check.value == (high if label in comparison.DIFFERENCES.values() else low)
        found = row.difference if row.of_difference else row.spiking
        assert low - 1e-12 <= found <= high + 1e-12, label
        assert " to " in row.cells()[4]


def test_the_ceiling_is_the_mean_over_all_pairs_of_seeds(recordings):
    """Counted pair by pair with the functions for two recordings."""
    first, second, third = recordings
    other = second.part(0)
    rows = comparison.apart_rows(recordings, other, SOURCE)
    for key, label in {**comparison.AGREEMENTS, **comparison.DIFFERENCES}.items():
        row = row_of(rows, label)
        pairs = ((first, second), (first, third), (second, third))
        assert row.abstract == pytest.approx(np.mean([summarise(*pair)[key] for pair in pairs]))
        found = [summarise(one, other)[key] for one in recordings]
        assert row.spiking == pytest.approx(np.mean(found))


def test_a_series_too_short_to_tell_is_undecided_and_no_pass():
    """The band lies within the interval: not shown, and not refuted."""
    unsure = Check("one", -0.08, "1", -0.05, None, SOURCE, better_end=0.01)
    assert not unsure.passed
    assert unsure.verdict == "undecided"
    wrong = Check("two", -0.08, "1", -0.05, None, SOURCE, better_end=-0.06)
    assert wrong.verdict == "FAIL"
    held = Check("three", 0.0, "1", -0.05, None, SOURCE, better_end=0.01)
    assert held.verdict == "pass"
    rows = [Row(check.name, check=check) for check in (held, unsure)]
    assert comparison.conclusion_of(rows) == (
        "not shown that the spiking memory does all that the abstract one does: 1 of 2 checks are "
        "undecided, since the series is too short to tell (one)"
    )
    text = comparison.conclusion_of([*rows, Row("two", check=wrong)])
    assert "1 of 3 checks fail (two); 1 of 3 checks are undecided" in text


def test_the_conclusion_names_what_failed(recordings):
    first, second, _ = recordings
    same = comparison.apart_rows([first, second], first, SOURCE)
    n = len(comparison.checks_of(same))
    assert comparison.conclusion_of(same).endswith(f"every check holds ({n} of {n})")
    other = comparison.apart_rows([first.part(180), second.part(180)], first.part(0, 60), SOURCE)
    text = comparison.conclusion_of(other)
    assert "does not do all that the abstract one does" in text
    assert "predicted columns: Jaccard" in text
    assert comparison.conclusion_of([]) == ""
