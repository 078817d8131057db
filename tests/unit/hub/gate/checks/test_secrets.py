"""Facts about keys, tokens, paths and hidden payloads."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from hub.domain.exports import Severity

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"
BAD = {
    "key": (f"x\n{KEY}\nabc", "secrets", "line 2"),
    "web token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh", "secrets", "line 1"),
    "access key": ("id AKIA" + "ABCDEFGH12345678", "secrets", "line 1"),
    "forge token": ("a\nb\nghp_" + "a1" * 18, "secrets", "line 3"),
    "password": ('password = "tr0ub4dor-and-3"', "secrets", "line 1"),
    "lab token": ("JUPYTERHUB_API_TOKEN=0123456789abcdef0123", "secrets", "line 1"),
    "home": ("reading /home/scientist/notes.txt", "paths", "line 1"),
    "system": ("see /etc/passwd", "paths", "line 1"),
    "windows": (r"C:\Users\someone", "paths", "line 1"),
}
GOOD = (
    "df = pl.read_parquet('/data/survey/survey.parquet'); df.write_csv('/outputs/t.csv')",
    "token = tokenizer.encode(text)",
    "a and/or b, 1/2, http://example.org/home/page is a page",
    "password = input('Password: ')",
    "see /tmp/x and /project/y",
)


@pytest.mark.parametrize("case", BAD)
def test_it_blocks_and_names_the_line(gate: Any, make: Any, case: str) -> None:
    text, check, line = BAD[case]
    judged = gate.judge("t.txt", text)
    (found,) = [f for f in judged.findings if f.check == check]
    assert found.severity == "block"
    assert found.place.endswith(line)
    assert text.split()[-1] not in make.sentences(judged)


@pytest.mark.parametrize("text", GOOD)
def test_harmless_text_passes(gate: Any, make: Any, text: str) -> None:
    assert not make.checks(gate.judge("t.txt", text)) & {"secrets", "paths"}


@pytest.mark.parametrize("name", ["t.csv", "t.json", "n.ipynb"])
def test_it_blocks_in_every_kind(gate: Any, make: Any, name: str) -> None:
    content: Any = {"t.csv": f"a,b\n{KEY},1\n", "t.json": f'{{"a": "{KEY}"}}', "n.ipynb": None}[name]
    assert "secrets" in make.checks(gate.judge(name, content or make.notebook(("x", [make.shown(plain=KEY)]))))


def test_a_long_run_of_encoded_bytes_blocks(gate: Any, make: Any) -> None:
    payload = base64.b64encode(random.Random(1).randbytes(300)).decode()
    wrapped = "\n".join(payload[at : at + 76] for at in range(0, len(payload), 76))
    assert "encoded-payload" in make.checks(gate.judge("t.txt", f"see {payload}"))
    assert "encoded-payload" in make.checks(gate.judge("t.txt", wrapped))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", f"digest {payload[:44]}"))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", "a word after another " * 30))


def test_long_noise_of_every_sign_blocks_and_long_code_does_not(gate: Any, make: Any) -> None:
    noise = base64.b85encode(random.Random(2).randbytes(400)).decode()
    assert "encoded-payload" in make.checks(gate.judge("t.txt", f"see {noise}"))
    line = "{'a':[1,2,3],'b':(4,5),'c':x[0:3],'d':y['e']==z}," * 8
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", line))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", "1.25,3.5,-4.75,1e-05;" * 20))


def test_many_short_runs_that_say_nothing_are_read(gate: Any, make: Any) -> None:
    draw = random.Random(3)
    runs = [base64.b64encode(draw.randbytes(24)).decode() for _ in range(12)]
    assert "encoded-payload" in make.checks(gate.judge("t.txt", " . ".join(runs)), Severity.REVIEW)
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", " . ".join(runs[:4])), Severity.REVIEW)
    names = "HistGradientBoostingRegressor RandomForestClassifier2 minimum_units_of_each_cell getElementsByTagNameNS "
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", names * 5), Severity.REVIEW)
