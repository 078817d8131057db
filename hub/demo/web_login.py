"""A person at the lab's pages: logs in through the OpenID provider's own page, and makes a token, as browsers do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from hub.adapters.loopback_session import loopback_session
from hub.cli.login_file import SCOPE
from hub.domain.errors import RefusedError, UnavailableError

TIMES_OUT = (5.0, 60.0)
LOGIN_FIELD, PASSWORD_FIELD = "login", "password"  # of the provider's pages
TOKEN_SECONDS = 7 * 24 * 3600
CREATED = 201


class Forms(HTMLParser):
    """The form of a page: where it goes, and the hidden fields that it came with."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.fields: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form's action and its fields."""
        words = {key: value or "" for key, value in attrs}
        if tag == "form" and words.get("method", "").lower() == "post":
            self.action = words.get("action", "")
        if tag == "input" and words.get("name"):
            self.fields.add(words["name"])
            if words.get("type") == "hidden":
                self.hidden[words["name"]] = words.get("value", "")


class Visitor:
    """One person's browser at one lab; ``origin_of`` says where a workspace is, when not at ``url``."""

    def __init__(self, url: str, name: str, password: str, origin_of: Callable[[str, str], str] | None = None) -> None:
        self.url, self.name = url, name
        self._origin_of = origin_of or (lambda _person, _project: url)
        self.session = loopback_session()
        self._log_in(password)

    def _log_in(self, password: str) -> None:
        """Go to the hub, and through the provider's pages back to it."""
        page = self.get("/hub/oauth_login")
        page = self._fill_in(page, LOGIN_FIELD, self.name)
        page = self._fill_in(page, PASSWORD_FIELD, password)
        if not page.url.startswith(self.url) or not page.ok:
            raise RefusedError(
                "The login of {name} did not come back to the lab (status {status}); a wrong password, or a person "
                "whom the lab does not know.",
                reason="login",
                name=self.name,
                status=page.status_code,
            )

    def _fill_in(self, page: requests.Response, field: str, text: str) -> requests.Response:
        """Answer the provider's form, with the hidden fields that it came with."""
        form = Forms()
        form.feed(page.text)
        if field not in form.fields:
            raise UnavailableError(
                "The provider's page for {field} looks different from what is expected (status {status}).",
                reason="login-page",
                field=field,
                status=page.status_code,
            )
        to = urljoin(page.url, form.action)
        return self._sent("POST", to, data={**form.hidden, field: text}, headers={"Referer": page.url})

    def get(self, path: str) -> requests.Response:
        """Open a page of the lab."""
        return self._sent("GET", self.origin(path) + path, headers={"Referer": f"{self.url}/hub/home"})

    def origin(self, path: str) -> str:
        """Return where a path is: a workspace is at an origin of its own."""
        words = path.split("/")
        return self._origin_of(words[2], words[3]) if words[1] == "user" else self.url

    def post(self, path: str, body: Mapping[str, object], xsrf_path: str) -> requests.Response:
        """Send what a page's own script would send, with the XSRF cookie of that path."""
        return self.send("POST", path, xsrf_path, body)

    def send(self, method: str, path: str, xsrf_path: str, body: Mapping[str, object] | None) -> requests.Response:
        """The same with any method."""
        token = self.session.cookies.get("_xsrf", path=xsrf_path) or ""
        origin = self.origin(path)
        headers = {"X-XSRFToken": token, "Referer": origin + xsrf_path, "Origin": origin}
        return self._sent(method, origin + path, json=body, headers=headers)

    def _sent(self, method: str, url: str, **options: object) -> requests.Response:
        try:
            return self.session.request(method, url, timeout=TIMES_OUT, **options)  # type: ignore[arg-type]
        except requests.RequestException as error:
            raise UnavailableError(
                "The lab at {url} does not answer ({why}); look at “datalab admin status”.",
                reason="unreachable",
                url=self.url,
                why=type(error).__name__,
            ) from None

    def make_token(self, note: str) -> str:
        """Make a token for the command-line tool, as the hub's page of tokens does."""
        self.get("/hub/token")
        body: dict[str, object] = {"note": note, "scopes": [SCOPE], "expires_in": TOKEN_SECONDS}
        answer = self.post(f"/hub/api/users/{self.name}/tokens", body, "/hub/")
        if answer.status_code != CREATED:
            raise RefusedError(
                "The hub makes no token for {name} (status {status}).",
                reason="no-token",
                name=self.name,
                status=answer.status_code,
            )
        return str(answer.json()["token"])
