"""check.claim: intervals, and verdicts that follow from them."""

import numpy as np
import pytest
from gradbook import check
from gradbook.check import CheckFailed
from gradbook.check.intervals import interval, t_probability, t_quantile, with_interval

claim = check.claim.__wrapped__
noise = np.random.default_rng(0).normal(size=20)
noise = (noise - noise.mean()) / noise.std(ddof=1)  # mean 0, s = 1: half-width 2.093/√20 = 0.468


@pytest.mark.parametrize(
    ("samples", "verdict"),
    [
        (0.5 + noise, "true"),
        (0.46 + noise, "not shown"),
        (-0.46 + noise, "not shown"),
        (-0.5 + noise, "false"),
        ((0.5 + noise + 99 * np.arange(20), 99 * np.arange(20)), "true"),  # paired: the seeds' spread cancels
        ({"early": 0.5 + noise, "late": -0.5 + noise}, "depends"),
        ({"early": 0.5 + noise, "late": noise}, "depends"),
        ({"early": 0.5 + noise, "late": 0.9 + noise}, "true"),
    ],
)
def test_the_verdict_is_that_of_the_interval_and_every_other_is_refused(samples, verdict):
    for said in ("true", "false", "depends", "not shown"):
        if said == verdict:
            record = claim("x-c", "a helps", verdict=said, samples=samples, on="the phase")
            assert record.data["verdict"] == verdict and record.data["passed"]
        else:
            with pytest.raises(CheckFailed, match=f"the text says '{said}', the numbers say '{verdict}'"):
                claim("x-c", "a helps", verdict=said, samples=samples, on="the phase")


def test_the_line_shows_statement_verdict_effect_and_seeds():
    samples = (noise + 0.62, 0 * noise)
    record = claim("x-c", "b < a", verdict="true", samples=samples, unit="points", on="digits")
    says = "+0.62 ± 0.47 points (95 %, 20 pairs)"
    assert record.text == f"✓ x-c · people say: “b < a” · true on digits · {says}"
    assert "“b &lt; a”" in record.html and '<strong class="gb-verdict">true</strong>' in record.html
    assert record.data["found"][""] == {
        "verdict": "true", "says": says, "n": 20, "paired": True, "mean": 0.62, "half_width": 0.468,
        "null": 0.0,
    }  # fmt: skip


def test_a_null_other_than_zero_and_no_difference_within_a_margin():
    assert claim("x-c", "above one", verdict="true", samples=1.5 + noise, null=1.0)
    same = {"statement": "makes no difference", "samples": noise}
    assert claim("x-c", verdict="true", within=0.5, **same)
    assert claim("x-c", verdict="not shown", within=0.4, **same)
    assert claim("x-c", "makes no difference", verdict="false", samples=2 + noise, within=0.5)
    assert claim("x-c", "makes no difference", verdict="false", samples=noise - 2, within=0.5)


def test_numbers_without_chance():
    assert claim("x-c", "63 %", verdict="false", value=0.6513, expected=0.632, rtol=0.01, claims=(23,))
    assert claim("x-c", "63 to 66 %", verdict="true", value=0.6513, expected=(0.63, 0.66))
    assert "0, said to be 0" in claim("x-c", "none", verdict="true", value=0, expected=(0, 0)).text
    values = {"9": 0.1, "99": 0.01}
    record = claim("x-c", "a tenth", verdict="depends", value=values, expected=0.1, rtol=0.01, on="n")
    said = "said to be 0.1 (rtol 0.01)"
    assert record.text.endswith(f"depends on n · 9: 0.1, {said}; 99: 0.01, {said}")
    with pytest.raises(CheckFailed, match="numbers say 'false'"):
        claim("x-c", "63 %", verdict="true", value=0.6513, expected=0.632, rtol=0.01)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"samples": noise[:9]}, ValueError, r"needs one effect a seed and 10 seeds, got shape \(9,\)"),
        ({"samples": noise.reshape(4, 5)}, ValueError, r"got shape \(4, 5\)"),
        ({"samples": np.where(noise > 1, np.nan, noise)}, ValueError, "effects are not finite"),
        ({"samples": (noise, noise[1:])}, ValueError, "paired samples need one shape"),
        ({"verdict": "maybe"}, ValueError, "verdict 'maybe' is none of"),
        ({"value": 1.0}, TypeError, "either samples .* or value"),
        ({"samples": None}, TypeError, "either samples .* or value"),
        ({"samples": None, "value": 1.0}, TypeError, "value needs expected"),
        ({"verdict": "depends", "samples": {"a": noise, "b": 1 + noise}}, ValueError, "has to say on what"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(changes, error, words):
    with pytest.raises(error, match=words):
        claim("x-c", "a helps", **({"verdict": "not shown", "samples": noise} | changes))


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 19, 30, 99, 1000])
@pytest.mark.parametrize("p", [0.9, 0.975, 0.9995])
def test_student_s_quantile_agrees_with_scipy_and_inverts_its_probability(freedom, p):
    stats = pytest.importorskip("scipy.stats")
    assert t_quantile(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=1e-10)
    assert t_probability(t_quantile(p, freedom), freedom) == pytest.approx(2 * p - 1, rel=1e-12)


def test_the_interval_is_student_s():
    stats = pytest.importorskip("scipy.stats")
    mean, half = interval(3 + 2 * noise)
    low, high = stats.t.interval(0.95, 19, loc=3, scale=2 / np.sqrt(20))
    assert (mean - half, mean + half) == pytest.approx((low, high), rel=1e-12)
    with pytest.raises(ValueError, match="t_quantile: needs"):
        t_quantile(0.3, 5)


def test_an_interval_is_written_with_two_digits_of_its_half_width():
    pairs = [(0.6234, 0.211), (-12.34, 3.4), (1234.0, 56.0), (2.0, 0.0)]
    assert [with_interval(*pair) for pair in pairs] == [
        "+0.62 ± 0.21", "−12.3 ± 3.4", "+1234 ± 56", "+2 ± 0",
    ]  # fmt: skip
    assert with_interval(3e-9, 1.2e-10) == "+3.00e−9 ± 1.2e−10"
