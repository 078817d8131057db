"""What a browser is made to send: every form, route and page, from the portal's own tables."""

from __future__ import annotations

import re

import pytest
import requests

from doubles.portal import login_cookie
from hub.web.pages.table import FORMS, PAGES
from integration.test_portal_roles import MATRIX, PAGE_MATRIX, filled, site

__all__ = ["site"]
Site = tuple[str, dict[str, str]]
WHO = "jobs-steward"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
CROSS_SITE = NAVIGATION | {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
REFUSED = "made for another login"
SIMPLE = {
    "text/plain": "{}",
    "application/x-www-form-urlencoded": "a=b",
    "multipart/form-data; boundary=x": '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
}
"""What a page of another site sends without asking first: kinds of body, with one of each."""
CLAIMS = {
    "Forwarded": "for=127.0.0.1;host=localhost;proto=https",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-User": "administrator",
    "X-Remote-User": "administrator",
    "Remote-User": "administrator",
    "X-HTTP-Method-Override": "DELETE",
    "X-Original-URL": "/services/portal/api/v1/me",
}
"""Headers by which a proxy would say who asks, or for what."""
CHANGING = [route for route in sorted(MATRIX) if route[0] != "GET"]


def token_of(base: str, session: requests.Session) -> str:
    """The token on a page of whoever the session's cookies belong to."""
    found = re.search(
        r'name="portal-token" content="([^"]+)"', session.get(f"{base}/", headers=NAVIGATION, timeout=30).text
    )
    assert found
    return found[1]


def logged_in(who: str) -> requests.Session:
    session = requests.Session()
    session.cookies.update(login_cookie(who))
    return session


def tokens(base: str) -> tuple[requests.Session, str, dict[str, str]]:
    """A person's browser, the token that is its own, and such as are not."""
    session = logged_in(WHO)
    own = token_of(base, session)
    return session, own, {"none": "", "invented": "2|a|b|1", "another's": token_of(base, logged_in("scientist"))}


def test_no_form_is_taken_without_the_persons_own_token(site: Site) -> None:
    base, made = site
    session, own, foreign = tokens(base)
    names = {"id": made["request"], "name": "nowhere", "exception": "none"}
    assert FORMS
    for form in FORMS:
        address = base + filled(form.path, names)
        for kind, token in foreign.items():
            answer = session.post(address, data={"_xsrf": token}, headers=CROSS_SITE, timeout=30, allow_redirects=False)
            assert (answer.status_code, REFUSED in answer.text) == (403, True), (form.path, kind)
        answer = session.post(address, data={"_xsrf": own}, headers=NAVIGATION, timeout=30, allow_redirects=False)
        assert REFUSED not in answer.text, form.path


@pytest.mark.parametrize("route", CHANGING, ids=" ".join)
def test_no_route_changes_anything_for_a_cookie_alone(site: Site, route: tuple[str, str]) -> None:
    base, made = site
    session, own, foreign = tokens(base)
    address = f"{base}/api/v1{filled(MATRIX[route][0], made)}"
    for token in foreign.values():
        for kind, body in SIMPLE.items():
            head = {"Content-Type": kind, "X-XSRFToken": token, "Sec-Fetch-Mode": "cors", "Connection": "close"}
            answer = session.request(route[0], address, data=body, headers=head, timeout=30)
            assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "xsrf"), kind
    head = {"X-XSRFToken": own, "Sec-Fetch-Mode": "cors", "Content-Type": "application/json"}
    answer = session.request(route[0], address, data="[", headers=head, timeout=30)
    assert '"xsrf"' not in answer.text


@pytest.mark.parametrize("page", sorted(PAGE_MATRIX))
def test_no_page_is_shown_in_a_frame(site: Site, page: str) -> None:
    base, made = site
    address, session = base + filled(PAGE_MATRIX[page][0], made), logged_in(WHO)
    shown = session.get(address, headers=NAVIGATION, timeout=30, allow_redirects=False)
    assert "frame-ancestors 'none'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Frame-Options"] == "DENY"
    assert REFUSED not in shown.text
    for place in ("iframe", "frame", "embed", "object"):
        framed = session.get(address, headers=NAVIGATION | {"Sec-Fetch-Dest": place}, timeout=30, allow_redirects=False)
        assert framed.status_code == 403, place


@pytest.mark.parametrize("route", [route for route in sorted(MATRIX) if route[0] == "GET"], ids=" ".join)
def test_no_header_says_who_asks(site: Site, route: tuple[str, str]) -> None:
    base, made = site
    address = f"{base}/api/v1{filled(MATRIX[route][0], made)}"
    for name, value in CLAIMS.items():
        alone = requests.get(address, headers={name: value}, timeout=30, allow_redirects=False)
        unknown = requests.get(address, headers={name: value, "Authorization": "token nobody-token"}, timeout=30)
        assert (alone.status_code, unknown.status_code) == (401, 403), name


@pytest.mark.parametrize("token", ["narrow-token", "machine-token", "metrics-token"])
def test_no_token_without_the_scope_and_no_service_reaches_a_route(site: Site, token: str) -> None:
    base, made = site
    for method, path in sorted(MATRIX):
        address = f"{base}/api/v1{filled(MATRIX[method, path][0], made)}"
        head = {"Authorization": f"token {token}"}
        assert requests.request(method, address, json={}, headers=head, timeout=30).status_code == 403, (method, path)


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example", "\\\\elsewhere.example", "/\\elsewhere.example", "%2f%2felsewhere.example",
        "https://elsewhere.example", "javascript:alert(1)", "/services/portal//../..//elsewhere.example",
        "/services/portal/\\elsewhere.example", "\t//elsewhere.example", "/services/portal.elsewhere.example",
    ],
)  # fmt: skip
def test_the_language_switch_leads_nowhere_else(site: Site, address: str) -> None:
    base, _ = site
    session, own, _ = tokens(base)

    def led(following: str) -> str:
        fields = {"_xsrf": own, "to": "fr", "next": following}
        answer = session.post(f"{base}/language", data=fields, headers=NAVIGATION, timeout=30, allow_redirects=False)
        assert answer.status_code == 303
        return answer.headers["Location"]

    assert led(address) == "/services/portal/"
    assert led("/services/portal/exports?project=wages") == "/services/portal/exports?project=wages"


def test_every_page_is_attacked() -> None:
    assert {page.path for page in PAGES} == set(PAGE_MATRIX)
