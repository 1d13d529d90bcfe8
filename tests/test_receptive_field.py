"""gradbook.receptive_field against the published table, brute force, and the support of a gradient."""

import gradbook
import gradbook.nn.functional as F
import numpy as np
import pytest
from gradbook import nn
from gradbook.autodiff import Tensor, vjp
from gradbook.receptive_field import (
    Layer,
    ReceptiveField,
    effective_receptive_field,
    pixels_holding,
    receptive_field,
    receptive_field_of_graph,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def numbers(field):
    return field.size, field.stride, field.padding


# --- the published table ---------------------------------------------------------------------------------
# Araujo, Norris & Sim 2019, with the networks of TF-Slim: alexnet_v2, vgg_16, mobilenet_v1, resnet_v1_50.

ALEXNET = [Layer(11, 4, "valid"), Layer(3, 2), Layer(5, 1, "same"), Layer(3, 2), *[Layer(3, 1, "same")] * 3,
           Layer(3, 2)]
MOBILENET = [Layer(3, 2, "same")]
for stride in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1):
    MOBILENET += [Layer(3, stride, "same"), Layer(1)]                     # depthwise, then 1x1


def vgg(*convolutions):
    """Up to pool5: the convolutions of each of the five blocks, and a pooling after each block."""
    return [layer for n in convolutions for layer in [*[Layer(3, 1, "same")] * n, Layer(2, 2)]]


