"""check.equation: what it accepts, and above all what it refuses."""

import functools
import json

import numpy as np
import pytest
from gradbook import check
from gradbook.check import CheckFailed
from gradbook.check.comparison import NotComparable, compare, describe, pieces, plain

equation = check.equation.__wrapped__  # returns the Record instead of displaying it


def matrices(rng):
    n, m = check.sizes(rng, 2)
    return rng.normal(size=(n, m)), rng.normal(size=m)


def product(weight, x):
    return weight @ x


def loops(weight, x):
    return np.array([sum(w * v for w, v in zip(row, x)) for row in weight])


def sound(**changes):
    """A sound check; tests spoil one thing at a time."""
    keywords = {
        "lines": [product],
        "truth": loops,
        "wrong": {"sign": lambda weight, x: -(weight @ x)},
        "inputs": matrices,
        "against": "loops",
    }
    return equation("bp-product", **(keywords | changes))


def test_a_sound_check_says_what_it_compared_and_what_it_rejects():
    record = sound(wrong={"sign": lambda w, x: -(w @ x), "a < b & c": lambda w, x: 2 * (w @ x)})
    assert record.text == (
        "✓ bp-product · agrees with loops (3 inputs, rtol 1e-10) · rejects: sign; a < b & c"
    )
    assert record.html == (
        '<p class="gb-check gb-check-equation" id="check-bp-product"><span class="gb-mark">✓</span> '
        '<span class="gb-label"><a href="#equation-bp-product">bp-product</a></span> · '
        "agrees with loops (3 inputs, rtol 1e-10) · rejects: "
        '<span class="gb-wrong">sign; a &lt; b &amp; c</span></p>'
    )
    assert json.loads(json.dumps(record.data)) == record.data == {
        "kind": "equation", "id": "bp-product", "passed": True, "relation": "equal", "against": "loops",
        "lines": 1, "inputs": 3, "rtol": "1e-10", "rejects": ["sign", "a < b & c"],
    }  # fmt: skip


def test_every_line_is_compared_and_a_failure_names_the_line_the_inputs_and_both_numbers():
    def off(weight, x):
        y = weight @ x
        y[0] += 1e-3
        return y

    with pytest.raises(CheckFailed) as failure:
        sound(lines=[product, off])
    message = str(failure.value)
    assert "bp-product: line 2 of 2 fails at [0]: got " in message
    assert "needed = " in message and "tolerance 1e-10" in message and "(inputs: weight (" in message
    assert sound(lines=[product, lambda w, x: (x[None] * w).sum(1)]).text.startswith(
        "✓ bp-product · 2 lines agree with loops"
    )


def test_an_error_just_above_the_tolerance_fails_and_one_just_below_passes():
    sound(lines=[lambda w, x: (w @ x) * (1 + 0.9e-10)])
    with pytest.raises(CheckFailed, match="relative deviation"):
        sound(lines=[lambda w, x: (w @ x) * (1 + 1.2e-10)])


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (lambda w, x: w.T @ x, "raised ValueError: .*an exception is no rejection"),
        (lambda w, x: np.zeros(3)[7], "raised IndexError"),
        (lambda w, x: (w @ x) * np.nan, "is nan at .*needs finite values of the right shape"),
        (lambda w, x: (w @ x) + np.inf, "is inf at .*needs finite values"),
        (lambda w, x: (w @ x)[None], r"has shape \(1, \d\), and \(\d,\) was needed"),
        (lambda w, x: (w @ x, w), "consists of 2 arrays"),
        (lambda w, x: None, "is None"),
        (lambda w, x: (w @ x) * (1 + 1e-8), "not rejected: it misses by at most 1e-8, and more than 1e-7"),
        (lambda w, x: loops(w, x), "was not rejected"),
    ],
)
def test_what_is_no_rejection(variant, words):
    with pytest.raises(CheckFailed, match=words):
        sound(wrong={"sign": lambda w, x: -(w @ x), "spoiled": variant})


