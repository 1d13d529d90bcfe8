"""gradbook.cost against torchvision's recorded numbers, torch's counter, and the primitives themselves."""

import operator
import time
import tracemalloc

import gradbook
import numpy as np
import pytest
from cases import CASES
from gradbook import nn
from gradbook.autodiff import PRIMITIVES
from gradbook.cost import Cost, _Counting, count, latency, undrawn
from gradbook.cost_rules import RULES, rule_of

# --- three well-known networks, in torch or gradbook, without numbers in their weights -------------------


class Maker:
    """T.nn's layers, made in a way that neither draws nor stores weights."""

    def __init__(self, T):
        self.T = T

    def __getattr__(self, name):
        layer, drawn = getattr(self.T.nn, name), ("Linear", "Conv2d", "MultiheadAttention")
        options = {"rng": undrawn} if name in drawn else {}
        if self.T is not gradbook:
            options = {"device": "meta"} if name in (*drawn, "BatchNorm2d", "LayerNorm") else {}
        return lambda *args, **given: layer(*args, **given, **options)

    def parameter(self, *shape):
        return self.T.nn.Parameter(self.T.zeros(*shape, **({} if self.T is gradbook else {"device": "meta"})))


def vgg16(T):
    m, channels, features = Maker(T), 3, []
    for out, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            features += [m.Conv2d(channels, out, 3, padding=1), m.ReLU()]
            channels = out
        features.append(m.MaxPool2d(2, 2))
    head = [m.Linear(512 * 7 * 7, 4096), m.ReLU(), m.Dropout(), m.Linear(4096, 4096), m.ReLU(), m.Dropout(),
            m.Linear(4096, 1000)]
    return m.Sequential(*features, m.AdaptiveAvgPool2d((7, 7)), m.Flatten(), *head)


def resnet50(T):
    m = Maker(T)

    class Bottleneck(T.nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.conv1, self.bn1 = m.Conv2d(inputs, width, 1, bias=False), m.BatchNorm2d(width)
            self.conv2, self.bn2 = m.Conv2d(width, width, 3, stride, 1, bias=False), m.BatchNorm2d(width)
            self.conv3, self.bn3 = m.Conv2d(width, 4 * width, 1, bias=False), m.BatchNorm2d(4 * width)
            self.downsample = None
            if stride > 1 or inputs != 4 * width:
                shorter = m.Conv2d(inputs, 4 * width, 1, stride, bias=False)
                self.downsample = m.Sequential(shorter, m.BatchNorm2d(4 * width))

        def forward(self, x):
            y = T.relu(self.bn2(self.conv2(T.relu(self.bn1(self.conv1(x))))))
            return T.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if self.downsample else x))

    blocks, inputs = [], 64
    for width, times, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for k in range(times):
            blocks.append(Bottleneck(inputs, width, 1 if k else stride))
            inputs = 4 * width
    stem = [m.Conv2d(3, 64, 7, 2, 3, bias=False), m.BatchNorm2d(64), m.ReLU(), m.MaxPool2d(3, 2, 1)]
    return m.Sequential(*stem, *blocks, m.AdaptiveAvgPool2d((1, 1)), m.Flatten(), m.Linear(2048, 1000))


