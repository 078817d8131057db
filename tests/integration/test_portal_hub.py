"""The portal under a real hub and proxy: login through OAuth, tokens and their scopes, forged requests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from hub.adapters.processes.alone import privileged_process
from hub.adapters.processes.programs import find_proxy
from hub.bench.machine import free_ports
from hub.domain.people import Role
from hub.services import people, projects
from hub.settings import Settings, load_settings
from hub.wiring import lab_from

SCOPE = "access:services!service=portal"
CONFIG = """
import sys
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}/"
c.JupyterHub.public_url = "http://127.0.0.1:{public}/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.default_url = "/services/portal/"
c.JupyterHub.db_url = "sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{state}/cookie_secret"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_api}"
c.ConfigurableHTTPProxy.pid_file = "{state}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{
    "name": "portal",
    "url": "http://127.0.0.1:{portal}",
    "command": [sys.executable, "-m", "hub.web", "--config", "{state}/lab.toml"],
    "oauth_no_confirm": True,
    "display": False,
}}]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "{scope}"]}},
]
"""


@dataclass(frozen=True)
class Hub:
    """Where the lab is, and the password of everybody in it."""

    url: str
    password: str
    log: Path

    @property
    def portal(self) -> str:
        return f"{self.url}/services/portal"

    def login(self, name: str) -> requests.Session:
        """Log in as a browser does: the portal sends to the hub, and the hub back."""
        session = requests.Session()
        page = session.get(f"{self.portal}/")
        assert "/hub/login" in page.url, page.url
        token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        form = {"username": name, "password": self.password, "_xsrf": token[1] if token else ""}
        answer = session.post(page.url, data=form)
        assert answer.status_code == 200, answer.text[-500:]
        assert answer.url == f"{self.portal}/"
        return session

    def token(self, session: requests.Session, name: str, scopes: list[str]) -> str:
        """Make an API token with these scopes, as the person does on the hub's page of tokens."""
        page = session.get(f"{self.url}/hub/token")
        xsrf = next(c.value for c in session.cookies if c.name == "_xsrf" and c.path == "/hub/")
        assert page.status_code == 200
        answer = session.post(
            f"{self.url}/hub/api/users/{name}/tokens",
            json={"note": "test", "scopes": scopes},
            headers={"X-XSRFToken": xsrf, "Referer": f"{self.url}/hub/token"},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


def populate(settings: Settings) -> None:
    lab = lab_from(settings)
    people.make_first_administrator(lab, "administrator", "lab-office", "Lab office")
    for name, role in (("scientist", Role.RESEARCHER), ("steward", Role.STEWARD)):
        people.add_person(lab, "administrator", name, name.title(), "lab-office", (role,))
    projects.create_project(
        lab, "administrator", "wages", title="Wages by year", purpose="Why", lead="scientist",
        starts=date(2020, 1, 1), ends=date(2099, 1, 1),
    )  # fmt: skip
    lab.store.engine.dispose()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    state, password = tmp_path_factory.mktemp("hub"), os.urandom(8).hex()
    public, hub_port, proxy_api, portal, gateway, identity = free_ports(6)
    toml = state / "lab.toml"
    toml.write_text(
        f'state = "{state}"\n[login]\ndemo = true\n[ports]\npublic = {public}\nproxy_api = {proxy_api}\n'
        f"hub = {hub_port}\nportal = {portal}\ngateway = {gateway}\nidentity = {identity}\n"
    )
    settings = load_settings(toml)
    populate(settings)
    proxy = find_proxy()
    assert proxy is not None, "There is no configurable-http-proxy; run “make setup”."
    config = state / "jupyterhub_config.py"
    config.write_text(
        CONFIG.format(
            public=public, hub=hub_port, proxy_api=proxy_api, portal=portal, state=state, proxy=proxy,
            password=password, scope=SCOPE,
        )
    )  # fmt: skip
    log = state / "hub.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)], cwd=state, stdout=out, stderr=out
        )
    try:
        found = Hub(f"http://127.0.0.1:{public}", password, log)
        with privileged_process(settings, toml, log=state / "privileged.log"):
            wait_until_served(found, process)
            yield found
    finally:
        process.terminate()
        process.wait(20)


def wait_until_served(hub: Hub, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{hub.portal}/api/v1/me", timeout=5).status_code == 401:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError(hub.log.read_text()[-4000:])


def test_two_people_log_in_through_the_hub_and_each_sees_their_own(hub: Hub) -> None:
    scientist, steward = hub.login("scientist"), hub.login("steward")
    assert "Welcome, Scientist" in scientist.get(f"{hub.portal}/").text
    assert "Welcome, Steward" in steward.get(f"{hub.portal}/").text
    assert "Open workspace" in scientist.get(f"{hub.portal}/projects/wages").text
    assert "Open workspace" not in steward.get(f"{hub.portal}/projects/wages").text


def test_a_browser_logs_in_and_lands_where_it_wanted_to_go(hub: Hub, chromium: Browser) -> None:
    with closing(chromium.new_context(locale="fr-FR")) as context:
        page = context.new_page()
        page.goto(f"{hub.portal}/projects/wages")
        page.locator("input[name=username]").fill("scientist")
        page.locator("input[name=password]").fill(hub.password)
        page.locator("input[type=submit]").click()
        page.wait_for_url(f"{hub.portal}/projects/wages")
        assert page.get_by_role("link", name="Ouvrir l’espace de travail").is_visible()
        page.get_by_role("textbox", name="Ajouter un membre").fill("steward")
        page.get_by_role("button", name="Ajouter").click()
        page.get_by_text("Le membre est ajouté.").wait_for(timeout=5000)
        page.get_by_role("button", name="Retirer steward").click()
        page.get_by_text("Le membre est retiré.").wait_for(timeout=5000)


def test_somebody_whom_the_lab_does_not_know_is_refused_after_the_login(hub: Hub) -> None:
    session = requests.Session()
    page = session.get(f"{hub.portal}/")
    token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    answer = session.post(
        page.url, data={"username": "stranger", "password": hub.password, "_xsrf": token[1] if token else ""}
    )
    assert answer.status_code == 403
    assert "The lab does not know you" in answer.text


def test_the_login_cookie_is_closed_to_scripts_and_stays_below_the_portal(hub: Hub) -> None:
    session = hub.login("scientist")
    cookie = next(c for c in session.cookies if c.name == "service-portal")
    assert cookie.path == "/services/portal/"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def test_a_login_cookie_without_the_pages_token_changes_nothing(hub: Hub) -> None:
    session = hub.login("administrator")
    body = {"title": "Forged"}
    answer = session.put(f"{hub.portal}/api/v1/organisations/forged", json=body)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "xsrf")
    form = {"organisation_name": "forged", "organisation_title": "Forged"}
    assert session.post(f"{hub.portal}/people/organisations", data=form).status_code == 403
    assert session.post(f"{hub.portal}/people/organisations", data=form | {"_xsrf": "2|a|b|1"}).status_code == 403
    assert "forged" not in session.get(f"{hub.portal}/people").text


