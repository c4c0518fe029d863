"""The packages: `htm_brian` with its rooms, and the folders beside it that belong to it."""

from setuptools import find_packages, setup

BESIDE = ("models", "protocols", "figures")

setup(
    packages=[
        *find_packages(include=["htm_brian", "htm_brian.*"]),
        *(
            f"htm_brian.{package}"
            for name in BESIDE
            for package in find_packages(include=[name, f"{name}.*"])
        ),
    ],
    package_dir={f"htm_brian.{name}": name for name in BESIDE},
)
