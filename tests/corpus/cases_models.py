"""Models, survival tables, correlations and residuals."""

from __future__ import annotations

import json

import polars as pl

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.data import survey
from hub.domain.exports import Severity

SUMMARY = """                            OLS Regression Results
==============================================================================
Dep. Variable:                 income   R-squared:                       {r2}
No. Observations:                {n}   AIC:                             101.2
Df Residuals:                  {df}   BIC:                             103.1
Df Model:                           3
===================================================================================
                      coef    std err          t      P>|t|
-----------------------------------------------------------------------------------
Intercept           3.1000      0.500      6.200      0.000
{term}     1.2000      0.400      3.000      0.003
"""
READ = "numbers of a model are computed by no rule of the gate"


def summary(df: int = 590, r2: str = "0.310", term: str = "C(sex)[T.m]", n: int = 600) -> str:
    """A model as statsmodels prints it."""
    return SUMMARY.format(df=df, r2=r2, term=term, n=n)


@bad("survival-steps", data=())
def steps_of_three() -> Offer:
    """A survival table in which three people die in a month."""
    return {"survival.csv": "time,at_risk,events\n0,500,0\n12,497,3\n24,400,97\n"}


@bad("survival-steps", data=(), severity=Severity.REVIEW)
def a_curve_alone() -> Offer:
    """A survival curve without the number at risk."""
    return {"curve.csv": "time,survival\n0,1.0\n12,0.994\n24,0.8\n36,0.75\n"}


@bad("survival-steps", data=())
def steps_under_french_names() -> Offer:
    """The same in French, with semicolons."""
    return {"survie.csv": "temps;effectif à risque;survie\n0;500;1,0\n12;497;0,994\n24;400;0,8\n"}


@good("survival-steps", data=(), review="no dataset gives a survival table again")
def steps_of_many() -> Offer:
    """A survival table over whole years."""
    return {"survival.csv": "time,at_risk,events\n0,500,0\n12,440,60\n24,300,140\n"}


@bad("correlation")
def a_correlation_of_six() -> Offer:
    """Correlations with a column that six people have."""
    rows = survey().select("income", "visits", "rare").drop_nulls()
    return {"correlations.csv": rows.corr().insert_column(0, pl.Series("", rows.columns))}


@bad("correlation", severity=Severity.REVIEW)
def a_correlation_of_one() -> Offer:
    """A correlation of exactly one between two columns."""
    return {"correlations.csv": ",income,visits\nincome,1,1\nvisits,1,1\n"}


@good("correlation", review="no dataset gives a matrix of correlations again")
def a_correlation_of_many() -> Offer:
    """Correlations of columns that all have."""
    rows = survey().select("income", "visits", "bonus")
    return {"correlations.csv": rows.corr().insert_column(0, pl.Series("", rows.columns))}


@bad("degrees-of-freedom")
def a_model_of_few() -> Offer:
    """A regression with three residual degrees of freedom."""
    return {"fit.txt": summary(df=3, n=8)}


@bad("degrees-of-freedom", data=())
def a_model_of_few_in_json() -> Offer:
    """The same as a JSON document."""
    return {"fit.json": json.dumps({"nobs": 12, "df_resid": 4, "params": {"x": 1.5}})}


@bad("degrees-of-freedom", data=())
def a_saturated_model() -> Offer:
    """A regression that explains everything."""
    return {"fit.json": json.dumps({"r_squared": 1.0, "nobs": 20})}


@bad("degrees-of-freedom")
def a_model_of_few_in_a_notebook() -> Offer:
    """The regression with three residual degrees of freedom, as a notebook shows it."""
    return {"fit.ipynb": dress.notebook({"text/plain": summary(df=3, n=8)}, source="fit.summary()")}


@good("degrees-of-freedom", review=READ)
def a_model_of_many() -> Offer:
    """A regression on all people."""
    return {"fit.txt": summary()}


@bad("dummy-support")
def a_dummy_for_three() -> Offer:
    """ACRO's example: a term for the region of three people."""
    return {"fit.txt": summary(term="C(region)[T.Nord]")}


@bad("dummy-support")
def a_dummy_in_a_table() -> Offer:
    """The same as a table of coefficients."""
    return {"terms.csv": "term,coef,std_err\nIntercept,3.1,0.2\nregion_Nord,1.2,0.4\nregion_Sud,0.7,0.1\n"}


@bad("dummy-support")
def a_dummy_among_keys() -> Offer:
    """The same as keys of a JSON document."""
    return {"fit.json": json.dumps({"params": {"Intercept": 3.1, "region[T.Nord]": 1.2}})}


@bad("dummy-support")
def a_dummy_as_r_writes_it() -> Offer:
    """The same as R writes terms, in a table."""
    return {"terms.csv": "term,estimate,std_error\n(Intercept),3.1,0.2\nregionNord,1.2,0.4\nregionSud,0.7,0.1\n"}


@good("dummy-support", review=READ)
def dummies_for_many_as_r_writes_them() -> Offer:
    """Terms for regions and jobs of many people, as R writes them."""
    return {"terms.csv": "term,estimate,std_error\n(Intercept),3.1,0.2\nregionSud,0.7,0.1\njobnurse:sexm,0.2,0.1\n"}


@good("dummy-support", review=READ)
def a_dummy_for_many() -> Offer:
    """A term for a region of many people."""
    return {"terms.csv": "term,coef,std_err\nIntercept,3.1,0.2\nregion_Sud,0.7,0.1\n"}


@bad("dummy-support")
def a_dummy_for_one_income() -> Offer:
    """A term for one income, with more decimals than the gate compares."""
    income = survey()["income"][0]
    return {"terms.csv": f"term,coef,std_err\nIntercept,3.1,0.2\nincome[{income:.13f}],0.7,0.1\n"}


@bad("residuals", data=())
def a_residual_for_each_record() -> Offer:
    """Residuals, one for each of forty records."""
    return {"residuals.csv": "residuals\n" + "".join(f"{(n * 37 % 101) / 7:.3f}\n" for n in range(40))}


@bad("residuals", data=())
def predictions_for_each_record() -> Offer:
    """Fitted values and leverage of forty records."""
    rows = "".join(f"{n},{(n * 37 % 101) / 7:.3f},{(n * 11 % 13) / 90:.4f}\n" for n in range(40))
    return {"diagnostics.csv": f"case,fitted values,leverage\n{rows}"}


@good("residuals", data=(), review="no dataset gives a summary of residuals again")
def residuals_in_classes() -> Offer:
    """Residuals in five classes with their counts."""
    return {"residuals.csv": "class,count\nvery low,40\nlow,120\nmiddle,300\nhigh,110\nvery high,30\n"}
