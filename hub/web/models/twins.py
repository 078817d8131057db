"""What is sent about synthetic twins."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from datasets_mount.synthetic import FEWEST_ROWS, LARGEST_EPSILON, LONGEST_VALUE, MOST_DOMAINS, MOST_ROWS, MOST_VALUES
from hub.web.models.texts import Line, Model

DeclaredValue = Annotated[Line, Field(max_length=LONGEST_VALUE)]


class DomainBody(Model):
    """What is declared of a column from public knowledge: its values, or the numbers between which it lies."""

    column: Line
    values: Annotated[tuple[DeclaredValue, ...], Field(max_length=MOST_VALUES)] = ()
    low: Annotated[float, Field(allow_inf_nan=False)] | None = None
    high: Annotated[float, Field(allow_inf_nan=False)] | None = None


class TwinBody(Model):
    """A twin that is to be made: what it may cost, how many rows it has, and what is declared of columns."""

    epsilon: Annotated[Decimal, Field(gt=0, le=LARGEST_EPSILON, decimal_places=3, allow_inf_nan=False)] = Decimal(1)
    rows: Annotated[int, Field(ge=FEWEST_ROWS, le=MOST_ROWS)] = 1000
    domains: Annotated[tuple[DomainBody, ...], Field(max_length=MOST_DOMAINS)] = ()
