"""Login through a real provider, a real proxy and a real hub."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from hub.adapters.identity import identity_url, prepare_identity
from integration.standin_lab import Lab, log_in, make_lab
from spawner_config.hub_traits.authenticator import UNKNOWN_PERSON, UNKNOWN_PERSON_FR
from spawner_config.hub_traits.id_token import NO_SECOND_FACTOR, NO_SECOND_FACTOR_FR
from spawner_config.hub_traits.traits import KNOWN_AGAIN_SECONDS

PEOPLE = [
    ("scientist", "Data scientist"),
    ("steward", "Data steward"),
    ("forgetful", "Somebody who mistypes"),  # After a wrong password the provider lets a person wait.
    ("stranger", "Somebody of another lab"),
]


@pytest.fixture(scope="module")
def passwords() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, passwords: dict[str, str]) -> Iterator[Lab]:
    lab = make_lab(tmp_path_factory.mktemp("login"))
    passwords |= prepare_identity(lab.settings, PEOPLE)
    lab.start()
    yield lab
    lab.stop()


def hub(lab: Lab, path: str = "") -> str:
    return f"{lab.settings.public_url}/hub/{path}"


def test_a_person_logs_in_and_arrives_at_the_portal(lab: Lab, passwords: dict[str, str]) -> None:
    session, page = log_in(lab, "scientist", passwords["scientist"])
    assert page.text == "portal of scientist"
    home = session.get(hub(lab, "home"))
    assert home.status_code == 200
    assert "scientist" in home.text
    assert "Test lab" in home.text


def test_a_person_logs_in_on_two_machines_in_the_same_second(lab: Lab, passwords: dict[str, str]) -> None:
    pages = [log_in(lab, "scientist", passwords["scientist"])[1].text for _ in range(6)]
    assert set(pages) == {"portal of scientist"}


def test_a_wrong_password_stays_at_the_provider(lab: Lab) -> None:
    session, page = log_in(lab, "forgetful", "not the password")
    assert page.url.startswith(identity_url(lab.settings))
    assert session.get(hub(lab, "home"), allow_redirects=False).status_code == 302


def test_someone_whom_the_lab_does_not_know_is_refused_with_a_sentence(lab: Lab, passwords: dict[str, str]) -> None:
    session, page = log_in(lab, "stranger", passwords["stranger"])
    page.encoding = "utf-8"
    assert page.status_code == 403
    assert UNKNOWN_PERSON in page.text
    assert UNKNOWN_PERSON_FR in page.text
    assert session.get(hub(lab, "home"), allow_redirects=False).status_code == 302


def test_nobody_sees_the_hubs_administration_or_another_person(lab: Lab, passwords: dict[str, str]) -> None:
    session, _ = log_in(lab, "scientist", passwords["scientist"])
    session.get(hub(lab, "home"))
    asked = ("admin", "api/users", "api/users/steward", "api/proxy", "api/services", "metrics")
    answers = {path: session.get(hub(lab, path), headers={"Referer": hub(lab, "home")}).status_code for path in asked}
    assert set(answers.values()) <= {403, 404}, answers


def test_a_person_cannot_share_a_server(lab: Lab, passwords: dict[str, str]) -> None:
    session, _ = log_in(lab, "scientist", passwords["scientist"])
    session.get(hub(lab, "home"))
    xsrf = {"X-XSRFToken": session.cookies.get("_xsrf", path="/hub/") or "", "Referer": hub(lab, "home")}
    body = {"scopes": ["access:servers"], "user": "steward"}
    answer = session.post(hub(lab, "api/shares/scientist/some-project"), json=body, headers=xsrf)
    assert answer.status_code in (403, 404)


def test_the_hubs_pages_carry_their_policy_and_cookies_theirs(lab: Lab, passwords: dict[str, str]) -> None:
    session, page = log_in(lab, "scientist", passwords["scientist"])
    headers = session.get(hub(lab, "home")).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    callback = next(step for step in page.history if step.url.startswith(hub(lab, "oauth_callback")))
    assert "samesite=lax" in callback.headers["Set-Cookie"].lower()
    assert "httponly" in callback.headers["Set-Cookie"].lower()


def test_the_code_is_bound_to_the_browser_by_pkce(lab: Lab) -> None:
    step = requests.get(hub(lab, "oauth_login"), allow_redirects=False)
    assert "code_challenge_method=S256" in step.headers["Location"]


def test_the_answer_is_bound_to_the_login_by_a_nonce(lab: Lab) -> None:
    asked = [requests.get(hub(lab, "oauth_login"), allow_redirects=False).headers["Location"] for _ in range(2)]
    nonces = [parse_qs(urlsplit(address).query)["nonce"] for address in asked]
    assert [len(nonce) for nonce in nonces] == [1, 1]
    assert nonces[0] != nonces[1]


def test_the_providers_pages_speak_french_and_english(lab: Lab) -> None:
    french, english = (
        requests.get(hub(lab, "oauth_login"), headers={"Accept-Language": language}).text for language in ("fr", "en")
    )
    assert 'lang="fr"' in french
    assert 'lang="en"' in english
    assert "Continuer" in french


def test_the_login_page_carries_the_labs_title_in_both_languages(lab: Lab) -> None:
    page = requests.get(hub(lab, "login"))
    page.encoding = "utf-8"
    assert "Test lab" in page.text
    assert "Se connecter" in page.text
    assert "Log in" in page.text


def test_logging_out_ends_the_session_here_and_at_the_provider(lab: Lab, passwords: dict[str, str]) -> None:
    session, _ = log_in(lab, "scientist", passwords["scientist"])
    page = session.get(hub(lab, "logout"))
    assert page.url.startswith(identity_url(lab.settings))
    assert session.get(hub(lab, "home"), allow_redirects=False).status_code == 302


def test_who_is_taken_out_of_the_records_is_asked_to_log_in_and_refused(lab: Lab, passwords: dict[str, str]) -> None:
    session, _ = log_in(lab, "steward", passwords["steward"])
    assert session.get(hub(lab, "home"), allow_redirects=False).status_code == 200
    known = lab.known.read_text()
    lab.known.write_text("scientist")
    try:
        # Starting the hub anew forgets when it last asked, so that the test need not wait for the next time.
        assert KNOWN_AGAIN_SECONDS <= 60
        lab.kill("hub")
        deadline = time.monotonic() + 20
        while _status(session, hub(lab, "home")) not in (302,) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert _status(session, hub(lab, "home")) == 302
        _, page = log_in(lab, "steward", passwords["steward"])
        assert page.status_code == 403
    finally:
        lab.known.write_text(known)


@pytest.mark.parametrize(("asked", "comes_in"), [("pwd", True), ("mfa", False)])
def test_who_brings_no_second_factor_where_one_is_asked_for_is_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, asked: str, comes_in: bool
) -> None:
    """The provider tells of one factor, the password; the harmless twin asks for that one."""
    lab = make_lab(tmp_path_factory.mktemp("factor"), login=f'second_factor_values = ["{asked}"]\n')
    words = prepare_identity(lab.settings, PEOPLE[:1])
    lab.start()
    try:
        session, page = log_in(lab, "scientist", words["scientist"])
        page.encoding = "utf-8"
        assert page.status_code == (200 if comes_in else 403)
        assert [sentence in page.text for sentence in (NO_SECOND_FACTOR, NO_SECOND_FACTOR_FR)] == [not comes_in] * 2
        assert (_status(session, hub(lab, "home")) == 200) is comes_in
    finally:
        lab.stop()


def _status(session: requests.Session, url: str) -> int:
    try:
        return session.get(url, allow_redirects=False, timeout=5).status_code
    except requests.RequestException:
        return 0
