"""Names that are not there: an AttributeError that says what there is instead."""

import copy
import pickle

import gradbook
import numpy as np
import pytest
from gradbook.names import EVERYWHERE, TENSOR, TOP, missing

say = missing("here", ["conv1d", "conv2d", "relu"], {"conv3d conv4d": "it has conv2d"})


@pytest.mark.parametrize(("name", "words"), [
    ("conv4d", r"^here has no 'conv4d': it has conv2d$"),
    ("conv2", r"^here has no 'conv2'\. Near it: conv\dd, conv\dd$"),
    ("xyzzy", r"^here has no 'xyzzy'\. dir\(here\) lists what it has$"),
    ("__wrapped__", r"^here has no '__wrapped__'$"),
])
def test_what_is_said_of_a_missing_name(name, words):
    with pytest.raises(AttributeError, match=words) as error:
        say(name)
    assert error.value.name == name


def names(table):
    return [name for group in table for name in group.split()]


def test_no_name_is_explained_that_exists_or_twice():
    for table, owner in (({**EVERYWHERE, **TOP}, gradbook), ({**EVERYWHERE, **TENSOR}, gradbook.Tensor)):
        assert len(set(names(table))) == len(names(table))
        assert [n for n in names(table) if n in getattr(owner, "__all__", [])] == []
    for name in names(TOP):
        assert not hasattr(gradbook, name)
    for name in names(EVERYWHERE | TENSOR):
        assert not hasattr(gradbook.ones(2), name)


def test_names_that_are_explained_are_torchs():
    torch = pytest.importorskip("torch")
    for name in names(EVERYWHERE | TOP | TENSOR):
        assert hasattr(torch, name) or hasattr(torch.Tensor, name)


@pytest.mark.parametrize(("ask", "words"), [
    (lambda: gradbook.conv2d, r"gradbook has no 'conv2d': it is gradbook\.nn\.functional\.conv2d"),
    (lambda: gradbook.manual_seed, r"gradbook has no 'manual_seed': pass a NumPy Generator"),
    (lambda: gradbook.softmx, r"gradbook has no 'softmx'\. Near it: softmax"),
    (lambda: gradbook.ones(2).cuda(), r"Tensor has no 'cuda': everything is on the CPU"),
    (lambda: gradbook.ones(2).clamp_(0), r"Tensor has no 'clamp_': write t\[\.\.\.\] = \.\.\.; in"),
    (lambda: gradbook.ones(2).device, r"Tensor has no 'device'"),
])
def test_what_gradbook_and_a_tensor_say(ask, words):
    with pytest.raises(AttributeError, match=words):
        ask()


def test_asking_does_no_harm():
    t = gradbook.ones(2, 3, requires_grad=True)
    assert not hasattr(t, "cuda")
    assert "cuda" not in dir(t)
    assert "sum" in dir(t)
    for copied in (copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
        np.testing.assert_array_equal(copied.detach().numpy(), t.detach().numpy())
        assert copied.requires_grad
