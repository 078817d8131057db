"""The lab's Ed25519 key, and the verification of what it signed."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from hub.domain.errors import InvalidError, UnavailableError


class FileSigner:
    """Signs with the private key in a PEM file, read at each use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _key(self) -> Ed25519PrivateKey:
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise UnavailableError(
                        "The lab's signing key can be read by others; close it (chmod 600), and consider a new one.",
                        reason="signing-key",
                    )
                key = load_pem_private_key(file.read(), password=None)
        except (OSError, ValueError):
            raise UnavailableError(
                "The lab's signing key cannot be read; tell the administrator.", reason="signing-key"
            ) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise UnavailableError("The lab's signing key is not an Ed25519 key.", reason="signing-key")
        return key

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032), 64 bytes."""
        return self._key().sign(message)

    def public_key(self) -> bytes:
        """Return the raw public key, 32 bytes."""
        return self._key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem(raw: bytes) -> str:
    """Return a public key as PEM text, as recipients keep it."""
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def is_signature(pem: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a message was signed with the key whose public half is given as PEM."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise InvalidError("The key file holds no public key in PEM form.", reason="not-a-key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidError("The key file holds no Ed25519 key.", reason="not-a-key")
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
