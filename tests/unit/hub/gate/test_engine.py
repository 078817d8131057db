"""Facts about the engine: it fails closed, judges what it wrote, and looks at files together."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate import engine
from hub.gate.beside import Beside
from hub.gate.checks.catalogue import CHECKS
from hub.gate.checks.check import Check, RequestCheck
from hub.gate.context import Context, rows_text
from hub.gate.engine import OutOfTimeError, check_file, check_fragments, check_request
from hub.gate.exchange import MOST_FINDINGS, Verdict
from hub.gate.fragments import BlobFragment, FileFragments, TextFragment, ValueFragment
from hub.gate.kinds import Kind
from hub.gate.readers.files import read_file
from hub.gate.refusals import SENTENCES, RefusalReason
from hub.gate.verdict import strictest, verdict

PLAIN = TableContext()


def text_file(text: str = "words", path: str = "t.txt", index: int = 1) -> FileFragments:
    return read_file(index, path, text.encode())


def crash(_fragment: object, _context: object) -> list[Finding]:
    """It always fails."""
    raise ZeroDivisionError("a value from the data")


def late(_fragment: object, _context: object) -> list[Finding]:
    """It never ends."""
    raise OutOfTimeError


def panic(_fragment: object, _context: object) -> list[Finding]:
    """Polars gives up, with what is no ``Exception``."""
    raise pl.exceptions.PanicException("a value from the data")


@pytest.fixture
def context(gate: Any) -> Context:
    return Context("t.txt", Kind.TEXT, PLAIN, gate.policy, gate.datasets)


@pytest.mark.parametrize("broken", [crash, late, panic])
@pytest.mark.parametrize("claims", [True, False])
def test_a_check_that_fails_blocks_and_says_nothing_of_the_data(context: Context, broken: Any, claims: bool) -> None:
    found = check_fragments([TextFragment(text="x")], context, (*CHECKS, Check("new", broken, claims)))
    (block,) = [f for f in found if f.severity is Severity.BLOCK]
    assert block.check == "new"
    assert "value from" not in block.sentence


def test_a_file_that_is_not_written_in_time_is_refused_as_such(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "canonical", late)
    judged = gate.judge("t.txt", "words")
    assert (judged.verdict, judged.canonical) == ("block", None)
    assert SENTENCES[RefusalReason.OUT_OF_TIME] in [f.sentence for f in judged.findings]


def test_a_fragment_that_no_check_claims_blocks(context: Context) -> None:
    (found,) = check_fragments([BlobFragment(place="#x", media="something")], context)
    assert (found.check, found.severity) == ("unclaimed", Severity.BLOCK)


def test_a_check_that_does_not_claim_leaves_a_fragment_unclaimed(context: Context) -> None:
    silent = Check("silent", lambda _f, _c: [], claims=False)
    assert [f.check for f in check_fragments([TextFragment(text="x")], context, (silent,))] == ["unclaimed"]


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.json", "f.png", "n.ipynb"])
def test_every_kind_is_claimed(gate: Any, make: Any, name: str) -> None:
    content = {
        "t.csv": b"a,b\n1,2\n",
        "t.txt": b"x",
        "t.json": b"{}",
        "f.png": make.png(),
        "n.ipynb": make.notebook(("x", [make.shown(plain="y")])),
    }[name]
    assert "unclaimed" not in make.checks(gate.judge(name, content))


@pytest.mark.parametrize("kind", Kind)
def test_a_file_without_content_blocks(gate: Any, kind: Kind) -> None:
    empty = FileFragments(index=1, path="t.csv", kind=kind, size=1, fragments=())
    judged = check_file(empty, PLAIN, gate.policy, gate.datasets)
    assert judged.verdict is Verdict.BLOCK


def test_fragments_of_another_kind_block(gate: Any) -> None:
    odd = FileFragments(index=1, path="t.csv", kind=Kind.CSV, size=1, fragments=(ValueFragment(value={"a": 1}),))
    judged = check_file(odd, PLAIN, gate.policy, gate.datasets)
    assert judged.verdict is Verdict.BLOCK
    assert judged.canonical is None


@pytest.mark.parametrize("broken", [crash, panic])
def test_a_writer_that_crashes_blocks(gate: Any, monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    monkeypatch.setattr(engine, "canonical", broken)
    judged = check_file(text_file(), PLAIN, gate.policy, gate.datasets)
    assert judged.verdict is Verdict.BLOCK
    assert (judged.canonical, judged.sha256) == (None, "")
    assert SENTENCES[RefusalReason.CRASHED] in [f.sentence for f in judged.findings]


def test_a_writer_that_is_late_blocks(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "canonical", late)
    assert check_file(text_file(), PLAIN, gate.policy, gate.datasets).verdict is Verdict.BLOCK


def test_every_check_runs_under_the_guard(gate: Any) -> None:
    entered = []

    @contextmanager
    def guard() -> Any:
        entered.append(1)
        yield

    check_file(text_file(), PLAIN, gate.policy, gate.datasets, guard)
    assert len(entered) > len(CHECKS)


def test_what_was_written_is_judged_once_more(gate: Any, make: Any, data: Any) -> None:
    """Only without its invisible characters does the text show what it holds."""
    number = data["social"][5]
    hidden = "\u2060".join(number)
    first = check_fragments([TextFragment(text=hidden)], Context("t.txt", Kind.TEXT, PLAIN, gate.policy, gate.datasets))
    assert not [f for f in first if f.check == "direct-identifiers"]
    assert "direct-identifiers" in make.checks(gate.judge("t.txt", hidden))


def test_the_digest_is_of_the_canonical_bytes(gate: Any) -> None:
    import hashlib

    judged = check_file(text_file(), PLAIN, gate.policy, gate.datasets)
    assert judged.canonical is not None
    assert judged.sha256 == hashlib.sha256(judged.canonical.content).hexdigest()


def test_findings_are_ordered_strictest_first_and_none_stands_twice(gate: Any) -> None:
    judged = gate.judge("t.csv", "area,n\nA,3\nB,40.123456789\n")
    order = [list(Severity).index(f.severity) for f in judged.findings]
    assert order == sorted(order)
    assert len(set(judged.findings)) == len(judged.findings)


@pytest.mark.parametrize("path", ["a\u202etxt.exe.txt", "line\nbreak.txt", "\u200bx.txt"])
def test_a_name_with_hidden_characters_blocks(gate: Any, path: str) -> None:
    read = text_file().model_copy(update={"path": path})
    assert check_file(read, PLAIN, gate.policy, gate.datasets).verdict is Verdict.BLOCK


def test_too_many_files_block_the_ones_beyond(gate: Any) -> None:
    policy = gate.policy.model_copy(update={"limits": gate.policy.limits.model_copy(update={"files": 2})})
    files = [(text_file(path=f"{n}.txt", index=n), PLAIN) for n in (1, 2, 3)]
    assert [j.verdict for j in check_request(files, policy, ())] == ["none", "none", "block"]


def test_too_many_bytes_together_block(gate: Any) -> None:
    policy = gate.policy.model_copy(update={"limits": gate.policy.limits.model_copy(update={"request_bytes": 9})})
    files = [(text_file(path=f"{n}.txt", index=n), PLAIN) for n in (1, 2)]
    assert [j.verdict for j in check_request(files, policy, ())] == ["none", "block"]


def test_two_files_cannot_be_released_under_one_name(gate: Any) -> None:
    files = [(text_file(path="T.txt"), PLAIN), (text_file(path="t.txt", index=2), PLAIN)]
    assert [j.verdict for j in check_request(files, gate.policy, ())] == ["none", "block"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.identifier)
def test_every_check_says_its_rule(check: Check) -> None:
    assert check.rule.count(".") >= 1
    assert len(check.rule) > 40


def test_identifiers_of_checks_are_their_own() -> None:
    assert len({c.identifier for c in CHECKS}) == len(CHECKS)


def test_the_strictest_finding_is_the_verdict() -> None:
    def found(severity: Severity) -> Finding:
        return Finding("c", severity, "p", "s")

    for order in permutations(Severity):
        assert verdict(map(found, order)) is Verdict.BLOCK
    assert verdict([found(Severity.NOTE), found(Severity.FIXED)]) is Verdict.FIXED
    assert verdict([found(Severity.FIXED), found(Severity.REVIEW)]) is Verdict.REVIEW
    assert verdict([found(Severity.NOTE)]) is Verdict.NONE
    assert verdict([]) is Verdict.NONE
    assert strictest([Verdict.NONE, Verdict.BLOCK, Verdict.REVIEW]) is Verdict.BLOCK


@pytest.mark.parametrize(
    ("rows", "text"),
    [([3], "row 3"), ([2, 1, 2], "rows 1, 2"), (range(1, 31), "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more")],
)
def test_rows_are_named_shortly(rows: Any, text: str) -> None:
    assert rows_text(list(rows)) == text


def test_a_picture_without_its_table_is_read(gate: Any, make: Any) -> None:
    picture = read_file(1, "figures/Income.png", make.png())
    table = read_file(2, "figures/income.csv", b"year,n\n2019,500\n")
    alone = check_request([(picture, PLAIN)], gate.policy, ())
    both = check_request([(picture, PLAIN), (table, PLAIN)], gate.policy, ())
    assert "figure-table" in {f.check for f in alone[0].findings}
    assert "figure-table" not in {f.check for judged in both for f in judged.findings}


@pytest.mark.parametrize("said", ["1234567890" * 3, "six_two_" * 12, "\u2076\u2070" * 15])
def test_a_name_with_many_numbers_is_read_however_they_are_written(gate: Any, said: str) -> None:
    judged = gate.judge(f"counts_{said}.csv", "year,n\n2019,500\n")
    assert "names" in {f.check for f in judged.findings}


@pytest.mark.parametrize("broken", [crash, late, panic])
def test_a_check_of_the_request_that_fails_blocks_every_file(
    gate: Any, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    files = [(text_file(path=f"{n}.txt", index=n), PLAIN) for n in (1, 2)]
    monkeypatch.setattr(engine, "REQUEST_CHECKS", (RequestCheck("new", lambda _: broken(_, _)),))
    assert [j.verdict for j in check_request(files, gate.policy, ())] == ["block", "block"]


def several(make: Any, data: Any) -> dict[str, bytes]:
    """Files of which parts leave as they came and parts do not."""
    few = data.group_by("sex", "year").agg(n=pl.col("person").n_unique()).sort("sex", "year")
    table = "\n".join(["sex   year  n", *(f"{a}  {b}  {c}" for a, b, c in few.rows())])
    rows = "\n".join(f"{r['region']}  {r['year']}  {r['income']}" for r in data.head(6).iter_rows(named=True))
    parquet = io.BytesIO()
    few.write_parquet(parquet)
    return {
        "plain.csv": b"sex,n\nf,900\nm,1100\n",
        "changed.csv": b"sex,n,m\nf,3,1.23456789\nm,1100,2\n",
        "t.parquet": parquet.getvalue(),
        "d.json": b'{"n": 3, "at": -0.0, "mail": "a@b.fr"}',
        "n.ipynb": make.notebook(
            ("x = 1", [make.shown(plain=table)]),
            ("y = 2   ", [make.shown(plain=f"{rows}  \n"), make.shown(plain="from /home/somebody/x")]),
            (
                "z = 3",
                [make.shown(plain=table), make.shown(html="<table><tr><th>n</th></tr><tr><td>3</td></tr></table>")],
            ),
        ),
        "f.png": make.png(mode="RGBA", colour=(1, 2, 3, 255)),
    }


def test_what_leaves_as_it_came_needs_no_second_judgement(
    gate: Any, make: Any, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [read_file(at, name, body) for at, (name, body) in enumerate(several(make, data).items(), start=1)]
    once = check_request([(file, PLAIN) for file in files], gate.policy, gate.datasets)
    monkeypatch.setattr(engine, "_is_the_same", lambda *_: False)
    monkeypatch.setattr(engine, "CHECKS", tuple(replace(check, alone=False) for check in CHECKS))
    twice = check_request([(file, PLAIN) for file in files], gate.policy, gate.datasets)
    assert [j.findings for j in once] == [j.findings for j in twice]
    assert [j.tables for j in once] == [j.tables for j in twice]
    assert [j.sha256 for j in once] == [j.sha256 for j in twice]
    assert any(j.findings for j in once)


def test_a_part_that_leaves_as_it_came_is_looked_at_once(
    gate: Any, make: Any, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(fragment: Any, _context: object) -> list[Finding]:
        """It notes what it sees."""
        looked.append(fragment.place)
        return []

    monkeypatch.setattr(engine, "CHECKS", (*CHECKS, Check("look", look)))
    gate.judge("n.ipynb", several(make, data)["n.ipynb"])
    again = [place for place in looked if looked.count(place) > 1]
    assert set(again) == {"#cells[1].source", "#cells[1].outputs[0].text/plain"}


def test_a_name_that_is_long_or_full_of_digits_is_read(gate: Any, make: Any) -> None:
    for name in ("x" * 130, "1_2_3_4_5_6_7_8_9_10_11_12_13_14_15_16_17_18"):
        assert "names" in make.checks(gate.judge(f"{name}.txt", "words"), Severity.REVIEW)
    assert gate.judge(f"{'0123456789abcdef' * 4}.txt", "words").verdict == "none"
    usual = "tables/2026-11-26/income_by_region_2019-2022_v1.2.txt"
    assert gate.judge(usual, "words").verdict == "none"


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("x" * 116, False),
        ("x" * 117, True),
        ("7" * 20, False),
        ("7" * 21, True),
        ("7" * 31, True),
        ("7" * 32, False),
        ("7" * 64, False),
        ("7" * 65, True),
        ("x" + "7" * 32, True),
        ("7" * 32 + "X", True),
    ],
)
def test_a_name_is_as_long_as_it_may_be_and_a_digest_is_no_number(gate: Any, name: str, is_read: bool) -> None:
    found = gate.judge(f"{name}.txt", "words").findings
    assert [f.severity for f in found if f.check == "names"] == [Severity.REVIEW] * is_read


def test_of_too_many_findings_the_strictest_stand(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def many(fragment: Any, context: Context) -> list[Finding]:
        """It has much to say, and what blocks at the end."""
        notes = [context.finding("new", Severity.NOTE, f"{n}", "s") for n in range(MOST_FINDINGS + 1)]
        return [*notes, context.finding("new", Severity.BLOCK, fragment.place, "s")]

    def together(contexts: Any) -> list[list[Finding]]:
        """It asks a steward to look at each file."""
        return [[c.finding("more", Severity.REVIEW, "", "s")] for c in contexts]

    monkeypatch.setattr(engine, "CHECKS", (*CHECKS, Check("new", many)))
    alone = check_file(text_file(), PLAIN, gate.policy, ())
    assert (len(alone.findings), alone.findings[0].severity) == (MOST_FINDINGS, Severity.BLOCK)
    monkeypatch.setattr(engine, "REQUEST_CHECKS", (RequestCheck("more", together),))
    (judged,) = check_request([(text_file(), PLAIN)], gate.policy, ())
    assert len(judged.findings) == MOST_FINDINGS
    assert [f.severity for f in judged.findings[:2]] == [Severity.REVIEW, Severity.BLOCK]
    assert judged.verdict is Verdict.BLOCK


def test_the_files_of_a_request_add_to_what_the_project_released_in_the_month(gate: Any) -> None:
    """A file that cannot leave adds nothing."""
    key = text_file("{" * 9, "bad.json", 3)
    files = [(text_file(path="1.txt"), PLAIN), (key, PLAIN), (text_file(path="2.txt", index=2), PLAIN)]
    size = len(check_request(files[:1], gate.policy, ())[0].canonical.content)  # type: ignore[union-attr]
    for spare, expected in ((0, ["none", "block", "none"]), (1, ["none", "block", "review"])):
        limits = gate.policy.limits.model_copy(update={"month_bytes": 100 + 2 * size - spare})
        policy = gate.policy.model_copy(update={"limits": limits})
        judged = check_request(files, policy, (), beside=Beside(month_bytes=100))
        assert [j.verdict for j in judged] == expected


def test_a_name_of_two_alphabets_is_read(gate: Any, make: Any) -> None:
    assert "confusables" in make.checks(gate.judge("Pаris.txt", "words"), Severity.REVIEW)


def test_what_the_checks_of_a_fragment_share_is_given_up_after_them(context: Context) -> None:
    made: list[int] = []

    def share(fragment: Any, context: Context) -> list[Finding]:
        """It makes something that another check of the fragment asks for, too."""
        context.shared("it", (fragment,), lambda: made.append(1))
        return []

    part = TextFragment(text="x")
    check_fragments([part, part], context, (Check("one", share), Check("other", share)))
    assert len(made) == 2


def test_a_check_that_asks_a_steward_does_not_count_as_one_that_blocks(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked_by: list[frozenset[str]] = []

    def look(contexts: Any) -> list[list[Finding]]:
        """It notes what blocks each file."""
        blocked_by.extend(context.blocked_by for context in contexts)
        return [[] for _ in contexts]

    monkeypatch.setattr(engine, "REQUEST_CHECKS", (RequestCheck("look", look),))
    files = [(text_file("mean 12.31"), PLAIN), (text_file("-----BEGIN RSA PRIVATE KEY-----", "b.txt", 2), PLAIN)]
    read, blocked = check_request(files, gate.policy, ())
    assert (read.verdict, blocked.verdict) == (Verdict.REVIEW, Verdict.BLOCK)
    assert [bool(own) for own in blocked_by] == [False, True]
