"""The package as a whole: what it exports, what it ships, what importing it costs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import htm_brian

ROOT = Path(__file__).resolve().parents[1]


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        htm_brian.nonsense  # noqa: B018


@pytest.mark.parametrize("name", htm_brian.__all__)
def test_every_export_can_be_loaded(name: str) -> None:
    assert getattr(htm_brian, name).__name__ == name


def test_import_is_light() -> None:
    code = (
        "import sys, htm_brian; "
        "print([m for m in ('brian2', 'numpy', 'numba', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_module_model_and_template_is_in_the_wheel(tmp_path: Path) -> None:
    build = ("egg_info", "--egg-base", str(tmp_path), "build_py", "--build-lib", str(tmp_path))
    subprocess.run([sys.executable, "setup.py", "-q", *build], cwd=ROOT, check=True)
    own = [
        file.relative_to(ROOT)
        for file in (ROOT / "htm_brian").rglob("*")
        if file.suffix in (".py", ".pyx", ".toml", ".jinja", ".csv")
    ]
    beside = [
        Path("htm_brian") / file.relative_to(ROOT)
        for name in ("models", "protocols", "figures")
        for file in (ROOT / name).rglob("*")
        if file.suffix in (".py", ".toml")
    ]
    assert [file for file in own + beside if not (tmp_path / file).exists()] == []


@pytest.mark.parametrize("package", ["models", "protocols", "figures", "streams", "experiment"])
def test_mapped_packages_are_importable(package: str) -> None:
    assert importlib.util.find_spec(f"htm_brian.{package}") is not None


def test_bundled_data_are_found_as_resources() -> None:
    data = resources.files("htm_brian.streams.datasets") / "electricity_demand_2000.csv"
    assert len(data.read_text(encoding="utf-8").splitlines()) == 4033


def test_no_module_has_more_than_400_lines() -> None:
    most = 400  # lines; a longer one has two subjects
    modules = [
        path
        for room in ("htm_brian", "protocols", "figures")
        for path in (ROOT / room).rglob("*.py")
    ]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in modules
    }
    assert len(lengths) > 300
    assert {name: length for name, length in lengths.items() if length > most} == {}
