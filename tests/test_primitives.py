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


def outcome(op, case, arrays, make, change=lambda a: a):
    """[value, *gradients] for a random cotangent; or the exception. change: what is done to every array."""
    try:
        leaves = [make(change(a), is_float(a)) if isinstance(a, np.ndarray) else a for a in arrays]
        more = {k: make(change(o), False) if isinstance(o, np.ndarray) else o
                for k, o in case.options.items()}
        value = op(*leaves, **more)
        g = np.random.default_rng(1).normal(size=tuple(value.shape))
        value.backward(make(g, False))
    except Exception as error:
        return error
    return [value.detach().numpy(), *(a.grad.numpy() for a in leaves if getattr(a, "requires_grad", False))]


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
def test_float32_stays_float32_and_loses_only_digits(name, case):
    if name == "to":
        pytest.skip("the operation that changes the dtype")
    arrays = drawn(case)
    exact = outcome(public(name), case, arrays, Tensor)
    rounded = outcome(public(name), case, arrays, Tensor, lambda a: a.astype("float32") if is_float(a) else a)
    for a, b in zip(rounded, exact):
        assert a.dtype == "float32"
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max(initial=0))


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


# --- arrays of every kind: how they lie in memory, and of length 0 or 1 ---------------------------------


def with_gaps(a):
    """The same numbers, every second entry of a larger array along each dimension."""
    room = np.full([2 * n for n in a.shape], 7, a.dtype)
    view = room[(..., *(slice(None, None, 2) for _ in a.shape))]
    view[...] = a
    return view


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "Fortran order": lambda a: np.asarray(a, order="F").copy(order="F"),
    "not contiguous": with_gaps,
    "backwards": lambda a: np.flip(np.flip(a).copy()),
    "read-only": read_only,
}


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_how_arrays_lie_in_memory_changes_nothing(name, case):
    arrays = drawn(case)
    plain = outcome(public(name), case, arrays, Tensor)
    for layout, change in LAYOUTS.items():
        found = outcome(public(name), case, arrays, Tensor, change)
        assert isinstance(found, list), f"{layout}: {found!r}"
        for a, b in zip(found, plain):
            close(a, b)


def lengths(case):
    """Those of the arguments' dimensions. Unequal as they are, two of one length belong together."""
    return sorted({n for a in drawn(case) if isinstance(a, np.ndarray) for n in a.shape if n > 1})


def cut(old, new):
    """Makes every dimension of length old one of length new."""
    return lambda a: a[(..., *(slice(new) if n == old else slice(None) for n in a.shape))].copy()


UNLIKE_TORCH = {              # where torch does otherwise, and the reason not to
    ("adaptive_avg_pool2d", "3 -> 0"): "without channels torch has a value, but refuses to go back",
    ("adaptive_avg_pool2d", "4 -> 0"): "without pixels torch gives nan for size 1, and refuses all others",
    ("concatenate", "no dimensions"): "cat, through which it is called, refuses this",
    ("conv1d", "3 -> 0"): "without channels torch's result has none either, in the place of O",
    ("conv2d", "3 -> 0"): "without channels torch's result has none either, in the place of O",
    ("gather", "2 -> 0"): "torch looks at no shape if the index is empty",
    ("getitem", "no dimensions"): "torch takes a bool for an index of a number",
    ("multi_margin_loss", "5 -> 0"): "torch's mean over no terms is whatever its memory held",
    ("multi_margin_loss", "no dimensions"): "torch takes a number for one class",
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("name", "case"), ROWS)
def test_dimensions_of_length_0_and_1_and_none_agree_with_torch(name, case):
    torch = pytest.importorskip("torch")
    arrays = drawn(case)
    changes = {f"{n} -> {m}": cut(n, m) for n in lengths(case) for m in (0, 1)}
    changes["no dimensions"] = lambda a: np.array(a.flat[0])
    for what, change in changes.items():
        if (name, what) in UNLIKE_TORCH:
            continue
        ours = outcome(public(name), case, arrays, Tensor, change)
        theirs = outcome(case.reference(torch, name), case, arrays,
                         lambda a, grad: torch.tensor(a, requires_grad=grad), change)
        assert isinstance(ours, list) == isinstance(theirs, list), f"{what}: {ours!r}, torch {theirs!r}"
        if isinstance(ours, list):
            for a, b in zip(ours, theirs):
                assert a.shape == b.shape, f"{what}: {a.shape} and {b.shape}"
                np.testing.assert_allclose(a, b, rtol=RTOL, atol=1e-14, err_msg=what)
        else:                                          # as a list's, an index that is out of range is one
            allowed = (ValueError, TypeError, *([IndexError] if name == "getitem" else []))
            assert isinstance(ours, allowed), f"{what}: {ours!r}"
