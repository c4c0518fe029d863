from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import xarray as xr

import htm_brian.protocols
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import (
    Outcome,
    Protocol,
    Table,
    list_protocols,
    load_protocol,
    require_packages,
)

PASSING = Check("x", 0.5, "1", 0.0, 1.0, "a paper")
FAILING = Check("x", 1.5, "1", 0.0, 1.0, "a paper")


def write_protocol(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)
    paths = [*htm_brian.protocols.__path__, str(folder)]
    monkeypatch.setattr(htm_brian.protocols, "__path__", paths)
    monkeypatch.delitem(sys.modules, f"htm_brian.protocols.{name}", raising=False)


@pytest.mark.usefixtures("extra_protocols")
def test_a_protocol_is_found_by_its_module() -> None:
    assert "poisson_counts" in list_protocols()
    protocol = load_protocol("poisson_counts")
    assert issubclass(protocol, Protocol)
    assert protocol().run(SilentProgress()).passed


@pytest.mark.parametrize("name", list_protocols())
def test_every_protocol_of_the_package_says_what_it_is(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.claim.strip()
    assert protocol.source.strip()


@pytest.mark.usefixtures("extra_protocols")
def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="unknown protocol 'fi'; known protocols:.* poisson"):
        load_protocol("fi")


def test_missing_optional_package_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efel", None)
    write_protocol(tmp_path, monkeypatch, "uses_efel", "import efel\n")
    with pytest.raises(InputError, match=r"uses_efel needs the package efel; .*-brian\[ephys\]"):
        load_protocol("uses_efel")


def test_a_missing_module_of_our_own_is_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_protocol(tmp_path, monkeypatch, "broken", "import htm_brian.nothing_here\n")
    with pytest.raises(ModuleNotFoundError, match="nothing_here"):
        load_protocol("broken")


def test_a_module_without_protocol_is_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_protocol(tmp_path, monkeypatch, "hollow", "x = 1\n")
    with pytest.raises(TypeError, match="must hold one Protocol named 'hollow', found none"):
        load_protocol("hollow")


def test_required_packages_are_asked_for_by_name() -> None:
    require_packages("x", ("numpy",))
    with pytest.raises(InputError, match="x needs the package surely_absent; .* surely_absent"):
        require_packages("x", ("numpy", "surely_absent"))


def test_parameters_replace_those_of_the_class() -> None:
    @dataclass(frozen=True)
    class Parameters:
        seed: int = 1

    class Nothing(Protocol):
        name = "nothing"
        claim = "Nothing is claimed."
        source = "nobody"
        parameters = Parameters()

        def run(self, progress: object) -> Outcome:
            return Outcome(xr.Dataset(), [PASSING])

    assert Nothing().parameters.seed == 1
    assert Nothing(Parameters(seed=2)).parameters.seed == 2
    assert Nothing.parameters.seed == 1
    with pytest.raises(TypeError, match="parameters of nothing must be a dataclass instance"):
        Nothing({"seed": 1})


def test_outcome_passes_only_whole_and_with_every_check() -> None:
    assert Outcome(xr.Dataset(), [PASSING]).passed
    assert not Outcome(xr.Dataset(), [PASSING, FAILING]).passed
    assert not Outcome(xr.Dataset(), [PASSING], partial=True).passed
    assert not Outcome(xr.Dataset(), [], partial=True).passed
    with pytest.raises(ValueError, match="needs at least one check"):
        Outcome(xr.Dataset(), [])


def test_a_table_refuses_a_row_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"a row must have 2 cells, got 1: \['x'\]"):
        Table(["a", "b"], [["x"]])
