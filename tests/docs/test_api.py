"""What the documented rooms offer says what it takes and returns, and which errors it raises."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

import pytest

API = Path(__file__).resolve().parents[2] / "docs" / "api.rst"
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
TOLD = re.compile(r"^([*\w]+(?:,\s+[*\w]+)*)(?: : |$)", re.MULTILINE)
ARRAY = re.compile(r"ndarray|_SupportsArray")
"""In a type as `typing` shows it, NumPy's ArrayLike among them."""
CHECKS = re.compile(r"^_?(check|require)_")
"""Functions that raise where what they are given is wrong."""
NOT_ITS_OWN = ("NotImplementedError", "AssertionError", "AttributeError")


class Told:
    """One function, class or property, and what its docstring says of it."""

    def __init__(self, thing: Any, of_class: bool = False) -> None:
        self.thing = thing
        self.is_class = inspect.isclass(thing)
        self.of_class = of_class
        doc = inspect.getdoc(thing) or ""
        parts = SECTION.split(doc)
        self.summary = parts[0].strip()
        self.sections = dict(zip(parts[1::2], parts[2::2], strict=True))

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        names = inspect.signature(self.thing).parameters
        return {name: each for name, each in names.items() if name not in ("self", "cls")}

    @cached_property
    def types(self) -> dict[str, Any]:
        thing = self.thing.fget if isinstance(self.thing, property) else self.thing
        if self.is_class and not is_dataclass(thing):
            thing = thing.__init__
        try:
            return get_type_hints(thing)
        except NameError:  # of a name that is imported for the type checker only
            return dict(thing.__annotations__)

    def type_of(self, name: str) -> str:
        found = self.types.get(name)
        return "None" if found in (None, type(None)) else str(found)

    def is_array(self, name: str) -> bool:
        found = self.type_of(name)
        return ARRAY.search(found) is not None and "Callable" not in found

    @cached_property
    def body(self) -> list[ast.AST]:
        """Return what runs when it is called; of a class, when one is made."""
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(self.thing))).body[0]
        except (OSError, TypeError):
            return []
        if not self.is_class:
            return list(ast.walk(tree))
        making = ("__init__", "__post_init__", "__new__")
        own = [each for each in ast.iter_child_nodes(tree) if getattr(each, "name", "") in making]
        return [node for each in own for node in ast.walk(each)]

    def raises(self) -> bool:
        for node in self.body:
            if isinstance(node, ast.Raise) and node.exc is not None:
                if not any(name in ast.unparse(node.exc) for name in NOT_ITS_OWN):
                    return True
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if CHECKS.match(name):
                    return True
        return False

    def faults(self) -> list[str]:
        if isinstance(self.thing, property):
            return self._property()
        if not self.summary:
            return ["no docstring"]
        found = self._parameters()
        returned = "" if self.is_class else self.type_of("return")
        if returned not in ("None", "") and not {"Returns", "Yields"} & set(self.sections):
            found.append("no Returns")
        text = self.sections.get("Returns", "") + self.sections.get("Yields", "")
        if returned and self.is_array("return") and "shape" not in text:
            found.append("no shape of what it returns")
        if self.raises() and "Raises" not in self.sections:
            found.append("no Raises")
        return found

    def _parameters(self) -> list[str]:
        if self.is_class and (self.thing.__doc__ is None or _no_arguments(self.thing)):
            return []
        text = self.sections.get("Parameters", "")
        if self.is_class:  # of a dataclass or a named tuple they are one
            text += "\n" + self.sections.get("Attributes", "")
        told = {name.strip(" *") for names in TOLD.findall(text) for name in names.split(",")}
        found = [f"parameter {name}" for name in self.parameters if name not in told]
        arrays = [name for name in self.parameters if self.is_array(name)]
        if arrays and not found and "shape" not in text:
            found.append(f"no shape of {', '.join(arrays)}")
        return found

    def _property(self) -> list[str]:
        if not self.summary:
            return ["no docstring"]
        return ["no shape"] if self.is_array("return") and "shape" not in self.summary else []


def _no_arguments(kind: type) -> bool:
    """Whether nobody makes one by a call: an interface, an error, an enumeration."""
    return getattr(kind, "_is_protocol", False) or issubclass(kind, BaseException | int)


def rooms() -> list[str]:
    """Return the names of the page: the package's own, and modules."""
    return re.findall(r"^   (htm_brian[\w.]+)$", API.read_text(encoding="utf-8"), re.MULTILINE)


def members() -> Iterator[tuple[str, Any]]:
    for name in rooms():
        owner, _, last = name.rpartition(".")
        offered = getattr(importlib.import_module(owner), last, None)
        if is_callable(offered):
            yield from with_methods(name, offered)
            continue
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        for key, value in vars(module).items():
            own = getattr(value, "__module__", None) == name if listed is None else key in listed
            if own and not key.startswith("_") and is_callable(value):
                yield from with_methods(f"{name}.{key}", value)


def is_callable(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isfunction(value)


def with_methods(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield a function, or a class with its public methods and properties."""
    yield name, thing
    if inspect.isclass(thing):
        for key, value in vars(thing).items():
            bare = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if not key.startswith("_") and (
                inspect.isfunction(bare) or isinstance(bare, property | cached_property)
            ):
                yield f"{name}.{key}", getattr(thing, key)


MEMBERS = {name: thing for name, thing in members() if not isinstance(thing, cached_property)}


def test_there_is_something_to_look_at() -> None:
    assert "htm_brian.TemporalMemory.compute" in MEMBERS and len(MEMBERS) > 300


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_everything_is_told(name: str) -> None:
    assert Told(MEMBERS[name]).faults() == []
