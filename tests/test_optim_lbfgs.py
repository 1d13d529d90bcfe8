"""L-BFGS in lockstep with torch's, evaluation by evaluation; its line search and its memory.

Curvature is estimated from differences, which makes differences of rounding grow tenfold and more from one
iteration to the next. So ours takes over torch's parameters and memory before each step().
"""

import copy

import gradbook
import numpy as np
import pytest
from gradbook import optim
from gradbook.autodiff import tensor
from gradbook.optim import second_order

SHAPES = ((3, 4), (4,), ())
OPTIONS = [
    {}, {"lr": 0.3}, {"max_iter": 5}, {"max_iter": 1}, {"history_size": 2}, {"max_eval": 7},
    {"tolerance_grad": 0.1}, {"tolerance_change": 1e-3}, {"lr": 0.7, "max_iter": 4, "history_size": 3},
]
SEARCH = [{**o, "line_search_fn": "strong_wolfe"} for o in OPTIONS] + [
    {"lr": 20.0, "line_search_fn": "strong_wolfe"}, {"lr": 1e-2, "line_search_fn": "strong_wolfe"},
    {"max_eval": 2, "max_iter": 30, "line_search_fn": "strong_wolfe"},
]


def bowl(T, params, weights, t):
    """Convex, ill-conditioned, not quadratic, and another one at every step."""
    shifted = [p - (0.05 * t) * T.tensor(w) for p, w in zip(params, weights)]
    return sum((T.tensor(w * w + 0.05) * s * s).sum() + 0.3 * (s ** 4).sum()
               for s, w in zip(shifted, weights))


def valley(T, params, weights, t):
    """Rosenbrock's curved valley along each parameter, not convex."""
    return sum(((1 - p) ** 2).sum() + 3 * ((p * p - T.tensor(w)) ** 2).sum() for p, w in zip(params, weights))


def waves(T, params, weights, t):
    """Dents in a bowl: brackets, midpoints and narrowing."""
    return sum((T.tanh(3 * p) ** 2).sum() + 0.1 * ((p - T.tensor(w)) ** 2).sum()
               for p, w in zip(params, weights))


