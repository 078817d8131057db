"""What a file holds, for the number of votes: by what the reader found in it, never by its name.

Invariants:

* a class is of what leaves, and of what stands encoded in it;
* nothing makes a file milder: each further thing that it holds adds a class, and what has none is unknown, which counts
  as the strictest;
* only the source of code cells is code: prose, tables, pictures and printed outputs of a notebook are what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import polars as pl

from hub.domain.output_classes import OutputClass
from hub.gate.context import Context
from hub.gate.fragments import (
    ArraysFragment,
    FileFragments,
    Fragment,
    ImageFragment,
    TableFragment,
    TextFragment,
    is_source,
)


def classes_in(
    leaves: FileFragments,
    decoded: Iterable[Fragment],
    context: Context,
    guard: Callable[[], AbstractContextManager[object]],
) -> tuple[OutputClass, ...]:
    """Return the classes of what would leave with a file, in the order of the list of them."""
    try:
        with guard():
            held = {_class_of(part, context) for part in (*leaves.fragments, *decoded)}
    except (Exception, pl.exceptions.PanicException):  # noqa: BLE001 — what cannot be told is unknown, whatever went wrong
        held = {OutputClass.UNKNOWN}
    return tuple(each for each in OutputClass if each in held)


def _class_of(fragment: Fragment, context: Context) -> OutputClass:
    """A text that is written as a table is one; a document of JSON may hold anything, and so may what has no class."""
    if isinstance(fragment, TableFragment):
        return OutputClass.TABLE
    if isinstance(fragment, ImageFragment):
        return OutputClass.FIGURE
    if isinstance(fragment, ArraysFragment):
        return OutputClass.MODEL
    if not isinstance(fragment, TextFragment):
        return OutputClass.UNKNOWN
    if is_source(fragment):
        return OutputClass.CODE
    return OutputClass.TABLE if context.tables(fragment) else OutputClass.TEXT
