"""A workspace makes three calls to the hub, with its own names, and no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_mount.catalogue import Tier
from doubles.hub_addresses import every_address
from hub.domain.errors import InvalidError, LabError, RefusedError
from spawner_config.gateway.hub_calls import HubCall, answer, badge_answer, judge
from spawner_config.server_folder import Server

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVER = Server(person="scientist", project="health", tier=Tier.SECRET, uid=200_001)
ACTIVITY = {
    "servers": {"health": {"last_activity": "2026-11-23T11:00:00.000000Z"}},
    "last_activity": "2026-11-23T11:00:00.000000Z",
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"]
PATHS = [
    "/hub/api/users", "/hub/api/users/", "/hub/api/users/scientist", "/hub/api/users/steward",
    "/hub/api/users/steward/activity",
    "/hub/api/users/scientist/server", "/hub/api/users/scientist/servers/health",
    "/hub/api/users/scientist/servers/other",
    "/hub/api/users/scientist/tokens", "/hub/api/users/scientist/tokens/a1", "/hub/api/users/scientist/admin-access",
    "/hub/api/groups", "/hub/api/services", "/hub/api/proxy", "/hub/api/info", "/hub/api/shutdown", "/hub/api/shares/x",
    "/hub/api/authorizations/token/x", "/hub/api/oauth2/authorize",
    "/hub/api/oauth2/token", "/hub/api/security/csp-report", "/hub/metrics",
    "/hub/",
    "/hub/login", "/hub/home", "/hub/admin", "/", "/services/portal/", "/user/scientist/health/", "/hub/api/../admin",
    "/hub/api/user/../users", "/hub/api/user?x=1", "/hub/api/user/", "//hub/api/user", "/hub/api/%75ser",
    "/hub/api/user%2f..",
    "/hub/api?x", "http://127.0.0.1/hub/api/user", "/HUB/api/user", "/hub/api/users/scientist/activity/",
    "/hub/api/users/scientist%2f../steward/activity", "/hub/api/users/scientist/activity?x=1",
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_every_other_call_is_refused(method: str, path: str) -> None:
    with pytest.raises(RefusedError) as raised:
        judge(method, path, b"", SERVER, NOW)
    assert raised.value.reason == "hub-call"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("path", ["/hub/api", "/hub/api/user"])
def test_the_calls_that_read_are_not_made_in_another_way(method: str, path: str) -> None:
    with pytest.raises(RefusedError):
        judge(method, path, b"", SERVER, NOW)


def test_the_three_calls_pass() -> None:
    assert judge("GET", "/hub/api", b"ignored", SERVER, NOW) == HubCall("GET", "/hub/api/")
    assert judge("GET", "/hub/api/user", b"", SERVER, NOW) == HubCall("GET", "/hub/api/user")
    activity = judge("POST", "/hub/api/users/scientist/activity", json.dumps(ACTIVITY).encode(), SERVER, NOW)
    assert json.loads(activity.body)["servers"]["health"]["last_activity"] == "2026-11-23T11:00:00Z"


@pytest.mark.parametrize("servers", [{"other": ACTIVITY["servers"]["health"]}, {"": ACTIVITY["servers"]["health"]}])  # type: ignore[index]
def test_a_server_does_not_speak_for_another(servers: dict[str, object]) -> None:
    body = json.dumps(ACTIVITY | {"servers": servers}).encode()
    with pytest.raises(RefusedError) as raised:
        judge("POST", "/hub/api/users/scientist/activity", body, SERVER, NOW)
    assert raised.value.reason == "hub-call-other-server"


def test_activity_is_never_later_than_the_gateway_saw() -> None:
    late = "2099-01-01T00:00:00Z"
    body = json.dumps({"servers": {"health": {"last_activity": late}}, "last_activity": late}).encode()
    sent = json.loads(judge("POST", "/hub/api/users/scientist/activity", body, SERVER, NOW).body)
    assert sent["last_activity"] == sent["servers"]["health"]["last_activity"] == "2026-11-23T12:00:00Z"


@given(st.binary(max_size=200))
def test_a_body_of_no_known_form_is_refused(body: bytes) -> None:
    with pytest.raises(LabError):
        judge("POST", "/hub/api/users/scientist/activity", body, SERVER, NOW)


def test_a_workspace_reads_who_a_token_belongs_to_and_no_more() -> None:
    body = json.dumps(
        {"kind": "user", "name": "scientist",
        "scopes": ["a"], "groups": ["g"], "servers": {"other": {}}, "admin": False,
         "roles": ["user"], "auth_state": {"access_token": "x"}, "session_id": None}
    ).encode()  # fmt: skip
    read = json.loads(answer(HubCall("GET", "/hub/api/user"), 200, body))
    assert set(read) == {"kind", "name", "scopes", "session_id", "token_id"}


def test_an_answer_of_no_known_form_is_not_passed_on() -> None:
    with pytest.raises(InvalidError):
        answer(HubCall("GET", "/hub/api/user"), 200, b"<html>")
    assert answer(HubCall("GET", "/hub/api/user"), 403, b"{}") == b"{}"


def test_the_gateways_badge_opens_its_own_server_and_no_other() -> None:
    told = json.loads(badge_answer(SERVER))
    assert (told["name"], told["scopes"]) == ("scientist", ["access:servers!server=scientist/health"])


def test_of_all_that_the_hub_answers_a_workspace_reaches_three_calls() -> None:
    addresses = every_address("scientist", "health", "steward")
    assert {"/hub/api/users", "/hub/api/users/steward/tokens", "/hub/api/shutdown", "/hub/metrics"} <= addresses
    reached = set()
    for address in addresses:
        for method in METHODS:
            try:
                judge(method, address, json.dumps(ACTIVITY).encode(), SERVER, NOW)
            except RefusedError:
                continue
            reached.add((method, address))
    assert reached == {
        ("GET", "/hub/api/"),
        ("GET", "/hub/api/user"),
        ("POST", "/hub/api/users/scientist/activity"),
    }
