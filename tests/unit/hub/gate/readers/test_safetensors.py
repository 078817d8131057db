"""Facts about safetensors: every byte is an array's or the header's, and what leaves is written anew."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of, from_bytes, numbers_of, rounded, to_bytes
from hub.gate.canonical import canonical
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.fragments import ArraysFragment, FileFragments
from hub.gate.kinds import Kind, decide_kind
from hub.gate.readers import safetensors
from hub.gate.readers.files import read_file
from hub.gate.readers.safetensors import read_safetensors
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")
FRACTIONS = [kind for kind in ArrayType if kind.is_fraction]


def packed(header: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    said = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(said) if length is None else length).to_bytes(8, "little") + said + data


def entry(kind: str, shape: list[int], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_safetensors(content)
    return refused.value.reason


arrays = st.dictionaries(
    st.text("ab.é_1", min_size=1, max_size=6),
    st.tuples(st.sampled_from(list(ArrayType)), st.lists(st.integers(1, 3), max_size=3), st.integers(0, 2**32)),
    min_size=1,
    max_size=4,
)


def made(drawn: dict[str, Any]) -> bytes:
    parts = []
    for name, (kind, shape, seed) in sorted(drawn.items()):
        draw = np.random.default_rng(seed)
        if kind.is_fraction:
            numbers = draw.normal(size=shape) * 10.0 ** draw.integers(-3, 4)
        else:
            numbers = draw.integers(0, 2 if kind is ArrayType.BOOL else 100, size=shape)
        parts.append(array_of(name, np.asarray(numbers), kind))
    return write_safetensors(ArraysFragment(arrays=tuple(parts)))


@given(arrays)
def test_what_is_written_is_read(drawn: dict[str, Any]) -> None:
    content = made(drawn)
    (fragment,) = read_safetensors(content)
    assert write_safetensors(fragment) == content
    assert [a.name for a in fragment.arrays] == sorted(drawn)
    file = read_file(1, "m.safetensors", content)
    assert FileFragments.model_validate_json(file.model_dump_json()) == file


@given(arrays, st.integers(2, 9))
def test_a_canonical_model_is_its_own(drawn: dict[str, Any], digits: int) -> None:
    policy = POLICY.model_copy(update={"significant_digits": digits})
    once = canonical(read_file(1, "m.safetensors", made(drawn)), policy)
    again = canonical(read_file(1, "m.safetensors", once.content), policy)
    assert again.content == once.content
    assert again.fixes == ()
    assert again.file.fragments == once.file.fragments


@pytest.mark.parametrize("kind", FRACTIONS)
@given(st.data(), st.integers(2, 9))
def test_rounding_twice_is_rounding_once(kind: ArrayType, data: st.DataObject, digits: int) -> None:
    content = data.draw(st.binary(min_size=kind.size * 4, max_size=kind.size * 4))
    numbers = from_bytes(content, kind, (4,))
    held = numbers[np.isfinite(numbers)]
    once = to_bytes(rounded(held, digits), kind)
    assert to_bytes(rounded(from_bytes(once, kind, held.shape), digits), kind) == once
    assert np.isfinite(from_bytes(once, kind, held.shape)).all()


def test_a_fraction_keeps_the_policys_digits_and_its_type() -> None:
    content = write_safetensors(ArraysFragment(arrays=(array_of("w", np.array([1.23456789, -0.0]), ArrayType.F64),)))
    made_anew = canonical(read_file(1, "m.safetensors", content), POLICY)
    (fragment,) = read_safetensors(made_anew.content)
    assert fragment.arrays[0].type is ArrayType.F64
    assert numbers_of(fragment.arrays[0]).tolist() == [1.23457, 0.0]
    assert [f.check for f in made_anew.fixes] == ["digits"]


def test_metadata_stay_behind() -> None:
    content = packed({"__metadata__": {"who": "me"}, "w": entry("U8", [1], 0, 1)}, b"\x05")
    made_anew = canonical(read_file(1, "m.safetensors", content), POLICY)
    assert b"who" not in made_anew.content
    assert [f.check for f in made_anew.fixes] == ["metadata"]


def test_arrays_lie_where_their_type_asks_for() -> None:
    parts = (array_of("a", np.array([1]), ArrayType.U8), array_of("b", np.array([2.0]), ArrayType.F64))
    content = write_safetensors(ArraysFragment(arrays=parts))
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["b"]["data_offsets"] == [0, 8]
    assert int.from_bytes(content[:8], "little") % 8 == 0


ONE = entry("F32", [2], 0, 8)
NAN = np.array([1.0, np.nan], dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed({"w": ONE}, b"\x00" * 8), None),
        (packed({"w": ONE}, b"\x00" * 9), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE}, b"\x00" * 7), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F32", [3], 0, 8)}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F32", [1], 4, 8)}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE, "v": ONE}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE, "v": entry("F32", [1], 12, 16)}, b"\x00" * 16), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F32", [-1, -2], 0, 8)}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE, "e": entry("F32", [0], 8, 8)}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F32", [2.0], 0, 8)}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F32", [True], 0, 4)}, b"\x00" * 4), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE | {"extra": 1}}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"": ONE}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w" * 201: ONE}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": [1]}, b""), RefusalReason.BROKEN_SAFETENSORS),
        (packed({}, b""), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"__metadata__": {"a": "b"}}, b""), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"__metadata__": {"a": 1}, "w": ONE}, b"\x00" * 8), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"__metadata__": {"a": "b" * 10_001}, "w": ONE}, b"\x00" * 8), RefusalReason.TOO_MANY_PARTS),
        (packed({"w": ONE}, b"\x00" * 8, length=2**40), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": ONE}, b"\x00" * 8, length=5), RefusalReason.BROKEN_JSON),
        (packed(b'{"w": 1, "w": 2}'), RefusalReason.REPEATED_KEY),
        (packed(b"[1]"), RefusalReason.BROKEN_SAFETENSORS),
        (packed(b'\xef\xbb\xbf{"w": 1}'), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("F8_E4M3", [2], 0, 2)}, b"\x00" * 2), RefusalReason.ARRAY_TYPE),
        (packed({"w": entry("C64", [1], 0, 8)}, b"\x00" * 8), RefusalReason.ARRAY_TYPE),
        (packed({"w": entry("U8", [2**13, 2**13], 0, 2**26)}), RefusalReason.TOO_LARGE),
        (packed({"w": ONE}, NAN), RefusalReason.STRANGE_NUMBER),
        (packed({"w": entry("BOOL", [2], 0, 2)}, b"\x01\x02"), RefusalReason.BROKEN_SAFETENSORS),
        (packed({"w": entry("U8", [30], 0, 30)}, b"x" * 10 + b"PK\x05\x06" + b"x" * 16), RefusalReason.HIDDEN_FILE),
        (packed({"w": entry("U8", [8], 0, 8)}, b"PAR1xxxx"), RefusalReason.HIDDEN_FILE),
        (packed({"w": entry("U8", [8], 0, 8)}, b"\x7fELFxxxx"), RefusalReason.HIDDEN_FILE),
        (b"", RefusalReason.BROKEN_SAFETENSORS),
    ],
)
def test_a_file_that_is_not_whole_and_plain_is_refused(content: bytes, reason: RefusalReason | None) -> None:
    if reason is None:
        assert read_safetensors(content)
    else:
        assert refusal(content) is reason


def test_a_long_header_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors, "LONGEST_HEADER", 10)
    assert refusal(packed({"w": ONE}, b"\x00" * 8)) is RefusalReason.BROKEN_SAFETENSORS


def test_more_arrays_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors, "MOST_ARRAYS", 1)
    assert read_safetensors(packed({"w": ONE}, b"\x00" * 8))
    two = {"w": ONE, "v": entry("F32", [2], 8, 16)}
    assert refusal(packed(two, b"\x00" * 16)) is RefusalReason.TOO_MANY_PARTS


@given(st.binary(max_size=60), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(header: bytes, data: bytes) -> None:
    for content in (header + data, packed(header, data), packed(b"{" + header, data)):
        with contextlib.suppress(ReadRefusedError):
            read_safetensors(content)


def test_its_name_and_content_have_to_agree() -> None:
    content = packed({"w": ONE}, b"\x00" * 8)
    assert decide_kind("m.safetensors", content) is Kind.SAFETENSORS
    for name, other in (("m.safetensors", b"a,b\n1,2\n"), ("m.safetensors", b"\x00" * 20)):
        with pytest.raises(ReadRefusedError) as refused:
            decide_kind(name, other)
        assert refused.value.reason is RefusalReason.KIND_MISMATCH


@pytest.mark.parametrize("length", [0x280, 0x380, 0x4D42, 0x5A4D])
def test_a_length_that_looks_like_another_kind_is_a_length(length: int) -> None:
    header = json.dumps({"w": ONE}).encode()
    content = packed(header + b" " * (length - len(header)), b"\x00" * 8)
    assert decide_kind("m.safetensors", content) is Kind.SAFETENSORS


@pytest.mark.parametrize("name", ["m.csv", "m.txt", "m.json"])
def test_a_model_under_another_name_is_refused(gate: Any, name: str) -> None:
    assert gate.judge(name, packed({"w": ONE}, b"\x00" * 8)).verdict == "block"
