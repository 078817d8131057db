"""Promise 3: what was copied from a browser opens nothing after its person has logged out, or is known no more.

Hub, proxy and provider are real. The attacker holds all cookies of a browser, a code that the hub gave for a
workspace's login, and the token that such a code became. Each of them is first seen to work.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from attacks.fake_engine import listening
from hub.adapters.identity import prepare_identity
from hub.adapters.secrets import Secret
from integration.standin_lab import Lab, log_in, make_lab
from spawner_config.gateway.login import CLIENT, REDIRECT
from spawner_config.hub_traits.traits import KNOWN_AGAIN_SECONDS
from spawner_config.server_folder import CONTROL_SOCKET, control_folder
from waiting import wait_for

PERSON, OTHER = "scientist", "steward"


@dataclass(frozen=True)
class Standing:
    """A lab that runs, and its people's passwords."""

    lab: Lab
    passwords: dict[str, str]

    @property
    def secret(self) -> str:
        return self.lab.settings.secret(Secret.GATEWAY).read_text().strip()

    def hub(self, path: str) -> str:
        return f"{self.lab.settings.public_url}/hub/{path}"

    def browser(self, name: str = PERSON) -> requests.Session:
        session, page = log_in(self.lab, name, self.passwords[name])
        assert page.text == f"portal of {name}"
        assert self.is_in(session)
        return session

    def is_in(self, session: requests.Session) -> bool:
        answer = session.get(self.hub("home"), allow_redirects=False, timeout=20)
        assert answer.status_code in (200, 302)
        return answer.status_code == 200

    def counts(self, token: str) -> bool:
        """Whether the hub still says whose token it is; the gateway and the portal go by its word."""
        answer = requests.get(self.hub("api/user"), headers={"Authorization": f"token {token}"}, timeout=20)
        assert answer.status_code in (200, 403)
        return answer.status_code == 200

    def code(self, session: requests.Session) -> tuple[str, str]:
        """Begin a workspace's login as the gateway does; returns the hub's code, and what it takes to use it."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "state": "state",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        answer = session.get(self.hub("api/oauth2/authorize"), params=asked, allow_redirects=False, timeout=20)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0], verifier

    def token(self, code: tuple[str, str]) -> str:
        """Change a code for a token, as the gateway does; empty where the hub refuses."""
        form = {
            "client_id": CLIENT,
            "client_secret": self.secret,
            "grant_type": "authorization_code",
            "code": code[0],
            "redirect_uri": REDIRECT,
            "code_verifier": code[1],
        }
        answer = requests.post(self.hub("api/oauth2/token"), data=form, timeout=20)
        return str(answer.json()["access_token"]) if answer.status_code == 200 else ""

    def take_out(self, name: str) -> None:
        """Take somebody out of the records, and start the hub anew, which forgets when it last asked about them."""
        assert KNOWN_AGAIN_SECONDS <= 60
        self.lab.known.write_text(" ".join({PERSON, OTHER} - {name}))
        self.lab.kill("hub")
        wait_for(self._answers, 60, "the hub does not come back")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(self.hub("api/"), timeout=20).status_code == 200
        return False

    def own_token(self, session: requests.Session, name: str = PERSON) -> str:
        """A token that a person makes for the command line."""
        xsrf = {"X-XSRFToken": session.cookies.get("_xsrf", path="/hub/") or "", "Referer": self.hub("home")}
        made = session.post(self.hub(f"api/users/{name}/tokens"), json={}, headers=xsrf, timeout=20)
        return str(made.json()["token"])


@contextmanager
def standing_lab(folder: Path, more: str = "") -> Iterator[Standing]:
    """A lab that runs, with more lines in its hub's configuration."""
    lab = make_lab(folder)
    with (folder / "hub_config.py").open("a") as config:
        config.write(more)
    passwords = prepare_identity(lab.settings, [(PERSON, "Data scientist"), (OTHER, "Data steward")])
    lab.start()
    try:
        yield Standing(lab, passwords)
    finally:
        lab.stop()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing_lab(tmp_path_factory.mktemp("logins")) as made:
        yield made


