"""Finds rows of a dataset in a table by what their values say together, whatever the columns are called.

A cell that equals a value of a dataset's column carries log2(N / count) bits. Cells of one row of the table that are
met in one and the same row of the dataset add up, and log2 N is taken away for the choice of that row; group columns
count once for their combination, since they depend on each other, and a column that is named alike and shows another
value speaks against the candidate. The evidence is the sum over the rows that say more
than nothing, minus the choice of those rows among all, and minus the choice of each column that is not named alike.

Candidates come from combinations of aligned columns that are rare, so that the work grows with the table and with the
dataset, and never with their product.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import polars as pl

from hub.gate.context import Context
from hub.gate.datasets import ROW, UNIT, DataFile
from hub.gate.hopes import at_most, hopeful_rows, spare, strongest
from hub.gate.meeting import meeting_of
from hub.gate.near_rows import MOST_ALIKE, MOST_NEAR, least_bits, near_rows, specified
from hub.gate.shared import TELLING_BITS, Alignment, Cells, align
from hub.gate.sorted_values import are_among
from hub.gate.views import TableView
from hub.policy.model import Policy

_MOST_COMBINED = 6
_THREE = 3
_MOST_PATTERNS = 12
_DIFFERENCE = 4.0
"""Bits that a column of the dataset's name takes away where it shows another value: a copy seldom differs."""
_EXCESS = {"row": pl.Int64, "excess": pl.Float64}
_PAIRS = {"row": pl.Int64, ROW: pl.UInt32}
_MOST_TOLD = 200_000
_PAIRS_AT_ONCE = 2**17


def leaked_rows(view: TableView, file: DataFile, context: Context) -> list[int]:
    """Return the numbers of the rows that are rows of the dataset, or none."""
    if view.frame.width < 2 or view.frame.height == 0:
        return []
    policy, meeting = context.policy, meeting_of(view, file, context)
    cells, hits, height = meeting.cells, meeting.hits, meeting.cells.table.height
    hopeful = hopeful_rows(hits, file)
    if not strongest(at_most(hits, hopeful, file), height, policy.evidence_bits):
        return []
    alignments, best = align(view, cells, hopeful, hits, file)
    if len(alignments) < 2:
        return []
    keyed = _keyed(cells, hopeful, hits, alignments, file)
    needed = policy.evidence_bits + sum(a.penalty for a in alignments)
    known = pl.DataFrame(schema=_EXCESS)
    for candidates, data, hopes in _candidates(keyed, alignments, file, best):
        known = _higher(known, _excess(candidates, data, keyed, alignments, file, policy))
        found = strongest(known, height, needed)
        # What is not found yet is looked for only where it could say enough together with what is.
        if found or not strongest(_higher(known, hopes), height, needed):
            return view.row_numbers(found)
    return []


