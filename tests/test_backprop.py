"""The δ recursion against torch.autograd and finite differences; wrong variants of it must be noticed."""

from collections import Counter

import numpy as np
import pytest
from gradbook import backprop as bp

NETS = {
    "one neuron": ([3, 1], ["sigmoid"]),
    "one layer": ([4, 3], ["identity"]),
    "two layers": ([3, 5, 2], ["sigmoid", "sigmoid"]),
    "four layers, mixed": ([4, 6, 3, 5, 2], ["tanh", "relu", "sigmoid", "identity"]),
    "eight layers": ([2, 3, 4, 5, 6, 5, 4, 3, 2], ["tanh", "sigmoid"] * 4),
}
LOSSES = sorted(bp.LOSSES)


def draw(sizes, rng, rows=5, scale=2.0):
    """Random x (rows, n_0), params larger than at initialization, random rows of targets that sum to 1."""
    params = [(scale * w, scale * b) for w, b in bp.random_params(sizes, rng)]
    return rng.normal(size=(rows, sizes[0])), params, bp.softmax(rng.normal(size=(rows, sizes[-1])))


def torch_outputs(x, params, activations):
    torch = pytest.importorskip("torch")
    leaves = [[torch.tensor(a, requires_grad=True) for a in pair] for pair in params]
    x = torch.tensor(x, requires_grad=True)
    f = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z}
    o = x
    for (weight, bias), name in zip(leaves, activations):
        o = f[name](torch.nn.functional.linear(o, weight, bias))
    return x, leaves, o


def torch_loss(name, o, t):
    torch = pytest.importorskip("torch")
    if name == "half_mse":
        return 0.5 * ((o - t) ** 2).sum(1)
    if name == "softmax_half_mse":
        return 0.5 * ((torch.softmax(o, 1) - t) ** 2).sum(1)
    return torch.nn.functional.cross_entropy(o, t, reduction="none")


def assert_same(ours, theirs, rtol=1e-10):
    for pair, leaves in zip(ours, theirs, strict=True):
        for a, leaf in zip(pair, leaves, strict=True):
            want = leaf.grad.numpy() if hasattr(leaf, "grad") else leaf
            np.testing.assert_allclose(a, want, rtol=rtol, atol=rtol * np.abs(want).max())


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("passes", [(bp.forward, bp.backward), (bp.forward_loops, bp.backward_loops)],
                         ids=["matrix", "loops"])
