"""run.py and tools/environment.py: each sentence they say, on made-up machines; nothing is installed."""

import ast
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import nbformat
import pytest

import run
from tools import environment, kernel_env
from tools.environment import Stop

ROOT = Path(run.__file__).parent
SCRIPTS = [ROOT / "run.py", ROOT / "tools" / "environment.py"]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A clone without .venv, a record of the programs that would run, and pip/npm that succeed."""
    for name in ("requirements.lock", "pyproject.toml", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "node_modules").mkdir()
    calls, results = [], {}

    def call(command, watch=None, **env):
        words = [str(word) for word in command]
        calls.append(words)
        if "venv" in words:
            folder = environment.bin_dir(tmp_path / ".venv")
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("python", "npm"):
                (folder / name).touch()
        return next((status for word, status in results.items() if word in words), 0)

    monkeypatch.setattr(environment, "call", call)
    monkeypatch.setattr(environment, "starts", lambda python: python.exists())
    monkeypatch.setattr(environment, "free_space", lambda path: 100 * environment.GB)
    monkeypatch.setattr(environment, "answers", lambda url: False)
    return SimpleNamespace(root=tmp_path, calls=calls, results=results)


# --- old and incomplete Pythons ------------------------------------------------------------------------


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse_on_python_3_6_and_import_the_standard_library_only(path):
    module = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    for node in ast.walk(module):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names | {"tools"}, name


def test_an_old_python_says_what_it_is_and_what_is_needed():
    text = environment.python_complaint((3, 9, 2), which=lambda name: None)
    assert "Python 3.9 found, 3.11 needed" in text
    assert "python.org" in text


def test_an_old_python_names_the_newer_one_on_the_machine():
    text = environment.python_complaint((3, 8, 0), which=lambda name: name in ("python3.11", "python3.12"))
    assert "python3.12 run.py" in text


def test_main_refuses_an_old_python_before_doing_anything(monkeypatch, capsys):
    monkeypatch.setattr(run.sys, "version_info", (3, 7, 3))
    assert run.main(["book"]) == 1
    assert "Python 3.7 found, 3.11 needed" in capsys.readouterr().err


@pytest.mark.parametrize("absent", ["venv", "ensurepip"])
def test_a_python_without_venv_or_ensurepip_names_the_debian_package(absent):
    text = environment.python_complaint((3, 12, 1), has=lambda name: name != absent)
    assert f"lacks the standard module {absent}" in text
    assert "apt install python3-venv" in text
    assert "python3.12-venv" in text


def test_an_empty_folder_left_by_a_removed_package_is_no_module(tmp_path, monkeypatch):
    (tmp_path / "leftover").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    found = [environment.has_module(name) for name in ("leftover", "nowhere", "json", "venv")]
    assert found == [False, False, True, True]


def test_a_whole_new_enough_python_is_not_complained_about():
    assert environment.python_complaint((3, 11, 0), has=lambda name: True) is None
    assert environment.python_complaint((3, 20, 0), has=lambda name: True) is None


# --- Windows, macOS, Linux -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("windows", "file", "name"),
    [(True, "Scripts/npm.cmd", "npm"), (True, "Scripts/ruff.exe", "ruff"), (False, "bin/ruff", "ruff")],
)
def test_programs_are_found_where_each_system_puts_them(tmp_path, windows, file, name):
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).touch()
    assert environment.tool(name, tmp_path, windows) == tmp_path / file
    with pytest.raises(Stop, match=r"jupyter is missing from .* Delete the folder \.venv"):
        environment.tool("jupyter", tmp_path, windows)


@pytest.mark.parametrize(("windows", "first"), [(True, "x/Scripts;C:"), (False, "x/bin:C:")])
def test_child_programs_see_the_environment_first_and_no_other_python(windows, first):
    base = {"PATH": "C:", "PYTHONPATH": "/other", "PYTHONHOME": "/other", "GRADBOOK_STATIC": "1", "HOME": "h"}
    env = environment.child_env(base, PurePosixPath("x"), windows)
    assert env["PATH"] == first
    assert not {"PYTHONPATH", "PYTHONHOME", "GRADBOOK_STATIC"} & set(env)
    assert env["HOME"] == "h"


def test_no_program_is_started_through_a_shell():
    for path in SCRIPTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword):
                assert node.arg != "shell"
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("system", "popen")


# --- PyTorch: what is downloaded, and how large it is --------------------------------------------------


def test_where_the_cpu_index_answers_it_is_used_and_the_size_is_said_first(capsys):
    options = environment.torch_options("torch==2.13.0\n", 9e10, "linux", reachable=lambda url: True)
    assert options == ["--extra-index-url", environment.TORCH_INDEX]
    assert "PyTorch 2.13.0 0.2 GB (CPU build" in capsys.readouterr().out


def test_where_it_does_not_answer_pip_goes_on_and_the_several_gb_are_said_first(capsys):
    assert environment.torch_options("torch==2.13.0\n", 9e9, "linux", reachable=lambda url: False) == []
    said = capsys.readouterr().out
    assert "several GB" in said
    assert "Ctrl-C" in said
    assert "Free here: 9.0 GB" in said


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_cpu_wheels_on_pypi_and_are_not_probed(platform, capsys):
    def probe(url):
        raise AssertionError("no probe is needed here")

    assert environment.torch_options("torch==2.13.0 ; x\n", 9e10, platform, reachable=probe) == []
    assert "PyTorch 2.13.0 0.1 to 0.2 GB" in capsys.readouterr().out


def test_the_probe_gives_up_in_time_even_when_name_lookup_hangs():
    over = threading.Event()

    def hang(url, timeout):
        over.wait(30)
        raise OSError("name look-up gave up at last")

    started = time.monotonic()
    assert environment.answers("http://x", seconds=0.2, fetch=hang) is False
    assert time.monotonic() - started < 5
    over.set()


def test_the_probe_tells_an_answer_from_a_refusal():
    @contextmanager
    def fetch(url, timeout):
        if "down" in url:
            raise OSError("no route")
        yield SimpleNamespace(status=404 if "gone" in url else 200)

    found = [environment.answers(f"http://{name}", fetch=fetch) for name in ("up", "down", "gone")]
    assert found == [True, False, False]


# --- installing, and what interrupts it ----------------------------------------------------------------


def test_a_second_run_installs_nothing(tree):
    environment.ensure_python(tree.root)
    environment.ensure_node(tree.root)
    first = len(tree.calls)
    environment.ensure_python(tree.root)
    environment.ensure_node(tree.root)
    assert first == 4  # venv, pip from the lock, pip -e, npm ci
    assert len(tree.calls) == first


@pytest.mark.parametrize("step", ["venv", "-r", "-e"])
def test_an_install_that_died_half_way_is_done_again_by_the_next_run(tree, step):
    tree.results[step] = 1
    with pytest.raises(Stop):
        environment.ensure_python(tree.root)
    tree.results.clear()
    tree.calls.clear()
    environment.ensure_python(tree.root)
    steps = [word for words in tree.calls for word in words if word in ("--clear", "-r", "-e")]
    assert steps == (["-e"] if step == "-e" else ["--clear", "-r", "-e"])


def test_ctrl_c_during_the_install_leaves_no_stamp(tree, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure_python(tree.root)
    assert not list(tree.root.glob(".venv/*.stamp"))


def test_a_half_made_environment_without_python_is_made_anew(tree):
    environment.ensure_python(tree.root)
    (environment.bin_dir(tree.root / ".venv") / "python").unlink()
    tree.calls.clear()
    environment.ensure_python(tree.root)
    assert "--clear" in tree.calls[0]


def test_a_changed_lock_makes_the_environment_anew_but_a_changed_pyproject_does_not(tree):
    environment.ensure_python(tree.root)
    tree.calls.clear()
    (tree.root / "pyproject.toml").write_text("[project]\n")
    environment.ensure_python(tree.root)
    assert [words[-2] for words in tree.calls] == ["-e"]
    (tree.root / "requirements.lock").write_text("numpy==2.4.6\n")
    environment.ensure_python(tree.root)
    assert "--clear" in tree.calls[1]


def test_npm_that_was_killed_runs_again(tree):
    environment.ensure_python(tree.root)
    tree.results["ci"] = 1
    with pytest.raises(Stop, match="npm ci failed"):
        environment.ensure_node(tree.root)
    tree.results.clear()
    tree.calls.clear()
    environment.ensure_node(tree.root)
    environment.ensure_node(tree.root)
    assert [words[1] for words in tree.calls] == ["ci"]


def test_linked_folders_are_somebody_elses_and_left_alone(tree):
    (tree.root / "elsewhere").mkdir()
    (tree.root / "node_modules").rmdir()
    try:
        for name in (".venv", "node_modules"):
            (tree.root / name).symlink_to(tree.root / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    environment.ensure_python(tree.root)
    environment.ensure_node(tree.root)
    assert tree.calls == []


def test_too_little_space_is_said_before_anything_is_made(tree, monkeypatch):
    monkeypatch.setattr(environment, "free_space", lambda path: 1.26 * environment.GB)
    with pytest.raises(Stop, match=r"1\.3 GB are free here, the installation needs about 4 GB"):
        environment.ensure_python(tree.root)
    assert tree.calls == []
    assert not (tree.root / ".venv").exists()


def test_no_venv_module_stops_before_anything_is_made(tree, monkeypatch):
    complain, nothing = environment.python_complaint, lambda name: False
    monkeypatch.setattr(environment, "python_complaint", lambda version: complain(version, nothing))
    with pytest.raises(Stop, match="apt install python3-venv"):
        environment.ensure_python(tree.root)
    assert tree.calls == []


@pytest.mark.parametrize(
    ("log", "free", "words"),
    [
        ("OSError: [Errno 28] No space left on device", 9e9, "The disk is full"),
        ("npm error code ENOSPC", 9e9, "The disk is full"),
        ("", 1e7, "The disk is full (0.0 GB are free here)"),
        ("NewConnectionError: no such host\nNo matching distribution found", 9e9, "HTTPS_PROXY"),
        ("npm error code EAI_AGAIN", 9e9, "Check the network"),
        ("ERROR: No matching distribution found for torch==2.13.0", 9e9, "not offered for this system"),
        ("error: Microsoft Visual C++ 14.0 is required", 9e9, "pip failed, its last lines are above"),
    ],
)
def test_the_log_of_a_failed_install_becomes_advice(log, free, words):
    assert words in environment.install_advice("pip", log, free)


# --- the commands --------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_another_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=rf"Port {port} cannot be used: .* run\.py book --port {port + 1}"):
            run.open_server(port, ROOT)


def test_a_taken_port_stops_the_command_before_any_work(monkeypatch, capsys):
    monkeypatch.setattr(run, "prepare", lambda: pytest.fail("nothing should be installed"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run.main(["book", "--port", str(taken.getsockname()[1])]) == 1
    assert "--port" in capsys.readouterr().err


def test_the_server_serves_the_book_with_the_types_browsers_want(tmp_path):
    (tmp_path / "a.js").write_text("1")
    (tmp_path / "a.woff2").write_text("1")
    server = run.open_server(0, tmp_path)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address, port = server.server_address[:2]
        assert address == "127.0.0.1"
        for name, kind in (("a.js", "text/javascript"), ("a.woff2", "font/woff2")):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}") as response:
                assert response.headers["Content-Type"] == kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_stopping_the_server_with_ctrl_c_is_no_failure(monkeypatch, capsys):
    def ctrl_c(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "build", lambda: None)
    monkeypatch.setattr(run.Server, "serve_forever", ctrl_c)
    assert run.main(["book", "--port", "0"]) == 0
    assert re.search(r"http://127\.0\.0\.1:\d+/", capsys.readouterr().out)


def test_the_words_after_book():
    assert run.book_options([]) == (8000, True)
    assert run.book_options(["--port", "8001"]) == (8001, True)
    assert run.book_options(["--no-serve", "--port=0"]) == (0, False)


@pytest.mark.parametrize("words", [["--port"], ["--port", "http"], ["--port=99999"], ["--serve"], ["ema"]])
def test_wrong_words_after_book_are_named(words):
    with pytest.raises(Stop, match="--port"):
        run.book_options(words)


def test_files_named_after_test_replace_the_default_places():
    assert set(run.test_places([])) >= {"tests", "_build/notebooks"}
    assert run.test_places(["-k", "bias"]) == run.test_places([])
    assert all((ROOT / place).exists() for place in run.test_places([]) if not place.startswith("_build"))
    assert run.test_places(["tests/test_run.py::test_the_words_after_book", "-x"]) == []


@pytest.mark.parametrize("built", [True, False])
def test_what_needs_no_book_is_tested_while_the_book_is_built(monkeypatch, built):
    """Each test is in one half; a failure in either half, or of the book, is a failure."""
    began, called = threading.Event(), []

    def call(words, errors=None):
        words = list(map(str, words))
        called.append(words)
        if "build" in words:
            began.set()
            return 0 if built else 1
        assert began.wait(10)
        return 0 if words[words.index("-m", 3) + 1] == "built" else 1

    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "call", call)
    assert run.main(["test"]) == 1
    halves = [words[words.index("-m", 3) + 1] for words in called if "pytest" in words]
    assert halves == (["not built", "built"] if built else ["not built"])
    assert all(set(run.SLOW_FIRST[1:]) <= set(words) for words in called if "pytest" in words)
    assert run.SLOW_FIRST[0] in called[-1] or not built


def test_with_arguments_the_book_is_built_first(monkeypatch):
    called = []
    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "call", lambda words, errors=None: called.append(list(map(str, words))))
    assert run.main(["test", "-k", "bias"]) == 0
    assert ["build" in words for words in called] == [True, False]
    assert called[1][-2:] == ["-k", "bias"] and "tests" in called[1]


STDERR = """\
{root}{sep}book{sep}ema.md: WARNING: Executing notebook failed: CellExecutionError
Traceback (most recent call last):
  File "client.py", line 918, in _check_raise_for_error
nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:
------------------
y = x / 0
------------------

\x1b[31mZeroDivisionError\x1b[39m  Traceback (most recent call last)
Cell In[2], line 1
ZeroDivisionError: division by zero

 [mystnb.exec]
\x1b[91m{root}{sep}book{sep}bp.md:7: WARNING: equation not found: bp-delta [ref.eq]\x1b[39;49;00m
[IPKernelApp] WARNING | noise
Traceback (most recent call last):
  File "main.py", line 528, in builder_specific_actions
RuntimeError: There was an error in building your book.
"""


def test_a_failed_build_ends_with_chapter_cell_and_traceback_and_the_warnings():
    advice = run.build_advice(STDERR.format(root=ROOT, sep=os.sep))
    assert f"book{os.sep}ema.md: CellExecutionError: An error occurred" in advice
    assert "y = x / 0" in advice
    assert "Cell In[2], line 1\nZeroDivisionError: division by zero" in advice
    assert f"\nbook{os.sep}bp.md:7: WARNING: equation not found: bp-delta" in advice
    assert not any(noise in advice for noise in ("client.py", "main.py", "IPKernelApp", "\x1b", str(ROOT)))


def test_a_build_that_fails_in_another_way_points_to_its_last_lines():
    assert "last lines of jupyter-book are above" in run.build_advice("RuntimeError: no table of contents")


def test_the_errors_of_a_program_are_shown_and_kept(capsys):
    kept = []
    program = "import sys; print('to stdout'); print('wrong: ß', file=sys.stderr); sys.exit(3)"
    assert environment.call([sys.executable, "-c", program], errors=kept) == 3
    assert kept == ["wrong: ß\n"]
    assert "wrong: ß" in capsys.readouterr().err


def test_every_failing_step_gives_a_status_that_is_not_zero(monkeypatch, capsys):
    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "tool", lambda name: name)
    for failing in ("jupyter-book", "python"):
        monkeypatch.setattr(run, "call", lambda command, failing=failing, **env: int(command[0] == failing))
        assert run.main(["test"]) == 1, failing
    monkeypatch.setattr(run, "call", lambda command, **env: 0)
    assert run.main(["test"]) == 0


def test_bench_names_the_benchmarks_that_there_are(capsys):
    assert run.main(["bench", "nothing-of-that-name"]) == 1
    assert "There are:" in capsys.readouterr().err


def test_lab_finds_the_settings_of_the_book_and_keeps_the_readers_own(monkeypatch):
    seen = {}
    monkeypatch.setattr(run, "prepare", lambda: None)
    monkeypatch.setattr(run, "tool", lambda name: name)
    monkeypatch.setattr(run, "call", lambda command, **env: seen.update(env, command=command) or 0)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert run.main(["lab", "--no-browser"]) == 0
    assert seen["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(ROOT / "tools"), "mine"])
    start = "--LabApp.default_url=/lab/tree/index.md"
    assert seen["command"] == ["jupyter", "lab", "book", start, "--no-browser"]


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), ([], 2), (["bok"], 2)])
def test_without_a_command_the_four_commands_are_shown(words, status):
    command = [sys.executable, ROOT / "run.py", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert "run.py book [--port N]" in (done.stdout if status == 0 else done.stderr)


def test_kernels_use_the_books_profile_and_not_the_readers(tmp_path):
    """What a reader's own IPython does at its start would end up in the outputs, and in their comparison."""
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("answer = 'from my start-up file'")
    kernel = {"name": "python3", "display_name": "Python 3"}
    output = nbformat.v4.new_output("stream", text="None\n")
    cell = nbformat.v4.new_code_cell("print(globals().get('answer'))", outputs=[output], execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    (tmp_path / "one.ipynb").write_text(nbformat.writes(notebook))

    def nbval(**env):
        home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
        words = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "one.ipynb"]
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "check": False}
        return subprocess.run(words, env={**os.environ, **home, **env}, **options)

    good, bad = nbval(**kernel_env.KERNEL_ENV), nbval(IPYTHONDIR=str(tmp_path / ".ipython"))
    assert good.returncode == 0, good.stdout
    assert bad.returncode == 1, "otherwise this test shows nothing"
    assert "start-up file" in bad.stdout
    assert "eavesdropping" not in good.stdout + good.stderr
