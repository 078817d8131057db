"""Templates escape every value, and addresses lead nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from hub.web.faults import Fault
from hub.web.languages import CODES, language
from hub.web.pages.handlers import own_address
from hub.web.pages.table import FORMS, PAGES
from hub.web.rendering import Pages, file_version, kinds, shortened

PAGES_OF = Pages("/services/portal/", "Lab <b>")
TEMPLATES = Path(__file__).resolve().parents[4] / "hub" / "web" / "templates"
EVIL = "<script>alert('1')</script>"


@pytest.mark.parametrize("code", CODES)
def test_a_value_is_escaped_in_text_and_attributes(code: str) -> None:
    context = {
        "fault": Fault(403, "x", EVIL), "person": None, "token": "", "here": f'/x"{EVIL}', "section": "", "message": "",
        "typed_in": None, "freezes": (),
    }  # fmt: skip
    text = PAGES_OF.render("fault.html", language(code), context)
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert "Lab &lt;b&gt;" in text


def test_a_missing_value_is_a_fault_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        PAGES_OF.render("fault.html", language("en"), {"fault": None})


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda p: p.name)
def test_no_template_switches_escaping_off_or_holds_a_script_or_style(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\|\s*safe|Markup|autoescape|\bstyle=|\bon[a-z]+=", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "//" not in re.sub(r"\{#.*?#\}", "", text)


def test_every_page_and_template_belongs_together() -> None:
    names = {page.template for page in PAGES}
    assert all((TEMPLATES / name).is_file() for name in names)
    used = names | set(
        re.findall(r'(?:include|extends|from) "([^"]+)"', " ".join(p.read_text() for p in TEMPLATES.glob("*")))
    )
    assert {p.name for p in TEMPLATES.glob("*.html")} == used | {
        "fault.html",
        "register.html",
    }  # which no row of the table shows


def test_every_form_stands_on_a_page_and_has_an_address_of_its_own() -> None:
    assert len({form.path for form in FORMS}) == len(FORMS)
    for form in FORMS:
        assert form.page in PAGES
        # What the form's page needs from the address is in the form's address, so that a refusal can be shown there.
        assert set(re.findall(r"\{\w+\}", form.page.path)) <= set(re.findall(r"\{\w+\}", form.path))


def test_an_address_is_made_of_its_words() -> None:
    assert PAGES_OF.url("exports", "../../hub", path="a b&c=d#e") == (
        "/services/portal/exports/..%2F..%2Fhub?path=a%20b%26c%3Dd%23e"
    )
    assert PAGES_OF.url() == "/services/portal/"
    assert PAGES_OF.url("audit", after="") == "/services/portal/audit"


@pytest.mark.parametrize(
    "address",
    ["https://x/", "//x/", "/hub/", "\\\\x", "/services/portal/\\x", "javascript:alert(1)", "", "/services/portal/../x",
     "/services/portalx", "http:/services/portal/"],
)  # fmt: skip
def test_an_address_elsewhere_becomes_the_first_page(address: str) -> None:
    assert own_address(address, "/services/portal/") == "/services/portal/"


def test_an_address_of_the_portal_is_kept() -> None:
    assert (
        own_address("/services/portal/exports?project=a", "/services/portal/") == "/services/portal/exports?project=a"
    )


def test_digests_are_cut_and_words_are_not() -> None:
    assert shortened("sha256:" + "ab" * 32) == "sha256:abababababab…"
    assert shortened("export-abc") == "export-abc"


def test_a_files_version_follows_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    assert file_version(tmp_path / "a") != file_version(tmp_path / "b")
    assert file_version(tmp_path / "none") == "0"


def test_a_files_kind_is_said_in_the_persons_language_and_a_format_keeps_its_name() -> None:
    said = {code: [kinds(language(code))(kind) for kind in ("text", "unknown", "safetensors")] for code in CODES}
    assert said == {"en": ["text", "unknown", "safetensors"], "fr": ["texte", "inconnu", "safetensors"]}
