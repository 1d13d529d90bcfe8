"""The benchmarks: every workload computes what torch computes. (Timing it is not a test.)"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import gradbook
import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
TABLES = [importlib.import_module(f"benchmarks.workloads.{path.stem}")
          for path in sorted((BENCHMARKS / "workloads").glob("*.py"))]
WORKLOADS = {name: row for table in TABLES for name, row in table.WORKLOADS.items()}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_computes_what_torch_computes(name):
    torch = pytest.importorskip("torch")
    build, goals = WORKLOADS[name]
    for dtype in goals:
        ours, theirs = build(gradbook, getattr(gradbook, dtype)), build(torch, getattr(torch, dtype))
        rtol = 1e-3 if dtype == "float32" else 1e-9
        np.testing.assert_allclose(ours(), theirs(), rtol=rtol, atol=1e-4 if dtype == "float32" else 1e-12)


def test_the_table_is_printed_with_the_conditions_it_was_made_under():
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, BENCHMARKS / "bench_library.py", "k", "--rounds", "2"],
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "lib"}, check=True)
    for words in ("one thread", "OPENBLAS_CORETYPE=", "numpy 2", "torch 2", "k. 1,000 chained", "float32"):
        assert words in done.stdout
