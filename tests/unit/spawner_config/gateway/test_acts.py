"""Which requests are acts that the audit log tells of."""

from __future__ import annotations

import pytest

from spawner_config.gateway.acts import Act, act_of
from spawner_config.gateway.matching import match

PREFIX = "/user/scientist/health/"


@pytest.mark.parametrize(
    ("method", "rest", "act"),
    [
        ("GET", "api/contents/a.ipynb?type=notebook&content=1", Act("read", "a.ipynb")),
        ("GET", "api/contents/d/%C3%A9.csv?format=text", Act("read", "d/é.csv")),
        ("GET", "api/contents/a.csv", Act("read", "a.csv")),
        ("GET", "files/a.csv", Act("read", "a.csv")),
        ("GET", "nbconvert/html/a.ipynb", Act("read", "html/a.ipynb")),
        ("PUT", "api/contents/up.csv", Act("write", "up.csv")),
        ("POST", "api/contents", Act("write", "")),
        ("PATCH", "api/contents/a", Act("write", "a")),
        ("DELETE", "api/contents/a", Act("delete", "a")),
        ("GET", "api/contents/a?content=0", None),
        ("GET", "api/contents/d?type=directory", None),
        ("GET", "api/contents", None),
        ("GET", "api/contents?content=1", None),
        ("GET", "lab", None),
        ("GET", "api/kernels/k1/channels", None),
    ],
)
def test_contents_that_come_or_go_are_acts(method: str, rest: str, act: Act | None) -> None:
    assert act_of(method, match(PREFIX + rest), websocket=False) == act


def test_kernels_and_terminals_are_acts_when_they_are_opened() -> None:
    assert act_of("GET", match(f"{PREFIX}api/kernels/k1/channels?session_id=2"), websocket=True) == Act("kernel", "k1")
    assert act_of("GET", match(f"{PREFIX}terminals/websocket/3"), websocket=True) == Act("terminal", "3")
    assert act_of("GET", match(f"{PREFIX}api/events/subscribe"), websocket=True) is None


def test_a_name_has_an_end() -> None:
    found = act_of("GET", match(f"{PREFIX}api/contents/{'x' * 2000}"), websocket=False)
    assert found is not None
    assert len(found.name) == 300
