"""What gradbook.backprop says of mistakes. backprop.softmax: where gradbook has another of that name."""

import numpy as np

PARAMS = [(np.ones((4, 3)), np.ones(4)), (np.ones((2, 4)), np.ones(2))]
NAMES, X, NAN = ["tanh", "identity"], np.ones((5, 3)), float("nan")


def call(name, *args, **options):
    return lambda T: getattr(T.backprop, name)(*args, **options)


def change(name, **changed):
    """The function of a network of two layers, with some of its arguments changed."""
    def call(T):
        outputs = T.backprop.forward(X, PARAMS, NAMES)
        arguments = {"x": X, "params": PARAMS, "activations": NAMES, "target": np.ones((5, 2)),
                     "outputs": outputs,
                     "g": np.ones((5, 2))}
        wanted = {"forward": "x", "forward_loops": "x", "backward": "outputs g",
                  "backward_loops": "outputs g"}
        given = {*wanted.get(name, "x target").split(), "params", "activations"}
        return getattr(T.backprop, name)(**{k: v for k, v in arguments.items() if k in given} | changed)

    return call


def network(name, who=None):
    """What every function of a network refuses."""
    who, (first, second) = who or name, PARAMS
    return [
        *((change(name, params=params), f"{who}: params: .* came, several are needed")
          for params in (None, 3, "net")),
        (change(name, params=[]), f"{who}: params: 0 came, needed: at least 1"),
        (change(name, params=[first, (3, 4)]), f"{who}: layer 2: 3 came, several of type ndarray are needed"),
        (change(name, params=[first, second[:1]]),
         f"{who}: layer 2 has 1 arrays, weight and bias are needed"),
        (change(name, activations=None), f"{who}: activations: None came, several of type str are needed"),
        (change(name, activations="tanh"),
         f"{who}: activations: 'tanh' came, several of type str are needed"),
        (change(name, activations=["tanh", 3]),
         f"{who}: activations: 3 came, several of type str are needed"),
        (change(name, activations=["gelu", "tanh"]), f"{who}: activation 'gelu' is not one of sigmoid, tanh"),
        (change(name, activations=["tanh"]), f"{who}: .*2 layers .*1 activations"),
    ]


def of_inputs(name, who=None):
    who, (first, second) = who or name, PARAMS
    return [
        *network(name, who),
        (change(name, x=X[:, :2]), rf"{who}: layer 1 has weight \(4, 3\), bias \(4,\) and gets \(5, 2\)"),
        (change(name, x=X[0]), rf"{who}: layer 1 has .* gets \(3,\)"),
        (change(name, x="a"), f"{who}: x of <U1 came, real numbers are needed"),
        (change(name, x=X * 1j), f"{who}: x of complex128 came, real numbers are needed"),
        (change(name, x=None), f"{who}: x of object came, real numbers are needed"),
        (change(name, params=[first, (second[0].T, second[1])]), rf"{who}: layer 2 has weight \(4, 2\)"),
    ]


def of_targets(name):
    return [
        (change(name, target=np.zeros(5, int)),
         rf"{name}: target \(5,\) does not match .* \(5, 2\).*one_hot"),
        (change(name, target=1.0), rf"{name}: target \(\) does not match the outputs \(5, 2\)"),
        (change(name, target=None), f"{name}: target of object came, real numbers are needed"),
        *((change(name, loss=loss), f"{name}: loss .* came, one of half_mse, .* is needed")
          for loss in ("mse", None, [])),
    ]


def of_cotangents(name):
    return [
        *network(name),
        (change(name, g=np.ones(5)), rf"{name}: g \(5,\) is not of the shape of the last output \(5, 2\)"),
        (change(name, g=None), f"{name}: g of object came, real numbers are needed"),
        (change(name, outputs=[X]), f"{name}: 1 outputs came with 2 layers and 2 activations"),
        (change(name, outputs=None), f"{name}: outputs: None came, several of type ndarray are needed"),
    ]


def of_pairs(name, first):
    return [
        (call(name, X, X[0]), rf"{name}: {first} \(5, 3\) and t \(3,\) came, one shape is needed"),
        (call(name, X, 1.0), rf"{name}: {first} \(5, 3\) and t \(\) came, one shape is needed"),
        (call(name, X[0], X[0]), rf"{name}: {first} \(3,\) came, \(N, K\) is needed"),
        (call(name, "a", X), f"{name}: {first} of <U1 came, real numbers are needed"),
        (call(name, X, None), f"{name}: t of object came, real numbers are needed"),
    ]


