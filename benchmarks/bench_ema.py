"""A bias-corrected EMA of a series: time of gradbook ÷ time of scipy's lfilter, pandas' ewm, a Python loop.

    python benchmarks/bench_ema.py            # some seconds
    python benchmarks/bench_ema.py --store    # also rewrites results/ema.json, which the chapter reads

One thread, one core, CPU time. Each candidate takes turns with lfilter in one process (A B A B …), so that a
slow moment of the machine meets both; a ratio is a quotient of two medians. The chapter reads the stored
file and never times anything. On another processor, or under load, ratios differ: the file says when and on
what they were measured.
"""
# ruff: noqa: E402  (the number of threads has to be set before NumPy is imported)
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import datetime
import json
import pathlib
import platform
import statistics
import sys
import time

import numpy as np
import pandas
import scipy
import scipy.signal
from gradbook.ema import ema
from machine import processor

BETA, STEPS, ROUNDS = 0.99, 1_000_000, 31
RESULT = pathlib.Path(__file__).parent / "results" / "ema.json"


def python_loop(x, beta):
    """The naive loop of the chapter, over Python floats (faster than over an array's elements)."""
    v, power, out = 0.0, 1.0, []
    for theta in x.tolist():
        v = beta * v + (1 - beta) * theta
        power *= beta
        out.append(v / (1 - power))
    return np.array(out, x.dtype)


def numpy_recursion(x, beta):
    """The same loop over an array's elements, one NumPy scalar at a time."""
    v, out = x.dtype.type(0), np.empty_like(x)
    keep, gain = x.dtype.type(beta), x.dtype.type(1 - beta)
    for t in range(len(x)):
        out[t] = v = keep * v + gain * x[t]
    return out / (1 - beta ** np.arange(1, len(x) + 1))


def candidates(dtype):
    x = np.random.default_rng(0).standard_normal(STEPS).astype(dtype)
    b, a = np.array([1 - BETA], dtype), np.array([1, -BETA], dtype)
    series = pandas.Series(x)
    return {
        "gradbook": lambda: ema(x, BETA),
        "lfilter": lambda: scipy.signal.lfilter(b, a, x),          # no correction: less work
        "pandas ewm": lambda: series.ewm(alpha=1 - BETA, adjust=True).mean(),
        "python loop": lambda: python_loop(x, BETA),
        "numpy element loop": lambda: numpy_recursion(x, BETA),
    }


def measure(dtype):
    """{candidate: (median ms of CPU time, ratio to lfilter)}, candidate and lfilter in turns."""
    functions = candidates(dtype)
    ours = functions["gradbook"]()
    for name in ("pandas ewm", "python loop", "numpy element loop"):
        np.testing.assert_allclose(np.asarray(functions[name](), np.float64), ours, rtol=0, atol=1e-5)
    peer, found = functions["lfilter"], {}
    for name, f in functions.items():
        times = {f: [], peer: []}
        for _ in range(3 if "loop" in name else ROUNDS):
            for g in times:
                start = time.process_time()
                g()
                times[g].append(time.process_time() - start)
        median = {g: statistics.median(t) for g, t in times.items()}
        found[name] = round(1000 * median[f], 3), round(median[f] / median[peer], 4)
    return found



def main():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    report = {
        "what": f"bias-corrected EMA, beta {BETA}, {STEPS} values, one thread, CPU time, medians of {ROUNDS} "
                "turns (3 for the loops) taken with lfilter, which computes the uncorrected recursion only",
        "date": datetime.date.today().isoformat(),
        "machine": {"processor": processor(), "system": platform.system(),
                    "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
                    "pandas": pandas.__version__,
                    "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "unset")},
        "steps": STEPS, "beta": BETA, "milliseconds": {}, "over_lfilter": {},
    }
    for dtype in ("float32", "float64"):
        found = measure(np.dtype(dtype))
        report["milliseconds"][dtype] = {name: ms for name, (ms, _) in found.items()}
        report["over_lfilter"][dtype] = {name: ratio for name, (_, ratio) in found.items()}
    print(f"{report['what']}\n{report['machine']}\n{'':20}{'float32':>18}{'float64':>18}   time ÷ lfilter's")
    for name in report["milliseconds"]["float64"]:
        cells = [f"{report['milliseconds'][d][name]:8.1f} ms {report['over_lfilter'][d][name]:6.2f}"
                 for d in ("float32", "float64")]
        print(f"{name:20}" + "".join(f"{cell:>18}" for cell in cells))
    if "--store" in sys.argv[1:]:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
