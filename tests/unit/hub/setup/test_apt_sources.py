from __future__ import annotations

from pathlib import Path

import pytest

from hub.setup import apt_sources

STANZA = """# the distribution
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
FOREIGN = """Types: deb
URIs: http://vendor.example/apt
Suites: bookworm
Components: stable
"""


def test_the_releases_stanzas_are_kept_word_for_word() -> None:
    kept = apt_sources.of_stanzas(f"{STANZA}\n{FOREIGN}", "bookworm")
    assert kept.strip() == STANZA.strip()


@pytest.mark.parametrize(
    "change",
    [
        ("Types: deb", "Types: deb-src"),
        ("Suites: bookworm bookworm-updates", "Suites: bookworm-backports"),
        ("Suites: bookworm bookworm-updates", "Suites: trixie"),
        ("Suites: bookworm bookworm-updates", "Suites:"),
        ("Types: deb", "Enabled: no\nTypes: deb"),
    ],
)
def test_a_stanza_that_is_not_the_release_is_left_out(change: tuple[str, str]) -> None:
    assert apt_sources.of_stanzas(STANZA.replace(*change), "bookworm") == ""


def test_the_releases_lines_are_kept_with_their_options() -> None:
    ours = "deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian bookworm main\n"
    security = "deb http://mirror.example/security bookworm-security main contrib\n"
    theirs = "deb http://vendor.example/apt bookworm stable\ndeb-src http://mirror.example/debian bookworm main\n"
    assert apt_sources.of_lines(f"# x\n{ours}{theirs}{security}#{ours}", "bookworm") == ours + security


def test_files_without_the_release_are_not_named(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "debian.sources").write_text(STANZA)
    (parts / "vendor.list").write_text("deb http://vendor.example/apt stable main\n")
    written = apt_sources.write(tmp_path / "out", "bookworm", tmp_path / "no.list", parts)
    assert [path.name for path in written] == ["release.sources"]
    assert written[0].read_text().strip() == STANZA.strip()
