"""Login: the OpenID provider says who somebody is, the lab's own records say whether they may come in.

Invariants:

* nobody comes in whom the lab's records do not know, and who is taken out of them is asked to log in again;
* nobody is an administrator of the hub, whatever the provider or the hub's own tables say;
* a name is taken as the provider writes it: two accounts that differ in capitals stay two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthenticator.generic import GenericOAuthenticator
from traitlets import Callable

UNKNOWN_PERSON = (
    "Your login worked, but this lab does not know you. Ask an administrator of the lab to add you, then log in again."
)
UNKNOWN_PERSON_FR = (
    "Votre connexion a réussi, mais ce laboratoire ne vous connaît pas. "
    "Demandez à son administrateur de vous ajouter, puis reconnectez-vous."
)


def _knows_nobody(_name: str) -> bool:
    return False


class LabAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator ships no types
    """OpenID Connect with the lab's records as the list of who may come in."""

    knows_person = Callable(
        default_value=_knows_nobody, config=True, help="Whether the lab's records hold a person of that name."
    )
    log_in = Callable(
        default_value=_knows_nobody, config=True, help="The same, asked once for each login, which it records."
    )
    any_allow_config = True  # Who may come in is decided below, by none of the hub's own lists.

    def normalize_username(self, username: str) -> str:
        """Return the name unchanged; JupyterHub would make all letters small."""
        return username

    async def check_allowed(self, username: str, auth_model: Mapping[str, Any] | None) -> bool:
        """Only a person of the lab's records comes in."""
        return auth_model is not None and self.log_in(username) is True

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Nobody is an administrator of the hub, and what an earlier hub had granted is taken back."""
        return auth_model | {"admin": False}

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> bool:
        """A person who is no longer in the lab's records has to log in again, and is refused there."""
        return self.knows_person(user.name) is True
