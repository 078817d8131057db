"""JupyterLab's own files come from the host's copy, whatever a container says."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from hub.setup.lab_files import KEPT, copy_of, keep_lab_files
from hub.setup.steps import SetupError
from integration.gateway_bench import Bench, bench, ok, says
from spawner_config.gateway.browser import ANSWER_BYTES
from spawner_config.lab_files import SHARED

IMAGE = "ab" * 32
MAIN = b"var trusted = 1; " * 500
FILES = {
    "static/main.0123456789abcdef.js": MAIN,
    "static/index.html": b"<script>evil</script>",
    "labextensions/pygments/static/remoteEntry.js": b"entry",
    "static/favicons/favicon.ico": b"icon",
}


def packed(files: Mapping[str, bytes], folder: str, evil: bool = False) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            if not name.startswith(folder):
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if evil:
            for name, kind in (("static/link.js", tarfile.SYMTYPE), ("static/pipe.js", tarfile.FIFOTYPE)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = kind, "/etc/passwd"
                archive.addfile(entry)
            entry = tarfile.TarInfo("static/../../../outside.js")
            archive.addfile(entry, io.BytesIO())
    return out.getvalue()


def fetch(place: str) -> bytes | None:
    if "python3.11" in place or "share" in place:
        return packed(FILES, "labextensions" if place.endswith("labextensions") else "static", evil=True)
    return None


def test_a_copy_holds_plain_files_alone_and_is_made_once(tmp_path: Path) -> None:
    keep_lab_files(tmp_path / "lab-files", f"sha256:{IMAGE}", fetch)
    folder = copy_of(tmp_path / "lab-files", IMAGE)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    assert "static/lab/main.0123456789abcdef.js" in found
    assert "lab/extensions/pygments/static/remoteEntry.js" in found
    assert not [name for name in found if "link" in name or "pipe" in name or "outside" in name]
    assert not list(tmp_path.rglob("outside.js"))
    assert gzip.decompress((folder / "static/lab/main.0123456789abcdef.js.gz").read_bytes()) == MAIN
    keep_lab_files(tmp_path / "lab-files", IMAGE, lambda _: pytest.fail("it was taken twice"))
    assert [p.name for p in folder.parent.iterdir()] == [IMAGE]


def test_the_program_begins_with_the_parts_that_it_would_ask_for_first(tmp_path: Path) -> None:
    parts = {"static/7.aa.js": b"part(7)", "static/77.bb.js": b"part(77)", "static/8.cc.js": b"part(8)"}

    def taken(place: str) -> bytes | None:
        return packed(FILES | parts, "labextensions" if place.endswith("labextensions") else "static")

    keep_lab_files(tmp_path, IMAGE, taken, ["8", "7", "none"])
    folder = copy_of(tmp_path, IMAGE) / "static/lab"
    main = folder / "main.0123456789abcdef.js"
    assert main.read_bytes() == b"part(8)\n;\npart(7)\n;\n" + MAIN
    assert gzip.decompress(main.with_name(f"{main.name}.gz").read_bytes()) == main.read_bytes()
    assert (folder / "7.aa.js").read_bytes() == b"part(7)"


def test_copies_of_images_long_gone_are_forgotten(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        keep_lab_files(tmp_path, f"{number:064x}", fetch)
        os.utime(copy_of(tmp_path, f"{number:064x}"), (number, number))
    left = sorted(int(p.name, 16) for p in tmp_path.iterdir())
    assert left == list(range(2, KEPT + 2))


def test_an_image_without_jupyterlab_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no JupyterLab"):
        keep_lab_files(tmp_path, IMAGE, lambda _: None)
    assert not list(tmp_path.iterdir())


async def opened_with_files(b: Bench, tier: Tier = Tier.SENSITIVE) -> None:
    keep_lab_files(b.lab_files, IMAGE, fetch)
    await b.open("health", says(ok(b"evil")), tier)


def test_a_container_has_no_say_in_what_runs_as_jupyterlab(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await opened_with_files(b)
            for rest in ("static/lab/main.0123456789abcdef.js?v=1", "lab/extensions/pygments/static/remoteEntry.js",
                         "static/favicons/favicon.ico"):  # fmt: skip
                status, body = await b.get("health", rest)
                assert (status, b"evil" in body) == (200, False)
            for rest in ("static/lab/other.js", "static/x", "lab/extensions/own/static/remoteEntry.js", "static/",
                         "static/lab/index.html", "static/lab/main.0123456789abcdef.js.gz"):  # fmt: skip
                status, body = await b.get("health", rest)
                assert (status, b"evil" in body) == (404, False), rest
            assert await b.get("health", "api/status") == (200, b"evil")  # the control: it does answer
            assert b.total(b.servers[-1]) == len("evilContent-Typeapplication/json") + ANSWER_BYTES

    asyncio.run(story())


def test_in_the_open_tier_a_workspaces_own_extensions_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await opened_with_files(b, Tier.OPEN)
            assert await b.get("health", "lab/extensions/own/static/remoteEntry.js") == (200, b"evil")
            assert gzip.decompress((await b.get("health", "static/lab/main.0123456789abcdef.js"))[1]) == MAIN

    asyncio.run(story())


def test_all_workspaces_share_one_packed_address_that_a_browser_keeps_for_a_year(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await opened_with_files(b)
            root = f"http://127.0.0.1:{b.settings.ports.gateway}{SHARED}"
            headers = {"Accept-Encoding": "gzip", "Authorization": ""}
            async with b.session.get(f"{root}main.0123456789abcdef.js", headers=headers) as answer:
                assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                assert answer.headers["Content-Encoding"] == "gzip"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert gzip.decompress(await answer.read()) == MAIN
            for name in (
                "../../secrets/cookie",
                "..%2f..%2fsecrets/cookie",
                "favicons/none.ico",
                "index.html",
                "",
                "x/../index.html",
            ):
                async with b.session.get(f"{root}{name}", headers=headers) as answer:
                    assert answer.status == 404
            async with b.session.get(f"{root}favicons/favicon.ico") as answer:
                assert answer.headers["Cache-Control"] == "public, max-age=3600"  # not named by its content
            async with b.session.get(root, headers={"Service-Worker": "script"}) as answer:
                assert answer.status == 403

    asyncio.run(story())
