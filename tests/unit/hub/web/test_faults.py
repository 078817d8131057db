"""Errors become a status and a sentence, and nothing else of them gets out."""

from __future__ import annotations

import pytest
from tornado.web import HTTPError, MissingArgumentError

from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from hub.web.faults import NotLoggedInError, fault_of
from hub.web.languages import language

ENGLISH = language("en")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RefusedError, 403),
        (NotFoundError, 404),
        (InvalidError, 422),
        (ConflictError, 409),
        (UnavailableError, 503),
        (NotLoggedInError, 401),
    ],
)
def test_each_class_of_error_has_its_status(kind: type[LabError], status: int) -> None:
    fault = fault_of(kind("Because of {what_else}.", reason="why", what_else="x"), ENGLISH)
    assert (fault.status, fault.reason, fault.message) == (status, "why", "Because of x.")
    assert fault.body() == {"error": {"reason": "why", "message": "Because of x."}}


def test_every_class_of_error_has_a_status() -> None:
    # A program inside a container has an error of its own, which never reaches a page.
    for kind in (k for k in LabError.__subclasses__() if k.__module__ == LabError.__module__):
        assert fault_of(kind("Said.", reason="x"), ENGLISH).status != 500


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (HTTPError(404), 404, "unknown-address"),
        (HTTPError(405), 405, "method"),
        (HTTPError(400, "row 4711"), 400, "unreadable"),
        (MissingArgumentError("x"), 400, "unreadable"),
        (HTTPError(403, "state does not match"), 403, "login"),
    ],
)
def test_the_servers_own_errors_are_said_in_our_words(error: HTTPError, status: int, reason: str) -> None:
    fault = fault_of(error, ENGLISH)
    assert (fault.status, fault.reason) == (status, reason)
    assert "4711" not in fault.message


def test_an_unknown_error_shows_a_reference_and_logs_the_place_alone(caplog: pytest.LogCaptureFixture) -> None:
    def breaks() -> None:
        raise ValueError("row 7 holds 4711")

    with pytest.raises(ValueError, match="4711") as raised:
        breaks()
    fault = fault_of(raised.value, ENGLISH)
    reference = fault.message.rstrip(".").rpartition(" ")[2]
    assert (fault.status, fault.reason) == (500, "internal")
    assert "4711" not in fault.message + caplog.text
    assert f"fault {reference}: ValueError in breaks" in caplog.text
