"""What is matched is what is forwarded, and an address says exactly one thing."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import InvalidError, LabError, NotFoundError
from spawner_config.gateway.matching import MOST_ROUNDS, match
from spawner_config.gateway.upstream import exact_url

PREFIX = "/user/scientist/health"


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("", ""),
        ("/", ""),
        ("/lab/tree/a%20b.ipynb", "lab/tree/a b.ipynb"),
        ("/api/contents/%C3%A9t%C3%A9.ipynb?content=1&hash=0", "api/contents/été.ipynb"),
        ("/lab/api/settings/@jupyterlab/apputils-extension:themes",
        "lab/api/settings/@jupyterlab/apputils-extension:themes"),
        ("/api/contents/100%25.ipynb", "api/contents/100%.ipynb"),
        ("/api/contents/a...b/..c", "api/contents/a...b/..c"),
    ],
)  # fmt: skip
def test_an_address_of_jupyterlab_is_matched_and_kept_as_it_is(rest: str, path: str) -> None:
    target = match(PREFIX + rest)
    assert (target.person, target.project, target.path) == ("scientist", "health", path)
    assert target.raw == PREFIX + rest
    assert exact_url(target.raw).raw_path_qs == PREFIX + rest


@pytest.mark.parametrize(
    "raw",
    ["/", "/hub/api", "/user/scientist", "/user/scientist/", "/user/Scientist/health/", "/user/scientist/he_alth/",
     "/user/scient%69st/health/", "/user//health/", "/user/../health/lab", "user/scientist/health/", "*",
     "http://lab.example/user/scientist/health/", "//user/scientist/health/", "/user/a/b%2Fc/lab",
     "/user/scientist\\health/x"],
)  # fmt: skip
def test_an_address_of_no_workspace_is_not_found(raw: str) -> None:
    with pytest.raises(NotFoundError):
        match(raw)


@pytest.mark.parametrize(
    "rest",
    ["/..", "/../other/lab", "/lab/..", "/%2e%2e/x", "/%2E./x", "/.%2e/x", "/./x", "/lab/%2e", "/a%2fb", "/a%2Fb",
     "/a%5cb", "/a%252fb", "/a%25252fb", "/%252e%252e/x", "/%25252e%25252e/x", "/a%00b", "/a%0ab", "/a%0d%0aHost:x",
     "/a%1f", "/a%7f", "/a//b", "/a b", "/a\nb", "/a\x00", "/a\\b", "/é", "/a%", "/a%2", "/a%zz", '/a"b', "/a<b",
     "/lab?a b", "/lab?a\nb", "/lab?%zz", "/lab?a#b", "/lab#b", "/" + "a" * 8001],
)  # fmt: skip
def test_an_address_that_can_be_read_in_two_ways_is_refused(rest: str) -> None:
    with pytest.raises(InvalidError) as raised:
        match(PREFIX + rest)
    assert raised.value.reason == "ambiguous-address"


@given(st.text(max_size=60))
def test_whatever_is_accepted_is_forwarded_byte_for_byte(rest: str) -> None:
    raw = f"{PREFIX}/{rest}"
    try:
        target = match(raw)
        url = exact_url(target.raw)
    except LabError:
        return
    assert url.raw_path_qs == raw
    assert raw.isascii()


@given(st.text(alphabet="ab./\\%25eEfFcC0", max_size=30))
def test_no_accepted_path_leads_upward_however_often_it_is_decoded(rest: str) -> None:
    try:
        match(f"{PREFIX}/{rest}")
    except LabError:
        return
    for _ in range(5):
        segments = rest.partition("?")[0].split("/")
        assert ".." not in segments
        assert "\\" not in rest
        rest = unquote(rest)


@given(st.lists(st.text(min_size=1, max_size=12).filter(lambda s: s.isprintable()), min_size=1, max_size=4))
def test_names_that_people_give_their_files_are_accepted(names: list[str]) -> None:
    plain = [n for n in names if not {"/", "\\", "%"} & set(n) and n not in (".", "..")]
    path = "/".join(quote(n, safe="") for n in plain)
    assert match(f"{PREFIX}/api/contents/{path}").path == "/".join(["api/contents", *plain]) + ("" if plain else "/")


def test_an_address_is_not_decoded_for_as_long_as_its_sender_likes() -> None:
    with pytest.raises(InvalidError):
        match(f"{PREFIX}/%{'25' * (MOST_ROUNDS + 1)}")
    assert match(f"{PREFIX}/%{'25' * (MOST_ROUNDS - 2)}").path
