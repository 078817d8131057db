"""How messages leave the lab: by mail, and by a signed webhook.

Invariants:

* a message holds the kind of what happened, the project's and the thing's identifiers, and a link; nothing else;
* nothing that is put into a header has a line end, or any letter outside a plain set;
* what the other side answers is looked at for its status alone, and followed nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote

import requests

from hub.domain.errors import InvalidError, UnavailableError
from hub.domain.notices import Message
from hub.settings import Mail, Webhook

SECONDS = 10
"""How long the other side may stay silent."""
SHORTEST_KEY = 32
FORM = "datalab-notice-1"
SIGNATURE, STAMP = "X-Datalab-Signature", "X-Datalab-Timestamp"
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]")


def plain(word: str) -> str:
    """Return an identifier with nothing but letters, digits and hyphens, and at most sixty of them."""
    return NOT_PLAIN.sub("?", word)[:60]


def link_to(portal: str, message: Message) -> str:
    """Return the address of the page on which the person reads what happened, after they have logged in."""
    words = [quote(word, safe="") for word in (message.place, message.subject) if word]
    return "/".join([portal.rstrip("/"), *words])


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads of a message."""

    subject: str
    text: str


class SmtpCourier:
    """Sends each message as a mail of its own; a person's address is made from the settings alone."""

    def __init__(self, mail: Mail, password: str, write: Callable[[Message], Letter]) -> None:
        self._mail = mail
        self._password = password
        self._write = write

    def carry(self, message: Message) -> None:
        """Hand it to the mail server."""
        sent = self._mail_of(message)
        try:
            with self._connection() as server:
                if self._mail.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self._mail.user:
                    server.login(self._mail.user, self._password)
                server.send_message(sent)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise InvalidError("The mail server refused a message.", reason="mail-refused") from error
        except (smtplib.SMTPException, OSError) as error:
            raise UnavailableError(
                "The mail server does not take messages ({why}).", reason="mail-down", why=type(error).__name__
            ) from error

    def _connection(self) -> smtplib.SMTP:
        host, port = self._mail.host, self._mail.port
        if self._mail.tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=SECONDS)

    def _address(self, message: Message) -> str:
        mail = self._mail
        if message.box is not None:
            address = str(getattr(mail, message.box))
        else:
            made = f"{message.person}@{mail.domain}" if mail.domain and plain(message.person) == message.person else ""
            address = mail.addresses.get(message.person, made)
        if not address:
            raise InvalidError("There is no address of mail for this message.", reason="mail-no-address")
        return address

    def _mail_of(self, message: Message) -> EmailMessage:
        letter, mail = self._write(message), EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._mail.sender, self._address(message), letter.subject
        mail["Date"] = format_datetime(message.created)
        mail["Message-ID"] = f"<{plain(message.id)}@{self._mail.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
        mail.set_content(letter.text)
        return mail


class WebhookCourier:
    """Posts each message as JSON, with a signature over the moment and the body (HMAC-SHA256)."""

    def __init__(self, webhook: Webhook, key: str, portal: str, now: Callable[[], datetime]) -> None:
        if len(key.encode()) < SHORTEST_KEY:
            raise InvalidError(
                "The key of the webhook has fewer than {shortest} bytes; make a longer one.",
                reason="webhook-key",
                shortest=SHORTEST_KEY,
            )
        self._webhook = webhook
        self._key = key.encode()
        self._portal = portal
        self._now = now

    def carry(self, message: Message) -> None:
        """Post it; only an answer of success is one."""
        body = self._body(message)
        stamp = str(int(self._now().timestamp()))
        head = {"Content-Type": "application/json", STAMP: stamp, SIGNATURE: signature(self._key, stamp, body)}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    self._webhook.url, data=body, headers=head, timeout=SECONDS, allow_redirects=False, stream=True
                )
                answer.close()
        except (requests.RequestException, OSError) as error:
            raise UnavailableError(
                "The webhook does not answer ({why}).", reason="webhook-down", why=type(error).__name__
            ) from error
        if not 200 <= answer.status_code < 300:
            raise UnavailableError("The webhook answered {status}.", reason="webhook-status", status=answer.status_code)

    def _body(self, message: Message) -> bytes:
        said = {
            "form": FORM,
            "id": message.id,
            "kind": message.kind.value,
            "project": plain(message.project),
            "subject": plain(message.subject),
            "link": link_to(self._portal, message),
        }
        return json.dumps(said, sort_keys=True).encode()


def signature(key: bytes, stamp: str, body: bytes) -> str:
    """Return what the receiver compares: ``sha256=`` and the HMAC (RFC 2104) of the moment, a dot, and the body."""
    return "sha256=" + hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
