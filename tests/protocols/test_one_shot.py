"""The protocol at a small size: one showing, controls, and checks that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.one_shot import draw
from htm_brian.protocols.one_shot import OneShotParameters
from htm_brian.protocols.one_shot.checks import checks
from htm_brian.protocols.one_shot.measurement import level_efficacies

SMALL = OneShotParameters(
    inputs=512,
    cells=32,
    target=3,
    pairs=(5, 10),
    reader_pairs=1000,
    reference=5,
    shown=5,
    unseen=40,
    few=4,
    seeds=3,
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("one_shot")(SMALL).run(SilentProgress())


def test_one_showing_stores_and_controls_do_not(outcome: Outcome) -> None:
    data = outcome.dataset
    assert (data.known_hits / data.known_targets).mean() > 0.9
    assert (data.unseen_wrong == 0).all()
    learns, *others = (data.control_hits / data.control_targets).mean("seed").to_numpy()
    assert learns > 0.9 and max(others) == 0
    assert (data.misread == 0).all()
    best = data.best_recall.mean("seed").to_numpy()
    assert data.reader_pairs.to_numpy().tolist() == [5, 10, 1000]
    assert best[0] > 0.9 and best[-1] < 0.7
    assert (data.told_bits <= data.entropy_bits).all()


def test_checks_fail_where_nothing_or_everything_is_recalled(outcome: Outcome) -> None:
    silent = outcome.dataset.copy(deep=True)
    silent["known_hits"] = 0 * silent.known_hits
    failed = {check.name for check in checks(silent) if not check.passed}
    assert "recall of noisy cues, lower end" in failed
    always = outcome.dataset.copy(deep=True)
    always["unseen_wrong"], always["unseen_taken"] = always.unseen_others, always.unseen_cues
    always["control_hits"] = always.control_targets
    assert {
        "cells that answer to an unseen SDR, upper end",
        "unseen SDRs taken for known, upper end",
        "capacity over that of the best reader",
        "control, no plateau: recall, upper end",
        "control, pairs of spikes, 10 ms apart: recall, upper end",
    } <= {check.name for check in checks(always) if not check.passed}


def test_efficacies_tell_the_first_coincidences_apart() -> None:
    efficacies = level_efficacies("behavioural_time_scale_place")
    assert efficacies[0] == 1 and (np.diff(efficacies) > 0.04).all()


def test_the_figure_is_drawn(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"one_shot"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reference": 7}, "reference must be one of pairs"),
        ({"pairs": (10, 5)}, "pairs must rise"),
        ({"rule": "calcium_based_cortex"}, "rule"),
        ({"model": "pair_stdp"}, "pair_stdp is a plasticity"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_protocol("one_shot")(dataclasses.replace(SMALL, **changes))
