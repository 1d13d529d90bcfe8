"""Every layer under torch and gradbook: printing, keys, values, gradients and running statistics agree."""

import inspect

import gradbook
import numpy as np
import pytest
from gradbook import nn

# torch's own remark on windows of even length
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")


@pytest.fixture(autouse=True)
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def random_like(arrays, rng):
    """Numbers that are not those of the start; between 0.5 and 1.5, so that they can be variances."""
    return {k: a + 3 if a.dtype.kind == "i" else rng.uniform(0.5, 1.5, a.shape) * np.where(a < 0, -1, 1)
            for k, a in arrays.items()}


def close(ours, theirs, what=""):
    ours, theirs = (np.asarray(a.detach() if hasattr(a, "detach") else a) for a in (ours, theirs))
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12 * max(scale, 1), err_msg=what)


def kinds(net):
    names = [(name, type(module).__name__) for name, module in net.named_modules()]
    return [(name, kind.removeprefix("NonDynamicallyQuantizable")) for name, kind in names]


def agree(torch, build, *inputs, modes=(True, False), seed=0, **options):
    """build(T) under both libraries, with equal weights: all that can be seen from outside is equal.

    inputs: arrays, which get gradients if they are of floats.   options: further arguments, arrays or not.
    """
    rng, ours, theirs = np.random.default_rng(seed), build(gradbook), build(torch)
    assert kinds(ours) == kinds(theirs)
    start = {k: a.numpy() for k, a in theirs.state_dict().items()}
    assert {k: (a.shape, a.dtype) for k, a in ours.state_dict().items()} == {
        k: (a.shape, a.dtype) for k, a in start.items()}
    assert list(ours.state_dict()) == list(start)
    theirs.load_state_dict({k: torch.tensor(a) for k, a in random_like(start, rng).items()})
    ours.load_state_dict(theirs.state_dict())
    for mode in modes:
        results = []
        for T, module in ((gradbook, ours), (torch, theirs)):
            module.train(mode).zero_grad()
            leaves = [T.tensor(a, requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a
                      for a in inputs]
            given = {k: T.tensor(a) if isinstance(a, np.ndarray) else a for k, a in options.items()}
            y = module(*leaves, **given)
            y = [t for t in (y if isinstance(y, tuple) else (y,)) if t is not None]
            cotangents = np.random.default_rng(seed + 1)
            total = sum((t * T.tensor(cotangents.normal(size=tuple(t.shape)))).sum() for t in y)
            total.backward()
            grads = {k: p.grad for k, p in module.named_parameters()}
            grads.update({str(k): t.grad for k, t in enumerate(leaves) if getattr(t, "requires_grad", False)})
            results.append((y, grads, module.state_dict()))
        (y, grads, state), (y_, grads_, state_) = results
        assert len(y) == len(y_)
        for k, (a, b) in enumerate(zip(y, y_)):
            close(a, b, f"output {k}")
        for k, g in grads.items():
            close(g, grads_[k], f"gradient of {k}")
        for k, a in state.items():
            close(a, state_[k], k)
    theirs.load_state_dict({k: torch.tensor(a) for k, a in ours.state_dict().items()})


def numbers(*shape, seed=5):
    return np.random.default_rng(seed).normal(size=shape)


def indices(*shape, high=5):
    return np.random.default_rng(6).integers(high, size=shape)


def shares(*shape, seed=7):
    return np.random.default_rng(seed).uniform(size=shape)


WEIGHTS = [0.5, 1.0, 2.0, 3.0, 1.5]
LAYERS = {
    "Linear": [
        (lambda T: T.nn.Linear(4, 3), numbers(5, 4)),
        (lambda T: T.nn.Linear(4, 3, False), numbers(2, 5, 4)),
        (lambda T: T.nn.Linear(4, 3), numbers(4)),
    ],
    "Conv1d": [
        (lambda T: T.nn.Conv1d(3, 4, 5, 2, 1), numbers(2, 3, 11)),
        (lambda T: T.nn.Conv1d(4, 6, 3, padding="same", dilation=2, groups=2, bias=False), numbers(2, 4, 9)),
    ],
    "Conv2d": [
        (lambda T: T.nn.Conv2d(3, 4, 3), numbers(2, 3, 7, 6)),
        (lambda T: T.nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, False), numbers(2, 4, 8, 7)),
        (lambda T: T.nn.Conv2d(2, 3, (4, 3), padding="same"), numbers(2, 2, 7, 6)),
        (lambda T: T.nn.Conv2d(2, 3, 3, padding="valid", bias=False), numbers(2, 7, 6)),
        (lambda T: T.nn.Conv2d(2, 3, (4, 3), padding="same", dilation=(1, 2)), numbers(2, 2, 7, 6)),
        (lambda T: T.nn.Conv2d(2, 4, 3, padding="valid", groups=2), numbers(2, 7, 6)),
    ],
    "MaxPool2d": [
        (lambda T: T.nn.MaxPool2d(2), numbers(2, 3, 7, 6)),
        (lambda T: T.nn.MaxPool2d((3, 2), 1, 1, 2, ceil_mode=True), numbers(2, 3, 9, 8)),
    ],
    "AvgPool2d": [
        (lambda T: T.nn.AvgPool2d(2), numbers(2, 3, 7, 6)),
        (lambda T: T.nn.AvgPool2d((3, 2), (2, 1), 1, True, False), numbers(2, 3, 8, 7)),
        (lambda T: T.nn.AvgPool2d(3, divisor_override=4), numbers(2, 3, 8, 7)),
    ],
    "AdaptiveAvgPool2d": [
        (lambda T: T.nn.AdaptiveAvgPool2d(1), numbers(2, 3, 7, 6)),
        (lambda T: T.nn.AdaptiveAvgPool2d((3, None)), numbers(2, 3, 7, 6)),
    ],
    "BatchNorm1d": [
        (lambda T: T.nn.BatchNorm1d(4), numbers(5, 4)),
        (lambda T: T.nn.BatchNorm1d(4, 1e-3, None), numbers(5, 4, 3)),
        (lambda T: T.nn.BatchNorm1d(4, affine=False, momentum=0.3), numbers(5, 4)),
    ],
    "BatchNorm2d": [
        (lambda T: T.nn.BatchNorm2d(3), numbers(4, 3, 5, 2)),
        (lambda T: T.nn.BatchNorm2d(3, momentum=None, affine=False), numbers(4, 3, 5, 2)),
        (lambda T: T.nn.BatchNorm2d(3, track_running_stats=False), numbers(4, 3, 5, 2)),
        (lambda T: T.nn.BatchNorm2d(3, bias=False, eps=0.1), numbers(4, 3, 5, 2)),
    ],
    "LayerNorm": [
        (lambda T: T.nn.LayerNorm(4), numbers(2, 3, 4)),
        (lambda T: T.nn.LayerNorm([3, 4], 1e-3, bias=False), numbers(2, 3, 4)),
        (lambda T: T.nn.LayerNorm((4,), elementwise_affine=False), numbers(2, 3, 4)),
    ],
    "GroupNorm": [
        (lambda T: T.nn.GroupNorm(2, 6), numbers(3, 6, 4)),
        (lambda T: T.nn.GroupNorm(3, 6, 1e-2, False), numbers(3, 6, 4, 2)),
    ],
    "RMSNorm": [
        (lambda T: T.nn.RMSNorm(4), numbers(2, 3, 4)),
        (lambda T: T.nn.RMSNorm((3, 4), 1e-3, False), numbers(2, 3, 4)),
    ],
    "Embedding": [
        (lambda T: T.nn.Embedding(5, 3), indices(4, 2)),
        (lambda T: T.nn.Embedding(5, 3, padding_idx=-2), indices(4, 6)),
    ],
    "PReLU": [
        (lambda T: T.nn.PReLU(), numbers(4, 3)),
        (lambda T: T.nn.PReLU(3, init=0.1), numbers(4, 3, 2)),
    ],
    "Flatten": [
        (lambda T: T.nn.Flatten(), numbers(2, 3, 4, 5)),
        (lambda T: T.nn.Flatten(0, 2), numbers(2, 3, 4, 5)),
    ],
    "Identity": [(lambda T: T.nn.Identity(3, some="thing"), numbers(2, 3))],
    "Dropout": [(lambda T: T.nn.Dropout(0.0), numbers(2, 3))],
    "ReLU": [(lambda T: T.nn.ReLU(), numbers(4, 3))],
    "LeakyReLU": [(lambda T: T.nn.LeakyReLU(), numbers(4)), (lambda T: T.nn.LeakyReLU(0.3), numbers(4, 3))],
    "ELU": [(lambda T: T.nn.ELU(), numbers(4, 3)), (lambda T: T.nn.ELU(0.3), numbers(4, 3))],
    "SELU": [(lambda T: T.nn.SELU(), numbers(4, 3))],
    "GELU": [(lambda T: T.nn.GELU(), numbers(4, 3)), (lambda T: T.nn.GELU("tanh"), numbers(4, 3))],
    "SiLU": [(lambda T: T.nn.SiLU(), numbers(4, 3))],
    "Softplus": [(lambda T: T.nn.Softplus(), numbers(4, 3)), (lambda T: T.nn.Softplus(3, 2), numbers(4, 3))],
    "Sigmoid": [(lambda T: T.nn.Sigmoid(), numbers(4, 3))],
    "LogSigmoid": [(lambda T: T.nn.LogSigmoid(), numbers(4, 3))],
    "Hardtanh": [(lambda T: T.nn.Hardtanh(), numbers(9)), (lambda T: T.nn.Hardtanh(-2, 0.5), numbers(4, 3))],
    "Tanh": [(lambda T: T.nn.Tanh(), numbers(4, 3))],
    "GLU": [(lambda T: T.nn.GLU(), numbers(3, 4)), (lambda T: T.nn.GLU(dim=0), numbers(4, 3))],
    "Softmax": [(lambda T: T.nn.Softmax(dim=1), numbers(4, 3)), (lambda T: T.nn.Softmax(0), numbers(4, 3))],
    "LogSoftmax": [(lambda T: T.nn.LogSoftmax(dim=-1), numbers(4, 3))],
    "MSELoss": [(lambda T: T.nn.MSELoss(reduction="sum"), numbers(4, 3), numbers(4, 3, seed=2))],
    "L1Loss": [(lambda T: T.nn.L1Loss(), numbers(4, 3), numbers(4, 3, seed=2))],
    "SmoothL1Loss": [(lambda T: T.nn.SmoothL1Loss(beta=0.5), numbers(4, 3), numbers(4, 3, seed=2))],
    "HuberLoss": [(lambda T: T.nn.HuberLoss("none", 0.5), numbers(4, 3), numbers(4, 3, seed=2))],
    "CrossEntropyLoss": [
        (lambda T: T.nn.CrossEntropyLoss(), numbers(7, 5), indices(7)),
        (lambda T: T.nn.CrossEntropyLoss(T.tensor(WEIGHTS), ignore_index=2, label_smoothing=0.1),
         numbers(3, 5, 4), indices(3, 4)),
    ],
    "NLLLoss": [(lambda T: T.nn.NLLLoss(T.tensor(WEIGHTS), ignore_index=1, reduction="sum"),
                 numbers(7, 5), indices(7))],
    "BCELoss": [(lambda T: T.nn.BCELoss(T.tensor(WEIGHTS[:3])), shares(4, 3), shares(4, 3, seed=1))],
    "BCEWithLogitsLoss": [
        (lambda T: T.nn.BCEWithLogitsLoss(reduction="none", pos_weight=T.tensor(WEIGHTS[:3])), numbers(4, 3),
         shares(4, 3)),
    ],
    "KLDivLoss": [
        (lambda T: T.nn.KLDivLoss(reduction="batchmean"), numbers(4, 3), shares(4, 3)),
        (lambda T: T.nn.KLDivLoss(reduction="sum", log_target=True), numbers(4, 3), numbers(4, 3, seed=2)),
    ],
    "MultiMarginLoss": [
        (lambda T: T.nn.MultiMarginLoss(), numbers(7, 5), indices(7)),
        (lambda T: T.nn.MultiMarginLoss(2, 0.5, T.tensor(WEIGHTS)), numbers(7, 5), indices(7)),
    ],
}
OTHERS = {"Module", "ModuleList", "Sequential", "Parameter", "MultiheadAttention", "TransformerEncoderLayer"}
DROPPED = {"inplace", "device", "dtype", "rng", "size_average", "reduce", "return_indices",       # said in nn
           "min_value", "max_value",                                          # of Hardtanh, deprecated
           "max_norm", "norm_type", "scale_grad_by_freq", "sparse", "_weight", "_freeze",      # of Embedding
           "padding_mode", "add_bias_kv", "add_zero_attn", "kdim", "vdim"}


