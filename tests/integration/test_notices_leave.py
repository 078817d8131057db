"""Notices leave the lab by a real mail server and a real HTTP listener; what goes wrong there is endured."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from doubles.lab import SteppingClock, make_lab
from doubles.people import checked_request, found_consortium, play, registered_dataset
from hub.adapters import couriers
from hub.adapters.couriers import Letter, SmtpCourier, WebhookCourier, signature
from hub.adapters.secrets import Secret
from hub.domain.audit import event
from hub.domain.errors import InvalidError, UnavailableError
from hub.domain.notices import Channel, Message, NoticeKind
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.services import freezes
from hub.services.lab import Lab
from hub.services.outbox import deliver, waiting
from hub.settings import Mail, Settings, Webhook
from hub.wiring import couriers_from
from hub.worker import Sender
from integration.far_sides import free_port, listener, mail_server, silent

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = "k" * 40
MESSAGE = Message(
    "message-1", Channel.MAIL, "author", None, NoticeKind.EXPORT_RETURNED, "care", "exports", "e-1", NOW, NOW
)
HOSTILE = "care\r\nBcc: thief@example.net\r\n\r\nZebedee"


def mail_settings(port: int, **more: Any) -> Mail:
    plain = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "lab@example.org", "domain": "example.org"}
    return Mail.model_validate(plain | more)


def written(message: Message) -> Letter:
    return Letter(f"About {message.subject}", "Look at it.\n")


def secret(settings: Settings, name: Secret, text: str) -> None:
    path = settings.secret(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def a_lab(folder: Path, mail: Mail, url: str = "") -> Lab:
    lab = make_lab(folder, mail=mail, webhook={"url": url})
    found_consortium(lab)
    secret(lab.settings, Secret.WEBHOOK, KEY)
    return lab


def test_the_whole_way_from_a_request_to_the_mailbox_and_the_webhook(tmp_path: Path) -> None:
    with mail_server() as (box, port), listener() as posted:
        mail = mail_settings(port, stewards="stewards@example.org", addresses={"researcher": "ada@example.net"})
        lab = a_lab(tmp_path, mail, f"http://127.0.0.1:{posted.server_port}/hook")
        play(lab)
        registered_dataset(lab)
        request = checked_request(lab)
        deliver(lab, couriers_from(lab.settings))
        with lab.store.read() as reading:
            assert [m.box for m in waiting(reading)] == ["approvers"]  # which has no address here
    mine = [m for m, to in zip(box.mails, box.to, strict=True) if to == ["ada@example.net"]]
    last, link = mine[-1], f"{lab.settings.public_url}/services/portal/exports/{request.id}"
    assert (last["From"], last["To"]) == ("lab@example.org", "ada@example.net")
    assert "The gate has checked your export request" in last["Subject"]
    text = last.get_content()
    assert link in text
    assert "Le sas a contrôlé votre demande" in text
    assert ["stewards@example.org"] in box.to
    head, body = next((h, b) for h, b in posted.posts if json.loads(b)["kind"] == "export_checked")
    said = json.loads(body)
    assert said == {
        "form": "datalab-notice-1", "id": said["id"], "kind": "export_checked", "project": "wages",
        "subject": request.id, "link": link,
    }  # fmt: skip
    expected = hmac.new(KEY.encode(), head["X-Datalab-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert head["X-Datalab-Signature"] == f"sha256={expected}"
    everything = b"".join(b for _, b in posted.posts).decode() + "".join(m.as_string() for m in box.mails)
    for word in ("table.csv", "Number of persons", "Wage panel", "looked at it", "Wages by year"):
        assert word not in everything


def test_a_signature_is_of_the_moment_and_of_every_byte() -> None:
    right = signature(b"key", "1", b"body")
    assert (
        len({right, signature(b"key", "2", b"body"), signature(b"key", "1", b"bodY"), signature(b"Key", "1", b"body")})
        == 4
    )


def test_the_mail_server_wants_tls_and_a_login_and_a_wrong_password_is_no_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))  # as an authority of the organisation is given
    with mail_server(password="right", starttls=context) as (box, port):
        settings = mail_settings(port, tls="starttls", user="lab")
        with pytest.raises(UnavailableError, match="SMTPAuthenticationError"):
            SmtpCourier(settings, "wrong", written).carry(MESSAGE)
        SmtpCourier(settings, "right", written).carry(MESSAGE)
    assert [m["To"] for m in box.mails] == ["author@example.org"]


def test_a_server_that_offers_no_tls_is_given_nothing_when_tls_is_asked_for() -> None:
    with mail_server() as (box, port):
        for tls in ("starttls", "tls"):
            with pytest.raises(UnavailableError):
                SmtpCourier(mail_settings(port, tls=tls, user="lab"), "secret", written).carry(MESSAGE)
    assert box.mails == []


def test_a_server_whose_certificate_nobody_vouches_for_is_given_nothing(tmp_path: Path) -> None:
    with (
        mail_server(context=own_certificate(tmp_path)) as (box, port),
        pytest.raises(UnavailableError, match="SSLCertVerificationError"),
    ):
        SmtpCourier(mail_settings(port, tls="tls", user="lab"), "secret", written).carry(MESSAGE)
    assert box.mails == []


def own_certificate(folder: Path) -> Any:
    """A server's TLS with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    began = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(began).not_valid_after(began + timedelta(days=9))
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = made.add_extension(here, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
    signed = made.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_a_refused_recipient_is_the_messages_own_fault_and_an_answer_of_error_too() -> None:
    with mail_server() as (box, port):
        courier = SmtpCourier(mail_settings(port), "", written)
        with pytest.raises(InvalidError, match="refused"):
            courier.carry(replace(MESSAGE, person="nobody"))
        box.answer = "554 No"
        with pytest.raises(InvalidError, match="refused"):
            courier.carry(MESSAGE)
        box.answer = "250 OK"
        courier.carry(MESSAGE)
    assert len(box.mails) == 1


def webhook(port: int) -> WebhookCourier:
    return WebhookCourier(Webhook(url=f"http://127.0.0.1:{port}/hook"), KEY, "http://lab", lambda: NOW)


def mail_at(port: int) -> SmtpCourier:
    return SmtpCourier(mail_settings(port), "", written)


@pytest.mark.parametrize("made", [webhook, mail_at])
def test_a_far_side_that_is_away_or_hangs_is_no_delivery(
    made: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "SECONDS", 0.5)
    with pytest.raises(UnavailableError):
        made(free_port()).carry(MESSAGE)
    with silent() as port:
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            made(port).carry(MESSAGE)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [500, 404, 302, 307])
def test_an_answer_that_is_no_success_is_no_delivery_and_is_followed_nowhere(status: int) -> None:
    with listener() as posted:
        posted.status = status
        with pytest.raises(UnavailableError, match=str(status)):
            webhook(posted.server_port).carry(MESSAGE)
        assert len(posted.posts) == 1


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(InvalidError, match="key"):
        WebhookCourier(Webhook(url="http://localhost/x"), "short", "http://lab", lambda: NOW)


