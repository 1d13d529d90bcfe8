"""What modules refuse. Their results are compared in test_nn*.py."""


def _made(name, words, *args, **options):
    """The row: T.nn.<name> refuses to be made of these arguments."""
    return lambda T: getattr(T.nn, name)(*args, **options), f"{name}: {words}"


def _called(name, words, args, *shapes, **options):
    """The row: T.nn.<name>(*args) refuses to be called with ones of these shapes."""
    return lambda T: getattr(T.nn, name)(*args)(*(T.ones(*shape) for shape in shapes), **options), words


def _inplace(name, *args):
    return _made(name, r"got an unexpected keyword argument 'inplace'; it takes \(", *args, inplace=True)


def _attention(words, **masks):
    def call(T):
        x = T.ones(4, 3, 6)
        return T.nn.MultiheadAttention(6, 2)(x, x, x, **{k: make(T) for k, make in masks.items()})

    return call, f"MultiheadAttention: {words}"


def _convolution(name):
    return [
        _made(name, "groups=0 came for 2 -> 2 channels", 2, 2, 3, groups=0),
        _made(name, "groups=2 came for 3 -> 4 channels", 3, 4, 3, groups=2),
        _made(name, "padding='some' with stride=1 came; it is a number, 'valid' or", 2, 3, 3, padding="some"),
        _made(name, "padding='same' with stride=2 came; .* with stride 1, 'same'", 2, 3, 3, 2, "same"),
        (lambda T: getattr(T.nn, name)(2, 3, 3, padding_mode="circular"), r"argument 'padding_mode'"),
        _called(name, name.lower() + r": x \(5, 5\)", (2, 3, 3), (5, 5)),
    ]


ERRORS = {
    **{name: [_inplace(name)] for name in (
        "ELU", "GELU", "GLU", "Hardtanh", "LeakyReLU", "LogSigmoid", "ReLU", "SELU", "SiLU", "Sigmoid",
        "Softplus", "Tanh", "Flatten", "BCELoss", "BCEWithLogitsLoss", "HuberLoss", "KLDivLoss", "L1Loss",
        "SmoothL1Loss")},
    **{name: [_made(name, "missing a required argument: 'dim'")] for name in ("Softmax", "LogSoftmax")},
    **{name: [_made(name, "missing a required argument: 'kernel_size'"), _made(name, "too many", *range(9))]
       for name in ("MaxPool2d", "AvgPool2d")},
    "AdaptiveAvgPool2d": [_made("AdaptiveAvgPool2d", "missing a required argument: 'output_size'")],
    "MSELoss": [_made("MSELoss", r"too many positional arguments; it takes \(\*, reduction='mean'\)", "sum")],
    **{name: [_made(name, "list came as .weight., a Tensor is", weight=[1.0, 2.0])]
       for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss")},
    "Module": [
        (lambda T: T.nn.Module().add_module("x", 3), "Module: int came as 'x', a Module is needed"),
        (lambda T: T.nn.Module().register_buffer("x", 3), "Module: int came as 'x', a Tensor is needed"),
        (lambda T: T.nn.Module().register_parameter("x", T.ones(2)), "Module: Tensor came"),
        *((lambda T, name=name: T.nn.Module().add_module(name, T.nn.ReLU()),
           f"Module: '{name}' is no name for a Module: empty, dotted or") for name in ("", "a.b", "to")),
        (lambda T: T.nn.Linear(2, 3).to("cuda"), "to: 'cuda' came, float.*; everything is on the CPU"),
        (lambda T: T.nn.Linear(2, 3).to(T.int64), r"to: dtype\('int64'\) came, float32 or float64 is needed"),
        (lambda T: setattr(T.nn.Linear(2, 3), "weight", T.ones(3, 2)),
         "Linear: weight is a Parameter, Tensor came; assign a Parameter or None, or write .* under no_grad"),
        (lambda T: setattr(T.nn.BatchNorm1d(2), "running_mean", 0.0),
         "BatchNorm1d: running_mean is a Tensor, float came"),
    ],
    "Sequential": [
        _made("Sequential", "list came as '0', a Module is needed", []),
        (lambda T: T.nn.Sequential(T.nn.ReLU()).append(T.relu), "Sequential: function came as '1'"),
        (lambda T: T.nn.Sequential(T.nn.ReLU()).__setitem__(0, 3), "Sequential: int came as '0'"),
    ],
    "ModuleList": [_made("ModuleList", "int came as '0', a Module is needed", [3])],
    "Linear": [
        _made("Linear", "0 -> 3 features came, at least 1 is needed", 0, 3),
        _called("Linear", r"linear: x \(2, 5\) and weight \(3, 4\)", (4, 3), (2, 5)),
    ],
    "Embedding": [_made("Embedding", "padding_idx 5 came, there are 5 rows", 5, 2, padding_idx=5)],
    "Conv1d": _convolution("Conv1d"),
    "Conv2d": _convolution("Conv2d"),
    "PReLU": [_called("PReLU", r"prelu: ", (3,), (2, 4))],
    "BatchNorm1d": [_called("BatchNorm1d", r"BatchNorm1d: \(2, 3, 4, 5\) came, \(N, C\) or \(N, C, L\)", (3,),
                            (2, 3, 4, 5))],
    "BatchNorm2d": [_called("BatchNorm2d", r"BatchNorm2d: \(2, 3\) came, \(N, C, H, W\) is needed", (3,),
                            (2, 3))],
    "LayerNorm": [_called("LayerNorm", r"layer_norm: input \(2, 4\) does not end in .*\(3,\)", (3,), (2, 4))],
    "RMSNorm": [_called("RMSNorm", r"rms_norm: input \(2, 4\) does not end in .*\(3,\)", (3,), (2, 4))],
    "GroupNorm": [
        _made("GroupNorm", "num_groups=4 does not divide 6 channels", 4, 6),
        _made("GroupNorm", "num_groups=0 does not divide 6 channels", 0, 6),
    ],
    "Dropout": [_made("Dropout", "p=1.5 came, a probability between 0 and 1 is needed", 1.5)],
    "MultiheadAttention": [
        _made("MultiheadAttention", "4 heads do not divide embed_dim=6", 6, 4),
        _called("MultiheadAttention", r"query \(4, 3, 5\) and key \(4, 3, 6\) came, .*S, 6\)", (6, 2),
                (4, 3, 5), (4, 3, 6), (4, 3, 6)),
        _called("MultiheadAttention", r"query \(4, 6\) and key \(4, 3, 6\) came", (6, 2), (4, 6), (4, 3, 6),
                (4, 3, 6)),
        _attention(r"attn_mask \(4, 5\) of float64 came, booleans or floats \(4, 4\) or \(6, 4, 4\) are",
                   attn_mask=lambda T: T.ones(4, 5)),
        _attention(r"key_padding_mask \(3, 4\) of int64 came, booleans or floats \(3, 4\) are needed",
                   key_padding_mask=lambda T: T.ones(3, 4).long()),
    ],
    "TransformerEncoderLayer": [
        _made("TransformerEncoderLayer", "activation 'swish' is not 'relu'", 4, 2, activation="swish"),
    ],
}
