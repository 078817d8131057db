"""The page that tells administrators where the gateway's files are names them as the code does."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.app import Gateway
from spawner_config.gateway.metrics import Metrics
from spawner_config.server_folder import access_log_folder

PAGE = Path(__file__).parents[2] / "docs/how-to/watch-the-lab.md"
STATE = "/srv/lab/var/"
"""The state folder in the page's examples."""
NAMED = re.compile(r"[\w/.-]*gateway-[\w<>.-]*\.(?:json|jsonl|broken)\b")


def test_the_page_names_the_gateways_files_where_the_gateway_puts_them(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    AccessLog(access_log_folder(tmp_path), lambda: now).write(Seen("hub", "GET", "/", None, 200, 0))
    (line,) = (path for path in tmp_path.rglob("*") if path.is_file())
    (counts,) = re.findall(r'state / "(.+)" / "(.+\.json)"', inspect.getsource(Gateway.start))
    put = {
        "/".join(counts),
        "/".join(counts).replace(".json", ".broken"),
        str(line.relative_to(tmp_path)).replace("2026-03-02", "<day>"),
    }
    assert {path.removeprefix(STATE) for path in NAMED.findall(PAGE.read_text(encoding="utf-8"))} == put


def test_the_page_names_every_metric_of_the_gateway() -> None:
    said = Metrics().text(0, 0).decode()
    given = {name for name in re.findall(r"^# TYPE (\w+)", said, re.MULTILINE) if not name.endswith("_created")}
    named = set(re.findall(r"`(datalab_gateway_\w+)", PAGE.read_text(encoding="utf-8")))
    assert named == given
