"""Draft of a parameter schema from the plain assignments of the cell tagged ``parameters``.

Papermill's own inspection reads the cell line by line with a regular expression: it gives no types and passes over
what it does not understand. A draft that reviewers approve must hold every name that the cell assigns, so the cell is
read as Python here, and refused where it is anything but assignments of plain values.
"""

from __future__ import annotations

import ast
import math

from hub.domain.errors import InvalidError
from hub.domain.notebooks import Parameter, ParameterType, ParameterValue, check_schema
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import MOST_PARAMETERS
from hub.sandbox.program import SandboxError

_TYPES: dict[type, ParameterType] = {
    bool: ParameterType.BOOLEAN,
    int: ParameterType.INTEGER,
    float: ParameterType.NUMBER,
    str: ParameterType.CHOICE,
}


def draft_schema(source: str) -> tuple[Parameter, ...]:
    """Return one parameter for each assignment; a text's only choice is its default, for people to widen."""
    try:
        statements = ast.parse(source).body
        drafted = tuple(_draft(*_assignment(statement)) for statement in statements)
        check_schema(drafted)
    except (SyntaxError, ValueError, RecursionError, MemoryError, InvalidError):
        raise SandboxError(SandboxExit.NO_PARAMETERS_CELL) from None
    if len(drafted) > MOST_PARAMETERS:
        raise SandboxError(SandboxExit.TOO_LARGE)
    return drafted


def assigned(source: str) -> dict[str, ParameterValue]:
    """Return the names and values that plain assignments make; ValueError where there is anything else."""
    return dict(_assignment(statement) for statement in ast.parse(source).body)


def _assignment(statement: ast.stmt) -> tuple[str, ParameterValue]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=expression):
            return name, _plain(expression)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as expression, simple=1):
            return name, _annotated(statement.annotation, _plain(expression))
    raise ValueError("not a plain assignment")


def _plain(expression: ast.expr) -> ParameterValue:
    """Return the value of a literal; a name, a call or a list is none."""
    match expression:
        case ast.Constant(value=bool() | int() | str() as value):
            return value
        case ast.Constant(value=float() as value) if math.isfinite(value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            value = _plain(operand)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value
    raise ValueError("not a plain value")


def _annotated(annotation: ast.expr, value: ParameterValue) -> ParameterValue:
    """``rate: float = 1`` is a number; any other annotation must name the value's own type."""
    word = annotation.id if isinstance(annotation, ast.Name) else ""
    if word == "float" and type(value) is int:
        return float(value)
    if word != type(value).__name__:
        raise ValueError("the annotation names another type")
    return value


def _draft(name: str, value: ParameterValue) -> Parameter:
    choices = (value,) if isinstance(value, str) else ()
    return Parameter(name, _TYPES[type(value)], value, choices=choices)
