"""The hub's traits, set on a bare Config."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub import scopes
from jupyterhub._data import DATA_FILES_PATH
from pydantic import ValidationError
from tornado.web import HTTPError
from traitlets.config import Config

from hub.adapters.secrets import Secret
from hub.settings import Settings
from spawner_config.hub_traits import Parts, apply, traits
from spawner_config.hub_traits.authenticator import UNKNOWN_PERSON, UNKNOWN_PERSON_FR, LabAuthenticator
from spawner_config.hub_traits.id_token import NO_SECOND_FACTOR, NO_SECOND_FACTOR_FR, OTHER_LOGIN
from spawner_config.hub_traits.services import services


def settings(**more: object) -> Settings:
    return Settings.model_validate({"state": "/lab", "login": {"demo": True}} | more)


@pytest.fixture
def config() -> Config:
    return Config()


def parts() -> Parts:
    return Parts(
        read_secret=lambda path: f"secret of {path.name}",
        knows_person=lambda name: name == "scientist",
        log_in=lambda name: name == "scientist",
        open_workspace=lambda: None,
        why_ends=lambda *_: None,
        close_workspace=lambda: None,
        is_waiting=lambda *_: False,
        turn=lambda *_: nullcontext(),
        open_server=lambda server: None,
        show_server=lambda server: None,
        close_server=lambda identifier: None,
    )


def test_every_secret_is_read_from_the_file_that_the_lab_makes(config: Config) -> None:
    read: list[str] = []

    def read_secret(path: Path) -> str:
        read.append(path.name)
        return "secret"

    apply(config, settings(), Parts(**{f: getattr(parts(), f) for f in Parts.__slots__} | {"read_secret": read_secret}))
    assert set(read) == {Secret.PROXY, Secret.CLIENT, Secret.PORTAL, Secret.WORKER, Secret.GATEWAY, Secret.METRICS}
    assert config.JupyterHub.cookie_secret_file == str(settings().secret(Secret.COOKIE))


def test_workspaces_and_proxy_outlive_the_hub(config: Config) -> None:
    apply(config, settings(), parts())
    assert config.JupyterHub.cleanup_servers is False
    assert config.JupyterHub.cleanup_proxy is False
    assert config.ConfigurableHTTPProxy.should_start is False


def test_everything_but_the_public_address_is_on_loopback(config: Config) -> None:
    lab = settings(server={"address": "10.0.0.1", "certificate": "c.pem", "key": "k.pem", "url": "https://lab.example"})
    apply(config, lab, parts())
    assert config.JupyterHub.bind_url == "https://10.0.0.1:8000/"
    assert config.JupyterHub.public_url == "https://lab.example/"
    assert config.JupyterHub.hub_bind_url == "http://127.0.0.1:8081"
    assert config.ConfigurableHTTPProxy.api_url == "http://127.0.0.1:8001"
    assert config.JupyterHub.services[0]["url"] == "http://127.0.0.1:8002"


def test_cookies_are_for_https_alone_where_the_lab_has_it(config: Config) -> None:
    traits.set_pages(config, settings(server={"url": "https://lab.example"}))
    assert config.JupyterHub.tornado_settings["cookie_options"] == {"samesite": "Lax", "secure": True}


def test_a_proxy_that_comes_back_gets_its_routes_within_seconds(config: Config) -> None:
    traits.set_proxy(config, settings(), "token")
    assert config.JupyterHub.last_activity_interval <= 10


def test_a_person_can_neither_share_a_server_nor_see_another_person(config: Config) -> None:
    traits.set_permissions(config)
    role = config.JupyterHub.load_roles[0]
    assert role["name"] == "user"
    services = {"access:services!service=portal", "access:services!service=gateway"}
    assert all(scope.endswith("!user") or scope in services for scope in role["scopes"])
    subscopes = {sub for scope in role["scopes"] for sub in scopes._expand_scope(scope.split("!")[0])}
    assert not {name for name in subscopes if "shares" in name or name.startswith(("admin", "list:", "delete:users"))}


def test_no_one_is_administrator_and_services_can_read_servers_or_numbers_and_nothing_else(config: Config) -> None:
    apply(config, settings(), parts())
    assert config.Authenticator.admin_users == set()
    held = {role["services"][0]: role["scopes"] for role in config.JupyterHub.load_roles if "services" in role}
    assert held == {"worker": ["list:users", "read:servers"], "metrics": ["read:metrics"]}
    assert not [service for service in config.JupyterHub.services if service.get("admin")]


TOKENS = {"portal": "p", "worker": "w", "gateway": "g"}


def test_the_hub_starts_no_service_so_that_none_is_its_user_or_dies_with_it() -> None:
    assert not [service for service in services(settings(), TOKENS) if "command" in service]


def test_the_worker_has_no_pages() -> None:
    portal, worker, _ = services(settings(), TOKENS)
    assert "url" in portal
    assert "url" not in worker


def test_the_gateway_logs_people_in_by_the_hub_and_is_started_by_somebody_else(config: Config) -> None:
    gateway = services(settings(), TOKENS)[2]
    assert (gateway["api_token"], gateway["oauth_client_allowed_scopes"]) == ("g", ["access:servers!user"])
    assert "command" not in gateway
    traits.set_proxy(config, settings(), "token")
    assert config.ConfigurableHTTPProxy.extra_routes == {"/user/": "http://127.0.0.1:8003"}


def test_login_uses_pkce_and_keeps_no_token_of_the_provider(config: Config) -> None:
    traits.set_login(config, settings(), "secret", parts())
    assert config.LabAuthenticator.enable_pkce is True
    assert config.LabAuthenticator.enable_auth_state is False
    assert config.LabAuthenticator.allow_all is False


def test_the_demonstrations_provider_has_another_host_name_than_the_lab() -> None:
    login = traits.provider(settings())
    assert login.authorize_url == "http://localhost:8004/oauth/authorize"
    assert settings().public_url.startswith("http://127.0.0.1")


def test_a_real_lab_uses_its_own_provider() -> None:
    urls = {key: f"https://login.example/{key}" for key in ("authorize_url", "token_url", "userdata_url")}
    assert traits.provider(settings(login=urls)).token_url == "https://login.example/token_url"


def authenticator(**traits: object) -> LabAuthenticator:
    return LabAuthenticator(**traits)


def test_someone_whom_the_lab_does_not_know_is_not_allowed() -> None:
    lab = authenticator(log_in=lambda name: name == "scientist")
    assert asyncio.run(lab.check_allowed("scientist", {})) is True
    assert asyncio.run(lab.check_allowed("stranger", {})) is False
    assert asyncio.run(lab.check_allowed("scientist", None)) is False


def test_without_the_labs_records_nobody_is_allowed() -> None:
    assert asyncio.run(authenticator().check_allowed("scientist", {})) is False


def test_an_answer_that_is_not_true_allows_nobody() -> None:
    lab = authenticator(log_in=lambda _: "scientist")
    assert asyncio.run(lab.check_allowed("scientist", {})) is False


def test_a_person_taken_out_of_the_records_has_to_log_in_again() -> None:
    known = {"scientist"}
    lab = authenticator(knows_person=lambda name: name in known)
    person = SimpleNamespace(name="scientist")
    assert asyncio.run(lab.refresh_user(person)) is True
    known.clear()
    assert asyncio.run(lab.refresh_user(person)) is False


def test_names_that_differ_in_capitals_are_two_people() -> None:
    assert authenticator().normalize_username("Scientist") == "Scientist"


def test_an_administrator_of_an_earlier_hub_is_none_after_login() -> None:
    plain = authenticator(scope=["read:user"])
    assert asyncio.run(plain.update_auth_model({"name": "a", "admin": True}))["admin"] is False


def told(subject: str, **user: str) -> dict[str, object]:
    now = int(time.time())
    claims = {"iss": "x", "sub": subject, "aud": "datalab", "exp": now + 60, "iat": now}
    token = jwt.encode(claims, "of nobody" * 8, algorithm="HS256")
    return {"name": "a", "auth_state": {"id_token": token, "oauth_user": user}}


def test_what_the_provider_tells_of_another_person_than_the_login_is_refused() -> None:
    lab = authenticator(scope=["openid"], client_id="datalab")
    assert asyncio.run(lab.update_auth_model(told("someone", sub="someone")))["name"] == "a"
    for user in ({"sub": "somebody else"}, {}):
        with pytest.raises(HTTPError) as refused:
            asyncio.run(lab.update_auth_model(told("someone", **user)))
        assert (refused.value.status_code, refused.value.log_message) == (403, OTHER_LOGIN)


def test_a_login_without_the_second_factor_reads_why_in_both_languages() -> None:
    context = {"status_code": 403, "status_message": "Forbidden"}
    text = rendered("error.html", **context | {"message": NO_SECOND_FACTOR})
    assert NO_SECOND_FACTOR in text
    assert NO_SECOND_FACTOR_FR in text


def test_a_second_factor_is_asked_for_only_of_a_provider_that_can_tell_of_it() -> None:
    urls = {key: f"https://login.example/{key}" for key in ("authorize_url", "token_url", "userdata_url")}
    c = Config()
    asked = {"second_factor_values": ["mfa"], "acr_values": ["high", "low"], "issuer": "https://login.example"}
    traits.set_login(c, settings(login=urls | asked), "secret", parts())
    assert c.LabAuthenticator.second_factor_values == ["mfa"]
    assert c.LabAuthenticator.extra_authorize_params == {"acr_values": "high low"}
    assert c.LabAuthenticator.issuer == "https://login.example"
    with pytest.raises(ValidationError, match="openid"):
        settings(login=urls | asked | {"scopes": ["read:user"]})


def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame(config: Config) -> None:
    traits.set_pages(config, settings())
    policy = config.JupyterHub.tornado_settings["headers"]["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def rendered(page: str, **context: object) -> str:
    """Render a page as JupyterHub does where it cannot wait, with its own pages behind ours."""
    own = FileSystemLoader(Path(DATA_FILES_PATH) / "templates")
    loader = ChoiceLoader([PrefixLoader({"templates": own}), FileSystemLoader(traits.TEMPLATES), own])
    c = Config()
    traits.set_pages(c, settings(title="Title <of> the lab"))
    always = {
        "static_url": lambda path, **_: path,
        "base_url": "/hub/",
        "logout_url": "/hub/logout",
        "parsed_scopes": [],
    }
    template = Environment(loader=loader, autoescape=True).get_template(page)
    return template.render(**always, **c.JupyterHub.template_vars, **context)


def person(*workspaces: str) -> SimpleNamespace:
    spawners = [SimpleNamespace(name=name, active=name != "stopped") for name in workspaces]
    return SimpleNamespace(
        name="scientist",
        json_escaped_name="scientist",
        spawner=SimpleNamespace(options_form=""),
        all_spawners=lambda include_default: spawners,
        server_url=lambda name: f"/user/scientist/{name}/",
    )


PAGES = {
    "login.html": {"authenticator_login_url": "/hub/oauth_login"},
    "logout.html": {},
    "home.html": {"user": person("mobility")},
    "error.html": {"status_code": 404, "status_message": "Not Found"},
    "spawn_pending.html": {"user": person(), "progress_url": "/progress"},
    "not_running.html": {"user": person(), "failed": True, "failed_message": "Only members.", "spawn_url": "/spawn"},
}


@pytest.mark.parametrize("page", PAGES)
def test_each_page_carries_the_labs_title_and_no_markup_of_it(page: str) -> None:
    text = rendered(page, **PAGES[page])
    assert "Title &lt;of&gt; the lab" in text
    assert "<of>" not in text
    assert "JupyterHub" not in text.split("</noscript>")[1]


def test_only_running_workspaces_can_be_stopped() -> None:
    text = rendered("home.html", user=person("mobility", "stopped"))
    assert 'data-server-name="mobility"' in text
    assert "/user/scientist/mobility/" in text
    assert 'data-server-name="stopped"' not in text


def test_the_sentence_of_a_refused_workspace_is_shown() -> None:
    assert "Only members." in rendered("not_running.html", **PAGES["not_running.html"])


def test_a_person_whom_the_lab_does_not_know_reads_why_in_both_languages() -> None:
    context = {"status_code": 403, "status_message": "Forbidden", "message": authenticator().custom_403_message}
    assert UNKNOWN_PERSON_FR not in rendered("error.html", **context)
    text = rendered("error.html", **context | {"message": UNKNOWN_PERSON})
    assert UNKNOWN_PERSON in text.replace("&#39;", "'")
    assert UNKNOWN_PERSON_FR in text.replace("&#39;", "'")


def test_every_page_of_ours_is_in_both_languages() -> None:
    for page in traits.TEMPLATES.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert page.name == "words.html" or "both(" in text


APART = {"server": {"url": "https://lab.example.org", "subdomains": True}}


def test_with_subdomains_people_and_services_share_the_labs_host_at_the_hub(config: Config) -> None:
    apply(config, settings(**APART), parts())
    own = config.JupyterHub
    assert own.subdomain_host == "https://lab.example.org"
    assert own.subdomain_hook("alice", "lab.example.org", kind="user") == "lab.example.org"
    assert own.subdomain_hook("portal", "lab.example.org", kind="service") == "lab.example.org"
    assert own.cookie_host_prefix_enabled is True
    # The hub has its own host alone: it is never in a person's origin.
    assert own.hub_routespec == "lab.example.org/"
    assert list(config.ConfigurableHTTPProxy.extra_routes) == ["lab.example.org/user/"]


def test_without_subdomains_everything_has_one_host(config: Config) -> None:
    apply(config, settings(), parts())
    assert "subdomain_host" not in config.JupyterHub
    assert list(config.ConfigurableHTTPProxy.extra_routes) == ["/user/"]
