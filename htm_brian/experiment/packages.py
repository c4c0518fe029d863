"""Packages that only some protocols and commands need: whether they are there, how to get them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from htm_brian.errors import InputError

EXTRA_OF_PACKAGE = {
    "brian2cuda": "cuda",
    "dask": "sweep",
    "distributed": "sweep",
    "efel": "ephys",
    "neo": "export",
    "nixio": "export",
    "plotly": "report",
    "pynwb": "export",
    "sklearn": "learn",
    "zarr": "sweep",
}

DISTRIBUTION_OF_PACKAGE = {"sklearn": "scikit-learn"}
"""What pip calls a package that is imported by another name."""


def require_packages(protocol: str, packages: Sequence[str]) -> None:
    """Raise an `InputError` that names the first optional package that is not installed.

    Parameters
    ----------
    protocol : str
        What needs them.
    packages : sequence of str
        Their import names.

    Raises
    ------
    InputError
        If one is missing; the message says how it is installed.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise InputError(f"{protocol} needs the package {package}; {how_to_install(package)}")


def how_to_install(package: str) -> str:
    """Say how a package is installed, alone or with all others of its extra.

    Parameters
    ----------
    package : str
        Its import name.

    Returns
    -------
    str
        The end of a message.
    """
    extra = EXTRA_OF_PACKAGE.get(package)
    if extra is None:
        return f"install it with: pip install {package}"
    distribution = DISTRIBUTION_OF_PACKAGE.get(package, package)
    return (
        f"install it with: pip install {distribution}, or in a checkout of htm_brian all that such "
        f"protocols need: pip install -e '.[{extra}]'"
    )
