"""The lab's secrets: one file each, made once, readable by the accounts of the lab alone that need it.

Invariants:

* a secret is never replaced by this module once its file exists;
* a file appears whole or not at all, and never with a wider mode than 0600;
* a secret that others may have read is refused, not used: others than its owner, and the one account of the lab
  whose own group it has.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.adapters.accounts.known import account_uids, are_separate, own_groups
from hub.adapters.signer import FileSigner, public_pem
from hub.adapters.state_folder import writing_state
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings


class Secret(StrEnum):
    """The files of the folder ``secrets``."""

    COOKIE = "cookie"  # signs the hub's cookies; 64 hexadecimal digits, as JupyterHub reads it
    PROXY = "proxy-token"  # lets the hub write the proxy's routes
    CLIENT = "client-secret"  # of the lab at its OpenID provider; outside the demonstration the administrator brings it
    PORTAL = "portal-token"  # the portal's own at the hub's API
    WORKER = "worker-token"  # the worker's own at the hub's API
    GATEWAY = "gateway-token"  # the gateway's own at the hub: it logs people in to workspaces
    GATEWAY_SEAL = "gateway-seal"  # seals the cookies that browsers keep for the gateway
    METRICS = "metrics-token"  # lets Prometheus read the metrics of hub and portal, and nothing else
    MAIL = "mail-password"  # of the lab at its mail server; the administrator brings it
    WEBHOOK = "webhook-key"  # signs what is posted to the webhook; shared with whoever receives it
    SIGNING = "signing.pem"  # Ed25519, signs receipts
    PUBLIC = "lab.pub"  # what a recipient verifies receipts with; open to everybody
    DEMO = "demo-passwords.json"  # of the demonstration's people; a real lab has no such file
    IDENTITY_KEY = "identity-key.pem"  # RSA, signs what the demonstration's provider says
    IDENTITY_SESSION = "identity-session"  # signs that provider's cookies


def make_secrets(settings: Settings) -> None:
    """Make every secret that is not there yet, and the public key of the signing key.

    The state folder is closed to others on the way: containers are given what lies in it by mounts, not by its path.
    Raises UnavailableError when the folder cannot be written.
    """
    with writing_state(settings):
        _make_secrets(settings)


def _make_secrets(settings: Settings) -> None:
    for folder in (settings.state, settings.secret(Secret.COOKIE).parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not are_separate():  # Otherwise accounts of the lab go through it; see hub.adapters.accounts.layout.
            folder.chmod(0o700)
    services = (Secret.PORTAL, Secret.WORKER, Secret.GATEWAY, Secret.METRICS)
    for name in (Secret.COOKIE, Secret.PROXY, *services, Secret.GATEWAY_SEAL):
        make_once(settings.secret(name), _token)
    if settings.login.demo:
        make_once(settings.secret(Secret.CLIENT), _token)
    make_once(settings.secret(Secret.SIGNING), _ed25519)
    signer = FileSigner(settings.secret(Secret.SIGNING))
    make_once(settings.secret(Secret.PUBLIC), lambda: public_pem(signer.public_key()), mode=0o644)


def make_once(path: Path, content: Callable[[], str], *, mode: int = 0o600) -> None:
    """Write what ``content`` gives, unless the file exists; of two at the same time, one wins."""
    if path.exists():
        return
    with _written_beside(path, content(), mode) as fresh:
        # A link fails where a rename would replace, so that a secret in use is never exchanged.
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return


def replace_secret(path: Path, text: str) -> None:
    """Put ``text`` in the place of the file, whole or not at all."""
    with _written_beside(path, text, 0o600) as fresh:
        fresh.replace(path)


def read_secret(path: Path) -> str:
    """The text of a secret, without the line end.

    Raises UnavailableError where there is none, and InvalidError where others may have read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnavailableError(
            "The secret {name} is missing in {folder}: put it there with mode 0600. "
            "“make up” makes all secrets but those that come from outside.",
            reason="secret-missing",
            name=path.name,
            folder=path.parent,
        ) from None
    except OSError as error:
        raise InvalidError(
            "The secret {path} cannot be read: {why}.", reason="secret-unreadable", path=path, why=error.strerror
        ) from None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        _check_is_ours_alone(os.fstat(descriptor), path)
        text = file.read().strip()
    if not text:
        raise InvalidError("The secret {path} is empty; put it back from a backup.", reason="secret-empty", path=path)
    return text


def _check_is_ours_alone(status: os.stat_result, path: Path) -> None:
    """A secret is a plain file of the lab's own account, or of accounts of its own, closed to everybody else."""
    closed = stat.S_ISREG(status.st_mode) and not status.st_mode & 0o037
    shared = bool(status.st_mode & 0o040)
    if not closed or not _is_the_labs(status.st_uid) or (shared and status.st_gid not in own_groups()):
        raise InvalidError(
            "The secret {path} is open to others: close it (owner the lab's account, mode 0600), "
            "and replace it if somebody may have read it.",
            reason="secret-exposed",
            path=path,
        )


def _is_the_labs(uid: int) -> bool:
    """Whoever reads it owns it; where the lab has several accounts, another one of them may, or root."""
    own, accounts = os.geteuid(), {0, *account_uids()}
    return uid == own or (own in accounts and uid in accounts)


@contextmanager
def _written_beside(path: Path, text: str, mode: int) -> Iterator[Path]:
    """A file with the text and the mode, on the disk, in the same folder; it is gone afterwards."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text.rstrip("\n") + "\n")
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _token() -> str:
    return secrets.token_hex(32)


def _ed25519() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()
