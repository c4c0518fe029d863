"""The package as a whole: what it exports, what it ships, what importing it costs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
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


def test_every_package_folder_is_listed_for_the_wheel() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = set(tomllib.load(file)["tool"]["setuptools"]["packages"])
    folders = [p.parent for p in (ROOT / "htm_brian").rglob("__init__.py")]
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    mapped = {"htm_brian.models", "htm_brian.protocols", "htm_brian.figures"}
    assert found | mapped == listed


@pytest.mark.parametrize("package", ["models", "protocols", "figures", "datasets", "experiment"])
def test_mapped_packages_are_importable(package: str) -> None:
    assert importlib.util.find_spec(f"htm_brian.{package}") is not None


def test_bundled_data_are_found_as_resources() -> None:
    data = resources.files("htm_brian.datasets") / "electricity_demand_2000.csv"
    assert len(data.read_text(encoding="utf-8").splitlines()) == 4033
