"""The bundled recordings: counts, trains, and the score of no change."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.recordings import held_out, layer5_controls, pairings
from htm_brian.synapses.plasticity.trains import Trains


def test_there_are_41_experiments_15_of_them_controls_of_layer_5() -> None:
    rows = layer5_controls()
    assert len(pairings()) == 41 and len(rows) == 15
    square = sum(((1 - row.ratio) / row.sem) ** 2 for row in rows)
    assert square == pytest.approx(227, abs=0.5)


def test_trains_have_the_pairs_sweeps_and_intervals_of_the_paper() -> None:
    by_name = {row.name: row for row in pairings()}
    before, after = by_name["mrk97_08"].trains()
    assert len(before) == len(after) == 5 * 10
    np.testing.assert_allclose(after - before, -0.010)
    np.testing.assert_allclose(np.diff(before)[:5], [0.1, 0.1, 0.1, 0.1, 3.6])
    before, after = by_name["sjs01_06"].trains()
    np.testing.assert_allclose(np.diff(before), np.full(49, 10.0))
    burst = by_name["ltz06_02"].trains()[1][:3] - by_name["ltz06_02"].trains()[0][0]
    np.testing.assert_allclose(burst, [0.010, 0.015, 0.020])


def test_what_is_held_out_is_none_of_the_pairings() -> None:
    assert not {row.name for row in held_out()} & {row.name for row in pairings()}


def test_triplets_and_quadruplets_have_their_intervals() -> None:
    by_name = {row.name: row for row in held_out()}
    for name, before, after in (
        ("wng05_06", [0, 20], [5]),
        ("wng05_10", [0], [-15, 5]),
        ("wng05_11", [0, 95], [5, 90]),
        ("wng05_13", [0, 20], [-5, 25]),
    ):
        pre, post = by_name[name].trains()
        assert (len(pre), len(post)) == (60 * len(before), 60 * len(after)), name
        np.testing.assert_allclose(1e3 * (pre[: len(before)] - 1), before, atol=1e-9)
        np.testing.assert_allclose(1e3 * (post[: len(after)] - 1), after, atol=1e-9)


def test_the_triplet_rule_of_hippocampus_has_the_triplets_that_it_was_published_for() -> None:
    """Pfister & Gerstner 2006 fitted it to these 13: an independent look at the table."""
    rows = [row for row in held_out() if row.name.startswith("wng05")]
    rule = online_rule("triplet_stdp_hippocampus")
    trains = Trains(rule, len(rows))
    trains.run(*zip(*(row.trains() for row in rows), strict=True))
    ratio = trains.state["efficacy"] / rule.initial_state()["efficacy"]
    measured, sem = (np.array([getattr(row, key) for row in rows]) for key in ("ratio", "sem"))
    assert (((ratio - measured) / sem) ** 2).mean() < 3
    assert (((1 - measured) / sem) ** 2).mean() > 20, "the model of no change"
