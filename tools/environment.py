"""The environment of run.py: .venv from requirements.lock, node_modules from package-lock.json.

Each step writes its stamp as its last act. A step without its stamp, however it ended, is done
again from the beginning, so that an interrupted installation recovers at the next run.
Standard library only; this file parses on Python 3.6 (see run.py).
"""
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = (3, 11)
WINDOWS = os.name == "nt"
GB = 10**9
SPACE = 4 * GB  # .venv takes 2.1 GB with the CPU build of PyTorch; downloads and the book take the rest
CUDA_SPACE = 14 * GB
TORCH_INDEX = "https://download.pytorch.org/whl/cpu/"
NO_NETWORK = ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "ReadTimeout", "ProxyError",
              "ConnectionResetError", "SSLError", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED")
NO_SPACE = ("No space left on device", "ENOSPC", "not enough space")


class Stop(Exception):
    """What went wrong and what to do, in words for the reader; run.py prints it and returns 1."""


def say(text):
    print(text, flush=True)


# --- this machine --------------------------------------------------------------------------------------


def has_module(name):
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None  # no origin: an empty folder


def python_complaint(version, has=has_module, which=shutil.which):
    """Why this Python will not do and what will, or None. `has` and `which` are arguments for the tests."""
    this = f"{version[0]}.{version[1]}"
    if tuple(version[:2]) < NEEDED:
        newer = [name for name in (f"python3.{minor}" for minor in range(11, 20)) if which(name)]
        if newer:
            advice = f"This machine has a newer one; use it: {newer[-1]} run.py ..."
        else:
            advice = "Install one (package manager, or python.org) and use it: python3.12 run.py ..."
        return f"Python {this} found, {NEEDED[0]}.{NEEDED[1]} needed. {advice}"
    missing = [name for name in ("venv", "ensurepip") if not has(name)]
    if missing:
        return (f"This Python {this} lacks the standard module {' and '.join(missing)}. "
                f"Debian and Ubuntu: sudo apt install python3-venv (or python{this}-venv). "
                "Elsewhere: the installer of python.org has it.")
    return None


def bin_dir(venv, windows=WINDOWS):
    return venv / ("Scripts" if windows else "bin")


def tool(name, venv=None, windows=WINDOWS):
    """The program `name` of .venv: bin/name, on Windows Scripts/name.exe or name.cmd."""
    folder = bin_dir(venv or ROOT / ".venv", windows)
    for suffix in (".exe", ".cmd") if windows else ("",):
        if (folder / (name + suffix)).exists():
            return folder / (name + suffix)
    raise Stop(f"{name} is missing from {folder}. Delete the folder .venv and run this command again.")


def child_env(base, venv, windows=WINDOWS):
    """Environment of every program started here: .venv first on PATH, no other Python in the way."""
    env = {k: v for k, v in base.items() if k not in ("PYTHONPATH", "PYTHONHOME", "GRADBOOK_STATIC")}
    env["PATH"] = str(bin_dir(venv, windows)) + (";" if windows else ":") + base.get("PATH", "")
    env.update(VIRTUAL_ENV=str(venv), PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    return env


def free_space(path):
    return shutil.disk_usage(str(path)).free


def answers(url, seconds=3.0, fetch=urllib.request.urlopen):
    """Whether url answers within `seconds`. In a thread: a timeout alone does not cover name look-up."""
    result = []

    def ask():
        try:
            with fetch(url, timeout=seconds) as response:
                result.append(response.status == 200)
        except (OSError, ValueError):
            result.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return result == [True]


# --- running programs ----------------------------------------------------------------------------------


def call(command, watch=None, errors=None, **env):
    """Run a program in ROOT, its output on the screen; the exit status.

    watch() -> a line to say every 10 s, or None. What the program writes to stderr is also added to the
    list `errors`, where one is given.
    """
    environment = dict(child_env(os.environ, ROOT / ".venv"), **env)
    words, stderr = [str(part) for part in command], None if errors is None else subprocess.PIPE
    try:
        process = subprocess.Popen(words, cwd=str(ROOT), env=environment, stderr=stderr)
    except OSError as error:
        raise Stop(f"{command[0]} does not start ({error}). "
                   "Delete the folder .venv and run this command again.") from error
    reader = threading.Thread(target=copy, args=(process.stderr, errors), daemon=True)
    if stderr:
        reader.start()
    said = None
    while True:
        try:
            status = process.wait(timeout=10)
            if stderr:
                reader.join(timeout=5)  # a kernel left behind may hold the other end open
            return status
        except subprocess.TimeoutExpired:
            line = watch() if watch else None
            if line and line != said:
                say(line)
                said = line
        except KeyboardInterrupt:
            try:
                process.wait(timeout=10)  # it received the same signal: let it tidy up
            except subprocess.TimeoutExpired:
                process.terminate()
            raise


def copy(stream, lines):
    """Show what a program writes to stderr, as it comes, and keep it."""
    with stream:
        for line in iter(stream.readline, b""):
            lines.append(line.decode("utf-8", "replace").replace("\r\n", "\n"))
            sys.stderr.write(lines[-1])
            sys.stderr.flush()


def tail(path, characters=20000):
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-characters:]
    except OSError:
        return ""


