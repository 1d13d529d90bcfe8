"""Every rule in lockstep with torch over 50 steps; Lion, Muon and Newton against their papers' equations."""

import copy
import itertools
import math

import gradbook
import numpy as np
import pytest
from gradbook import optim
from gradbook.autodiff import Tensor, tensor
from gradbook.optim.muon import newton_schulz
from gradbook.optim.optimizer import BLOCK, regularised

SHAPES = ((3, 4), (4,), (), (2, 1, 3), (0, 2))
STEPS = 50


def combinations(**choices):
    """The defaults; each option, and each two options, with other values; all options together."""
    singles = [{name: value} for name, values in choices.items() for value in values]
    pairs = [{**a, **b} for a, b in itertools.combinations(singles, 2) if not a.keys() & b.keys()]
    return [{}, *singles, *pairs, *([{k: v[0] for k, v in choices.items()}] if len(choices) > 2 else [])]


SWEEP = {
    "SGD": [o for o in combinations(lr=[0.1], momentum=[0.9], dampening=[0.3, 1.0], weight_decay=[0.05],
                                    nesterov=[True], maximize=[True])
            if not o.get("nesterov") or ("momentum" in o and "dampening" not in o)],
    "Adagrad": combinations(lr=[0.3], lr_decay=[0.1], weight_decay=[0.05], initial_accumulator_value=[0.5],
                            eps=[1e-3], maximize=[True]),
    "RMSprop": combinations(alpha=[0.8, 0.0], eps=[1e-3], weight_decay=[0.1], momentum=[0.9], maximize=[True])
    + combinations(alpha=[0.8, 0.5], momentum=[0.6], centered=[True], weight_decay=[0.1]),
    "Adam": combinations(lr=[0.1], betas=[(0.7, 0.9), (0.3, 0.0), (0.0, 0.5)], eps=[1e-2], weight_decay=[0.1],
                         amsgrad=[True], maximize=[True], decoupled_weight_decay=[True]),
    "AdamW": combinations(lr=[0.1], betas=[(0.7, 0.9)], weight_decay=[0.3, 0], amsgrad=[True],
                          maximize=[True]),
}
ROWS = [pytest.param(name, o, id=f"{name} {' '.join(f'{k}={v}' for k, v in o.items())}")
        for name, rows in SWEEP.items() for o in rows]


def gradients(shapes, seed=1):
    """Gradients of 50 steps: noisy, of sizes from 1e-3 to 10, now and then zero, now and then missing."""
    rng = np.random.default_rng(seed)
    for t in range(STEPS):
        size = 10.0 ** rng.uniform(-3, 1)
        yield [None if (t + k) % 9 == 4 else np.zeros(shape) if (t + k) % 13 == 6 else
               size * (rng.normal(size=shape) + 0.3) for k, shape in enumerate(shapes)]


def trained(T, make, shapes=SHAPES, dtype="float64", every=None):
    """The parameters after each of 50 steps. Before it, every(t, optimizer, params) may give another one."""
    rng = np.random.default_rng(0)
    params = [T.tensor(rng.normal(size=s), dtype=getattr(T, dtype), requires_grad=True) for s in shapes]
    optimizer, history = make(T, params), []
    for t, grads in enumerate(gradients(shapes)):
        optimizer = (every(t, optimizer, params) if every else None) or optimizer
        for p, g in zip(params, grads):
            p.grad = None if g is None else T.tensor(g, dtype=getattr(T, dtype))
        optimizer.step()
        history.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return np.array(history)


def rule(name, options, groups=None):
    """Makes the optimizer of that name; or, if groups has a second group's options, with two groups."""
    def make(T, params):
        cls = getattr(T.optim, name)
        if groups is None:
            return cls(params, **options)
        return cls([{"params": params[:2]}, {"params": params[2:], **groups}], **options)

    return make


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), ROWS)
def test_50_steps_in_lockstep_with_torch(name, options):
    torch = pytest.importorskip("torch")
    ours = trained(gradbook, rule(name, options))
    agree(ours, trained(torch, rule(name, options)))
    assert np.abs(ours[-1] - ours[0]).max() > 1e-3


