"""`import gradbook`: NumPy alone, and every name it promises."""

import json
import subprocess
import sys

import gradbook
import pytest

ELSEWHERE = ("torch", "matplotlib", "sklearn", "scipy", "pandas", "ipywidgets", "anywidget", "IPython")


def python(code):
    """What a fresh interpreter prints, as JSON."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_loads_numpy_and_the_standard_library_only():
    found = python("""
import json, sys
import numpy
before = set(sys.modules)
import gradbook
new = {name.partition('.')[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(new - set(sys.stdlib_module_names))))
""")
    assert found == ["gradbook"]


def test_the_numpy_side_trains_where_nothing_else_is_installed():
    found = python(f"""
import json, sys
for name in {ELSEWHERE!r}:
    sys.modules[name] = None
import numpy as np
import gradbook as T
rng = np.random.default_rng(0)
x = T.tensor(rng.normal(size=(60, 5)))
y = x[:, :3].argmax(1)
net = T.nn.Sequential(T.nn.Linear(5, 9, rng=rng), T.nn.Tanh(), T.nn.Linear(9, 3, rng=rng))
optimizer, losses = T.optim.SGD(net.parameters(), lr=0.5), []
for _ in range(60):
    optimizer.zero_grad()
    loss = T.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(json.dumps([losses[0], losses[-1]]))
""")
    assert found[1] < 0.8 * found[0]


def test_every_name_of_all_exists_and_is_listed():
    for name in gradbook.__all__:
        assert getattr(gradbook, name) is not None
    assert set(gradbook.__all__) <= set(dir(gradbook))
    assert {"ema", "check", "figures"} <= set(dir(gradbook))


def test_a_module_is_found_without_being_imported_by_name():
    assert python("import json, gradbook; print(json.dumps(gradbook.data.digits.__name__))") == "digits"


def test_a_missing_name_says_what_there_is():
    with pytest.raises(AttributeError, match=r"gradbook has no 'sotfmax'\. Near it: softmax"):
        _ = gradbook.sotfmax
    assert not hasattr(gradbook, "_private")


OWN = {"functional": {"drop_path", "dropconnect", "maxout"}, "nn": set(), "optim": {"Lion", "Newton"}}


def test_functional_has_torchs_names_only():
    torch = pytest.importorskip("torch")
    own = {name for name in gradbook.functional.__all__ if not hasattr(torch.nn.functional, name)}
    assert own == OWN["functional"]
    assert gradbook.nn.functional is gradbook.functional


def test_what_is_public_is_spelt_as_in_torch():
    torch = pytest.importorskip("torch")
    assert [name for name in gradbook.__all__ if not hasattr(torch, name)] == ["autodiff"]
    for where in ("nn", "optim"):
        ours, theirs = getattr(gradbook, where), getattr(torch, where)
        own = [v for v in vars(ours).values() if isinstance(v, type) and v.__module__.startswith("gradbook")]
        public = {v.__name__ for v in own if not v.__name__.startswith("_")}
        assert len(public) > 1
        assert {n for n in public if not hasattr(theirs, n) and not hasattr(torch, n)} == OWN[where]


def test_methods_of_a_tensor_are_torchs():
    torch = pytest.importorskip("torch")
    assert [n for n in dir(gradbook.ones(2)) if n[0] != "_" and not hasattr(torch.Tensor, n)] == []


def test_import_takes_a_quarter_of_a_second_at_most():
    seconds = python("""
import json, time
start = time.perf_counter()
import gradbook
print(json.dumps(time.perf_counter() - start))
""")
    assert seconds < 2.5                           # measured: 0.13 s; the machine of the test may be busy
