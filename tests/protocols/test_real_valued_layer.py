"""The protocol on short streams: it settles, prints its controls, and names what is missing."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from htm_brian.cli import main
from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import load_protocol
from htm_brian.figures.real_valued_layer import draw

SHORT = ("--set", "splits=1", "--set", "epochs=1")


def test_run_writes_its_checks_and_both_controls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    assert main(["run", "real_valued_layer", *SHORT, "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "accuracy, raw pixels" in printed
    assert "accuracy, untrained templates" in printed
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(summary["checks"]) == 4
    accuracies = [value for name, value in summary["metrics"].items() if "accuracy, " in name]
    assert min(accuracies) > 0.85
    assert sorted(path.stem for path in (tmp_path / "figures").glob("*.png")) == [
        "classifier",
        "settling",
        "templates",
    ]


def test_mnist_is_read_from_its_path(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 10
    # Ten images far apart, with a little noise: anything learns them.
    images = rng.integers(0, 2, (10, 5, 5))[labels] * 200 + rng.integers(0, 50, (60, 5, 5))
    arrays: dict[str, Any] = {"x_train": images[:40], "y_train": labels[:40]}
    np.savez(tmp_path / "mnist.npz", **arrays, x_test=images[40:], y_test=labels[40:])
    kind = load_protocol("real_valued_layer")
    parameters = replace(
        kind.parameters, mnist=tmp_path / "mnist.npz", stream_length=200, growth_shares=(0.5,)
    )
    outcome = kind(parameters).run(SilentProgress())
    assert outcome.dataset.attrs["images"] == "MNIST"
    assert outcome.dataset.sizes["split"] == 1
    assert outcome.checks[-1].value > 0.9
    assert outcome.metrics["what learning does"] == "too few splits to tell"


class Stopped(SilentProgress):
    """Ctrl-C after so many reports."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def advance(self, steps: int = 1) -> None:
        self.left -= 1

    @property
    def interrupted(self) -> bool:  # type: ignore[override]
        return self.left <= 0


@pytest.mark.parametrize("reports", [2, 7])
def test_what_was_stopped_is_partial_and_can_be_drawn(reports: int) -> None:
    pytest.importorskip("sklearn")
    kind = load_protocol("real_valued_layer")
    parameters = replace(kind.parameters, stream_length=400, epochs=1)
    outcome = kind(parameters).run(Stopped(reports))
    assert outcome.partial and not outcome.passed
    assert "settling" in draw(outcome.dataset)
    assert ("accuracy" in outcome.dataset) == (reports > 5)


def test_missing_package_and_bad_parameters_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kind = load_protocol("real_valued_layer")
    with pytest.raises(ValueError, match="growth_shares must hold 0.5"):
        replace(kind.parameters, growth_shares=(0.1,))
    with pytest.raises(ValueError, match=r"n_learners must lie in \[1, 200\], got 300"):
        replace(kind.parameters, n_learners=300)
    with pytest.raises(InputError, match="holds no train-images"):
        kind(replace(kind.parameters, mnist=tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs the package sklearn; .*pip install scikit-learn"):
        kind()


def test_without_scikit_learn_the_program_names_the_extra_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "sklearn" else find(name, *a)
    )
    assert main(["run", "real_valued_layer", "--output", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    said = (printed.err + printed.out).strip()
    assert said.count("\n") == 0
    assert said.startswith("error: real_valued_layer needs the package sklearn; install it with: ")
    assert "pip install scikit-learn" in said
    assert list(tmp_path.iterdir()) == []
