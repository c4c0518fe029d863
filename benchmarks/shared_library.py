"""A loop in C or C++, compiled and linked into a library that this process can load."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def build(compiler: str, flags: Sequence[str], source: Path, library: Path) -> None:
    """Compile with the flags, and link without them.

    To link with ``-ffast-math`` puts code into the library that makes subnormal numbers zero, for
    good and in everything that the process does from then on.
    """
    code = library.with_suffix(".o")
    subprocess.run([compiler, *flags, "-fPIC", "-c", str(source), "-o", str(code)], check=True)
    subprocess.run([compiler, "-shared", str(code), "-o", str(library)], check=True)
