from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import xarray as xr

import htm_brian.protocols
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.packages import require_packages
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import (
    Outcome,
    Protocol,
    Table,
    list_protocols,
    list_quick_protocols,
    load_protocol,
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


HALVES = """
import xarray as xr
from dataclasses import dataclass, replace
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.halves.checks import checks

@dataclass(frozen=True)
class Parameters:
    value: float = 0.5

class Halves(Protocol):
    name, claim, source = "halves", "A half is a half.", "nobody"
    parameters = Parameters()

    def run(self, progress):
        return Outcome(xr.Dataset(), checks(self.parameters.value))
"""
HALVES_CHECKS = """
from htm_brian.experiment.checks import Check

def checks(value):
    return [Check("half", value, "1", 0.5, 0.5, "nobody")]
"""


def test_a_folder_is_a_protocol_and_the_modules_in_it_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_protocols()
    (tmp_path / "halves").mkdir()
    (tmp_path / "halves" / "__init__.py").write_text(HALVES)
    (tmp_path / "halves" / "checks.py").write_text(HALVES_CHECKS)
    for other in ("notes", "__pycache__", "_shared"):
        (tmp_path / other).mkdir()
    (tmp_path / "_shared" / "__init__.py").write_text("")
    monkeypatch.setattr(
        htm_brian.protocols, "__path__", [*htm_brian.protocols.__path__, str(tmp_path)]
    )
    assert list_protocols() == sorted([*before, "halves"])
    protocol = load_protocol("halves")
    assert protocol.__module__ == "htm_brian.protocols.halves"
    assert protocol().run(SilentProgress()).passed
    for inner in ("halves.checks", "_shared", "notes"):
        with pytest.raises(InputError, match="^unknown protocol"):
            load_protocol(inner)


@pytest.mark.parametrize("name", list_protocols())
def test_every_protocol_of_the_package_says_what_it_is(name: str) -> None:
    protocol = load_protocol(name)
    assert protocol.claim.strip()
    assert protocol.source.strip()


@pytest.mark.parametrize(
    ("target", "wanted"), [("figures", list_protocols), ("quick", list_quick_protocols)]
)
def test_make_runs_every_protocol(target: str, wanted: Callable[[], list[str]]) -> None:
    """What `make figures` and `make quick` would do names each of them once."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(["make", "-n", target], cwd=root, capture_output=True, text=True)
    asked = re.search(r"names=\$\((?:.*\n)?.*'(from [^']*)'\)", done.stdout)
    assert asked is not None, done.stdout
    listed = subprocess.run(
        [sys.executable, "-c", asked[1]], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split() == wanted()


def test_the_physiology_of_single_cells_has_quick_forms() -> None:
    wanted = {"bac_firing", "burst_coding", "metabotropic_persistence", "nmda_spike"}
    assert wanted <= set(list_quick_protocols())


@pytest.mark.usefixtures("extra_protocols")
def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"unknown protocol 'fi'; known protocols: any.* more "):
        load_protocol("fi")


def test_missing_optional_package_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efel", None)
    write_protocol(tmp_path, monkeypatch, "uses_efel", "import efel\n")
    with pytest.raises(
        InputError, match=r"uses_efel needs the package efel; .* pip install efel, "
    ):
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


@pytest.mark.usefixtures("extra_protocols")
def test_the_quick_form_has_smaller_sizes_and_names_the_checks_that_it_cannot_decide() -> None:
    kind = load_protocol("poisson_counts")
    quick = kind.in_quick_form()
    assert quick.parameters.trials == 50 and kind().parameters.trials == 400
    outcome = quick.outcome(SilentProgress())
    assert [check.name for check in outcome.checks] == ["mean count"]
    assert set(outcome.undecided) == {"Fano factor"}
    assert kind().outcome(SilentProgress()).undecided == {}
    changed = kind.in_quick_form(lambda parameters: replace(parameters, seed=2))
    assert changed.parameters.seed == 2 and changed.parameters.trials == 50


def test_only_a_check_that_there_is_can_be_left_undecided() -> None:
    outcome = Outcome(xr.Dataset(), [PASSING, replace(PASSING, name="y")])
    left = outcome.without({"y": "too few"})
    assert [check.name for check in left.checks] == ["x"] and left.undecided == {"y": "too few"}
    with pytest.raises(KeyError, match="there is no check 'z'"):
        outcome.without({"z": "too few"})
    with pytest.raises(ValueError, match="needs at least one check"):
        outcome.without({"x": "too few", "y": "too few"})
    assert Outcome(xr.Dataset(), [], partial=True).without({"z": "too few"}).partial


def test_a_table_refuses_a_row_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"a row must have 2 cells, got 1: \['x'\]"):
        Table(["a", "b"], [["x"]])
