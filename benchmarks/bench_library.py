"""The library's time as a ratio to PyTorch's, and that of other NumPy-only libraries where installed.

    python benchmarks/bench_library.py                    # some minutes
    python benchmarks/bench_library.py g k --rounds 20    # the workloads whose names begin so

All take turns in this process (A B C A B C ...), on one core with one thread; CPU time, medians of the
rounds: 40, or as many as fit into 20 seconds, at least 7. Garbage is collected between turns, outside the
time. Before timing, the results are compared. A ratio is a quotient of two medians: lower is better, 1 is
PyTorch's speed. The workloads stand in workloads/, those of the peers in peers.py. The peers are mygrad,
autograd, pydynet and micrograd; what is not installed is left out. Workload i stands in bench_ema.py.
"""
# ruff: noqa: E402  (the number of threads has to be set before NumPy is imported)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import gc
import importlib
import importlib.util
import pathlib
import platform
import statistics
import sys
import time
import warnings
from importlib import metadata

import gradbook
import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import peers
from machine import processor

RTOL = {"float32": 1e-3, "float64": 1e-9}
PEERS = ("mygrad", "autograd", "pydynet", "micrograd")


def workloads():
    """(name, build, goals by dtype, (reference, its build)) of all, by name. build(T, dtype) -> run."""
    found = []
    for path in sorted((HERE / "workloads").glob("*.py")):
        module = importlib.import_module(f"workloads.{path.stem}")
        instead = getattr(module, "INSTEAD_OF_TORCH", {})
        for name, (build, goals) in module.WORKLOADS.items():
            found.append((name, build, goals, instead.get(name)))
    return sorted(found, key=lambda row: row[0])


def candidates(name, build, reference, dtype):
    """{library: run}, of which the second is what the others are compared with."""
    runs = {"gradbook": build(gradbook, getattr(gradbook, dtype))}
    if reference is None:
        runs["torch"] = build(torch, getattr(torch, dtype))
    elif importlib.util.find_spec(reference[0]):
        runs[reference[0]] = reference[1](dtype)
    else:
        return {}
    return {**runs, **{peer: its(dtype) for peer, its in peers.peers(name).items()}}


def compared(name, runs, dtype):
    """Those whose first result, which is a warm-up too, is ours: torch's up to rounding, a peer's nearly.

    (pydynet's Adam, for one, adds ε at another place.)
    """
    ours, theirs, *_ = runs
    expected = np.asarray(runs[ours]())
    size, agreeing = np.abs(expected).max(), {ours: runs[ours]}
    for library in list(runs)[1:]:
        result = np.asarray(runs[library]())
        assert result.shape == expected.shape
        miss = np.abs(result - expected).max() / size
        assert library != theirs or miss <= RTOL[dtype], f"{name}, {dtype}: {library} differs by {miss}"
        if miss <= 1e-3:
            agreeing[library] = runs[library]
        else:
            print(f"{name}, {dtype}: {library} computes something else")
    return agreeing


def times(runs, rounds, seconds=20):
    """{library: median CPU time of a run, in seconds}."""
    kept, began = {library: [] for library in runs}, time.process_time()
    gc.collect()
    gc.freeze()                           # what is there now: the rest is collected quickly between turns
    for k in range(rounds):
        for library, run in runs.items():
            gc.collect()
            start = time.process_time()
            run()
            kept[library].append(time.process_time() - start)
        if k >= 6 and time.process_time() - began > seconds:
            break
    gc.unfreeze()
    return {library: statistics.median(taken) for library, taken in kept.items()}


def version(package):
    try:
        return f"{package} {metadata.version(package).split('+')[0]}"
    except metadata.PackageNotFoundError:
        return f"{package} not installed"



def pinned():
    """Where the system allows it, keep to one core."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned to a core"
    cores = sorted(os.sched_getaffinity(0))
    core = cores[os.getpid() % len(cores)]                                  # two benchmarks: mostly two cores
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def main(argv):
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("workload", nargs="*", help="only those whose names begin so")
    options.add_argument("--rounds", type=int, default=40)
    options = options.parse_args(argv)
    warnings.filterwarnings("ignore", module="pydynet")                  # it asks for a GPU library
    torch.set_num_threads(1)
    versions = ", ".join(map(version, ("numpy", "torch", *PEERS)))
    print(f"{processor()}, {platform.system()}, one thread, {pinned()}\n"
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')}\n"
          f"Python {platform.python_version()}, {versions}\n\n"
          "time ÷ torch's (in workload j ÷ micrograd's); * misses the goal")
    print(f"{'':48}{'':9}{'gradbook':>11}{'torch':>11}{'ratio':>9} {'goal':>5}"
          + "".join(f"{peer:>10}" for peer in PEERS[:3]))
    for name, build, goals, reference in workloads():
        for dtype, goal in goals.items():
            if options.workload and not name.startswith(tuple(options.workload)):
                continue
            runs = candidates(name, build, reference, dtype)
            if not runs:
                print(f"{name:48}{dtype:9} needs {reference[0]}")
                continue
            found = times(compared(name, runs, dtype), options.rounds)
            ours, theirs, *_ = found.values()
            cells = [f"{found[peer] / theirs:10.3g}" if peer in found else f"{'-':>10}" for peer in PEERS[:3]]
            ratio = ours / theirs
            print(f"{name:48}{dtype:9}{1e3 * ours:8.2f} ms{1e3 * theirs:8.2f} ms{ratio:8.3g}"
                  f"{'*' if ratio > goal else ' '} {goal:5.2f}{''.join(cells)}", flush=True)
            del runs
            gc.collect()


if __name__ == "__main__":
    main(sys.argv[1:])
