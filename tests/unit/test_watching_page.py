"""The pages that tell administrators where the gateway's files are name them as the code does, in both languages."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.app import Gateway
from spawner_config.gateway.metrics import Metrics
from spawner_config.server_folder import access_log_folder

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
PAGES = (HOW_TO / "watch-the-lab.md", HOW_TO / "surveiller-le-laboratoire.md")
in_both_languages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
STATE = "/srv/lab/var/"
"""The state folder in the page's examples."""
NAMED = re.compile(r"[\w/.-]*gateway-[\w<>.-]*\.(?:json|jsonl|broken)\b")


@in_both_languages
def test_the_page_names_the_gateways_files_where_the_gateway_puts_them(page: Path, tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    AccessLog(access_log_folder(tmp_path), lambda: now).write(Seen("hub", "GET", "/", None, 200, 0))
    (line,) = (path for path in tmp_path.rglob("*") if path.is_file())
    (counts,) = re.findall(r'state / "(.+)" / "(.+\.json)"', inspect.getsource(Gateway.start))
    put = {
        "/".join(counts),
        "/".join(counts).replace(".json", ".broken"),
        str(line.relative_to(tmp_path)).replace("2026-03-02", "<day>"),
    }
    assert {path.removeprefix(STATE) for path in NAMED.findall(page.read_text(encoding="utf-8"))} == put


@in_both_languages
def test_the_page_names_every_metric_of_the_gateway(page: Path) -> None:
    said = Metrics().text(0, 0).decode()
    given = {name for name in re.findall(r"^# TYPE (\w+)", said, re.MULTILINE) if not name.endswith("_created")}
    named = set(re.findall(r"`(datalab_gateway_\w+)", page.read_text(encoding="utf-8")))
    assert named == given


def test_both_pages_have_the_same_parts_tables_and_words_of_the_code() -> None:
    """What a page in one language says of the lab, the other one says, too; Prometheus' settings stand in one."""
    english, french = (page.read_text(encoding="utf-8") for page in PAGES)
    for shape in (r"^## ", r"^\| ", r"^\| ---"):
        assert len(re.findall(shape, english, re.MULTILINE)) == len(re.findall(shape, french, re.MULTILINE)), shape
    words = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
    assert set(words.findall(english)) == set(words.findall(french))