def install_advice(program, log, free):
    """What the failure of pip or npm means, judged by its log, and what to do."""
    again = "then run this command again."
    if free < GB // 4 or any(sign in log for sign in NO_SPACE):
        return f"The disk is full ({free / GB:.1f} GB are free here). Free about {SPACE // GB} GB, {again}"
    if any(sign in log for sign in NO_NETWORK):
        return ("The package index was not reached. Check the network "
                f"(behind a proxy: set HTTPS_PROXY), {again}")
    if "No matching distribution found" in log:
        return (f"The package named above is not offered for this system and Python "
                f"{sys.version_info[0]}.{sys.version_info[1]}. The lock was tried with Python 3.11: "
                "use that version, or conda with environment.yml.")
    return f"{program} failed, its last lines are above. The next run starts the installation afresh."


# --- .venv and node_modules ----------------------------------------------------------------------------


def fingerprint(*paths):
    """Changes with the files' contents and with the place of the tree, which the scripts of .venv hold."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fresh(stamp, want):
    """Whether the step that writes `stamp` as its last act was finished for these very inputs."""
    try:
        return stamp.read_text(encoding="ascii") == want
    except (OSError, ValueError):
        return False


def starts(python):
    """Whether the interpreter of .venv still runs (an upgrade of the system may have removed it)."""
    try:
        return subprocess.call([str(python), "-c", "pass"], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def torch_options(lock, free, platform=sys.platform, reachable=answers):
    """pip's extra options for PyTorch, after saying what is to be downloaded and how large it is."""
    version = next((line[7:].split(";")[0].strip() for line in lock.splitlines()
                    if line.startswith("torch==")), "")
    if not platform.startswith("linux"):
        say(f"   to download: about 0.5 GB, of it PyTorch {version} 0.1 to 0.2 GB")
        return []
    if reachable(TORCH_INDEX + "torch/"):
        say(f"   to download: about 0.5 GB, of it PyTorch {version} 0.2 GB (CPU build, {TORCH_INDEX})")
        return ["--extra-index-url", TORCH_INDEX]
    say(f"   PyTorch's index of CPU builds does not answer; pip takes the PyTorch {version} it finds.\n"
        "   To download: about 0.5 GB with a CPU build (0.2 GB); the build on PyPI is for CUDA and brings\n"
        "   several GB more. Not wanted? Stop here with Ctrl-C and try again when the index answers.")
    if free < CUDA_SPACE:
        say(f"   Free here: {free / GB:.1f} GB; a CUDA build would need about {CUDA_SPACE // GB} GB.")
    return []


def ensure_python(root=ROOT):
    """Make .venv from requirements.lock, and install lib/ into it, unless both are there and whole."""
    venv, lock = root / ".venv", root / "requirements.lock"
    if venv.is_symlink():
        return  # somebody's own arrangement: used as it is
    stamp, want = venv / "gradbook-lock.stamp", fingerprint(lock)
    if not (fresh(stamp, want) and starts(bin_dir(venv) / "python")):
        make_venv(venv, lock)
        stamp.write_text(want, encoding="ascii")  # the last act
    stamp, want = venv / "gradbook-lib.stamp", fingerprint(root / "pyproject.toml")
    if not fresh(stamp, want):
        pip(venv, "--no-deps", "--no-build-isolation", "--quiet", "-e", root)
        stamp.write_text(want, encoding="ascii")


def make_venv(venv, lock):
    """An empty .venv, then everything in the lock; raises Stop with advice where it cannot be done."""
    complaint = python_complaint(sys.version_info)
    if complaint:
        raise Stop(complaint)
    if Path(sys.prefix).resolve() == venv.resolve():
        raise Stop("This is the Python of .venv, which has to be made anew: use the system's Python.")
    free = free_space(venv.parent)
    if free < SPACE:
        raise Stop(f"{free / GB:.1f} GB are free here, the installation needs about {SPACE // GB} GB. "
                   "Free some space, then run this command again.")
    started, text = time.time(), lock.read_text(encoding="utf-8")
    total = sum("==" in line for line in text.splitlines() if not line.startswith("#"))
    why = "anew: it is unfinished or out of date" if venv.exists() else "once, in a few minutes"
    say(f"-- making .venv ({why}): {total} packages from requirements.lock")
    options = torch_options(text, free)
    if call([sys.executable, "-m", "venv", "--clear", venv]):
        raise Stop("python -m venv failed, its lines are above. "
                   "Delete the folder .venv and run this command again.")

    def watch():
        places = ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info")
        count = max(len(list(venv.glob(place))) for place in places)
        seconds = time.time() - started
        return f"   {count} of {total} packages installed, {seconds:.0f} s" if count > 9 else None

    pip(venv, "-r", lock, *options, watch=watch)
    say(f"-- .venv is ready ({time.time() - started:.0f} s)")


def pip(venv, *arguments, watch=None):
    log = venv / "pip.log"
    log.unlink() if log.exists() else None
    python = bin_dir(venv) / "python"
    if call([python, "-m", "pip", "install", "--no-input", "--log", log, *arguments], watch=watch):
        raise Stop(install_advice("pip", tail(log), free_space(venv)))


def ensure_node(root=ROOT):
    """Make node_modules from package-lock.json with the npm of .venv, unless it is there and whole."""
    stamp = root / "node_modules" / ".gradbook.stamp"
    want = fingerprint(root / "package-lock.json")
    if fresh(stamp, want) or (root / "node_modules").is_symlink():
        return
    say("-- installing the front-end packages of package-lock.json (a few MB)")
    logs = root / "_build" / "npm-logs"
    shutil.rmtree(str(logs), ignore_errors=True)
    if call([tool("npm", root / ".venv"), "ci", "--no-audit", "--no-fund", "--logs-dir", logs]):
        text = "".join(tail(path) for path in sorted(logs.glob("*.log")))
        raise Stop(install_advice("npm ci", text, free_space(root)))
    stamp.write_text(want, encoding="ascii")