def test_every_module_has_rows():
    classes = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    assert classes == OTHERS | set(LAYERS)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{name}-{k}") for name, rows in LAYERS.items()
                                 for k, row in enumerate(rows)])
def test_a_layer_agrees_with_torchs(torch, row):
    build, *inputs = row
    agree(torch, build, *inputs)


@pytest.mark.parametrize("spoil", [
    lambda net: setattr(net[0], "eps", 1.001e-5),
    lambda net: setattr(net[0], "momentum", 0.1001),
    lambda net: setattr(net[1], "p", 0.001),
    lambda net: setattr(net[2], "stride", 1),
    lambda net: net.register_buffer("other", gradbook.tensor([1.0])),
])
def test_what_differs_in_one_number_is_noticed(torch, spoil):
    def build(T):
        net = T.nn.Sequential(T.nn.BatchNorm2d(3), T.nn.Dropout(0.0), T.nn.AvgPool2d(2))
        if T is gradbook:
            spoil(net)
        return net

    with pytest.raises(AssertionError):
        agree(torch, build, numbers(40, 3, 4, 4))


def test_constructors_take_torchs_arguments_in_torchs_order(torch):
    for name in sorted({*LAYERS, *OTHERS} - {"Identity", "Module", "Sequential", "Parameter"}):
        ours, theirs = (
            [(k, p.kind, p.default) for k, p in inspect.signature(getattr(where, name)).parameters.items()
             if k not in DROPPED | {"args", "kwargs"}] for where in (nn, torch.nn))
        by_place = [k for k, kind, _ in ours if kind == inspect.Parameter.POSITIONAL_OR_KEYWORD]
        assert by_place == [k for k, *_ in theirs][:len(by_place)], name
        references = {k: default for k, _, default in theirs}
        assert {k for k, *_ in ours} == set(references), name
        for k, kind, default in ours:
            if k not in ("dim", "activation"):                    # Softmax's dim has no default here
                assert default == references[k], (name, k)
            before = list(inspect.signature(getattr(torch.nn, name)).parameters)
            skipped = DROPPED & set(before[:before.index(k)])
            assert not skipped or kind == inspect.Parameter.KEYWORD_ONLY, (name, k)


