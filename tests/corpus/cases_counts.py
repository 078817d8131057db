"""What gives counts away: totals, percentages, indicators, classes, small areas; and counts that have to be rounded."""

from __future__ import annotations

import json

import polars as pl

from corpus.case import Offer, bad, good
from corpus.cases_frequencies import by_region, by_sex_and_year, crosstab
from corpus.data import PEOPLE, firms, per, stays, survey
from hub.domain.exports import Severity


@bad("denominator")
def means_of_few_answers() -> Offer:
    """Mean scores by job, which hardly a clerk has."""
    scores = per(survey(), "job", mean_score=pl.col("score").mean().round(2))
    return {"scores.csv": scores}


@good("denominator")
def means_of_many_answers() -> Offer:
    """Mean scores of the jobs whose people have one."""
    table = per(survey(), "job", mean_score=pl.col("score").mean().round(2))
    return {"scores.csv": table.filter(pl.col("job") != "clerk")}


@bad("complement")
def total_without_a_region() -> Offer:
    """Counts of all regions but the small one, with the total."""
    total = pl.DataFrame({"region": ["Total"], "n": [survey()["person"].n_unique()]})
    table = pl.concat([by_region().filter(pl.col("n") >= 10), total.cast({"n": by_region().schema["n"]})])
    return {"total.csv": table}


@bad("complement", finds="secondary-suppression")
def suppressed_beside_its_total() -> Offer:
    """The same with the small region's line, suppressed."""
    shown = pl.when(pl.col("n") >= 10).then(pl.col("n").cast(pl.String)).otherwise(pl.lit("c"))
    total = pl.DataFrame({"region": ["Total"], "n": [str(survey()["person"].n_unique())]})
    return {"total.csv": pl.concat([by_region().with_columns(n=shown), total])}


@good("complement")
def total_with_all_its_parts() -> Offer:
    """Counts by job with the total."""
    total = pl.DataFrame({"job": ["Total"], "n": [survey()["person"].n_unique()]})
    table = per(survey(), "job", n=PEOPLE)
    return {"total.csv": pl.concat([table, total.cast({"n": table.schema["n"]})])}


@bad("percentage", data=())
def percentage_of_few() -> Offer:
    """Two and a half percent of 120 smokers: three people."""
    return {"smokers.csv": "area,n,pct_smokers\nA,120,2.5\nB,400,50\n"}


@bad("percentage", data=())
def percentage_of_nearly_all() -> Offer:
    """What is left of 99 percent of 200."""
    return {"vaccinated.csv": "commune;effectif;pourcentage vaccines\nA;200;99,0\nB;400;50,0\n"}


@bad("percentage", finds="minimum-frequency")
def share_of_the_whole() -> Offer:
    """Shares of the regions in the whole beside its size, which give the small region's count."""
    whole = survey()["person"].n_unique()
    table = by_region().select("region", pct=(pl.col("n") * 100 / whole).round(2), population=pl.lit(whole))
    return {"shares.csv": table}


@good("percentage", data=(), review="no dataset gives the table, so that nothing was computed again")
def percentage_of_many() -> Offer:
    """Twenty percent of 400, and fifty."""
    return {"smokers.csv": "area,n,pct_smokers\nA,400,20\nB,400,50\n"}


@bad("indicator")
def few_patients_in_large_groups() -> Offer:
    """How many have a rare illness, by job: a handful of hundreds, in a column called after it."""
    return {"ill.csv": per(survey(), "job", ill=pl.col("ill").sum())}


@bad("indicator")
def rates_of_few() -> Offer:
    """The same as rates, without a count in sight."""
    return {"rates.csv": per(survey(), "job", rate=pl.col("ill").mean().round(5))}


@bad("indicator", severity=Severity.REVIEW)
def rates_of_few_rounded() -> Offer:
    """The same as rates with so few decimals that more patients are possible."""
    return {"rates.csv": per(survey(), "job", mean_ill=pl.col("ill").mean().round(1))}


@bad("indicator", data=("stays",))
def outcomes_of_few() -> Offer:
    """The mean of outcomes 1 and 2 by ward, of which two patients in each have the second."""
    wards = stays().filter(pl.col("ward") != "burns")
    return {"outcomes.csv": per(wards, "ward", mean_outcome=pl.col("outcome").mean().round(6))}


@bad("indicator", data=("votes",), policy="fr-fiscal-personnes")
def a_proportion_written_with_its_zero() -> Offer:
    """Mean votes of zero and one by club, 0.50 of twenty members: ten, where eleven are asked for."""
    return {"votes.csv": "club,mean_agreed\nchess,0.50\nrowing,0.50\n"}


@bad("indicator", data=("votes",), policy="fr-fiscal-personnes", severity=Severity.REVIEW)
def a_proportion_of_one_decimal() -> Offer:
    """The same as 0.5, which eleven of twenty would round to as well."""
    return {"votes.csv": "club,mean_agreed\nchess,0.5\nrowing,0.5\n"}