def vit(T, patch=16, depth=12, heads=12, width=768, classes=1000, size=224):
    m = Maker(T)

    class Block(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = m.LayerNorm(width, eps=1e-6), m.LayerNorm(width, eps=1e-6)
            self.attention = m.MultiheadAttention(width, heads, batch_first=True)
            self.mlp = m.Sequential(m.Linear(width, 4 * width), m.GELU(), m.Linear(4 * width, width))

        def forward(self, x):
            y = self.ln_1(x)
            y, _ = self.attention(y, y, y, need_weights=False)
            x = x + y
            return x + self.mlp(self.ln_2(x))

    class ViT(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv_proj = m.Conv2d(3, width, patch, patch)
            self.class_token = m.parameter(1, 1, width)
            self.pos_embedding = m.parameter(1, (size // patch) ** 2 + 1, width)
            self.layers = m.Sequential(*(Block() for _ in range(depth)))
            self.ln = m.LayerNorm(width, eps=1e-6)
            self.head = m.Linear(width, classes)

        def forward(self, x):
            x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
            x = T.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
            x = self.layers(x + self.pos_embedding)
            return self.head(self.ln(x)[:, 0])

    return ViT()


# num_params and _ops (10⁹ MACs) in torchvision's models/vgg.py, resnet.py and vision_transformer.py
RECORDED = {vgg16: (138357544, 15.47), resnet50: (25557032, 4.089), vit: (86567656, 17.564)}


@pytest.mark.parametrize("net", RECORDED)
def test_what_torchvision_records_is_what_is_counted(net):
    params, giga_macs = RECORDED[net]
    cost = count(net(gradbook), (1, 3, 224, 224))
    assert cost.params == cost.trainable == params
    assert round(cost.macs / 1e9, 3) == giga_macs
    assert cost.flops == 2 * cost.macs


def by_module(torch, net, *inputs):
    """{dotted name: MACs}, of every module and all within it, by torch's counter."""
    from torch.utils.flop_counter import FlopCounterMode
    with FlopCounterMode(display=False) as counter:
        net(*inputs)
    counts = counter.get_flop_counts().items()
    return {name.partition(".")[2]: sum(flops.values()) // 2 for name, flops in counts if name != "Global"}


def with_inner(cost, name):
    """The MACs of a layer and all within it."""
    return sum(c.macs for inner, c in cost.by_layer.items() if not name or f"{inner}.".startswith(f"{name}."))


@pytest.mark.parametrize("net", RECORDED)
def test_every_layer_of_these_has_the_macs_that_torchs_counter_finds(net):
    torch = pytest.importorskip("torch")
    theirs = by_module(torch, net(torch), torch.empty(2, 3, 224, 224, device="meta"))
    ours = count(net(gradbook), (2, 3, 224, 224))
    assert len(theirs) > 15
    assert {name: with_inner(ours, name) for name in theirs} == theirs
    assert sum(p.numel() for p in net(torch).parameters()) == ours.params


# --- every primitive -------------------------------------------------------------------------------------

ROWS = [pytest.param(name, case, id=f"{name}-{k}") for name in CASES for k, case in enumerate(CASES[name])]


def test_every_primitive_has_a_rule_and_every_rule_a_primitive():
    for f in PRIMITIVES.values():
        assert callable(rule_of(f).shape)
    assert set(RULES) <= set(PRIMITIVES)


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_the_rule_gives_the_shape_and_dtype_of_the_value(name, case):
    arrays = [np.asarray(a) if isinstance(a, np.generic) else a for a in case.draw(np.random.default_rng(0))]
    value = np.asarray(PRIMITIVES[name](*arrays, **case.options)[0])
    counting = _Counting(nn.Module())
    floats = [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in arrays]
    stand_ins = [counting.stand_in(a.shape, a.dtype) if f else a for a, f in zip(arrays, floats)]
    found = counting.value(PRIMITIVES[name], stand_ins, case.options)
    assert (found.shape, found.dtype) == (value.shape, value.dtype)
    assert id(found.base) in counting.made                        # it has no memory of its own


def test_a_primitive_without_a_rule_is_named():
    def unheard_of(x):
        return x, None

    with pytest.raises(NotImplementedError, match="count: what unheard_of costs is not known"):
        rule_of(unheard_of)


# --- MACs ------------------------------------------------------------------------------------------------


class Function(nn.Module):
    """A forward that is any function, and parameters if there are."""

    def __init__(self, forward, **parameters):
        self.function = forward
        for name, p in parameters.items():
            setattr(self, name, p)

    def forward(self, *args):
        return self.function(*args)


def of_function(forward, *shapes):
    return count(Function(forward), shapes)


class Counted:
    """A number that counts what is done to it."""

    done = 0

    def __init__(self, value):
        self.value = value

    def operate(self, other, op):
        Counted.done += 1
        return Counted(op(self.value, other.value))

    def __mul__(self, other):
        return self.operate(other, operator.mul)

    def __add__(self, other):
        return self.operate(other, operator.add)


def test_a_matrix_product_of_counted_numbers_takes_mk_2n_minus_1_operations():
    m, n, k = 3, 5, 4
    numbers = np.frompyfunc(Counted, 1, 1)
    Counted.done = 0
    product = numbers(np.ones((m, n))) @ numbers(np.ones((n, k)))
    assert product[0, 0].value == n
    macs = of_function(operator.matmul, (m, n), (n, k)).macs
    assert Counted.done == m * k * (2 * n - 1) == 2 * macs - m * k


@pytest.mark.parametrize(("function", "shapes"), [
    (lambda T, a, b: a @ b, ((7, 3, 4), (4, 5))),
    (lambda T, a, b: a @ b, ((6, 1, 3, 4), (2, 4, 5))),
    (lambda T, a, b: T.bmm(a, b), ((6, 3, 4), (6, 4, 5))),
    (lambda T, a, b: T.einsum("bij,bjk->bik", a, b), ((6, 3, 4), (6, 4, 5))),
    (lambda T, a, b: T.einsum("bhid,bhjd->bhij", a, b), ((6, 2, 3, 4), (6, 2, 7, 4))),
    (lambda T, a, b, c: T.nn.functional.scaled_dot_product_attention(a, b, c),
     ((2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 6))),
    (lambda T, a, b: T.nn.functional.linear(a, b), ((2, 9, 4), (5, 4))),
    (lambda T, a, b: T.nn.functional.conv2d(a, b, None, (2, 1), (1, 2), (1, 3), 2),
     ((2, 6, 17, 19), (4, 3, 3, 5))),
    (lambda T, a, b: T.nn.functional.conv2d(a, b, padding="same", dilation=2), ((3, 9, 8), (4, 3, 3, 2))),
    (lambda T, a, b: T.nn.functional.conv1d(a, b, groups=6), ((2, 6, 17), (12, 1, 3))),
    (lambda T, a, b: T.nn.functional.relu(a + b).softmax(1).mean(), ((7, 4), (4,))),
])
def test_an_operation_has_the_macs_that_torchs_counter_finds(function, shapes):
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def forward(self, *args):
            return function(torch, *args)

    theirs = by_module(torch, Net(), *(torch.empty(shape, device="meta") for shape in shapes)).get("", 0)
    assert of_function(lambda *args: function(gradbook, *args), *shapes).macs == theirs


def test_vectors_are_rows_and_columns():
    assert of_function(operator.matmul, (4,), (4,)).macs == 4           # torch's counter leaves these out
    assert of_function(operator.matmul, (3, 4), (4,)).macs == 12
    assert of_function(operator.matmul, (4,), (2, 4, 5)).macs == 40


def test_attention_is_cheaper_than_a_3x3_convolution_up_to_a_length_of_two_and_a_half_widths():
    d = 8                                                         # 4 n d² + 2 n² d < 9 n d²  ⇔  n < 2.5 d
    attention, convolution = nn.MultiheadAttention(d, 2, batch_first=True), nn.Conv2d(d, d, 3, padding=1)
    itself = Function(lambda x: attention(x, x, x, need_weights=False)[0], inner=attention)
    for n in (19, 20, 21):
        a, c = count(itself, (1, n, d)).macs, count(convolution, (1, d, 1, n)).macs
        assert (a, c) == (4 * n * d * d + 2 * n * n * d, 9 * n * d * d)
        assert (a > c) - (a < c) == (n > 20) - (n < 20)


# --- memory ----------------------------------------------------------------------------------------------


def cnn(T, **options):
    layers = T.nn.Sequential(
        T.nn.Conv2d(3, 5, 3, padding=1, **options), T.nn.ReLU(), T.nn.Conv2d(5, 4, 3, 2), T.nn.ReLU(),
        T.nn.Flatten(), T.nn.Linear(4 * 4 * 3, 6), T.nn.Sigmoid(), T.nn.Linear(6, 2))
    return layers


def encoder(T):
    return T.nn.TransformerEncoderLayer(8, 2, 20, 0.0, activation="gelu", batch_first=True)


@pytest.mark.parametrize(("net", "shape"), [(cnn, (2, 3, 9, 8)), (encoder, (3, 7, 8))])
def test_what_is_saved_is_what_torch_saves_for_the_backward_pass(net, shape):
    torch = pytest.importorskip("torch")
    model = net(torch).double()
    parameters, found = {p.data_ptr() for p in model.parameters()}, {}

    def pack(t):
        if t.untyped_storage().data_ptr() not in parameters:
            found[t.untyped_storage().data_ptr()] = t                 # held, so that no place is used twice
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        model(torch.randn(shape, dtype=torch.float64))
    theirs = sum(t.untyped_storage().nbytes() // 8 for t in found.values())
    if net is encoder:              # torch: a row's mean and deviation, twice; sums of attention weights
        n, length, heads = 3, 7, 2
        theirs += n * heads * length * length - n * heads * length - 2 * 2 * n * length
    assert count(net(gradbook), shape).saved == theirs


def test_activations_are_what_layers_put_out_that_is_not_their_input_seen_in_another_way():
    cost = count(cnn(gradbook), (2, 3, 9, 8))
    first, second = 2 * 5 * 9 * 8, 2 * 4 * 4 * 3
    expected = {"0": first, "1": first, "2": second, "3": second, "5": 2 * 6, "6": 2 * 6, "7": 2 * 2}
    assert {name: c.activations for name, c in cost.by_layer.items()} == expected
    assert cost.activations == sum(expected.values())


def test_a_norm_or_an_activation_of_several_operations_puts_out_once():
    for layer in (nn.BatchNorm2d(3), nn.GroupNorm(3, 3), nn.SELU()):
        assert count(layer, (2, 3, 4, 5)).activations == 2 * 3 * 4 * 5
    for layer in (nn.Dropout(), nn.Identity(), nn.Flatten(0)):
        assert count(layer, (2, 3, 4, 5)).activations == 0


def test_memory_of_a_training_step_is_parameters_gradients_states_and_what_is_saved():
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4))
    net[0].requires_grad_(False)
    cost = count(net, (3, 6))
    assert (cost.params, cost.trainable, cost.saved) == (59, 24, 3 * 6 + 3 * 5)
    assert cost.memory() == {"parameters": 236, "gradients": 96, "optimizer": 192, "activations": 132}
    assert cost.memory(states=0, size=8) == {"parameters": 472, "gradients": 192, "optimizer": 0,
                                             "activations": 264}


# --- layers ----------------------------------------------------------------------------------------------


def test_the_layers_add_up_and_what_a_forward_does_itself_is_its_own():
    class Residual(nn.Module):
        def __init__(self):
            self.inner, self.gain = nn.Linear(4, 4), nn.Parameter(np.ones(4))
            self.unused = nn.Linear(2, 3)

        def forward(self, x):
            return x + self.gain * self.inner(self.inner(x))

    net = nn.Sequential(Residual(), nn.Linear(4, 2))
    cost = count(net, (5, 4))
    assert list(cost.by_layer) == ["0.inner", "0", "1", "0.unused"]
    assert cost.by_layer["0"] == Cost(4, 4, 0, 40, 20)               # gain ⊙ and +; what gain multiplies
    assert cost.by_layer["0.inner"] == Cost(20, 20, 160, 40, 40)     # called twice, with the same parameters
    assert cost.by_layer["0.unused"] == Cost(9, 9)
    for what in ("params", "trainable", "macs", "flops", "activations", "saved"):
        assert getattr(cost, what) == sum(getattr(c, what) for c in cost.by_layer.values())


def test_a_shared_parameter_is_counted_once():
    net = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 10, bias=False))
    net[1].weight = net[0].weight
    cost = count(net, (2, 7), "int64")
    assert (cost.params, cost.macs) == (40, 2 * 7 * 4 * 10)


def test_the_table_has_a_line_for_each_layer():
    lines = str(count(cnn(gradbook), (2, 3, 9, 8))).splitlines()
    assert lines[0].split() == ["layer", "params", "MACs", "activations"]
    assert lines[1].split() == ["0", "140", "19,440", "720"]
    assert [line.split()[0] for line in lines[1:]] == ["0", "1", "2", "3", "5", "6", "7", "total"]
    assert len({len(line) for line in lines}) == 1


# --- no arithmetic, no traces ----------------------------------------------------------------------------


def everything(T, x, net):
    """A forward with what custom forwards are made of."""
    y = net(x)
    n, *_ = y.shape
    y = T.cat([y, y * 2, y.mean(dim=1, keepdim=True)], dim=1)[:, [0, 2, 1]]
    F = T.nn.functional
    y = F.avg_pool2d(F.pad(y, (1, 1, 1, 1)), 2).flatten(2).transpose(1, 2)
    a, b = (y / (1 + y.abs())).chunk(2, dim=1)
    y = F.layer_norm(T.stack([a, b.exp()]).permute(1, 2, 3, 0), (3, 2)).sum(dim=(1, 3))
    return F.cross_entropy(y, T.zeros(n).long()) + len(y) * y.var() + y.max()


def test_an_input_of_10_to_the_12_pixels_is_counted_in_an_instant():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(3, 2, 1),
                        nn.Conv2d(4, 2, 3, 2, groups=2))
    whole = Function(lambda x: everything(gradbook, x, net), net=net)
    assert count(whole, (2, 3, 17, 15)).macs == 2 * 17 * 15 * 4 * 27 + 2 * 2 * 4 * 3 * 18
    tracemalloc.start()
    start = time.process_time()
    cost = count(whole, (1, 3, 10**6, 10**6))
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cost.by_layer["net.0"].macs == 10**12 * 4 * 27
    assert seconds < 0.5
    assert peak < 2**20


def test_attention_over_a_million_tokens_is_counted_in_an_instant():
    n, d = 10**6, 64
    cost = count(nn.TransformerEncoderLayer(d, 4, 4 * d, batch_first=True), (1, n, d))
    assert cost.macs == 12 * n * d * d + 2 * n * n * d
    assert cost.by_layer["self_attn"].saved > 4 * n * n                # the attention weights of four heads


def test_a_network_of_175_billion_parameters_can_be_counted():
    d, depth, words = 12288, 96, 50257
    layers = [nn.TransformerEncoderLayer(d, 96, 4 * d, norm_first=True, batch_first=True, rng=undrawn)
              for _ in range(depth)]
    head = nn.Linear(d, words, bias=False, rng=undrawn)
    net = nn.Sequential(nn.Embedding(words, d, rng=undrawn), *layers, head)
    cost = count(net, (1, 2048), "int64")
    assert cost.params == depth * (12 * d * d + 13 * d) + 2 * words * d
    assert cost.macs == 2048 * (depth * (12 * d * d + 2 * 2048 * d) + words * d)


def test_nothing_of_the_network_is_changed():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU())
    net[2].eval()
    before = net.state_dict()
    count(net, (2, 3, 8, 8))
    assert [m.training for m in net.modules()] == [True, True, True, False, True]
    for name, a in net.state_dict().items():
        np.testing.assert_array_equal(a, before[name])
    assert all(p.grad is None for p in net.parameters())


def test_after_an_error_everything_computes_again():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"linear: x \(4, 2\) and weight \(2, 3\)"):
        count(net, (4, 3))
    x = gradbook.tensor(np.ones((4, 3)), requires_grad=True)
    net[0](x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.ones((4, 1)) * net[0].weight.data.sum(axis=0))
    assert net.training


def test_weights_that_are_not_drawn_take_no_memory_until_they_are_loaded():
    net = nn.Linear(10**6, 10**6, rng=undrawn)
    assert net.weight.shape == (10**6, 10**6)
    assert count(net, (1, 10**6)).params == 10**12 + 10**6
    small = nn.Conv2d(2, 3, 3, rng=undrawn)
    small.load_state_dict(nn.Conv2d(2, 3, 3).state_dict())
    assert small.weight.data.std() > 0


def test_latency_is_the_median_after_a_warm_up():
    calls = []

    def run():
        calls.append(None)
        time.sleep(0.05 if len(calls) <= 2 or len(calls) == 5 else 0.001)

    assert 0.001 <= latency(run, repeats=5, warmup=2) < 0.04
    assert len(calls) == 7
