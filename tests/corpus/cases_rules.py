"""Rules that few outputs meet: contributions that were known before, losses, nearly all of a group, covariances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO

import polars as pl
from PIL import Image

from corpus import dress
from corpus.case import Offer, Offered, bad, good
from corpus.cases_bombs import png
from corpus.cases_files import means
from corpus.data import PEOPLE, farms, per, survey
from doubles.pictures import chunk
from hub.domain.exports import Severity
from hub.policy.load import load_profile

FARMS = pl.col("farm").n_unique()
ALONE: Mapping[str, object] = {"dominance": (), "p_percent": 10, "prior_percent": 100}
"""The p % rule by itself."""


@bad("dominance", data=("farms",), under=ALONE)
def a_harvest_that_the_second_knows() -> Offer:
    """Harvests by crop; the second largest of sixty farms can estimate the largest one's to within ten percent."""
    return {"harvest.csv": per(farms(), "crop", harvest=pl.col("harvest").sum())}


@bad("dominance", data=("farms",), under={**ALONE, "prior_percent": 50})
def a_harvest_that_was_half_known() -> Offer:
    """Harvests by crop that nobody can estimate, unless each was known to within a half before."""
    return {"harvest.csv": per(farms(), "crop", known=pl.col("known").sum())}


@good("dominance", data=("farms",), under=ALONE)
def a_harvest_that_nobody_knows() -> Offer:
    """The same where nothing was known before."""
    return {"harvest.csv": per(farms(), "crop", known=pl.col("known").sum())}


@bad("dominance", data=("farms",))
def a_loss_among_small_gains() -> Offer:
    """Gains by crop, of which nearly all is one farm's loss."""
    return {"gains.csv": per(farms(), "crop", gain=pl.col("gain").sum())}


@bad("class-disclosure", data=("farms",), policy="eu-rule-of-thumb")
def nearly_all_of_a_crop() -> Offer:
    """Farms by crop and watering: of two hundred that grow wheat, all but twelve are watered."""
    return {"farms.csv": per(farms(), "crop", "watered", n=FARMS)}


@good("class-disclosure", data=("farms",), policy="eu-rule-of-thumb")
def two_thirds_of_a_crop() -> Offer:
    """Farms by watering, of which many are and many are not."""
    return {"farms.csv": per(farms(), "watered", n=FARMS)}


@bad("correlation", data=("farms",))
def a_covariance_of_six() -> Offer:
    """Variances and covariances with a column that six farms have."""
    rows = farms().select("harvest", "soil").drop_nulls()
    pairs = [[float(rows.select(pl.cov(a, b)).item()) for b in rows.columns] for a in rows.columns]
    return {"covariances.csv": pl.DataFrame({"": rows.columns} | dict(zip(rows.columns, pairs, strict=True)))}


@good("correlation", data=("farms",), review="no dataset gives a matrix of covariances again")
def a_covariance_of_all() -> Offer:
    """Variances and covariances of columns that all farms have."""
    rows = farms().select("harvest", "area")
    pairs = [[round(float(rows.select(pl.cov(a, b)).item()), 1) for b in rows.columns] for a in rows.columns]
    return {"covariances.csv": pl.DataFrame({"": rows.columns} | dict(zip(rows.columns, pairs, strict=True)))}


@bad("personal-numbers", data=())
def a_number_of_an_unknown_month() -> Offer:
    """A social security number whose month of birth is 31, as it is where nobody knows it."""
    number = 2_85_31_78_006_084
    return {"notes.md": f"Patient {number}{97 - number % 97:02d} was left out.\n"}


@bad("volume", data=())
def very_many_files() -> Offer:
    """A request of more files than one request may have."""
    return {f"words-{at:03d}.md": f"Part {'abcdefghij'[at % 10]}.\n" for at in range(501)}


@bad("volume", severity=Severity.REVIEW)
def more_than_a_month_has() -> Offer:
    """A small table of a project that released nearly as much in this month as a steward has to look at."""
    return Offered({"table.csv": means()}, month_bytes=load_profile("uk-sacro").limits.month_bytes)