def copied(session: requests.Session) -> requests.Session:
    """Another browser with the same cookies."""
    thief = requests.Session()
    thief.trust_env = False
    for cookie in session.cookies:
        thief.cookies.set_cookie(copy.copy(cookie))
    return thief


def test_copied_cookies_open_nothing_after_a_logout(standing: Standing) -> None:
    mine = standing.browser()
    thief = copied(mine)
    assert standing.is_in(thief)
    mine.get(standing.hub("logout"), timeout=20)
    assert not standing.is_in(mine)
    assert not standing.is_in(thief)


def test_a_logout_ends_the_logins_in_all_browsers_of_its_person_and_of_nobody_else(standing: Standing) -> None:
    """Who copied the cookies may have made a session of their own of them."""
    mine, elsewhere, others = standing.browser(), standing.browser(), standing.browser(OTHER)
    mine.get(standing.hub("logout"), timeout=20)
    assert not standing.is_in(elsewhere)
    assert standing.is_in(others)
    assert standing.is_in(standing.browser())


def test_codes_and_tokens_of_a_login_open_nothing_after_the_logout(standing: Standing) -> None:
    mine = standing.browser()
    thief = copied(mine)
    del thief.cookies["jupyterhub-session-id"]  # it gets one of its own, by which the hub would not know it
    codes = [standing.code(browser) for browser in (mine, thief)]
    tokens = [standing.token(standing.code(browser)) for browser in (mine, thief)]
    assert all(standing.counts(token) for token in tokens)
    own = standing.own_token(mine)
    mine.get(standing.hub("logout"), timeout=20)
    assert [standing.token(code) for code in codes] == ["", ""]
    assert [standing.counts(token) for token in tokens] == [False, False]
    assert standing.counts(own)  # it was made to outlast a login


SESSION, FORMS = "jupyterhub-session-id", "_xsrf"


def fixed(standing: Standing) -> tuple[requests.Session, requests.Session]:
    """What an attacker's browser was given, and knows, before a login; and the person's, which was made to hold it."""
    known = requests.Session()
    known.trust_env = False
    known.get(standing.hub("login"), allow_redirects=False, timeout=20)
    known.get(standing.hub("oauth_login"), allow_redirects=False, timeout=20)
    host = urlsplit(standing.lab.settings.public_url).hostname or ""
    domain = next((cookie.domain for cookie in known.cookies), host)
    known.cookies.set(SESSION, "a" * 32, path="/", domain=domain)
    mine, page = log_in(standing.lab, PERSON, standing.passwords[PERSON], copied(known))
    assert page.text == f"portal of {PERSON}"
    return known, mine


def of_name(session: requests.Session, name: str) -> set[str]:
    return {cookie.value or "" for cookie in session.cookies if cookie.name == name}


def test_no_session_from_before_a_login_is_the_one_after_it(standing: Standing) -> None:
    known, mine = fixed(standing)
    assert standing.is_in(mine)
    assert not standing.is_in(known)
    assert of_name(known, SESSION)
    assert of_name(mine, SESSION)
    assert not of_name(known, SESSION) & of_name(mine, SESSION)
    assert not of_name(known, FORMS) & of_name(mine, FORMS)
    address, page = standing.hub(f"api/users/{PERSON}/tokens"), standing.hub("home")
    for forms, status in ((of_name(known, FORMS), 403), ({mine.cookies.get(FORMS, path="/hub/") or ""}, 201)):
        for form in forms:
            head = {"X-XSRFToken": form, "Referer": page}
            assert mine.post(address, json={}, headers=head, timeout=20).status_code == status


ELSEWHERE = (
    "//elsewhere.example", "https://elsewhere.example/", "\\\\elsewhere.example", "/\\elsewhere.example",
    "javascript:alert(1)", "\t//elsewhere.example", "https:elsewhere.example", "///elsewhere.example",
    "//elsewhere.example@127.0.0.1", "/hub/../..//elsewhere.example", "/%2f%2felsewhere.example",
)  # fmt: skip


