"""What becomes of offered dataset files."""

import hashlib
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import SnapshotResult
from hub.sandbox.program import judge
from hub.sandbox.snapshot import snapshot

PERSONS = b"nr,wage\n1,2.5\n2,3.5\n"


def parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


class Intake:
    """A folder as the container sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("in", "out"):
            (root / name).mkdir(parents=True)

    def take(self, *files: tuple[str, bytes], **request: object) -> SandboxExit:
        for number, (_, body) in enumerate(files, 1):
            (self.root / "in" / f"{number:04d}").write_bytes(body)
        entries = [{"index": n, "name": name} for n, (name, _) in enumerate(files, 1)]
        (self.root / "in" / "request.json").write_text(json.dumps({"files": entries, **request}))
        return judge(snapshot, self.root)

    @property
    def result(self) -> SnapshotResult:
        return SnapshotResult.model_validate_json((self.root / "out" / "result.json").read_bytes())

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.root / "out" / name)


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(tmp_path / "container")


def test_csv_becomes_parquet_with_its_measure(intake: Intake) -> None:
    assert intake.take(("persons.csv", PERSONS)) is SandboxExit.OK
    (entry,) = intake.result.files
    body = (intake.root / "out" / "persons.parquet").read_bytes()
    assert (entry.path, entry.rows, entry.columns) == ("persons.parquet", 2, ("nr", "wage"))
    assert (entry.sha256, entry.size) == (hashlib.sha256(body).hexdigest(), len(body))
    assert intake.table("persons.parquet").rows() == [(1, 2.5), (2, 3.5)]


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": range(300_000), "b": [str(i % 977) for i in range(300_000)]})
    digests = set()
    for turn in ("first", "second", "third"):
        intake = Intake(tmp_path / turn)
        assert intake.take(("t.parquet", parquet(table))) is SandboxExit.OK
        digests.add(intake.result.files[0].sha256)
    assert len(digests) == 1


def test_parquet_metadata_is_not_carried(intake: Intake) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(buffer, metadata={"author": "hidden words"})
    assert b"hidden words" in buffer.getvalue()
    assert intake.take(("t.parquet", buffer.getvalue())) is SandboxExit.OK
    assert b"hidden words" not in (intake.root / "out" / "t.parquet").read_bytes()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_found(intake: Intake, separator: str) -> None:
    body = PERSONS.replace(b",", separator.encode())
    assert intake.take(("persons.csv", body)) is SandboxExit.OK
    assert intake.table("persons.parquet").rows() == [(1, 2.5), (2, 3.5)]


def test_decimal_comma_is_read_where_the_semicolon_separates(intake: Intake) -> None:
    assert intake.take(("persons.csv", b"nr;wage\n1;2,5\n2;-3\n")) is SandboxExit.OK
    assert intake.table("persons.parquet").rows() == [(1, 2.5), (2, -3.0)]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["01", "75"], ["01", "75"]),
        (["12E5", "34E2"], ["12E5", "34E2"]),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"]),
        (["1", "", "NA"], [1, None, None]),
        (["NA", "FR"], ["NA", "FR"]),
        (["1", "2.5", "1e-05"], [1.0, 2.5, 1e-05]),
        (["1.0", "1e+999"], ["1.0", "1e+999"]),
        (["nan", "1.5"], ["nan", "1.5"]),
        (["true", "FALSE"], [True, False]),
        (["2013-01-31", "2013-02-28"], [date(2013, 1, 31), date(2013, 2, 28)]),
        (["2013-01-31", "2013-02-30"], ["2013-01-31", "2013-02-30"]),
        (["2013-01-01T10:00:00Z"], [datetime(2013, 1, 1, 10, tzinfo=UTC)]),
        (["2013-01-01 10:00:00.5"], [datetime(2013, 1, 1, 10, 0, 0, 500_000)]),
        (["2013-01-01T25:00:00Z"], ["2013-01-01T25:00:00Z"]),
        (["x,y", "a\nb", 'say "so"'], ["x,y", "a\nb", 'say "so"']),
    ],
)
def test_a_column_takes_a_type_only_where_no_value_changes(
    intake: Intake, values: list[str], wanted: list[object]
) -> None:
    quoted = ['"' + v.replace('"', '""') + '"' if set(v) & set(',\n"') else v for v in values]
    body = "v,w\n" + "".join(f"{v},x\n" for v in quoted)
    assert intake.take(("t.csv", body.encode())) is SandboxExit.OK
    assert intake.table("t.parquet")["v"].to_list() == wanted


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("t.csv", b"a,b\n1,2\n3\n", SandboxExit.BROKEN_FILE),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", SandboxExit.BROKEN_FILE),
        ("t.csv", b"a,b\n1,2\n\n3,4\n", SandboxExit.BROKEN_FILE),
        ("t.csv", b'a,b\n1,"2\n3,4\n', SandboxExit.BROKEN_FILE),
        ("t.csv", b"a,b\n\xe9,2\n", SandboxExit.BROKEN_FILE),
        ("t.csv", b"a\xe9,b\n1,2\n", SandboxExit.BROKEN_FILE),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), SandboxExit.BROKEN_FILE),
        ("t.csv", b"a,b\r1,2\r", SandboxExit.BROKEN_FILE),
        ("t.csv", b"a,b;c\n1,2;3\n", SandboxExit.BROKEN_FILE),
        ("t.csv", b"a\n" + b"x" * 200_000 + b"\n", SandboxExit.BROKEN_FILE),
        ("t.csv", parquet(pl.DataFrame({"a": [1]})), SandboxExit.BROKEN_FILE),
        ("t.parquet", PERSONS, SandboxExit.BROKEN_FILE),
        ("t.parquet", b"PAR1" + b"x" * 40 + b"PAR1", SandboxExit.BROKEN_FILE),
        ("t.parquet", parquet(pl.DataFrame({"a": [1]}))[:-9], SandboxExit.BROKEN_FILE),
        ("t.csv", b"", SandboxExit.EMPTY_TABLE),
        ("t.csv", b"a,b\n", SandboxExit.EMPTY_TABLE),
        ("t.parquet", parquet(pl.DataFrame({"a": []})), SandboxExit.EMPTY_TABLE),
        ("t.csv", b"a,a\n1,2\n", SandboxExit.COLUMN_NAME),
        ("t.csv", b"a,\n1,2\n", SandboxExit.COLUMN_NAME),
        ("t.csv", b"a, b\n1,2\n", SandboxExit.COLUMN_NAME),
        ("t.csv", b'a,"b\nc"\n1,2\n', SandboxExit.COLUMN_NAME),
        ("t.csv", "a,b\u202e\n1,2\n".encode(), SandboxExit.COLUMN_NAME),
        ("t.csv", b"a," + b"b" * 121 + b"\n1,2\n", SandboxExit.COLUMN_NAME),
        ("t.parquet", parquet(pl.DataFrame({"a": [[1]]})), SandboxExit.COLUMN_KIND),
        ("t.parquet", parquet(pl.DataFrame({"a": [{"b": 1}]})), SandboxExit.COLUMN_KIND),
        ("t.parquet", parquet(pl.DataFrame({"a": [b"x"]})), SandboxExit.COLUMN_KIND),
        ("t.xlsx", PERSONS, SandboxExit.UNKNOWN_KIND),
        ("t", PERSONS, SandboxExit.UNKNOWN_KIND),
        ("../t.csv", PERSONS, SandboxExit.FILE_NAME),
        (".csv.csv", PERSONS, SandboxExit.FILE_NAME),
        ("a b.csv", PERSONS, SandboxExit.FILE_NAME),
        ("a.b.csv", PERSONS, SandboxExit.FILE_NAME),
        ("é.csv", PERSONS, SandboxExit.FILE_NAME),
        ("a\n.csv", PERSONS, SandboxExit.FILE_NAME),
    ],
)
def test_what_is_not_plain_is_refused_and_the_file_is_named(
    intake: Intake, name: str, body: bytes, code: SandboxExit
) -> None:
    assert intake.take(("good.csv", PERSONS), (name, body)) is code
    assert intake.result == SnapshotResult(fault=2)


def test_two_files_that_would_be_one_are_refused(intake: Intake) -> None:
    assert intake.take(("t.csv", PERSONS), ("T.parquet", parquet(pl.DataFrame({"a": [1]})))) is SandboxExit.FILE_NAME
    assert intake.result.fault == 2


def test_every_declared_column_must_be_in_some_file(intake: Intake) -> None:
    good = {"privacy_unit": "nr", "direct_identifiers": ["nr", "wage"], "other_columns": ["x"]}
    assert intake.take(("a.csv", PERSONS), ("b.csv", b"x\n1\n"), **good) is SandboxExit.OK
    for bad in ({"privacy_unit": "NR"}, {"direct_identifiers": ["nr", "name"]}, {"other_columns": ["x"]}):
        assert intake.take(("a.csv", PERSONS), **bad) is SandboxExit.MISSING_COLUMN
        assert intake.result == SnapshotResult(fault=None)


@pytest.mark.parametrize(
    "request_text",
    ["", "[]", "{}", '{"files": []}', '{"files": [{"index": 0, "name": "a.csv"}]}', '{"files": [], "more": 1}'],
)
def test_request_of_another_form_is_refused(intake: Intake, request_text: str) -> None:
    (intake.root / "in" / "request.json").write_text(request_text)
    assert judge(snapshot, intake.root) is SandboxExit.BAD_REQUEST


def test_byte_order_mark_is_no_part_of_the_first_name(intake: Intake) -> None:
    assert intake.take(("t.csv", b"\xef\xbb\xbf" + PERSONS)) is SandboxExit.OK
    assert intake.result.files[0].columns == ("nr", "wage")


def test_categories_become_text(intake: Intake) -> None:
    table = pl.DataFrame({"a": ["x", "y"]}, schema={"a": pl.Categorical})
    assert intake.take(("t.parquet", parquet(table))) is SandboxExit.OK
    assert intake.table("t.parquet").schema == {"a": pl.String}
