"""The library's time as a ratio to PyTorch's, on the CPU with one thread: python benchmarks/bench_library.py

Both take turns, A B A B, in this process, pinned to one core; CPU time, medians of the rounds (40, or the
number given). Lower is better, 1 is PyTorch's speed. Before timing, the results of both are compared.
k: 1,000 chained additions of numbers, forward and backward: what the tape costs by itself.
a: a network 784-256-128-10 with ReLU, batch 64: forward, cross-entropy, backward, SGD step with momentum.
   (The goals are those of an Adam step, which the library does not have yet.)
"""
# ruff: noqa: E402  (the number of threads has to be set before NumPy is imported)
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import gc
import itertools
import statistics
import sys
import time

import gradbook
import numpy as np
import torch


def additions(T, dtype, length=1000):
    """z = x + x + ... + x, and dz/dx."""
    def run():
        x = T.tensor(1.0, dtype=dtype, requires_grad=True)
        z = x
        for _ in range(length):
            z = z + x
        z.backward()
        return x.grad.item()

    return run


def mlp_step(T, dtype, widths=(784, 256, 128, 10), batch=64):
    """One step of training, parameters and data the same under both."""
    rng = np.random.default_rng(0)
    layers = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [T.nn.Linear(inputs, outputs, dtype=dtype), T.nn.ReLU()]
    net = T.nn.Sequential(*layers[:-1])
    net.load_state_dict({name: T.tensor(rng.normal(scale=0.05, size=tuple(p.shape)), dtype=dtype)
                         for name, p in net.named_parameters()})
    x = T.tensor(rng.normal(size=(batch, widths[0])), dtype=dtype)
    y = T.tensor(rng.integers(widths[-1], size=batch))
    optimizer, loss_of = T.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), T.nn.CrossEntropyLoss()

    def run():
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run


WORKLOADS = {                                    # name: (what it builds, goals by dtype, of the design)
    "k. 1,000 chained additions": (additions, {"float64": 0.7, "float32": 0.7}),
    "a. MLP 784-256-128-10, SGD step": (mlp_step, {"float64": 0.90, "float32": 0.85}),
}


def compare(ours, theirs, rounds=40):
    """Medians of the CPU time of both, in seconds, taken in turns; the first rounds only warm up."""
    times = ([], [])
    for k in range(rounds + 5):
        for run, kept in zip((ours, theirs), times):
            start = time.process_time()
            run()
            if k >= 5:
                kept.append(time.process_time() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def results(rounds=40):
    """One row a workload and dtype: name, dtype, our and torch's milliseconds, their ratio, the goal."""
    for name, (build, goals) in WORKLOADS.items():
        for dtype, goal in goals.items():
            ours = build(gradbook, getattr(gradbook, dtype))
            theirs = build(torch, getattr(torch, dtype))
            np.testing.assert_allclose(ours(), theirs(), rtol=1e-4 if dtype == "float32" else 1e-10)
            gc.collect()
            a, b = compare(ours, theirs, rounds)
            yield name, dtype, 1e3 * a, 1e3 * b, a / b, goal


def main(argv):
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"numpy {np.__version__}, torch {torch.__version__.split('+')[0]}, one thread, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')}")
    print(f"{'workload':34}{'dtype':9}{'gradbook':>11}{'torch':>11}{'ratio':>8}{'goal':>7}")
    for name, dtype, a, b, ratio, goal in results(int(argv[0]) if argv else 40):
        print(f"{name:34}{dtype:9}{a:8.2f} ms{b:8.2f} ms{ratio:8.2f}{goal:7.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
