"""The NumPy side where torch is not installed: the same tests, in an interpreter that does not find it."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
NOT_THE_LIBRARY = (                                                    # files whose names begin so
    "benchmarks", "cells", "doctor", "exercises", "experiments", "explore", "figures", "repository", "run",
    "without_torch")
SLOW = "not (wrong_vjps or mnist or 100000 or large)"
RUN = """
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec

class WithoutTorch(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == "torch" else super().find_spec(name, path, target)

sys.meta_path = [WithoutTorch if finder is PathFinder else finder for finder in sys.meta_path]
import numpy, pytest
assert find_spec("torch") is None
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_the_numpy_side_passes_its_tests_without_torch():
    files = sorted(path for path in TESTS.glob("test_*.py") if not path.stem[5:].startswith(NOT_THE_LIBRARY))
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", SLOW]
    done = subprocess.run([sys.executable, "-c", RUN, *options, *map(str, files)], cwd=TESTS.parent,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "could not import 'torch'" in done.stdout
