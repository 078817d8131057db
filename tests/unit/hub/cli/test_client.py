from __future__ import annotations

import io

import pytest
import requests

from doubles.api import URL, Answer, FakeLab, error
from hub.cli.client import Portal, place
from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

ME = ("GET", "/me")


def test_the_token_goes_in_the_header_and_no_redirect_is_followed(fake: FakeLab, portal: Portal) -> None:
    fake.answers[ME] = {"name": "scientist"}
    assert portal.get("/me") == {"name": "scientist"}
    assert fake.calls[0].headers["Authorization"] == "token secret-token"


def test_proxies_and_netrc_of_the_environment_are_left_alone(portal: Portal, fake: FakeLab) -> None:
    assert fake.trust_env is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, RefusedError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidError),
        (503, UnavailableError),
        (400, InvalidError),
        (500, UnavailableError),
    ],
)
def test_an_error_of_the_lab_keeps_its_sentence_and_reason(
    fake: FakeLab, portal: Portal, status: int, kind: type[LabError]
) -> None:
    fake.answers[ME] = error(status, "own-request", "You cannot {do} this.")
    with pytest.raises(kind) as caught:
        portal.get("/me")
    assert (str(caught.value), caught.value.reason) == ("You cannot {do} this.", "own-request")


@pytest.mark.parametrize(
    "answer", [Answer({}, 401), Answer(b"", 302, f"{URL}/hub/login"), error(401, "login", "Log in.")]
)
def test_a_token_that_is_not_accepted_says_where_to_get_one(fake: FakeLab, portal: Portal, answer: Answer) -> None:
    fake.answers[ME] = answer
    with pytest.raises(RefusedError, match="datalab login") as caught:
        portal.get("/me")
    assert caught.value.reason == "token"
    assert "secret-token" not in str(caught.value)


def test_reading_is_tried_again_when_the_lab_is_away_for_a_moment(fake: FakeLab, portal: Portal) -> None:
    fake.answers[ME] = [Answer(b"", 502), Answer({"name": "scientist"})]
    assert portal.get("/me") == {"name": "scientist"}
    assert len(fake.calls) == 2


@pytest.mark.parametrize("method", ["post", "put"])
def test_what_changes_something_is_sent_once(fake: FakeLab, portal: Portal, method: str) -> None:
    fake.answers[(method.upper(), "/runs")] = requests.ConnectionError()
    with pytest.raises(UnavailableError, match="No lab answers"):
        getattr(portal, method)("/runs", {})
    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (requests.ConnectionError(), "unreachable"),
        (requests.ConnectTimeout(), "unreachable"),
        (requests.ReadTimeout(), "timed-out"),
        (requests.exceptions.SSLError(), "certificate"),
        (requests.exceptions.InvalidURL(), "url"),
    ],
)
def test_a_lab_that_does_not_answer_is_said_plainly(
    fake: FakeLab, portal: Portal, fault: Exception, reason: str
) -> None:
    fake.answers[ME] = fault
    with pytest.raises(LabError) as caught:
        portal.get("/me")
    assert caught.value.reason == reason
    assert URL in str(caught.value)


@pytest.mark.parametrize("answer", [Answer(b"<html>", 200), Answer(b"[" * 100_000, 200)])
def test_what_is_no_lab_is_said_to_be_none(fake: FakeLab, portal: Portal, answer: Answer) -> None:
    fake.answers[ME] = answer
    with pytest.raises(UnavailableError) as caught:
        portal.get("/me")
    assert caught.value.reason == "not-json"


def test_a_status_without_a_sentence_gets_one(fake: FakeLab, portal: Portal) -> None:
    fake.answers[ME] = Answer(b"Bad gateway", 502)
    with pytest.raises(UnavailableError, match="502"):
        portal.get("/me")
    assert len(fake.calls) == 3


def test_a_file_is_sent_as_it_is(fake: FakeLab, portal: Portal) -> None:
    fake.answers[("POST", "/uploads")] = {"id": "upload-a"}
    assert portal.upload_stream(io.BytesIO(b"a,b\n"), "t.csv") == {"id": "upload-a"}
    assert (fake.calls[0].body, fake.calls[0].query) == (b"a,b\n", {"name": "t.csv"})


def test_empty_words_are_left_out_of_a_query(fake: FakeLab, portal: Portal) -> None:
    fake.answers[("GET", "/runs")] = []
    portal.get("/runs", project="")
    assert fake.calls[0].query == {}


def test_a_word_cannot_lead_elsewhere() -> None:
    assert place("exports", "../people?a=b#c", "é") == "/exports/..%2Fpeople%3Fa%3Db%23c/%C3%A9"
