"""Every script of the gallery runs by itself, and shows what it says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"


def run(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, object], str]:
    """Return what a script leaves, and what it printed."""
    left = runpy.run_path(str(GALLERY / f"{name}.py"))
    return left, capsys.readouterr().out


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_every_script_has_a_test_and_a_place_in_the_library_guide() -> None:
    scripts = {path.stem for path in GALLERY.glob("*.py")}
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert scripts <= tested
    guide = (GALLERY.parent / "library.md").read_text(encoding="utf-8")
    for name in scripts:
        assert f"(gallery/{name}.py)" in guide


def test_l5_poisson(capsys: pytest.CaptureFixture[str]) -> None:
    left, out = run("l5_poisson", capsys)
    spikes, _, soma, nexus = numbers(out)[:4]
    assert 1 <= spikes <= 30
    assert soma > -60
    assert nexus > -70
    assert left["basal"].places[:2] == ("basal_0_0", "basal_0_1")


def test_reduced_branches(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run("reduced_branches", capsys)
    assert "plateaus on branches [0]" in out
    assert numbers(out)[-1] > 1


def test_release_on_lif(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run("release_on_lif", capsys)
    certain, chancy, failures = numbers(out)
    assert chancy > 1.2 * certain > 0
    assert failures == pytest.approx(0.63**5, abs=0.02)  # of five sites none releases


def test_rewired_network(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run("rewired_network", capsys)
    synapses, _, before, after = numbers(out)
    assert synapses == 100
    assert after > before  # the weak ones went


def test_plasticity(capsys: pytest.CaptureFixture[str]) -> None:
    left, out = run("plasticity", capsys)
    for line in out.splitlines():
        cell_first, axon_first = numbers(line)
        assert cell_first < 1 < axon_first
    assert len(out.splitlines()) == len(left["efficacy"]) == 2  # type: ignore[arg-type]
