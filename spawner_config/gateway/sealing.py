"""Small values that a browser keeps for the gateway and can neither read nor change."""

from __future__ import annotations

import base64
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


class Sealer:
    """Encrypts and authenticates with a key that outlives a restart."""

    def __init__(self, key: str) -> None:
        """Take the key as 64 hexadecimal digits."""
        self._fernet = Fernet(base64.urlsafe_b64encode(bytes.fromhex(key)))

    def seal(self, value: BaseModel) -> str:
        """Return a text that may stand in a cookie or an address."""
        return self._fernet.encrypt(value.model_dump_json().encode()).decode().rstrip("=")

    def opened(self, kind: type[M], text: str, seconds: int | None = None) -> M | None:
        """Return what was sealed, not longer than so many seconds ago; None for whatever else it is."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            return kind.model_validate_json(self._fernet.decrypt(padded, ttl=seconds))
        except (InvalidToken, UnicodeEncodeError, ValidationError):
            return None
