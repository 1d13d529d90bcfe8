"""Stored experiments: today's code, repeatable, and nothing else passes."""

import json
import re
import shutil
import textwrap

import numpy as np
import pytest
from gradbook import experiments

from tools import experiments as runner

SCRIPT = '''
"""How far a walk gets."""
import numpy as np
import gradbook as T
from gradbook.ema import ema

SEEDS = range(10)

def run(seed):
    """One walk."""
    walk = np.random.default_rng(seed).normal(size=50).cumsum()  # a comment
    return {"far": walk[-1], "smooth": ema(walk, 0.9)[-3:], "steps": 50}
'''


@pytest.mark.parametrize("name", experiments.names())
def test_every_experiment_is_stored_and_of_todays_code(name):
    assert not runner.is_stale(name), f"python3 run.py experiments {name}"
    stored = experiments.load(name)
    assert len(stored["seed"]) >= 10
    assert stored["seed"].tolist() == list(runner.script(name).SEEDS)


@pytest.mark.parametrize("name", experiments.names())
def test_one_seed_of_every_experiment_comes_out_as_stored(name):
    assert runner.repeated(name) == []


@pytest.fixture
def walk(tmp_path, monkeypatch):
    """A checkout of its own, with one experiment; returns the path of its script."""
    library = tmp_path / "lib/gradbook"
    for part in ("__init__", "ema", "arguments", "dtypes"):
        library.mkdir(parents=True, exist_ok=True)
        shutil.copy(experiments.LIBRARY / f"{part}.py", library)
    (library / "optim").mkdir()
    (library / "optim/__init__.py").write_text("from ..dtypes import match\n")
    (library / "prose.py").write_text("x = 1\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\npandas==3.1.1\nsphinx==7.4.7\n")
    scripts = tmp_path / "book/experiments"
    scripts.mkdir(parents=True)
    places = {"LIBRARY": library, "RESULTS": library / "results", "ROOT": tmp_path, "SCRIPTS": scripts}
    for name, value in places.items():
        monkeypatch.setattr(experiments, name, value)
    path = scripts / "walk.py"
    path.write_text(SCRIPT)
    return path


def test_an_experiment_is_run_stored_and_loaded(walk, capsys):
    assert runner.main(["walk"], workers=1) == 0
    assert "walk: 10 seeds" in capsys.readouterr().out
    stored = experiments.load("walk")
    assert set(stored) == {"seed", "far", "smooth", "steps"}
    assert stored["smooth"].shape == (10, 3)
    assert stored["far"][4] == pytest.approx(np.random.default_rng(4).normal(size=50).sum(), rel=1e-6)
    assert runner.repeated("walk") == runner.repeated("walk", 7) == []


def test_the_same_code_stores_the_same_bytes_with_any_number_of_workers(walk):
    path = experiments.RESULTS / "walk.json"
    runner.main([], workers=1)
    before = path.read_bytes()
    runner.main([], workers=2)
    assert path.read_bytes() == before


def test_only_what_is_stale_is_run_if_so_asked(walk, capsys):
    runner.main(["--stale"], workers=1)
    assert "walk: 10 seeds" in capsys.readouterr().out
    runner.main(["--stale"], workers=1)
    assert "walk: up to date\n0 run again" in capsys.readouterr().out


MORE = "import numpy as np\nextra = 1"
CHANGES = {
    "the script's code": ("book/experiments/walk.py", "size=50", "size=51", True),
    "a comment": ("book/experiments/walk.py", "# a comment", "# another, longer one", False),
    "a docstring": ("book/experiments/walk.py", "One walk.", "A walk of one seed.", False),
    "layout": ("book/experiments/walk.py", "\n\ndef run", "\n\n\n\ndef run", False),
    "a module it imports": ("lib/gradbook/ema.py", "import numpy as np", MORE, True),
    "a docstring there": ("lib/gradbook/ema.py", '"""', '"""More: ', False),
    "a module imported by that": ("lib/gradbook/dtypes.py", "import numpy as np", MORE, True),
    "a package within it": ("lib/gradbook/optim/__init__.py", "import match", "import match as m", True),
    "a module it does not need": ("lib/gradbook/prose.py", "x = 1", "x = 2", False),
    "the pin of a package it needs": ("requirements.lock", "numpy==2.4.6", "numpy==2.4.7", True),
    "the pin of another": ("requirements.lock", "sphinx==7.4.7", "sphinx==7.4.8", False),
}


