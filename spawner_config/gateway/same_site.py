"""Which requests a page of another site could have made with this browser's login: refused.

A workspace's server does not ask for a token of its pages where the gateway vouches for the person, so the gateway
itself looks where a request comes from. A browser says it in ``Origin`` and ``Sec-Fetch-Site``, which no script can
set; who says nothing and comes with a cookie is no browser of today.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.errors import RefusedError

READS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_is_same_site(
    method: str, headers: Mapping[str, str], origin: str, *, websocket: bool, by_cookie: bool
) -> None:
    """A write or a websocket with a cookie comes from a page of the workspace's own origin."""
    said, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    foreign = (said is not None and said.lower() != origin) or site in ("cross-site", "same-site")
    if websocket or method not in READS:
        if foreign or (by_cookie and said is None and site != "same-origin"):
            raise _refused()
    elif foreign and by_cookie and headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise _refused()


def _refused() -> RefusedError:
    return RefusedError(
        "The request does not come from a page of this workspace; open the workspace and try again there.",
        reason="cross-site",
    )