def follows(browser: requests.Session, address: str, following: str) -> str:
    """Where a browser that is in is sent by an address that takes what follows."""
    answer = browser.get(address, params={"next": following}, allow_redirects=False, timeout=20)
    assert answer.status_code in (302, 303), answer.status_code
    return answer.headers["Location"]


def test_no_login_leads_elsewhere(standing: Standing) -> None:
    mine, own = standing.browser(), urlsplit(standing.lab.settings.public_url)
    for following in ELSEWHERE:
        led = follows(mine, standing.hub("login"), following)
        assert led.startswith("/")
        assert not re.match(r"/[/\\]", led), led
        joined = urlsplit(urljoin(standing.hub("login"), led))
        assert (joined.scheme, joined.netloc) == (own.scheme, own.netloc), following
    assert urlsplit(follows(mine, standing.hub("login"), "/hub/token")).path == "/hub/token"


@pytest.mark.parametrize("following", ["https://elsewhere.example/", "//elsewhere.example"])
def test_what_follows_a_login_at_the_provider_is_of_the_lab(standing: Standing, following: str) -> None:
    _, page = log_in(standing.lab, PERSON, standing.passwords[PERSON], following=following)
    assert page.url.startswith(standing.lab.settings.public_url + "/")
    assert page.text == f"portal of {PERSON}"


@contextmanager
def told(standing: Standing) -> Iterator[list[bytes]]:
    """What the hub says to the gateway, where a stand-in listens as the gateway would."""
    heard: list[bytes] = []
    folder = control_folder(standing.lab.settings.state)
    folder.mkdir(exist_ok=True)

    def answer(connection: socket.socket) -> None:
        with connection:
            heard.append(connection.recv(2**16).split(b"\r\n")[0])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with listening(folder / CONTROL_SOCKET, answer):
        (folder / CONTROL_SOCKET).chmod(0o666)
        yield heard


def test_the_gateway_is_told_of_a_logout_and_one_that_is_away_keeps_nobody_in(standing: Standing) -> None:
    away, here = standing.browser(), standing.browser(OTHER)
    away.get(standing.hub("logout"), timeout=20)
    assert not standing.is_in(away)
    with told(standing) as heard:
        here.get(standing.hub("logout"), timeout=20)
    assert heard == [b"DELETE /people/steward HTTP/1.1"]


def test_a_code_counts_once_and_only_with_its_verifier(standing: Standing) -> None:
    mine = standing.browser()
    code = standing.code(mine)
    assert standing.token((code[0], "x" * 64)) == ""
    code = standing.code(mine)
    assert standing.token(code)
    assert standing.token(code) == ""


def test_no_cookie_and_no_token_counts_of_who_is_taken_out_of_the_records(standing: Standing) -> None:
    mine = standing.browser()
    tokens = [standing.token(standing.code(mine)), standing.own_token(mine)]
    assert all(standing.counts(token) for token in tokens)
    standing.take_out(PERSON)
    assert [standing.counts(token) for token in tokens] == [False, False]
    assert not standing.is_in(mine)


WEAK = """
from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLogoutHandler
from spawner_config.hub_traits.authenticator import LabAuthenticator
LabAuthenticator.callback_handler = OAuthCallbackHandler
LabAuthenticator.logout_handler = OAuthLogoutHandler
c.LabAuthenticator.auth_refresh_strict = False
"""


def test_cookies_codes_and_tokens_go_on_where_the_hub_does_what_it_does_by_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The weak twin: it keeps a session, asks browsers to forget, and believes a token of who was taken out."""
    with standing_lab(tmp_path_factory.mktemp("weak"), WEAK) as weak:
        known, held = fixed(weak)
        assert of_name(known, SESSION) & of_name(held, SESSION)
        mine = weak.browser()
        thief = copied(mine)
        del thief.cookies["jupyterhub-session-id"]
        code, token, own = weak.code(thief), weak.token(weak.code(thief)), weak.own_token(mine)
        mine.get(weak.hub("logout"), timeout=20)
        assert not weak.is_in(mine)
        assert weak.is_in(thief)
        assert weak.token(code)
        assert weak.counts(token)
        weak.take_out(PERSON)
        assert weak.counts(own)
