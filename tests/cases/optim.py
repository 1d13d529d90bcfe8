"""What optimizers and schedulers refuse. Their results are in test_optim*.py and test_lr_scheduler.py."""


def _one(T):
    return [T.tensor([1.0, 2.0], requires_grad=True)]


def _sgd(T, **options):
    return T.optim.SGD(_one(T), lr=0.1, **options)


def _optimizer(name, words=None, **options):
    """The row: T.optim.<name> refuses these options, and says the first of them."""
    option, value = next(iter(options.items()))
    words = words or rf"{name}: {option}={value} came, at least 0 is needed"
    return lambda T: getattr(T.optim, name)(_one(T), **options), words


def _scheduler(name, words, *args, **options):
    return lambda T: getattr(T.optim.lr_scheduler, name)(_sgd(T), *args, **options), words


def _no_optimizer(name, *args):
    return (lambda T: getattr(T.optim.lr_scheduler, name)("SGD", *args),
            rf"{name}: str came, not an Optimizer")


def _too_many_groups(name, *args):
    def call(T):
        return getattr(T.optim, name)([{"params": _one(T)}, {"params": _one(T)}], *args)

    return call, rf"{name}: 2 groups came, one is needed"


def _newton(hessian, **options):
    def call(T):
        params = _one(T)
        optimizer = T.optim.Newton(params, lambda: hessian, **options)
        (params[0] ** 2).sum().backward()
        optimizer.step()

    return call


def _wrong_gradient(T):
    optimizer = _sgd(T)
    optimizer.param_groups[0]["params"][0].grad = T.tensor(1.0)
    optimizer.step()


def _other_shape(T):
    optimizer = T.optim.Adam(_one(T))
    memory = {"exp_avg": T.tensor([1.0, 2.0, 3.0]).numpy()}
    optimizer.load_state_dict({"state": {0: memory}, "param_groups": [{"params": [0]}]})


def _sequential(make, words):
    def call(T):
        optimizer = _sgd(T)
        return T.optim.lr_scheduler.SequentialLR(optimizer, *make(T.optim.lr_scheduler, optimizer, _sgd(T)))

    return call, words


def _past_the_end(T):
    optimizer = _sgd(T)
    schedule = T.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=2)
    for _ in range(3):
        optimizer.step()
        schedule.step()


ADAM = [("eps", -1e-8), ("lr", -1), ("weight_decay", -0.1)]
BETAS = r"{}: betas=\(0.9, 1.0\) came, two numbers in \[0, 1\) are needed"