def test_line_ends_in_names_reach_no_header_and_no_other_address(tmp_path: Path) -> None:
    """Names are checked when they are given; here somebody with the database's power put in others."""
    with mail_server() as (box, port), listener() as posted:
        lab = a_lab(tmp_path, mail_settings(port), f"http://127.0.0.1:{posted.server_port}/hook")
        person = Person("eve\r\nBcc: thief@example.net", "Eve", "lab-office", (Role.STEWARD,))
        project = Project(
            HOSTILE, HOSTILE, "p", "scientist", date(2026, 1, 1), date(2026, 12, 31), 200009, ("researcher",)
        )
        with lab.store.begin() as records:
            records.save(person, event("lab:person:add", "administrator", "eve"))
            records.save(project, event("lab:project:create", "administrator", "x"))
        freezes.freeze(lab, "jobs-steward", HOSTILE, "Zebedee was seen")
        freezes.freeze(lab, "jobs-steward", "", "Zebedee again")
        deliver(lab, couriers_from(lab.settings))
    assert {to for tos in box.to for to in tos} <= {
        f"{name}@example.org" for name in ("scientist", "researcher", "outsider", "health-steward", "transport-steward")
    }
    assert len(box.mails) >= 2
    for mail in box.mails:
        assert mail["Bcc"] is None
        assert "\nBcc:" not in mail.as_string()
    everything = b"".join(b for _, b in posted.posts).decode() + "".join(m.get_content() for m in box.mails)
    assert "Zebedee was seen" not in everything
    assert {json.loads(b)["project"] for _, b in posted.posts} == {couriers.plain(HOSTILE), ""}


def test_a_line_end_in_an_address_of_the_settings_is_no_address() -> None:
    for address in ("a@example.org\r\nBcc: b@example.org", "a b@example.org", "a@example.org,b@example.org"):
        with pytest.raises(ValueError, match="no address of mail"):
            mail_settings(25, addresses={"author": address})
        with pytest.raises(ValueError, match="pattern"):
            mail_settings(25, stewards=address)


def test_a_server_that_hangs_keeps_no_use_case_and_no_other_thread_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "SECONDS", 3)
    with silent() as port:
        lab = a_lab(tmp_path, mail_settings(port))
        freezes.freeze(lab, "jobs-steward", "wages", "a suspicion")
        sender = Sender(lab, lambda: couriers_from(lab.settings))
        sender.start()
        time.sleep(0.5)
        began = time.monotonic()
        freezes.freeze(lab, "jobs-steward", "other", "another one")
        assert time.monotonic() - began < 1
        assert sender.is_alive()
        sender.end()
    sender.join(10)
    assert not sender.is_alive()


def test_the_worker_looks_again_for_a_secret_that_is_missing(tmp_path: Path) -> None:
    with listener() as posted:
        lab = make_lab(tmp_path, webhook={"url": f"http://127.0.0.1:{posted.server_port}/hook"})
        found_consortium(lab)
        freezes.freeze(lab, "jobs-steward", "wages", "a suspicion")
        with pytest.raises(UnavailableError, match="webhook-key"):
            couriers_from(lab.settings)
        secret(lab.settings, Secret.WEBHOOK, KEY)
        deliver(lab, couriers_from(lab.settings))
        assert len(posted.posts) == 1


def test_after_the_server_is_back_what_waited_is_sent(tmp_path: Path) -> None:
    port = free_port()
    lab = a_lab(tmp_path, Mail(), f"http://127.0.0.1:{port}/hook")
    freezes.freeze(lab, "jobs-steward", "wages", "a suspicion")
    deliver(lab, couriers_from(lab.settings))
    with listener() as posted:
        moved = lab.settings.model_copy(update={"webhook": Webhook(url=f"http://127.0.0.1:{posted.server_port}/h")})
        deliver(lab, couriers_from(moved))
        assert posted.posts == []  # its pause is not over
        assert isinstance(lab.clock, SteppingClock)
        lab.clock.wait(61)
        deliver(lab, couriers_from(moved))
        assert [json.loads(b)["kind"] for _, b in posted.posts] == ["frozen"]
