"""What is refused, and in which words: of every public function and class, at least one mistake; in the
chapters' own modules, which have no twin in PyTorch, also of every method that takes an argument.

The tables stand beside the cases, in tests/cases. They are judged as a reader meets them: a ValueError or a
TypeError, which says at its beginning who refuses: the function, or what it calls, such as linear in Linear.
"""

import inspect
import re

import gradbook
import pytest
from cases import ERRORS

ROWS = [pytest.param(call, words, id=f"{name}-{k}")
        for name in ERRORS for k, (call, words) in enumerate(ERRORS[name])]
CHAPTERS = ("ema", "receptive_field", "cost", "preprocessing", "regularization", "search", "fine_tuning",
            "data", "backprop")
PLACES = {"gradbook": gradbook, "functional": gradbook.functional, "nn": gradbook.nn, "optim": gradbook.optim,
          "lr_scheduler": gradbook.optim.lr_scheduler, "init": gradbook.nn.init,
          **{name: getattr(gradbook, name) for name in CHAPTERS}}
CANNOT_BE_CALLED_WRONGLY = {
    "Cost": "what count returns",
    "Identity": "takes anything",
    "Parameter": "a Tensor, and says what Tensor says",
    "Trial": "what a search returns",
    "Tensor": "what tensor() makes; test_autodiff.py reads what it refuses",
    "clone": "copies any array",
    "get_default_dtype": "takes nothing",
    "no_grad": "takes nothing",
    "ones_like": "of any array",
    "zeros_like": "of any array",
}


def public():
    """{name: where it stands} of all that is offered; a second thing of a name is called backprop.softmax."""
    found, things = {}, {}
    for place, module in PLACES.items():
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", [n for n in own if n[0] != "_"]):
            thing = getattr(module, name)
            if callable(thing) and not inspect.ismodule(thing):
                key = name if things.setdefault(name, thing) is thing else f"{place}.{name}"
                found[key] = f"{place}.{name}"
                if place in CHAPTERS and inspect.isclass(thing):
                    found |= {f"{name}.{method}": f"{place}.{name}.{method}" for method in methods(thing)}
    return found


def methods(cls):
    """The public methods of a class that its module defines, and that take an argument."""
    return [name for name, f in inspect.getmembers(cls, inspect.isfunction)
            if name[0] != "_" and f.__module__ == cls.__module__ and len(inspect.signature(f).parameters) > 1]


def test_every_public_function_and_class_has_a_mistake_in_the_table():
    known = {*ERRORS, *CANNOT_BE_CALLED_WRONGLY}
    assert sorted(where for name, where in public().items() if name not in known) == []
    assert set(CANNOT_BE_CALLED_WRONGLY) <= set(public())
    assert not set(CANNOT_BE_CALLED_WRONGLY) & set(ERRORS)
    assert all(ERRORS.values())


@pytest.mark.parametrize(("call", "words"), ROWS)
def test_a_mistake_is_told_and_who_refuses_it(call, words):
    with pytest.raises((ValueError, TypeError), match=words) as error:
        call(gradbook)
    assert re.match(r"[A-Za-z_0-9.]+(: |\(\) )", str(error.value))


@pytest.mark.parametrize("wrong", [3, [1.0, 2.0], "x", None], ids=repr)
@pytest.mark.parametrize("place", ["gradbook", "functional"])
def test_what_is_no_tensor_is_refused_by_name(place, wrong):
    functions = {name: getattr(PLACES[place], name) for name, where in public().items()
                 if where.startswith(place) and inspect.isfunction(getattr(PLACES[place], name, None))}
    assert len(functions) > 30
    told = {}
    for name, function in functions.items():
        try:
            function(wrong)                    # some take numbers and lists as NumPy does
        except (TypeError, ValueError) as error:
            told[name] = str(error)
    assert {name: words for name, words in told.items() if not words.startswith((name, "pow: "))} == {}
