"""Run the experiments of book/experiments and store what they find: python tools/experiments.py [name ...]

    no name      all of them
    --stale      only those whose code or packages changed since

Each seed is one task; the tasks of an experiment share the cores, one thread each. A file is replaced only
when all seeds are done, so an interrupted run leaves the old numbers. The same code stores the same bytes.
"""

import concurrent.futures
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import kernel_env

kernel_env.apply()  # before NumPy is imported: the number of threads

import numpy as np  # noqa: E402
from gradbook import experiments  # noqa: E402

SEEDS = 10
DIGITS = 7  # stored; the last ones differ between processors, see `same`


class Refused(Exception):
    """Why an experiment cannot be stored."""


def script(name: str):
    """The module book/experiments/<name>.py. Raises Refused if it is not an experiment."""
    path = experiments.SCRIPTS / f"{name}.py"
    if not path.exists():
        known = ", ".join(experiments.names()) or "none"
        raise Refused(f"there is no experiment {name!r}; there are {known}")
    spec = importlib.util.spec_from_file_location(f"experiment_{name.replace('-', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    seeds = list(getattr(module, "SEEDS", ()))
    if len(seeds) < SEEDS or len(set(seeds)) < len(seeds) or not callable(getattr(module, "run", None)):
        raise Refused(f"{name}: an experiment needs SEEDS, at least {SEEDS} different ones, and run(seed)")
    return module


def one(name: str, seed: int) -> dict:
    """What run(seed) gives, as numbers of DIGITS digits or lists of them; Refused if it is not that."""
    found = script(name).run(seed)
    if not isinstance(found, dict) or not found or "seed" in found:
        raise Refused(f"{name}: run({seed}) has to return {{quantity: number or list}}, and no 'seed'")
    return {key: plain(name, seed, key, value) for key, value in found.items()}


def plain(name, seed, key, value):
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise Refused(f"{name}: run({seed})[{key!r}] holds something that is not a finite number")
    if array.dtype.kind != "f":
        return array.astype(int).tolist()
    return rounded(array.tolist())


def rounded(value):
    return [rounded(v) for v in value] if isinstance(value, list) else float(f"{value:.{DIGITS}g}")


def store(name: str, rows: list[dict]) -> Path:
    """Write results/<name>.json, whole or not at all."""
    shapes = [{key: np.shape(value) for key, value in row.items()} for row in rows]
    if any(shape != shapes[0] for shape in shapes):
        raise Refused(f"{name}: the seeds return different quantities or shapes: {shapes[0]}, ...")
    found = {
        "fingerprint": experiments.fingerprint(experiments.SCRIPTS / f"{name}.py"),
        "results": {"seed": list(script(name).SEEDS), **{key: [row[key] for row in rows] for key in rows[0]}},
    }
    path = experiments.RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(found, indent=0) + "\n", "utf-8")
    os.replace(new, path)
    return path


def same(stored, again, rtol: float) -> bool:
    """Whether a seed that was run again gives what was stored, up to rtol of the largest entry."""
    stored, again = np.asarray(stored, float), np.asarray(again, float)
    if stored.shape != again.shape:
        return False
    return bool(np.abs(stored - again).max(initial=0) <= rtol * max(np.abs(again).max(initial=0), 1e-300))


def repeated(name: str, which: int = 0) -> list[str]:
    """Run one stored seed again: the quantities that come out otherwise than stored.

    The script's RTOL, 1e-5 unless given, allows for other processors, whose sums differ in the last bit.
    """
    module, path = script(name), experiments.RESULTS / f"{name}.json"
    results = json.loads(path.read_text("utf-8"))["results"]
    seed = results["seed"][which]
    again = one(name, seed)
    stored = {key: values[which] for key, values in results.items() if key != "seed"}
    rtol = getattr(module, "RTOL", 1e-5)
    kept = {key for key in stored.keys() & again.keys() if same(stored[key], again[key], rtol)}
    return sorted((stored.keys() | again.keys()) - kept)


def is_stale(name: str) -> bool:
    path = experiments.RESULTS / f"{name}.json"
    here = experiments.fingerprint(experiments.SCRIPTS / f"{name}.py")
    return not path.exists() or json.loads(path.read_text("utf-8"))["fingerprint"] != here


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(words: list[str], workers: int | None = None) -> int:
    unknown = [word for word in words if word.startswith("-") and word != "--stale"]
    if unknown:
        print(f"experiments: {unknown[0]} is not known; it takes names and --stale", file=sys.stderr)
        return 2
    begin, ran = time.perf_counter(), 0
    try:
        for name in [word for word in words if not word.startswith("-")] or experiments.names():
            seeds, start = list(script(name).SEEDS), time.perf_counter()
            if "--stale" in words and not is_stale(name):
                print(f"{name}: up to date")
                continue
            with concurrent.futures.ProcessPoolExecutor(workers or cores()) as pool:
                rows = list(pool.map(one, [name] * len(seeds), seeds))
            store(name, rows)
            ran += 1
            print(f"{name}: {len(seeds)} seeds, {time.perf_counter() - start:.0f} s", flush=True)
    except Refused as reason:
        print(f"experiments: {reason}", file=sys.stderr)
        return 1
    print(f"{ran} run again in {(time.perf_counter() - begin) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
