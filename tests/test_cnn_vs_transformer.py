"""gradbook.cnn_vs_transformer: twins against torch, their parts, costs; convolution as attention; stacks."""

import gradbook as T
import numpy as np
import pytest
from gradbook import nn
from gradbook.cnn_vs_transformer import (
    MIXERS,
    NETWORKS,
    Block,
    Twin,
    convolution_by_attention,
    decomposed,
    grid,
    macs,
)
from gradbook.cnn_vs_transformer_stack import Stack, train
from gradbook.cost import count

torch = pytest.importorskip("torch")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def torch_twin(net, x):
    """What the same weights give in PyTorch, for x (N, 1, side, side)."""
    state = {name: torch.tensor(p.data) for name, p in net.named_parameters()}
    n, p, side = len(x), net.patch, x.shape[-1] // net.patch
    t = torch.nn.functional.unfold(torch.tensor(x), p, stride=p).mT                       # (N, n, p²)
    t = torch.nn.functional.linear(t, state["embed.weight"], state["embed.bias"])
    t = t + state.get("positions", 0)
    c = t.shape[-1]

    def norm(t):
        return torch.nn.functional.layer_norm(t, (c,))

    for k, block in enumerate(net.blocks):
        inside = f"blocks.{k}."
        own = {name.removeprefix(inside): v for name, v in state.items() if name.startswith(inside)}
        y = norm(t)
        if "mix.conv.weight" in own:
            y = torch.nn.functional.conv2d(y.mT.reshape(n, c, side, side), own["mix.conv.weight"],
                                           own["mix.conv.bias"], padding=1).flatten(2).mT
        elif "mix.mix.weight" in own:
            y = torch.nn.functional.linear(own["mix.mix.weight"] @ y, own["mix.linear.weight"],
                                           own["mix.linear.bias"])
        else:
            heads = block.mix.attention.num_heads
            layer = torch.nn.MultiheadAttention(c, heads, batch_first=True, dtype=y.dtype)
            layer.load_state_dict({name.removeprefix("mix.attention."): v for name, v in own.items()
                                   if name.startswith("mix.")})
            y = layer(y, y, y)[0]
        t = t + y
        hidden = torch.nn.functional.linear(norm(t), own["linear1.weight"], own["linear1.bias"]).relu()
        t = t + torch.nn.functional.linear(hidden, own["linear2.weight"], own["linear2.bias"])
    t = norm(t)
    t = {None: t.flatten(1), "mean": t.mean(dim=1), "max": t.amax(dim=1)}[net.pool]
    return torch.nn.functional.linear(t, state["head.weight"], state["head.bias"]).detach().numpy()


