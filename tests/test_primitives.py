"""Over the table of cases: all agree with torch and with finite differences, and wrong vjps are caught."""

import sys

import numpy as np
import pytest
from cases import CASES
from gradbook import check
from gradbook.autodiff import PRIMITIVES, Tensor, no_grad, primitive

finite_differences = check.gradient.__wrapped__       # the judge, without its display
ROWS = [pytest.param(name, case, id=f"{name}-{k}") for name in CASES for k, case in enumerate(CASES[name])]
RTOL = 1e-11
pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")      # torch's kl_div, of itself


def is_float(a):
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def drawn(case, seed=0):
    """The arguments, as arrays also where rng draws a bare number."""
    return [np.asarray(a) if isinstance(a, np.generic) else a for a in case.draw(np.random.default_rng(seed))]


def public(name):
    """The operation on Tensors whose raw form is PRIMITIVES[name]."""
    return getattr(sys.modules[PRIMITIVES[name].__module__], name)


def close(ours, theirs):
    """Equal shapes, and entries equal up to RTOL of the largest."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=RTOL, atol=RTOL * np.abs(theirs).max(initial=0))


def agrees_with_torch(op, case, name):
    """The judge of test 2: value, and every gradient for a random cotangent, through both tapes."""
    torch = pytest.importorskip("torch")
    arrays = drawn(case)
    ours = [Tensor(a.copy(), is_float(a)) if isinstance(a, np.ndarray) else a for a in arrays]
    theirs = [torch.tensor(a, requires_grad=is_float(a)) if isinstance(a, np.ndarray) else a for a in arrays]
    value = op(*ours, **case.options)
    options = {k: torch.tensor(o) if isinstance(o, np.ndarray) else o for k, o in case.options.items()}
    reference = case.reference(torch, name)(*theirs, **options)
    close(value.detach().numpy(), reference.detach().numpy())
    g = np.random.default_rng(1).normal(size=value.shape)
    value.backward(g)
    reference.backward(torch.tensor(g))
    for a, b in zip(ours, theirs):
        if isinstance(a, Tensor) and a.requires_grad:
            close(a.grad.numpy(), b.grad.numpy())


def test_every_primitive_has_a_row():
    assert set(CASES) == set(PRIMITIVES)
    assert all(CASES.values())


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_value_and_gradients_agree_with_torch(name, case):
    agrees_with_torch(public(name), case, name)


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_vjp_agrees_with_finite_differences(name, case):
    finite_differences(PRIMITIVES[name], *drawn(case), torch=False, **case.options)


# --- the tests, tested: what a wrong vjp may look like --------------------------------------------------

WRONG = {
    "0.1 % too large": lambda d: 1.001 * d,
    "wrong sign": lambda d: -d,
    "zero": lambda d: 0 * d,
    "entries in reverse order": lambda d: d.ravel()[::-1].reshape(d.shape),
    "one entry lost": lambda d: np.where(np.arange(d.size).reshape(d.shape) == d.size - 1, 0, d),
    "mean in place of each": lambda d: np.full_like(d, d.mean()),
}


def mutant(name, k, spoil):
    """The primitive, with the gradient of its argument k spoilt."""
    raw = PRIMITIVES[name]

    def wrong(*arrays, **options):
        value, vjp = raw(*arrays, **options)
        return value, lambda g: tuple(spoil(d) if i == k else d for i, d in enumerate(vjp(g)))

    wrong.__name__, wrong.broadcasts, wrong.skips = name, raw.broadcasts, False
    return wrong


def gradients(op, case):
    arrays = [Tensor(a.copy(), is_float(a)) if isinstance(a, np.ndarray) else a for a in drawn(case)]
    value = op(*arrays, **case.options)
    value.backward(np.random.default_rng(1).normal(size=value.shape))
    return [a.grad.numpy() for a in arrays if isinstance(a, Tensor) and a.requires_grad]


def wrong_vjps(case, name, monkeypatch):
    """(raw mutant, mutant on Tensors): for each argument, the ways to be wrong that change the result."""
    right = gradients(public(name), case)
    for k, a in enumerate(drawn(case)):
        for spoil in WRONG.values() if is_float(a) else ():
            raw = mutant(name, k, spoil)
            monkeypatch.setitem(PRIMITIVES, name, PRIMITIVES[name])        # restored when the test ends
            op = primitive(raw, broadcasts=raw.broadcasts)
            monkeypatch.undo()
            if not all(np.allclose(d, r, rtol=1e-6, atol=0) for d, r in zip(gradients(op, case), right)):
                yield raw, op                  # else right after all: a sum does not change in reverse order


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_wrong_vjps_are_rejected_by_the_comparison_with_torch(name, case, monkeypatch):
    pytest.importorskip("torch")
    tried = 0
    for _, op in wrong_vjps(case, name, monkeypatch):
        with pytest.raises(AssertionError):
            agrees_with_torch(op, case, name)
        tried += 1
    assert tried >= 3                # 0.1 %, sign and zero always change the result


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_wrong_vjps_are_rejected_by_finite_differences(name, case, monkeypatch):
    tried = 0
    for raw, _ in wrong_vjps(case, name, monkeypatch):
        with pytest.raises(check.CheckFailed):
            finite_differences(raw, *drawn(case), torch=False, **case.options)
        tried += 1
    assert tried >= 3


def test_a_cotangent_of_ones_would_accept_a_softmax_without_a_vjp():
    x = np.random.default_rng(0).normal(size=(3, 4))
    _, vjp = PRIMITIVES["softmax"](x, dim=1)
    assert np.abs(vjp(np.ones((3, 4)))[0]).max() < 1e-15
    assert np.abs(vjp(np.random.default_rng(1).normal(size=(3, 4)))[0]).max() > 0.01


# --- what else holds for every primitive ----------------------------------------------------------------


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_writing_in_place_is_noticed_or_harmless(name, case):
    op, right = public(name), gradients(public(name), case)
    for k in range(len(drawn(case)) + 1):                    # each argument in turn, then the value
        tensors = [Tensor(a.copy(), is_float(a)) if isinstance(a, np.ndarray) else a for a in drawn(case)]
        value = op(*tensors, **case.options)
        target = [*tensors, value][k]
        if not isinstance(target, Tensor) or not target.data.flags.writeable:
            continue
        with no_grad():
            target[...] = 1 - target if target.dtype.kind == "f" else np.zeros_like(target.data)
        g = np.random.default_rng(1).normal(size=value.shape)
        noticed = ""
        try:
            value.backward(g)
        except RuntimeError as error:
            noticed = str(error)
        if noticed:
            assert f"backward: {name} needs an array" in noticed
        else:
            for a, r in zip([t for t in tensors if isinstance(t, Tensor) and t.requires_grad], right):
                np.testing.assert_array_equal(a.grad.numpy(), r)


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_gradients_share_no_memory_with_anything(name, case):
    tensors = [Tensor(a.copy(), is_float(a)) if isinstance(a, np.ndarray) else a for a in drawn(case)]
    value = public(name)(*tensors, **case.options)
    g = np.random.default_rng(1).normal(size=value.shape)
    value.backward(g)
    tensors = [t for t in tensors if isinstance(t, Tensor)]
    grads = [t.grad.numpy() for t in tensors if t.requires_grad]
    others = [value.data, g, *(t.data for t in tensors)]
    for k, d in enumerate(grads):
        assert d.flags.writeable
        assert not any(np.may_share_memory(d, a) for a in [*others, *grads[:k]])


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_float32_stays_float32(name, case):
    if name == "to":
        pytest.skip("the operation that changes the dtype")
    arrays = [a.astype("float32") if is_float(a) else a for a in drawn(case)]
    tensors = [Tensor(a, is_float(a)) if isinstance(a, np.ndarray) else a for a in arrays]
    options = {k: o.astype("float32") if is_float(o) else o for k, o in case.options.items()}
    value = public(name)(*tensors, **options)
    value.backward(np.ones(value.shape))
    assert value.dtype == "float32"
    for t in tensors:
        assert not isinstance(t, Tensor) or not t.requires_grad or t.grad.dtype == "float32"


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_arguments_are_not_written_to(name, case):
    before, arrays = drawn(case), drawn(case)
    value, vjp = PRIMITIVES[name](*arrays, **case.options)
    g = np.random.default_rng(1).normal(size=np.shape(value))
    first = vjp(g)
    for a, b in zip(before, arrays):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
    for d, again in zip(first, vjp(g)):                       # a vjp can be called twice
        np.testing.assert_array_equal(d, again)
    np.testing.assert_array_equal(g, np.random.default_rng(1).normal(size=np.shape(value)))
