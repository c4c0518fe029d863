"""Reconstructions read: somata of every convention, and what is wrong said in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.morphology.swc import areas, read_swc, soma_surface


def written(folder: Path, text: str) -> Path:
    path = folder / "cell.swc"
    path.write_text(text)
    return path


ONE = "1 1 0 0 0 8 -1\n"
THREE = "1 1 0 0 0 8 -1\n2 1 0 -8 0 8 1\n3 1 0 8 0 8 1\n"
STACK = "1 1 0 0 0 5 -1\n2 1 10 0 0 5 1\n3 1 20 0 0 5 2\n"
CONTOUR = "".join(
    f"{k + 1} 1 {9 * np.cos(0.5 * k):.4f} {9 * np.sin(0.5 * k):.4f} 0 0.2 {k or -1}\n"
    for k in range(12)
)


@pytest.mark.parametrize(
    ("text", "convention", "area"),
    [
        (ONE, "one point", 4 * np.pi * 8**2),
        (THREE, "three points", 4 * np.pi * 8**2),
        (STACK, "stack", 2 * np.pi * 5 * 20),
        (CONTOUR, "contour", 4 * np.pi * 9**2),
    ],
)
def test_somata(tmp_path: Path, text: str, convention: str, area: float) -> None:
    soma = soma_surface(read_swc(written(tmp_path, text)))
    assert soma.convention == convention
    assert soma.area == pytest.approx(area, rel=0.02)
    assert soma.radius == pytest.approx(np.sqrt(area / (4 * np.pi)), rel=0.01)


def test_points_may_come_in_any_order_with_comments_and_commas(tmp_path: Path) -> None:
    text = "# NeuroMorpho\n7 3 30 0 0 1 5  # a tip\n5, 3, 10, 0, 0, 1, 1\n\n1 1 0 0 0 8 -1\n"
    swc = read_swc(written(tmp_path, text))
    assert swc.kind.tolist() == [1, 3, 3] and swc.parent.tolist() == [-1, 0, 1]
    assert swc.lengths.tolist() == [0, 10, 20]


def test_the_side_of_a_cone(tmp_path: Path) -> None:
    swc = read_swc(written(tmp_path, "1 3 0 0 0 4 -1\n2 3 4 0 0 1 1\n"))
    assert areas(swc).tolist() == pytest.approx([0, np.pi * 5 * 5])  # a slant of 3, 4, 5


def test_a_point_without_a_radius_is_as_thick_as_its_parent(tmp_path: Path) -> None:
    swc = read_swc(written(tmp_path, f"{ONE}2 3 9 0 0 2 1\n3 3 19 0 0 0 2\n"))
    assert swc.thin == 1 and swc.radius.tolist() == [8, 2, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no point"),
        ("# nothing\n", "holds no point"),
        ("1 1 0 0 0 8\n", "line 1: a point has number, type, x, y, z, radius and parent, got 6"),
        ("1 1 0 0 zero 8 -1\n", "line 1: '1 1 0 0 zero 8 -1' are not seven numbers"),
        ("1 1 0 0 0 nan -1\n", "line 1: a place or radius is not finite"),
        ("1 1 0 0 0 -8 -1\n", "line 1: the radius must be positive, got -8"),
        ("1 1 0 0 0 0 -1\n", "line 1: the radius must be positive, got 0"),
        (f"{ONE}1 3 9 0 0 1 -1\n", "line 2: point 1 was there already"),
        (f"{ONE}2 3 9 0 0 1 2\n", "line 2: point 2 is its own parent"),
        (f"{ONE}2 3 9 0 0 1 5\n", "the parent 5 of point 2 is not there"),
        (f"{ONE}2 3 9 0 0 1 3\n3 3 19 0 0 1 2\n", "points go round in a circle"),
        (f"{ONE}2 3 9 0 0 0 -1\n", "a piece begins with a point without a radius"),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read_swc(written(tmp_path, text))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_no_file_and_no_soma(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read .*missing.swc"):
        read_swc(tmp_path / "missing.swc")
    with pytest.raises(InputError, match="has no soma: no point of type 1"):
        soma_surface(read_swc(written(tmp_path, "1 3 0 0 0 1 -1\n")))
