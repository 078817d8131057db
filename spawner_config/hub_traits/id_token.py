"""The ID token: what the provider says of a login itself, and what the lab asks of it.

The token comes from the provider's token endpoint over TLS, so its signature need not be checked (OpenID Connect Core
1.0, 3.1.3.7, item 6); all else of that list that concerns the lab is. Whatever is missing, of another form or of
another login refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

OTHER_LOGIN = (
    "The answer of the login provider does not belong to this login. Log in again; if it happens again, tell an "
    "administrator of the lab."
)
OTHER_LOGIN_FR = (
    "La réponse du fournisseur d’identité n’est pas celle de cette connexion. Reconnectez-vous ; si cela se répète, "
    "prévenez l’administrateur du laboratoire."
)
NO_SECOND_FACTOR = (
    "This lab asks for a login with a second factor, and the login provider does not say that there was one. "
    "Set a second factor up at your provider, then log in again."
)
NO_SECOND_FACTOR_FR = (
    "Ce laboratoire demande une connexion avec un second facteur, et le fournisseur d’identité n’en annonce pas. "
    "Activez un second facteur chez votre fournisseur, puis reconnectez-vous."
)


class LoginRefusedError(Exception):
    """A login that does not count; its text is one of this module's sentences."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an ID token: for whom, by whom where that is known, and which claim tells of a second factor."""

    client_id: str
    issuer: str = ""
    claim: str = ""
    values: frozenset[str] = frozenset()


def nonce_of(state: str) -> str:
    """Return the nonce of a login: it follows from the state, which the browser's cookie holds."""
    return hashlib.sha256(b"nonce of " + state.encode()).hexdigest()


def check_id_token(token: object, nonce: str, asked: Asked) -> None:
    """Refuse a token that is not of this login, or that tells of no second factor where one is asked for."""
    claims = _claims(token, asked)
    if claims.get("nonce") != nonce:
        raise LoginRefusedError(OTHER_LOGIN)
    if asked.values and not asked.values & _said(claims.get(asked.claim)):
        raise LoginRefusedError(NO_SECOND_FACTOR)


def subject(token: object, asked: Asked) -> object:
    """Return whom a token is about."""
    return _claims(token, asked)["sub"]


def _claims(token: object, asked: Asked) -> Mapping[str, Any]:
    required = ["iss", "sub", "aud", "exp", "iat"]
    try:
        claims: dict[str, Any] = jwt.decode(
            str(token),
            audience=asked.client_id,
            issuer=asked.issuer or None,
            options={"verify_signature": False, "verify_aud": True, "verify_exp": True, "verify_iss": True,
                     "require": required},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise LoginRefusedError(OTHER_LOGIN) from None
    return claims


def _said(value: object) -> frozenset[str]:
    """A claim of one word (``acr``) or of several (``amr``, RFC 8176)."""
    words = value if isinstance(value, list) else [value]
    return frozenset(word for word in words if isinstance(word, str))
