"""Headers keep other scripts, frames and sites out."""

from __future__ import annotations

import pytest

from hub.web.headers import BARE_POLICY, PLAIN, page_policy, refused_fetch


def test_scripts_come_from_the_portals_own_folder_alone() -> None:
    policy = page_policy("lab.example:8000", "/services/portal/")
    assert "script-src lab.example:8000/services/portal/static/;" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("host", ["", "lab'; script-src *", "lab example", "lab;", "*", "[::1"])
def test_a_strange_host_allows_no_script_at_all(host: str) -> None:
    assert "script-src 'none';" in page_policy(host, "/services/portal/")


def test_what_is_no_page_runs_in_a_sandbox() -> None:
    assert BARE_POLICY.endswith("sandbox")
    assert PLAIN["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "mode", "destination", "site", "refused"),
    [
        ("GET", "navigate", "document", "none", False),
        ("GET", "navigate", "document", "cross-site", False),
        ("POST", "navigate", "document", "same-origin", False),
        ("GET", "navigate", "iframe", "same-origin", True),
        ("GET", "navigate", "embed", "same-origin", True),
        ("GET", "no-cors", "image", "same-origin", False),
        ("GET", "no-cors", "image", "cross-site", True),
        ("GET", "no-cors", "empty", "same-origin", True),
        ("GET", "no-cors", "script", "same-origin", True),
        ("POST", "no-cors", "empty", "same-origin", True),
        ("GET", "websocket", "websocket", "same-origin", False),
        ("GET", "same-origin", "empty", "same-origin", False),
        ("GET", "", "", "", False),
    ],
)
def test_a_request_is_judged_by_where_its_answer_goes(
    method: str, mode: str, destination: str, site: str, *, refused: bool
) -> None:
    """What passes here in the modes ``cors`` and ``same-origin`` still needs the page's token."""
    assert refused_fetch(method, mode, destination, site) is refused