@good("indicator", data=("votes",))
def a_proportion_of_enough() -> Offer:
    """The same under a policy that ten are enough for."""
    return {"votes.csv": "club,mean_agreed\nchess,0.50\nrowing,0.50\n"}


@good("indicator")
def smokers_by_job() -> Offer:
    """How many records are of smokers, by job: many, and many are not."""
    return {"smokers.csv": per(survey(), "job", smoker=pl.col("smoker").sum())}


@bad("rounding", policy="uk-opensafely")
def counts_that_are_not_rounded() -> Offer:
    """Counts by sex and year under a policy that rounds to five."""
    return {"counts.csv": by_sex_and_year().with_columns(pl.col("n") // 5 * 5 + 2)}


@bad("rounding", policy="uk-opensafely")
def a_total_that_is_not_rounded() -> Offer:
    """Rounded counts with the exact total."""
    table = per(survey(), "job", n=PEOPLE)
    rounded = table.with_columns((pl.col("n") / 5).round().cast(pl.Int64) * 5)
    total = pl.DataFrame({"job": ["Total"], "n": [601]})
    return {"counts.csv": pl.concat([rounded, total])}


@good("rounding", policy="uk-opensafely")
def rounded_counts() -> Offer:
    """Counts by sex and year, rounded to five."""
    return {"counts.csv": by_sex_and_year().with_columns((pl.col("n") / 5).round().cast(pl.Int64) * 5)}


@bad("holdings", data=("firms",), under={"minimum_holdings": 3, "dominance": (), "p_percent": 0})
def cells_of_two_groups() -> Offer:
    """Staff by sector; two groups own all of the glass makers."""
    return {"staff.csv": per(firms(), "sector", n=pl.col("siren").n_unique(), staff=pl.col("staff").sum())}


@good("holdings", data=("firms",), under={"minimum_holdings": 3})
def cells_of_many_groups() -> Offer:
    """Staff of the sectors with many groups."""
    table = per(firms(), "sector", n=pl.col("siren").n_unique(), staff=pl.col("staff").sum())
    return {"staff.csv": table.filter(pl.col("sector").is_in(["food", "metal", "textile"]))}


@bad("class-disclosure")
def a_job_of_men_alone() -> Offer:
    """Counts by job and sex; all miners are men."""
    return {"jobs.csv": per(survey(), "job", "sex", n=PEOPLE)}


@bad("class-disclosure")
def a_zero_that_tells() -> Offer:
    """The same with a zero for the women who are miners, one column for each sex."""
    return {"jobs.csv": crosstab(survey(), "job", "sex").fill_null(0)}


@bad("class-disclosure", policy="uk-opensafely")
def all_of_a_group() -> Offer:
    """Percentages of 100 by job and sex, from counts that are rounded as the policy asks."""
    table = per(survey(), "job", "sex", n=PEOPLE).with_columns((pl.col("n") / 5).round().cast(pl.Int64) * 5)
    return {"jobs.csv": table}


@good("class-disclosure", data=("survey with zeros",))
def a_zero_that_is_declared() -> Offer:
    """The same table where the dataset declares that no woman is a miner."""
    return {"jobs.csv": per(survey(), "job", "sex", n=PEOPLE)}


@good("class-disclosure")
def jobs_by_region() -> Offer:
    """Counts by job and region, without the small one."""
    return {"jobs.csv": per(survey().filter(pl.col("region") != "Nord"), "job", "region", n=PEOPLE)}


@bad("small-area", data=(), severity=Severity.REVIEW)
def postcodes_of_unknown_data() -> Offer:
    """A rate for each commune, of data that the gate does not know."""
    return {"communes.csv": "code_postal,taux_moyen\n35000,12.5\n35700,13.1\n35510,11.9\n"}


@good("small-area")
def communes_that_are_counted() -> Offer:
    """Counts by commune of the dataset, each of many people."""
    rows = survey().filter(pl.col("region") != "Nord")
    return {"communes.csv": per(rows, "commune", n=PEOPLE)}


@bad("values", finds="minimum-frequency", data=())
def counts_as_keys() -> Offer:
    """A JSON document whose keys are the areas, with small counts."""
    return {"model.json": json.dumps({"A": {"n": 3}, "B": {"n": 40}})}


@bad("values", data=(), severity=Severity.REVIEW)
def numbers_in_json() -> Offer:
    """A JSON document with numbers that no dataset gives."""
    return {"model.json": json.dumps({"model": "ols", "coefficients": {"x": 1.25, "y": -0.5}})}


@good("values", data=())
def words_in_json() -> Offer:
    """A JSON document of words alone."""
    return {"model.json": json.dumps({"model": "ordinary least squares"})}
