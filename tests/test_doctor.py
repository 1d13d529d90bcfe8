"""python -m gradbook doctor: each kind of lack is found, said in one line, and given its command."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from gradbook import __main__, doctor
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def examined(monkeypatch, capsys):
    """examined(versions) -> (status, text), as if the packages had those versions; None is missing."""
    real = metadata.version

    def examine(versions=()):
        def version(package):
            found = dict(versions).get(package, "")
            if found is None:
                raise metadata.PackageNotFoundError(package)
            return found or real(package)

        monkeypatch.setattr(doctor.metadata, "version", version)
        return doctor.doctor(), capsys.readouterr().out

    return examine


def test_its_packages_and_oldest_versions_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [line for extra in ("check", "figures", "data", "notebook") for line in extras[extra]]
    wanted = {r.name: str(r.specifier)[2:] for r in map(Requirement, [*project["dependencies"], *lines])}
    brought_by_others = {"pillow", "matplotlib-inline", "comm", "traitlets", "jupyter-client"}
    assert {p: oldest for p, (_, oldest, _) in doctor.PACKAGES.items()} == {
        name: oldest for name, oldest in wanted.items() if name not in brought_by_others
    }
    assert project["requires-python"] == f">={doctor.PYTHON[0]}.{doctor.PYTHON[1]}"


def test_a_whole_environment_lacks_nothing():
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, "-m", "gradbook", "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.endswith("Nothing is lacking.\n")
    assert len(done.stdout.splitlines()) <= 24, "one screen"


def test_what_is_missing_or_too_old_is_named_with_the_command_that_mends_it(examined):
    status, text = examined({"anywidget": None, "scipy": "1.9.3", "torch": None})
    assert status == 1
    assert "✗ anywidget                 missing (the explorables in a notebook)" in text
    assert "✗ scipy         1.9.3       too old: 1.13 or newer is needed (the judge of some checks)" in text
    assert f'{sys.executable} -m pip install "scipy>=1.13" "anywidget>=0.9"' in text
    assert '-m pip install "torch>=2.4" --index-url https://download.pytorch.org/whl/cpu\n' in text


def test_a_package_that_is_there_but_does_not_import_is_broken(examined, monkeypatch):
    real = doctor.importlib.import_module

    def importing(name):
        if name == "pandas":
            raise OSError("a shared library is missing")
        return real(name)

    monkeypatch.setattr(doctor.importlib, "import_module", importing)
    status, text = examined()
    assert status == 1
    assert "broken: import pandas raises OSError" in text
    assert '-m pip install --force-reinstall "pandas>=2.2"' in text


def test_a_library_that_computes_wrongly_is_noticed(examined, monkeypatch):
    from gradbook.autodiff import PRIMITIVES

    right = PRIMITIVES["softmax"]

    def softmax(x, dim):
        value, vjp = right(x, dim)
        return value, lambda g: (1.01 * vjp(g)[0],)

    softmax.broadcasts = softmax.skips = False
    monkeypatch.setitem(PRIMITIVES, "softmax", softmax)
    status, text = examined()
    assert status == 1
    assert "✗ gradients of softmax agree" in text
    assert "✓ gradients of matmul agree" in text


def test_a_kernel_of_another_python_is_noticed(examined, monkeypatch):
    monkeypatch.setattr(doctor, "kernel_complaint", lambda: "the kernel is another Python")
    status, text = examined()
    assert status == 1 and "another Python" in text and "-m ipykernel install --sys-prefix" in text


def test_other_words_get_the_usage(capsys):
    assert __main__.main(["docter"]) == 2
    assert "usage: python -m gradbook doctor" in capsys.readouterr().err
    assert __main__.main(["--help"]) == 0
    assert "usage" in capsys.readouterr().out