def test_a_wrong_variant_that_is_the_right_formula_letter_by_letter_is_found():
    with pytest.raises(CheckFailed, match="'copy' is the right formula"):
        sound(lines=[lambda w, x: w @ x], wrong={"copy": lambda w, x: w @ x})


def test_a_wrong_variant_may_agree_on_some_inputs_but_not_on_all():
    wide = {"only where wide": lambda w, x: w @ x if w.shape[0] > w.shape[1] else 0 * (w @ x)}
    inputs = [(np.ones((2, 3)), np.ones(3)), (np.ones((3, 2)), np.ones(2)), (np.ones((4, 2)), np.ones(2))]
    sound(wrong=wide, inputs=inputs)
    with pytest.raises(CheckFailed, match="was not rejected"):
        sound(wrong=wide, inputs=[*inputs[1:], (np.ones((5, 2)), np.ones(2))])


def test_truth_is_another_computation():
    with pytest.raises(CheckFailed, match="truth is line 1 itself"):
        sound(truth=product)
    with pytest.raises(CheckFailed, match="truth is line 1 itself"):  # copied, on another line of the file
        sound(lines=[lambda w, x: w @ x],
              truth=lambda w, x: w @ x)  # fmt: skip
    with pytest.raises(CheckFailed, match="truth is line 1 itself"):
        sound(lines=[functools.partial(product)], truth=functools.partial(product))
    with pytest.raises(CheckFailed, match="truth calls line 1"):
        sound(truth=lambda w, x: 1.0 * product(w, x))
    make = lambda sign: lambda w, x: sign * (w @ x)
    sound(lines=[make(1.0)], wrong={"sign": make(-1.0)})  # one code, two closures: two formulas


def test_truth_really_asks_the_library_that_it_names():
    torch = pytest.importorskip("torch")
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    common = {
        "lines": [lambda x: sigmoid(x) * (1 - sigmoid(x))],
        "wrong": {"σ′ = σ": sigmoid},
        "inputs": lambda rng: (rng.normal(size=4),),
    }

    def by_autograd(x):
        x = torch.tensor(x, requires_grad=True)
        torch.sigmoid(x).sum().backward()
        return x.grad

    assert "agrees with torch.autograd" in equation("bp-s", truth=by_autograd, **common).text
    forward = lambda x: torch.sigmoid(torch.tensor(x)) * torch.sigmoid(-torch.tensor(x))
    assert "agrees with torch (" in equation("bp-s", truth=forward, against="torch", **common).text
    with pytest.raises(CheckFailed, match=r"never asks torch.autograd"):
        equation("bp-s", truth=forward, **common)
    closed = lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2
    with pytest.raises(CheckFailed, match="never calls torch"):
        equation("bp-s", truth=closed, against="torch", **common)
    assert equation("bp-s", truth=closed, against="a closed form", **common)


def test_functions_get_inputs_of_their_own_and_must_not_write_to_them():
    def writes(w, x):
        x *= 2
        return w @ x / 2

    with pytest.raises(CheckFailed, match="line 1 of 1 changed its inputs in place"):
        sound(lines=[writes])
    with pytest.raises(CheckFailed, match="the wrong variant 'w' changed its inputs"):
        sound(wrong={"w": writes})


def test_bounds_hold_in_their_direction_and_reject_what_crosses_them():
    below = {"lines": [np.sin], "truth": np.abs, "against": "|x|"}
    below["inputs"] = lambda rng: (rng.normal(size=5),)
    wrong = {"twice": lambda x: 2 * np.abs(x) + 1}
    assert "stays below |x|" in equation("x-b", kind="bound", wrong=wrong, **below).text
    with pytest.raises(CheckFailed, match="needed ≤"):
        equation("x-b", kind="bound", wrong=wrong, **(below | {"lines": [lambda x: np.abs(x) + 1e-3]}))
    with pytest.raises(CheckFailed, match="was not rejected"):
        equation("x-b", kind="bound", wrong={"half": lambda x: np.abs(x) / 2}, **below)
    assert equation("x-b", kind="upper bound", wrong={"half": lambda x: np.abs(x) / 2},
                    **(below | {"lines": [lambda x: np.abs(x) + 1]}))  # fmt: skip
    with pytest.raises(CheckFailed, match="needed ≥"):
        equation("x-b", kind="upper bound", wrong=wrong, **below)


