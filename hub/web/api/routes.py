"""Routes: what a row of the API's table says, and what its function is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Generic, TypeVar

from pydantic import ValidationError

from hub.domain.errors import InvalidError, NotFoundError
from hub.services.lab import Lab
from hub.web.models.texts import Model, is_plain

B = TypeVar("B", bound=Model)
LONGEST_PLACE = 400
BYTES = "application/octet-stream"
CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"
JSON_LD = "application/ld+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request(Generic[B]):
    """What was asked: names from the address, the checked model, and for an upload the bytes."""

    path: Mapping[str, str]
    body: B
    source: BinaryIO | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """Bytes that a person takes along under a name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Route(Generic[B]):
    """One row of the table.

    ``model`` is read from the query of a GET and from the JSON body of everything else; an upload's body is the file
    itself, so its model is read from the query, too. ``answer`` is the type that the function returns; ``media`` is the
    media type of a download. With ``until``, which says of an answer whether it is the last, the answer is sent again
    each time that it changes, as server-sent events.
    """

    method: str
    path: str
    summary: str
    call: Callable[[Lab, str, Request[B]], object]
    model: type[B]
    answer: Any
    takes_file: bool = False
    media: str = BYTES
    until: Callable[[Any], bool] | None = None

    @property
    def in_query(self) -> bool:
        """Say whether the model comes from the query."""
        return self.method == "GET" or self.takes_file


def checked_path(path: Mapping[str, str]) -> dict[str, str]:
    """Names in an address are plain and short; what is not looks like what is not there."""
    if any(not is_plain(v) or not 0 < len(v) <= LONGEST_PLACE for v in path.values()):
        raise NotFoundError("There is nothing at this address.", reason="unknown-address")
    return dict(path)


def request_of(model: type[B], path: Mapping[str, str], body: Mapping[str, object]) -> Request[B]:
    """Make a checked request of plain values; a form does this with its fields."""
    return Request(checked_path(path), checked(lambda: model.model_validate(body)))


def checked(make: Callable[[], B]) -> B:
    """Say where a request is not what the model takes; never which value it had."""
    try:
        return make()
    except ValidationError as error:
        faults = [_place(fault["loc"], fault["type"]) for fault in error.errors(include_input=False)]
        raise InvalidError(
            "Something that was sent is missing or not of the expected form: {places}.",
            reason="invalid",
            places="; ".join(sorted(set(faults))[:10]),
        ) from None


def _place(location: tuple[int | str, ...], kind: str) -> str:
    """Name the place by the model's own words; a key that a person made up is not repeated."""
    words = [str(part) for part in location if isinstance(part, int) or part in field_names()][:4]
    return f"{'.'.join(words) or '—'} ({kind.replace('_', ' ')})"


@cache
def field_names() -> frozenset[str]:
    """Return the names of all fields of all models."""
    return frozenset(name for model in Model.__subclasses__() for name in model.model_fields)
