"""With subdomains and TLS: whatever logs a person in is a ``__Host-`` cookie, and a logout takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, BrowserContext

from hub.demo.story_lab import start_lab
from hub.demo.story_stage import Stage
from hub.domain.workspaces import workspace_id
from hub.settings import load_settings
from lab_fixture import StoryLab, log_in_by_pages, make_story_lab, stopped_at_last

WORKSPACE_COOKIE = ("__Host-datalab-workspace", f"w-{workspace_id('administrator', 'care')}.lab.localhost")
LOGIN_COOKIES = {
    ("__Host-jupyterhub-hub-login", "lab.localhost"),
    ("__Host-service-portal", "lab.localhost"),
    WORKSPACE_COOKIE,
}


def make_certificate(folder: Path) -> None:
    """A certificate for the lab's name and all names below it, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab.localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("lab.localhost"), x509.DNSName("*.lab.localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
    signed = made.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "lab.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "lab.key").write_bytes(text)


@pytest.fixture(scope="module")
def tls_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLab]:
    """A lab with TLS and subdomains, with one person in it."""
    lab = make_story_lab(tmp_path_factory.mktemp("tls") / "Lab")
    make_certificate(lab.folder)
    url = f"https://lab.localhost:{lab.settings.ports.public}"
    server = f'[server]\nsubdomains = true\nurl = "{url}"\ncertificate = "lab.pem"\nkey = "lab.key"\n'
    lab.config.write_text(lab.config.read_text() + server)
    lab.settings = load_settings(lab.config)
    stage = Stage(lab.settings, lab.config)
    with stopped_at_last(lab):
        start_lab(stage)
        lab.passwords = stage.new_passwords
        yield lab


def cookies(context: BrowserContext) -> set[tuple[str, str]]:
    """What of the lab a browser holds that logs somebody in."""
    kept = [c for c in context.cookies() if c["name"].startswith(("__Host-", "jupyterhub-hub", "service-", "datalab"))]
    assert all(c["secure"] and c["httpOnly"] and c["path"] == "/" for c in kept)
    return {(c["name"], c["domain"]) for c in kept}


def test_what_logs_a_person_in_belongs_to_one_host_alone(chromium: Browser, tls_lab: StoryLab) -> None:
    lab = tls_lab.settings.public_url
    context = chromium.new_context(locale="en-GB", ignore_https_errors=True)
    page = context.new_page()
    log_in_by_pages(page, tls_lab, "administrator")
    page.goto(f"{tls_lab.settings.origin_of('administrator', 'care')}/user/administrator/care/lab")
    assert page.url.startswith(f"{lab}/hub/user/administrator/care")
    assert cookies(context) == LOGIN_COOKIES
    # A page below a subdomain cannot put another one in their place.
    page.goto(f"{tls_lab.settings.origin_of('administrator', 'care')}/services/gateway/lab/none")
    page.evaluate("document.cookie = '__Host-service-portal=x; domain=lab.localhost; path=/; secure'")
    assert cookies(context) == LOGIN_COOKIES
    page.goto(f"{lab}/services/portal/logout")
    assert cookies(context) <= {WORKSPACE_COOKIE}
    context.close()
