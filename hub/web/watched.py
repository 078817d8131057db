"""Two addresses for those who watch over the lab, who are no people of it: its health, and its metrics."""

from __future__ import annotations

import json
from typing import Any

from tornado.web import HTTPError

from hub.domain.errors import NotFoundError, RefusedError, UnavailableError
from hub.web.handlers import Portal
from hub.web.headers import BARE_POLICY

SCOPE = "read:metrics"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class HealthAnswer(Portal):
    """200 and “ok”, or 503 and which parts fail."""

    async def get(self) -> None:
        """Answer."""
        failing = await self.parts.health.failing()
        self.set_status(503 if failing else 200)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Security-Policy", BARE_POLICY)
        self.finish(json.dumps({"status": "failing" if failing else "ok", "failing": list(failing)}))


class MetricsAnswer(Portal):
    """The address that Prometheus reads."""

    async def get(self) -> None:
        """Answer who may read metrics; whoever comes through the proxy finds nothing here."""
        if "X-Forwarded-For" in self.request.headers:
            raise NotFoundError("There is nothing at this address.", reason="unknown-address")
        await self._check_token()
        self.set_header("Content-Type", FORMAT)
        self.finish(await self.use(self.parts.measured.text))

    async def _check_token(self) -> None:
        hub_auth = self.parts.hub_auth
        token = hub_auth.get_token(self, in_cookie=False)
        try:
            model: dict[str, Any] | None = await hub_auth.user_for_token(token, sync=False) if token else None
        except HTTPError as error:
            raise UnavailableError("The hub, which knows the tokens, does not answer.", reason="hub") from error
        if SCOPE not in (model or {}).get("scopes", ()):
            raise RefusedError("Reading metrics needs a token with the scope {scope}.", reason="scope", scope=SCOPE)
