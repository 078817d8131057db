"""Which servers the hub knows, asked of its API with the worker's token, which may list people and read their servers.

Invariants:

* an answer that is refused, torn, of another form or not complete is no answer: nobody may conclude from it that a
  server is unknown.
"""

from __future__ import annotations

import requests
from pydantic import BaseModel, Field, ValidationError

from hub.domain.errors import UnavailableError
from spawner_config.names import server_id

SECONDS = 10
PAGE = 100
PAGINATED = "application/jupyterhub-pagination+json"


class _User(BaseModel):
    name: str
    servers: dict[str, object]


class _Pagination(BaseModel):
    total: int


class _Page(BaseModel):
    items: list[_User]
    pagination: _Pagination = Field(alias="_pagination")


class HubApi:
    """The hub's API at an address, with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def servers(self) -> set[str]:
        """Return the identifiers of all servers that the hub starts, runs or ends."""
        try:
            users = self._users()
        except (requests.RequestException, ValidationError, ValueError) as error:
            raise UnavailableError(
                "The hub does not say which workspaces it knows ({why}); nothing is cleared away.",
                reason="hub-down",
                why=type(error).__name__,
            ) from error
        return {server_id(user.name, server) for user in users for server in user.servers}

    def _users(self) -> list[_User]:
        """Read all pages; people who came or went meanwhile make the pages not fit, and the answer none."""
        users: dict[str, _User] = {}
        with requests.Session() as session:
            session.trust_env = False
            session.headers.update({"Authorization": f"token {self._token}", "Accept": PAGINATED})
            while True:
                asked = {"offset": len(users), "limit": PAGE}
                answer = session.get(f"{self._url}/users", params=asked, timeout=SECONDS, allow_redirects=False)
                answer.raise_for_status()
                page = _Page.model_validate_json(answer.content)
                users |= {user.name: user for user in page.items}
                if len(users) == page.pagination.total:
                    return list(users.values())
                if not page.items or len(users) > page.pagination.total:
                    raise ValueError("the pages do not fit")