ERRORS = {
    "backprop.sigmoid": [
        (call("sigmoid", "a"), "sigmoid: z of <U1 came, real numbers are needed"),
        (call("sigmoid", None), "sigmoid: z of object came, real numbers are needed"),
        (call("sigmoid", 1j), "sigmoid: z of complex128 came, real numbers are needed"),
    ],
    "backprop.softmax": [
        (call("softmax", 1.0), r"softmax: z \(\) came, \(\.\.\., K\) with K >= 1 is needed"),
        (call("softmax", np.ones((3, 0))), r"softmax: z \(3, 0\) came"),
        (call("softmax", None), "softmax: z of object came, real numbers are needed"),
    ],
    "half_mse": of_pairs("half_mse", "o"),
    "softmax_half_mse": of_pairs("softmax_half_mse", "z"),
    "softmax_cross_entropy": of_pairs("softmax_cross_entropy", "z"),
    "backprop.one_hot": [
        (call("one_hot", [0, -1], 3), "one_hot: labels -1 to 0 came, 0 to 2 are needed"),
        (call("one_hot", [0, 3], 3), "one_hot: labels 0 to 3 came, 0 to 2 are needed"),
        (call("one_hot", [0.0, 1.0], 3), "one_hot: labels of float64 came, whole numbers are needed"),
        (call("one_hot", "a", 3), "one_hot: labels of <U1 came, real numbers are needed"),
        (call("one_hot", None, 3), "one_hot: labels of object came, real numbers are needed"),
        *((call("one_hot", [0], n), f"one_hot: classes={n} came, at least 1 is needed") for n in (0, -1)),
        *((call("one_hot", [0], n), "one_hot: classes=.* came, a whole number is needed")
          for n in (1.5, "3", None)),
    ],
    "random_params": [
        (call("random_params", [3], None), "random_params: sizes: 1 came, needed: at least 2"),
        (call("random_params", "34", None), "random_params: sizes: '34' came, several are needed"),
        (call("random_params", 3, None), "random_params: sizes: 3 came, several are needed"),
        *((call("random_params", [3, n], None), f"random_params: a size={n} came, at least 1 is")
          for n in (0, -1)),
        (call("random_params", [3, 1.5], None), "random_params: a size=1.5 came, a whole number is needed"),
    ],
    "forward": of_inputs("forward"),
    "forward_loops": of_inputs("forward_loops"),
    "backward": of_cotangents("backward"),
    "backward_loops": of_cotangents("backward_loops"),
    "gradient": [
        *of_inputs("gradient", "forward"), *of_targets("gradient"),
        *((change("gradient", reduction=r), "gradient: reduction .* came, 'mean' or 'sum' is")
          for r in ("none", None)),
    ],
    "checkpointed_gradient": [
        *of_inputs("checkpointed_gradient"), *of_targets("checkpointed_gradient"),
        *((change("checkpointed_gradient", every=n),
           f"checkpointed_gradient: every={n} came, between 1 and 2 is")
          for n in (0, 3, -1)),
        *((change("checkpointed_gradient", every=n),
           "checkpointed_gradient: every=.* came, a whole number is")
          for n in (1.5, "1", None, True)),
    ],
    "finite_difference": [
        *((call("finite_difference", np.sum, X, h),
           r"finite_difference: step=.* came, a number in \(0, inf\) is")
          for h in (0, -1e-6, NAN, float("inf"), "a", None)),
        (call("finite_difference", np.sum, "a"), "finite_difference: x of <U1 came, real numbers are needed"),
        (call("finite_difference", np.sum, X * 1j), "finite_difference: x of complex128 came, real numbers"),
    ],
    "pack": [
        (call("pack", []), "pack: params: 0 came, needed: at least 1"),
        (call("pack", None), "pack: params: None came, several are needed"),
        (call("pack", [(3, 4)]), "pack: layer 1: 3 came, several of type ndarray are needed"),
    ],
    "unpack": [
        (call("unpack", np.zeros(5), PARAMS), r"unpack: vector \(5,\) came, \(26,\) is needed"),
        (call("unpack", np.zeros((26, 1)), PARAMS), r"unpack: vector \(26, 1\) came, \(26,\) is needed"),
        (call("unpack", None, PARAMS), "unpack: vector of object came, real numbers are needed"),
        (call("unpack", np.zeros(5), 3), "unpack: params: 3 came, several are needed"),
    ],
}
