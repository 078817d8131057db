"""In the tiers above open, nothing that would be a download passes, in whatever spelling."""

from __future__ import annotations

import pytest

from datasets_mount.catalogue import Tier
from hub.domain.errors import LabError, RefusedError
from spawner_config.gateway.downloads import check_is_no_download, check_is_shown, forwarded
from spawner_config.gateway.matching import match

PREFIX = "/user/scientist/health"
DOWNLOADS = [
    "/files/a.csv", "/files", "/view/a.html", "/nbconvert/html/a.ipynb", "/nbconvert/html/a.ipynb?download=true",
    "/api/nbconvert", "/api/nbconvert/html", "/proxy/8000/", "/proxy/absolute/8000/x", "/lsp/status", "/lsp/ws/x",
    "/custom/custom.css", "/tree", "/edit/a.py", "/notebooks/a.ipynb", "/metrics", "/api/metrics", "/unknown",
    "/%66iles/a.csv", "/f%69les/a.csv", "/FILES/a.csv", "/Files/a.csv", "/%2566iles/a", "/files;x/a.csv",
    "/api/%6ebconvert/html",
    "/api/NBCONVERT/html", "/%61pi/nbconvert/html", "/api%2Fnbconvert", "/api//nbconvert", "/lab/../files/a.csv",
    "/lab/%2e%2e/files/a.csv", "/lab?download=1", "/lab?download", "/lab?x=1&download=", "/lab?Download=1",
    "/lab?%64ownload=1", "/lab?%2564ownload=1", "/lab?x=1;download=1", "/lab?+download=1", "/lab?attachment=1",
    "/api/contents/a.parquet?format=base64", "/api/contents/a?type=file&format=base64", "/api/contents/a?format=BASE64",
    "/api/contents/a?format=b%61se64", "/api/contents/a?format=base64&format=text",
    "/api/contents/a?format=text&format=base64",
    "/api/contents/a?format=other", "/kernelspecs/python3/kernel.json", "/kernelspecs/python3/a.parquet",
]  # fmt: skip
NEEDED = [
    "", "/", "/lab", "/lab/tree/a.ipynb", "/lab/api/settings?ids_only=true", "/static/lab/main.js", "/api",
    "/api/status",
    "/api/contents/a.ipynb?type=notebook&content=1&hash=1", "/api/contents/a.txt?format=text&type=file",
    "/api/contents/plot.png?format=base64&type=file", "/api/contents/PLOT.PNG?format=base64", "/api/kernels",
    "/api/kernels/1b4/channels?session_id=2", "/api/sessions", "/api/terminals", "/terminals/websocket/1",
    "/api/events/subscribe", "/kernelspecs/python3/logo-svg.svg",
    "/api/contents/downloads/files/export.ipynb?content=1",
]  # fmt: skip


def is_refused(raw: str, tier: Tier) -> bool:
    try:
        check_is_no_download(match(PREFIX + raw), tier)
    except LabError:
        return True
    return False


@pytest.mark.parametrize("tier", [Tier.SENSITIVE, Tier.SECRET])
@pytest.mark.parametrize("raw", DOWNLOADS)
def test_a_download_is_refused_in_every_spelling(raw: str, tier: Tier) -> None:
    assert is_refused(raw, tier)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("raw", NEEDED)
def test_what_jupyterlab_needs_passes_in_every_tier(raw: str, tier: Tier) -> None:
    assert not is_refused(raw, tier)


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        ("/api/contents/a.parquet", "/api/contents/a.parquet?format=text"),
        ("/api/contents/a?", "/api/contents/a?&format=text"),
        ("/api/contents?content=1&hash=0", "/api/contents?content=1&hash=0&format=text"),
        ("/api/contents/a?%2566ormat=text", "/api/contents/a?%2566ormat=text&format=text"),
        ("/api/contents/a.png/b?format=", "/api/contents/a.png/b?format=&format=text"),
        ("/api/contents/a.PNG?type=file", "/api/contents/a.PNG?type=file"),
        ("/api/kernels?format=x", "/api/kernels?format=x"),
        ("/lab/api/contents/a", "/lab/api/contents/a"),
    ],
)
def test_contents_are_asked_for_as_text_above_the_open_tier(raw: str, asked: str) -> None:
    target = match(PREFIX + raw)
    assert forwarded(target, Tier.OPEN) == target.raw
    for tier in (Tier.SENSITIVE, Tier.SECRET):
        assert forwarded(target, tier) == PREFIX + asked


@pytest.mark.parametrize(
    "raw", ["/files/a.csv", "/nbconvert/html/a.ipynb?download=true", "/api/contents/a?format=base64"]
)
def test_the_open_tier_is_metered_only(raw: str) -> None:
    assert not is_refused(raw, Tier.OPEN)


def test_the_refusal_says_what_to_do_next() -> None:
    with pytest.raises(RefusedError) as raised:
        check_is_no_download(match(f"{PREFIX}/files/a.csv"), Tier.SENSITIVE)
    assert raised.value.reason == "download"
    assert "make an export request" in str(raised.value)


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [
        ("attachment", "text/html"),
        ("ATTACHMENT; filename=a.csv", "text/html"),
        ('inline; filename="a.csv"', "text/html"),
        ("", "text/html"),
        (None, "application/octet-stream"),
        (None, "text/csv"),
        (None, "Application/ZIP; x=y"),
        (None, "application/vnd.apache.parquet"),
        (None, "application/x-anything"),
        (None, "multipart/x-mixed-replace"),
        (None, "application/pdf"),
        (None, "image/tiff"),
    ],
)
def test_an_answer_that_the_browser_would_save_is_refused(disposition: str | None, kind: str | None) -> None:
    for tier in (Tier.SENSITIVE, Tier.SECRET):
        with pytest.raises(RefusedError):
            check_is_shown(disposition, kind, tier)
    check_is_shown(disposition, kind, Tier.OPEN)


@pytest.mark.parametrize("kind", [None, "", "text/html; charset=utf-8", "application/json", "image/png", "font/woff2"])
def test_an_answer_that_the_browser_shows_passes(kind: str | None) -> None:
    check_is_shown(None, kind, Tier.SECRET)
    check_is_shown("inline", kind, Tier.SECRET)
