"""A model from a reconstruction: known lengths and surfaces, what is lost, and a cell that runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, ms, mV, pA

from htm_brian import PyramidalCells
from htm_brian.cli import main
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.model_kinds import check_file
from htm_brian.morphology.dendrites import measure
from htm_brian.morphology.reduction import reduce_swc
from htm_brian.morphology.swc import read_swc
from htm_brian.parameters import load_model

LIKE = load_model("l5_thick_tufted")


class Drawing:
    """An SWC file that is drawn line by line; every line has points 10 um apart."""

    def __init__(self, soma: str = "1 1 0 0 0 8 -1") -> None:
        self.lines = [soma]

    def line(
        self, kind: int, parent: int, begin: Sequence[float], way: Sequence[float], radius: float
    ) -> int:
        """Add a line of points and return the number of its last."""
        n = round(float(np.linalg.norm(way)) / 10)
        for k in range(1, n + 1):
            x, y, z = np.asarray(begin) + np.asarray(way) * k / n
            number = len(self.lines) + 1
            self.lines.append(f"{number} {kind} {x:g} {y:g} {z:g} {radius:g} {parent}")
            parent = number
        return parent

    def write(self, path: Path) -> Path:
        path.write_text("\n".join(self.lines) + "\n")
        return path


def pyramid(folder: Path) -> Path:
    """Ten basal dendrites of 110 um, a trunk of 390 um, an oblique, a tuft of four, an axon."""
    drawing = Drawing()
    for k in range(10):
        angle = 2 * np.pi * k / 10
        drawing.line(3, 1, (0, 0, 0), (120 * np.cos(angle), 120 * np.sin(angle), 0), 0.5)
    half = drawing.line(4, 1, (0, 0, 0), (0, 200, 0), 1.5)
    drawing.line(4, half, (0, 200, 0), (60, 0, 0), 0.4)
    fork = drawing.line(4, half, (0, 200, 0), (0, 200, 0), 1.5)
    for side in (-1, 1):
        again = drawing.line(4, fork, (0, 400, 0), (side * 50, 0, 0), 0.4)
        for depth in (-1, 1):
            drawing.line(4, again, (side * 50, 400, 0), (0, 0, depth * 100), 0.4)
    drawing.line(2, 1, (0, 0, 0), (0, -300, 0), 0.3)
    drawing.line(5, 1, (0, 0, 0), (0, 0, 50), 0.3)
    number = len(drawing.lines) + 1
    drawing.lines.append(f"{number} 3 500 500 500 0.5 -1")
    drawing.line(3, number, (500, 500, 500), (40, 0, 0), 0.5)
    return drawing.write(folder / "pyramid.swc")


def test_dendrites_are_measured(tmp_path: Path) -> None:
    found = measure(read_swc(pyramid(tmp_path)))
    assert found.basal is not None and found.trunk is not None
    assert found.oblique is not None and found.tuft is not None
    assert (found.basal.tips, found.oblique.tips, found.tuft.tips) == (10, 1, 4)
    assert found.basal.reach == pytest.approx(110)  # the first 10 um lie in the soma
    assert found.basal.area == pytest.approx(10 * np.pi * 110)
    assert found.basal.diameter == pytest.approx(1)
    assert found.trunk.length == pytest.approx(390)
    assert found.oblique.length == pytest.approx(60)
    assert found.tuft.length == pytest.approx(2 * 50 + 4 * 100)
    assert found.tuft.reach == pytest.approx(150)
    assert (found.axon, found.other, found.loose) == pytest.approx((300, 50, 40))
    assert found.loose_pieces == 1


def test_what_is_simulated_and_what_lies_in_the_soma_is_the_whole_surface(tmp_path: Path) -> None:
    model = reduce_swc(pyramid(tmp_path), "mine", LIKE, branches=4).model
    assert model["basal"]["branches"] == 4 and model["tuft"]["branches"] == 3
    assert float(model["basal"]["length"]) == pytest.approx(110e-6)
    assert float(model["basal"]["diameter"]) == pytest.approx(1e-6)
    assert float(model["trunk"]["length"] + model["nexus"]["length"]) == pytest.approx(390e-6)
    soma = 4 * np.pi * 8**2 + 6 * np.pi * 110  # and six basal dendrites
    per_area = float(LIKE["membrane"]["specific_capacitance"])
    assert float(model["soma"]["membrane_capacitance"]) == pytest.approx(
        soma * 1e-12 * per_area, rel=1e-3
    )
    assert model["nmda"] == LIKE["nmda"] and model["hcn"] == LIKE["hcn"]


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    said = "\n".join(reduce_swc(pyramid(tmp_path), "mine", LIKE, branches=4).lost)
    for line in (
        "soma: one point -> a sphere's surface of 804 um2",
        "axon: 300 um left out",
        "types other than soma, axon, basal and apical dendrite: 50 um left out",
        "1 piece off the soma: 40 um left out",
        "basal: 10 tips, ways of 110 to 110 um -> 4 equal branches of 110 um; 60% of the surface "
        "-> the soma's capacitance and leak",
        "tuft: 4 tips, ways of 150 to 150 um -> 3 equal branches of 150 um; 10% of the surface is "
        "not there",
        "mechanisms: those of l5_thick_tufted as they are, which were set for its geometry",
    ):
        assert line in said


def test_a_cell_without_an_apical_dendrite_has_what_its_dendrites_allow(tmp_path: Path) -> None:
    drawing = Drawing("1 1 0 0 0 6 -1")
    for way in ((100, 0, 0), (0, 150, 0)):
        drawing.line(3, 1, (0, 0, 0), way, 0.6)
    made = reduce_swc(drawing.write(tmp_path / "stellate.swc"), "stellate", LIKE)
    assert "no apical dendrite (type 4): the cell has none" in made.lost
    assert "[calcium_spike] of l5_thick_tufted: it needs dendrites that are not there" in made.lost
    assert "calcium_spike" not in made.model and "trunk" not in made.model
    assert "nmda" in made.model and "spike" in made.model


def test_an_apical_dendrite_that_does_not_fork(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.line(4, 1, (0, 0, 0), (0, 300, 0), 1.0)
    made = reduce_swc(drawing.write(tmp_path / "stick.swc"), "stick", LIKE)
    assert "trunk" in made.model and "tuft" not in made.model
    assert any(line.startswith("the apical dendrite does not fork") for line in made.lost)


def test_two_apical_dendrites(tmp_path: Path) -> None:
    drawing = Drawing()
    for way in ((0, 300, 0), (0, -100, 0)):
        drawing.line(4, 1, (0, 0, 0), way, 1.0)
    made = reduce_swc(drawing.write(tmp_path / "two.swc"), "two", LIKE)
    assert float(made.model["trunk"]["length"]) == pytest.approx(290e-6)
    assert float(made.model["basal"]["length"]) == pytest.approx(90e-6)


def test_the_program_writes_a_model_that_is_right_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyramid(tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments = ["new", "model", "my_pyramid", "--swc", "pyramid.swc", "--branches", "2"]
    assert main(arguments) == ExitStatus.PASSED
    out = capsys.readouterr().out
    assert "reduced: basal: 10 tips" in out and "written: my_pyramid.toml" in out
    assert check_file("my_pyramid.toml").faults == []
    assert "# basal: 10 tips" in Path("my_pyramid.toml").read_text()
    cells = PyramidalCells(2, model="my_pyramid.toml")
    cells.injected_current = [0, 50] * pA
    Network(cells).run(60 * ms)
    assert abs(cells.v[0] + 70 * mV) < 1 * mV
    assert 2 * mV < cells.v[1] - cells.v[0] < 20 * mV


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "m", "--branches", "3"], "--branches goes with --swc"),
        (["protocol", "p", "--swc", "cell.swc"], "--swc goes with a model"),
        (["model", "m", "--swc", "none.swc"], "cannot read none.swc"),
        (["model", "m", "--swc", "axon.swc"], "axon.swc has no dendrite that hangs on its soma"),
        (["model", "m", "--swc", "axon.swc", "--branches", "0"], "branches must be at least 1"),
        (["model", "m", "--swc", "axon.swc", "--like", "passive"], "axon.swc has no dendrite"),
        (["model", "m", "--swc", "axon.swc", "--like", "l5_reduced"], "a cell of level 2 is"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    (tmp_path / "axon.swc").write_text("1 1 0 0 0 8 -1\n2 2 9 0 0 1 1\n3 2 19 0 0 1 2\n")
    monkeypatch.chdir(tmp_path)
    assert main(["new", *arguments]) == ExitStatus.BAD_INPUT
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not list(tmp_path.glob("*.toml"))


def test_mechanisms_must_be_those_of_a_cell_with_dendrites(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be those of a cell of level 2 with dendrites"):
        reduce_swc(pyramid(tmp_path), "mine", load_model("sst_interneuron"))
