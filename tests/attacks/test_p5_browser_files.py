"""Promise 5, for the browser: JupyterLab's server hands out no file's bytes above the open tier, however asked.

Without a format it answers with base64 for whatever is no text; what it shows as a picture is the control.
"""

from __future__ import annotations

import base64

import pytest

from attacks.living import Living
from hub.demo.people import CARE, SCIENTIST
from hub.demo.workspace_client import Workspace

BYTES = b"PAR1\xff\xfe\x00 rows that nobody reviewed \xff" * 4
PACKED = base64.b64encode(BYTES).decode()[:40]
WRITTEN = f"""
import pathlib
for name in ("rows.parquet", "rows.bin", "figure.png"):
    pathlib.Path(name).write_bytes({BYTES!r})
pathlib.Path("words.txt").write_text("plain words")
print("written")
"""
SPELLINGS = (
    "", "?", "?content=1", "?type=file", "?type=file&content=1&hash=1", "?format=", "?%2566ormat=text",
    "?x=1;format=text", "?format=text;x", "?content=1&format",
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(living: Living) -> Workspace:
    opened = Workspace(living.visitor(SCIENTIST), CARE)
    opened.open()
    assert opened.run([WRITTEN])[0].text == "written"
    return opened


def asked(living: Living, workspace: Workspace, rest: str) -> tuple[int, str]:
    answer = living.visitor(SCIENTIST).get(f"{workspace.path}api/contents/{rest}")
    return answer.status_code, answer.text


@pytest.mark.parametrize("name", ["rows.parquet", "rows.bin"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_that_is_no_text_is_not_handed_out_in_base64(
    living: Living, workspace: Workspace, name: str, spelling: str
) -> None:
    status, text = asked(living, workspace, name + spelling)
    assert (status in (400, 403), PACKED in text) == (True, False), (status, text[:200])


def test_the_same_server_hands_out_what_it_shows_as_a_picture(living: Living, workspace: Workspace) -> None:
    for spelling in ("", "?content=1", "?format=base64&type=file"):
        status, text = asked(living, workspace, f"figure.png{spelling}")
        assert (status, PACKED in text) == (200, True)


def test_texts_and_folders_are_shown_as_before(living: Living, workspace: Workspace) -> None:
    assert '"plain words"' in asked(living, workspace, "words.txt")[1]
    assert '"plain words"' in asked(living, workspace, "words.txt?format=text&type=file")[1]
    assert "rows.parquet" in asked(living, workspace, "?content=1&hash=0")[1]
