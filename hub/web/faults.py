"""Faults: the one place where errors become a status and a sentence.

Invariants:

* an error that is none of the lab's shows nothing of itself: a person gets a reference, the log the place in the code;
* the log holds no text of an error that is none of ours, since it could hold a value from the data.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from dataclasses import dataclass
from http import HTTPStatus

from tornado.web import HTTPError

from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from hub.web.languages import Language

log = logging.getLogger("datalab.portal")

STATUSES: dict[type[LabError], int] = {
    RefusedError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ConflictError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotLoggedInError(RefusedError):
    """Nobody is logged in, or the token is not known."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a person is told."""

    status: int
    reason: str
    message: str

    def body(self) -> dict[str, object]:
        """Return the API's one error shape."""
        return {"error": {"reason": self.reason, "message": self.message}}


def fault_of(error: BaseException, language: Language) -> Fault:
    """Return what to say of an error."""
    known = error if isinstance(error, LabError) else _known(error)
    if known is None:
        return _unknown(error, language)
    status = error.status_code if isinstance(error, HTTPError) else status_of(known)
    return Fault(status, known.reason, language.error(known))


def status_of(error: LabError) -> int:
    """Return the HTTP status of an error of the lab."""
    if isinstance(error, NotLoggedInError):
        return HTTPStatus.UNAUTHORIZED
    return next((int(status) for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def _known(error: BaseException) -> LabError | None:
    """What tornado and the hub's login say by a status becomes a sentence of ours."""
    if not isinstance(error, HTTPError):
        return None
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFoundError("There is nothing at this address.", reason="unknown-address")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return InvalidError("This address does not take this kind of request.", reason="method")
        case HTTPStatus.BAD_REQUEST:
            return InvalidError("The request cannot be read; send it again.", reason="unreadable")
        case HTTPStatus.FORBIDDEN:
            return RefusedError("The login did not work out; go back and log in again.", reason="login")
    return None


def _unknown(error: BaseException, language: Language) -> Fault:
    reference = secrets.token_hex(4)
    places = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places))
    log.error("fault %s: %s in %s", reference, type(error).__name__, where)
    sentence = (
        "Something went wrong that is not your doing; nothing was lost. Tell the administrator: fault {reference}."
    )
    values = {"reference": reference}
    return Fault(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", language.text(sentence, values))
