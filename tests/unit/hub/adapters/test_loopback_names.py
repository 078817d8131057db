"""Names below ``.localhost`` are this machine, and no other name is."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from hub.adapters.loopback_names import is_loopback_name
from hub.adapters.loopback_session import LoopbackAdapter, loopback_session


@pytest.mark.parametrize("name", ["lab.localhost", "alice.lab.localhost", "LAB.LOCALHOST", "lab.localhost."])
def test_a_name_below_localhost_is_this_machine(name: str) -> None:
    assert is_loopback_name(name)


@pytest.mark.parametrize("name", ["localhost.example.org", "lablocalhost", "lab.localhost.example", "", "example.org"])
def test_no_other_name_is(name: str) -> None:
    assert not is_loopback_name(name)


def prepared(url: str) -> requests.PreparedRequest:
    return requests.Request("GET", url).prepare()


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://alice.lab.localhost:8000/a", "127.0.0.1"), ("http://lab.example.org:8000/a", "lab.example.org")],
)
def test_a_request_is_sent_where_its_name_leads(url: str, host: str) -> None:
    pool = LoopbackAdapter().get_connection_with_tls_context(prepared(url), verify=True)
    assert (pool.host, pool.port) == (host, 8000)


def test_the_name_is_said_and_the_request_itself_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[requests.PreparedRequest] = []

    def send(_: Any, request: requests.PreparedRequest, *__: Any, **___: Any) -> requests.Response:
        sent.append(request)
        return requests.Response()

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    request = prepared("http://lab.localhost:8000/a")
    assert LoopbackAdapter().send(request).request is request
    assert sent[0].headers["Host"] == "lab.localhost:8000"
    assert "Host" not in request.headers


def test_the_session_takes_nothing_from_the_environment() -> None:
    assert loopback_session().trust_env is False
