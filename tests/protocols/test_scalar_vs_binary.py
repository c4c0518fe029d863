"""The protocol on small stores: every weight is measured, and precision pays where it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.scalar_vs_binary import draw
from htm_brian.protocols.scalar_vs_binary import ScalarVsBinaryParameters
from htm_brian.protocols.scalar_vs_binary.checks import checks, pays_from

SMALL = ScalarVsBinaryParameters(
    size=400, sparsities=(0.02, 0.25), loads=(0.25, 1.0), measured_steps=8, n_seeds=3
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("scalar_vs_binary")(SMALL).run(SilentProgress())


def test_claim_with_reliable_synapses(outcome: Outcome) -> None:
    """The threads: to sparse codes scalar synapses add little, for dense codes they matter."""
    leads = {check.name: check for check in outcome.checks if check.name.startswith("AUC")}
    held = {name: check for name, check in leads.items() if "unreliable" not in name}
    assert len(held) == 4 and len(leads) == 8
    for check in held.values():
        if "2% on" in check.name:
            assert check.passed, check
    lead = outcome.dataset.recognition_gain.sel(load=1.0, reliability="reliable")
    assert float(lead.sel(sparsity=0.25)) > 0.03 > 0.01 > float(lead.sel(sparsity=0.02))


def test_what_unreliable_synapses_take_from_sparse_codes_is_sign_and_not_precision(
    outcome: Outcome,
) -> None:
    sparse = outcome.dataset.sel(reliability="unreliable", sparsity=0.02, load=1.0)
    assert abs(float(sparse.inhibited_gain)) < 0.01, sparse.inhibited_gain


def test_more_precision_never_recognises_much_worse(outcome: Outcome) -> None:
    mean = outcome.dataset.recognition.sel(load=1.0).mean("seed")
    assert (mean.sel(scheme="continuous") > mean.sel(scheme="binary") - 0.005).all()
    assert (mean.sel(scheme="sigmoid") > mean.sel(scheme="binary") - 0.02).all()


def test_the_same_seed_gives_the_same_result() -> None:
    few = replace(SMALL, n_seeds=2, sparsities=(0.02, 0.25), loads=(1.0,), size=128)
    one, other = (load_protocol("scalar_vs_binary")(few).run(SilentProgress()) for _ in range(2))
    assert one.dataset.identical(other.dataset)


def test_figures(outcome: Outcome) -> None:
    figures = draw(outcome.dataset)
    assert set(figures) == {"sparsity", "load"}
    assert len(figures["sparsity"].axes) == 4


def test_checks_fail_where_nothing_is_gained(outcome: Outcome) -> None:
    flat = outcome.dataset.copy(deep=True)
    flat["recognition_gain"][:] = 0.03
    assert not any(check.passed for check in checks(flat, SMALL)[:4])


def test_precision_pays_from_where_its_gain_is_sure(outcome: Outcome) -> None:
    found = outcome.dataset.copy(deep=True)
    found["recognition_gain_interval"][:] = 0.01
    found["recognition_gain"].loc[{"sparsity": 0.02}] = 0.025
    found["recognition_gain"].loc[{"sparsity": 0.25}] = 0.05
    one = found.sel(load=1.0, reliability="reliable")
    assert pays_from(one, "recognition_gain") == 0.25
    found["recognition_gain"].loc[{"sparsity": 0.25}] = 0.025
    assert np.isnan(pays_from(one, "recognition_gain"))


def test_stopped_half_way() -> None:
    class Stopped(SilentProgress):
        interrupted = True

    few = replace(SMALL, size=128, n_seeds=2, loads=(1.0,))
    result = load_protocol("scalar_vs_binary")(few).run(Stopped())
    assert result.partial and draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sparsities": (0.02,)}, "sparsities must hold 0.25, got"),
        ({"sparsities": (0.02, 0.25, 0.7)}, r"sparsities must lie in \[.*0.5\], got 0.7"),
        ({"loads": (0.5,)}, "the largest of loads must be 1, got"),
        ({"n_seeds": 1}, "n_seeds must be at least 2, got 1"),
        ({"transmission_probability": 0}, "transmission_probability must lie in"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(SMALL, **changes)


def test_silence_is_nowhere_taken_for_a_value(outcome: Outcome) -> None:
    main = outcome.dataset.sel(load=1.0)
    assert np.isfinite(main.recognition).all()
    assert np.isfinite(main.prediction.sel(scheme=["binary", "continuous"])).all()
