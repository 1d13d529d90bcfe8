"""What gradbook.fine_tuning says of mistakes."""

NAN, INF = float("nan"), float("inf")


def net(nn):
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def call(name, *args, **options):
    """The function, of a network with layers 0 and 2."""
    return lambda T: getattr(T.fine_tuning, name)(net(T.nn), *args, **options)


def of_no_module(name, *args):
    return [(lambda T, what=what: getattr(T.fine_tuning, name)(what, *args),
             f"{name}: {type(what).__name__} came, a Module is needed") for what in (None, 3, [], "net")]


def of_no_pattern(name, *before):
    return [
        *((call(name, *before, wrong), f"{name}: patterns: .* came, several of type str are needed")
          for wrong in (3, None, [0],
                        {"a": 1}) if (name, wrong) not in (("layer_groups", None), ("unfreeze_top", None))),
        (call(name, *before, []), f"{name}: patterns: 0 came, needed: at least 1"),
    ]


def of_no_rank(make, where):
    return [
        *((make(r), rf"LoRA: for Linear\(in_features=3.*\), r={r} came, between 1 and 3 is")
          for r in (0, -1, 4)),
        *((make(r), r"LoRA: for Linear\(in_features=3.*\), r=.* came, a whole number is")
          for r in (1.5, "1", None)),
        *((make(1, a), r"LoRA: alpha=.* came, a number in \(0, inf\) is") for a in (0, -1, NAN, INF, "1")),
    ]


ERRORS = {
    **{name: [*of_no_module(name), *of_no_pattern(name),
              (call(name, "boddy"), f"{name}: 'boddy' matches none of the parameters")]
       for name in ("freeze", "unfreeze")},
    "unfreeze_top": [
        *of_no_module("unfreeze_top", 1), *of_no_pattern("unfreeze_top", 1),
        *((call("unfreeze_top", n),
           f"unfreeze_top: of the layers .*, count={n} came, between 0 and 2 is needed")
          for n in (-1, 3)),
        *((call("unfreeze_top", n), "unfreeze_top: of the layers .* came, a whole number is needed")
          for n in (1.5, "1", None, True)),
        (call("unfreeze_top", 1, ["0"]), r"unfreeze_top: 2.weight is in \[\], one of the layers \['0'\]"),
    ],
    "layer_groups": [
        *of_no_module("layer_groups", 0.1, 0.5), *of_no_pattern("layer_groups", 0.1, 0.5),
        *((call("layer_groups", lr, 0.5), r"layer_groups: lr=.* came, a number in \[0, inf\) is needed")
          for lr in (-1, NAN, INF, "a", None)),
        *((call("layer_groups", 0.1, d), r"layer_groups: decay=.* came, a number in \(0, 1\] is needed")
          for d in (0, 1.5, NAN, "a", None)),
    ],
    "replace_head": [
        *of_no_module("replace_head", 2),
        *((call("replace_head", n), f"replace_head: out_features={n} came, at least 1 is needed")
          for n in (0, -1)),
        *((call("replace_head", n), "replace_head: out_features=.* came, a whole number is")
          for n in (1.5, "2")),
        *((call("replace_head", 2, name), r"replace_head: .* came, the Linear layers are \['0', '2'\]")
          for name in ("tail", 3, [], "1")),
    ],
    "LoRA": [
        *of_no_rank(lambda r, *a: lambda T: T.fine_tuning.LoRA(T.nn.Linear(3, 4), r, *a), "LoRA"),
        (lambda T: T.fine_tuning.LoRA(T.nn.Tanh(), 1), "LoRA: Tanh came, a Linear is needed"),
        (lambda T: T.fine_tuning.LoRA(None, 1), "LoRA: NoneType came, a Linear is needed"),
    ],
    "LoRA.forward": [
        (lambda T: T.fine_tuning.LoRA(T.nn.Linear(3, 4), 1)(T.ones(2, 5)),
         r"linear: x \(2, 5\) and weight \(4, 3\)"),
    ],
    "add_lora": [
        *of_no_module("add_lora", 1), *of_no_pattern("add_lora", 1, None),
        *of_no_rank(lambda r, *a: call("add_lora", r, *a), "add_lora"),
        (call("add_lora", 1, None, "tail"), r"add_lora: \['tail'\] match no Linear layer within the module"),
    ],
    "parameter_counts": of_no_module("parameter_counts"),
}
