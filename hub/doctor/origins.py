"""What the doctor says of workspaces' origins: without ones of their own, a held page may lead itself elsewhere."""

from __future__ import annotations

from datasets_mount.catalogue import Dataset, Tier
from hub.doctor.program import listed
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.services.lab import Lab
from hub.settings import Settings


def origins_looked_at(settings: Settings, lab: Lab) -> Attempt:
    """Note where datasets are held and workspaces are pages of their own, which can lead to another site."""
    tried = "Look whether workspaces on sensitive and secret data have origins of their own."
    with lab.store.read() as reading:
        held = sorted(d.name for d in reading.find(Dataset) if d.tier is not Tier.OPEN)
    if settings.server.subdomains:
        return _attempt(tried, "Each workspace has one, and is shown in a frame.", Verdict.HOLDS)
    if not held:
        return _attempt(tried, "None has; there are no such data.", Verdict.HOLDS)
    seen = (
        f"None has, though there are such data ({listed(held)}): a script in a workspace can lead its page to another "
        "site, with data in the address. Set “subdomains” in lab.toml (docs/how-to/use-subdomains.md)."
    )
    return _attempt(tried, seen, Verdict.NOTE)


def _attempt(tried: str, seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.MACHINE, "origins", "host", tried, seen, verdict)