def resnet(units=(3, 4, 6, 3), strides=(2, 2, 2, 1), last=True, at=1, pool="same"):
    """(nodes, output). In TF-Slim the last unit of a block has its stride, in the 3x3 convolution."""
    nodes, x = {"conv1": (Layer(7, 2, 3), "x"), "pool1": (Layer(3, 2, pool), "conv1")}, "pool1"
    for b, (n, stride) in enumerate(zip(units, strides), 1):
        for u in range(n):
            name, s = f"block{b}/unit{u + 1}", stride if u == (n - 1 if last else 0) else 1
            for k, kernel in enumerate((1, 3, 1)):
                layer = Layer(kernel, s if k == at else 1, kernel // 2)   # slim pads a strided one explicitly
                nodes[f"{name}/conv{k}"] = layer, f"{name}/conv{k - 1}" if k else x
            nodes[f"{name}/shortcut"] = Layer(1, s), x
            nodes[name] = "merge", [f"{name}/shortcut", f"{name}/conv2"]
            x = name
    return nodes, x


@pytest.mark.parametrize("size", [None, 224, 321])
@pytest.mark.parametrize(("layers", "expected"), [
    (ALEXNET, (195, 32, 64)), (vgg(2, 2, 3, 3, 3), (212, 32, 90)), (vgg(1, 1, 2, 2, 2), (150, 32, 59)),
])
def test_alexnet_and_vgg_have_the_published_fields_at_every_size(layers, expected, size):
    assert numbers(receptive_field(layers, size)) == expected


@pytest.mark.parametrize(("size", "padding"), [(None, None), (224, 126), (321, 157)])
def test_mobilenet_has_the_published_field_and_its_padding_depends_on_the_size(size, padding):
    assert numbers(receptive_field(MOBILENET, size)) == (315, 32, padding)


PUBLISHED_RESNETS = {(3, 4, 6, 3): (483, 239), (3, 4, 23, 3): (1027, 511), (3, 8, 36, 3): (1507, 751),
                     (3, 24, 36, 3): (1763, 879)}


@pytest.mark.parametrize("units", PUBLISHED_RESNETS)
def test_resnets_of_50_to_200_layers_have_the_published_fields(units):
    size, padding = PUBLISHED_RESNETS[units]
    assert numbers(receptive_field_of_graph(*resnet(units))) == (size, 32, None)
    assert numbers(receptive_field_of_graph(*resnet(units), 224)) == (size, 32, padding)
    assert numbers(receptive_field_of_graph(*resnet(units), 321)) == (size, 32, padding + 2)


def test_the_way_to_resnet_50_has_the_published_fields():
    trace = receptive_field_of_graph(*resnet(), 224).trace
    published = {"block1/unit3": (35, 8, 15), "block2/unit4": (99, 16, 47), "block3/unit6": (291, 32, 143)}
    assert {name: numbers(trace[name]) for name in published} == published


def test_the_way_to_alexnets_pool5_has_the_published_fields():
    trace = receptive_field(ALEXNET).trace
    assert numbers(trace[0]) == (1, 1, 0)
    assert [numbers(f) for f in trace[1:]] == [
        (11, 4, 0), (19, 8, 0), (51, 8, 16), (67, 16, 16), (99, 16, 32), (131, 16, 48), (163, 16, 64),
        (195, 32, 64)]


# The published numbers are those of one convention. The neighbouring ones, all seen in the wild, give others.
OTHERS = {
    "VGG-16 without its pool5": (lambda: receptive_field(vgg(2, 2, 3, 3, 3)[:-1], 224), (196, 16, 90)),
    "AlexNet of torchvision, which pads conv1": (
        lambda: receptive_field([Layer(11, 4, 2), *ALEXNET[1:]], 224), (195, 32, 66)),
    "MobileNet padded as in torch": (
        lambda: receptive_field([Layer(f.kernel, f.stride, f.kernel // 2) for f in MOBILENET], 224),
        (315, 32, 157)),
    "ResNet-50 with a pooling padded as in torch": (
        lambda: receptive_field_of_graph(*resnet(pool=1), 224), (483, 32, 241)),
    "ResNet-50 of torchvision: 3x3 of each first unit": (
        lambda: receptive_field_of_graph(*resnet(strides=(1, 2, 2, 2), last=False, pool=1), 224),
        (427, 32, 213)),
    "ResNet-50 with slim's strides in the first units": (
        lambda: receptive_field_of_graph(*resnet(last=False), 224), (707, 32, 351)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_convention_gives_another_field(name):
    found, expected = OTHERS[name]
    assert numbers(found()) == expected
    assert expected not in {(195, 32, 64), (212, 32, 90), (483, 32, 239), (315, 32, 126)}


def test_the_strides_of_the_resnet_paper_give_slims_field_as_each_3x3_acts_at_the_same_stride():
    # He et al. 2016: in the 1x1 that begins a block; slim: in the 3x3 that ends the block before
    paper = resnet(strides=(1, 2, 2, 2), last=False, at=0)
    assert numbers(receptive_field_of_graph(*paper, 224)) == (483, 32, 239)


# --- brute force -----------------------------------------------------------------------------------------

pairs = st.tuples(st.integers(0, 3), st.integers(0, 3))
paddings = st.one_of(st.integers(0, 3), pairs, st.sampled_from(["same", "valid"]))
layers = st.builds(Layer, st.integers(1, 5), st.integers(1, 3), pairs, st.integers(1, 3))
any_layers = st.builds(Layer, st.integers(1, 5), st.integers(1, 3), paddings, st.integers(1, 3))


def sides(layer, n):
    """(before, after) for n numbers, as TensorFlow's documentation has it."""
    if layer.padding == "same":
        out = -(-n // layer.stride)
        total = max((out - 1) * layer.stride + layer.dilation * (layer.kernel - 1) + 1 - n, 0)
        return total // 2, total - total // 2
    p = 0 if layer.padding == "valid" else layer.padding
    return p if isinstance(p, tuple) else (p, p)


def reads(layer, i, before):
    """What output i of the layer reads."""
    return {i * layer.stride - before + j * layer.dilation for j in range(layer.kernel)}


@given(st.lists(layers, max_size=5), st.integers(0, 7))
@settings(deadline=None)
def test_the_region_runs_from_the_first_to_the_last_pixel_that_is_read(chain, i):
    seen = {i}
    for layer in reversed(chain):
        seen = set().union(*(reads(layer, j, layer.padding[0]) for j in seen))
    assert receptive_field(chain).region(i) == (min(seen), max(seen))


@given(st.lists(any_layers, max_size=4), st.integers(1, 40))
@settings(deadline=None)
def test_outputs_and_padding_agree_with_windows_laid_over_an_image(chain, n):
    lengths = [n]
    for layer in chain:
        room = lengths[-1] + sum(sides(layer, lengths[-1]))
        lengths.append(len(range(0, room - layer.dilation * (layer.kernel - 1), layer.stride)))
    if min(lengths) < 1:
        with pytest.raises(ValueError, match=r"receptive_field: layer \d: an input of \d+ is too short"):
            receptive_field(chain, n)
        return
    found, i = receptive_field(chain, n), lengths[-1] // 2
    assert [f.outputs for f in found.trace] == lengths
    seen = {i}
    for layer, m in zip(reversed(chain), reversed(lengths[:-1])):
        seen = set().union(*(reads(layer, j, sides(layer, m)[0]) for j in seen))
    assert found.region(i) == (min(seen), max(seen))


@given(any_layers, st.integers(1, 60))
def test_a_padding_known_without_the_size_is_right_for_every_size(layer, n):
    before, _ = layer.on()
    assert before in (None, sides(layer, n)[0])
    if before is None:
        assert len({sides(layer, m)[0] for m in range(1, 100)}) > 1       # it does depend on the size


@st.composite
def graphs(draw, aligned=True):
    """(nodes, names): single layers, and pairs of branches that meet."""
    nodes, names = {}, ["x"]
    for k in range(draw(st.integers(1, 5))):
        source = draw(st.sampled_from(names))
        if draw(st.booleans()):
            nodes[f"n{k}"] = draw(layers), source
        else:
            stride, branches = draw(st.integers(1, 3)), []
            for b in range(draw(st.integers(1, 3))):
                half, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
                centred = Layer(2 * half + 1, stride, half * dilation, dilation)
                nodes[f"n{k}b{b}"] = centred if aligned else draw(layers), source
                branches.append(f"n{k}b{b}")
            nodes[f"n{k}"] = "merge", [*branches, *([source] if aligned and stride == 1 else [])]
        names.append(f"n{k}")
    return nodes, names[-1]


def seen_by(nodes, name, i):
    """The pixels that output i of a node sees."""
    if name == "x":
        return {i}
    what, source = nodes[name]
    if what == "merge":
        return set().union(*(seen_by(nodes, s, i) for s in source))
    return set().union(*(seen_by(nodes, source, j) for j in reads(what, i, sides(what, 1)[0])))


@given(graphs())
@settings(deadline=None)
def test_the_region_of_a_graph_runs_from_the_first_to_the_last_pixel_over_all_paths(graph):
    nodes, output = graph
    found = receptive_field_of_graph(nodes, output)
    for i in (0, 1, 4):
        seen = seen_by(nodes, output, i)
        assert found.region(i) == (min(seen), max(seen))
    assert found.trace[output] == found


@given(graphs(aligned=False))
@settings(deadline=None)
def test_branches_that_do_not_align_are_refused_and_only_those(graph):
    nodes, output = graph

    def ends(name):
        return [(min(s), max(s)) for s in (seen_by(nodes, name, 0), seen_by(nodes, name, 1))]

    def aligned(name):
        what, source = nodes.get(name, (None, []))
        inputs = source if what == "merge" else [source] if source else []
        middles = {tuple(a + b for a, b in ends(s)) for s in inputs}      # of outputs 0 and 1
        return all(map(aligned, inputs)) and len(middles) <= 1

    if aligned(output):
        assert receptive_field_of_graph(nodes, output).region(1) == ends(output)[1]
    else:
        with pytest.raises(ValueError, match=r"merges branches whose (strides|centers) differ: "):
            receptive_field_of_graph(nodes, output)


def test_a_graph_of_20_000_layers_is_no_deeper_than_the_stack():
    nodes = {str(k): (Layer(3, 1, 1), str(k - 1) if k else "x") for k in range(20_000)}
    assert numbers(receptive_field_of_graph(nodes, "19999", 224)) == (40_001, 1, 20_000)


def test_a_chain_is_the_graph_without_branches():
    nodes = {str(k): (layer, str(k - 1) if k else "x") for k, layer in enumerate(MOBILENET)}
    assert receptive_field_of_graph(nodes, str(len(nodes) - 1), 321) == receptive_field(MOBILENET, 321)
    assert receptive_field_of_graph({}, "x") == receptive_field([]) == ReceptiveField(1, 1, 0)


# --- the field is the support of the gradient --------------------------------------------------------------


def convolve(x, layer, rng):
    """A 1-D convolution of positive weights with this layer's geometry."""
    before, after = sides(layer, x.shape[-1])
    weight = Tensor(rng.uniform(0.5, 1, size=(1, 1, layer.kernel)))
    return F.conv1d(F.pad(x, (before, after)), weight, None, layer.stride, 0, layer.dilation)


@pytest.mark.parametrize("seed", range(20))
def test_the_support_of_a_gradient_begins_and_ends_with_the_region(seed):
    rng = np.random.default_rng(seed)
    chain = [Layer(rng.integers(1, 5), rng.integers(1, 3), ("same", "valid", 1, (0, 2))[rng.integers(4)],
                   rng.integers(1, 3)) for _ in range(3)]
    found = receptive_field(chain, 120)

    def network(x):
        for layer in chain:
            x = convolve(x, layer, np.random.default_rng(seed))
        return x

    y, pullback = vjp(network, rng.normal(size=(1, 1, 120)))
    assert y.shape == (1, 1, found.outputs)
    i = found.outputs // 2
    g = np.zeros(y.shape)
    g[0, 0, i] = 1
    support = np.flatnonzero(pullback(g)[0])
    assert (support[0], support[-1]) == found.region(i)


@given(graphs())
@settings(deadline=None, max_examples=40)
def test_the_support_of_a_gradient_through_a_graph_begins_and_ends_with_the_region(graph):
    nodes, output = graph
    found = receptive_field_of_graph(nodes, output, 4000)

    def network(x):
        made = {"x": x}
        for name, (what, source) in nodes.items():          # in which inputs come before what reads them
            made[name] = (sum(made[s] for s in source) if what == "merge"
                          else convolve(made[source], what, np.random.default_rng(5)))
        return made[output]

    y, pullback = vjp(network, np.ones((1, 1, 4000)))
    assert y.shape == (1, 1, found.outputs)
    i = found.outputs // 2
    g = np.zeros(y.shape)
    g[0, 0, i] = 1
    support = np.flatnonzero(pullback(g)[0])
    assert (support[0], support[-1]) == found.region(i)


def test_of_equal_fields_the_dilated_one_keeps_the_resolution():
    strided = receptive_field([Layer(3, 2, "same"), Layer(3, 2, "same"), Layer(3, 1, "same")], 64)
    dilated = receptive_field([Layer(3, 1, "same", d) for d in (1, 2, 4)], 64)
    assert strided.size == dilated.size == 15
    assert (strided.outputs, dilated.outputs) == (16, 64)


# --- the effective field -----------------------------------------------------------------------------------


def uniform_layers(depth):
    weight = Tensor(np.full((1, 1, 3), 1 / 3))

    def network(x):
        for _ in range(depth):
            x = F.conv1d(x, weight, padding=1)
        return x

    return network


@pytest.mark.parametrize("depth", [1, 4, 10])
def test_uniform_layers_weigh_pixels_by_repeated_convolution(depth):
    found = effective_receptive_field(uniform_layers(depth), (1, 2 * depth + 11), samples=2)
    expected = np.ones(1)
    for _ in range(depth):
        expected = np.convolve(expected, np.full(3, 1 / 3))
    np.testing.assert_allclose(found[5:-5], expected, rtol=1e-12)
    assert not found[:5].any() and not found[-5:].any()


def test_95_percent_of_the_weight_lie_in_an_ever_smaller_part_of_the_field():
    pixels, intervals = [], []
    for depth in (10, 40, 160):
        size = receptive_field([Layer(3, 1, 1)] * depth).size
        weights = effective_receptive_field(uniform_layers(depth), (1, size), samples=1)
        position = np.arange(size) - size // 2
        pixels.append(pixels_holding(weights))
        intervals.append(2 * 1.96 * np.sqrt((weights * position**2).sum()) / size)     # of a normal law
    assert pixels == [11, 21, 41]                                                      # of 21, 81, 321
    np.testing.assert_allclose(intervals, (0.48, 0.25, 0.13), atol=0.005)
    np.testing.assert_allclose(np.divide(intervals[1:], intervals[:-1]), 0.5, atol=0.025)    # as 1 / √depth


@pytest.mark.parametrize("power", [1, 2])
def test_the_effective_field_of_a_nonlinear_network_agrees_with_torchs_gradients(power):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(3, 4, 3, 3))

    def network(T):
        conv2d, relu, a, b = T.nn.functional.conv2d, T.relu, T.tensor(first), T.tensor(second)
        return lambda x: conv2d(relu(conv2d(x, a, padding=1)), b, stride=2)

    found = effective_receptive_field(network(gradbook), (2, 9, 11), 5, power, rng=np.random.default_rng(7))
    rng = np.random.default_rng(7)
    x = torch.tensor(rng.normal(size=(5, 2, 9, 11)), requires_grad=True)
    y = network(torch)(x)
    signs = torch.tensor(rng.choice((-1, 1), size=(5, 3)))
    (signs * y[:, :, y.shape[2] // 2, y.shape[3] // 2]).sum().backward()
    total = (x.grad.abs() ** power).sum(dim=(0, 1)).numpy()
    np.testing.assert_allclose(found, total / total.sum(), rtol=1e-9, atol=1e-15)
    assert found.shape == (9, 11)


def test_the_effective_field_leaves_no_gradient_in_parameters():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 3))
    weights = effective_receptive_field(net, (1, 7, 8), rng=np.random.default_rng(0))
    assert weights.shape == (7, 8)
    assert abs(weights.sum() - 1) < 1e-12
    assert all(p.grad is None for p in net.parameters())


def test_pixels_holding_counts_the_heaviest_first():
    weights = np.array([[0.1, 0.4], [0.3, 0.2]])
    assert [pixels_holding(weights, share) for share in (0.4, 0.41, 0.7, 0.9, 1)] == [1, 2, 2, 3, 4]


# --- words -------------------------------------------------------------------------------------------------


def test_regions_can_be_asked_for_many_outputs_at_once():
    first, last = receptive_field(ALEXNET).region(np.arange(3))
    np.testing.assert_array_equal(first, [-64, -32, 0])
    np.testing.assert_array_equal(last, [130, 162, 194])


def test_an_output_of_which_the_padding_is_unknown_has_no_region():
    with pytest.raises(ValueError, match="region: the padding depends on the size of the image"):
        receptive_field(MOBILENET).region(0)


def test_the_smallest_image_that_fits_is_accepted_and_a_smaller_one_refused():
    assert receptive_field([Layer(5), Layer(3, dilation=2)], 9).outputs == 1
    with pytest.raises(ValueError, match="layer 1: an input of 4 is too short for Layer"):
        receptive_field([Layer(5), Layer(3, dilation=2)], 8)