def test_what_torch_takes_by_place_for_an_option_that_is_not_offered_is_refused():
    with pytest.raises(TypeError, match="MSELoss: too many positional arguments"):
        nn.MSELoss("sum")                                         # torch: size_average
    with pytest.raises(TypeError, match="MaxPool2d: too many positional arguments"):
        nn.MaxPool2d(2, 2, 0, 1, True)                            # torch: return_indices
    with pytest.raises(TypeError, match="BCEWithLogitsLoss: too many positional arguments"):
        nn.BCEWithLogitsLoss(None, None)                          # torch: size_average


# --- attention ------------------------------------------------------------------------------------------

CAUSAL = np.triu(np.ones((4, 4), dtype=bool), 1)
PADDING = np.array([[False, False, False, True], [False, False, False, False], [False, True, False, True]])
MASKS = {
    "none": {},
    "causal": {"attn_mask": CAUSAL},
    "hinted": {"attn_mask": CAUSAL, "is_causal": True},
    "floats": {"attn_mask": numbers(4, 4)},
    "per head": {"attn_mask": numbers(6, 4, 4)},
    "padding": {"key_padding_mask": PADDING},
    "padding in floats": {"key_padding_mask": np.where(PADDING, -np.inf, 0.3)},
    "both": {"attn_mask": CAUSAL, "key_padding_mask": PADDING & ~PADDING[:, :1], "is_causal": True},
}