def test_another_persons_page_token_is_refused(hub: Hub) -> None:
    scientist, administrator = hub.login("scientist"), hub.login("administrator")
    foreign = page_token(scientist.get(f"{hub.portal}/").text)
    form = {"organisation_name": "forged", "organisation_title": "Forged", "_xsrf": foreign}
    assert administrator.post(f"{hub.portal}/people/organisations", data=form).status_code == 403


def test_a_form_with_the_pages_token_is_done(hub: Hub) -> None:
    session = hub.login("administrator")
    token = page_token(session.get(f"{hub.portal}/people").text)
    form = {"organisation_name": "made-here", "organisation_title": "Made here", "_xsrf": token}
    answer = session.post(f"{hub.portal}/people/organisations", data=form)
    assert answer.status_code == 200
    assert "The organisation was saved." in answer.text
    assert "made-here" in answer.text
    assert "The organisation was saved." not in session.get(f"{hub.portal}/people").text


def page_token(text: str) -> str:
    found = re.search(r'name="portal-token" content="([^"]+)"', text)
    assert found
    return found[1]


def test_a_token_with_the_scope_uses_the_api(hub: Hub) -> None:
    token = hub.token(hub.login("scientist"), "scientist", [SCOPE])
    answer = requests.get(f"{hub.portal}/api/v1/me", headers={"Authorization": f"token {token}"})
    assert answer.json()["name"] == "scientist"
    bearer = requests.get(f"{hub.portal}/api/v1/projects/wages", headers={"Authorization": f"Bearer {token}"})
    assert bearer.json()["workspace_url"] == f"{hub.url}/hub/spawn/scientist/wages"


def test_a_token_without_the_scope_is_refused(hub: Hub) -> None:
    token = hub.token(hub.login("scientist"), "scientist", ["read:users!user=scientist"])
    answer = requests.get(f"{hub.portal}/api/v1/me", headers={"Authorization": f"token {token}"})
    assert answer.status_code == 403
    assert answer.json()["error"]["reason"] == "scope"


def test_a_token_in_the_address_is_no_login(hub: Hub) -> None:
    token = hub.token(hub.login("scientist"), "scientist", [SCOPE])
    assert requests.get(f"{hub.portal}/api/v1/me?token={token}").status_code == 401


def test_an_invented_token_is_refused(hub: Hub) -> None:
    answer = requests.get(f"{hub.portal}/api/v1/me", headers={"Authorization": "token invented"})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "not-logged-in")


def test_leaving_ends_the_login(hub: Hub) -> None:
    session = hub.login("scientist")
    session.get(f"{hub.portal}/logout")
    assert "/hub/login" in session.get(f"{hub.portal}/").url


def test_a_callback_that_nobody_asked_for_is_refused(hub: Hub) -> None:
    answer = requests.get(f"{hub.portal}/oauth_callback?code=x&state=y", allow_redirects=False)
    assert answer.status_code == 403
    assert "The login did not work out; go back and log in again." in answer.text
    assert "nosniff" in answer.headers["X-Content-Type-Options"]


def test_a_second_portal_says_that_its_port_is_taken(hub: Hub) -> None:
    toml = hub.log.parent / "lab.toml"
    service = {
        "JUPYTERHUB_SERVICE_NAME": "portal",
        "JUPYTERHUB_API_TOKEN": "x",
        "JUPYTERHUB_CLIENT_ID": "service-portal",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/portal/",
    }
    command = [sys.executable, "-m", "hub.web", "--config", str(toml)]
    ended = subprocess.run(command, env=os.environ | service, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "The portal cannot listen on port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_portal_without_a_hub_does_not_start(hub: Hub) -> None:
    """Without a scope that people need, nobody could be refused."""
    command = [sys.executable, "-m", "hub.web", "--config", str(hub.log.parent / "lab.toml")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "portal-token is missing" in ended.stderr


def test_the_portals_log_names_no_token_and_no_query(hub: Hub) -> None:
    session = hub.login("scientist")
    session.get(f"{hub.portal}/projects?project=private-word")
    end, wanted = time.monotonic() + 5, "GET /services/portal/projects scientist"
    while wanted not in (log := hub.log.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    assert wanted in log
    for line in log.splitlines():
        assert not ("datalab.portal" in line and ("private-word" in line or "code=" in line))