@bad("writing", finds="formula", severity=Severity.FIXED)
def a_cell_that_a_spreadsheet_runs() -> Offer:
    """Counts by job, one of which is called as a formula begins; it leaves as text."""
    table = per(survey(), "job", n=PEOPLE)
    return {"counts.csv": pl.concat([table, pl.DataFrame({"job": ["=HYPERLINK(A1)"], "n": [None]}, table.schema)])}


@bad("writing", finds="invisible-characters", severity=Severity.FIXED)
def a_word_with_an_invisible_character() -> Offer:
    """A word with a space of no width in it, which is taken out."""
    return {"notes.md": "A har\u200bvest.\n"}


@bad("writing", finds="digits", severity=Severity.FIXED)
def means_of_many_digits() -> Offer:
    """Mean incomes by job with nine decimals, of which those that the policy keeps leave."""
    return {"means.csv": per(survey(), "job", income=pl.col("income").mean().round(9))}


@bad("picture", finds="picture", severity=Severity.REVIEW)
def a_picture_with_a_text() -> Offer:
    """A picture with a text in a part of its own, which does not leave; what the picture shows, a steward sees."""
    return {"figure.png": png(chunk(b"tEXt", b"Comment\0P00012 31245.18")), "figure.csv": means()}


@bad("stored-records", data=("farms",))
def support_vectors() -> Offer:
    """A support vector machine with the records that it keeps."""
    return {"svm.json": json.dumps({"model": "SVC", "support_vectors_": [[1.5, 2.5], [3.5, 4.5]], "gamma": 0.5})}


@bad("stored-records", data=("farms",))
def a_kernel_density() -> Offer:
    """A kernel density, which is made of its records."""
    return {"kde.json": json.dumps({"model": "KernelDensity", "tree_": [[1.5], [2.5], [3.5]], "bandwidth": 0.5})}


@bad("stored-records", data=("farms",))
def a_gaussian_process() -> Offer:
    """A Gaussian process with the records that it was fitted on."""
    found = {"model": "GaussianProcessRegressor", "X_train_": [[1.5], [2.5]], "alpha_": [0.5, 0.25]}
    return {"gp.json": json.dumps(found)}


@bad("left-behind", data=(), severity=Severity.FIXED)
def another_representation() -> Offer:
    """A notebook whose output has a representation that no writer writes, and keys of its own; both stay behind."""
    body = json.loads(dress.notebook({"application/vnd.plotly.v1+json": {"data": [1, 2, 3]}, "text/plain": "shown"}))
    body["cells"][0]["metadata"] = {"rows": [1, 2, 3]}
    return {"notes.ipynb": json.dumps(body)}


@bad("row-leak")
def head_as_a_notebook_prints_it() -> Offer:
    """What ``head()`` gives in a notebook, as text."""
    return {"head.ipynb": dress.notebook({"text/plain": dress.printed(survey().head(5))}, source="df.head()")}


@bad("left-behind", finds="released-as-csv", severity=Severity.FIXED)
def a_table_that_says_more_in_its_metadata() -> Offer:
    """Harmless counts as Parquet with somebody's values in its metadata, which do not leave."""
    out = BytesIO()
    means().write_parquet(out, metadata={"note": "P00012 31245.18"})
    return {"table.parquet": out.getvalue()}


@bad("picture", severity=Severity.REVIEW)
def a_photograph_with_a_comment() -> Offer:
    """A photograph with a comment in a part of its own, which does not leave."""
    out = BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 30)).save(out, format="JPEG", comment=b"P00012 31245.18")
    return {"figure.jpg": out.getvalue(), "figure.csv": means()}


@bad("picture", severity=Severity.REVIEW)
def a_picture_with_a_text_in_its_lowest_bits() -> Offer:
    """A picture whose colours spell a text in their lowest bits, which are taken away."""
    said = "".join(f"{letter:08b}" for letter in b"P00012")
    rows = b"".join(b"\0" + bytes(0x80 | int(bit) for bit in said[at : at + 8]) for at in range(0, len(said), 8))
    return {"figure.png": png(pixels=rows), "figure.csv": means()}
