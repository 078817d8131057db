"""What columns are called, in English and French, so that a check knows a count or a percentage without the dataset."""

from __future__ import annotations

import re
import unicodedata

import polars as pl

_COUNT = re.compile(
    r"(?:n|nb|no|counts?|effectifs?|freq(?:uency|uence)?|size|len|length|n?_?obs(?:ervations?)?|nombre|individus|"
    r"personnes|cases|cell_?count|population|pop|units|unites|at_risk|n_risk)"
    r"|(?:n|nb|num|count|nombre|number)_.+|.+_(?:n|nb|count|size|len|freq|obs)"
)
_PERCENT = re.compile(r"(?:.*_)?(?:pct|percent(?:age)?|pourcent(?:age)?)(?:_.*)?|.*%.*")
_FRACTION = re.compile(r"(?:.*_)?(?:share|proportion|part|taux|fraction)(?:_.*)?")
_RESIDUAL = re.compile(
    r"(?:.*_)?(?:resid(?:ual)?s?|residus?|fitted(?:_values?)?|y_?(?:hat|pred)|predicted|predictions?|leverage|hat|"
    r"cooks?(?:_d(?:istance)?)?|influence|dffits)(?:_.*)?"
)

_AREA = re.compile(
    r"(?:.*_)?(?:insee|commune|com|depcom|codgeo|iris|code_postal|codpost|cp|postcode|postal_code|zip(?:_?code)?)(?:_.*)?"
)
_CODE = r"^(?:\d{5}|2[ABab]\d{3}|\d{9}|2[ABab]\d{7}|[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2})$"
_MOSTLY = 0.8


def plain_name(title: str) -> str:
    """A header in lower case, without accents, with underscores for what separates words."""
    plain = unicodedata.normalize("NFKD", title.strip()).casefold().encode("ascii", "ignore").decode()
    return re.sub(r"[\s.-]+", "_", plain)


def is_count_name(title: str) -> bool:
    """Whether a header says that its column counts something."""
    return _COUNT.fullmatch(plain_name(title)) is not None


def percent_scale(title: str) -> float | None:
    """What a column's numbers are to be divided by to be a part of one: 100 for percentages, 1 for fractions."""
    name = plain_name(title)
    if _PERCENT.fullmatch(name):
        return 100.0
    return 1.0 if _FRACTION.fullmatch(name) else None


def is_vector_name(title: str) -> bool:
    """Whether a header says that its column has a value of a model for each record."""
    return _RESIDUAL.fullmatch(plain_name(title)) is not None


def is_area(title: str, cells: pl.Series) -> bool:
    """Whether a column names communes, IRIS or postcodes: by its name, and by codes of five or nine characters."""
    if _AREA.fullmatch(plain_name(title)) is None:
        return False
    text = cells.str.strip_chars()
    filled = text.filter(text != "")
    return filled.len() > 0 and filled.str.contains(_CODE).sum() >= _MOSTLY * filled.len()