def run(T, loss_of, options, steps=6, dtype="float64", every=None):
    """Every loss that the closure gave, the parameters after each step, and the optimizer."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=s) for s in SHAPES]
    params = [T.tensor(rng.normal(size=s), dtype=getattr(T, dtype), requires_grad=True) for s in SHAPES]
    optimizer, losses, places = T.optim.LBFGS(params, **options), [], []
    for t in range(steps):
        def closure():
            for p in params:
                p.grad = None
            loss = loss_of(T, params, [w.astype(dtype) for w in weights], t)        # noqa: B023 (called at once)
            loss.backward()
            losses.append(loss.item())
            return loss

        optimizer = (every(t, optimizer, params) if every else None) or optimizer
        before = len(losses)
        assert optimizer.step(closure).item() == losses[before]
        places.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return losses, np.array(places), optimizer


def lockstep(torch, loss_of, options, steps):
    """What run() gives for gradbook and torch, ours taking over what torch has before each step."""
    before = []

    def save(t, optimizer, params):
        before.append(copy.deepcopy((optimizer.state_dict(), [p.detach().numpy() for p in params])))

    def take_over(t, optimizer, params):
        state, arrays = before[t]
        optimizer.load_state_dict(state)
        for p, a in zip(params, arrays):
            p.data = a.copy()

    theirs = run(torch, loss_of, options, steps, every=save)
    return run(gradbook, loss_of, options, steps, every=take_over), theirs


@pytest.mark.parametrize("options", OPTIONS + SEARCH, ids=str)
@pytest.mark.parametrize("loss_of", [bowl, valley, waves])
def test_every_evaluation_is_torchs(loss_of, options):
    torch = pytest.importorskip("torch")
    if loss_of is not bowl and "line_search_fn" not in options:
        options = {**options, "lr": 0.1}                  # without a search, full steps may go anywhere
    (ours, places, mine), (theirs, reference, other) = lockstep(torch, loss_of, options, 6)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(places, reference, rtol=1e-7, atol=1e-9)
    memory, expected = mine.state_dict()["state"][0], other.state_dict()["state"][0]
    assert memory.keys() | {"al"} == expected.keys() | {"al"}
    assert [memory[k] for k in ("n_iter", "func_evals")] == [expected[k] for k in ("n_iter", "func_evals")]


@pytest.mark.parametrize("options", [{"lr": 0.5}, {"line_search_fn": "strong_wolfe"}], ids=str)
def test_50_steps_in_lockstep_with_torch(options):
    torch = pytest.importorskip("torch")
    ours, theirs = lockstep(torch, bowl, {"max_iter": 2, **options}, 50)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-12)


def test_float32_goes_torchs_way():
    torch = pytest.importorskip("torch")
    options = {"max_iter": 3, "line_search_fn": "strong_wolfe"}
    (_, places, mine), (_, reference, _) = (run(T, bowl, options, 3, "float32") for T in (gradbook, torch))
    assert places.dtype == mine.state_dict()["state"][0]["d"].dtype == "float32"
    np.testing.assert_allclose(places, reference, rtol=1e-3, atol=1e-4)


WRONG = {
    "the second loop forgets ρ": ("_two_loops", lambda memory, g: -g * memory["H_diag"]),
    "the cubic is a midpoint": ("_cubic", lambda one, two, lowest, highest: (lowest + highest) / 2),
}


@pytest.mark.parametrize("name", WRONG)
def test_lockstep_rejects_a_wrong_algorithm(name, monkeypatch):
    torch = pytest.importorskip("torch")
    options = {"lr": 20.0, "line_search_fn": "strong_wolfe"}
    theirs = run(torch, bowl, options)[0]
    monkeypatch.setattr(second_order, *WRONG[name])
    ours = run(gradbook, bowl, options)[0]
    n = min(len(ours), len(theirs))
    assert not np.allclose(ours[:n], theirs[:n], rtol=1e-3)


def test_two_loops_multiply_by_the_matrix_that_the_bfgs_formula_gives():
    rng, n = np.random.default_rng(1), 6
    hessian = np.diag(rng.uniform(1, 9, size=n)) + 0.1
    steps = rng.normal(size=(3, n))
    memory = {"old_stps": list(steps), "old_dirs": [hessian @ s for s in steps], "H_diag": 0.3}
    memory["ro"] = [1 / (y @ s) for y, s in zip(memory["old_dirs"], steps)]
    h = 0.3 * np.eye(n)
    for y, s, rho in zip(memory["old_dirs"], steps, memory["ro"]):       # Nocedal & Wright 2006, eq. 7.16
        v = np.eye(n) - rho * np.outer(y, s)
        h = v.T @ h @ v + rho * np.outer(s, s)
    g = rng.normal(size=n)
    np.testing.assert_allclose(second_order._two_loops(memory, g), -h @ g, rtol=1e-12)


def test_the_cubics_minimum_is_the_minimum_of_the_cubic():
    f, slope = np.poly1d([1.0, -2.0, 0.5, 3.0]), np.poly1d([3.0, -4.0, 0.5])
    points = [(x, f(x), None, slope(x)) for x in (0.0, 2.0)]
    least = max(np.roots(slope))
    for one, two in (points, points[::-1]):
        assert second_order._cubic(one, two, 0, 2) == pytest.approx(least, rel=1e-12)
    assert second_order._cubic(*points, 1.5, 2) == 1.5
    concave = [(0.0, 0.0, None, np.float64(1.0)), (1.0, 1.0, None, np.float64(1.1))]
    flat = [(0.0, 0.0, None, np.float64(1.0)), (1.0, 5.0, None, np.float64(5.0))]
    assert second_order._cubic(*flat, 0, 1) is not None and 0 <= second_order._cubic(*concave, 0, 1) <= 1


def test_strong_wolfe_finds_a_step_that_fulfils_both_conditions():
    def along(t):
        return np.cos(t) + 0.05 * t, np.array([-np.sin(t) + 0.05])

    d, (f0, g0) = np.array([1.0]), along(0.1)
    for first in (1e-3, 0.5, 3.0, 40.0):
        t, f, g = second_order._strong_wolfe(lambda t: along(0.1 + t), first, f0, g0, d, 25)
        assert f <= f0 + 1e-4 * t * g0[0]
        assert abs(g[0]) <= 0.9 * abs(g0[0])


@pytest.mark.parametrize("options", [{}, {"line_search_fn": "strong_wolfe", "history_size": 2}], ids=str)
def test_training_continues_from_a_saved_state_ours_or_torchs(options):
    torch = pytest.importorskip("torch")
    options, saved = {"max_iter": 4, "lr": 0.5, **options}, []

    def reload(t, optimizer, params):
        if t == 3:
            other = gradbook.optim.LBFGS(params, lr=99.0)
            other.load_state_dict(optimizer.state_dict())
            return other

    def save(t, optimizer, params):
        if t == 3:
            saved.append(copy.deepcopy(optimizer.state_dict()))

    def take_over(t, optimizer, params):
        if t == 3:
            other = gradbook.optim.LBFGS(params, lr=99.0)
            other.load_state_dict(saved[0])
            return other

    whole = run(gradbook, bowl, options)[1]
    np.testing.assert_array_equal(run(gradbook, bowl, options, every=reload)[1], whole)
    run(torch, bowl, options, every=save)
    np.testing.assert_allclose(run(gradbook, bowl, options, every=take_over)[1], whole, rtol=1e-7, atol=1e-9)


def test_where_the_gradient_is_zero_it_stays_and_parameters_without_gradient_do_not_move():
    p, q = tensor([1.0, 2.0], requires_grad=True), tensor([3.0], requires_grad=True)
    optimizer = optim.LBFGS([p, q])

    def closure(target):
        optimizer.zero_grad()
        loss = ((p - tensor(target)) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(lambda: closure([1.0, 2.0]))
    assert optimizer.state[p]["func_evals"] == 1
    np.testing.assert_array_equal(p.data, [1.0, 2.0])
    optimizer.step(lambda: closure([0.0, 5.0]))
    np.testing.assert_allclose(p.data, [0.0, 5.0], atol=1e-7)
    np.testing.assert_array_equal(q.data, [3.0])


def test_the_closure_records_also_under_no_grad():
    p = tensor([1.0], requires_grad=True)

    def closure():
        loss = (p ** 2).sum()
        p.grad = None
        loss.backward()
        return loss

    with gradbook.no_grad():
        optim.LBFGS([p]).step(closure)
    np.testing.assert_allclose(p.data, [0.0], atol=1e-7)
