"""Words typed as ``key=value`` become parameters of the types that the notebook's schema names."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hub.cli.client import Json
from hub.domain.errors import InvalidError

TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
WANTED = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


def typed(words: Iterable[str], schema: Iterable[Json]) -> dict[str, object]:
    """Return the values by name; the lab itself checks ranges and choices."""
    types = {parameter["name"]: parameter["type"] for parameter in schema}
    values: dict[str, object] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise InvalidError("Parameters are typed as name=value, for example year=3.", reason="parameter-form")
        if name not in types:
            raise InvalidError(
                "This notebook has no parameter of that name; it has: {names}.",
                reason="parameter-unknown",
                names=", ".join(types) or "none",
            )
        if name in values:
            raise InvalidError("The parameter {name} is given twice.", reason="parameter-twice", name=name)
        values[name] = _value(name, types[name], text)
    return values


def _value(name: str, kind: str, text: str) -> object:
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return _finite(float(text))
        if kind == "boolean":
            return _boolean(text.lower())
    except ValueError:
        raise InvalidError(
            "The parameter {name} must be {wanted}.", reason="parameter-value", name=name, wanted=WANTED[kind]
        ) from None
    return text


def _finite(number: float) -> float:
    """JSON has no infinity and no NaN."""
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    if text not in TRUE | FALSE:
        raise ValueError
    return text in TRUE