def _higher(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The larger evidence of each row."""
    return pl.concat([one, other]).group_by("row").agg(pl.col("excess").max())


def _keyed(
    cells: Cells, hopeful: pl.DataFrame, hits: pl.DataFrame, alignments: list[Alignment], file: DataFile
) -> pl.DataFrame:
    """The hopeful rows with, for each alignment, the key of the cell and the bits that it carries."""
    keyed = hopeful.select("row")
    for a in alignments:
        values = cells.values([a.key], file.value_class(a.column), a.decimals).select(
            "row", pl.col("value").alias(a.name)
        )
        own = hits.filter((pl.col("key") == a.key) & (pl.col("column") == a.column))
        bits = own.select("row", pl.col("bits").alias(f"bits {a.name}"))
        keyed = keyed.join(values, on="row", how="left").join(bits, on="row", how="left")
    return keyed.with_columns(pl.col(f"bits {a.name}").fill_null(0.0) for a in alignments)


def _candidates(
    keyed: pl.DataFrame, alignments: list[Alignment], file: DataFile, best: pl.DataFrame
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Yield pairs of a table's row and a dataset's row that share a rare combination of values, with what is hoped for.

    Between them stand the dataset's rows, as keys.

    In a large file, the best fits of the most telling rows come first, then rows that have one telling value in common:
    often they say enough, or there can be no others.
    """
    order = sorted(alignments, key=lambda a: (-float(keyed[f"bits {a.name}"].sum()), a.name))
    if not file.is_kept:
        hope = (pl.sum_horizontal(_bits(order)) - spare(file)).alias("excess")
        hopes = keyed.select("row", hope)
        yield best, _read(best, order, file), hopes
        told, left = _told(keyed, order, file)
        yield told, _read(told, order, file), hopes.join(left, on="row", how="semi")
    combined = [c for size in (2, _THREE) for c in combinations(order[:_MOST_COMBINED], size)]
    near = near_rows(keyed, order, file)
    (whole,) = _meetings(keyed, [tuple(order)], file, near)
    # A row that is met in all of its columns can be met no better.
    left = keyed.join(whole, on="row", how="anti") if whole.height else keyed
    met = _meetings(left, _possible(left, combined, file), file, near)
    pairs = pl.concat([whole, *met]).unique() if met else whole
    yield pairs, _read(pairs, order, file) if near is None else near, pl.DataFrame(schema=_EXCESS)


def _read(pairs: pl.DataFrame, alignments: list[Alignment], file: DataFile) -> pl.DataFrame:
    """The dataset's rows of some pairs as keys, with their units."""
    rows = file.rows(pairs[ROW], *(a.column for a in alignments), *([file.unit] if file.unit else []))
    unit = pl.col(file.unit or ROW).alias(UNIT)
    return rows.select(*(file.key(a.column, a.decimals).alias(a.name) for a in alignments), unit, ROW)


def _told(keyed: pl.DataFrame, alignments: list[Alignment], file: DataFile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs that share one telling value, the most telling first; and the rows that may have others.

    These share several values that tell little each, or a value that too many rows have.
    """
    told = []
    for a in alignments:
        bits = pl.col(f"bits {a.name}")
        told.append(keyed.filter(bits >= TELLING_BITS).select("row", bits.alias("bits"), pl.lit(a.name).alias("name")))
    # A value brings as many pairs as rows of the dataset have it.
    votes = (pl.lit(2.0) ** (spare(file) - pl.col("bits"))).cum_sum() < _MOST_TOLD
    ordered = pl.concat(told).sort("bits", "row", descending=[True, False]).with_columns(votes.alias("is_told"))
    found = [pl.DataFrame(schema=_PAIRS)]
    for a in alignments:
        own = ordered.filter(pl.col("is_told") & (pl.col("name") == a.name))
        rows = keyed.join(own, on="row", how="semi").select("row", a.name)
        if rows.height:
            data = file.rows_having(a.column, a.decimals, rows[a.name]).rename({"key": a.name})
            found.append(rows.join(data, on=a.name, how="inner").select("row", ROW))
    weak = pl.concat_list(pl.when(bits < TELLING_BITS).then(bits).otherwise(0.0) for bits in _bits(alignments))
    is_open = weak.list.sort(descending=True).list.head(_THREE).list.sum() >= least_bits(file)
    left = [keyed.filter(is_open).select("row"), ordered.filter(~pl.col("is_told")).select("row")]
    return _different(pl.concat(found)), pl.concat(left).unique()


def _different(pairs: pl.DataFrame) -> pl.DataFrame:
    """Each pair once: two numbers are compared as one, which takes a third of the memory."""
    pair = (pl.col("row").cast(pl.UInt64) * 2**32 + pl.col(ROW)).unique()
    once = pairs.select(pair.alias("pair"))
    return once.select(
        (pl.col("pair") // 2**32).cast(pl.Int64).alias("row"), (pl.col("pair") % 2**32).cast(pl.UInt32).alias(ROW)
    )


def _bits(alignments: list[Alignment]) -> list[pl.Expr]:
    return [pl.col(f"bits {a.name}") for a in alignments]


def _possible(
    keyed: pl.DataFrame, combined: list[tuple[Alignment, ...]], file: DataFile
) -> list[tuple[Alignment, ...]]:
    """The combinations that tell enough in a row, by one look at all of them."""
    said = keyed.select(_is_meeting(c, file).any().alias(str(at)) for at, c in enumerate(combined)).row(0)
    return [c for c, is_said in zip(combined, said, strict=True) if is_said]


def _is_meeting(combination: tuple[Alignment, ...], file: DataFile) -> pl.Expr:
    """Whether a combination tells enough in a row, and no two of three do already."""
    names, least = [a.name for a in combination], least_bits(file)
    together = pl.sum_horizontal(*(pl.col(f"bits {name}") for name in names)) >= least
    # What two columns tell needs no third.
    pairs = combinations(names, 2) if len(names) == _THREE else ()
    is_told = [pl.col(f"bits {one}") + pl.col(f"bits {two}") >= least for one, two in pairs]
    return together & ~pl.any_horizontal(pl.lit(value=False), *is_told)


def _meetings(
    keyed: pl.DataFrame, combined: list[tuple[Alignment, ...]], file: DataFile, near: pl.DataFrame | None
) -> list[pl.DataFrame]:
    """Pairs of rows for each combination, of which what is near is looked at for all of them in one go."""
    if near is not None:
        return pl.collect_all([_meeting(keyed, c, file, near.lazy()) for c in combined])
    return [_meeting(keyed, c, file, None).collect(engine=file.engine) for c in combined]


def _meeting(
    keyed: pl.DataFrame, combination: tuple[Alignment, ...], file: DataFile, near: pl.LazyFrame | None
) -> pl.LazyFrame:
    names = [a.name for a in combination]
    rows = keyed.lazy().filter(_is_meeting(combination, file)).select("row", *names).drop_nulls()
    if near is None:
        wanted = rows.collect()
        if wanted.height == 0:
            return pl.LazyFrame(schema=_PAIRS)
        met = file.matching(specified(combination), wanted).select(*names, ROW)
    else:
        met = near.select(*names, ROW).join(rows.select(names).unique(), on=names, how="semi")
    rare = met.filter(pl.len().over(names) <= MOST_ALIKE)
    return rows.join(rare, on=names, how="inner").select("row", ROW)


def _excess(
    candidates: pl.DataFrame,
    data: pl.DataFrame,
    keyed: pl.DataFrame,
    alignments: list[Alignment],
    file: DataFile,
    policy: Policy,
) -> pl.DataFrame:
    """Return for each row the bits beyond chance of its best candidates, where they are of few units.

    Some rows are judged at once, since each pair stands there with all of its columns.
    """
    rows = candidates["row"].unique().sort()
    each = max(rows.len() * _PAIRS_AT_ONCE // max(candidates.height, 1), 1)
    parts = (candidates.filter(are_among(candidates["row"], rows[at : at + each])) for at in range(0, rows.len(), each))
    found = [_excess_of(part, data, keyed, alignments, file, policy) for part in parts]
    return pl.concat([pl.DataFrame(schema=_EXCESS), *found])


def _excess_of(
    candidates: pl.DataFrame,
    data: pl.DataFrame,
    keyed: pl.DataFrame,
    alignments: list[Alignment],
    file: DataFile,
    policy: Policy,
) -> pl.DataFrame:
    """The same of a part of the candidates, which has all of those of its rows."""
    read = data.rename({a.name: f"data {a.name}" for a in alignments})
    pairs = candidates.join(keyed, on="row", how="inner").join(read, on=ROW, how="inner")
    pairs = pairs.with_columns(
        (pl.col(a.name) == pl.col(f"data {a.name}")).fill_null(value=False).alias(f"same {a.name}") for a in alignments
    )
    grouping = [a for a in alignments if file.is_grouping(a.column)]
    alone = [pl.col(f"bits {a.name}") * pl.col(f"same {a.name}") for a in alignments if a not in grouping]
    columns = pl.sum_horizontal(*(pl.col(f"same {a.name}").cast(pl.Int64) for a in alignments))
    together = pl.sum_horizontal(pl.lit(0.0), *alone)
    differing = pl.sum_horizontal(
        pl.lit(0),
        *(
            (pl.col(a.name) != pl.col(f"data {a.name}")).fill_null(value=False).cast(pl.Int64)
            for a in alignments
            if a.penalty == 0.0
        ),
    )
    joint = _joint_bits(pairs, grouping, file)
    excess = (together + joint - spare(file) - _DIFFERENCE * differing).alias("excess")
    scored = pairs.select("row", UNIT, excess, columns.alias("columns"))
    scored = scored.filter((pl.col("excess") > 0.0) & (pl.col("columns") >= 2))
    best = scored.filter(pl.col("excess") >= pl.col("excess").max().over("row") - 1e-6)
    counted = best.group_by("row").agg(pl.col("excess").max(), pl.col(UNIT).n_unique().alias("units"))
    return counted.filter(pl.col("units") < policy.minimum_units).select("row", "excess")


def _joint_bits(pairs: pl.DataFrame, grouping: list[Alignment], file: DataFile) -> pl.Series:
    """Bits of the combination of group columns that a candidate meets: log2(N / rows that have the combination).

    Rare patterns of agreement, beyond the first dozen, count by their most telling column alone.
    """
    if not grouping:
        return pl.Series("joint", [0.0] * pairs.height, dtype=pl.Float64)
    flags = [f"same {a.name}" for a in grouping]
    single = pl.max_horizontal(*(pl.col(f"bits {a.name}") * pl.col(f"same {a.name}") for a in grouping))
    indexed = pairs.select(*(a.name for a in grouping), *flags, single.alias("joint")).with_row_index("at")
    patterns = indexed.group_by(flags).len().sort("len", *flags, descending=True).head(_MOST_PATTERNS)
    cube = file.combinations(specified(tuple(grouping)), MOST_NEAR)
    for pattern in patterns.iter_rows(named=True):
        met = tuple(a for a in grouping if pattern[f"same {a.name}"])
        if met:
            names = [a.name for a in met]
            is_pattern = pl.all_horizontal(*(pl.col(flag) == pattern[flag] for flag in flags))
            rows = cube if cube is not None else _counted(file, met, indexed.filter(is_pattern))
            matching = rows.group_by(names).agg(pl.col("rows").sum().alias("count"))
            bits = (spare(file) - pl.col("count").cast(pl.Float64).log(2)).alias("joined")
            indexed = indexed.join(matching.select(*names, bits), on=names, how="left")
            joint = pl.when(is_pattern & pl.col("joined").is_not_null()).then("joined").otherwise("joint")
            indexed = indexed.with_columns(joint.alias("joint")).drop("joined")
    return indexed.sort("at")["joint"]


def _counted(file: DataFile, met: tuple[Alignment, ...], pairs: pl.DataFrame) -> pl.DataFrame:
    """How many rows of the dataset have each of the combinations that the pairs show."""
    names = [a.name for a in met]
    counted = file.matching(specified(met), pairs).group_by(names).agg(pl.len().cast(pl.Int64).alias("rows"))
    return counted.collect(engine=file.engine)