@pytest.mark.parametrize("need", [{"need_weights": False}, {}, {"average_attn_weights": False}], ids=str)
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_self_attention_agrees_with_torchs(torch, mask, need):
    def build(T):
        class Itself(T.nn.Module):
            def __init__(self):
                super().__init__()
                self.attention = T.nn.MultiheadAttention(6, 2, batch_first=True)

            def forward(self, x, **options):
                return self.attention(x, x, x, **options)

        return Itself()

    agree(torch, build, numbers(3, 4, 6), **mask, **need)


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"batch_first": True}])
@pytest.mark.parametrize("batched", [True, False])
def test_attention_to_another_sequence_agrees_with_torchs(torch, options, batched):
    shapes = [(5, 3, 6), (4, 3, 6)] if not options.get("batch_first") else [(3, 5, 6), (3, 4, 6)]
    shapes = shapes if batched else [(5, 6), (4, 6)]
    inputs = numbers(*shapes[0]), numbers(*shapes[1], seed=1), numbers(*shapes[1], seed=2)
    build = lambda T: T.nn.MultiheadAttention(6, 3, **options)
    mask = PADDING if batched else PADDING[0]
    agree(torch, build, *inputs)
    agree(torch, build, *inputs, key_padding_mask=mask, attn_mask=numbers(5, 4) > 0.8)
    agree(torch, build, *inputs, key_padding_mask=mask, need_weights=False)


