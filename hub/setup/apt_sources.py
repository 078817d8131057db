"""The machine's own package sources, as far as they are the distribution's; the base image comes from them."""

from __future__ import annotations

import re
from pathlib import Path

LIST = Path("/etc/apt/sources.list")
PARTS = Path("/etc/apt/sources.list.d")
COMPONENT = "main"

_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(?P<suite>\S+)\s+(?P<components>.+)$")


def is_ours(suites: str, components: str, release: str) -> bool:
    """Says whether a source is the release itself, its updates or its security updates."""
    named = set(suites.split())
    ours = {release, f"{release}-updates", f"{release}-security"}
    return bool(named) and named <= ours and COMPONENT in components.split()


def of_lines(text: str, release: str) -> str:
    """The release's lines of a file in the one-line format, unchanged."""
    kept = []
    for line in map(str.strip, text.splitlines()):
        found = _LINE.match(line.partition("#")[0].strip())
        if found and is_ours(found["suite"], found["components"], release):
            kept.append(f"{line}\n")
    return "".join(kept)


def _fields(stanza: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in stanza.splitlines() if line[:1] not in (" ", "\t", "#"))
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def of_stanzas(text: str, release: str) -> str:
    """The release's stanzas of a file in the deb822 format, unchanged, with their keys."""
    kept = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields = _fields(stanza)
        enabled = fields.get("enabled", "yes").lower() != "no"
        binary = "deb" in fields.get("types", "").split()
        if enabled and binary and is_ours(fields.get("suites", ""), fields.get("components", ""), release):
            kept.append(stanza.strip("\n") + "\n\n")
    return "".join(kept)


def write(folder: Path, release: str, main: Path = LIST, parts: Path = PARTS) -> list[Path]:
    """Writes the release's sources into files for mmdebstrap, one for each format, and returns those that hold any."""
    lines = [*([main] if main.exists() else []), *sorted(parts.glob("*.list"))]
    texts = {
        "sources.list": "".join(of_lines(path.read_text(), release) for path in lines),
        "release.sources": "".join(of_stanzas(path.read_text(), release) for path in sorted(parts.glob("*.sources"))),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name, text in texts.items() if text]