@pytest.mark.parametrize("pool", [None, "mean", "max"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_twin_computes_what_pytorch_computes_with_its_weights(kind, pool, rng):
    net = Twin(NETWORKS[kind], 12, patch=3, width=8, classes=5, pool=pool, rng=rng)
    x = rng.normal(size=(2, 1, 12, 12))
    found = net(T.tensor(x)).detach().numpy()
    np.testing.assert_allclose(found, torch_twin(net, x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", NETWORKS)
def test_blocks_have_twelve_c_squared_weights(kind, rng):
    net = Twin(NETWORKS[kind], 8, rng=rng)
    for block in net.blocks:
        found = sum(p.data.size for p in block.parameters() if p.ndim > 1)
        assert found == pytest.approx(12 * 16**2, abs=16)


def test_a_block_without_room_for_a_feed_forward_part_says_what_it_takes(rng):
    with pytest.raises(ValueError, match=r"matrix of 100 tokens takes 10064 weights, more than 12 C² = 768"):
        Block("matrix", 100, 8, rng)


@pytest.mark.parametrize("kind", MIXERS)
def test_a_mixer_is_the_sum_of_its_parts(kind, rng):
    mixer, x = MIXERS[kind](25, 8, rng), rng.normal(size=(25, 8))
    for p in mixer.parameters():
        p.data[...] = rng.normal(size=p.shape)
    M, V, b = decomposed(mixer, x)
    assert M.shape[1:] == (25, 25)
    assert V.shape[1:] == (8, 8)
    found = (M @ x @ V).sum(axis=0) + b
    np.testing.assert_allclose(found, mixer(T.tensor(x[None])).detach().numpy()[0], rtol=1e-10, atol=1e-10)


def test_only_attention_listens_elsewhere_for_another_image(rng):
    for kind, mixer_of in MIXERS.items():
        mixer = mixer_of(9, 8, rng)
        first, other = (decomposed(mixer, rng.normal(size=(9, 8)))[0] for _ in range(2))
        assert np.array_equal(first, other) == (kind != "attention")


@pytest.mark.parametrize(("height", "width", "k"), [(4, 6, 3), (5, 3, 3), (6, 7, 5)])
def test_convolution_by_attention_is_conv2d_with_replicate_padding(height, width, k, rng):
    options = {"padding_mode": "replicate", "bias": False, "dtype": torch.float64}
    layer = torch.nn.Conv2d(3, 5, k, padding=k // 2, **options)
    x = rng.normal(size=(2, 3, height, width))
    expected = layer(torch.tensor(x)).detach().numpy()
    tokens = x.reshape(2, 3, -1).swapaxes(1, 2)
    found = convolution_by_attention(tokens, layer.weight.detach().numpy(), height, width)
    np.testing.assert_allclose(found.swapaxes(1, 2).reshape(expected.shape), expected, rtol=1e-10, atol=1e-12)
    blurred = convolution_by_attention(tokens, layer.weight.detach().numpy(), height, width, sharpness=1.0)
    assert np.abs(blurred - found).max() > 1e-2                              # at α = 1 heads hear neighbours


def test_grid_goes_row_by_row():
    assert grid(2, 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


def test_macs_are_those_that_cost_counts(rng):
    n, c = 49, 12
    attention = count(nn.MultiheadAttention(c, 3, batch_first=True), ((1, n, c),) * 3).macs
    assert macs("attention", n, c) == attention
    assert macs("convolution", n, c, kernel=5) == count(nn.Conv2d(c, c, 5, padding=2), (1, c, 7, 7)).macs
    depthwise = nn.Sequential(nn.Conv2d(c, c, 3, padding=1, groups=c), nn.Conv2d(c, c, 1))
    assert macs("depthwise", n, c) == count(depthwise, (1, c, 7, 7)).macs
    assert macs("matrix", n, c) == count(MIXERS["matrix"](n, c, rng), (1, n, c)).macs
    feed_forward = nn.Sequential(nn.Linear(c, 4 * c), nn.ReLU(), nn.Linear(4 * c, c))
    assert macs("feed-forward", n, c) == count(feed_forward, (1, n, c)).macs
    with pytest.raises(ValueError, match=r"macs: 'pooling' is none of attention, convolution, depthwise"):
        macs("pooling", n, c)


@pytest.mark.parametrize("pool", [None, "max"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_stack_is_its_twins_side_by_side(kind, pool, rng):
    twins = [Twin(NETWORKS[kind], 8, width=8, pool=pool, rng=np.random.default_rng(s)) for s in range(3)]
    stack, x = Stack(twins), rng.normal(size=(4, 1, 8, 8))
    g = rng.normal(size=(3, 4, 10))
    logits = stack(x)
    logits.backward(T.tensor(g))
    for k, twin in enumerate(twins):
        alone = twin(T.tensor(x))
        alone.backward(T.tensor(g[k]))
        np.testing.assert_allclose(logits.detach().numpy()[k], alone.detach().numpy(), rtol=1e-10, atol=1e-12)
        for name, p in twin.named_parameters():
            found = stack.parameters[name].grad.numpy()[k]
            np.testing.assert_allclose(found, p.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_training_is_that_of_adam_alone_at_each_rate(rng):
    x, y, rates = rng.normal(size=(30, 1, 8, 8)), rng.integers(0, 10, 30), [0.003, 0.02]
    stack = Stack([Twin(NETWORKS["both"], 8, width=8, rng=np.random.default_rng(1)) for _ in rates])
    train(stack, x, y, rates, steps=12, batch=5, rng=np.random.default_rng(2))
    for k, rate in enumerate(rates):
        net = Twin(NETWORKS["both"], 8, width=8, rng=np.random.default_rng(1))
        batches = np.random.default_rng(2)
        optimizer = T.optim.Adam(net.parameters(), betas=(0.9, 0.99))
        for t in range(12):
            warm = min(1, (t + 1) / 1.2) * (0.5 + 0.5 * np.cos(np.pi * t / 12))
            optimizer.param_groups[0]["lr"] = rate * warm
            picked = batches.integers(0, 30, 5)
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(T.tensor(x[picked])), T.tensor(y[picked])).backward()
            optimizer.step()
        for name, p in stack.alone(k).named_parameters():
            np.testing.assert_allclose(p.data, dict(net.named_parameters())[name].data, rtol=1e-6, atol=1e-9)


def test_two_convolutions_read_a_shifted_digit_alike_where_no_border_is_met(rng):
    net, x = Twin(NETWORKS["convolution"], 20, pool="max", rng=rng), np.zeros((1, 1, 20, 20))
    x[:, :, 8:12, 8:12] = rng.normal(size=(4, 4))
    tokens = []
    for shift in (0, 2):                                                         # two pixels: one patch
        t = net.embed(net.patches(T.tensor(np.roll(x, shift, axis=3))))
        tokens.append(net.blocks[0].mix(t).detach().numpy().reshape(10, 10, 16)[1:-1, 1:-1])
    np.testing.assert_allclose(tokens[1][:, 1:], tokens[0][:, :-1], rtol=1e-12, atol=1e-12)
