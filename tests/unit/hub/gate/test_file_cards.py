"""Facts about cards: what stewards are told a file is, and that nothing else of the file stands in it."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from pydantic import ValidationError

from doubles.models import leaf_counts, tree_form
from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart, Vocabulary
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.card_form import CardPart
from hub.gate.engine import check_request
from hub.gate.exchange import DatasetDescription
from hub.gate.fragments import ArraysFragment
from hub.gate.mounted import from_scans
from hub.gate.readers.files import read_file
from hub.gate.readers.png import SIGNATURE

SECRET = b"Author\0Agathe Petit-Jean"
WARDS = ["cardiology", "oncology", "surgery"]


def patients() -> pl.DataFrame:
    """900 rows of 300 people; half of them are older than 49, and every third one is ill."""
    return pl.DataFrame(
        {
            "u": [f"p{n % 300}" for n in range(900)],
            "age": [20 + n % 60 for n in range(900)],
            "ward": [WARDS[n % 3] for n in range(900)],
            "ill": ["yes" if n % 3 == 0 else "no" for n in range(900)],
        }
    )


def cards(gate: Any, *files: tuple[str, bytes], table: TableContext | None = None) -> list[FileCard | None]:
    """The cards of a request's files, with the patients at hand."""
    description = DatasetDescription(name="clinic", folder="/data/clinic", privacy_unit="u")
    datasets = (from_scans(description, {"clinic.parquet": patients().lazy()}),)
    read = [(read_file(n, name, body), table or TableContext()) for n, (name, body) in enumerate(files, 1)]
    return [judgement.card for judgement in check_request(read, gate.policy, datasets)]


def tree(counts: Sequence[list[int] | None], **more: object) -> bytes:
    return json.dumps(tree_form(counts, **more)).encode()


def test_a_trees_card_tells_its_shape_and_its_smallest_group_in_units(gate: Any) -> None:
    (card,) = cards(gate, ("m.json", tree(leaf_counts(patients()))), table=TableContext("clinic"))
    assert card is not None
    shape = {"features": 1, "classes": 2, "leaves": 2, "depth": 1, "records": 900}
    assert card.model == ModelCard(ModelFamily.DECISION_TREE, 4, **shape, smallest_leaf=450, smallest_group=150)


def test_a_tree_that_was_not_run_again_has_no_group_in_units(gate: Any) -> None:
    (card,) = cards(gate, ("m.json", tree([None, [40, 50], [30, 60]])))
    assert card is not None
    assert card.model is not None
    assert (card.model.smallest_leaf, card.model.smallest_group) == (90, None)


def test_a_deep_trees_card_counts_the_longest_way_down(gate: Any) -> None:
    deep = tree(
        [None, [40, 50], None, [30, 60], None, [20, 20], [30, 30]],
        left=[1, -1, 3, -1, 5, -1, -1],
        right=[2, -1, 4, -1, 6, -1, -1],
        feature=[0, None, 0, None, 0, None, None],
        threshold=[30.5, None, 40.5, None, 50.5, None, None],
    )
    (card,) = cards(gate, ("m.json", deep))
    assert card is not None
    assert card.model is not None
    assert (card.model.depth, card.model.leaves, card.model.smallest_leaf) == (3, 4, 40)


def test_a_linear_models_card_has_no_leaves(gate: Any) -> None:
    form = {"form": "datalab-linear/1", "outcome": "ill", "features": ["age"], "intercept": 1.5, "records": 900}
    (card,) = cards(gate, ("m.json", json.dumps(form | {"coefficients": [0.25]}).encode()))
    assert card is not None
    assert card.model == ModelCard(ModelFamily.LINEAR_MODEL, 2, features=1, records=900)


def test_a_card_of_arrays_counts_them_and_their_numbers(gate: Any) -> None:
    numbers = np.random.default_rng(3).normal(size=(6, 4))
    parts = (array_of("a", numbers, ArrayType.F32), array_of("b", numbers[0], ArrayType.F32))
    (card,) = cards(gate, ("m.safetensors", write_safetensors(ArraysFragment(arrays=parts))))
    assert card == FileCard(ModelCard(ModelFamily.ARRAYS, 28, arrays=2))


def test_a_list_of_a_columns_words_is_told_with_the_units_of_its_rarest_entry(gate: Any) -> None:
    (card,) = cards(gate, ("words.json", json.dumps({"vocabulary": [*WARDS, "garden"]}).encode()))
    assert card is not None
    assert card.vocabularies == (Vocabulary("clinic", "ward", 4, 100),)
    assert "garden" not in repr(card)


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def picture(*chunks: bytes) -> bytes:
    """A small PNG with other chunks behind its header."""
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 30)).save(out, format="PNG")
    plain = out.getvalue()
    head = len(SIGNATURE) + 25
    return plain[:head] + b"".join(chunks) + plain[head:]


def test_a_figures_card_names_what_its_file_held_beside_it_and_none_of_its_content(gate: Any) -> None:
    held = (chunk(b"tEXt", SECRET), chunk(b"tEXt", b"a\0b"), chunk(b"peTi", b"xyz"))
    (card,) = cards(gate, ("f.png", picture(*held)))
    assert card == FileCard(removed=(RemovedPart("other", 1, 3), RemovedPart("tEXt", 2, len(SECRET) + 3)))
    assert "Petit" not in repr(card)
    assert "peTi" not in repr(card)


def test_a_photographs_card_names_its_segments(gate: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 30)).save(out, format="JPEG", comment=SECRET)
    (card,) = cards(gate, ("f.jpg", out.getvalue()))
    assert card == FileCard(removed=(RemovedPart("APP0", 1, 14), RemovedPart("COM", 1, len(SECRET))))


def test_a_figures_card_names_its_table_with_the_numbers_that_can_be_drawn(gate: Any) -> None:
    table = b"ward,year,rows,share\ncardiology,2020,300,33.3\noncology,2020,300,\nsurgery,2020,300,33.3\n"
    figure, other = cards(gate, ("f.png", picture()), ("f.csv", table), table=TableContext(dimensions=("ward", "year")))
    assert figure == FileCard(table=FigureTable("f.csv", 3, 5))
    assert other is None


@pytest.mark.parametrize("other", ["g.csv", "f.txt"])
def test_a_figure_without_a_table_has_a_card_all_the_same(gate: Any, other: str) -> None:
    assert cards(gate, ("f.png", picture()), (other, b"ward,rows\na,300\nb,200\n"))[0] == FileCard()


@pytest.mark.parametrize(
    "said",
    [
        {"removed": [{"kind": "Petit-Jean!", "count": 1, "size": 3}]},
        {"removed": [{"kind": "tEXt", "count": 1, "size": -1}]},
        {"model": {"family": "forest", "parameters": 3}},
        {"vocabularies": [{"dataset": "d", "column": "c", "entries": 1, "fewest": 1}] * 51},
        {"table": {"path": "", "rows": 1, "marks": 1}},
        {"note": "anything else"},
    ],
)
def test_a_container_can_write_nothing_else_into_a_card(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CardPart.model_validate_json(json.dumps(said))


def test_a_card_comes_back_as_it_was_written() -> None:
    card = FileCard(
        ModelCard(ModelFamily.DECISION_TREE, 4, leaves=2),
        (Vocabulary("clinic", "ward", 4, 100),),
        (RemovedPart("tEXt", 2, 27),),
        FigureTable("f.csv", 3, 5),
    )
    assert CardPart.model_validate_json(CardPart.of(card).model_dump_json()).value() == card
