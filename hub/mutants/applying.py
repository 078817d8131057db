"""Putting a changed module in the place of the real one, in this process alone."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import CodeType, FunctionType, ModuleType
from typing import Any

Place = tuple[str, str, int]
"""A function by its file, its qualified name and its first line."""


class Swapper:
    """Gives functions that exist another code: wherever they are registered, wrapped or imported, they change."""

    def __init__(self, files: frozenset[str]) -> None:
        self._functions: dict[Place, list[FunctionType]] = {}
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename in files:
                self._functions.setdefault(_place(thing.__code__), []).append(thing)

    def swap(self, changed: CodeType) -> None:
        """Put a changed module's functions in the place of the real ones; ValueError where their form differs."""
        for code in _functions_in(changed):
            for function in self._functions.get(_place(code), ()):
                if function.__code__ != code:
                    function.__code__ = code


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno  # type: ignore[attr-defined, unused-ignore]


def _functions_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _functions_in(constant)


class Changed(MetaPathFinder, Loader):
    """Imports one module from the code that it is given."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module's place, for its own name."""
        return spec_from_file_location(fullname, self._path, loader=self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed code."""
        exec(self._code, module.__dict__)  # noqa: S102 - it is the project's own module, with one change

    def install(self) -> None:
        """Be asked first from now on."""
        if self._name in sys.modules:
            raise ImportError(f"{self._name} was imported before it was changed")
        sys.meta_path.insert(0, self)