def test_a_limit_approaches_steadily_begins_outside_and_ends_inside():
    keywords = {
        "truth": lambda n: np.e,
        "kind": "limit",
        "against": "e",
        "wrong": {"other sign": lambda n: (1 - 1 / n) ** n},
    }
    line = lambda n: (1 + 1 / n) ** n
    inputs = [(10.0**k,) for k in (1, 3, 5, 7)]
    assert "tends to e (4 inputs, rtol 1e-6)" in equation("x-e", lines=[line], inputs=inputs, **keywords).text
    with pytest.raises(CheckFailed, match="does not reach the limit"):
        equation("x-e", lines=[line], inputs=inputs[:3], **keywords)
    with pytest.raises(CheckFailed, match="at the limit from the first input on"):
        equation("x-e", lines=[lambda n: np.exp(1.0)], inputs=inputs, **keywords)
    with pytest.raises(CheckFailed, match="does not approach the limit steadily"):
        equation("x-e", lines=[lambda n: line(n) + (n == 1000)], inputs=inputs, **keywords)
    slow = {"wrong": {"slow": lambda n: np.e + 1e-12 * n}}
    with pytest.raises(CheckFailed, match="'slow' was not rejected"):
        equation("x-e", lines=[line], inputs=inputs, **(keywords | slow))


def test_an_expectation_lies_within_the_interval_of_a_sample_that_is_large_enough():
    keywords = {
        "truth": lambda rng, s, n=40_000: (s * rng.normal(size=(n, 2))) ** 2,
        "inputs": lambda rng: (rng.spawn(1)[0], rng.uniform(1, 3)), "kind": "expectation", "rtol": 0.05,
        "against": "40,000 samples", "wrong": {"s for s²": lambda rng, s: np.full(2, s)},
    }  # fmt: skip
    right = lambda rng, s: np.full(2, s * s)
    text = equation("x-v", lines=[right], **keywords).text
    assert "is the mean of 40,000 samples (3 inputs, within 5 standard errors)" in text
    with pytest.raises(CheckFailed, match="standard errors from the mean"):
        equation("x-v", lines=[lambda rng, s: np.full(2, 1.06 * s * s)], **keywords)
    almost = {"wrong": {"almost": lambda rng, s: np.full(2, 1.06 * s * s)}}
    with pytest.raises(CheckFailed, match="'almost' was not rejected"):
        equation("x-v", lines=[right], **(keywords | almost))
    few = lambda rng, s: keywords["truth"](rng, s, 200)
    with pytest.raises(CheckFailed, match="draw more"):
        equation("x-v", lines=[right], **(keywords | {"truth": few}))
    with pytest.raises(CheckFailed, match=r"has shape \(\), and \(2,\) was needed"):
        equation("x-v", lines=[lambda rng, s: s * s], **keywords)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"wrong": {}}, TypeError, "at least one plausible mistake"),
        ({"lines": []}, TypeError, "lines must be a list of functions"),
        ({"lines": product}, TypeError, "lines must be a list"),
        ({"truth": 3.0}, TypeError, "truth must be a function, got float"),
        ({"kind": "roughly"}, ValueError, "kind 'roughly' is none of equal"),
        ({"rtol": 0}, ValueError, "rtol 0 is not between"),
        ({"draws": 2}, ValueError, "2 inputs are too few"),
        ({"inputs": [(np.ones((2, 2)), np.ones(2))] * 3}, ValueError, "all 3 inputs are the same"),
        ({"inputs": lambda rng: rng.normal(size=3)}, TypeError, r"a tuple such as \(x,\), got ndarray"),
        ({"against": ""}, TypeError, "against must say what truth is"),
        ({"truth": lambda w, x: np.full(len(w), np.nan)}, CheckFailed, "truth is not finite"),
        ({"truth": lambda w, x: np.zeros(0)}, CheckFailed, "truth is empty"),
        ({"truth": lambda w, x: 1 / 0}, CheckFailed, "truth raised ZeroDivisionError"),
        ({"truth": lambda w, x: np.zeros(len(w))}, CheckFailed, "needs scale="),
    ],
)
def test_a_call_that_checks_nothing_is_refused(changes, error, words):
    with pytest.raises(error, match=words):
        sound(**changes)


