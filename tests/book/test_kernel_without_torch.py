"""tools/ipython: in a kernel without PyTorch a chapter runs to its end, and a line says what is skipped."""

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTUP = runpy.run_path(ROOT / "tools" / "ipython" / "profile_default" / "startup" / "without_torch.py")


@pytest.fixture
def run(capsys):
    """Runs a cell as such a kernel would, and returns (what it printed, the names that there are)."""
    transformer, names = STARTUP["WithoutTorch"](), {}

    def cell(source):
        exec(compile(transformer.visit(ast.parse(source)), "cell", "exec"), names)
        return capsys.readouterr().out.splitlines(), names

    return cell


def test_the_first_cell_says_once_what_is_missing_and_how_to_install_it(run):
    said, names = run("import math\nimport torch\nfrom torch import nn\ntorch.manual_seed(0)\nx = math.pi")
    assert said == [STARTUP["ABSENT"], "Skipped, without PyTorch: what needs torch."]
    assert STARTUP["INSTALL"] in said[0]
    assert names["x"] > 3
    assert run("import torch\ny = 2")[0] == []


def test_what_needs_what_was_skipped_is_skipped_too_and_no_more(run):
    run("import torch\nkept, seen = [], {}\nimport math")
    said, names = run(
        "a = torch.ones(3)\nb = 1\nc = [a for a in range(b)]\nd = 2\nkept.append(a)\nseen[0] = a"
    )
    assert said == ["Skipped, without PyTorch: what needs a, torch."]
    assert names["b"] + names["d"] == 3
    said, _ = run("print(kept)\nprint(len(seen))\nprint(math.floor(2.5))\nprint(c)")
    assert said == ["Skipped, without PyTorch: what needs c, kept, seen.", "2"]
    said, names = run("a = 5\nprint(a)")
    assert said == ["5"], "a name that is given a value again is there again"


def test_a_function_that_compares_with_torch_is_not_there(run):
    run("import torch")
    said, names = run("def f(x):\n    return torch.relu(x)\ndef g(x):\n    return x\nprint(g(1))\nf(2)")
    assert said == ["Skipped, without PyTorch: what needs f, torch.", "1"]
    assert "f" not in names
