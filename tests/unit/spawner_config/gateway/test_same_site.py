"""What a page of another site could have a browser do, by what the browser says of it."""

from __future__ import annotations

import pytest

from hub.domain.errors import RefusedError
from spawner_config.gateway.same_site import check_is_same_site

OWN = "https://lab.example"
WRITES = ["POST", "PUT", "PATCH", "DELETE"]
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://lab.example"},
    {"Origin": "https://lab.example:444"},
    {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": OWN, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


def refused(method: str, headers: dict[str, str], *, websocket: bool = False, by_cookie: bool = True) -> bool:
    try:
        check_is_same_site(method, headers, OWN, websocket=websocket, by_cookie=by_cookie)
    except RefusedError as error:
        return error.reason == "cross-site"
    return False


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_writes_nothing_and_opens_no_websocket(headers: dict[str, str]) -> None:
    for by_cookie in (True, False):
        assert all(refused(method, headers, by_cookie=by_cookie) for method in WRITES)
        assert refused("GET", headers, websocket=True, by_cookie=by_cookie)


def test_whoever_says_nothing_of_where_they_come_from_writes_with_a_token_alone() -> None:
    assert all(refused(method, {}) for method in WRITES)
    assert refused("GET", {}, websocket=True)
    assert not any(refused(method, {}, by_cookie=False) for method in WRITES)
    assert not refused("GET", {}, websocket=True, by_cookie=False)


@pytest.mark.parametrize("headers", [{"Origin": OWN}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": OWN.upper()}])
def test_a_page_of_the_workspace_writes(headers: dict[str, str]) -> None:
    assert not any(refused(method, headers) for method in WRITES)
    assert not refused("GET", headers, websocket=True)


def test_another_sites_link_leads_here_and_its_page_reads_nothing() -> None:
    assert not refused("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert not refused("GET", {})
    for mode in ("no-cors", "cors", "same-origin"):
        assert refused("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode})
        assert not refused("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": mode})