def test_a_label_that_could_not_be_an_equation_of_the_page_is_refused():
    with pytest.raises(ValueError, match="the id 'Bp delta' is not of the form"):
        equation("Bp delta", lines=[product], truth=loops, wrong={"w": np.add}, inputs=matrices)


def test_inputs_depend_on_the_label_alone():
    seen = []
    for _ in range(2):
        sound(inputs=lambda rng: seen.append(rng.normal()) or (np.full((2, 3), seen[-1]), np.ones(3)))
    assert seen[:3] == seen[3:] and len(set(seen)) == 3


def test_sizes_are_all_different():
    rng = np.random.default_rng(0)
    assert all(len(set(check.sizes(rng, 5))) == 5 for _ in range(50))


def test_a_check_displays_itself_once_and_returns_nothing(capsys):
    result = check.equation("bp-product", lines=[product], truth=loops, wrong={"0": lambda w, x: 0 * (w @ x)},
                            inputs=matrices, against="loops")  # fmt: skip
    assert result is None
    assert capsys.readouterr().out == "✓ bp-product · agrees with loops (3 inputs, rtol 1e-10) · rejects: 0\n"


# The comparison underneath


def test_arrays_come_from_numpy_lists_numbers_and_tensors():
    torch = pytest.importorskip("torch")
    from gradbook.autodiff import tensor

    tensors = [torch.ones(2, requires_grad=True), tensor([1.0, 1.0], requires_grad=True)]
    for value in (np.ones(2), [1, 1], [1.0, 1.0], *tensors):
        assert compare(value, np.ones(2)).deviation == 0
    nested = pieces((1.0, [1.0, 2.0], [np.ones(1), {"w": 2.0}]))
    assert list(nested) == ["[0]", "[1]", "[2][0]", "[2][1]['w']"]
    assert pieces(3)[""].shape == ()
    for value in ("word", None, 1j, [[1], [1, 2]]):
        with pytest.raises(NotComparable):
            pieces(value)


def test_deviation_is_norm_wise_and_array_by_array():
    assert compare([1000.0, 0.0], [1000.0, 1e-3]).deviation == pytest.approx(1e-6)
    apart = compare((np.array([1000.0]), np.array([0.0])), (np.array([1000.0]), np.array([1e-3])))
    assert apart.deviation == 1 and apart.where == " in part [1] at [0]"
    assert compare(np.ones(0), np.ones(0)).deviation == 0
    assert compare(1e-9, 0.0, scale=10.0).deviation == pytest.approx(1e-10)
    with pytest.raises(NotComparable, match="scale="):
        compare(1e-9, 0.0)
    assert compare([True, False], [1, 0]).deviation == 0


def test_numbers_and_inputs_read_as_people_write_them():
    assert [plain(x) for x in (1e-10, 0.25, 1e3, 12345.0, -0.0)] == ["1e-10", "0.25", "1e3", "1.23e4", "-0"]
    inputs = (np.ones((2, 3)), 0.9, 7, "mean", None, [np.ones(2), np.ones((2, 1))], np.random.default_rng(0))
    assert describe(inputs, ["w", "beta", "n", "reduction", "bias", "layers", "rng"]) == (
        "w (2, 3), beta = 0.9, n = 7, reduction = 'mean', bias = None, layers [(2,), (2, 1)], rng (Generator)"
    )
