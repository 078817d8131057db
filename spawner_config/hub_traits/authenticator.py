"""Login: the OpenID provider says who somebody is, the lab's own records say whether they may come in.

Invariants:

* nobody comes in whom the lab's records do not know, and who is taken out of them is asked to log in again;
* an answer of the provider counts for the login that asked for it, and only with the second factor that is asked for;
* nobody is an administrator of the hub, whatever the provider or the hub's own tables say;
* a name is taken as the provider writes it: two accounts that differ in capitals stay two;
* a login begins a session of its own: what a browser held before it is not what counts after it;
* a logout ends every login of its person in browsers: nothing that was copied from one of them opens anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jupyterhub import orm
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLoginHandler, OAuthLogoutHandler
from tornado.web import HTTPError
from traitlets import Callable, List, Unicode

from hub.domain.errors import UnavailableError
from spawner_config.hub_traits.id_token import OTHER_LOGIN, Asked, LoginRefusedError, check_id_token, nonce_of, subject

UNKNOWN_PERSON = (
    "Your login worked, but this lab does not know you. Ask an administrator of the lab to add you, then log in again."
)
UNKNOWN_PERSON_FR = (
    "Votre connexion a réussi, mais ce laboratoire ne vous connaît pas. "
    "Demandez à son administrateur de vous ajouter, puis reconnectez-vous."
)


OPENID = "openid"


async def _tells_nobody(_name: str) -> None:
    return


@contextmanager
def _refused() -> Iterator[None]:
    """Say to the browser why a login does not count."""
    try:
        yield
    except LoginRefusedError as error:
        raise HTTPError(403, str(error)) from None


def _knows_nobody(_name: str) -> bool:
    return False


class LabLoginHandler(OAuthLoginHandler):  # type: ignore[misc]  # oauthenticator ships no types
    """Sends the browser to the provider with PKCE and state, as ever, and with a nonce."""

    def authorize_redirect(self, *, extra_params: Mapping[str, Any], **options: Any) -> None:
        """Ask for an ID token that carries the nonce of this login."""
        nonce = nonce_of(str(extra_params["state"]))
        super().authorize_redirect(extra_params={**extra_params, "nonce": nonce}, **options)


class LabCallbackHandler(OAuthCallbackHandler):  # type: ignore[misc]  # likewise
    """Takes the provider's answer, and begins a session that nobody knew before; JupyterHub alone keeps the old one."""

    def set_login_cookie(self, user: Any) -> None:
        """Give the session another name, to which the browser's logins of services and its forms are bound."""
        self.set_session_cookie()
        super().set_login_cookie(user)


class LabLogoutHandler(OAuthLogoutHandler):  # type: ignore[misc]  # likewise
    """Ends a person's logins; JupyterHub alone would ask the browser to forget its cookie, and believe a copy of it."""

    async def handle_logout(self) -> None:
        """End them in the hub's own tables."""
        await super().handle_logout()
        if self.current_user is not None:
            end_logins(self.db, self.current_user.orm_user)
            try:
                await self.authenticator.logged_out(self.current_user.name)
            except UnavailableError as error:  # it asks the hub again by itself, seconds later
                self.log.warning("The gateway was not told of a logout: %s", error)


def end_logins(db: Any, user: orm.User) -> None:
    """Let no cookie of a person count any more, and no token or code that a login gave; tokens of their own go on."""
    user.cookie_id = orm.new_token()
    for kind in (orm.APIToken, orm.OAuthCode):
        for given in db.query(kind).filter(kind.user_id == user.id, kind.session_id.isnot(None)):
            db.delete(given)
    db.commit()


class LabAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator ships no types
    """OpenID Connect with the lab's records as the list of who may come in."""

    knows_person = Callable(
        default_value=_knows_nobody, config=True, help="Whether the lab's records hold a person of that name."
    )
    log_in = Callable(
        default_value=_knows_nobody, config=True, help="The same, asked once for each login, which it records."
    )
    logged_out = Callable(
        default_value=_tells_nobody, config=True, help="``(name) -> None``, awaited: tells who else believes a login."
    )
    issuer = Unicode(config=True, help="The provider's name in its ID tokens; empty where it is not checked.")
    second_factor_claim = Unicode("amr", config=True, help="The claim of the ID token that tells of a second factor.")
    second_factor_values = List(
        Unicode(), config=True, help="Of which it has to name one; an empty list asks for no second factor."
    )
    login_handler, callback_handler, logout_handler = LabLoginHandler, LabCallbackHandler, LabLogoutHandler
    any_allow_config = True  # Who may come in is decided below, by none of the hub's own lists.

    def normalize_username(self, username: str) -> str:
        """Return the name unchanged; JupyterHub would make all letters small."""
        return username

    async def check_allowed(self, username: str, auth_model: Mapping[str, Any] | None) -> bool:
        """Only a person of the lab's records comes in."""
        return auth_model is not None and self.log_in(username) is True

    @property
    def _asked(self) -> Asked:
        values = frozenset(self.second_factor_values)
        return Asked(self.client_id, self.issuer, self.second_factor_claim, values)

    async def get_token_info(self, handler: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        """Fetch the tokens, and hold the ID token against the login; a provider without OpenID Connect gives none."""
        told: dict[str, Any] = await super().get_token_info(handler, params)
        if OPENID in self.scope:
            with _refused():
                check_id_token(told.get("id_token"), nonce_of(handler.get_state_url()), self._asked)
        return told

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Nobody is an administrator of the hub, and what an earlier hub had granted is taken back.

        What the provider tells of a person is of the one whom the ID token is about (OpenID Connect Core 1.0, 5.3.2).
        """
        if OPENID in self.scope:
            state = auth_model["auth_state"]
            with _refused():
                if subject(state["id_token"], self._asked) != state[self.user_auth_state_key].get("sub"):
                    raise LoginRefusedError(OTHER_LOGIN)
        return auth_model | {"admin": False}

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> bool:
        """A person who is no longer in the lab's records has to log in again, and is refused there."""
        return self.knows_person(user.name) is True
