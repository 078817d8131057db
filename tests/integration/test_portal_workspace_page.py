"""The portal's page that shows a workspace in a frame, where workspaces have origins of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

from datasets_mount.catalogue import Tier
from doubles.lab import make_lab
from doubles.people import found_consortium, play, registered_dataset
from doubles.portal import login_cookie, served
from hub.settings import Server
from hub.web.pages.projects import SANDBOX
from spawner_config.gateway.headers import SANDBOX as POLICY_SANDBOX
from spawner_config.names import server_id

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
APART = Server(subdomains=True)
ADDRESS = f"http://w-{server_id('scientist', 'wages')}.lab.localhost:8000/user/scientist/wages/"
"""An origin that no other workspace has, not even another one of the same person."""


class Frames(HTMLParser):
    """The attributes of a page's frames."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found.append(dict(attrs))


@contextmanager
def portal(folder: Path, server: Server, tier: Tier = Tier.SENSITIVE) -> Iterator[str]:
    lab = make_lab(folder)
    lab = replace(lab, settings=lab.settings.model_copy(update={"server": server}))
    found_consortium(lab)
    play(lab)
    registered_dataset(lab, tier)
    with served(lab) as base:
        yield f"{base}/projects/wages/workspace"


def look(url: str, who: str = "scientist", **headers: str) -> requests.Response:
    cookies = login_cookie(who)
    return requests.get(url, cookies=cookies, headers=NAVIGATION | headers, timeout=30, allow_redirects=False)


@pytest.mark.parametrize(
    ("tier", "more"),
    [
        (Tier.SENSITIVE, ()),
        (Tier.SECRET, ()),
        (Tier.OPEN, ("allow-downloads", "allow-popups", "allow-popups-to-escape-sandbox")),
    ],
)
def test_a_member_sees_their_workspace_in_a_sandbox_that_leads_nowhere_else(
    tmp_path: Path, tier: Tier, more: tuple[str, ...]
) -> None:
    with portal(tmp_path, APART, tier) as url:
        answer = look(url)
        (frame,) = Frames(answer.text).found
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert frame["src"] == f"{ADDRESS}lab"
    assert str(frame["sandbox"]).split() == [*SANDBOX, *more]
    assert frame["title"] == "JupyterLab in the project wages"
    assert policy["frame-src"] == ADDRESS
    assert policy["frame-ancestors"] == "'none'"


def test_the_frame_and_the_gateways_policy_name_the_same_sandbox() -> None:
    assert POLICY_SANDBOX.split() == list(SANDBOX)
    assert not {"allow-top-navigation", "allow-popups", "allow-downloads"} & set(SANDBOX)


def test_without_subdomains_there_is_no_frame_and_no_page_may_have_one(tmp_path: Path) -> None:
    with portal(tmp_path, Server()) as url:
        answer = look(url)
    assert Frames(answer.text).found == []
    assert "frame-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "/hub/spawn/scientist/wages" in answer.text


def test_who_is_no_member_sees_no_frame(tmp_path: Path) -> None:
    with portal(tmp_path, APART) as url:
        answer = look(url, "outsider")
    assert answer.status_code in (403, 404)
    assert Frames(answer.text).found == []


def test_the_page_speaks_french(tmp_path: Path) -> None:
    with portal(tmp_path, APART) as url:
        answer = look(url, **{"Accept-Language": "fr"})
    assert Frames(answer.text).found[0]["title"] == "JupyterLab dans le projet wages"
