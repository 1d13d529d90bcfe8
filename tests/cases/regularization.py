"""Mistakes with gradbook.regularization. It has no primitive of its own: its rows would be those of mul."""

import numpy as np

NAN, INF = float("nan"), float("inf")
IMAGES = np.ones((4, 5, 6))


def call(name, *args, **options):
    return lambda T: getattr(T.regularization, name)(*args, **options)


def noise(name, *shape):
    """What dropout and its kin refuse, of an input of this shape."""
    of = lambda *args, dtype="float64": lambda T: getattr(T.nn.functional, name)(
        T.ones(*shape, dtype=getattr(T, dtype)), *args)
    return [
        *((of(p), rf"{name}: p={p!r} came, a number in \[0, 1\] is needed")
          for p in (1.5, -1, NAN, "a", None, True)),
        (of(dtype="int64"), f"{name}: input of int64 came, a floating dtype is needed"),
        *((call(name, wrong),
           rf"{name}: input (of \w+|\(\)) came, (a floating dtype|\(N, C, H, W\)) is needed")
          for wrong in (None, 3.0, "a")),
    ]


def penalty(name):
    return [
        (call(name, []),
         rf"{name}: params: 0 came, needed: at least 1 \(a generator can be used only once\)"),
        *((call(name, wrong), f"{name}: params: .* came, several of type Tensor are needed")
          for wrong in (None, 3, [3.0], [np.ones(2)], "ab")),
    ]


def pictures(name, *args):
    return [
        (call(name, np.ones(5), *args),
         rf"{name}: images \(5,\) came, \(N, H, W\) or \(N, C, H, W\) is needed"),
        (call(name, None, *args), rf"{name}: images \(\) came"),
        (call(name, np.full((4, 5, 6), "a"), *args), f"{name}: images of <U1 came, real numbers are needed"),
    ]


def counts(name, what, least, *before):
    """what=... of the function or class, after these arguments, has to be a whole number."""
    return [
        *((call(name, *before, **{what: n}), f"{name}: {what}={n} came, at least {least} is needed")
          for n in {least - 1, -2}),
        *((call(name, *before, **{what: n}), f"{name}: {what}=.* came, a whole number is needed")
          for n in (1.5, NAN, INF, "1", True)),
    ]


def ensemble(*shapes, x=None):
    """The ensemble of members that return ones of these shapes."""
    return lambda T: T.regularization.ensemble([lambda x, s=s: T.ones(*s) for s in shapes], x)


def with_net(name, *args, **options):
    return lambda T: getattr(T.regularization, name)(T.nn.ReLU(), *args, **options)


ERRORS = {
    "dropout": noise("dropout", 2, 3),
    "dropout2d": [
        *noise("dropout2d", 2, 3, 4, 5),
        (lambda T: T.nn.functional.dropout2d(T.tensor([[[1.0]]])), r"dropout2d: input \(1, 1, 1\) came"),
    ],
    "drop_path": noise("drop_path", 2, 3),
    "dropconnect": noise("dropconnect", 2, 3),
    "l1_penalty": penalty("l1_penalty"),
    "l2_penalty": penalty("l2_penalty"),
    "soft_threshold": [
        *((call("soft_threshold", IMAGES, amount),
           r"soft_threshold: amount=.* came, a number in \[0, inf\] is needed")
          for amount in (-1, NAN, "a", None, [1.0])),
        (call("soft_threshold", "a", 1.0), "soft_threshold: w of <U1 came, real numbers are needed"),
        (call("soft_threshold", None, 1.0), "soft_threshold: w of object came, real numbers are needed"),
    ],
    "EarlyStopping": [
        *counts("EarlyStopping", "patience", 1),
        *((call("EarlyStopping", min_delta=d),
           r"EarlyStopping: min_delta=.* came, a number in \[0, inf\) is needed")
          for d in (-1, NAN, INF, "a", None)),
        *((call("EarlyStopping", mode=mode), f"EarlyStopping: mode={mode!r} came, 'min' or 'max' is needed")
          for mode in ("least", None, 1)),
        (call("EarlyStopping", module=3), "EarlyStopping: int came as module, a Module is needed"),
    ],
    "EarlyStopping.step": [
        (lambda T: T.regularization.EarlyStopping().step([1.0, 2.0]),
         r"EarlyStopping.step: value \(2,\) came, \(\) is"),
        *((lambda T, wrong=wrong: T.regularization.EarlyStopping().step(wrong),
           "EarlyStopping.step: value of .* came, real numbers are needed") for wrong in (None, "0.5", 1j)),
    ],
    "random_crop": [
        *pictures("random_crop", (2, 3)), *counts("random_crop", "padding", 0, IMAGES, (2, 3)),
        (call("random_crop", IMAGES, (6, 3)),
         r"random_crop: size \(6, 3\) does not fit images \(4, 5, 6\), padding=0"),
        *((call("random_crop", IMAGES, (2, n)),
           "random_crop: a length of size=.* came, (at least 1|a whole number) is")
          for n in (0, -1, 1.5)),
        *((call("random_crop", IMAGES, size), r"random_crop: size \(.*\) came, \(2,\) is needed")
          for size in (3, (3,), (1, 2, 3))),
        *((call("random_crop", IMAGES, size), "random_crop: size of .* came, real numbers are needed")
          for size in (None, "ab")),
    ],
    "random_shift": [*pictures("random_shift", 1), *counts("random_shift", "pixels", 0, IMAGES)],
    "random_flip": [
        *pictures("random_flip"),
        *((call("random_flip", IMAGES, p), r"random_flip: p=.* came, a number in \[0, 1\] is needed")
          for p in (-1, 1.5, NAN, "a", None)),
        *((call("random_flip", IMAGES, dim=dim), f"random_flip: dim={dim} came, between -2 and -1 is needed")
          for dim in (0, 1, -3)),
        *((call("random_flip", IMAGES, dim=dim), "random_flip: dim=.* came, a whole number is needed")
          for dim in (None, (-1, -2), "width")),
    ],
    "random_rotation": [
        *pictures("random_rotation", 30),
        *((call("random_rotation", IMAGES, d),
           r"random_rotation: degrees=.* came, a number in \[0, inf\) is needed")
          for d in (-30, NAN, INF, "a", None)),
    ],
    "ensemble": [
        (ensemble(), "ensemble: members: 0 came, needed: at least 1"),
        (ensemble((2, 3), (2, 1)),
         r"ensemble: members gave \[\(2, 1\), \(2, 3\)\], the same \(N, C\) is needed of all"),
        (ensemble((3,)), r"ensemble: members gave \[\(3,\)\], the same \(N, C\) is needed of all"),
        *((call("ensemble", wrong, None), "ensemble: members: .* came, functions are needed")
          for wrong in (3, None, [3], "ab")),
    ],
    "SnapshotEnsemble": [
        (call("SnapshotEnsemble", None, 3), "SnapshotEnsemble: NoneType came, a Module is needed"),
        *((with_net("SnapshotEnsemble", n), f"SnapshotEnsemble: cycle={n} came, at least 1 is needed")
          for n in (0, -1)),
        *((with_net("SnapshotEnsemble", n), "SnapshotEnsemble: cycle=.* came, a whole number is needed")
          for n in (1.5, NAN, INF, "1", None, True)),
        (with_net("SnapshotEnsemble", 1, 0), "SnapshotEnsemble: last=0 came, at least 1 is needed"),
        (with_net("SnapshotEnsemble", 1, 1.5), "SnapshotEnsemble: last=1.5 came, a whole number is needed"),
    ],
}
