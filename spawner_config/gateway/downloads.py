"""What would be a download: refused where the workspace's tier holds the browser channel.

A container's owner controls everything inside, so these rules stop the honest server's ways out, in every spelling;
what a hostile server packs into an allowed answer meets the cap on bytes instead.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from datasets_mount.catalogue import Tier
from hub.domain.errors import RefusedError
from spawner_config.gateway.matching import Target

FIRST_SEGMENTS = frozenset({"", "api", "kernelspecs", "lab", "static", "terminals"})
"""What JupyterLab needs; ``files``, ``view``, ``nbconvert``, ``proxy``, ``lsp``, ``custom`` and the unknown are not
among it."""
API_SEGMENTS = frozenset(
    {"", "config", "contents", "events", "kernels", "kernelspecs", "me", "security", "sessions", "status", "terminals"}
)
"""What JupyterLab needs below ``api``; ``nbconvert`` and ``metrics`` are not among it."""
ASKS_FOR_A_FILE = frozenset({"download", "attachment", "export"})
SHOWN = frozenset(
    {
        "application/font-woff",
        "application/font-woff2",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/problem+json",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "image/apng",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/svg+xml",
        "image/vnd.microsoft.icon",
        "image/webp",
        "image/x-icon",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
"""Kinds that a browser shows or runs; what it cannot show, it would save."""
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp")
"""The endings of files that JupyterLab shows from base64."""


def held(tier: Tier) -> bool:
    """Whether a workspace's browser channel is held: in the open tier it is only metered."""
    return tier is not Tier.OPEN


def check_is_no_download(target: Target, tier: Tier) -> None:
    """In the tiers above open, the browser shows a workspace and takes nothing away from it."""
    if not held(tier):
        return
    first, second = _places(target)
    if first not in FIRST_SEGMENTS or (first == "api" and second not in API_SEGMENTS):
        raise _refused()
    parameters = _parameters(target.query)
    if ASKS_FOR_A_FILE & {name for name, _ in parameters}:
        raise _refused()
    if first == "kernelspecs" and not _is_picture(target):
        raise _refused()
    if second == "contents" and _asks_for_bytes(parameters) and not _is_picture(target):
        raise _refused()


def forwarded(target: Target, tier: Tier) -> str:
    """Return the address as the workspace is asked: for contents as text, unless they are a picture's.

    Where nobody says a format, Jupyter's server packs what is no text into base64; of several formats it takes the
    last, so this one is said behind whatever a browser says. Folders and notebooks have no format.
    """
    if not held(tier) or _places(target) != ("api", "contents") or _is_picture(target):
        return target.raw
    return f"{target.raw}{'&' if '?' in target.raw else '?'}format=text"


def _places(target: Target) -> tuple[str, str]:
    """Return the words that decide, as they are forwarded: another spelling of them is not among the allowed."""
    raw = target.raw.partition("?")[0].split("/")[4:]
    first, second = [*raw, "", ""][:2]
    return first, second


def _is_picture(target: Target) -> bool:
    return target.path.lower().endswith(PICTURES)


def _parameters(query: str) -> list[tuple[str, str]]:
    """Return the query's names and values, decoded as often as any program may, with “;” as a separator, too."""
    texts = {query, _plain(query)} - {""}
    pairs = [pair for text in texts for pair in parse_qsl(text.replace(";", "&"), keep_blank_values=True)]
    return [(_plain(name), _plain(value)) for name, value in pairs]


def _plain(text: str) -> str:
    for _ in range(3 if "%" in text or "+" in text else 0):
        text = unquote_plus(text)
    return text.strip().lower()


def _asks_for_bytes(parameters: list[tuple[str, str]]) -> bool:
    return any(name == "format" and value not in ("", "text", "json") for name, value in parameters)


def check_is_shown(disposition: str | None, content_type: str | None, tier: Tier) -> None:
    """An answer that the browser would save as a file is a download, whatever its address was."""
    if not held(tier):
        return
    kind = (content_type or "").partition(";")[0].strip().lower()
    if disposition is not None and disposition.strip().lower() != "inline":
        raise _refused()
    if kind and kind not in SHOWN and not kind.startswith("font/"):
        raise _refused()


def _refused() -> RefusedError:
    return RefusedError(
        "Files do not leave this workspace through the browser: its data are confidential. "
        "Put what you need into /outputs and make an export request.",
        reason="download",
    )
