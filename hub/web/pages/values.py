"""Words that people type into forms, as the values that they stand for; the use cases judge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.domain.notebooks import Parameter, ParameterType, ParameterValue

WORDS = {"true": True, "false": False}
EXACT = 1e15
"""Whole numbers below are exact as a float."""


def value_of(kind: str, text: str) -> ParameterValue:
    """Read a parameter's value; what is not of its type stays the text, which the schema then refuses."""
    try:
        match kind:
            case ParameterType.INTEGER:
                return int(text)
            case ParameterType.NUMBER:
                return float(text.replace(",", "."))
            case ParameterType.BOOLEAN:
                return WORDS[text]
    except (ValueError, KeyError):
        return text
    return text


def number_of(text: str) -> float | str | None:
    """Read a bound; none where nothing was typed."""
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        return text


def typed(value: ParameterValue | None) -> str:
    """Write a value as a form takes it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < EXACT else str(value)


def values_of(schema: tuple[Parameter, ...], texts: dict[str, str]) -> dict[str, ParameterValue]:
    """Read the form of a run; an empty field takes the default."""
    return {p.name: value_of(p.type, texts[p.name]) for p in schema if texts.get(p.name)}


def zero_of(line: str) -> dict[str, str]:
    """Read a structural zero, ``column = value; column = value``; without “=”, the value is the empty one."""
    pairs = (pair.partition("=") for pair in line.split(";") if pair.strip())
    return {column.strip(): value.strip() for column, _, value in pairs}


def zero_text(zero: Mapping[str, str]) -> str:
    """Write a structural zero as its form takes it back."""
    return "; ".join(f"{column} = {value}" for column, value in zero.items())


def zeros_text(zeros: Iterable[Mapping[str, str]]) -> str:
    """Write structural zeros, one a line."""
    return "\n".join(map(zero_text, zeros))