@pytest.mark.parametrize("what", CHANGES)
def test_numbers_are_stale_after_a_change_of(walk, what, monkeypatch, capsys):
    runner.main([], workers=1)
    name, old, new, stale = CHANGES[what]
    path = walk.parents[2] / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert runner.is_stale("walk") is stale
    monkeypatch.setenv("GRADBOOK_STATIC", "1")
    if stale:
        with pytest.raises(experiments.Stale, match=r"walk was run with other code.* run\.py experiments w"):
            experiments.load("walk")
        monkeypatch.delenv("GRADBOOK_STATIC")  # a reader who changed the library goes on reading
        capsys.readouterr()
        assert len(experiments.load("walk")["far"]) == 10
        assert "run it again" in capsys.readouterr().out
    else:
        assert len(experiments.load("walk")["far"]) == 10


def test_a_module_that_is_used_through_the_package_counts(walk):
    walk.write_text(SCRIPT.replace("from gradbook.ema import ema", "").replace("ema(walk", "T.ema.ema(walk"))
    assert "gradbook.ema" in experiments.modules(walk)
    assert "gradbook.prose" not in experiments.modules(walk)


def test_an_invented_number_does_not_pass(walk):
    runner.main([], workers=1)
    path = experiments.RESULTS / "walk.json"
    stored = json.loads(path.read_text())
    stored["results"]["smooth"][0][1] *= 1.001
    path.write_text(json.dumps(stored))
    assert not runner.is_stale("walk")
    assert runner.repeated("walk") == ["smooth"]
    del stored["results"]["far"]
    path.write_text(json.dumps(stored))
    assert runner.repeated("walk") == ["far", "smooth"]


def test_code_is_written_alike_by_every_python():
    tree = experiments.ast.parse("def f(x, *, y=None):\n    return f'{x}!' + 'a'")
    assert experiments.written(tree) == (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='x')],kwonlyargs=[arg(arg='y')],"
        "kw_defaults=[Constant()]),body=[Return(value=BinOp(left=JoinedStr(values=[FormattedValue("
        "value=Name(id='x',ctx=Load()),conversion=-1),Constant(value='!')]),op=Add(),"
        "right=Constant(value='a')))])])"
    )


def test_an_unknown_experiment_and_one_that_was_never_run_say_so(walk):
    with pytest.raises(KeyError, match="there is no 'walks'; stored are none"):
        experiments.load("walks")
    with pytest.raises(experiments.Stale, match=r"walk was never run.*python3 run\.py experiments walk"):
        experiments.load("walk")


REFUSED = {
    "nine seeds": ("range(10)", "range(9)", "needs SEEDS, at least 10 different ones"),
    "a seed twice": ("range(10)", "[*range(10), 3]", "needs SEEDS, at least 10 different ones"),
    "no run": ("def run", "def walk", "and run\\(seed\\)"),
    "not a number": ('"steps": 50', '"steps": np.nan', r"run\(0\)\['steps'\] holds .* not a finite number"),
    "words": ('"steps": 50', '"steps": "many"', r"run\(0\)\['steps'\] holds .* not a finite number"),
    "nothing": ("return {", "{", r"run\(0\) has to return"),
    "other shapes": ("[-3:]", "[-3 - seed:]", "the seeds return different quantities or shapes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_experiment_is_refused_and_the_old_numbers_stay(walk, what, capfd):
    runner.main([], workers=1)
    before = (experiments.RESULTS / "walk.json").read_bytes()
    old, new, words = REFUSED[what]
    walk.write_text(SCRIPT.replace(old, new))
    assert runner.main([], workers=1) == 1
    assert re.search(f"experiments: walk: .*{words}", capfd.readouterr().err)
    assert (experiments.RESULTS / "walk.json").read_bytes() == before


def test_an_experiment_that_breaks_off_leaves_the_old_numbers(walk):
    runner.main([], workers=1)
    before = (experiments.RESULTS / "walk.json").read_bytes()
    walk.write_text(SCRIPT + textwrap.dedent("""
        inner = run
        def run(seed):
            return inner(seed) if seed < 9 else 1 / 0
    """))
    with pytest.raises(ZeroDivisionError):
        runner.main([], workers=1)
    assert (experiments.RESULTS / "walk.json").read_bytes() == before
    assert sorted(p.name for p in experiments.RESULTS.iterdir()) == ["walk.json"]


def test_words_that_are_not_known_are_refused(walk, capsys):
    assert runner.main(["--stales"]) == 2
    assert runner.main(["walks"]) == 1
    assert "there is no experiment 'walks'; there are walk" in capsys.readouterr().err