GROUPS = {
    "SGD": ({"lr": 0.1, "momentum": 0.9}, {"lr": 0.01, "momentum": 0, "maximize": True}),
    "Adagrad": ({"lr": 0.1}, {"lr": 0.02, "lr_decay": 0.3, "eps": 1e-4, "initial_accumulator_value": 3.0}),
    "RMSprop": ({"lr": 0.1, "momentum": 0.5}, {"alpha": 0.7, "momentum": 0, "centered": True}),
    "Adam": ({"lr": 0.1}, {"lr": 0.02, "betas": (0.5, 0.7), "weight_decay": 0.1, "amsgrad": True}),
    "AdamW": ({"lr": 0.1}, {"lr": 0.02, "weight_decay": 0.5, "maximize": True}),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_have_their_own_options_in_lockstep_with_torch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = (trained(T, rule(name, *GROUPS[name])) for T in (gradbook, torch))
    agree(ours, theirs)
    assert np.abs(ours - trained(gradbook, rule(name, GROUPS[name][0]))).max() > 1e-6


@pytest.mark.parametrize("name", GROUPS)
def test_float32_stays_float32_and_is_near_torchs(name):
    torch = pytest.importorskip("torch")
    ours, theirs = (trained(T, rule(name, *GROUPS[name]), dtype="float32") for T in (gradbook, torch))
    assert ours.dtype == theirs.dtype == "float32"
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


# --- wrong variants, which the lockstep has to reject ----------------------------------------------------


class EpsInTheRoot(optim.Adam):
    def update(self, p, g, state, group):
        (b1, b2), t, m, v = group["betas"], state["step"], state["exp_avg"], state["exp_avg_sq"]
        m[...], v[...] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        return group["lr"] * (m / (1 - b1 ** t)) / np.sqrt(v / (1 - b2 ** t) + group["eps"])


class NoBiasCorrection(optim.Adam):
    def update(self, p, g, state, group):
        return super().update(p, g, {**state, "step": 1e9}, group)


class CoupledDecay(optim.AdamW):
    def update(self, p, g, state, group):
        g = regularised(g, p, group)
        return super().update(p, g, state, {**group, "weight_decay": 0})


class UncorrectedDecay(optim.AdamW):
    def update(self, p, g, state, group):
        u = super().update(p, g, state, {**group, "weight_decay": 0})
        return u + group["weight_decay"] * p


class LargestRootNotLargestSquare(optim.Adam):
    def update(self, p, g, state, group):
        state["max_exp_avg_sq"][...] = 0
        return super().update(p, g, state, group)


class DecayBeforeTheFirstStep(optim.Adagrad):
    def update(self, p, g, state, group):
        return super().update(p, g, {**state, "step": state["step"] + 1}, group)


class NotASquare(optim.RMSprop):
    def update(self, p, g, state, group):
        v = state["square_avg"]
        v[...] = group["alpha"] * v + (1 - group["alpha"]) * np.abs(g)
        return group["lr"] * g / (v + group["eps"])


class EpsInTheRootOfRMSprop(optim.RMSprop):
    def update(self, p, g, state, group):
        v = state["square_avg"]
        v[...] = group["alpha"] * v + (1 - group["alpha"]) * g * g
        return group["lr"] * g / np.sqrt(v + group["eps"] ** 2)


class DampenedFirstStep(optim.SGD):
    def update(self, p, g, state, group):
        if state["first"]:
            state["momentum_buffer"][...] = 0
        return super().update(p, g, {**state, "first": False}, group)


class MomentumTimesLr(optim.SGD):
    def update(self, p, g, state, group):
        v = state["momentum_buffer"]
        v[...] = (0 if state["first"] else group["momentum"]) * v + group["lr"] * g
        return group["lr"] * v


WRONG = [
    (EpsInTheRoot, "Adam", {"lr": 0.1}), (NoBiasCorrection, "Adam", {"lr": 0.1}),
    (CoupledDecay, "AdamW", {"lr": 0.1}), (UncorrectedDecay, "AdamW", {"lr": 0.1}),
    (LargestRootNotLargestSquare, "Adam", {"amsgrad": True}),
    (DecayBeforeTheFirstStep, "Adagrad", {"lr_decay": 0.01}), (NotASquare, "RMSprop", {}),
    (EpsInTheRootOfRMSprop, "RMSprop", {"eps": 1e-4}),
    (DampenedFirstStep, "SGD", {"momentum": 0.9, "dampening": 0.1}),
    (MomentumTimesLr, "SGD", {"momentum": 0.9}),
]


@pytest.mark.parametrize(("wrong", "name", "options"), WRONG, ids=[row[0].__name__ for row in WRONG])
def test_lockstep_rejects_a_wrong_rule(wrong, name, options):
    torch = pytest.importorskip("torch")
    off = trained(gradbook, lambda T, params: wrong(params, **options)) - trained(torch, rule(name, options))
    assert np.isfinite(off).all() and np.abs(off).max() > 1e-7


# --- what all have in common ----------------------------------------------------------------------------


ALL = {**GROUPS, "Lion": ({"lr": 0.01}, {"lr": 0.02, "weight_decay": 0.1}),
       "Muon": ({"lr": 0.01}, {"lr": 0.02, "nesterov": False})}
MATRICES = ((3, 4), (4, 2), (5, 5), (1, 3))


def shapes_of(name):
    return MATRICES if name == "Muon" else SHAPES


@pytest.mark.parametrize("name", ALL)
def test_training_continues_from_a_saved_state_as_if_it_had_not_stopped(name):
    def reload(t, optimizer, params):
        if t == 20:
            other = rule(name, {**ALL[name][0], "lr": 99.0}, ALL[name][1])(gradbook, params)
            other.load_state_dict(optimizer.state_dict())
            return other

    make = rule(name, *ALL[name])
    np.testing.assert_array_equal(trained(gradbook, make, shapes_of(name), every=reload),
                                  trained(gradbook, make, shapes_of(name)))


def in_torch(torch, value):
    """A state_dict with the arrays as torch's tensors."""
    if isinstance(value, dict):
        return {k: in_torch(torch, v) for k, v in value.items()}
    if isinstance(value, list):
        return [in_torch(torch, v) for v in value]
    return torch.as_tensor(value) if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("to_torch", [False, True], ids=["torch's into ours", "ours into torch's"])
def test_a_state_dict_goes_from_one_library_to_the_other(name, to_torch):
    torch = pytest.importorskip("torch")
    make, saved = rule(name, *GROUPS[name]), []
    source, target = (gradbook, torch) if to_torch else (torch, gradbook)

    def save(t, optimizer, params):
        if t == 20:
            saved.extend(copy.deepcopy((optimizer.state_dict(), [p.detach().numpy() for p in params])))

    def take_over(t, optimizer, params):
        if t == 20:
            state, arrays = saved
            optimizer.load_state_dict(in_torch(torch, state) if to_torch else state)
            with target.no_grad():
                for p, a in zip(params, arrays):
                    p.copy_(target.tensor(a))

    theirs = trained(source, make, every=save)
    saved = [in_torch(torch, saved[0]), saved[1]] if to_torch else saved
    ours = trained(target, make, every=take_over)
    agree(ours[20:], theirs[20:])
    assert np.abs(ours[20:] - trained(target, rule(name, GROUPS[name][0]))[20:]).max() > 1e-6


@pytest.mark.parametrize("name", GROUPS)
def test_state_names_options_and_numbers_are_torchs(name):
    torch = pytest.importorskip("torch")
    states = []

    def keep(t, optimizer, params):
        if t == STEPS - 1:
            states.append(copy.deepcopy(optimizer.state_dict()))

    for T in (gradbook, torch):
        trained(T, rule(name, *GROUPS[name]), every=keep)
    ours, theirs = states
    for group, reference in zip(ours["param_groups"], theirs["param_groups"]):
        assert reference.keys() - group.keys() <= {"foreach", "fused", "capturable", "differentiable"}
        assert all(reference[k] == v for k, v in group.items())
    assert ours["state"].keys() == theirs["state"].keys()
    for k, memory in ours["state"].items():
        assert memory.keys() == theirs["state"][k].keys()
        for what, value in memory.items():
            np.testing.assert_allclose(value, theirs["state"][k][what].numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_neither_the_old_array_nor_the_gradient_is_changed_and_the_layout_does_not_matter(name):
    options, base = ALL[name][0], np.random.default_rng(3).normal(size=(2, 4, 6))
    runs = []
    for layout in ("C", "F"):
        p = Tensor(np.asarray(base[0], order=layout), True)
        optimizer = getattr(optim, name)([p], **options)
        for k in range(3):
            before, g = p.data, np.asarray(base[1] * (k + 1), order=layout)
            before.flags.writeable = g.flags.writeable = False
            p.grad = Tensor(g)
            optimizer.step()
            assert p.data is not before and p.data.flags.writeable
        runs.append(p.data)
    np.testing.assert_allclose(*runs, rtol=1e-12)


@pytest.mark.parametrize("name", set(ALL) - {"Muon"})
def test_a_long_parameter_is_updated_in_blocks_as_its_parts_would_be(name):
    rng, n = np.random.default_rng(2), 2 * BLOCK + 7
    start, grads = rng.normal(size=n), rng.normal(size=(3, n))
    whole = Tensor(start.copy(), True)
    parts = [Tensor(start[k::3].copy(), True) for k in range(3)]         # shorter than a block
    for params in ([whole], parts):
        optimizer = getattr(optim, name)(params, **ALL[name][0])
        for g in grads:
            for k, p in enumerate(params):
                p.grad = Tensor(g if p is whole else g[k::3].copy())
            optimizer.step()
    for k, p in enumerate(parts):
        np.testing.assert_allclose(whole.data[k::3], p.data, rtol=1e-13)


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adam", "AdamW"])
def test_infinite_and_missing_numbers_spread_as_in_torch_without_a_warning(name):
    torch = pytest.importorskip("torch")
    numbers = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1e-300, 1e300]
    special = np.random.default_rng(4).choice(numbers, (6, 200))
    ends = []
    for T in (gradbook, torch):
        p = T.tensor(np.linspace(-2, 2, 200), requires_grad=True)
        optimizer = getattr(T.optim, name)([p], weight_decay=0.1)
        for g in special:
            p.grad = T.tensor(g)
            optimizer.step()
        ends.append(p.detach().numpy())
    np.testing.assert_allclose(*ends, rtol=1e-9, atol=1e-12)


def test_a_parameter_in_a_maximum_or_saddle_stays_there_under_every_rule():
    for name in set(ALL) - {"Muon"}:
        p = tensor([1.0, -2.0], requires_grad=True)
        optimizer = getattr(optim, name)([p], **{**ALL[name][0], "weight_decay": 0})
        for _ in range(3):
            p.grad = tensor([0.0, 0.0])
            optimizer.step()
        np.testing.assert_array_equal(p.data, [1.0, -2.0], err_msg=name)


def test_adams_first_step_is_lr_whatever_the_size_of_the_gradient():
    for size in (1e-3, 1.0, 1e6):
        p = tensor([0.0, 0.0], requires_grad=True)
        p.grad = tensor([size, -size])
        optim.Adam([p], lr=0.01).step()
        np.testing.assert_allclose(p.data, [-0.01, 0.01], rtol=1e-4)


# --- Lion, Muon, Newton: equations of their papers, in loops over single numbers or by other means -------


def test_lion_is_algorithm_2_of_its_paper():
    options = {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.1}
    ours = trained(gradbook, rule("Lion", options))
    theta = np.concatenate([a.ravel() for a in start_values(SHAPES)]).tolist()
    m = [0.0] * len(theta)
    for t, grads in enumerate(gradients(SHAPES)):
        g = [x for g, s in zip(grads, SHAPES) for x in ([None] * math.prod(s) if g is None else g.ravel())]
        for i, gi in enumerate(g):
            if gi is not None:
                c = 0.8 * m[i] + (1 - 0.8) * gi
                theta[i] -= 0.02 * (math.copysign(1, c) * (c != 0) + 0.1 * theta[i])
                m[i] = 0.95 * m[i] + (1 - 0.95) * gi
        np.testing.assert_allclose(ours[t], theta, rtol=1e-9, atol=1e-12)


def start_values(shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


class MomentumBeforeTheSign(optim.Lion):
    def update(self, p, g, state, group):
        m, (b1, b2) = state["exp_avg"], group["betas"]
        m[...] = b2 * m + (1 - b2) * g
        return group["lr"] * np.sign(b1 * m + (1 - b1) * g)


def test_that_comparison_would_notice_a_momentum_updated_too_early():
    right = trained(gradbook, rule("Lion", {"lr": 0.02}))
    wrong = trained(gradbook, lambda T, params: MomentumBeforeTheSign(params, lr=0.02))
    assert np.abs(right - wrong).max() > 1e-3


def test_maximize_is_the_step_of_the_opposite_gradient_for_lion():
    ends = []
    for sign, maximize in ((1, True), (-1, False)):
        p = tensor([1.0, 2.0], requires_grad=True)
        p.grad = tensor([0.3 * sign, -2.0 * sign])
        optim.Lion([p], lr=0.1, maximize=maximize).step()
        ends.append(p.data)
    np.testing.assert_array_equal(*ends)


MUON = [{}, {"nesterov": False}, {"weight_decay": 0.0, "lr": 0.02}, {"momentum": 0.4}, {"ns_steps": 3},
        {"adjust_lr_fn": "match_rms_adamw"}, {"adjust_lr_fn": "original", "eps": 0.1}, {"ns_steps": 0},
        {"ns_coefficients": (1.5, -0.5, 0.0), "ns_steps": 9}]


@pytest.mark.parametrize("options", MUON, ids=str)
def test_muon_is_torchs_once_torchs_does_not_round_to_bfloat16(options, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    agree(*(trained(T, rule("Muon", options), MATRICES) for T in (gradbook, torch)))


def test_muon_is_near_torchs_as_it_is():
    torch = pytest.importorskip("torch")
    ours, theirs = (trained(T, rule("Muon", {"lr": 0.01}), MATRICES) for T in (gradbook, torch))
    assert 1e-6 < np.abs(ours - theirs).max() < 0.02


@pytest.mark.parametrize("options", [{}, {"nesterov": False, "momentum": 0.7}], ids=str)
def test_muon_is_its_equations_on_singular_values(options):
    """Newton-Schulz acts on singular values one by one: the SVD and a polynomial of numbers give the same."""
    nesterov, momentum = options.get("nesterov", True), options.get("momentum", 0.95)
    ours = trained(gradbook, rule("Muon", {"lr": 0.03, **options}), MATRICES)
    thetas = start_values(MATRICES)
    buffers = [np.zeros(s) for s in MATRICES]
    for t, grads in enumerate(gradients(MATRICES)):
        for theta, b, g in zip(thetas, buffers, grads):
            if g is None:
                continue
            b[...] = momentum * b + (1 - momentum) * g
            direction = momentum * b + (1 - momentum) * g if nesterov else b
            u, s, vt = np.linalg.svd(direction, full_matrices=False)
            s = s / max(math.sqrt((s ** 2).sum()), 1e-7)
            for _ in range(5):
                s = 3.4445 * s - 4.7750 * s ** 3 + 2.0315 * s ** 5
            rows, columns = theta.shape
            theta *= 1 - 0.03 * 0.1
            theta -= 0.03 * math.sqrt(max(1, rows / columns)) * (u * s) @ vt
        np.testing.assert_allclose(ours[t], np.concatenate([a.ravel() for a in thetas]), rtol=1e-9, atol=1e-9)


def test_newton_schulz_brings_singular_values_near_1_and_wrong_coefficients_do_not():
    matrix = np.random.default_rng(5).normal(size=(6, 9))
    s = np.linalg.svd(newton_schulz(matrix), compute_uv=False)
    assert (s > 0.6).all() and (s < 1.3).all()
    np.testing.assert_allclose(newton_schulz(matrix.T), newton_schulz(matrix).T, rtol=1e-12)
    cubic = newton_schulz(matrix, (1.5, -0.5, 0.0), steps=40)
    np.testing.assert_allclose(cubic @ cubic.T, np.eye(6), atol=1e-12)
    off = np.linalg.svd(newton_schulz(matrix, (3.4445, -4.775, 2.1)), compute_uv=False)
    assert np.abs(s - off).max() > 1e-2


def quadratic(seed=6, n=5, eigenvalues=None):
    """A symmetric matrix with those eigenvalues, and a vector."""
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    values = rng.uniform(0.1, 100, size=n) if eigenvalues is None else np.asarray(eigenvalues)
    return (q * values) @ q.T, rng.normal(size=n)


def test_newton_needs_one_step_for_a_quadratic():
    a, b = quadratic()
    p, q = tensor(np.ones(2), requires_grad=True), tensor(np.ones((3, 1)), requires_grad=True)
    optimizer = optim.Newton([p, q], lambda: a)

    def closure():
        x = np.concatenate([p.data, q.data.ravel()])
        p.grad, q.grad = tensor((a @ x - b)[:2]), tensor((a @ x - b)[2:, None])
        return 0.5 * x @ a @ x - b @ x

    first = closure()
    assert optimizer.step(closure) == first
    np.testing.assert_allclose(np.concatenate([p.data, q.data.ravel()]), np.linalg.solve(a, b), rtol=1e-10)


@pytest.mark.parametrize(("lr", "damping"), [(1, 0), (0.5, 0), (1, 0.7), (0.3, 5.0)])
def test_newton_is_its_equation_in_coordinates_of_the_eigenvectors(lr, damping):
    """There (H + damping I)⁻¹ divides each component of the gradient by its eigenvalue + damping."""
    rng, x, h_of = np.random.default_rng(7), tensor(np.ones(4), requires_grad=True), []
    optimizer = optim.Newton([x], lambda: tensor(h_of[-1]), lr=lr, damping=damping)
    expected = np.ones(4)
    for t in range(STEPS):
        h, g = quadratic(seed=t, n=4, eigenvalues=[0.5, 2.0, 30.0, -7.0])
        g = g * rng.uniform(0, 3)
        h_of.append(h)
        x.grad = tensor(g)
        optimizer.step()
        values, vectors = np.linalg.eigh(h)
        expected = expected - lr * sum(v * (v @ g) / (e + damping) for e, v in zip(values, vectors.T))
        np.testing.assert_allclose(x.data, expected, rtol=1e-9, atol=1e-11)


def test_newton_finds_a_saddle_point_where_gradient_descent_leaves_it():
    h = np.diag([1.0, -1.0])
    ends = []
    for make in (lambda x: optim.Newton([x], lambda: h), lambda x: optim.SGD([x], lr=0.5)):
        x = tensor([1.0, 0.1], requires_grad=True)
        x.grad = tensor(h @ x.data)
        make(x).step()
        ends.append(x.data)
    np.testing.assert_allclose(ends[0], [0, 0], atol=1e-15)
    assert abs(ends[1][1]) > 0.1
