"""Facts about models, survival tables and correlations: what they say of few units."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def summary(df: int = 1900, r2: str = "0.310", term: str = "C(sex)[T.m]", n: int = 2000) -> str:
    return SUMMARY.format(df=df, r2=r2, term=term, n=n)


@pytest.mark.parametrize(("df", "blocks"), [(9, True), (0, True), (-1, True), (10, False), (1900, False)])
def test_a_model_needs_degrees_of_freedom(gate: Any, make: Any, df: int, blocks: bool) -> None:
    assert ("degrees-of-freedom" in make.checks(gate.judge("fit.txt", summary(df)))) is blocks
    output = make.notebook(("fit.summary()", [make.shown(plain=summary(df))]))
    assert ("degrees-of-freedom" in make.checks(gate.judge("n.ipynb", output))) is blocks


@given(df=st.integers(-5, 9))
def test_fewer_degrees_never_pass(gate: Any, make: Any, df: int) -> None:
    for name, text in (
        ("m.json", json.dumps({"model": {"df_resid": df}})),
        ("m.csv", f"what,value\ndf_resid,{df}\nr2,0.3\n"),
        ("m.txt", f"Residual standard error: 0.5 on {df} degrees of freedom"),
    ):
        assert "degrees-of-freedom" in make.checks(gate.judge(name, text)), name


@pytest.mark.parametrize("text", ["df_resid,1200", "df_model,3", "df,2"])
def test_other_degrees_are_no_residual_ones(gate: Any, make: Any, text: str) -> None:
    assert "degrees-of-freedom" not in make.checks(gate.judge("m.csv", f"what,value\n{text}\nr2,0.3\n"))


@pytest.mark.parametrize(("beside", "is_exact"), [("0.3", False), ("1", True)])
def test_a_column_beside_a_matrix_is_none_of_it(gate: Any, beside: str, is_exact: bool) -> None:
    table = f",income,visits,sign\nincome,1,{beside},1\nvisits,{beside},1,1\n"
    judged = gate.without_data().judge("t.csv", table)
    assert any("correlated by exactly 1" in f.sentence for f in judged.findings) is is_exact


def test_words_among_degrees_are_no_number(gate: Any, make: Any) -> None:
    judged = gate.judge("m.csv", "model,df_resid\none,n/a\ntwo,1200\n")
    assert "degrees-of-freedom" not in make.checks(judged)
    assert "degrees-of-freedom" in make.checks(gate.judge("m.csv", "model,df_resid\none,n/a\ntwo,3\n"))


def test_a_model_that_explains_everything_blocks(gate: Any, make: Any) -> None:
    assert "degrees-of-freedom" in make.checks(gate.judge("m.json", json.dumps({"r_squared": 1.0, "nobs": 20})))
    assert "degrees-of-freedom" not in make.checks(gate.judge("m.json", json.dumps({"r_squared": 0.99, "nobs": 2000})))
    judged = gate.judge("fit.txt", summary(1900, "1.000"))
    assert {str(f.severity) for f in judged.findings if f.check == "degrees-of-freedom"} == {"review"}


def test_one_model_of_few_degrees_blocks_what_explains_everything_beside_it(gate: Any) -> None:
    judged = gate.judge("fit.txt", summary(1900, "1.000") + "\n\n" + summary(3))
    assert [str(f.severity) for f in judged.findings if f.check == "degrees-of-freedom"] == ["block", "block"]


@pytest.mark.parametrize(
    ("term", "blocks"),
    [
        ("C(region)[T.Nord]", True),
        ("region[T.Nord]", True),
        ("region[Nord]", True),
        ("region_Nord", True),
        ("C(region)[T.Sud]", False),
        ("region_Sud", False),
        ("C(region)[T.Nord]:C(sex)[T.m]", True),
        ("C(region)[T.Sud]:C(sex)[T.m]", False),
        ("C(region, Treatment('Est'))[T.Nord]", True),
        ("region_Autre", False),
        ("colour_Nord", False),
        ("regionNord", True),
        ("RegionNord", True),
        ("regionSud", False),
        ("regional", False),
        ("factor(region)Nord", True),
        ("as.factor(region)Nord", True),
        ("as.factor(region)Sud", False),
        ("region::Nord", True),
        ("region.Nord", True),
        ("regionNord:sexm", True),
        ("regionSud:sexm", False),
        ("income:regionNord", True),
        ("encode__region_Nord", True),
        ("_Iregion_Nord", True),
        ("I(region == 'Nord')[T.True]", True),
        ('region == "Nord"TRUE', True),
        ("I(region == 'Sud')[T.True]", False),
        ("region Nord", False),
        ("region: Nord", False),
        ("C(region)[T.Nord]:C(colour)[T.red]", False),
        ("income[12345.678901234567890123456789]", False),
    ],
)
def test_a_dummy_for_few_units_blocks(gate: Any, make: Any, term: str, blocks: bool) -> None:
    assert ("dummy-support" in make.checks(gate.judge("fit.txt", summary(term=term)))) is blocks
    table = pl.DataFrame({"term": ["Intercept", term], "coef": [3.1, 1.2]}).write_csv()
    assert ("dummy-support" in make.checks(gate.judge("fit.csv", table))) is blocks
    params = json.dumps({"params": {"Intercept": 3.1, term: 1.2}})
    assert ("dummy-support" in make.checks(gate.judge("fit.json", params))) is blocks


def test_a_dummy_is_named_by_its_column_alone(gate: Any, make: Any) -> None:
    judged = gate.judge("fit.txt", summary(term="C(region)[T.Nord]"))
    (found,) = [f for f in judged.findings if f.check == "dummy-support"]
    assert "region" in found.sentence
    assert "Nord" not in found.sentence + found.detail
    assert "3" in found.detail


@pytest.mark.parametrize("title", ["resid", "residuals", "fitted_values", "y_pred", "hat", "cooks_d"])
def test_a_value_for_each_record_blocks(gate: Any, make: Any, title: str) -> None:
    values = [f"{n * 0.37 % 5:.3f}" for n in range(60)]
    assert "residuals" in make.checks(
        gate.judge("r.csv", f"i,{title}\n" + "\n".join(f"{n},{v}" for n, v in enumerate(values)))
    )
    quantiles = f"q,{title}\n0.25,-1.2\n0.5,0.1\n0.75,1.3\n"
    assert "residuals" not in make.checks(gate.judge("r.csv", quantiles))


def test_survival_steps_of_few_block(gate: Any, make: Any) -> None:
    small = "time,at_risk,events,survival\n0,500,0,1\n12,480,20,0.96\n24,477,3,0.954\n36,440,37,0.88\n"
    large = "time,at_risk,events,survival\n0,500,0,1\n12,480,20,0.96\n36,440,40,0.88\n"
    places = [f.place for f in gate.judge("s.csv", small).findings if f.check == "survival-steps"]
    assert places == ["s.csv, row 3, column 3", "s.csv, row 2, column 2"]
    assert "survival-steps" not in make.checks(gate.judge("s.csv", large))


def test_a_curve_alone_is_reviewed(gate: Any) -> None:
    judged = gate.judge("s.csv", "time,KM_estimate\n0,1\n12,0.96\n24,0.954\n36,0.88\n")
    assert {str(f.severity) for f in judged.findings if f.check == "survival-steps"} == {"review"}


def pairs(both: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "a": [float(n * 7 % 11) for n in range(100)],
            "b": [float(n) if n < 50 + both else None for n in range(100)],
            "c": [float(n * 3 % 13) if n >= 50 else None for n in range(100)],
        }
    )


@pytest.mark.parametrize(("both", "blocks"), [(9, True), (10, False)])
def test_a_correlation_counts_those_who_have_both_values(on: Any, make: Any, both: int, blocks: bool) -> None:
    matrix = ",a,b,c\na,1,0.2,0.3\nb,0.2,1,0.1\nc,0.3,0.1,1\n"
    found = [f for f in on(pairs(both)).judge("c.csv", matrix).findings if f.check == "correlation"]
    assert [f.parameters for f in found] == ([(("minimum_units", "10"),)] if blocks else [])


def test_a_perfect_correlation_is_reviewed(on: Any) -> None:
    judged = on(pairs(30)).judge("c.csv", ",a,b\na,1,1\nb,1,1\n")
    assert {str(f.severity) for f in judged.findings if f.check == "correlation"} == {"review"}


def test_the_names_of_a_matrix_may_stand_in_any_column_and_with_blanks(on: Any) -> None:
    for matrix in ("a,b,of\n1,1,a\n1,1,b\n", " a ,b,of\n1,1,a\n1,1,b\n"):
        judged = on(pairs(30)).judge("c.csv", matrix)
        assert {str(f.severity) for f in judged.findings if f.check == "correlation"} == {"review"}, matrix


def test_a_matrix_of_what_no_dataset_has_as_numbers_is_not_counted(on: Any) -> None:
    rows = pairs(5).with_columns(town=pl.Series([f"t{n % 3}" for n in range(100)]))
    for names in (("x", "y"), ("a", "town")):
        first, second = names
        judged = on(rows).judge("c.csv", f",{first},{second}\n{first},1,0.2\n{second},0.2,1\n")
        assert "correlation" not in {f.check for f in judged.findings}, names


def test_a_curve_that_never_falls_is_none(gate: Any) -> None:
    judged = gate.judge("s.csv", "time,KM_estimate\n0,1\n12,1\n24,1\n36,1\n")
    assert "survival-steps" not in {f.check for f in judged.findings}
