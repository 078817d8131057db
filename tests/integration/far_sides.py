"""What the couriers speak to: a real mail server, a real HTTP listener, and one that says nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


class MailBox:
    """Takes mails for everybody but ``nobody``; ``answer`` is what it says to the rest of them."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 There is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
            self.to.append(list(envelope.rcpt_tos))
        return self.answer


@contextmanager
def mail_server(password: str = "", context: Any = None, starttls: Any = None) -> Iterator[tuple[MailBox, int]]:
    """A mail server on loopback; with a password it wants a login as ``lab``.

    A context is for TLS from the start, or for STARTTLS, which a login then needs.
    """

    def known(_server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        return AuthResult(success=(given.login, given.password) == (b"lab", password.encode()), handled=False)

    box = MailBox()
    needs = {"authenticator": known, "auth_required": True} if password else {}
    needs |= {"tls_context": starttls, "require_starttls": True} if starttls else {}
    server = Controller(box, hostname="127.0.0.1", port=free_port(), ssl_context=context, **needs)
    server.start()
    try:
        yield box, server.port
    finally:
        server.stop()


class Listener(ThreadingHTTPServer):
    """Keeps what is posted to it, and answers with a status."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts: list[tuple[dict[str, str], bytes]] = []


class _Post(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@contextmanager
def listener() -> Iterator[Listener]:
    """An HTTP listener on loopback."""
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        yield deaf.getsockname()[1]