def test_a_row_that_may_attend_to_nothing_is_torchs(torch):
    mask = np.array([[True, True, True, True], *np.zeros((3, 4), dtype=bool)])
    build = lambda T: T.nn.MultiheadAttention(6, 3, batch_first=True)
    x = numbers(2, 4, 6)
    agree(torch, build, x, x, x, attn_mask=mask, need_weights=False)


@pytest.mark.parametrize("options", [
    {}, {"norm_first": True}, {"activation": "gelu", "batch_first": True},
    {"bias": False, "layer_norm_eps": 2},
], ids=str)
def test_a_transformer_layer_agrees_with_torchs(torch, options):
    build = lambda T: T.nn.TransformerEncoderLayer(6, 2, 9, 0.0, **options)
    shape = (3, 4, 6) if options.get("batch_first") else (4, 3, 6)
    agree(torch, build, numbers(*shape))
    agree(torch, build, numbers(*shape), src_mask=CAUSAL, is_causal=True)
    agree(torch, build, numbers(*shape), src_key_padding_mask=PADDING)


def test_a_transformer_layer_takes_any_activation(torch):
    agree(torch, lambda T: T.nn.TransformerEncoderLayer(6, 2, 9, 0.0, T.nn.functional.elu), numbers(4, 3, 6))
    agree(torch, lambda T: T.nn.TransformerEncoderLayer(6, 2, 9, 0.0, T.nn.SiLU()), numbers(4, 3, 6))


# --- networks -------------------------------------------------------------------------------------------


def test_a_residual_block_agrees_with_torchs(torch):
    def build(T):
        class Block(T.nn.Module):
            def __init__(self, channels, out, stride):
                super().__init__()
                self.conv1 = T.nn.Conv2d(channels, out, 3, stride, 1, bias=False)
                self.bn1 = T.nn.BatchNorm2d(out)
                self.conv2 = T.nn.Conv2d(out, out, 3, padding=1, bias=False)
                self.bn2 = T.nn.BatchNorm2d(out)
                self.relu, self.downsample = T.nn.ReLU(), None
                if stride != 1 or channels != out:
                    self.downsample = T.nn.Sequential(T.nn.Conv2d(channels, out, 1, stride, bias=False),
                                                      T.nn.BatchNorm2d(out))

            def forward(self, x):
                y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
                return self.relu(y + (x if self.downsample is None else self.downsample(x)))

        return T.nn.Sequential(Block(3, 4, 1), Block(4, 6, 2), Block(6, 6, 1), T.nn.AdaptiveAvgPool2d(1),
                               T.nn.Flatten(), T.nn.Linear(6, 5))

    agree(torch, build, numbers(3, 3, 9, 7))
