"""The reference table: what is known of Hay's cell, and that roles and answers fit together."""

from dataclasses import replace

import pytest

from htm_brian.errors import InputError
from htm_brian.fitting.detailed_cell import (
    FITTED,
    HELD_OUT,
    MEASURES,
    ROLES,
    conditions,
    targets,
    with_role,
)


def value(condition: str, measure: str) -> float:
    (found,) = (t for t in targets() if t.condition.name == condition and t.measure == measure)
    return found.value


def test_the_published_bac_firing_is_there():
    # Hay et al. 2011, figure 4: one spike alone, three with the input to the tuft.
    assert value("pulse_1.9nA_5ms", "spikes") == 1
    assert value("pulse_1.9nA_5ms_epsp", "spikes") == 3
    assert value("nexus_1.5", "spikes") == 1  # a calcium spike alone makes one spike


def test_the_table_agrees_with_an_earlier_run_of_the_same_cell():
    # Values of another script, which the protocols bac_firing and firing_rate quote.
    earlier = {
        ("step_0.619", "rate"): 11.0,
        ("step_1", "rate"): 15.5,
        ("step_1", "first_interval"): 6.8,
        ("step_1", "last_interval"): 66.5,
        ("pulse_1.9nA_5ms_epsp", "first_interval"): 9.7,
        ("pulse_1.9nA_5ms_epsp", "nexus_width"): 32.3,
        ("pulse_1.9nA_5ms_epsp", "nexus_peak"): 6.4,
        ("pulse_1.9nA_5ms", "after_hyperpolarisation"): 1.6,
        ("pulse_1.9nA_5ms_epsp", "after_hyperpolarisation"): 4.75,
        ("rest", "soma_rest"): -77.2,
    }
    for (condition, measure), known in earlier.items():
        assert value(condition, measure) == pytest.approx(known, rel=0.06)


def test_every_answer_has_a_stimulus_that_asks_for_it_and_a_role():
    assert {each.role for each in conditions().values()} == set(ROLES)
    for target in targets():
        assert target.measure in MEASURES
        assert target.tolerance > 0
    assert len({target.name for target in targets()}) == len(targets())


def test_both_roles_have_steps_pulses_lags_and_calcium_spikes():
    for role in ROLES:
        found = {target.condition.family for target in with_role(role)}
        assert {"steps", "pulses", "coincidence", "calcium spikes"} <= found
    assert len(with_role(FITTED)) + len(with_role(HELD_OUT)) == len(targets())


def test_a_count_must_be_exact_and_a_rate_may_differ_by_30_percent():
    by_measure = {target.measure: target for target in targets() if target.value}
    assert by_measure["spikes"].tolerance == 0.5
    rate = replace(by_measure["rate"], value=20.0)
    assert rate.tolerance == pytest.approx(6.0)


def test_an_unknown_role_is_refused():
    with pytest.raises(InputError, match="role must be fitted or held out, got 'kept'"):
        with_role("kept")