ERRORS = {
    "Optimizer": [(lambda T: T.optim.Optimizer([], {}), r"Optimizer: the parameter list is empty")],
    "SGD": [
        *(_optimizer("SGD", **{name: -1}) for name in ("lr", "momentum", "weight_decay")),
        _optimizer("SGD", nesterov=True,
                   words=r"SGD: nesterov needs momentum above 0 and dampening 0, not momentum=0 and damp"),
        (lambda T: T.optim.SGD(T.tensor([1.0])), r"SGD: params is one Tensor, an iterable of Tensors"),
        (lambda T: T.optim.SGD([{"params": _one(T), "beta": 1}]),
         r"SGD: a group has \['beta'\], it knows \["),
        (lambda T: T.optim.SGD([("w", _one(T)[0])]), r"SGD: tuple came, parameters are Tensors, without nam"),
        (lambda T: T.optim.SGD([_one(T)[0] * 2]), r"SGD: a Tensor with a history came, parameters have none"),
        (lambda T: T.optim.SGD(_one(T) * 2), r"SGD: a parameter of shape \(2,\) occurs twice"),
        (lambda T: T.optim.SGD(_one(T), foreach=True), r"foreach"),
        (_wrong_gradient, r"SGD: a gradient \(\) came for a parameter \(2,\)"),
    ],
    "Adagrad": [_optimizer("Adagrad", **{name: -1})
                for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")],
    "RMSprop": [_optimizer("RMSprop", **{name: -1})
                for name in ("lr", "alpha", "eps", "weight_decay", "momentum")],
    "Adam": [
        *(_optimizer("Adam", **{name: value}) for name, value in ADAM),
        _optimizer("Adam", betas=(0.9, 1.0), words=BETAS.format("Adam")),
        (_other_shape, r"Adam: exp_avg \(3,\) came for a parameter \(2,\)"),
    ],
    "AdamW": [
        *(_optimizer("AdamW", **{name: value}) for name, value in ADAM),
        _optimizer("AdamW", betas=(0.9, 1.0), words=BETAS.format("AdamW")),
    ],
    "Lion": [
        _optimizer("Lion", lr=-1), _optimizer("Lion", weight_decay=-1),
        _optimizer("Lion", betas=(0.9, 1.0), words=BETAS.format("Lion")),
    ],
    "Muon": [
        _optimizer("Muon", lr=0.1, words=r"Muon: a parameter \(2,\) came, matrices \(A, B\) are needed"),
        _optimizer("Muon", momentum=-1),
        _optimizer("Muon", ns_steps=100, words=r"Muon: ns_coefficients=.*, ns_steps=100 came, three"),
        _optimizer("Muon", adjust_lr_fn="old", words=r"Muon: adjust_lr_fn='old' came, None, 'original' or"),
    ],
    "LBFGS": [
        _optimizer("LBFGS", lr=-1), _too_many_groups("LBFGS"),
        _optimizer("LBFGS", line_search_fn="wolfe", words=r"LBFGS: line_search_fn='wolfe' and"),
        _optimizer("LBFGS", history_size=0, words=r"LBFGS: .* history_size=0 came, None or 'strong_wolfe'"),
    ],
    "Newton": [
        _too_many_groups("Newton", None), _optimizer("Newton", damping=-1, hessian=None),
        (_newton([[1.0, 0.0]]), r"Newton: hessian\(\) gave \(1, 2\), \(2, 2\) is needed"),
        (_newton([[1.0, 2.0], [0.5, 1.0]]), r"Newton: the Hessian with damping=0 is singular, more damping"),
    ],
    "LRScheduler": [_no_optimizer("LRScheduler")],
    "LambdaLR": [
        _no_optimizer("LambdaLR", abs),
        _scheduler("LambdaLR", r"LambdaLR: lr_lambda: 2 values came for 1 groups", [abs, abs]),
    ],
    "StepLR": [_no_optimizer("StepLR", 3)],
    "MultiStepLR": [_no_optimizer("MultiStepLR", [3])],
    "ExponentialLR": [_no_optimizer("ExponentialLR", 0.9)],
    "CosineAnnealingLR": [_no_optimizer("CosineAnnealingLR", 10)],
    "LinearLR": [
        _no_optimizer("LinearLR"),
        _scheduler("LinearLR",
                   r"LinearLR: start_factor=0 and end_factor=1.0 came, numbers in \(0, 1\] and", 0),
        _scheduler("LinearLR", r"LinearLR: start_factor=1 and end_factor=2 came", 1, 2),
    ],
    "CosineAnnealingWarmRestarts": [
        _no_optimizer("CosineAnnealingWarmRestarts", 5),
        _scheduler("CosineAnnealingWarmRestarts",
                   r"T_0=0 and T_mult=1 came, positive integers are needed", 0),
        _scheduler("CosineAnnealingWarmRestarts", r"T_0=4 and T_mult=1.5 came, positive integers", 4, 1.5),
        (lambda T: T.optim.lr_scheduler.CosineAnnealingWarmRestarts(_sgd(T), 4).step(1),
         r"step\(\) takes 1 positional argument"),
    ],
    "OneCycleLR": [
        _no_optimizer("OneCycleLR", 0.1, 10),
        _scheduler("OneCycleLR",
                   r"OneCycleLR: total_steps=None, epochs=3 and steps_per_epoch=None came", 0.1, epochs=3),
        _scheduler("OneCycleLR", r"OneCycleLR: total_steps=0, ", 0.1, 0),
        _scheduler("OneCycleLR",
                   r"OneCycleLR: pct_start=2 came, a number in \[0, 1\] is needed", 0.1, 9, pct_start=2),
        _scheduler("OneCycleLR", r"OneCycleLR: anneal_strategy='sin' came, 'cos' or 'linear'", 0.1, 9,
                   anneal_strategy="sin"),
        _scheduler("OneCycleLR", r"OneCycleLR: max_lr: 2 values came for 1 groups", [1, 2], 9),
        (lambda T: T.optim.lr_scheduler.OneCycleLR(T.optim.Adagrad(_one(T)), 0.1, 9),
         r"OneCycleLR: Adagrad has no momentum, cycle_momentum=False is needed"),
        _scheduler("OneCycleLR", r"argument 'three_phase'", 0.1, 9, three_phase=True),
        (_past_the_end, r"OneCycleLR: step 3 came, total_steps=2"),
    ],
    "SequentialLR": [
        _sequential(lambda S, mine, other: ([], []),
                    r"SequentialLR: 0 milestones came for 0 schedulers, one less"),
        _sequential(lambda S, mine, other: ([S.StepLR(mine, 2)], [3]),
                    r"SequentialLR: 1 milestones came for 1 schedulers"),
        _sequential(lambda S, mine, other: ([S.StepLR(other, 2)], []),
                    r"SequentialLR: a scheduler of another opt"),
        _sequential(lambda S, mine, other: ([S.ReduceLROnPlateau(mine)], []),
                    r"SequentialLR: ReduceLROnPlateau came, whose step needs metrics"),
    ],
    "ReduceLROnPlateau": [
        _no_optimizer("ReduceLROnPlateau"),
        _scheduler("ReduceLROnPlateau",
                   r"ReduceLROnPlateau: factor=0.1, mode='low', threshold_mode='rel' came", "low"),
        _scheduler("ReduceLROnPlateau", r"ReduceLROnPlateau: factor=1, .*below 1, 'min' or 'max'", factor=1),
        _scheduler("ReduceLROnPlateau", r"ReduceLROnPlateau: min_lr: 2 values came for", min_lr=[0, 0]),
    ],
}
