"""Headers pass by allow-list, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_mount.catalogue import Tier
from hub.domain.errors import InvalidError
from spawner_config.gateway.headers import (
    browser_origin,
    browser_rules,
    plain_token,
    request_headers,
    response_headers,
)
from spawner_config.server_folder import Server

SERVER = Server(
    person="scientist",
    project="health",
    tier=Tier.SENSITIVE,
    uid=200_001,
)
ORIGIN = "https://lab.example"
RULES = set(browser_rules(SERVER, ORIGIN))


def answered(*headers: tuple[str, str]) -> dict[str, list[str]]:
    """What passed of an answer's headers, beside the gateway's own."""
    passed: dict[str, list[str]] = {}
    for name, value in response_headers(headers, SERVER, ORIGIN).all():
        if name not in RULES:
            passed.setdefault(name.lower(), []).append(value)
    return passed


def asked(*headers: tuple[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in request_headers(headers, "badge", "https")}


@pytest.mark.parametrize(
    "name",
    ["Clear-Site-Data", "Service-Worker-Allowed", "Link", "Refresh", "Report-To", "Reporting-Endpoints", "NEL",
     "Alt-Svc",
     "SourceMap", "X-SourceMap", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
     "Content-Disposition",
     "Content-Encoding", "Content-Range", "Accept-CH", "Set-Login", "Strict-Transport-Security", "Server", "Via",
     "Connection",
     "Transfer-Encoding", "Upgrade", "Keep-Alive", "Trailer", "Proxy-Authenticate", "WWW-Authenticate", "X-Anything",
     "Speculation-Rules", "Document-Policy", "Origin-Agent-Cluster", "Public-Key-Pins", "Content-Location",
     "Timing-Allow-Origin"],
)  # fmt: skip
def test_a_header_that_is_not_allowed_is_dropped(name: str) -> None:
    assert answered((name, "x")) == {}


@pytest.mark.parametrize(
    "name", ["Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy",
    "Content-Security-Policy-Report-Only"]
)  # fmt: skip
def test_a_workspace_does_not_say_the_gateways_rules(name: str) -> None:
    sent = [v for n, v in response_headers([(name, "evil")], SERVER, ORIGIN).all()]
    assert "evil" not in sent


def test_allowed_headers_pass_with_wellformed_values() -> None:
    good = answered(("Content-Type", "text/html; charset=UTF-8"), ("ETag", '"1"'), ("X-JupyterHub-Version", "6.1.1"))
    assert good == {"content-type": ["text/html; charset=UTF-8"], "etag": ['"1"'], "x-jupyterhub-version": ["6.1.1"]}
    assert answered(("Content-Type", "text/html\r\nX: y")) == {}
    assert answered(("Content-Type", "nonsense")) == {}
    assert answered(("ETag", "a" * 9000)) == {}


def test_pages_come_from_the_workspaces_own_prefix_alone() -> None:
    policy = browser_rules(SERVER, ORIGIN)["Content-Security-Policy"]
    words = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    own = "https://lab.example/user/scientist/health/"
    lab = "https://lab.example/services/gateway/lab/"
    assert words["default-src"] == [own]
    assert words["connect-src"] == [own, "wss://lab.example/user/scientist/health/", lab]
    assert words["frame-ancestors"] == ["'none'"]
    assert words["object-src"] == ["'none'"]
    assert words["base-uri"] == ["'none'"]


def test_scripts_come_from_the_hosts_copy_of_jupyterlab_and_in_the_open_tier_from_the_workspace_too() -> None:
    def scripts(server: Server) -> list[str]:
        policy = browser_rules(server, ORIGIN)["Content-Security-Policy"]
        return next(part.split()[1:] for part in policy.split("; ") if part.startswith("script-src"))

    lab, own = "https://lab.example/services/gateway/lab/", "https://lab.example/user/scientist/health/"
    assert scripts(SERVER) == [lab, f"{own}static/", f"{own}lab/extensions/", "'unsafe-eval'"]
    assert scripts(SERVER.model_copy(update={"tier": Tier.OPEN})) == [lab, own, "'unsafe-eval'"]


@pytest.mark.parametrize(
    "cookie",
    [
        "_xsrf=abc; Path=/user/scientist/health/",
        "jupyterhub-user-0123456789abcdef=x; Path=/user/scientist/health/; HttpOnly",
        "jupyterhub-hub-login=x; Path=/hub/",
        "datalab-workspace=x; Path=/user/",
        "__Host-x=1; Path=/; Secure",
        "=x",
        "",
    ],
)
def test_a_workspace_sets_no_cookie(cookie: str) -> None:
    assert answered(("Set-Cookie", cookie)) == {}


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("/user/scientist/health/lab?x=1", "/user/scientist/health/lab?x=1"),
        ("https://lab.example/user/scientist/health/lab", "/user/scientist/health/lab"),
    ],
)
def test_a_redirect_on_the_workspaces_own_ways_passes(place: str, kept: str) -> None:
    assert answered(("Location", place)) == {"location": [kept]}


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/", "//evil.example/hub/", "/\\evil.example", "\\\\evil.example", "http://lab.example/hub/",
     "javascript:alert(1)", "data:text/html,x", "/user/scientist/other/lab", "/user/steward/health/",
     "/services/portal/", "/hub/", "/hub/user/scientist/other/lab", "/hub/api/oauth2/authorize?client_id=a&state=b",
     "/", "lab", "../x", "?x", "/user/scientist/health/../other/", "/user/scientist/health/%2e%2e/other/",
     "/hub/%2e%2e/x",
     "/hub/a b", "/hub/\r\nX: y", "https://lab.example@evil.example/hub/", "https://lab.example.evil.example/hub/",
     "/hub/\t", "https:/hub/", "///hub/"],
)  # fmt: skip
def test_a_redirect_off_the_workspaces_ways_is_dropped(place: str) -> None:
    assert answered(("Location", place)) == {}


def test_a_workspace_learns_no_address_no_cookie_and_no_token_but_the_gateways_badge() -> None:
    told = asked(
        ("Host", "lab.example"),
        ("Cookie", "jupyterhub-hub-login=secret; _xsrf=a; jupyterhub-user-0123456789abcdef=b; other=c"),
        ("Cookie", "jupyterhub-services=secret; jupyterhub-user-ffffffffffffffff=d"),
        ("Authorization", "token a-persons-own"),
        ("X-Forwarded-For", "198.51.100.7"),
        ("X-Real-Ip", "198.51.100.7"),
        ("Forwarded", "for=198.51.100.7"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Range", "bytes=0-1"),
        ("Accept-Encoding", "gzip"),
        ("X-Forwarded-Proto", "gopher"),
    )
    assert told == {
        "host": "lab.example",
        "x-forwarded-proto": "https",
        "authorization": "token badge",
    }


@pytest.mark.parametrize(
    "host", ["", "lab.example/x", "a b", "a\nb", "user@lab.example", "lab.example:99999999", "[x]", "';"]
)
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(InvalidError):
        browser_origin(host, "https")


def test_the_origin_is_the_host_that_was_asked_for() -> None:
    assert browser_origin("LAB.example:8000", "http") == "http://lab.example:8000"
    assert browser_origin("[::1]:8000", "http") == "http://[::1]:8000"


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=80)), max_size=8))
def test_nothing_that_passes_can_end_a_line(headers: list[tuple[str, str]]) -> None:
    for name, value in response_headers(headers, SERVER, ORIGIN).all():
        assert not {"\r", "\n", "\0"} & set(name + value)


def test_a_word_of_a_header_has_no_space_and_no_comma() -> None:
    assert plain_token("v1.kernel.websocket.jupyter.org")
    assert not any(map(plain_token, ["", "a b", "a,b", "a\n", "é"]))