def test_pullback_of_a_random_cotangent_agrees_with_torch(net, passes):
    forward, backward = passes
    sizes, activations = NETS[net]
    rng = np.random.default_rng(7)
    for _ in range(3):
        x, params, _ = draw(sizes, rng)
        g = rng.normal(size=(len(x), sizes[-1]))
        outputs = forward(x, params, activations)
        grads, dx = backward(outputs, params, activations, g)
        tx, leaves, o = torch_outputs(x, params, activations)
        o.backward(o.new_tensor(g))
        np.testing.assert_allclose(outputs[-1], o.detach().numpy(), rtol=1e-12, atol=1e-12)
        assert_same(grads, leaves)
        np.testing.assert_allclose(dx, tx.grad.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_agrees_with_torch_for_each_loss_and_reduction(net, loss, reduction):
    sizes, activations = NETS[net]
    x, params, t = draw(sizes, np.random.default_rng(3))
    value, grads = bp.gradient(x, t, params, activations, loss, reduction)
    _, leaves, o = torch_outputs(x, params, activations)
    want = getattr(torch_loss(loss, o, o.new_tensor(t)), reduction)()
    want.backward()
    np.testing.assert_allclose(value, want.item(), rtol=1e-12)
    assert_same(grads, leaves)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_agrees_with_finite_differences(loss):
    sizes, activations = [3, 4, 2], ["tanh", "identity"]
    x, params, t = draw(sizes, np.random.default_rng(5))
    value = lambda vector: bp.gradient(x, t, bp.unpack(vector, params), activations, loss)[0]
    _, grads = bp.gradient(x, t, params, activations, loss)
    numeric = bp.finite_difference(value, bp.pack(params))
    np.testing.assert_allclose(bp.pack(grads), numeric, rtol=1e-6, atol=1e-9)


def wrong_backward(mistake, outputs, params, activations, g):
    """`bp.backward` with one mistake in it."""
    grads = []
    for layer in reversed(range(len(params))):
        weight, slope = params[layer][0], bp.ACTIVATIONS[activations[layer]][1]
        o = outputs[layer + 1]
        if mistake == "slope of the layer below":
            slope = bp.ACTIVATIONS[activations[max(layer - 1, 0)]][1]
        delta = g if mistake == "slope forgotten" else g * slope(o)
        if mistake == "1 - o forgotten":
            delta = g * o
        bias = delta[0] if mistake == "one row for the bias" else delta.sum(0)
        bias = delta.mean(0) if mistake == "mean for sum in the bias" else bias
        above = outputs[layer] if mistake != "plus sign" else -outputs[layer]
        grads.append((delta.T @ above, bias))
        g = (g if mistake == "g passed on instead of δ" else delta) @ weight
        if mistake == "only the strongest path":
            g = np.max(delta[:, :, None] * weight[None], axis=1)
    return grads[::-1]


MISTAKES = ["slope forgotten", "slope of the layer below", "1 - o forgotten", "one row for the bias",
            "mean for sum in the bias", "plus sign", "g passed on instead of δ", "only the strongest path"]


@pytest.mark.parametrize("mistake", [None, *MISTAKES])
def test_each_wrong_variant_misses_by_far_and_the_unchanged_one_does_not(mistake):
    rng = np.random.default_rng(11)
    sizes, activations = [4, 3, 5, 2], ["sigmoid", "tanh", "sigmoid"]
    x, params, _ = draw(sizes, rng)
    g = rng.normal(size=(len(x), 2))
    outputs = bp.forward(x, params, activations)
    right = bp.pack(bp.backward(outputs, params, activations, g)[0])
    other = bp.pack(wrong_backward(mistake, outputs, params, activations, g))
    gap = np.abs(other - right).max() / np.abs(right).max()
    assert gap == 0 if mistake is None else gap > 1e-2


def test_a_batch_gradient_is_the_mean_of_the_gradients_of_its_examples():
    sizes, activations = NETS["four layers, mixed"]
    x, params, t = draw(sizes, np.random.default_rng(2), rows=6)
    _, grads = bp.gradient(x, t, params, activations)
    singles = [bp.pack(bp.gradient(x[n : n + 1], t[n : n + 1], params, activations)[1]) for n in range(6)]
    np.testing.assert_allclose(bp.pack(grads), np.mean(singles, axis=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("every", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("loss", LOSSES)
def test_checkpointing_gives_bit_identical_gradients(every, loss):
    sizes, activations = NETS["eight layers"]
    x, params, t = draw(sizes, np.random.default_rng(4))
    value, grads = bp.gradient(x, t, params, activations, loss)
    again, recomputed, peak = bp.checkpointed_gradient(x, t, params, activations, loss, every)
    assert value == pytest.approx(again, rel=1e-15)
    np.testing.assert_allclose(bp.pack(recomputed), bp.pack(grads), rtol=1e-13, atol=0)
    kept = sum(o.size for o in bp.forward(x, params, activations))
    assert peak == kept if every == 8 else peak <= kept


@pytest.mark.parametrize("input_gradient", [True, False])
def test_multiply_adds_are_counted_one_by_one_and_the_matrix_form_counts_the_same(input_gradient):
    sizes, activations = [4, 6, 3, 2], ["sigmoid"] * 3
    x, params, _ = draw(sizes, np.random.default_rng(1))
    g = np.ones((5, 2))
    counts = {}
    for f, b in ((bp.forward, bp.backward), (bp.forward_loops, bp.backward_loops)):
        up, down = Counter(), Counter()
        b(f(x, params, activations, up), params, activations, g, down, input_gradient)
        counts[f.__name__] = up["macs"], down["macs"]
    weights = 4 * 6 + 6 * 3 + 3 * 2
    assert counts["forward"] == counts["forward_loops"]
    assert counts["forward"] == (5 * weights, 5 * (2 * weights - (0 if input_gradient else 4 * 6)))


def test_stable_sigmoid_is_finite_where_the_textbook_form_overflows():
    z = np.array([-800.0, -40.0, 0.0, 3.0, 800.0])
    assert np.array_equal(bp.sigmoid(z)[[0, 2, 4]], [0.0, 0.5, 1.0])
    with pytest.warns(RuntimeWarning, match="overflow"):
        1 / (1 + np.exp(-z))
    assert bp.sigmoid(-40.0) == pytest.approx(np.exp(-40.0), rel=1e-15)


def test_slopes_are_those_of_torch_also_at_zero():
    torch = pytest.importorskip("torch")
    for name, (f, slope) in bp.ACTIVATIONS.items():
        z = torch.tensor([-1.3, 0.0, 0.4], dtype=torch.float64, requires_grad=True)
        {"identity": lambda z: z * 1.0}.get(name, getattr(torch, name, None))(z).sum().backward()
        np.testing.assert_allclose(slope(f(z.detach().numpy())), z.grad.numpy(), rtol=1e-12, err_msg=name)


def test_finite_differences_call_f_as_often_as_promised():
    calls = []
    f = lambda x: calls.append(1) or float(np.sum(x**3))
    x = np.array([[1.0, -2.0, 0.5]])
    np.testing.assert_allclose(bp.finite_difference(f, x), 3 * x**2, rtol=1e-8)
    assert len(calls) == 6
    np.testing.assert_allclose(bp.finite_difference(f, x, central=False), 3 * x**2, rtol=1e-4)
    assert len(calls) == 6 + 4
    assert x.tolist() == [[1.0, -2.0, 0.5]]


def test_pack_and_unpack_are_inverse():
    params = bp.random_params([3, 4, 2], np.random.default_rng(0))
    for (w, b), (w2, b2) in zip(params, bp.unpack(bp.pack(params), params), strict=True):
        assert np.array_equal(w, w2) and np.array_equal(b, b2)
    with pytest.raises(ValueError, match=r"unpack: vector \(5,\) came, \(26,\) is needed"):
        bp.unpack(np.zeros(5), params)


def test_errors_say_what_came_and_what_was_needed():
    x, params, t = draw([3, 4, 2], np.random.default_rng(0))
    acts = ["tanh", "identity"]
    raises = lambda words: pytest.raises(ValueError, match=words)
    outputs = bp.forward(x, params, acts)
    with raises("forward: 2 layers came with 1 activations; needed: one each"):
        bp.forward(x, params, ["tanh"])
    with raises("forward_loops: activation 'gelu' is not one of sigmoid, tanh, relu"):
        bp.forward_loops(x, params, ["gelu", "identity"])
    with raises(r"layer 1 has weight \(4, 3\), bias \(4,\) and gets \(5, 2\); needed: input"):
        bp.forward(x[:, :2], params, acts)
    with raises(r"layer 2 has weight \(4, 2\), bias \(2,\) and gets \(N, 4\)"):
        bp.forward(x, [params[0], (params[1][0].T, params[1][1])], acts)
    with raises(r"layer 1 has weight \(4, 3\), bias \(4,\) and gets \(3,\)"):
        bp.forward(x[0], params, acts)
    with raises("backward: 1 outputs came with 2 layers and 2 activations; needed: all outputs"):
        bp.backward(outputs[-1:], params, acts, t)
    with raises(r"backward_loops: g \(5,\) is not of the shape of the last output \(5, 2"):
        bp.backward_loops(outputs, params, acts, t[:, 0])
    with raises("gradient: loss 'mse' came, one of half_mse, .* is needed"):
        bp.gradient(x, t, params, acts, loss="mse")
    with raises("gradient: reduction 'none' came, 'mean' or 'sum' is needed"):
        bp.gradient(x, t, params, acts, reduction="none")
    with raises(r"target \(5,\) does not match the outputs \(5, 2\).*one_hot"):
        bp.gradient(x, np.zeros(5, int), params, acts)
    with raises(r"checkpointed_gradient: every=3 came, between 1 and 2 is needed"):
        bp.checkpointed_gradient(x, t, params, acts, every=3)


def test_nothing_that_was_passed_in_is_changed():
    x, params, t = draw([3, 4, 2], np.random.default_rng(0))
    copies = x.copy(), bp.pack(params).copy(), t.copy()
    bp.gradient(x, t, params, ["relu", "identity"], "softmax_cross_entropy")
    bp.checkpointed_gradient(x, t, params, ["relu", "identity"], "softmax_cross_entropy")
    assert all(np.array_equal(a, b) for a, b in zip(copies, (x, bp.pack(params), t)))
